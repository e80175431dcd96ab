import json
from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.explain import leave_one_word_out
from core.models import ensemble
from core.models.ensemble import BlendClassifier, OutOfFold, fit_blend_weights
from core.models.fitting import Plan, fit
from core.models.registry import load, save
from core.models.tfidf import TfidfClassifier

pytestmark = pytest.mark.slow

ASKED = ["Travels in Persia", "An ode", "A tale for girls", ""]
TWO_TFIDF = {"members": ["tfidf", {"kind": "tfidf", "C": 0.5}]}


@pytest.fixture(scope="module")
def books(make_books):
    return make_books(150, seed=3)


@pytest.fixture(scope="module")
def data(books, as_data):
    return as_data(books)


@pytest.fixture(scope="module")
def options(tiny_base):
    return {"members": ["tfidf", {"kind": "embedding", "C": 100.0}], "base": str(tiny_base)}


@pytest.fixture(scope="module")
def trained(data, options):
    return BlendClassifier.train(data, options=options)


def test_logits_are_added(data):
    created = BlendClassifier.train(data, options={**TWO_TFIDF, "weights": [0.25, 1.5]})
    item, other = (np.log(member.predict_probabilities(ASKED)) for member in created.members)
    raised = np.exp(0.25 * item + 1.5 * other)
    assert created.predict_probabilities(ASKED) == pytest.approx(raised / raised.sum(axis=1, keepdims=True))
    assert created.weights == [0.25, 1.5]
    assert created.sentences == ("Weights of the members' logits: tfidf 0.25, tfidf 1.50.",)


def test_weights_by_hand():
    # One member is right in three of four, the other tells nothing: logit w · ln 3 must say 3 to 1, so that w is 1.
    values = np.array([[0.75, 0.25]] * 3 + [[0.75, 0.25]])
    nothing = np.full((4, 2), 0.5)
    targets = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]])
    result = fit_blend_weights(np.stack([values, nothing]), targets)
    assert result[0] == pytest.approx(1.0, abs=1e-3)


def test_a_member_that_misleads_gets_no_weight():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, 400)
    good = np.where(generator.random(400) < 0.8, truth, 1 - truth)
    bad = 1 - np.where(generator.random(400) < 0.6, truth, 1 - truth)
    items = [np.eye(2)[side] * 0.6 + 0.2 for side in (good, bad)]
    weights = fit_blend_weights(np.stack(items), np.eye(2)[truth])
    assert weights[1] == 0
    assert weights[0] == pytest.approx(1.0, abs=0.25)


def test_without_weights_all_members_count_the_same(data):
    assert BlendClassifier.train(data, options=TWO_TFIDF).weights == [0.5, 0.5]


class TestWeightsOfATraining:
    """Two folds, two members, four books: everything by hand."""

    class Blend:
        has_given_weights = staticmethod(lambda options: "weights" in options)

        def __init__(self, text):
            self.answers = np.array(text)

        def member_probabilities(self, titles):
            return self.answers[:, : len(titles)]

        def predict_probabilities(self, titles):
            return self.answers[0, : len(titles)]

    SURE, LOST = [[0.8, 0.2], [0.2, 0.8]], [[0.5, 0.5], [0.5, 0.5]]

    def test_those_of_a_fold_are_learned_on_the_other_folds(self, monkeypatch):
        items = []
        monkeypatch.setattr(
            ensemble, "fit_blend_weights", lambda message, targets: items.append((message, targets)) or [2.0, 0.0]
        )
        result = OutOfFold(self.Blend, {}, ["x", "y", "x", "y"], ("x", "y"))
        fold = np.array([0, 0, 1, 1])
        result.add_fold(self.Blend([self.SURE, self.LOST]), fold == 0, ["a", "b"])
        result.add_fold(self.Blend([self.LOST, self.SURE]), fold == 1, ["c", "d"])
        assert result.fit_weights(fold, {"base": "b"}) == {"base": "b", "weights": [2.0, 0.0]}
        assert items[0][0].tolist() == [self.LOST, self.SURE]  # for fold 0, what was said of fold 1
        assert items[1][0].tolist() == [self.SURE, self.LOST]
        assert items[2][0].shape == (2, 4, 2)
        assert items[2][1].tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
        # Odds of 4 to 1, twice: 16 to 1.
        assert result.scores == pytest.approx(np.array([[16, 1], [1, 16], [8.5, 8.5], [8.5, 8.5]]) / 17)

    def test_given_weights_stay_as_they_are(self):
        result = OutOfFold(self.Blend, {"weights": [1, 1]}, ["x", "y"], ("x", "y"))
        result.add_fold(self.Blend([self.SURE, self.LOST]), np.array([True, True]), ["a", "b"])
        assert result.fit_weights(np.array([0, 0]), {"weights": [1, 1]}) == {"weights": [1, 1]}
        assert result.scores.tolist() == self.SURE

    def test_a_member_is_trained_once_a_fold_and_once_on_all(self, books, monkeypatch):
        trained = []

        class Spy(TfidfClassifier):
            @classmethod
            def train(cls, data, **how):
                trained.append(len(data.titles))
                return super().train(data, **how)

        monkeypatch.setattr(ensemble, "classifier_class", lambda name: Spy)
        fitted = fit(books, Plan(kind="blend", folds=3, options=TWO_TFIDF))
        assert len(trained) == 2 * 4
        assert fitted.classifier.weights != [0.5, 0.5]


