"""What models of titles must reach on the published test books, on which nothing was trained, chosen or calibrated."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from core.corpus import load_corpus, read_columns
from core.importing import import_file
from core.joins import join_ids
from core.label_audit import audit_labels, exclude_labels
from core.labels import load_labels
from core.model_input import join_fields
from core.models.encoder import default_base
from core.models.preparation import predictions_table
from core.models.registry import load
from core.models.training import TrainingReport, train
from core.predictions import load_scored
from core.schema import ALTERNATE_ID, CONFIDENCE, LEAK, PREDICTED, RECORD_ID, TITLE, TRUTH, TRUTH_GIVEN
from core.storage import Workspace
from core.thresholds import PopulationCheck, apply_policy, find_whole_guarantee

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def place(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    default_base()
    workspace = Workspace(tmp_path_factory.mktemp("models") / "workspace")
    import_file(workspace, real_data / "annotated.csv", "labels", name="annotated")
    import_file(workspace, real_data / "test_predictions.csv", "predictions", name="published")
    import_file(workspace, real_data / "digitised.csv.gz", "corpus", name="digitised")
    labels = load_labels(workspace, "annotated")
    exclude_labels(workspace, labels, audit_labels(labels), groups=[("annotator", "2.0")])
    return workspace


@pytest.fixture(scope="module")
def audited(place: Workspace) -> Callable[[str], TrainingReport]:
    """Kind of model → its training on the labels that the audit left, made once."""
    return functools.cache(lambda kind: train(place, "annotated-audited", kind=kind, exclude=("published",)))


def _texts(place: Workspace, test: pd.DataFrame, reads: tuple[str, ...]) -> list[str]:
    """Return what a model reads of the test books, as they stand in the catalogue."""
    catalogue = load_corpus(place, "digitised")
    records = catalogue.records()
    where = join_ids([test[RECORD_ID], test[ALTERNATE_ID]], [records[RECORD_ID], records[ALTERNATE_ID]]).position
    assert (where >= 0).all()
    columns = read_columns(catalogue.artifact.path, records, reads)
    return join_fields(test[TITLE], {name: columns[name].iloc[where].reset_index(drop=True) for name in reads}).tolist()


def _reached(place: Workspace, report: TrainingReport) -> tuple[float, float]:
    """Return accuracy and macro-F1 on the labelled books of the published predictions."""
    from sklearn.metrics import f1_score

    test = load_scored(place, "published").labelled.reset_index(drop=True)
    assert len(test) == 850
    model = load(place, report.model)
    learned = set(model.training["record_id"]) | set(model.training["title_key"])
    assert not learned & (set(test["record_id"]) | set(test["title_key"]))
    assert report.leak["excluded"] >= int(test[LEAK].sum()) == 31
    result = predictions_table(model.probabilities(_texts(place, test, model.reads)), model.classes)[PREDICTED]
    right: pd.Series = test[TRUTH]
    return float(np.mean(result == right)), float(f1_score(right, result, average="macro"))


# What was reached is in the benchmark, over three seeds; here one seed must come within what the chance of a seed and
# of rounding on another CPU can take away (a point is 8 or 9 books).
@pytest.mark.parametrize(("kind", "accuracy", "macro_f1"), [("tfidf", 0.925, 0.918), ("blend", 0.950, 0.945)])
def test_quick_models(
    place: Workspace, audited: Callable[[str], TrainingReport], kind: str, accuracy: float, macro_f1: float
) -> None:
    reached = _reached(place, audited(kind))
    assert reached[0] >= accuracy
    assert reached[1] >= macro_f1
    # The label audit found the annotator without help; learning from their labels too is worse.
    assert _reached(place, train(place, "annotated", kind=kind, exclude=("published",))) < reached


def test_the_blend_may_decide_four_fifths_under_two_per_cent_of_the_whole(
    place: Workspace, audited: Callable[[str], TrainingReport]
) -> None:
    """One half of the 850 is checked, the other is what people have not looked at; 100 halves."""
    scored = load_scored(place, "published")
    books = scored.labelled.reset_index(drop=True)
    model = load(place, audited("blend").model)
    predicted = predictions_table(model.probabilities(books[TITLE].tolist()), model.classes)
    books = books.assign(**{name: predicted[name].to_numpy() for name in (PREDICTED, CONFIDENCE)}, leak=False)
    wrong = (books[PREDICTED] != books[TRUTH]).to_numpy(dtype=bool)
    coverage, broken = [], 0
    for seed in range(100):
        hidden = np.zeros(len(books), dtype=bool)
        hidden[np.random.default_rng(seed).permutation(len(books))[425:]] = True
        table = books.assign(**{name: books[name].mask(hidden, "") for name in (TRUTH, TRUTH_GIVEN)})
        result = find_whole_guarantee(table, scored.classes, 0.02, population=PopulationCheck(0, 0, ()))
        accepted = apply_policy(table, result.policy())
        coverage.append(float(accepted[hidden].mean()))
        broken += int((wrong & accepted & hidden).sum()) > 0.02 * len(books)
    print(float(np.mean(coverage)), min(coverage), broken)
    assert min(coverage) > 0
    assert np.mean(coverage) >= 0.80
    assert broken <= binom.ppf(0.999, 100, 0.05)


@pytest.mark.parametrize(("kind", "accuracy", "macro_f1"), [("tfidf", 0.958, 0.954), ("blend", 0.960, 0.956)])
def test_quick_models_that_read_the_shelfmark_too(
    place: Workspace, kind: str, accuracy: float, macro_f1: float
) -> None:
    report = train(place, "annotated-audited", kind=kind, exclude=("published",), reads=("BL shelfmark",))
    reached = _reached(place, report)
    assert reached[0] >= accuracy
    assert reached[1] >= macro_f1
    assert report.metrics["titles_alone"]["accuracy"]["value"] < report.metrics["out_of_fold"]["accuracy"]["value"]


@pytest.mark.timeout(1200)
def test_a_fine_tuned_language_model(place: Workspace) -> None:
    report = train(place, "annotated-audited", kind="transformer", exclude=("published",))
    reached = _reached(place, report)
    assert reached[0] >= 0.945
    assert reached[1] >= 0.940
    classifier = load(place, report.model).classifier
    assert (classifier.quick is not None) == (classifier.agreement >= 0.999)
