"""What every kind of classifier is: its abstract class, the register of kinds, and what the kinds share."""

import contextlib
import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.formatting import json_text
from core.progress import Progress, silent
from core.translation import noop

__all__ = [
    "COLLECTION",
    "DEFAULT_KIND",
    "KINDS",
    "MULTILINGUAL",
    "ModelKind",
    "ModelOption",
    "Observe",
    "TitleClassifier",
    "TrainingData",
    "classifier_class",
    "ignore_measurements",
    "known_kind",
    "merge_options",
    "offered_options",
    "read_model_config",
    "softmax",
    "translate_load_errors",
    "two_class_coefficients",
    "write_model_config",
]


# --- What every kind of classifier must be able to do -----------------------------------------------------------------
# What every kind of classifier must be able to do, so that whoever trains or asks one need not know which it is.


# Takes measurements while a model learns ({"epoch": 1, "loss": 0.4}), for a chart that grows.
Observe = Callable[[Mapping[str, float]], None]


def ignore_measurements(measurements: Mapping[str, float]) -> None:
    """Look at no measurements: the default where nobody watches."""


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """What a classifier learns from.

    Attributes
    ----------
    titles : sequence of str, length n
        As catalogued; untrusted text.
    targets : float array, shape (n, k)
        Rows sum to 1. A label given by a person is a row with a single 1; a weak label may be divided over classes.
    weights : float array, shape (n,)
        How much each title counts: 1 for a person's label.
    classes : tuple of str, length k
        Sorted; the class of each column.
    validation : TrainingData, optional
        Titles that are not learned from, on which a classifier that learns in passes may see when to stop.
    collection : sequence of str
        Titles of the collection the classifier is for, one a record: some kinds learn from them without labels.
    balanced : bool
        Whether every class is to weigh the same in total. Not where another model's answers are to be repeated.
    """

    titles: Sequence[str]
    targets: NDArray[np.float64]
    weights: NDArray[np.float64]
    classes: tuple[str, ...]
    validation: "TrainingData | None" = None
    collection: Sequence[str] = ()
    balanced: bool = True

    def balanced_weights(self) -> NDArray[np.float64]:
        """Return a weight for each title and class, shape (n, k); if `balanced`, all classes weigh the same in total.

        The sum of all weights stays the sum of the titles' weights. (For labels of equal weight it is what
        scikit-learn calls ``class_weight='balanced'``.)
        """
        weighted = self.targets * self.weights[:, None]
        if not self.balanced:
            return np.asarray(weighted)
        mass = weighted.sum(axis=0)
        return np.asarray(weighted * (mass.sum() / (len(self.classes) * mass)))


