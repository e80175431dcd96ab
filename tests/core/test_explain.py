from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.calibration import Calibration
from core.errors import InputError
from core.explain import (
    ABSENT,
    SimilarTitles,
    is_linear,
    leave_one_word_out,
    log_odds,
    shap_words,
    word_contributions,
)
from core.models import TrainingData
from core.models.tfidf import TfidfClassifier

TITLES = {
    "Fiction": [
        "A novel",
        "The heir: a tale",
        "A romance in three volumes",
        "Stories for girls",
        "The two heirs. A novel",
    ],
    "Poetry": ["Poems", "An ode", "Verses and sonnets", "Lyrics, and other poems", "Songs and odes"],
    "Travel": ["A tour in Wales", "Travels in Persia", "Guide to the Lakes", "Rambles", "A voyage round the world"],
}
ASKED = [
    "A tale of two heirs, a novel",
    "Poems of travel (second edition).",
    "Guide",
    "Кни\u0301га стиховъ",
    "well-known",
]


def trained(classes):
    titles = [title for name in classes for title in TITLES[name]]
    targets = np.repeat(np.eye(len(classes)), 5, axis=0)
    return TfidfClassifier.train(
        TrainingData(titles=titles, targets=targets, weights=np.ones(len(titles)), classes=tuple(classes))
    )


def model_of(classifier, method="temperature"):
    x = np.array([0.0, 0.4, 1.0])
    curves = {name: (x, np.array([0.05, 0.3, 0.95])) for name in classifier.classes} if method == "isotonic" else {}
    calibration = Calibration(
        method=method, classes=classifier.classes, temperature=1.7 if method == "temperature" else 1.0, curves=curves
    )
    return SimpleNamespace(
        classes=classifier.classes, classifier=classifier, calibration=calibration, title_only_calibration=None
    )


@pytest.fixture(scope="module", params=[("Fiction", "Travel"), ("Fiction", "Poetry", "Travel")], ids=["two", "three"])
def model(request):
    return model_of(trained(request.param))


class CountsLetters:
    """No sum of words, as far as anybody is told: the logit of 'a' is the number of letters x."""

    classes = ("a", "b")

    def predict_probabilities(self, titles, progress=None):
        logit = np.array([float(title.count("x")) for title in titles])
        share = 1 / (1 + np.exp(-logit))
        return np.column_stack([share, 1 - share])


BLACK_BOX = SimpleNamespace(
    classes=("a", "b"),
    classifier=CountsLetters(),
    calibration=Calibration(method="none", classes=("a", "b")),
    title_only_calibration=None,
)


@pytest.mark.parametrize(
    ("row", "position", "expected"),
    [
        ([0.75, 0.25], 0, np.log(3)),
        ([0.75, 0.25], 1, -np.log(3)),
        ([0.5, 0.4, 0.1], 0, np.log(0.5 / np.sqrt(0.04))),
    ],
)
def test_log_odds_by_hand(row, position, expected):
    assert log_odds([row], position)[0] == pytest.approx(expected)


class TestWordContributions:
    @pytest.mark.parametrize("title", [*ASKED, "", "Unheard-of"])
    def test_they_sum_to_the_log_odds_of_the_calibrated_probability(self, model, title):
        result = model.calibration.apply(model.classifier.predict_probabilities([title]))
        for position, name in enumerate(model.classes):
            message = word_contributions(model, title, name)
            assert message.base + message.table["contribution"].sum() == pytest.approx(message.log_odds, abs=1e-12)
            assert message.log_odds == pytest.approx(log_odds(result, position)[0], abs=1e-9)
            assert message.probability == pytest.approx(result[0, position])

    def test_with_isotonic_calibration_they_speak_of_the_classifier(self):
        model = model_of(trained(("Fiction", "Travel")), "isotonic")
        message = word_contributions(model, ASKED[0], "Fiction")
        raw = model.classifier.predict_probabilities([ASKED[0]])
        assert message.log_odds == pytest.approx(log_odds(raw, 0)[0])
        assert message.probability == pytest.approx(model.calibration.apply(raw)[0, 0])
        assert "before calibration" in message.note

    def test_of_two_classes_one_is_the_opposite_of_the_other(self):
        model = model_of(trained(("Fiction", "Travel")))
        fiction = word_contributions(model, ASKED[0], "Fiction").table["contribution"]
        travel = word_contributions(model, ASKED[0], "Travel").table["contribution"]
        assert fiction.to_numpy() == pytest.approx(-travel.to_numpy())

    def test_words_are_as_catalogued_and_in_their_order(self, model):
        assert word_contributions(model, "  A tale,\tof (two)  heirs!").table["word"].tolist() == [
            *["A", "tale,", "of", "(two)", "heirs!"]
        ]

    def test_the_telling_word_tells(self, model):
        message = word_contributions(model, "Rambles by Harriet", "Travel").table.set_index("word")["contribution"]
        assert message.idxmax() == "Rambles"

    def test_without_a_class_it_is_the_predicted_one(self, model):
        assert word_contributions(model, "Travels in Persia").class_name == "Travel"

    def test_words_that_no_training_title_had_contribute_nothing(self, model):
        message = word_contributions(model, "Ω Ж")
        assert message.table["contribution"].tolist() == [0.0, 0.0]
        assert message.log_odds == message.base

    def test_what_cannot_be_explained(self, model):
        with pytest.raises(InputError, match="does not know the class 'Sermon'. It knows: Fiction"):
            word_contributions(model, "A tale", "Sermon")
        with pytest.raises(InputError, match="not a sum of words: use leave-one-word-out or SHAP"):
            word_contributions(BLACK_BOX, "A tale")
        assert is_linear(model)
        assert not is_linear(BLACK_BOX)


