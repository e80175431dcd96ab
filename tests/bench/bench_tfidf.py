"""Seconds to train the quick classifier and to score 52,695 titles.

``python tests/bench/bench_tfidf.py [FOLDER]``: with a folder, on the British Library files in it (1,744 annotated
books; titles of the digitised collection, filled up from the reference catalogues); else on invented titles.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from core.models.fitting import Plan, fit
from core.models.training import measure
from core.normalise import title_keys

TITLES = 52_695


class Calibrated:
    """What scoring needs of a model."""

    def __init__(self, fitted):
        self.fitted = fitted

    def probabilities(self, titles, progress=None):
        return self.fitted.calibration.apply(self.fitted.classifier.predict_probabilities(titles))


def real(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the annotated books, one row each, and distinct titles to score."""
    rows = pd.read_csv(folder / "annotated.csv", dtype=str, keep_default_na=False).drop_duplicates("BL record ID")
    columns = {"BL record ID": "record_id", "Title": "title", "annotator_genre": "label"}
    books = rows[list(columns)].rename(columns=columns).reset_index(drop=True)
    titles: dict[str, None] = {}
    for name in ("digitised", "reference_catalogue", "reference_fennica"):
        more = pd.read_csv(folder / f"{name}.csv.gz", usecols=["Title"], dtype=str, keep_default_na=False)
        titles |= dict.fromkeys(more["Title"])
    return books, list(titles)[:TITLES]


def invented() -> tuple[pd.DataFrame, list[str]]:
    """Return invented books and titles of about the length of real ones."""
    generator = np.random.default_rng(0)
    letters = np.array(list("aaabcdeeeefghiiiklmnooprsttuvw"))
    words = ["".join(generator.choice(letters, size)) for size in generator.integers(2, 11, 30_000)]
    telling = {"Fiction": ["novel", "tale", "romance"], "Non-fiction": ["history", "travels", "guide"]}

    def title() -> str:
        return " ".join(generator.choice(words, generator.integers(3, 20)))

    labels = generator.choice(list(telling), 1744, p=[0.25, 0.75])
    texts = [f"{title()}, a {generator.choice(telling[label])}" for label in labels]
    books = pd.DataFrame({"record_id": [str(i) for i in range(1744)], "title": texts, "label": labels}, dtype="str")
    return books, [f"{title()} {number}" for number in range(TITLES)]


def main() -> None:
    """Measure and print."""
    books, titles = real(Path(sys.argv[1])) if len(sys.argv) > 1 else invented()
    books["title_key"] = title_keys(books["title"])
    fit(books.head(100), Plan())  # imports
    start = time.perf_counter()
    fitted = fit(books, Plan())
    trained = time.perf_counter()
    measure(fitted)
    measured = time.perf_counter()
    Calibrated(fitted).probabilities(titles)
    scored = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"trained on {len(books):,} titles (5 folds, then all) in {trained - start:.1f} s")
    print(f"measured with intervals in {measured - trained:.1f} s")
    rate = len(titles) / (scored - measured)
    print(f"scored {len(titles):,} titles in {scored - measured:.1f} s, {rate:,.0f} a second")
    print(f"peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
