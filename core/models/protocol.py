"""What every kind of classifier must be able to do, so that whoever trains or asks one need not know which it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress, silent

__all__ = ["Observe", "TitleClassifier", "TrainingData", "ignore_measurements", "train_kind"]

# Takes measurements while a model learns ({"epoch": 1, "loss": 0.4}), for a chart that grows.
Observe = Callable[[Mapping[str, float]], None]


def ignore_measurements(measurements: Mapping[str, float]) -> None:
    """Look at no measurements: the default where nobody watches."""


@dataclass(frozen=True)
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
    """

    titles: Sequence[str]
    targets: NDArray[np.float64]
    weights: NDArray[np.float64]
    classes: tuple[str, ...]
    validation: "TrainingData | None" = None

    def balanced_weights(self) -> NDArray[np.float64]:
        """Return a weight for each title and class, shape (n, k), so that all classes weigh the same in total.

        The sum of all weights stays the sum of the titles' weights. (For labels of equal weight it is what
        scikit-learn calls ``class_weight='balanced'``.)
        """
        weighted = self.targets * self.weights[:, None]
        mass = weighted.sum(axis=0)
        return np.asarray(weighted * (mass.sum() / (len(self.classes) * mass)))


class TitleClassifier(Protocol):
    """A trained classifier of titles.

    A kind may also have, for those who train and ask it: ``resumes`` (it takes `checkpoints`, a folder where it keeps
    half-trained states), ``watches`` (it looks at the validation data), ``settled(options, trained)`` (options for
    learning from all books, given those trained with validation data), ``folds_for(options)``, ``weighed(options)`` and
    ``apart(titles)`` (a blend whose weights are to be learned, and its members' probabilities), ``sentences`` (what a
    reader must know of its training) and ``cut(titles)`` (how many are too long to be read to their end).

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
    """

    kind: ClassVar[str]
    folds: ClassVar[int]
    classes: tuple[str, ...]
    device: str

    @classmethod
    def train(
        cls,
        data: TrainingData,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        observe: Observe = ignore_measurements,
    ) -> Self:
        """Learn from titles. Equal data, seed and options give an equal classifier on the same machine.

        Raises
        ------
        InputError
            An option that this kind does not know, or a value that it cannot take.
        """
        ...

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k), columns in the order of `classes`, rows summing to 1."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything needed for loading into an existing folder: safetensors, JSON and tokenizer files only."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote; probabilities are the same.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        ...


def train_kind(
    kind: type[TitleClassifier],
    data: TrainingData,
    *,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    observe: Observe = ignore_measurements,
    checkpoints: Path | None = None,
) -> TitleClassifier:
    """Train a classifier of a kind; `checkpoints` reaches those kinds that can go on where they were stopped."""
    more: dict[str, Any] = {"checkpoints": checkpoints} if getattr(kind, "resumes", False) else {}
    return kind.train(data, seed=seed, options=options, progress=progress, observe=observe, **more)
