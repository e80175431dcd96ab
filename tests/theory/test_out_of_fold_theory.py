"""A model that is judged by the books it learned from: what is promised of it holds for the model itself.

Its checked books are predicted out of fold, by copies that learned from fewer books; what is accepted is predicted by
the model. Each world is a finite collection of titles, each of them some words; how a book's class follows from its
words is drawn once. Many times books are drawn from it, a model learns from them, and a promise is asked of its
predictions of all. The number of broken promises may be larger than stated by what chance would give one time in a
thousand.
"""

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from core.models.fitting import Plan, fit
from core.thresholds import Policy, apply_policy, find_guaranteed_cuts, find_whole_guarantee
from core.thresholds.population import PopulationCheck

pytestmark = pytest.mark.slow

SIZE, WORDS, DRAWS = 2_000, 6, 200
NOT_COMPARED = PopulationCheck(0, 0, ())
CLASSES = ("Fiction", "Non-fiction")
# How many different words there are, how much each says, and how many books are checked.
WORLDS = {"many words": (3_000, 2.0, 300), "few words": (60, 3.0, 120), "telling words": (400, 4.0, 400)}
Learner = Callable[[NDArray[np.intp]], pd.DataFrame]


def collection(name: str) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Return the numbers of the words of each title, shape (SIZE, WORDS), and its class."""
    vocabulary, weight, _ = WORLDS[name]
    generator = np.random.default_rng(0)
    frequency = 1 / np.arange(1, vocabulary + 1) ** 0.9
    says = generator.normal(0, weight, vocabulary)
    words = generator.choice(vocabulary, (SIZE, WORDS), p=frequency / frequency.sum())
    fiction = generator.random(SIZE) < 1 / (1 + np.exp(-says[words].sum(axis=1)))
    return words, np.where(fiction, *CLASSES).astype(object)


def scored(probability: NDArray[np.float64], truth: NDArray[np.object_], checked: NDArray[np.intp]) -> pd.DataFrame:
    """Return the predictions as a scored table whose checked books were all learned from."""
    known, split = np.full(SIZE, "", dtype=object), np.full(SIZE, "", dtype=object)
    known[checked], split[checked] = truth[checked], "test"
    return pd.DataFrame(
        {
            "predicted": np.where(probability >= 0.5, *CLASSES).astype(object),
            "confidence": np.maximum(probability, 1 - probability),
            "truth": known,
            "split": split,
        }
    )


def logistic(words: NDArray[np.intp], truth: NDArray[np.object_]) -> Learner:
    """A quick stand-in for a model: logistic regression on the words, out of fold in three folds."""
    rows = np.repeat(np.arange(SIZE), WORDS)
    counts = sparse.csr_matrix((np.ones(words.size), (rows, words.ravel())), dtype=float)

    def learn(checked: NDArray[np.intp]) -> pd.DataFrame:
        model = LogisticRegression(solver="liblinear")
        own = cross_val_predict(model, counts[checked], truth[checked], cv=3, method="predict_proba")
        probability = model.fit(counts[checked], truth[checked]).predict_proba(counts)[:, 0]
        probability[checked] = own[:, 0]
        return scored(probability, truth, checked)

    return learn


def tfidf(words: NDArray[np.intp], truth: NDArray[np.object_]) -> Learner:
    """The model of words and letters as it is trained here."""
    spelled = np.array(["".join(chr(97 + int(digit)) for digit in str(n)) for n in range(words.max() + 1)])
    titles = [f"{' '.join(spelled[row])} {number}" for number, row in enumerate(words)]
    books = pd.DataFrame({"record_id": titles, "alternate_id": "", "title": titles, "title_key": titles})

    def learn(checked: NDArray[np.intp]) -> pd.DataFrame:
        fitted = fit(books.iloc[checked].assign(label=truth[checked]), Plan(kind="tfidf"))
        probability = fitted.calibration.apply(fitted.classifier.predict_probabilities(titles))[:, 0]
        own = fitted.training.set_index("record_id")["p_Fiction"].reindex([titles[row] for row in checked])
        probability[checked] = own.to_numpy(dtype=float)
        return scored(probability, truth, checked)

    return learn


def by_class(predicted: pd.Series) -> pd.Series:
    return predicted.value_counts().reindex(list(CLASSES), fill_value=0)


def broken(learner: Callable[..., Learner], name: str, max_error: float, draws: int) -> dict[str, float]:
    """Return how many promises were broken, of the whole, of each class, and of the accepted, and the first's share."""
    words, truth = collection(name)
    learn, generator = learner(words, truth), np.random.default_rng(1)
    sums = dict.fromkeys(("whole", "classes", "accepted", "share"), 0.0)
    for _ in range(draws):
        checked = generator.choice(SIZE, WORLDS[name][2], replace=False)
        table = learn(checked)
        remaining = (table["predicted"].to_numpy() != truth) & (table["truth"] == "").to_numpy()

        def wrong(policy: Policy, table: pd.DataFrame = table, remaining: NDArray[np.bool_] = remaining) -> pd.Series:
            return by_class(table["predicted"][remaining & apply_policy(table, policy)])

        whole = find_whole_guarantee(table, CLASSES, max_error, population=NOT_COMPARED).policy()
        apart = find_whole_guarantee(table, CLASSES, max_error, per="class", population=NOT_COMPARED).policy()
        part = find_guaranteed_cuts(table, CLASSES, 2 * max_error, per="together", population=NOT_COMPARED).policy()
        sums["whole"] += wrong(whole).sum() > max_error * SIZE
        sums["classes"] += (wrong(apart) > max_error * by_class(table["predicted"])).any()
        accepted = apply_policy(table, part) & (table["truth"] == "").to_numpy()
        sums["accepted"] += wrong(part).sum() > 2 * max_error * accepted.sum()
        sums["share"] += apply_policy(table, whole).mean() / draws
    return sums


def at_most(draws: int) -> int:
    return int(binom.ppf(0.999, draws, 0.05))


@pytest.mark.parametrize(
    ("name", "max_error", "draws"),
    [("many words", 0.1, DRAWS), ("many words", 0.05, 60), ("few words", 0.05, 60), ("telling words", 0.1, 60)],
)
def test_it_is_broken_no_more_often_than_stated(name: str, max_error: float, draws: int) -> None:
    """With 200 draws each: the whole in 3, 2, 4, 1 of them, a class in 3, 2, 4, 1, of the accepted in 1, 0, 2, 3."""
    sums = broken(logistic, name, max_error, draws)
    print(name, max_error, sums)
    assert max(sums["whole"], sums["classes"], sums["accepted"]) <= at_most(draws)


def test_counted_at_what_their_copies_say_the_same_books_break_it() -> None:
    """The whole in 24 of 200; what is accepted falls from .35 to .30 of the records with what mends it."""

    def as_stated(table: pd.DataFrame, *_: object) -> NDArray[np.float64]:
        return table["confidence"].to_numpy(dtype=float)

    with patch("core.thresholds.sample.comparable_confidences", as_stated):
        sums = broken(logistic, "many words", 0.1, DRAWS)
    print(sums)
    assert sums["whole"] > at_most(DRAWS)


def test_nor_by_a_model_trained_here() -> None:
    draws = 25
    sums = broken(tfidf, "many words", 0.1, draws)
    print(sums)
    assert sums["share"] > 0.1
    assert max(sums["whole"], sums["classes"], sums["accepted"]) <= at_most(draws)
