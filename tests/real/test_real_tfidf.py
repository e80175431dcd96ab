"""The quick classifier on real books: trained on the annotated ones, tested on the 850 that somebody checked.

The 850 decide nothing: the recipe, its settings and its calibration were fixed without them.
"""

import pandas as pd
import pytest

from core.evaluation import evaluate
from core.explain import word_contributions
from core.importing import import_file
from core.joins import find_leaks
from core.labels import load_labels
from core.models.registry import load
from core.models.scoring import predict_corpus
from core.models.training import train
from core.predictions import load_scored
from core.storage import Workspace

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def library(real_data, tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("real") / "workspace")
    import_file(workspace, real_data / "annotated.csv", "labels", name="annotated")
    import_file(workspace, real_data / "test_predictions.csv", "labels", name="checked")
    import_file(workspace, real_data / "test_predictions.csv", "corpus", name="books")
    return workspace


@pytest.fixture(scope="module")
def report(library):
    return train(library, "annotated", exclude=["checked"], seed=0)


@pytest.fixture(scope="module")
def scored(library, report):
    predict_corpus(library, report.model, "books", name="scored", labels="checked")
    return load_scored(library, "scored")


def test_books_that_are_in_both_sets(library):
    annotated = load_labels(library, "annotated").records()
    checked = load_labels(library, "checked").training_table()
    leaks = find_leaks(checked, annotated)
    assert (leaks.n, leaks.n_leaked, leaks.by_id, leaks.by_title) == (850, 31, 27, 4)
    assert leaks.restored == 27, "every identifier of this file has lost its leading zeros"


def test_they_are_left_out_of_the_training(report):
    assert report.leak["excluded"] == 43, "of all 999 books of the file, labelled or not"
    assert report.n_train == 1744 - 43
    assert report.leak["test_titles_in_training"] == 0


def test_it_is_right_about_the_checked_books(scored):
    evaluation = evaluate(scored.table, scored.classes)
    assert evaluation.metrics.n == 850
    assert evaluation.leaks == 0
    assert evaluation.accuracy.value >= 0.92
    assert evaluation.metrics.macro_f1.value >= 0.91


def test_annotated_books_are_harder_than_the_collection(report, scored):
    own = report.metrics["out_of_fold"]["accuracy"]
    assert own["n"] == report.n_train
    assert own["high"] < evaluate(scored.table, scored.classes).accuracy.value


def test_calibration_helps_where_it_was_learned(report):
    calibration = report.metrics["out_of_fold"]["calibration"]
    assert calibration["ece"] < calibration["ece_uncalibrated"]


def test_annotated_books_are_never_scored_by_a_model_that_learned_from_them(library, real_data, report):
    import_file(library, real_data / "annotated.csv", "corpus", name="annotated-books")
    result = predict_corpus(library, report.model, "annotated-books")
    assert result.held_out >= report.n_train
    table = pd.read_parquet(library.find("predictions", result.predictions).path / "predictions.parquet")
    training = load(library, report.model).training.drop_duplicates("title_key").set_index("record_id")
    table = table.set_index("record_id").loc[training.index]
    assert (table["p_Fiction"] == training["p_Fiction"]).all()
    assert (table["split"] == training["split"]).all()


def test_the_word_that_decides_is_named(library, report):
    message = word_contributions(load(library, report.model), "Janet Delille. [A novel.]", "Fiction")
    assert message.probability > 0.9
    assert message.table.loc[message.table["contribution"].idxmax(), "word"] == "novel.]"
    assert message.base + message.table["contribution"].sum() == pytest.approx(message.log_odds)
