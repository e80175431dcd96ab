"""The rules of blends with members that say what they are told: quick, at their limits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.models import ensemble, write_model_config
from core.models.ensemble import (
    BLEND_FILE,
    BLEND_FORMAT,
    BlendClassifier,
    combine_logits,
    fit_blend_weights,
    sub_progress,
    titles_truncated,
)


class Fixed:
    """Says of each title what it was given, and remembers which it was asked for; cannot read long ones."""

    kind = "tfidf"
    device = "cpu"
    classes = ("a", "b")
    sentences = ()

    def __init__(self, answers: dict[str, list[float]]) -> None:
        self.answers = answers
        self.titles: list[str] = []

    def predict_probabilities(self, titles: list[str], progress: Any = None) -> np.ndarray:
        self.titles += titles
        if progress:
            progress(1.0, "read")
        return np.array([self.answers[title] for title in titles]).reshape(-1, 2)

    def count_truncated(self, titles: list[str]) -> int:
        return sum(len(title) > 3 for title in titles)


@pytest.fixture
def members(monkeypatch: pytest.MonkeyPatch) -> list[Fixed]:
    two = [Fixed({"x": [0.5, 0.5]}), Fixed({"x": [0.2, 0.8]})]
    monkeypatch.setattr(ensemble, "load_members", lambda folder, kinds, classes: two[: len(kinds)])
    return two


@pytest.mark.parametrize(
    ("kinds", "weights", "sound"),
    [
        (["tfidf", "tfidf"], [1.0, 0.0], True),
        (["tfidf", "tfidf"], [1.0], False),
        ([], [], False),
    ],
)
def test_which_weights_a_blend_may_have(
    kinds: list[str], weights: list[float], sound: bool, tmp_path: Path, members: list[Fixed]
) -> None:
    config = {"classes": ["a", "b"], "members": kinds, "weights": weights}
    write_model_config(tmp_path / BLEND_FILE, BLEND_FORMAT, config)
    if sound:
        assert BlendClassifier.load(tmp_path).predict_probabilities(["x"])[0] == pytest.approx([0.5, 0.5])
    else:
        with pytest.raises(ModelError, match="do not fit its members"):
            BlendClassifier.load(tmp_path)


def test_logits_are_weighted() -> None:
    """Odds multiply: ln 4 and ln 1 with the weights 2 and 1 are ln 16; a temperature of two takes the root."""
    parts = np.array([[[0.8, 0.2]], [[0.5, 0.5]]])
    assert combine_logits(parts, [2.0, 1.0])[0] == pytest.approx([16 / 17, 1 / 17])
    assert combine_logits(parts[:1], [0.5])[0] == pytest.approx([2 / 3, 1 / 3])
    assert combine_logits(np.array([[[1.0, 0.0]]]), [1.0])[0].tolist() == pytest.approx([1.0, 0.0])


def test_weights_make_the_labels_likeliest() -> None:
    """Three of four labels are as the first says, with odds of 3: it is right as it is, and the other says nothing."""
    first, second = np.tile([0.75, 0.25], (4, 1)), np.tile([0.5, 0.5], (4, 1))
    targets = np.array([[1, 0]] * 3 + [[0, 1]])
    weights = fit_blend_weights(np.stack([first, second]), targets)
    assert weights[0] == pytest.approx(1.0, abs=1e-3)
    nothing = fit_blend_weights(np.stack([second, second]), targets)
    assert nothing == pytest.approx([0.5, 0.5])
    misled = fit_blend_weights(np.stack([first[:, ::-1], first[:, ::-1]]), targets)
    assert misled == [0.5, 0.5]  # no weight of 0 or more helps: all count the same


def test_parts_of_the_work() -> None:
    steps: list[float] = []
    part = sub_progress(lambda share, _: steps.append(share), 0.1, 0.9)
    part(0.0, "")
    part(1.0, "")
    assert steps == pytest.approx([0.1, 1.0])
    assert titles_truncated([], ["long"]) == 0
    assert titles_truncated([Fixed({}), Fixed({})], ["long", "x"]) == 1  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"members": ["tfidf"]}, "two or more members"),
        ({"members": "tfidf"}, "must be a list"),
        ({"members": ["tfidf", "tfidf"], "weights": [1]}, "a number of 0 or more for each member"),
        ({"members": ["tfidf", "tfidf"], "weights": [0, 0]}, "a number of 0 or more for each member"),
        ({"members": ["tfidf", "tfidf"], "weights": [1, -1]}, "a number of 0 or more for each member"),
    ],
)
def test_wrong_blends(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ensemble._blend_settings(options)
    assert ensemble._blend_settings({"members": ["tfidf", "tfidf"], "weights": [1, 0]})[1] == [1.0, 0.0]
