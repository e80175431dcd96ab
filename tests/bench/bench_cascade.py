"""What a quick student decides of the British Library's digitised books, and how often it differs from its teacher.

``python tests/bench/bench_cascade.py [--real FOLDER] [--teacher transformer] [--taught 20000] [--checked 4000] [--of
1752078] [--seed 0] [--answers FILE]``: a language model learns from ``annotated.csv`` without what the label audit
speaks against and reads every title of ``digitised.csv.gz``; 6,000 titles are held out. Of the others the student
learns and the cut is chosen, as for a catalogue of `of` titles. Printed are the share that the student decides of the
titles held out, the share of all labels that then differ, the share it could decide if the cut were known, and the
titles a second of both: on one core the student alone, on all cores the cascade. With `answers` what the language model
says is kept in a file, for further runs.

The measurements stand at the head of :mod:`core.models.cascade`.
"""

import argparse
import json
import math
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.importing import import_file
from core.label_audit import audit_labels, exclude_labels
from core.labels import load_labels
from core.models import TitleClassifier, TrainingData, classifier_class
from core.models.cascade import CUTS, MOST_DIFFERENT, STUDENT, CascadeClassifier, choose_cut, teach
from core.models.ensemble import parse_member
from core.models.preparation import labelled_books
from core.schema import LABEL, TITLE
from core.storage import Workspace
from tests.bench.bench_scoring import processor

CARELESS = ("annotator", "2.0")  # at whom the label audit points
HELD_OUT = 6_000
Comparison = tuple[NDArray[np.float64], NDArray[np.bool_]]


def lessons(folder: Path) -> TrainingData:
    """Return the labels that the audit leaves."""
    with tempfile.TemporaryDirectory() as place:
        workspace = Workspace(place)
        import_file(workspace, folder / "annotated.csv", "labels", name="annotated")
        labels = load_labels(workspace, "annotated")
        exclude_labels(workspace, labels, audit_labels(labels), groups=[CARELESS], name="audited")
        books, _ = labelled_books(workspace, load_labels(workspace, "audited"))
    classes = tuple(sorted(set(books[LABEL])))
    targets = (books[LABEL].to_numpy(dtype=object)[:, None] == np.array(classes, dtype=object)).astype(float)
    return TrainingData(titles=books[TITLE].tolist(), targets=targets, weights=np.ones(len(books)), classes=classes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", default=os.environ.get("COLOPHON_REAL_DATA", ""))
    parser.add_argument("--teacher", default="transformer", help="kind of the language model")
    parser.add_argument("--taught", default="20000", help="numbers of titles, parted by commas")
    parser.add_argument("--checked", default="4000", help="numbers of titles, parted by commas")
    parser.add_argument("--of", type=int, default=1_752_078, help="titles of the catalogue")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--answers", help="file for the answers of the language model")
    arguments = parser.parse_args()
    print(processor(), flush=True)
    data = lessons(Path(arguments.real))
    table = pd.read_csv(Path(arguments.real) / "digitised.csv.gz", dtype=str, keep_default_na=False)
    titles = sorted({*table["Title"], *data.titles} - {""})
    teacher: TitleClassifier | None = None
    kept = Path(arguments.answers) if arguments.answers else None
    if kept and kept.exists():
        answers = np.load(kept)
    else:
        teacher = classifier_class(arguments.teacher).train(data, seed=arguments.seed)
        started = time.perf_counter()
        answers = teacher.predict_probabilities(titles)
        print(f"{len(titles) / (time.perf_counter() - started):.0f} titles a second by the language model", flush=True)
        if kept:
            np.save(kept, answers)
    if teacher is None:
        print("the language model is not timed: its answers were kept")
    order = np.random.default_rng(arguments.seed).permutation(len(titles))
    held, others = order[:HELD_OUT], order[HELD_OUT:]
    own = answers[np.searchsorted(titles, data.titles)]
    for taught in map(int, arguments.taught.split(",")):
        for checked in map(int, arguments.checked.split(",")):
            if taught + checked > len(others):
                print(f"{taught:,} and {checked:,} titles are more than {len(others):,}")
                continue
            draw, learned = others[:checked], others[checked : checked + taught]
            student = teach(
                parse_member(STUDENT, ""),
                [*data.titles, *(titles[i] for i in learned)],
                np.vstack([own, answers[learned]]),
                data.classes,
                arguments.seed,
            )

            def compared(rows: NDArray[np.int64], student: TitleClassifier = student) -> Comparison:
                guesses = student.predict_probabilities([titles[i] for i in rows])
                return guesses.max(axis=1), guesses.argmax(axis=1) != answers[rows].argmax(axis=1)

            drawn, known, (sure, differ) = compared(draw), compared(learned), compared(held)
            cut = choose_cut(
                *drawn,
                unread=arguments.of - taught,
                most=math.floor(MOST_DIFFERENT * arguments.of),
                known_confidences=known[0],
                known_differ=known[1],
            )
            possible = next(c for c in CUTS[::-1] if (differ & (sure >= c)).mean() <= MOST_DIFFERENT)
            facts: dict[str, object] = {
                "taught": taught,
                "checked": checked,
                "decides": round(float((sure >= cut).mean()), 3),
                "differs": round(float((differ & (sure >= cut)).mean()), 4),
                "if_known": round(float((sure >= possible).mean()), 3),
                "student_a_second": rate(student, [titles[i] for i in held]),
            }
            if teacher is not None:
                both = CascadeClassifier(student, teacher, sure=cut)
                facts["cascade_a_second"] = rate(both, [titles[i] for i in held])
            print(json.dumps(facts), flush=True)


def rate(classifier: TitleClassifier, titles: list[str]) -> int:
    """Return how many titles it reads in a second."""
    started = time.perf_counter()
    classifier.predict_probabilities(titles)
    return round(len(titles) / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
