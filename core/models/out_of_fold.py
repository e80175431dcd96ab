"""Out-of-fold probabilities, and the weights of a blend's members learned on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.blend import fit_blend_weights
from core.models.members import combine_logits
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
        has_given_weights = getattr(kind, "has_given_weights", None)
        self.learns_weights = has_given_weights is not None and not has_given_weights(options)
        self.targets = (np.asarray(labels, dtype=object)[:, None] == np.array(classes, dtype=object)).astype(float)
        self.scores = np.full(self.targets.shape, np.nan)
        self._member_scores: NDArray[np.float64] | None = None

    def add_fold(self, classifier: TitleClassifier, here: NDArray[np.bool_], titles: Sequence[str]) -> None:
        """Keep what a classifier says of the titles in `here`."""
        if not self.learns_weights:
            self.scores[here] = classifier.predict_probabilities(titles)
            return
        member_probabilities = classifier.member_probabilities(titles)  # type: ignore[attr-defined]
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
