import json

import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.explain import leave_one_word_out
from core.models.ensemble import CascadeClassifier
from core.models.fitting import Plan, fit
from core.models.tfidf import TfidfClassifier

pytestmark = pytest.mark.slow

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def books(make_books):
    return make_books(150, seed=3, noise=0.15)


@pytest.fixture(scope="module")
def data(books, as_data):
    return as_data(books)


@pytest.fixture(scope="module")
def options(quick):
    return {"second": {"kind": "transformer", **quick, "epochs": 3}, "sure": 0.8}


@pytest.fixture(scope="module")
def trained(data, options):
    return CascadeClassifier.train(data, options=options)


class Fixed:
    """Says what it is told to, and remembers what it was asked."""

    kind = "fixed"
    device = "cpu"
    classes = ("a", "b")
    sentences = ()

    def __init__(self, text):
        self.answers = text
        self.titles = []

    def predict_probabilities(self, titles, progress=None):
        self.titles.append(list(titles))
        return np.array([self.answers[title] for title in titles])


def test_the_second_reads_only_where_the_first_is_not_sure():
    first = Fixed({"x": [0.96, 0.04], "y": [0.6, 0.4], "z": [0.05, 0.95]})
    second = Fixed({"y": [0.1, 0.9]})
    created = CascadeClassifier(first, second, sure=0.95)
    assert created.predict_probabilities(["x", "y", "z"]) == pytest.approx(
        np.array([[0.96, 0.04], [0.1, 0.9], [0.05, 0.95]])
    )
    assert second.titles == [["y"]]


def test_confidence_is_calibrated_before_it_decides():
    # Odds of 24 to 1 are 4.9 to 1 at a temperature of 2: 0.83, and no longer sure.
    first = Fixed({"x": [0.96, 0.04]})
    second = Fixed({"x": [0.3, 0.7]})
    CascadeClassifier(first, second, temperature=2.0).predict_probabilities(["x"])
    assert second.titles == [["x"]]
    created = CascadeClassifier(first, second, temperature=2.0, sure=0.83)
    assert created.predict_probabilities(["x"]) == pytest.approx(np.array([[0.8305, 0.1695]]), abs=1e-4)
    assert second.titles == [["x"]]


def test_nothing_is_read_twice_when_the_first_is_always_sure():
    second = Fixed({})
    created = CascadeClassifier(Fixed({"x": [0.99, 0.01]}), second)
    created.predict_probabilities(["x", "x"])
    assert second.titles == []
    assert created.predict_probabilities(["x"]).shape == (1, 2)


def test_the_temperature_is_that_of_held_out_titles(data, trained):
    from core.calibration import learn_calibration
    from core.models.ensemble import cross_val_predict_member

    result = cross_val_predict_member(("tfidf", {}), data, 0, 3)
    truth = np.array(data.classes, dtype=object)[data.targets.argmax(axis=1)]
    assert trained.temperature == learn_calibration("temperature", result, truth, data.classes).temperature
    assert trained.temperature > 1


def test_both_members_learn_from_all(trained, data, make_books):
    titles = data.titles[:20]
    alone = TfidfClassifier.train(data).predict_probabilities(titles)
    assert trained.first.predict_probabilities(titles) == pytest.approx(alone)
    others = make_books(90, seed=8, start=5_000)["title"].tolist()
    titles = [*others, "Xq", ""]
    decided = trained._first(titles).max(axis=1) >= trained.sure
    assert 0 < decided.mean() < 1


def test_a_saved_cascade_is_the_same(trained, tmp_path, data):
    trained.save(tmp_path)
    read = CascadeClassifier.load(tmp_path)
    assert np.allclose(read.predict_probabilities(data.titles), trained.predict_probabilities(data.titles), atol=1e-6)
    assert (read.sure, read.temperature, read.sentences) == (0.8, trained.temperature, trained.sentences)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has the format 2; this version reads 1"),
        ({"temperature": 0}, "The rule .* cannot be"),
        ({"sure": 1.5}, "The rule .* cannot be"),
        ({"members": ["tfidf"]}, "The rule .* cannot be"),
        ({"members": 3}, "cannot be read"),
    ],
)
def test_a_broken_rule(trained, tmp_path, change, message):
    trained.save(tmp_path)
    content = json.loads((tmp_path / "cascade.json").read_text())
    (tmp_path / "cascade.json").write_text(json.dumps(content | change))
    with pytest.raises(ModelError, match=message):
        CascadeClassifier.load(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 3}, "The kind 'cascade' has no option 'depth'. It has: base, first, second, sure"),
        ({"sure": 0}, "The option 'sure' must be a confidence above 0 and up to 1; 0 came"),
        ({"sure": True}, "must be a confidence"),
        ({"second": "cascade"}, "A member must be one of"),
    ],
)
def test_wrong_options(data, options, message):
    with pytest.raises(InputError, match=message):
        CascadeClassifier.train(data, options=options)


def test_it_goes_on_where_it_was_stopped(data, options, trained, tmp_path):
    from core.errors import Cancelled

    def stop(fraction, message):
        if fraction > 0.6:
            raise Cancelled("Stopped")

    with pytest.raises(Cancelled):
        CascadeClassifier.train(data, options=options, progress=stop, checkpoints=tmp_path)
    assert list(tmp_path.rglob("checkpoint.safetensors"))
    again = CascadeClassifier.train(data, options=options, checkpoints=tmp_path)
    assert np.allclose(again.predict_probabilities(data.titles), trained.predict_probabilities(data.titles), atol=1e-6)


def test_whole_with_folds_and_explanation(books, options, as_model):
    fitted = fit(books, Plan(kind="cascade", options=options))
    assert sorted(set(fitted.training["fold"])) == [0, 1]
    assert fitted.classifier.second.epochs >= 1
    assert len(leave_one_word_out(as_model(fitted), "Travels in Persia").table) == 3