def test_a_saved_blend_is_the_same(trained, tmp_path):
    trained.save(tmp_path)
    read = BlendClassifier.load(tmp_path)
    assert np.allclose(read.predict_probabilities(ASKED), trained.predict_probabilities(ASKED), atol=1e-6)
    assert (read.classes, read.weights) == (trained.classes, trained.weights)
    assert (read.agreement, read.checked) == (trained.agreement, trained.checked)
    assert trained.agreement >= 0.999
    assert [item.kind for item in read.members] == ["tfidf", "embedding"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has the format 2; this version reads 1"),
        ({"weights": [1.0]}, "do not fit its members"),
        ({"weights": "heavy"}, "cannot be read"),
        ({"members": ["tfidf", "magic"]}, "has a member of an unknown kind: tfidf, magic"),
        ({"classes": ["A", "B"]}, "have different classes"),
    ],
)
def test_a_broken_rule(trained, tmp_path, change, message):
    trained.save(tmp_path)
    content = json.loads((tmp_path / "blend.json").read_text())
    (tmp_path / "blend.json").write_text(json.dumps(content | change))
    with pytest.raises(ModelError, match=message):
        BlendClassifier.load(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 3}, "The kind 'blend' has no option 'depth'. It has: base, members"),
        ({"members": ["tfidf"]}, "A blend needs two or more members"),
        ({"members": ["tfidf", "blend"]}, "none of them a blend itself"),
        ({"members": "tfidf"}, "must be a list of two or more kinds"),
        ({"members": ["tfidf", "magic"]}, "A member must be one of tfidf, embedding.*; 'magic' came"),
        ({"weights": [1.0]}, "must have a number of 0 or more for each member"),
        ({"weights": [0, 0]}, "must have a number of 0 or more for each member"),
        ({"inner_folds": 2}, "The kind 'blend' has no option 'inner_folds'"),
    ],
)
def test_wrong_options(data, options, message):
    with pytest.raises(InputError, match=message):
        BlendClassifier.train(data, options=options)


def test_fewer_folds_with_a_member_that_takes_minutes():
    assert BlendClassifier.folds_for({}) == 3
    assert BlendClassifier.folds_for({"members": ["tfidf", "transformer"]}) == 2


def test_the_epochs_of_a_member_come_from_the_folds():
    class Watched:
        def __init__(self, epochs):
            self.members = [None, SimpleNamespace(epochs=epochs)]

    wish = {"members": ["tfidf", {"kind": "transformer", "epochs": 5}], "base": "b"}
    assert BlendClassifier.refit_options(wish, [Watched(2), Watched(4)]) == {
        "base": "b",
        "members": [{"kind": "tfidf"}, {"kind": "transformer", "epochs": 3, "base": "b"}],
    }


def test_whole_with_folds_registry_and_explanation(books, options, workspace, tmp_path):
    fitted = fit(books, Plan(kind="blend", options=options))
    assert sorted(set(fitted.training["fold"])) == [0, 1, 2]
    assert fitted.sentences[-1].startswith("Weights of the members' logits: tfidf ")
    saved = save(
        workspace,
        "mixed",
        fitted.classifier,
        fitted.calibration,
        training=fitted.training,
        metrics={},
        facts={},
        scratch=tmp_path,
    )
    read = load(workspace, "mixed")
    assert np.allclose(read.probabilities(ASKED[:3]), saved.probabilities(ASKED[:3]), atol=1e-6)
    assert len(leave_one_word_out(read, "Travels in Persia").table) == 3