class TitleClassifier(ABC):
    """A trained classifier of titles: what a kind must be able to do, and what it need not, with a default.

    Attributes
    ----------
    kind : str
        Name of the kind, as on the command line: 'tfidf', 'transformer'.
    folds : int
        How many times it is trained over to get out-of-fold probabilities: fewer where training is long.
    classes : tuple of str
        Sorted.
    device : str
        Where it was trained or runs: 'cpu', 'cuda', 'mps'.
    sentences : tuple of str
        What a reader must know of its training, such as how many titles were cut.
    quick : optional
        A quicker form of its network that titles are read with, whose answers are rounded; None where none are.
    """

    kind: ClassVar[str]
    folds: ClassVar[int]
    classes: tuple[str, ...]
    device: str
    sentences: tuple[str, ...] = ()
    quick: Any = None

    @classmethod
    @abstractmethod
    def train(
        cls,
        data: TrainingData,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        observe: Observe = ignore_measurements,
        checkpoints: Path | None = None,
    ) -> Self:
        """Learn from titles. Equal data, seed and options give an equal classifier on the same machine.

        Parameters
        ----------
        seed : int
            Of all chance there is in the learning; a kind whose fit has none takes it and leaves it alone.
        options : mapping, optional
            Settings of the kind, listed in its own :meth:`train`; what is not given has its default.
        progress : function
            Is told the share that is done (0 to 1) and what is being done; may raise to stop the training.
        observe : function
            Is told what was measured after each pass over the titles, by a kind that makes several.
        checkpoints : path, optional
            Where a kind that learns for minutes keeps half-trained states: with the same data, seed and options the
            training goes on from there. Others leave it alone.

        Raises
        ------
        InputError
            An option that this kind does not know, or a value that it cannot take.
        """

    @abstractmethod
    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k), columns in the order of `classes`, rows summing to 1."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write everything needed for loading into an existing folder: safetensors, JSON and tokenizer files only."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote; probabilities are the same.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """

    @classmethod
    def folds_for(cls, options: Mapping[str, Any]) -> int:
        """Return how many times it is trained over with these options: `folds`, whatever they are."""
        return cls.folds

    @classmethod
    def refit_options(cls, options: Mapping[str, Any], trained: Sequence[Any]) -> dict[str, Any]:
        """Return the options for learning from all books, given the classifiers of the folds: the same options."""
        return dict(options)

    @classmethod
    def has_given_weights(cls, options: Mapping[str, Any]) -> bool:
        """Say that nothing is to be learned from :meth:`member_probabilities` of held-out titles: True."""
        return True

    def member_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return each member's probabilities, shape (members, n, k): its own, where it has no members."""
        return self.predict_probabilities(titles, progress)[None]

    def form_probabilities(self, titles: Sequence[str], form: Any, progress: Progress = silent) -> NDArray[np.float64]:
        """Return the probabilities that one form of its network gives, shape (n, k): as predicted, where it has none.

        Parameters
        ----------
        form : optional
            `quick`, whose answers stay as they come, undecided ones too; None for the network itself.
        """
        return self.predict_probabilities(titles, progress)

    def is_truncated(self, titles: Sequence[str]) -> NDArray[np.bool_]:
        """Say which of the titles are too long to be read to their end, shape (n,): none."""
        return np.zeros(len(titles), dtype=bool)


# --- The kinds of classifier there are, found by name and imported only when used -------------------------------------
# What command line, page, card, scoring and doctor know of a kind stands in its entry and nowhere else.


@dataclass(frozen=True, kw_only=True)
class ModelOption:
    """An option of a training that page and command line offer. A kind may take others, for callers of the functions.

    Attributes
    ----------
    name : str
        As the classifier's options have it, and the command line after two dashes.
    values : {'text', 'base', 'kinds', 'corpus'}
        What is typed or chosen: a text, a pre-trained language model, several kinds of model, or a catalogue that was
        imported.
    default : tuple of str
        The kinds that are chosen at first.
    metavar, command_help : str
        On the command line.
    label, page_help, placeholder : str
        On the page.
    """

    name: str
    values: Literal["text", "base", "kinds", "corpus"]
    default: tuple[str, ...] = ()
    metavar: str
    command_help: str
    label: str
    page_help: str
    placeholder: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelKind:
    """One kind of classifier.

    Attributes
    ----------
    name : str
        As on the command line and in a model's manifest.
    title, description : str
        For people.
    module, attribute : str
        Where its class is.
    options : tuple of ModelOption
        What page and command line offer for it.
    own_base : str
        Name of the one language model it always starts from, which a package carries; '' where it has none, or a
        choice (`takes_base`).
    members : mapping
        Option → default, of the options that name the kinds it is made of: a tuple for several, a name for one.
    may_be_member : bool
        Whether other kinds may be made of it.
    faster_on_gpu : bool
        Whether a graphics processor is worth having for it.
    weighs_words : bool
        Whether it can say what each word contributed (:class:`core.explain.LinearClassifier`).
    """

    name: str
    title: str
    description: str
    module: str
    attribute: str
    options: tuple[ModelOption, ...] = ()
    own_base: str = ""
    members: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    may_be_member: bool = True
    faster_on_gpu: bool = False
    weighs_words: bool = False

    @property
    def takes_base(self) -> bool:
        """Whether it, or a member of it, may start from a pre-trained encoder."""
        return BASE in self.options


