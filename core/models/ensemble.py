"""Models made of models: how members are named, trained and kept, and a blend of their weighted logits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.formatting import number as number_or_nan
from core.models import (
    KINDS,
    Observe,
    TitleClassifier,
    TrainingData,
    classifier_class,
    ignore_measurements,
    merge_options,
    read_model_config,
    softmax,
    translate_load_errors,
    write_model_config,
)
from core.models.runtime import MIN_AGREEMENT, is_uncertain, label_agreement, sample
from core.progress import Progress, silent

__all__ = [
    "BlendClassifier",
    "Member",
    "OutOfFold",
    "combine_logits",
    "fit_blend_weights",
    "load_members",
    "parse_member",
    "save_members",
    "sub_progress",
    "train_member",
]

# --- Models made of models: how their members are named, trained, kept and read ---------------------------------------


Member = tuple[str, dict[str, Any]]


def parse_member(spec: Any, base: str) -> Member:
    """Return kind and options of a member, said as ``"tfidf"`` or ``{"kind": "tfidf", "C": 10}``.

    A member that may start from an encoder starts from `base`, that of the whole, where it names none itself.

    Raises
    ------
    InputError
        There is no such kind.
    """
    options: dict[str, Any] = {}
    if isinstance(spec, Mapping):
        options = {str(name): value for name, value in spec.items() if name != "kind"}
        spec = spec.get("kind")
    possible = [name for name, kind in KINDS.items() if kind.may_be_member]
    if not isinstance(spec, str) or spec not in possible:
        raise InputError(f"A member must be one of {', '.join(possible)}; {spec!r} came.")
    if base and KINDS[spec].takes_base:
        options.setdefault("base", base)
    return spec, options


def train_member(member: Member, data: TrainingData, **how: Any) -> TitleClassifier:
    """Train a member."""
    return classifier_class(member[0]).train(data, options=member[1], **how)


def combine_logits(probabilities: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    """Return the weighted sum of the members' logits as probabilities, shape (n, k).

    >>> combine_logits(np.array([[[0.5, 0.5]], [[0.2, 0.8]]]), [1.0, 1.0]).round(2).tolist()
    [[0.2, 0.8]]
    """
    logs = np.log(np.clip(probabilities, 1e-12, None))
    logits = np.tensordot(np.asarray(weights, dtype=float), logs, axes=1)
    return softmax(logits)


def sub_progress(progress: Progress, start: float, width: float) -> Progress:
    """Return a listener for a part of the work."""
    return lambda fraction, message: progress(start + width * fraction, message)


def save_members(folder: Path, classifiers: Sequence[TitleClassifier]) -> list[str]:
    """Write each member into a folder of its own; return their kinds."""
    for number, classifier in enumerate(classifiers):
        place = folder / f"member-{number}"
        place.mkdir()
        classifier.save(place)
    return [classifier.kind for classifier in classifiers]


def load_members(folder: Path, kinds: Sequence[str], classes: Sequence[str]) -> list[TitleClassifier]:
    """Read what :func:`save_members` wrote.

    Raises
    ------
    ModelError
        A member is of an unknown kind, cannot be read, or has other classes.
    """
    if any(kind not in KINDS for kind in kinds):
        raise ModelError(f"The model in {folder.name} has a member of an unknown kind: {', '.join(map(str, kinds))}.")
    classifiers = [classifier_class(kind).load(folder / f"member-{number}") for number, kind in enumerate(kinds)]
    if any(classifier.classes != tuple(classes) for classifier in classifiers):
        raise ModelError(f"The members of the model in {folder.name} have different classes: train or fetch it again.")
    return classifiers


# --- Out-of-fold probabilities, and the weights of a blend's members learned on them ----------------------------------


class OutOfFold:
    """What classifiers say of titles they did not learn from, gathered fold by fold.

    Of a blend whose weights are not given the members' answers are kept apart. The weights for a fold are then learned
    on the other folds, and those of the final blend on all: one training of each member a fold serves both.

    Parameters
    ----------
    kind : type of classifier
    options : mapping
        As given to the training.
    labels : array of str, shape (n,)
    classes : tuple of str, length k
    """

    def __init__(
        self, kind: type[TitleClassifier], options: Mapping[str, Any], labels: Sequence[str], classes: tuple[str, ...]
    ) -> None:
        self.learns_weights = not kind.has_given_weights(options)
        self.targets = (np.asarray(labels, dtype=object)[:, None] == np.array(classes, dtype=object)).astype(float)
        self.scores = np.full(self.targets.shape, np.nan)
        self._member_scores: NDArray[np.float64] | None = None

    def add_fold(self, classifier: TitleClassifier, here: NDArray[np.bool_], titles: Sequence[str]) -> None:
        """Keep what a classifier says of the titles in `here`."""
        if not self.learns_weights:
            self.scores[here] = classifier.predict_probabilities(titles)
            return
        member_probabilities = classifier.member_probabilities(titles)
        if self._member_scores is None:
            self._member_scores = np.full((len(member_probabilities), *self.scores.shape), np.nan)
        self._member_scores[:, here] = member_probabilities

    def fit_weights(self, fold: NDArray[np.int64], options: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in the scores of a blend from its members', and return the options with the weights for the final one.

        Parameters
        ----------
        fold : int array, shape (n,)
            Number of the fold in which a title was held out; -1 for a title that never was.
        """
        if self._member_scores is None:
            return dict(options)
        known = fold >= 0
        for number in set(fold[known].tolist()):
            here = fold == number
            others = known & ~here
            self.scores[here] = combine_logits(
                self._member_scores[:, here], fit_blend_weights(self._member_scores[:, others], self.targets[others])
            )
        return {**options, "weights": fit_blend_weights(self._member_scores[:, known], self.targets[known])}


