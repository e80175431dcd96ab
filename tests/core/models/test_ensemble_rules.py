"""The rules of blends with members that say what they are told: quick, at their limits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.models import ensemble, write_model_config
from core.models.cascade import CascadeClassifier
from core.models.ensemble import (
    BLEND_FILE,
    BLEND_FORMAT,
    BlendClassifier,
    combine_logits,
    fit_blend_weights,
    sub_progress,
)
from core.models.runtime import UNCERTAIN_MARGIN, is_uncertain, rescore_uncertain


class Fixed:
    """Says of each title what it was given, and remembers which it was asked for; cannot read long ones."""

    kind = "tfidf"
    device = "cpu"
    classes = ("a", "b")
    sentences = ()
    quick: Any = None

    def __init__(self, answers: dict[str, list[float]]) -> None:
        self.answers = answers
        self.titles: list[str] = []

    def predict_probabilities(self, titles: list[str], progress: Any = None) -> np.ndarray:
        self.titles += titles
        if progress:
            progress(1.0, "read")
        return np.array([self.answers[title] for title in titles]).reshape(-1, 2)

    def form_probabilities(self, titles: list[str], form: Any, progress: Any = None) -> np.ndarray:
        return Fixed.predict_probabilities(self, titles, progress)

    def is_truncated(self, titles: list[str]) -> np.ndarray:
        return np.array([len(title) > 3 for title in titles], dtype=bool)


class Rounded(Fixed):
    """A member that answers the quick way, and reads again what it is undecided of itself, as the kinds do."""

    def __init__(self, quick: dict[str, list[float]], exact: dict[str, list[float]]) -> None:
        super().__init__(exact)
        self.quick = quick

    def predict_probabilities(self, titles: list[str], progress: Any = None) -> np.ndarray:
        quick = self.form_probabilities(titles, self.quick, progress)
        return rescore_uncertain(quick, titles, lambda few: self.form_probabilities(list(few), None))

    def form_probabilities(self, titles: list[str], form: Any, progress: Any = None) -> np.ndarray:
        if form is None:
            return super().form_probabilities(titles, None, progress)
        return np.array([form[title] for title in titles]).reshape(-1, 2)


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
        read = BlendClassifier.load(tmp_path)
        assert read.predict_probabilities(["x"])[0] == pytest.approx([0.5, 0.5])
        assert np.isnan(read.agreement)  # a blend of an earlier version
        assert read.checked == 0
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


# Words say 3 to 1 for b of the title that is near, the network as much for a: a little less with 8 bits, more with 32.
WORDS = {"near": [0.25, 0.75], "sure": [0.02, 0.98]}
QUICK = {"near": [0.74, 0.26], "sure": [0.52, 0.48]}
EXACT = {"near": [0.76, 0.24], "sure": [0.48, 0.52]}


class TestRoundedMembers:
    @pytest.fixture
    def blend(self) -> BlendClassifier:
        return BlendClassifier([Fixed(WORDS), Rounded(QUICK, EXACT)], [1.0, 1.0])  # type: ignore[list-item]

    def test_what_the_blend_is_undecided_of_is_read_again_by_rounded_members(self, blend: BlendClassifier) -> None:
        words, network = blend.members
        near, sure = blend.predict_probabilities(["near", "sure"])
        assert near == pytest.approx(np.array([0.25 * 0.76, 0.75 * 0.24]) / 0.37)
        # The network is undecided of the other title, the blend is not: the quick answer stands.
        assert sure == pytest.approx(np.array([0.02 * 0.52, 0.98 * 0.48]) / (0.02 * 0.52 + 0.98 * 0.48))
        assert words.titles == ["near", "sure"]  # type: ignore[attr-defined]
        assert network.titles == ["near"]  # type: ignore[attr-defined]
        assert blend.predict_probabilities([]).shape == (0, 2)

    def test_without_rounded_members_nothing_is_read_twice(self) -> None:
        two = [Fixed(WORDS), Fixed(EXACT)]
        BlendClassifier(two, [1.0, 1.0]).predict_probabilities(["near", "sure"])  # type: ignore[arg-type]
        assert [member.titles for member in two] == [["near", "sure"]] * 2

    def test_a_cascade_has_the_labels_of_its_blend(self, blend: BlendClassifier) -> None:
        student = Fixed({"near": [0.6, 0.4], "sure": [0.05, 0.95]})
        cascade = CascadeClassifier(student, blend, sure=0.9)  # type: ignore[arg-type]
        assert cascade.predict_probabilities(["near", "sure"]).argmax(axis=1).tolist() == [0, 1]
        assert blend.members[1].titles == ["near"]  # type: ignore[attr-defined]

    def test_which_titles_are_undecided(self) -> None:
        # Of one model: where the two likeliest classes are nearer than the margin.
        shares = np.random.default_rng(0).dirichlet([1.0, 1.0, 1.0], 2_000)
        ranked = np.sort(shares, axis=1)
        nearer = ranked[:, 2] - ranked[:, 1] < UNCERTAIN_MARGIN
        assert is_uncertain(shares[None], [1.0], [True]).tolist() == nearer.tolist()
        assert 0.1 < nearer.mean() < 0.5
        # Odds of 9 to 1 and, with a weight of 2, 3 to 7: 9 · 9/49 > 1. With 2 to 8 they are 9 · 4/64 < 1.
        both = np.array([[[0.9, 0.1]], [[0.3, 0.7]]])
        assert is_uncertain(both, [1.0, 2.0], [False, True]).tolist() == [True]
        assert is_uncertain(both, [1.0, 2.0], [False, False]).tolist() == [False]
        # Squared words: 81 · 4/64 > 1.
        assert is_uncertain(both, [2.0, 2.0], [False, True]).tolist() == [False]

    def test_quick_forms_stay_where_the_blend_has_the_same_labels(
        self, blend: BlendClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        blend.check_forms(["near", "sure", "near"])
        assert (blend.agreement, blend.checked) == (1.0, 2)
        assert blend.members[1].quick is QUICK
        monkeypatch.setattr(ensemble, "save_members", lambda folder, classifiers: ["tfidf", "tfidf"])
        monkeypatch.setattr(ensemble, "load_members", lambda folder, kinds, classes: blend.members)
        blend.save(tmp_path)
        read = BlendClassifier.load(tmp_path)
        assert (read.agreement, read.checked) == (1.0, 2)
        assert read.predict_probabilities(["near"]).tolist() == blend.predict_probabilities(["near"]).tolist()

    def test_quick_forms_go_where_labels_of_the_blend_change(self) -> None:
        off = Rounded({"near": [0.76, 0.24], "sure": [0.999, 0.001]}, EXACT)
        words = Fixed({title: [0.25, 0.75] for title in EXACT})
        blend = BlendClassifier([words, off], [1.0, 1.0])  # type: ignore[list-item]
        blend.check_forms(["near", "sure"])
        assert (blend.agreement, blend.checked) == (0.5, 2)
        assert off.quick is None
        assert blend.predict_probabilities(["sure"])[0].argmax() == 1


def test_parts_of_the_work() -> None:
    steps: list[float] = []
    part = sub_progress(lambda share, _: steps.append(share), 0.1, 0.9)
    part(0.0, "")
    part(1.0, "")
    assert steps == pytest.approx([0.1, 1.0])


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
