"""A cascade: the quick model decides where it is sure, a thorough one reads the rest."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.calibration import CALIBRATION_MINIMUM, learn_calibration
from core.errors import InputError, ModelError
from core.models import members
from core.models.kinds import classifier_class
from core.models.protocol import Observe, TitleClassifier, TrainingData, ignore_measurements
from core.models.shared import merge_options, read_model_config, translate_load_errors, write_model_config
from core.progress import Progress, silent

__all__ = ["CascadeClassifier"]

FILE = "cascade.json"
FORMAT = 1
DEFAULTS: Mapping[str, Any] = {"base": "", "first": "tfidf", "second": "transformer", "sure": 0.95}
_FOLDS = 3


class CascadeClassifier:
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Attributes
    ----------
    first, second : TitleClassifier
    temperature : float
        Divides the first one's logits: with it, its confidence is right about as often as it says.
    sure : float
        The least confidence with which the first one decides.
    """

    kind: ClassVar[str] = "cascade"
    folds: ClassVar[int] = 2
    resumes: ClassVar[bool] = True
    watches: ClassVar[bool] = True

    def __init__(
        self, first: TitleClassifier, second: TitleClassifier, *, temperature: float = 1.0, sure: float = 0.95
    ) -> None:
        self.first = first
        self.second = second
        self.temperature = temperature
        self.sure = sure
        self.classes = first.classes
        self.device = second.device
        self.sentences: tuple[str, ...] = tuple(getattr(second, "sentences", ()))

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
    ) -> "CascadeClassifier":
        """Learn from titles; see :class:`core.models.protocol.TitleClassifier`.

        Parameters
        ----------
        options : mapping, optional
            ``first`` and ``second``, kinds of model or ``{"kind": "tfidf", "C": 10}`` (TF-IDF, transformer);
            ``sure``, the calibrated confidence with which the first decides (0.95); ``base``, for members that start
            from an encoder.
        """
        first, second, sure = _settings(options)
        progress(0.0, "The quick model")
        probabilities = members.cross_val_predict_member(first, data, seed, _FOLDS)
        known = ~np.isnan(probabilities).any(axis=1)
        temperature = 1.0
        if known.sum() >= CALIBRATION_MINIMUM["temperature"]:
            truth = np.array(data.classes, dtype=object)[data.targets[known].argmax(axis=1)]
            temperature = learn_calibration("temperature", probabilities[known], truth, data.classes).temperature
        quick = members.train_member(first, data, seed=seed)
        thorough = members.train_member(
            second,
            data,
            seed=seed,
            progress=members.sub_progress(progress, 0.1, 0.9),
            observe=observe,
            checkpoints=checkpoints,
        )
        return cls(quick, thorough, temperature=temperature, sure=sure)

    @staticmethod
    def folds_for(options: Mapping[str, Any]) -> int:
        """Return how many times a cascade of these members is trained over: fewer where one is fine-tuned."""
        first, second, _ = _settings(options)
        return min(3, classifier_class(first[0]).folds, classifier_class(second[0]).folds)

    @staticmethod
    def refit_options(options: Mapping[str, Any], trained: Sequence[Any]) -> dict[str, Any]:
        """Return the options for learning from all books; see the transformer's."""
        _, (kind, inner), _ = _settings(options)
        decide = getattr(classifier_class(kind), "refit_options", None)
        chosen = decide(inner, [classifier.second for classifier in trained]) if decide else inner
        return {**options, "second": {"kind": kind, **chosen}}

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.protocol.TitleClassifier`."""
        probabilities = self._first(titles)
        unsure = np.flatnonzero(probabilities.max(axis=1, initial=0.0) < self.sure)
        done = 1 - len(unsure) / max(1, len(titles))
        if len(unsure):
            rest = [titles[i] for i in unsure.tolist()]
            probabilities[unsure] = self.second.predict_probabilities(
                rest, members.sub_progress(progress, done, 1 - done)
            )
        return probabilities

    def decided_first(self, titles: Sequence[str]) -> float:
        """Return the share of titles that the first model decides; NaN without titles."""
        return float((self._first(titles).max(axis=1) >= self.sure).mean()) if len(titles) else float("nan")

    def count_truncated(self, titles: Sequence[str]) -> int:
        """Return how many of the titles the second model decides and cannot read to their end."""
        probabilities = self._first(titles)
        return members.titles_truncated(
            [self.second], [titles[i] for i in np.flatnonzero(probabilities.max(axis=1) < self.sure).tolist()]
        )

    def _first(self, titles: Sequence[str]) -> NDArray[np.float64]:
        return members.combine_logits(self.first.predict_probabilities(titles)[None], [1 / self.temperature])

    def save(self, folder: Path) -> None:
        """Write both members into folders of their own, and the rule as JSON."""
        kinds = members.save_members(folder, [self.first, self.second])
        rule = {"members": kinds, "temperature": self.temperature, "sure": self.sure}
        write_model_config(folder / FILE, FORMAT, {"classes": self.classes, **rule})

    @classmethod
    def load(cls, folder: Path) -> "CascadeClassifier":
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        with translate_load_errors(folder):
            config = read_model_config(folder / FILE, FORMAT)
            classes, kinds = tuple(config["classes"]), list(config["members"])
            temperature, sure = float(config["temperature"]), float(config["sure"])
        if len(kinds) != 2 or not temperature > 0 or not 0 <= sure <= 1:
            raise ModelError(f"The rule of the model in {folder.name} cannot be: train or fetch it again.")
        first, second = members.load_members(folder, kinds, classes)
        return cls(first, second, temperature=temperature, sure=sure)


def _settings(options: Mapping[str, Any] | None) -> tuple[members.Member, members.Member, float]:
    settings = merge_options("cascade", DEFAULTS, options)
    sure = settings["sure"]
    if isinstance(sure, bool) or not isinstance(sure, int | float) or not 0 < sure <= 1:
        raise InputError(f"The option 'sure' must be a confidence above 0 and up to 1; {sure!r} came.")
    base = settings["base"]
    return members.parse_member(settings["first"], base), members.parse_member(settings["second"], base), float(sure)