# --- Several models as one --------------------------------------------------------------------------------------------
# Their logits are added, each with a weight that was learned on titles it had not seen.
# The weights are learned where out-of-fold probabilities are made anyway (:func:`core.models.fitting.fit`), so that no
# member is trained a second time for them.


BLEND_FILE = "blend.json"
BLEND_FORMAT = 1
BLEND_DEFAULTS: Mapping[str, Any] = {"base": "", **KINDS["blend"].members, "weights": None}


class BlendClassifier(TitleClassifier):
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Attributes
    ----------
    members : list of TitleClassifier
    weights : list of float
        One for each member's logits.
    agreement : float
        Share of `checked` training titles whose label is the same with all members exact; NaN where never checked.
    """

    kind: ClassVar[str] = "blend"
    folds: ClassVar[int] = 3

    def __init__(self, classifiers: Sequence[TitleClassifier], weights: Sequence[float]) -> None:
        self.members = list(classifiers)
        self.weights = [float(weight) for weight in weights]
        self.classes = self.members[0].classes
        self.device = next((member.device for member in self.members if member.device != "cpu"), "cpu")
        sentences = [sentence for member in self.members for sentence in member.sentences]
        spoken = ", ".join(f"{member.kind} {w:.2f}" for member, w in zip(self.members, self.weights, strict=True))
        self.sentences = (*dict.fromkeys(sentences), f"Weights of the members' logits: {spoken}.")
        self.agreement = float("nan")
        self.checked = 0

    @classmethod
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
        """Learn from titles; see :meth:`core.models.TitleClassifier.train`.

        Parameters
        ----------
        options : mapping, optional
            ``members``, two or more of ``"tfidf"`` or ``{"kind": "tfidf", "C": 10}`` (TF-IDF and embedding);
            ``weights``, one number for each (else all weigh the same; a training learns them, see
            :meth:`has_given_weights`); ``base``, for members that start from an encoder.
        """
        wanted, weights = _blend_settings(options)
        classifiers = []
        for number, member in enumerate(wanted):
            listener = sub_progress(progress, number / len(wanted), 1 / len(wanted))
            classifiers.append(
                train_member(member, data, seed=seed, progress=listener, observe=observe, checkpoints=checkpoints)
            )
        blend = cls(classifiers, weights or [1 / len(classifiers)] * len(classifiers))
        blend.check_forms(data.titles)
        return blend

    def check_forms(self, titles: Sequence[str]) -> None:
        """Keep the members' quick forms if they leave the blend's label of 99.9 % of these titles as it is."""
        if all(member.quick is None for member in self.members):
            return
        checked = sample(titles)
        exact = np.stack([member.form_probabilities(checked, None) for member in self.members])
        self.agreement = label_agreement(self.predict_probabilities(checked), combine_logits(exact, self.weights))
        self.checked = len(checked)
        if self.agreement < MIN_AGREEMENT:
            for member in self.members:
                member.quick = None

    @classmethod
    def folds_for(cls, options: Mapping[str, Any]) -> int:
        """Return how many times a blend of these members is trained over: fewer where one is fine-tuned."""
        wanted, _ = _blend_settings(options)
        return min(cls.folds, *(classifier_class(kind).folds for kind, _ in wanted))

    @classmethod
    def refit_options(cls, options: Mapping[str, Any], trained: Sequence[Any]) -> dict[str, Any]:
        """Return the options for learning from all books; see the transformer's."""
        wanted, _ = _blend_settings(options)
        member_options = []
        for number, (kind, inner) in enumerate(wanted):
            of_member = [classifier.members[number] for classifier in trained]
            member_options.append({"kind": kind, **classifier_class(kind).refit_options(inner, of_member)})
        return {**options, "members": member_options}

    @classmethod
    def has_given_weights(cls, options: Mapping[str, Any]) -> bool:
        """Say whether the weights are given. Else a training learns them from :meth:`member_probabilities` of
        held-out titles.
        """
        return _blend_settings(options)[1] is not None

    def member_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return each member's probabilities, shape (members, n, k), exact where the blend is undecided.

        What a member alone is undecided of need not be read again.
        """
        width = 1 / len(self.members)
        probabilities = np.stack(
            [
                member.form_probabilities(titles, member.quick, sub_progress(progress, number * width, width))
                for number, member in enumerate(self.members)
            ]
        )
        rounded = [member.quick is not None for member in self.members]
        near = np.flatnonzero(is_uncertain(probabilities, self.weights, rounded))
        if len(near):
            few = [titles[i] for i in near.tolist()]
            for number in np.flatnonzero(rounded).tolist():
                probabilities[number, near] = self.members[number].form_probabilities(few, None)
        return probabilities

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.TitleClassifier`."""
        return combine_logits(self.member_probabilities(titles, progress), self.weights)

    def is_truncated(self, titles: Sequence[str]) -> NDArray[np.bool_]:
        """Say which of the titles are too long for some member to be read to their end, shape (n,)."""
        truncated: NDArray[np.bool_] = np.any([member.is_truncated(titles) for member in self.members], axis=0)
        return truncated

    def save(self, folder: Path) -> None:
        """Write each member into a folder of its own, and the weights as JSON."""
        kinds = save_members(folder, self.members)
        facts = {
            "classes": self.classes,
            "members": kinds,
            "weights": self.weights,
            "agreement": self.agreement,
            "checked": self.checked,
        }
        write_model_config(folder / BLEND_FILE, BLEND_FORMAT, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        with translate_load_errors(folder):
            config = read_model_config(folder / BLEND_FILE, BLEND_FORMAT)
            classes, kinds = tuple(config["classes"]), list(config["members"])
            weights = [float(weight) for weight in config["weights"]]
            # Blends of earlier versions were not checked.
            agreement, checked = number_or_nan(config.get("agreement")), int(config.get("checked", 0))
        if len(weights) != len(kinds) or not kinds or not np.isfinite(weights).all():
            raise ModelError(f"The weights of the model in {folder.name} do not fit its members: fetch it again.")
        blend = cls(load_members(folder, kinds, classes), weights)
        blend.agreement, blend.checked = agreement, checked
        return blend


def fit_blend_weights(probabilities: NDArray[np.float64], targets: NDArray[np.float64]) -> list[float]:
    """Return the weights of logits, each 0 or more, under which the labels are most likely.

    Parameters
    ----------
    probabilities : array, shape (members, n, k)
        Of titles the members did not learn from.
    targets : array, shape (n, k)
        A 1 in the column of the label.

    Notes
    -----
    The weights need not sum to 1: together they are a temperature, so that the blend is calibrated on what it learned
    from.

    References
    ----------
    D. H. Wolpert (1992), "Stacked generalization", Neural Networks.
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    logs = np.log(np.clip(probabilities, 1e-12, None))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.tensordot(weights, logs, axes=1)
        normal = logits - logsumexp(logits, axis=1, keepdims=True)
        surplus = np.exp(normal) * targets.sum(axis=1, keepdims=True) - targets
        total = targets.sum()
        return float(-(targets * normal).sum() / total), np.einsum("mnk,nk->m", logs, surplus) / total

    start = np.full(len(probabilities), 1 / len(probabilities))
    result = minimize(loss, start, jac=True, bounds=[(0.0, 10.0)] * len(start), method="L-BFGS-B")
    # Labels that no member could tell would make every weight nought, and the blend a guess.
    return [float(weight) for weight in result.x] if result.x.sum() > 0 else start.tolist()


def _blend_settings(options: Mapping[str, Any] | None) -> tuple[list[Member], list[float] | None]:
    settings = merge_options("blend", BLEND_DEFAULTS, options)
    if not isinstance(settings["members"], Sequence) or isinstance(settings["members"], str):
        raise InputError("The option 'members' must be a list of two or more kinds of model.")
    wanted = [parse_member(spec, settings["base"]) for spec in settings["members"]]
    if len(wanted) < 2 or any(kind == "blend" for kind, _ in wanted):
        raise InputError("A blend needs two or more members, none of them a blend itself.")
    weights = settings["weights"]
    if weights is not None:
        proper = isinstance(weights, Sequence) and all(isinstance(w, int | float) and w >= 0 for w in weights)
        if not proper or len(weights) != len(wanted) or not sum(weights):
            raise InputError(f"The option 'weights' must have a number of 0 or more for each member; {weights!r} came.")
        weights = [float(weight) for weight in weights]
    return wanted, weights