class TestLeaveOneWordOut:
    def test_by_hand(self):
        message = leave_one_word_out(BLACK_BOX, "xx a x", "a")
        assert message.table["word"].tolist() == ["xx", "a", "x"]
        assert message.table["contribution"].to_numpy() == pytest.approx([2, 0, 1])
        assert message.table["probability_without"].iloc[0] == pytest.approx(1 / (1 + np.exp(-1)))
        assert message.log_odds == pytest.approx(3)
        assert np.isnan(message.base)

    def test_a_single_word_is_compared_with_the_empty_title(self, model):
        message = leave_one_word_out(model, "Rambles", "Travel")
        assert message.table["contribution"].iloc[0] > 0

    def test_an_empty_title_has_no_words(self):
        assert len(leave_one_word_out(BLACK_BOX, " ").table) == 0


@pytest.mark.slow
class TestShap:
    def test_of_a_sum_the_values_are_its_terms(self):
        message = shap_words(BLACK_BOX, "xx a x", "a")
        assert message.table["contribution"].to_numpy() == pytest.approx([2, 0, 1])
        assert message.base == pytest.approx(0)
        assert message.base + message.table["contribution"].sum() == pytest.approx(message.log_odds)
        assert "all combinations" in message.note

    def test_a_long_title_is_estimated_and_still_sums(self, model):
        title = "A tale of two heirs, a novel in three volumes, with songs and a voyage round the world"
        message = shap_words(model, title, "Fiction", seed=1)
        assert len(message.table) == len(title.split())
        assert message.base + message.table["contribution"].sum() == pytest.approx(message.log_odds)
        assert "estimated" in message.note
        pd.testing.assert_frame_equal(message.table, shap_words(model, title, "Fiction", seed=1).table)

    @pytest.mark.parametrize("title", ASKED[:3])
    def test_for_a_linear_model_the_background_is_every_title(self, model, title):
        # More rows than shap samples by itself (100): a background of its choice would give another base.
        background = [f"{text} {number}" for number in range(12) for texts in TITLES.values() for text in texts]
        assert len(background) > 100
        message = shap_words(model, title, "Fiction", background=background)
        contributions = word_contributions(model, title, "Fiction")
        average = np.mean([word_contributions(model, text, "Fiction").log_odds for text in background])
        assert message.base == pytest.approx(average, abs=1e-9)
        assert message.log_odds == pytest.approx(contributions.log_odds, abs=1e-9)
        assert message.base + message.table["contribution"].sum() == pytest.approx(message.log_odds, abs=1e-9)
        assert message.table["word"].iloc[-1] == ABSENT

    def test_nothing_to_explain(self, model):
        with pytest.raises(InputError, match="no word to explain"):
            shap_words(model, " ")


class TestSimilarTitles:
    books = pd.DataFrame(
        {
            "record_id": ["1", "2", "3"],
            "title": ["Rambles in Wales", "Poems", "A ramble in North Wales"],
            "label": ["Travel", "Poetry", "Travel"],
            "other": [0, 0, 0],
        }
    )

    def test_the_nearest_come_first(self):
        result = SimilarTitles(self.books).nearest("Rambles in Wales", n=2)
        assert result["record_id"].tolist() == ["1", "3"]
        assert result["similarity"].iloc[0] == pytest.approx(1)
        assert list(result.columns) == ["record_id", "title", "label", "similarity"]

    def test_a_title_like_none(self):
        assert SimilarTitles(self.books).nearest("Ж")["similarity"].tolist() == [0, 0, 0]

    def test_no_books(self):
        assert len(SimilarTitles(self.books.head(0)).nearest("Poems")) == 0

    def test_nearest_titles_by_hand(self):
        """Each word of two letters has six runs, " a", "ab", "b ", " ab", "ab " and " ab ": all weigh alike here."""
        books = pd.DataFrame({"record_id": ["1", "2", "3"], "title": ["ef gh", "ab", "cd"], "label": ["A", "B", "C"]})
        nearest = SimilarTitles(books).nearest("ab cd ef", 3)
        assert nearest[["record_id", "label"]].to_numpy().tolist() == [["2", "B"], ["3", "C"], ["1", "A"]]
        # Six runs in common: of 6 and 18, of 6 and 18, of 12 and 18.
        assert nearest["similarity"].tolist() == pytest.approx([(6 / 18) ** 0.5, (6 / 18) ** 0.5, 6 / (12 * 18) ** 0.5])
