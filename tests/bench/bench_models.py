"""Accuracy, macro-F1 and calibration of each kind of model on books that were never learned from, and training times.

``python tests/bench/bench_models.py --real FOLDER [--kinds tfidf,embedding,blend,transformer,cascade]
[--seeds 0,1,2] [--workspace DIR --labels NAME --weak NAME]``: learns from ``annotated.csv`` (one label a book, the
books that are also in ``test_predictions.csv`` left out) and is scored on the labelled books of
``test_predictions.csv``, on which nothing is chosen. Training is the whole of it: out-of-fold classifiers, calibration
and the final classifier. With ``--labels`` another label set in the workspace takes the place of ``annotated.csv``,
such as one without what the label audit spoke against; with ``--weak`` a label set made by functions is learned from
too. With ``--reads`` the models read a column beside the title; the test books' values are taken from
``digitised.csv.gz``, and the rows also say how the same model judges their titles alone.

What it measured on the 850 checked titles, two cores; mean of three seeds, but where one is named. On 850 titles chance
alone moves these figures by 1.4 points either way.

=====================  ==================================================  =====  ========  ====  ========
model                  labels                                              right  macro-F1  ECE   training
=====================  ==================================================  =====  ========  ====  ========
tfidf, one seed        all                                                 .921   .912      .051  seconds
tfidf                  without what the label audit speaks against         .927   .919      .023  3 s
blend, one seed        all                                                 .948   .943      .055  14 s
blend                  without what the label audit speaks against         .956   .952      .020  12 s
transformer            without what the label audit speaks against         .953   .949      .015  80 s
=====================  ==================================================  =====  ========  ====  ========

The figures of tfidf and the blend with three seeds are of 29 November 2026 with AVX2; the
first seed of a blend takes 30 s, since the vectors of the titles are remembered for the others. The label audit leaves
out what one annotator alone has labelled: 444 of 1,744 books.

With ``--reads "BL shelfmark"`` and the labels that the audit leaves; the last column: the same model, titles alone.

=====  =====  ========  ====  ========  =====
model  right  macro-F1  ECE   training  alone
=====  =====  ========  ====  ========  =====
tfidf  .964   .960      .015  4 s       .927
blend  .965   .963      .016  18 s      .949
=====  =====  ========  ====  ========  =====
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from core.calibration import expected_calibration_error
from core.corpus import load_corpus, read_columns
from core.errors import NotFoundError
from core.importing import import_file
from core.joins import join_ids
from core.model_input import join_fields
from core.models import TitleClassifier
from core.models.ensemble import BlendClassifier
from core.models.preparation import predictions_table
from core.models.registry import load
from core.models.training import train
from core.predictions import load_scored
from core.schema import ALTERNATE_ID, CONFIDENCE, LANGUAGE, LEAK, PREDICTED, RECORD_ID, TITLE, TRUTH
from core.storage import Workspace

KINDS = "tfidf,embedding,blend,transformer,cascade"
LABELS, TEST, CATALOGUE = "annotated", "published", "digitised"


def normalise_text(workspace: Workspace, folder: Path) -> pd.DataFrame:
    """Bring in both files and return the labelled books that are scored."""
    for name, kind, file in ((LABELS, "labels", "annotated.csv"), (TEST, "predictions", "test_predictions.csv")):
        try:
            workspace.find(kind, name)
        except NotFoundError:
            import_file(workspace, folder / file, kind, name=name)
    return load_scored(workspace, TEST).labelled.reset_index(drop=True)


def texts_of_test(workspace: Workspace, test: pd.DataFrame, reads: tuple[str, ...]) -> list[str]:
    """Return what a model reads of the test books, their further columns taken from the catalogue."""
    if not reads:
        return test[TITLE].tolist()
    catalogue = load_corpus(workspace, CATALOGUE)
    records = catalogue.records()
    where = join_ids([test[RECORD_ID], test[ALTERNATE_ID]], [records[RECORD_ID], records[ALTERNATE_ID]]).position
    columns = read_columns(catalogue.artifact.path, records, reads)
    theirs = {name: columns[name].iloc[where].where(where >= 0, "").reset_index(drop=True) for name in reads}
    return join_fields(test[TITLE], theirs).tolist()


def measure(
    probabilities: np.ndarray, classes: tuple[str, ...], truth: pd.Series, among: np.ndarray
) -> dict[str, float]:
    """Return what probabilities are worth for some of the books."""
    from sklearn.metrics import accuracy_score, f1_score

    result = predictions_table(probabilities[among], classes)
    right = truth[among].reset_index(drop=True)
    return {
        "n": int(among.sum()),
        "accuracy": float(accuracy_score(right, result[PREDICTED])),
        "macro_f1": float(f1_score(right, result[PREDICTED], average="macro")),
        "ece": expected_calibration_error(result[CONFIDENCE], (result[PREDICTED] == right).to_numpy()),
    }


def by_language(probabilities: np.ndarray, classes: tuple[str, ...], test: pd.DataFrame) -> dict[str, str]:
    """Return how many of the titles of each language are right."""
    right = predictions_table(probabilities, classes)[PREDICTED].to_numpy() == test[TRUTH].to_numpy()
    groups = test.assign(right=right).groupby(test[LANGUAGE].where(test[LANGUAGE] != "", "unknown"))["right"]
    return {str(name): f"{int(item.sum())} of {len(item)}" for name, item in groups if len(item) >= 10}


def members(classifier: TitleClassifier, texts: list[str], truth: pd.Series) -> dict[str, str]:
    """Return accuracy and macro-F1 of each member of a blend alone."""
    if not isinstance(classifier, BlendClassifier):
        return {}
    everyone = np.ones(len(texts), dtype=bool)
    content = {
        item.kind: measure(text, classifier.classes, truth, everyone)
        for item, text in zip(classifier.members, classifier.member_probabilities(texts), strict=True)
    }
    return {kind: f"{item['accuracy']:.4f}, macro-F1 {item['macro_f1']:.4f}" for kind, item in content.items()}


def run(
    workspace: Workspace,
    test: pd.DataFrame,
    labels: str,
    kind: str,
    seed: int,
    weak: str | None,
    options: dict[str, object] | None,
    reads: tuple[str, ...] = (),
) -> dict[str, object]:
    """Train one model and score the test books."""
    clock, cpu = time.perf_counter(), time.process_time()
    exclude = (TEST,)
    report = train(workspace, labels, kind=kind, seed=seed, exclude=exclude, weak=weak, options=options, reads=reads)
    trained, trained_cpu = time.perf_counter() - clock, time.process_time() - cpu
    model = load(workspace, report.model)
    texts = texts_of_test(workspace, test, reads)
    probabilities = model.probabilities(texts)
    everyone = np.ones(len(test), dtype=bool)
    alone = model.probabilities(test[TITLE].tolist())
    return {
        "kind": kind,
        "seed": seed,
        "weak": report.n_weak,
        "learned_from": report.n_train,
        "seconds": round(trained, 1),
        "cpu_seconds": round(trained_cpu, 1),
        **measure(probabilities, model.classes, test[TRUTH], everyone),
        "titles_alone": measure(alone, model.classes, test[TRUTH], everyone) if reads else {},
        "members": members(model.classifier, texts, test[TRUTH]),
        "by_language": by_language(probabilities, model.classes, test),
        "without_leaks": measure(probabilities, model.classes, test[TRUTH], ~test[LEAK].to_numpy(dtype=bool)),
        "out_of_fold": report.metrics["out_of_fold"]["accuracy"]["value"],
        "sentences": list(report.sentences[-4:]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", default=os.environ.get("COLOPHON_REAL_DATA", ""), required=False)
    parser.add_argument("--kinds", default=KINDS)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--workspace", help="keep the models here, and find a label set made by functions here")
    parser.add_argument("--labels", default=LABELS, help="label set of people, in the workspace")
    parser.add_argument("--weak", help="label set made by functions, in the workspace")
    parser.add_argument("--reads", action="append", default=[], help="column to read beside the title; repeatable")
    parser.add_argument("--options", type=json.loads, help="JSON, handed to the kind of model")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or folder)
        test = normalise_text(workspace, Path(arguments.real))
        if arguments.reads and not workspace.database.names("corpora").get(CATALOGUE):
            import_file(workspace, Path(arguments.real) / "digitised.csv.gz", "corpus", name=CATALOGUE)
        for kind in arguments.kinds.split(","):
            rows = []
            for seed in map(int, arguments.seeds.split(",")):
                options, reads = arguments.options, tuple(arguments.reads)
                rows.append(run(workspace, test, arguments.labels, kind, seed, arguments.weak, options, reads))
                print(json.dumps(rows[-1]), flush=True)
            means = pd.DataFrame(rows)[["accuracy", "macro_f1", "ece", "out_of_fold", "seconds", "cpu_seconds"]].mean()
            print(f"{kind}, mean of {len(rows)}: {means.round(4).to_dict()}", flush=True)


if __name__ == "__main__":
    main()
