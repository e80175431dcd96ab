"""A student beside the language model: what it may decide, how that is certified, and how it is kept."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputError, ModelError
from core.models import cascade as module
from core.models import write_model_config
from core.models.cascade import CascadeClassifier, Certificate, choose_cut
from core.models.fitting import Plan, fit
from core.models.tfidf import TfidfClassifier

# 400 titles, of which the student learns from 250 and 100 choose the cut; the “language model” counts words too.
OPTIONS = {"second": {"kind": "tfidf", "C": 1.0}, "collection": "catalogue", "taught": 250, "checked": 100}


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

    def is_truncated(self, titles: list[str]) -> np.ndarray:
        return np.array([len(title) > 3 for title in titles], dtype=bool)


@pytest.fixture(scope="module")
def data(make_books, as_data):
    titles = make_books(400, seed=8, start=5_000)["title"].tolist()
    return replace(as_data(make_books(150, seed=3, noise=0.1)), collection=titles)


@pytest.fixture(scope="module")
def trained(data):
    # With 100 titles no bound is below 3 %: a tenth may differ here.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_DIFFERENT", 0.1)
        return CascadeClassifier.train(data, options=OPTIONS)


class TestTheRule:
    def test_the_language_model_reads_only_where_the_student_is_not_sure(self) -> None:
        student = Fixed({"long": [0.9, 0.1], "also": [0.1, 0.9], "x": [0.6, 0.4]})
        teacher = Fixed({"x": [0.3, 0.7]})
        created = CascadeClassifier(student, teacher, sure=0.9 - 1e-9)
        steps: list[float] = []
        result = created.predict_probabilities(["long", "also", "x"], lambda share, _: steps.append(share))
        assert result == pytest.approx(np.array([[0.9, 0.1], [0.1, 0.9], [0.3, 0.7]]))
        assert teacher.titles == ["x"]
        assert steps == [pytest.approx(1.0)]
        assert created.is_truncated(["long", "also", "x"]).tolist() == [False, False, False]
        unsure = CascadeClassifier(student, teacher, sure=1.0)
        assert unsure.is_truncated(["long", "also", "x"]).tolist() == [True, True, False]
        assert created.is_truncated([]).tolist() == []
        assert created.predict_probabilities([]).shape == (0, 2)

    def test_part_by_part_every_title_has_its_own_answer(self, monkeypatch) -> None:
        titles = [f"{number:02}" for number in range(25)]
        student = Fixed({title: [0.95, 0.05] if int(title) % 3 else [0.6, 0.4] for title in titles})
        teacher = Fixed({title: [int(title) / 100, 1 - int(title) / 100] for title in titles})
        created = CascadeClassifier(student, teacher, sure=0.9)
        whole = created.predict_probabilities(titles)
        monkeypatch.setattr(module, "_PART", 4)
        steps: list[float] = []
        assert created.predict_probabilities(titles, lambda share, _: steps.append(share)).tolist() == whole.tolist()
        assert whole[:, 0] == pytest.approx([0.95 if number % 3 else number / 100 for number in range(25)])
        assert steps == sorted(steps) and steps[-1] == pytest.approx(1)
        assert len(steps) == 7

    def test_without_a_student_the_language_model_reads_everything(self) -> None:
        created = CascadeClassifier(None, Fixed({"x": [0.3, 0.7], "long": [0.9, 0.1]}))
        assert created.predict_probabilities(["x", "long"]).tolist() == [[0.3, 0.7], [0.9, 0.1]]
        assert created.is_truncated(["x", "long"]).tolist() == [False, True]

    def test_a_model_of_an_earlier_version_is_read_with_its_temperature(self, tmp_path: Path, monkeypatch) -> None:
        """Odds of 24 to 1 are 4.9 to 1 at a temperature of 2: 0.83."""
        two = [Fixed({"x": [0.96, 0.04]}), Fixed({"x": [0.3, 0.7]})]
        monkeypatch.setattr(module, "load_members", lambda folder, kinds, classes: two)
        rule = {"classes": ["a", "b"], "members": ["tfidf", "transformer"], "temperature": 2.0, "sure": 0.83}
        write_model_config(tmp_path / "cascade.json", 1, rule)
        read = CascadeClassifier.load(tmp_path)
        assert read.certificate is None
        assert read.predict_probabilities(["x"]) == pytest.approx(np.array([[0.8305, 0.1695]]), abs=1e-4)
        write_model_config(tmp_path / "cascade.json", 1, rule | {"sure": 0.95})
        assert CascadeClassifier.load(tmp_path).predict_probabilities(["x"]).tolist() == [[0.3, 0.7]]


class TestTheCut:
    def test_the_strictest_cut_that_allows_too_much_ends_the_search(self) -> None:
        """Of 598 without a difference 0.5 % of a large collection are excluded, of 597 not (0.995 ** 598 = .0499)."""
        nobody = np.empty(0), np.empty(0, dtype=bool)

        def chosen(n: int, differ: list[int]) -> float:
            mask = np.zeros(n, dtype=bool)
            mask[differ] = True
            return choose_cut(
                np.linspace(0.6, 0.9, n),
                mask,
                unread=10**7,
                most=50_000,
                known_confidences=nobody[0],
                known_differ=nobody[1],
            )

        assert chosen(598, []) == 0.5
        assert chosen(597, []) == math.inf
        # The title that differs has a confidence of 0.75: the cut stops at the last step of the plan above it.
        assert 0.75 < chosen(598, [299]) < 0.77

    def test_what_is_known_counts_as_it_is(self) -> None:
        """Of 1,000 records all but 100 are known: the five that may differ are there already."""
        sure, differ = np.full(900, 0.95), np.zeros(900, dtype=bool)
        differ[:5] = True
        arguments: dict[str, Any] = {"unread": 100, "known_confidences": sure, "known_differ": differ}
        drawn = np.full(100, 0.9), np.zeros(100, dtype=bool)
        assert choose_cut(*drawn, most=5, **arguments) == 0.5
        # Below 0.95 five differ: the cut stays above.
        assert 0.95 < choose_cut(*drawn, most=4, **arguments) < 0.96

    def test_a_small_collection_is_read_by_the_language_model(self, data) -> None:
        created = CascadeClassifier.train(data, options={**OPTIONS, "checked": 300})
        assert (created.first, created.certificate) == (None, None)

    def test_nothing_is_decided_where_nothing_can_be_promised(self, data, monkeypatch) -> None:
        """That not one of 400 differs, no sample shows."""
        monkeypatch.setattr(module, "MOST_DIFFERENT", 0.001)
        created = CascadeClassifier.train(data, options=OPTIONS)
        assert created.first is None
        assert created.certificate.decided == 0
        assert created.sentences[-1].startswith("The quick student was not good enough for catalogue")


class TestTeaching:
    def test_what_is_certified_is_what_is_seen(self, trained, data) -> None:
        certificate = trained.certificate
        alone = trained.second.predict_probabilities(data.collection)
        guesses = trained.first.predict_probabilities(data.collection)
        decides = guesses.max(axis=1) >= trained.sure
        differ = decides & (guesses.argmax(axis=1) != alone.argmax(axis=1))
        assert differ.mean() <= 0.1
        drawn = np.random.default_rng(0).permutation(400)
        assert certificate.checked_differ == differ[drawn[:100]].sum()
        assert certificate.taught_differ == differ[drawn[100:350]].sum()
        assert certificate.decided == decides[drawn[:100]].mean() > 0.5
        assert (certificate.records, certificate.taught, certificate.checked) == (400, 250, 100)
        assert "of the titles of catalogue. At most" in trained.sentences[-1]

    def test_the_student_repeats_the_language_model_without_balancing_classes(self, data, monkeypatch) -> None:
        lessons: list[Any] = []

        def train_member(member: Any, data: Any, **how: Any) -> Any:
            lessons.append((member, data))
            return original(member, data, **how)

        original = module.train_member
        monkeypatch.setattr(module, "train_member", train_member)
        CascadeClassifier.train(data, options=OPTIONS)
        (_, theirs), (member, ours) = lessons
        assert member == ("tfidf", {"C": 30.0})
        assert theirs.balanced_weights().sum(axis=0) == pytest.approx(np.full(3, 50.0))
        assert ours.balanced_weights() == pytest.approx(ours.targets)
        assert len(ours.titles) == 150 + 250

    def test_a_student_of_another_making_is_left_as_it_is(self) -> None:
        chosen = {"kind": "tfidf", "C": 4.0}
        assert module._settings({"first": chosen})[0] == ("tfidf", {"C": 4.0})
        assert module._settings({"first": "embedding"})[0] == ("embedding", {})

    def test_how_many_titles_are_read_goes_by_the_collection(self, data, monkeypatch) -> None:
        monkeypatch.setattr(module, "MOST_DIFFERENT", 0.1)
        monkeypatch.setattr(module, "TAUGHT", (0.5, 10, 10_000))
        monkeypatch.setattr(module, "CHECKED", (0.2, 10, 10_000))
        options = {**OPTIONS, "taught": 0, "checked": 0}
        certificate = CascadeClassifier.train(data, options=options).certificate
        assert (certificate.taught, certificate.checked) == (200, 80)

    def test_without_titles_of_a_collection_there_is_no_student(self, data) -> None:
        created = CascadeClassifier.train(replace(data, collection=()), options=OPTIONS)
        alone = TfidfClassifier.train(data, options={"C": 1.0})
        titles = data.titles[:20]
        assert created.predict_probabilities(titles) == pytest.approx(alone.predict_probabilities(titles))

    def test_only_the_final_classifier_has_a_student(self, make_books, data, monkeypatch) -> None:
        monkeypatch.setattr(module, "MOST_DIFFERENT", 0.1)
        fitted = fit(make_books(150, seed=3), Plan(kind="cascade", options=OPTIONS), collection=data.collection)
        assert sorted(set(fitted.training["fold"])) == [0, 1, 2]
        assert fitted.classifier.certificate.collection == "catalogue"
        assert any("A quick student decides" in sentence for sentence in fitted.sentences)


class TestKeeping:
    def test_a_saved_cascade_is_the_same(self, trained, tmp_path: Path, data) -> None:
        trained.save(tmp_path)
        read = CascadeClassifier.load(tmp_path)
        titles = data.collection[:50]
        assert read.predict_probabilities(titles) == pytest.approx(trained.predict_probabilities(titles), abs=1e-6)
        assert (read.sure, read.certificate, read.sentences[-1]) == (
            trained.sure,
            trained.certificate,
            trained.sentences[-1],
        )

    def test_one_without_a_student_is_kept_too(self, tmp_path: Path) -> None:
        classes = ("a", "b")
        certificate = Certificate(
            collection="c", records=9, taught=4, taught_differ=0, checked=4, checked_differ=0, decided=0.0
        )
        teacher = Fixed({})
        teacher.save = lambda folder: None  # type: ignore[attr-defined]
        CascadeClassifier(None, teacher, certificate=certificate).save(tmp_path)
        content = json.loads((tmp_path / "cascade.json").read_text())
        assert (content["classes"], content["members"], content["sure"]) == (list(classes), ["tfidf"], 1.0)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"format": 2}, "has the format 2; this version reads 1"),
            ({"temperature": 0}, "The rule .* cannot be"),
            ({"sure": 1.5}, "The rule .* cannot be"),
            ({"sure": -0.01}, "The rule .* cannot be"),
            ({"members": []}, "The rule .* cannot be"),
            ({"members": ["tfidf"] * 3}, "The rule .* cannot be"),
            ({"members": 3}, "cannot be read"),
            ({"certificate": {"records": 3}}, "cannot be read"),
        ],
    )
    def test_a_broken_rule(self, trained, tmp_path: Path, change, message) -> None:
        trained.save(tmp_path)
        content = json.loads((tmp_path / "cascade.json").read_text())
        (tmp_path / "cascade.json").write_text(json.dumps(content | change))
        with pytest.raises(ModelError, match=message):
            CascadeClassifier.load(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 3}, "The kind 'cascade' has no option 'depth'. It has: base, first, second, collection"),
        ({"taught": -1}, "The option 'taught' must be a number of titles, or 0 for one that fits .*; -1 came"),
        ({"checked": True}, "must be a number of titles"),
        ({"second": "cascade"}, "A member must be one of"),
    ],
)
def test_wrong_options(data, options, message) -> None:
    with pytest.raises(InputError, match=message):
        CascadeClassifier.train(data, options=options)
