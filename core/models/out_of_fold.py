"""Out-of-fold probabilities, and the weights of a blend's members learned on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.blend import learn_weights
from core.models.members import scaled
from core.models.protocol import TitleClassifier

__all__ = ["OutOfFold"]


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
        weighed = getattr(kind, "weighed", None)
        self.to_weigh = weighed is not None and not weighed(options)
        self.targets = (np.asarray(labels, dtype=object)[:, None] == np.array(classes, dtype=object)).astype(float)
        self.scores = np.full(self.targets.shape, np.nan)
        self._apart: NDArray[np.float64] | None = None

    def ask(self, classifier: TitleClassifier, here: NDArray[np.bool_], titles: Sequence[str]) -> None:
        """Keep what a classifier says of the titles in `here`."""
        if not self.to_weigh:
            self.scores[here] = classifier.predict_probabilities(titles)
            return
        member_probabilities = classifier.apart(titles)  # type: ignore[attr-defined]
        if self._apart is None:
            self._apart = np.full((len(member_probabilities), *self.scores.shape), np.nan)
        self._apart[:, here] = member_probabilities

    def weigh(self, fold: NDArray[np.int64], options: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in the scores of a blend from its members', and return the options with the weights for the final one.

        Parameters
        ----------
        fold : int array, shape (n,)
            Number of the fold in which a title was held out; -1 for a title that never was.
        """
        if self._apart is None:
            return dict(options)
        known = fold >= 0
        for number in set(fold[known].tolist()):
            here = fold == number
            others = known & ~here
            self.scores[here] = scaled(
                self._apart[:, here], learn_weights(self._apart[:, others], self.targets[others])
            )
        return {**options, "weights": learn_weights(self._apart[:, known], self.targets[known])}
