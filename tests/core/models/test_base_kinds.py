"""A kind of model from outside: a class and an entry in the register, and every door knows it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cli import build_parser, main
from core.errors import InputError
from core.models import (
    BASE,
    KINDS,
    ModelKind,
    ModelOption,
    TitleClassifier,
    TrainingData,
    classifier_class,
    merge_options,
    offered_options,
    read_model_config,
    softmax,
    write_model_config,
)
from core.models.ensemble import BlendClassifier
from core.models.language_models import bases_of
from core.models.registry import describe, load
from core.storage import Workspace

PRIOR = ModelOption(
    name="prior", values="text", metavar="NUMBER", command_help="count of unseen words", label="Prior", page_help="?"
)


class BayesClassifier(TitleClassifier):
    """Multinomial naive Bayes over the words of a title: as little as a kind can be."""

    kind = "bayes"
    folds = 3
    device = "cpu"

    def __init__(self, classes: Sequence[str], weights: Mapping[str, Sequence[float]]) -> None:
        self.classes = tuple(classes)
        self.weights = dict(weights)

    @classmethod
    def train(cls, data: TrainingData, *, options: Mapping[str, Any] | None = None, **how: Any) -> Self:
        prior = float(merge_options("bayes", {"prior": "1"}, options)["prior"])
        words = sorted({word for title in data.titles for word in title.lower().split()})
        column = {word: number for number, word in enumerate(words)}
        counts = np.full((len(data.classes), len(words)), prior)
        for title, target in zip(data.titles, data.targets * data.weights[:, None], strict=True):
            for word in title.lower().split():
                counts[:, column[word]] += target
        logs = np.log(counts / counts.sum(axis=1, keepdims=True))
        return cls(data.classes, {word: logs[:, number].tolist() for word, number in column.items()})

    def predict_probabilities(self, titles: Sequence[str], progress: Any = None) -> NDArray[np.float64]:
        logits = np.zeros((len(titles), len(self.classes)))
        for row, title in enumerate(titles):
            for word in title.lower().split():
                logits[row] += self.weights.get(word, 0.0)
        return softmax(logits)

    def save(self, folder: Path) -> None:
        write_model_config(folder / "bayes.json", 1, {"classes": self.classes, "weights": self.weights})

    @classmethod
    def load(cls, folder: Path) -> Self:
        config = read_model_config(folder / "bayes.json", 1)
        return cls(config["classes"], config["weights"])


ENTRY = ModelKind(
    name="bayes",
    title="Words counted (naive Bayes)",
    description="Counts words.",
    module=BayesClassifier.__module__,
    attribute="BayesClassifier",
    options=(PRIOR,),
)


@pytest.fixture
def bayes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "bayes", ENTRY)


def _help(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["train", "--help"])
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
@pytest.mark.usefixtures("bayes")
def test_it_is_trained_saved_loaded_and_predicts_through_the_commands(
    tmp_path: Path, make_books: Any, put: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Workspace(tmp_path / "place")
    put(place, make_books(240), "labels", "books")
    put(place, make_books(60, seed=5, start=5_000), "corpus", "catalogue")
    doors = ["--workspace", str(place.root), "--quiet", "--json"]

    assert main(["train", "--labels", "books", "--model", "bayes", "--prior", "0.5", "--name", "nb", *doors]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["kind"], report["model"]) == ("bayes", "nb")
    assert report["metrics"]["out_of_fold"]["accuracy"]["value"] > 0.8

    assert main(["predict", "--model", "nb", "--corpus", "catalogue", *doors]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 60

    model = load(place, "nb")
    assert isinstance(model.classifier, BayesClassifier)
    assert model.manifest.plan.options == {"prior": "0.5"}
    assert describe(place, "nb").title == "Words counted (naive Bayes)"
    assert model.classifier.predict_probabilities(["A novel"])[0].argmax() == model.classes.index("Fiction")


@pytest.mark.usefixtures("bayes")
def test_the_command_line_offers_it_with_its_own_option(capsys: pytest.CaptureFixture[str]) -> None:
    text = _help(capsys)
    assert re.search(r"kind of model: tfidf \(default\), embedding, [a-z, ]+, bayes --", text)
    assert "--prior NUMBER of a bayes: count of unseen words" in text
    assert not re.search(r"of a [a-z, ]*bayes[a-z, ]*: encoder to start from", text)


def test_without_it_the_command_line_is_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    text = _help(capsys)
    assert "kind of model: tfidf (default), embedding, " in text
    assert "--base DIR_OR_HUB_ID encoder to start from; multilingual-e5-small comes with Colophon" in text
    assert "for other languages (all kinds but tfidf, " in text
    assert "--members KINDS of a blend: two or more kinds, parted by commas (default tfidf,embedding;" in text
    assert "--prior" not in text
    assert "bayes" not in text


@pytest.mark.usefixtures("bayes")
def test_it_can_be_a_member_of_a_blend(make_books: Any, as_data: Any, tmp_path: Path) -> None:
    data = as_data(make_books(60))
    blend = BlendClassifier.train(data, options={"members": ["tfidf", "bayes"]})
    blend.save(tmp_path)
    assert [member.kind for member in BlendClassifier.load(tmp_path).members] == ["tfidf", "bayes"]
    assert BlendClassifier.folds_for({"members": ["tfidf", "bayes"]}) == 3
    assert bases_of("blend", {"members": ["tfidf", "bayes"], "base": "somewhere"}) == []


def test_what_a_kind_need_not_say_has_a_default() -> None:
    classifier = BayesClassifier(["a", "b"], {"x": [np.log(0.9), np.log(0.1)]})
    assert classifier.sentences == ()
    assert classifier.is_truncated(["x " * 1000]).tolist() == [False]
    assert classifier.member_probabilities(["x"]) == pytest.approx(np.array([[[0.9, 0.1]]]))
    assert BayesClassifier.folds_for({"prior": 2}) == 3
    assert BayesClassifier.refit_options({"prior": 2}, [classifier]) == {"prior": 2}
    assert BayesClassifier.has_given_weights({})


def test_a_kind_that_lacks_a_method_cannot_be_made() -> None:
    class Half(TitleClassifier):
        kind = "half"
        folds = 2

    with pytest.raises(TypeError, match="abstract methods load, predict_probabilities, save, train"):
        Half()  # type: ignore[abstract]


@pytest.mark.parametrize("name", list(KINDS))
def test_the_entry_of_a_kind_agrees_with_its_class(name: str) -> None:
    """What the register says without importing a class is what the class itself says."""
    entry, kind = KINDS[name], classifier_class(name)
    assert issubclass(kind, TitleClassifier)
    assert kind.kind == entry.name == name
    assert entry.weighs_words == hasattr(kind, "word_shares")
    assert entry.takes_base == (bases_of(name) == [""])
    assert bases_of(name) == ([entry.own_base] if entry.own_base else [""] * entry.takes_base)


def test_an_option_is_offered_once_and_an_unknown_kind_starts_from_nothing() -> None:
    assert [option.name for option in offered_options()] == ["base", "members", "collection"]
    assert offered_options()[0] is BASE
    with pytest.raises(InputError, match="There is no kind of model 'oracle'"):
        bases_of("oracle")
