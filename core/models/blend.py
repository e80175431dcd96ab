"""Several models as one: their logits are added, each with a weight that was learned on titles it had not seen.

The weights are learned where out-of-fold probabilities are made anyway (:func:`core.models.fitting.fit`), so that no
member is trained a second time for them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.models import members
from core.models.kinds import classifier_class
from core.models.protocol import Observe, TitleClassifier, TrainingData, ignore_measurements
from core.models.shared import merge_options, read_model_config, translate_load_errors, write_model_config
from core.progress import Progress, silent

__all__ = ["BlendClassifier", "fit_blend_weights"]

FILE = "blend.json"
FORMAT = 1
DEFAULTS: Mapping[str, Any] = {"base": "", "members": ("tfidf", "embedding"), "weights": None}


class BlendClassifier:
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Attributes
    ----------
    members : list of TitleClassifier
    weights : list of float
        One for each member's logits.
    """

    kind: ClassVar[str] = "blend"
    folds: ClassVar[int] = 3
    resumes: ClassVar[bool] = True
    watches: ClassVar[bool] = True

    def __init__(self, classifiers: Sequence[TitleClassifier], weights: Sequence[float]) -> None:
        self.members = list(classifiers)
        self.weights = [float(weight) for weight in weights]
        self.classes = self.members[0].classes
        self.device = next((member.device for member in self.members if member.device != "cpu"), "cpu")
        sentences = [sentence for member in self.members for sentence in getattr(member, "sentences", ())]
        spoken = ", ".join(f"{member.kind} {w:.2f}" for member, w in zip(self.members, self.weights, strict=True))
        self.sentences = (*dict.fromkeys(sentences), f"Weights of the members' logits: {spoken}.")

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
    ) -> "BlendClassifier":
        """Learn from titles; see :class:`core.models.protocol.TitleClassifier`.

        Parameters
        ----------
        options : mapping, optional
            ``members``, two or more of ``"tfidf"`` or ``{"kind": "tfidf", "C": 10}`` (TF-IDF and embedding);
            ``weights``, one number for each (else all weigh the same; a training learns them, see
            :meth:`has_given_weights`); ``base``, for members that start from an encoder.
        """
        wanted, weights = _settings(options)
        classifiers = []
        for number, member in enumerate(wanted):
            listener = members.sub_progress(progress, number / len(wanted), 1 / len(wanted))
            classifiers.append(
                members.train_member(
                    member, data, seed=seed, progress=listener, observe=observe, checkpoints=checkpoints
                )
            )
        return cls(classifiers, weights or [1 / len(classifiers)] * len(classifiers))

    @staticmethod
    def folds_for(options: Mapping[str, Any]) -> int:
        """Return how many times a blend of these members is trained over: fewer where one is fine-tuned."""
        wanted, _ = _settings(options)
        return min(BlendClassifier.folds, *(classifier_class(kind).folds for kind, _ in wanted))

    @staticmethod
    def refit_options(options: Mapping[str, Any], trained: Sequence[Any]) -> dict[str, Any]:
        """Return the options for learning from all books; see the transformer's."""
        wanted, _ = _settings(options)
        member_options = []
        for number, (kind, inner) in enumerate(wanted):
            decide = getattr(classifier_class(kind), "refit_options", None)
            final_options = decide(inner, [classifier.members[number] for classifier in trained]) if decide else inner
            member_options.append({"kind": kind, **final_options})
        return {**options, "members": member_options}

    @staticmethod
    def has_given_weights(options: Mapping[str, Any]) -> bool:
        """Say whether the weights are given. Else a training learns them from :meth:`member_probabilities` of
        held-out titles.
        """
        return _settings(options)[1] is not None

    def member_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return each member's probabilities, shape (members, n, k)."""
        width = 1 / len(self.members)
        return np.stack(
            [
                member.predict_probabilities(titles, members.sub_progress(progress, number * width, width))
                for number, member in enumerate(self.members)
            ]
        )

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.protocol.TitleClassifier`."""
        return members.combine_logits(self.member_probabilities(titles, progress), self.weights)

    def count_truncated(self, titles: Sequence[str]) -> int:
        """Return how many of the titles are too long for some member to be read to their end."""
        return members.titles_truncated(self.members, titles)

    def save(self, folder: Path) -> None:
        """Write each member into a folder of its own, and the weights as JSON."""
        kinds = members.save_members(folder, self.members)
        write_model_config(folder / FILE, FORMAT, {"classes": self.classes, "members": kinds, "weights": self.weights})

    @classmethod
    def load(cls, folder: Path) -> "BlendClassifier":
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        with translate_load_errors(folder):
            config = read_model_config(folder / FILE, FORMAT)
            classes, kinds = tuple(config["classes"]), list(config["members"])
            weights = [float(weight) for weight in config["weights"]]
        if len(weights) != len(kinds) or not kinds or not np.isfinite(weights).all():
            raise ModelError(f"The weights of the model in {folder.name} do not fit its members: fetch it again.")
        return cls(members.load_members(folder, kinds, classes), weights)


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


def _settings(options: Mapping[str, Any] | None) -> tuple[list[members.Member], list[float] | None]:
    settings = merge_options("blend", DEFAULTS, options)
    if not isinstance(settings["members"], Sequence) or isinstance(settings["members"], str):
        raise InputError("The option 'members' must be a list of two or more kinds of model.")
    wanted = [members.parse_member(spec, settings["base"]) for spec in settings["members"]]
    if len(wanted) < 2 or any(kind == "blend" for kind, _ in wanted):
        raise InputError("A blend needs two or more members, none of them a blend itself.")
    weights = settings["weights"]
    if weights is not None:
        proper = isinstance(weights, Sequence) and all(isinstance(w, int | float) and w >= 0 for w in weights)
        if not proper or len(weights) != len(wanted) or not sum(weights):
            raise InputError(f"The option 'weights' must have a number of 0 or more for each member; {weights!r} came.")
        weights = [float(weight) for weight in weights]
    return wanted, weights
