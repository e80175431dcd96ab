import json

import numpy as np
import pytest

from core.errors import Cancelled, InputError, ModelError
from core.explain import leave_one_word_out
from core.models import members
from core.models.blend import BlendClassifier, learn_weights
from core.models.fitting import Plan, fit
from core.models.protocol import TrainingData
from core.models.registry import load, save
from core.models.tfidf import TfidfClassifier

pytest.importorskip("torch")
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
    made = BlendClassifier.train(data, options={**TWO_TFIDF, "weights": [0.25, 1.5]})
    one, other = (np.log(member.predict_probabilities(ASKED)) for member in made.members)
    raised = np.exp(0.25 * one + 1.5 * other)
    assert made.predict_probabilities(ASKED) == pytest.approx(raised / raised.sum(axis=1, keepdims=True))
    assert made.weights == [0.25, 1.5]
    assert made.sentences == ("Weights of the members' logits: tfidf 0.25, tfidf 1.50.",)


def test_weights_by_hand():
    # One member is right in three of four, the other tells nothing: logit w · ln 3 must say 3 to 1, so that w is 1.
    told = np.array([[0.75, 0.25]] * 3 + [[0.75, 0.25]])
    nothing = np.full((4, 2), 0.5)
    targets = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]])
    data = TrainingData(["a", "b", "c", "d"], targets, np.ones(4), ("x", "y"))
    found = learn_weights(np.stack([told, nothing]), data)
    assert found[0] == pytest.approx(1.0, abs=1e-3)


def test_a_member_that_misleads_gets_no_weight():
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, 400)
    good = np.where(generator.random(400) < 0.8, truth, 1 - truth)
    bad = 1 - np.where(generator.random(400) < 0.6, truth, 1 - truth)
    told = [np.eye(2)[side] * 0.6 + 0.2 for side in (good, bad)]
    data = TrainingData([str(i) for i in range(400)], np.eye(2)[truth], np.ones(400), ("x", "y"))
    weights = learn_weights(np.stack(told), data)
    assert weights[1] == 0
    assert weights[0] == pytest.approx(1.0, abs=0.25)


def test_titles_without_an_answer_are_left_out():
    told = np.array([[[0.9, 0.1], [np.nan, np.nan]]])
    data = TrainingData(["a", "b"], np.array([[1.0, 0.0], [0.0, 1.0]]), np.ones(2), ("x", "y"))
    assert learn_weights(told, data)[0] > 1


def test_weights_are_learned_on_titles_that_were_held_out(data, monkeypatch):
    learned, asked = [], []

    class Spy(TfidfClassifier):
        @classmethod
        def train(cls, data, **how):
            learned.append(set(data.titles))
            made = super().train(data, **how)
            made.predict_probabilities = lambda titles, progress=None: (
                asked.append(set(titles)) or TfidfClassifier.predict_probabilities(made, titles)
            )
            return made

    monkeypatch.setattr(members, "classifier_class", lambda name: Spy)
    BlendClassifier.train(data, options=TWO_TFIDF)
    assert (len(learned), len(asked)) == (8, 6)
    assert all(not seen & held for seen, held in zip(learned[:6], asked, strict=True))
    assert set.union(*asked) == set(data.titles)
    assert learned[6] == learned[7] == set(data.titles)


def test_labels_by_functions_are_learned_from_and_never_judge(data):
    weak = TrainingData(
        [*data.titles, "An ode to nobody"],
        np.vstack([data.targets, data.targets[:1]]),
        np.append(data.weights, 0.7),
        data.classes,
    )
    found = members.held_out([("tfidf", {})], weak, seed=0, folds=3)
    assert np.isnan(found[0, -1]).all()
    assert not np.isnan(found[0, :-1]).any()


def test_one_fold_holds_a_fifth_out(data):
    found = members.held_out([("tfidf", {})], data, seed=0, folds=1)
    assert (~np.isnan(found[0, :, 0])).sum() == pytest.approx(30, abs=2)


def test_a_saved_blend_is_the_same(trained, tmp_path):
    trained.save(tmp_path)
    read = BlendClassifier.load(tmp_path)
    assert np.allclose(read.predict_probabilities(ASKED), trained.predict_probabilities(ASKED), atol=1e-6)
    assert (read.classes, read.weights) == (trained.classes, trained.weights)
    assert [one.kind for one in read.members] == ["tfidf", "embedding"]


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
    said = json.loads((tmp_path / "blend.json").read_text())
    (tmp_path / "blend.json").write_text(json.dumps(said | change))
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
        ({"inner_folds": -1}, "The option 'inner_folds' must be a whole number"),
    ],
)
def test_wrong_options(data, options, message):
    with pytest.raises(InputError, match=message):
        BlendClassifier.train(data, options=options)


def test_fewer_folds_with_a_member_that_takes_minutes():
    assert BlendClassifier.folds_for({}) == 3
    assert BlendClassifier.folds_for({"members": ["tfidf", "transformer"]}) == 2


def test_it_can_be_stopped_while_members_are_weighed(data):
    def stop(fraction, message):
        if message == "Weighing the members" and fraction > 0:
            raise Cancelled("Stopped")

    with pytest.raises(Cancelled):
        BlendClassifier.train(data, options=TWO_TFIDF, progress=stop)


def test_whole_with_folds_registry_and_explanation(books, options, workspace, tmp_path):
    fitted = fit(books, Plan("blend", options=options))
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
