"""Seconds until the cut-offs of a collection can be looked up, and microseconds a look-up takes.

``python tests/bench/bench_thresholds.py``: on invented predictions for 52,695 and 1,750,000 books, of which 850 are
labelled.
"""

import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from core.thresholds import Curves, Policy, draw_review_sample, find_guaranteed_cuts, policy_report

CLASSES = ("Fiction", "Non-fiction")
LABELLED = 850


def collection(n: int) -> pd.DataFrame:
    """Return a scored table of n invented books."""
    generator = np.random.default_rng(0)
    fiction = generator.random(n) < 0.35
    right = 0.5 + 0.5 * generator.beta(3, 0.6, n)
    wrong = generator.random(n) > right
    predicted = np.where(fiction ^ wrong, *CLASSES)
    truth = np.where(np.arange(n) < LABELLED, np.where(fiction, *CLASSES), "")
    languages = ["English", "German", "French", "Dutch", "Swedish", "Danish", ""]
    table = pd.DataFrame(
        {
            "record_id": np.arange(n).astype(str),
            "predicted": predicted,
            "truth": truth,
            "language": generator.choice(languages, n, p=[0.7, 0.08, 0.08, 0.05, 0.03, 0.02, 0.04]),
            "place": generator.choice([f"Place {i}" for i in range(3000)], n),
        }
    ).astype("str")
    year = pd.array(generator.integers(1700, 1900, n), dtype="Int64")
    return table.assign(confidence=right, year=year, leak=False, split="")


def seconds(work: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    start = time.perf_counter()
    for _ in range(times):
        answer = work()
    return (time.perf_counter() - start) / times, answer


def main() -> None:
    for n in (52_695, 1_750_000):
        table = collection(n)
        print(f"{n:,} books, {LABELLED} labelled")
        built, curves = seconds(lambda table=table: Curves(table, CLASSES))
        print(f"  curves built in {built:.2f} s")
        item, _ = seconds(lambda curves=curves: curves.at("Fiction", 0.87), 2000)
        rate, _ = seconds(lambda curves=curves: curves.at("Fiction", 0.87).accuracy, 500)
        print(f"  a look-up: {1e6 * item:.0f} µs")
        print(f"  with the interval of the accuracy: {1e6 * rate:.0f} µs")
        drawn, curve = seconds(curves.table)
        print(f"  risk-coverage table of {len(curve):,} rows in {1000 * drawn:.0f} ms")
        policy = Policy({"Fiction": 0.87, "Non-fiction": 0.95})
        for facets in ((), ("language", "decade", "place")):
            took, _ = seconds(lambda table=table, facets=facets, policy=policy: policy_report(table, policy, facets))
            print(f"  report on a policy, {len(facets)} facets: {1000 * took:.0f} ms")
        took, guarantee = seconds(lambda table=table: find_guaranteed_cuts(table, CLASSES, 0.05))
        print(f"  promise by class: {1000 * took:.0f} ms, {guarantee.cuts}")
        took, guarantee = seconds(lambda table=table: find_guaranteed_cuts(table, CLASSES, 0.05, stratum="language"))
        print(f"  promise by class and language: {1000 * took:.0f} ms, {len(guarantee.by_stratum)} languages")
        took, sample = seconds(lambda table=table: draw_review_sample(table, 500, ("predicted", "language")))
        print(f"  sample of {len(sample)} for review: {1000 * took:.0f} ms")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
