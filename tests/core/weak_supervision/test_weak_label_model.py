import numpy as np
import pytest

from core.errors import InputError
from core.predicates import LengthPredicate
from core.weak_supervision import LabellingFunction, LabelModel, Votes, majority_vote
from core.weak_supervision.functions import answers_of

CLASSES = ("a", "b", "c")


def votes(matrix, polarity, classes=CLASSES):
    functions = tuple(
        LabellingFunction(f"f{j}", classes[k], LengthPredicate("title", j + 2)) for j, k in enumerate(polarity)
    )
    return Votes(functions, classes, np.array(matrix, dtype=np.int16), (0,) * len(polarity))


def drawn(n, polarity, right, cover, balance, seed=0):
    """Draw books and votes from the model: function j votes on a share of its class and, wrongly, of the others."""
    rng = np.random.default_rng(seed)
    k = len(balance)
    truth = rng.choice(k, n, p=balance)
    matrix = np.full((n, len(polarity)), -1)
    for j, (own, a) in enumerate(zip(polarity, right, strict=True)):
        rate = np.array(
            [cover * a / balance[c] if c == own else cover * (1 - a) / (1 - balance[own]) for c in range(k)]
        )
        hit = rng.random(n) < rate[truth]
        matrix[hit, j] = own
    return truth, matrix


def test_votes_and_silence_are_weighed_by_bayes():
    cast = votes([[0, -1, 1], [0, 0, -1]], (0, 0, 1), ("a", "b"))
    rates = np.array([[0.4, 0.1], [0.5, 0.25], [0.2, 0.6]])
    model = LabelModel(
        classes=("a", "b"),
        names=("f0", "f1", "f2"),
        balance=np.array([0.25, 0.75]),
        rates=rates,
        isolated=np.zeros(3, dtype=bool),
        steps=1,
        converged=True,
    )
    # a: 1/4 × .4 × .5 × .2 = .01; b: 3/4 × .1 × .75 × .6 = .03375
    # a: 1/4 × .4 × .5 × .8 = .04; b: 3/4 × .1 × .25 × .4 = .0075
    assert model.probabilities(cast)[:, 0] == pytest.approx([0.01 / 0.04375, 0.04 / 0.0475])
    assert model.vote_shares[0] == pytest.approx([0.1 / 0.175, 0.075 / 0.175])


@pytest.mark.parametrize("seed", range(3))
def test_functions_that_are_often_wrong_are_found_out_without_any_label(seed):
    polarity, right = (0, 0, 0, 1, 1, 1), (0.95, 0.92, 0.6, 0.95, 0.92, 0.93)
    truth, matrix = drawn(40_000, polarity, right, 0.3, np.array([0.5, 0.5]), seed)
    cast = votes(matrix, polarity, ("a", "b"))
    model = LabelModel.fit(cast)
    assert model.converged
    thought = model.vote_shares[np.arange(6), polarity]
    seen = [(truth[matrix[:, j] >= 0] == own).mean() for j, own in enumerate(polarity)]
    assert thought == pytest.approx(seen, abs=0.06)
    assert thought.argmin() == 2
    answered = cast.labelled
    ours = (model.probabilities(cast).argmax(axis=1) == truth)[answered].mean()
    votes_right = (answers_of(majority_vote(cast), ("a", "b")) == np.array(["a", "b"])[truth])[answered].mean()
    assert ours > votes_right


def test_three_classes_and_labels_that_people_gave():
    polarity, right, balance = (0, 0, 1, 1, 2, 2), (0.9, 0.5, 0.9, 0.9, 0.9, 0.9), np.array([0.6, 0.3, 0.1])
    truth, matrix = drawn(20_000, polarity, right, 0.08, balance, 5)
    known, unknown = slice(0, 3000), slice(3000, None)
    model = LabelModel.fit(votes(matrix[unknown], polarity), (votes(matrix[known], polarity), truth[known]))
    assert model.vote_shares.sum(axis=1) == pytest.approx(1)
    assert model.balance.sum() == pytest.approx(1)
    assert model.vote_shares[0, 0] > 0.8 > 0.7 > model.vote_shares[1, 0]


def test_probabilities_sum_to_one_and_silence_has_none():
    cast = votes([[0, 1], [-1, -1], [0, -1]], (0, 1))
    probabilities = LabelModel.fit(cast).probabilities(cast)
    assert np.isnan(probabilities[1]).all()
    assert probabilities[[0, 2]].sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("functions", [3, 64, 65, 130])
def test_equal_rows_are_reckoned_once_whatever_the_number_of_functions(functions):
    rng = np.random.default_rng(1)
    matrix = np.where(rng.random((300, functions)) < 0.05, 0, -1)
    polarity = (0,) * functions
    model = LabelModel.fit(votes(matrix, polarity, ("a", "b")))
    one_by_one = np.vstack([model.probabilities(votes(row[None, :], polarity, ("a", "b"))) for row in matrix])
    np.testing.assert_allclose(model.probabilities(votes(matrix, polarity, ("a", "b"))), one_by_one)


def test_the_order_of_books_plays_no_part():
    polarity = (0, 0, 1)
    _, matrix = drawn(2000, polarity, (0.9, 0.7, 0.8), 0.3, np.array([0.5, 0.5]))
    forth = LabelModel.fit(votes(matrix, polarity, ("a", "b")))
    back = LabelModel.fit(votes(matrix[::-1], polarity, ("a", "b")))
    np.testing.assert_allclose(forth.vote_shares, back.vote_shares, atol=1e-9)


def test_nothing_to_put_together_is_said():
    with pytest.raises(InputError, match="No labelling function votes on any book"):
        LabelModel.fit(votes([[-1, -1]], (0, 1)))


def test_functions_that_never_meet_are_not_judged_by_the_silence_of_the_others():
    # Shelfmarks: each book has one, so that no two functions are ever on the same book, and one of them is rare.
    rows = [(0, 0, 1700), (1, 1, 6500), (2, 1, 150), (None, None, 25_000)]
    matrix = np.concatenate(
        [
            [[own if j == f else -1 for j in range(3)]] * count if f is not None else [[-1] * 3] * count
            for f, own, count in rows
        ]
    )
    polarity = (0, 1, 1)
    model = LabelModel.fit(votes(matrix, polarity, ("a", "b")))
    assert model.isolated.all()
    assert model.vote_shares[np.arange(3), polarity] == pytest.approx([0.8] * 3, abs=0.01)
    assert model.sentences[0].startswith(
        "Hardly any book has a vote of another function beside one of “f0”, “f1” and “f2”"
    )
    # People say of 20 books of the last that they are of class a all the same: with 8 believed of 10, a has 22 of 30.
    known = votes([[-1, -1, 1]] * 20, polarity, ("a", "b"))
    taught = LabelModel.fit(votes(matrix, polarity, ("a", "b")), (known, np.zeros(20, dtype=np.int64)))
    assert taught.probabilities(known)[0, 0] == pytest.approx(22 / 30, abs=0.03)


def test_functions_that_meet_are_judged_by_one_another():
    polarity = (0, 0, 1)
    _, matrix = drawn(5000, polarity, (0.9, 0.9, 0.9), 0.2, np.array([0.5, 0.5]))
    model = LabelModel.fit(votes(matrix, polarity, ("a", "b")))
    assert not model.isolated.any()
    assert model.sentences == ()
