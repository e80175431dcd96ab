"""What a model that has not seen a book (nor another edition of it) says of its label."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import CALIBRATION_MINIMUM, Calibration, CalibrationMethod, learn_calibration
from core.errors import InputError
from core.explain import Explanation, word_contributions
from core.models.protocol import TrainingData
from core.models.tfidf import TfidfClassifier
from core.progress import Progress, silent
from core.schema import LABEL, TITLE, TITLE_KEY
from core.splits import fold_by_title

__all__ = ["FEWEST_TITLES", "FoldModel", "OutOfFoldPredictions", "predict_out_of_fold"]

# With fewer titles of a class, some fold would have to judge it without an example.
FEWEST_TITLES = 5
FOLDS = 5


@dataclass(frozen=True)
class FoldModel:
    """A classifier trained on all folds but one, with a calibration learned on those; :mod:`core.explain` takes it."""

    classes: tuple[str, ...]
    classifier: TfidfClassifier
    calibration: Calibration


@dataclass(frozen=True)
class OutOfFoldPredictions:
    """Out-of-fold probabilities of labelled books.

    Attributes
    ----------
    classes : tuple of str, length k
    probabilities : array, shape (n, k)
        Calibrated; rows sum to 1. Neither the classifier nor the calibration of a book has seen its label.
    fold : int array, shape (n,)
    models : tuple of FoldModel
        One a fold.
    calibrated : bool
        False where there are too few books to calibrate: then the probabilities are often too sure.
    """

    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    fold: NDArray[np.int64]
    models: tuple[FoldModel, ...]
    calibrated: bool

    def words(self, row: int, title: str, class_name: str) -> Explanation:
        """Return what each word of a book's title speaks for, to the model that has not seen the book."""
        return word_contributions(self.models[int(self.fold[row])], title, class_name)


def predict_out_of_fold(
    books: pd.DataFrame, classes: tuple[str, ...], *, folds: int = FOLDS, seed: int = 0, progress: Progress = silent
) -> OutOfFoldPredictions:
    """Train on all folds but one, in turn, and let each model judge the titles of the fold it has not seen.

    Parameters
    ----------
    books : DataFrame, n rows
        ``title``, ``title_key``, ``label``; every label is one of `classes`. Equal titles are in one fold.
    classes : tuple of str
        At least two, each with at least :data:`FEWEST_TITLES` different titles.
    seed : int
        Decides the folds.

    Returns
    -------
    OutOfFoldPredictions
        Seconds for some thousand titles; nothing is saved.

    Raises
    ------
    InputError
        Fewer than two classes.
    """
    if len(classes) < 2:
        available = f"only '{classes[0]}'" if classes else "none"
        raise InputError(
            f"Labels can be audited where at least two classes have {FEWEST_TITLES} titles each; there is {available}."
        )
    fold = fold_by_title(books[TITLE_KEY], books[LABEL], folds=folds, seed=seed)
    labels = books[LABEL].to_numpy(dtype=object)
    titles = books[TITLE].to_numpy(dtype=object)
    scores = np.full((len(books), len(classes)), np.nan)
    classifiers = []
    for number in range(folds):
        progress(number / (folds + 1), f"Judging the titles of part {number + 1} of {folds}")
        here = fold == number
        classifiers.append(TfidfClassifier.train(_data(titles[~here], labels[~here], classes), seed=seed))
        scores[here] = classifiers[-1].predict_probabilities(titles[here].tolist())
    calibrated = len(books) >= 2 * CALIBRATION_MINIMUM["temperature"]
    method: CalibrationMethod = "temperature" if calibrated else "none"
    probabilities = np.empty_like(scores)
    models = []
    for number, classifier in enumerate(classifiers):
        here = fold == number
        learned_from = "out-of-fold probabilities of the other folds"
        calibration = learn_calibration(method, scores[~here], labels[~here], classes, learned_from=learned_from)
        probabilities[here] = calibration.apply(scores[here])
        models.append(FoldModel(classes, classifier, calibration))
    progress(1.0, "Judged")
    return OutOfFoldPredictions(classes, probabilities, fold, tuple(models), calibrated)


def _data(titles: NDArray[np.object_], labels: NDArray[np.object_], classes: tuple[str, ...]) -> TrainingData:
    targets = (labels[:, None] == np.array(classes, dtype=object)).astype(np.float64)
    return TrainingData(titles.tolist(), targets, np.ones(len(titles)), classes)
