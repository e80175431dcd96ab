"""How long the demonstration corpus takes, and what a plain classifier makes of it.

Run ``python tests/bench/bench_demo.py``. Give seeds as arguments to see how much the planted failures vary from one to
the next.
"""

import sys
import time
import tracemalloc

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from data.demonstration import SEED, generate

ID = "BL record ID"
CLASSES = ["Fiction", "Non-fiction"]
NAMES = ("verse", "decade", "class mix", "over-confident language")


def time_generation(seed: int) -> str:
    """Return seconds for the whole corpus and, from a second run, the peak of memory that Python allocated."""
    start = time.perf_counter()
    generate(seed)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    generate(seed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"generated in {seconds:.2f} s, peak {peak / 1e6:.0f} MB"


def failures(seed: int) -> str:
    """Return accuracy on the test set and the error in each planted part of it, with its number of books."""
    demo = generate(seed)
    books = demo.annotated.drop_duplicates(ID)
    books = books[books["annotator_genre"].isin(CLASSES)]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    model = make_pipeline(make_union(words, letters), LogisticRegression(C=100, class_weight="balanced", max_iter=1000))
    model.fit(books["Title"], books["annotator_genre"])
    test = demo.test[demo.test["true_label"].isin(CLASSES)]
    wrong = model.predict(test["Title"]) != test["true_label"].to_numpy()
    parts = []
    for name in NAMES:
        where = test[ID].isin(demo.planted[name].record_ids).to_numpy()
        parts.append(f"{name} {wrong[where].mean():.3f} of {where.sum()}")
    return f"accuracy {1 - wrong.mean():.3f} of {len(test)}; wrong: {', '.join(parts)}"


if __name__ == "__main__":
    for chosen in [int(text) for text in sys.argv[1:]] or [SEED]:
        print(f"seed {chosen}: {time_generation(chosen)}; {failures(chosen)}")