BASE: Final = ModelOption(
    name="base",
    values="base",
    metavar="DIR_OR_HUB_ID",
    command_help="encoder to start from; multilingual-e5-small comes with Colophon as MiniLM does, for other languages",
    label=noop("Language model to start from"),
    placeholder=noop("MiniLM, which comes with Colophon"),
    page_help=noop(
        "multilingual-e5-small comes with Colophon too, for books in other languages. You can also type a folder on"
        " this computer, or a name on the Hugging Face Hub. Only weights in the safetensors format are read."
    ),
)
MEMBERS: Final = ModelOption(
    name="members",
    values="kinds",
    default=("tfidf", "embedding"),
    metavar="KINDS",
    command_help="two or more kinds, parted by commas (default tfidf,embedding; add multilingual for books in other"
    " languages, transformer for the best)",
    label=noop("Members of a blend"),
    page_help=noop(
        "Asked together where the kind of model is a blend. Meanings in many languages help where books are not in"
        " English. The fine-tuned language model makes it better and training minutes longer."
    ),
)
COLLECTION: Final = ModelOption(
    name="collection",
    values="corpus",
    metavar="CORPUS",
    command_help="catalogue that a quick student is taught on, and for which it is certified",
    label=noop("Catalogue to make quick"),
    page_help=noop(
        "For a quick student beside the language model. The language model reads some thousand of its titles, and the"
        " student learns what it says of them. What is promised holds for this catalogue alone."
    ),
)
# A language model that a package carries, as manifests call it: no folder and no name on the Hub.
MULTILINGUAL: Final = "multilingual-e5-small"
# What is trained where nobody says otherwise.
DEFAULT_KIND: Final = "tfidf"
KINDS: Final[dict[str, ModelKind]] = {
    kind.name: kind
    for kind in (
        ModelKind(
            name="tfidf",
            title=noop("Words and letters (TF-IDF)"),
            description=(
                "Weighs words, pairs of words and runs of two to five letters. Trains in seconds, scores thousands of"
                " titles a second, and says exactly which words decided."
            ),
            module="core.models.tfidf",
            attribute="TfidfClassifier",
            weighs_words=True,
        ),
        ModelKind(
            name="embedding",
            title=noop("Meanings (frozen language model)"),
            description=(
                "A pre-trained language model turns each title into numbers, on which a quick classifier learns. Knows"
                " words that were never labelled; trains in seconds."
            ),
            module="core.models.embedding",
            attribute="EmbeddingClassifier",
            options=(BASE,),
            faster_on_gpu=True,
        ),
        ModelKind(
            name="multilingual",
            title=noop("Meanings in many languages (frozen language model)"),
            description=(
                "The same with a language model that was made for 94 languages, so that what is learned from English"
                " titles helps with others too. Trains in minutes."
            ),
            module="core.models.embedding",
            attribute="MultilingualClassifier",
            own_base=MULTILINGUAL,
        ),
        ModelKind(
            name="transformer",
            title=noop("Language model (transformer)"),
            description=(
                "A small pre-trained language model, fine-tuned on your labels. Knows words that were never labelled;"
                " takes minutes to train."
            ),
            module="core.models.transformer",
            attribute="TransformerClassifier",
            options=(BASE,),
            faster_on_gpu=True,
        ),
        ModelKind(
            name="blend",
            title=noop("Several models together (blend)"),
            description=(
                "Asks several models and weighs their answers; the weights are learned on titles none of them had seen."
            ),
            module="core.models.ensemble",
            attribute="BlendClassifier",
            options=(BASE, MEMBERS),
            members={"members": MEMBERS.default},
            faster_on_gpu=True,
        ),
        ModelKind(
            name="cascade",
            title=noop("Language model with a quick student (cascade)"),
            description=(
                "A language model teaches a quick student on your catalogue; the student decides where it is sure. At"
                " most 0.5 % of the labels differ from the language model's, 95 % sure. For large catalogues."
            ),
            module="core.models.cascade",
            attribute="CascadeClassifier",
            options=(BASE, COLLECTION),
            members={"first": "tfidf", "second": "transformer"},
            may_be_member=False,
            faster_on_gpu=True,
        ),
    )
}


