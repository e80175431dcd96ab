"""Models made of models: how their members are named, trained, kept and read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.models.kinds import KINDS, classifier_class
from core.models.protocol import TitleClassifier, TrainingData, train_kind
from core.models.shared import softmax
from core.progress import Progress

__all__ = [
    "Member",
    "combine_logits",
    "cross_val_predict_member",
    "load_members",
    "parse_member",
    "save_members",
    "sub_progress",
    "subset",
    "titles_truncated",
    "train_member",
]

# What a member with no say of its own is told of the options of the whole.
_NEEDS_BASE = ("embedding", "transformer", "blend")
Member = tuple[str, dict[str, Any]]


def parse_member(spec: Any, base: str) -> Member:
    """Return kind and options of a member, said as ``"tfidf"`` or ``{"kind": "tfidf", "C": 10}``.

    Raises
    ------
    InputError
        There is no such kind.
    """
    options: dict[str, Any] = {}
    if isinstance(spec, Mapping):
        options = {str(name): value for name, value in spec.items() if name != "kind"}
        spec = spec.get("kind")
    if not isinstance(spec, str) or spec not in KINDS or spec == "cascade":
        raise InputError(
            f"A member must be one of {', '.join(name for name in KINDS if name != 'cascade')}; {spec!r} came."
        )
    if base and spec in _NEEDS_BASE:
        options.setdefault("base", base)
    return spec, options


def train_member(member: Member, data: TrainingData, **how: Any) -> TitleClassifier:
    """Train a member."""
    return train_kind(classifier_class(member[0]), data, options=member[1], **how)


def cross_val_predict_member(member: Member, data: TrainingData, seed: int, folds: int) -> NDArray[np.float64]:
    """Return a member's probabilities of titles it did not learn from, shape (n, k).

    A title given by functions is learned from in every fold and has no such probabilities (NaN).
    """
    from core.normalise.titles import title_key
    from core.reading import title_part
    from core.splits import fold_by_title

    people = np.flatnonzero(data.weights >= 1)
    keys = [title_key(title_part(data.titles[i])) for i in people.tolist()]
    labels = [data.classes[i] for i in data.targets[people].argmax(axis=1)]
    fold = np.full(len(data.titles), -1)
    fold[people] = fold_by_title(keys, labels, folds=folds, seed=seed)
    probabilities = np.full((len(data.titles), len(data.classes)), np.nan)
    for number in range(folds):
        here = fold == number
        titles = [data.titles[i] for i in np.flatnonzero(here).tolist()]
        probabilities[here] = train_member(member, subset(data, ~here), seed=seed).predict_probabilities(titles)
    return probabilities


def subset(data: TrainingData, chosen: NDArray[np.bool_]) -> TrainingData:
    """Return some of the titles."""
    titles = [data.titles[i] for i in np.flatnonzero(chosen).tolist()]
    return TrainingData(titles, data.targets[chosen], data.weights[chosen], data.classes)


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


def titles_truncated(classifiers: Sequence[TitleClassifier], titles: Sequence[str]) -> int:
    """Return how many titles are too long for some member to be read to their end."""
    return max(
        (
            int(classifier.count_truncated(titles))
            for classifier in classifiers
            if hasattr(classifier, "count_truncated")
        ),
        default=0,
    )


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