def offered_options() -> list[ModelOption]:
    """Return every option that some kind offers, each once."""
    return list({option.name: option for kind in KINDS.values() for option in kind.options}.values())


def known_kind(name: str) -> ModelKind:
    """Return the kind called `name`.

    Raises
    ------
    InputError
        With the kinds there are.
    """
    if name not in KINDS:
        raise InputError(f"There is no kind of model '{name}'. There are: {', '.join(KINDS)}.")
    return KINDS[name]


def classifier_class(name: str) -> type[TitleClassifier]:
    """Return the class of a kind of classifier.

    Raises
    ------
    InputError
        There is no such kind.
    ModelError
        The packages it needs are not installed.
    """
    kind = known_kind(name)
    try:
        classifier_type: type[TitleClassifier] = getattr(importlib.import_module(kind.module), kind.attribute)
    except ImportError as error:
        raise ModelError(
            f"Models of the kind '{name}' cannot be used here: {error}. Run 'colophon doctor' to see what is missing."
        ) from error
    return classifier_type


# --- What the kinds of classifier have in common ----------------------------------------------------------------------
# Options, softmax, the facts they keep beside their numbers.


def merge_options(kind: str, defaults: Mapping[str, Any], options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options of a kind of model, the defaults where none is given.

    Raises
    ------
    InputError
        There is no such option; the message names those there are.
    """
    settings = {**defaults, **(options or {})}
    unknown = sorted(set(settings) - set(defaults))
    if unknown:
        raise InputError(f"The kind '{kind}' has no option '{unknown[0]}'. It has: {', '.join(defaults)}.")
    return settings


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities, shape (n, k), rows summing to 1.

    >>> softmax(np.log([[1.0, 3.0]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def two_class_coefficients(fitted: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients, shape (k, width), and intercepts, shape (k,), of scikit-learn's logistic regression.

    It keeps one row for two classes; halved and mirrored the softmax is the same.
    """
    coefficients, intercepts = np.asarray(fitted.coef_, float), np.asarray(fitted.intercept_, float)
    if len(coefficients) > 1:
        return coefficients, intercepts
    return np.vstack([-coefficients / 2, coefficients / 2]), np.concatenate([-intercepts / 2, intercepts / 2])


def write_model_config(file: Path, version: int, facts: Mapping[str, Any]) -> None:
    """Write what a model must know of itself, beside its numbers."""
    file.write_text(json_text({"format": version, **facts}, indent=1) + "\n", encoding="utf-8")


def read_model_config(file: Path, version: int) -> dict[str, Any]:
    """Read what :func:`write_model_config` wrote. Within :func:`translate_load_errors`: what is no such file raises
    ValueError or OSError.

    Raises
    ------
    ModelError
        It was written in another format.
    """
    facts = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(facts, dict) or "format" not in facts:
        raise ValueError(f"{file.name} does not say what it is")
    if facts["format"] != version:
        raise ModelError(
            f"The model in {file.parent.name} has the format {facts['format']}; this version reads {version}: train it"
            " again."
        )
    return facts


@contextlib.contextmanager
def translate_load_errors(folder: Path) -> Iterator[None]:
    """Turn whatever a damaged model's files raise into one sentence.

    Raises
    ------
    ModelError
    """
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"The model in {folder.name} cannot be read ({error}): train or fetch it again.") from error
