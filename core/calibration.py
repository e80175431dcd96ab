"""Calibration: how far a stated confidence can be believed, and how to make it believable.

Only held-out probabilities tell: those of books the classifier did not learn from. And a calibration speaks for the
collection its books were drawn from, for no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.errors import InputError, ModelError
from core.model_input import has_columns

__all__ = [
    "CALIBRATION_MINIMUM",
    "Calibration",
    "CalibrationMethod",
    "apply_calibrations",
    "equal_count_bins",
    "expected_calibration_error",
    "learn_calibration",
    "reliability_table",
]

CalibrationMethod = Literal["none", "temperature", "isotonic"]

# Books needed to learn a calibration. One number can be learned from few; an isotonic curve follows every accident of a
# small sample (Niculescu-Mizil and Caruana 2005, "Predicting good probabilities with supervised learning").
CALIBRATION_MINIMUM: Final[Mapping[CalibrationMethod, int]] = {"none": 0, "temperature": 30, "isotonic": 500}

# Without a single error among the books the best temperature would be 0, and every confidence 1.
_COLDEST, _HOTTEST = 0.2, 10.0
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A map from a classifier's probabilities to calibrated ones.

    Attributes
    ----------
    method : {'none', 'temperature', 'isotonic'}
    classes : tuple of str
    temperature : float
        Logits are divided by it: above 1 takes confidence away, below 1 gives some. The order of the classes of a book
        never changes.
    curves : mapping
        Class → (thresholds, values), for 'isotonic': a rising piecewise linear curve from score to share.
    n : int
        Books it was learned from.
    learned_from : str
        Which books those were, in words.
    """

    method: CalibrationMethod
    classes: tuple[str, ...]
    temperature: float = 1.0
    curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=dict)
    n: int = 0
    learned_from: str = ""

    def apply(self, probabilities: ArrayLike) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n, k), rows summing to 1. A row with NaN stays undefined."""
        given = np.asarray(probabilities, dtype=float)
        if self.method == "temperature":
            return _softmax(np.log(np.clip(given, _TINY, None)) / self.temperature)
        if self.method == "isotonic":
            mapped = np.column_stack(
                [np.interp(given[:, i], *self.curves[name]) for i, name in enumerate(self.classes)]
            )
            # np.interp gives a number for NaN only by accident of the platform.
            mapped[np.isnan(given).any(axis=1)] = np.nan
            return np.asarray(mapped / mapped.sum(axis=1, keepdims=True))
        return given

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary that :meth:`from_dict` understands; numbers survive exactly."""
        return {
            "method": self.method,
            "classes": list(self.classes),
            "temperature": self.temperature,
            "curves": {name: [x.tolist(), y.tolist()] for name, (x, y) in self.curves.items()},
            "n": self.n,
            "learned_from": self.learned_from,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Calibration":
        """Return the calibration that :meth:`as_dict` described.

        Raises
        ------
        ModelError
            Something is missing or is not what a calibration consists of.
        """
        try:
            curves = {
                str(name): (np.asarray(x, dtype=float), np.asarray(y, dtype=float))
                for name, (x, y) in content["curves"].items()
            }
            calibration = cls(
                method=content["method"],
                classes=tuple(str(name) for name in content["classes"]),
                temperature=float(content["temperature"]),
                curves=curves,
                n=int(content["n"]),
                learned_from=str(content["learned_from"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"The calibration cannot be read ({error}): train the model again.") from error
        rising = all(
            x.ndim == 1 and len(x) and x.shape == y.shape and (np.diff(x) >= 0).all() and np.isfinite(x + y).all()
            for x, y in curves.values()
        )
        if calibration.method not in get_args(CalibrationMethod):
            raise ModelError(
                f"There is no calibration '{calibration.method}': {', '.join(get_args(CalibrationMethod))}."
            )
        if not rising or not 0 < calibration.temperature < np.inf:
            raise ModelError("The calibration holds numbers that cannot be: train the model again.")
        if calibration.method == "isotonic" and set(curves) != set(calibration.classes):
            raise ModelError("The calibration speaks of other classes than the model: train the model again.")
        return calibration


def apply_calibrations(
    calibration: Calibration,
    title_only_calibration: Calibration | None,
    texts: Sequence[str],
    scores: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return calibrated probabilities, shape (n, k): titles alone (see :mod:`core.model_input`) by their own
    calibration.

    Parameters
    ----------
    title_only_calibration : Calibration or None
        Of a model that reads further columns; None where it reads titles.
    texts : sequence of str, length n
    scores : array, shape (n, k)
        Uncalibrated probabilities.
    """
    calibrated = np.array(calibration.apply(scores))
    if title_only_calibration is not None:
        alone = ~has_columns(texts)
        calibrated[alone] = title_only_calibration.apply(scores[alone])
    return calibrated


def learn_calibration(
    method: CalibrationMethod,
    probabilities: ArrayLike,
    truth: Sequence[str] | pd.Series | NDArray[Any],
    classes: Sequence[str],
    *,
    learned_from: str = "",
) -> Calibration:
    """Learn how a classifier's probabilities must be changed to be right as often as they say.

    Parameters
    ----------
    method : {'none', 'temperature', 'isotonic'}
        'temperature' divides all logits by one number, the one with the highest likelihood; it is the default
        everywhere, because it cannot follow accidents and never changes a prediction. 'isotonic' fits one rising curve
        for each class against the rest and scales the results to sum to 1; it can change predictions.
    probabilities : array, shape (n, k)
        Of books the classifier did not learn from.
    truth : sequence of str, length n
        Class names.
    classes : sequence of str, length k
        The class of each column.

    Raises
    ------
    InputError
        Too few books for the method (see :data:`CALIBRATION_MINIMUM`), an unknown class, or an undefined probability.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger (2017), "On calibration of modern neural networks", ICML.
    B. Zadrozny, C. Elkan (2002), "Transforming classifier scores into accurate multiclass probability estimates", KDD.
    """
    names = tuple(classes)
    if method not in CALIBRATION_MINIMUM:
        raise InputError(f"There is no calibration '{method}'. There are: {', '.join(CALIBRATION_MINIMUM)}.")
    given, codes = _checked(probabilities, truth, names)
    if len(given) < CALIBRATION_MINIMUM[method]:
        raise InputError(
            f"The calibration '{method}' needs at least {CALIBRATION_MINIMUM[method]} labelled books that the model did"
            f" not learn from; there are {len(given):,}. Use 'temperature' (from {CALIBRATION_MINIMUM['temperature']}"
            " books on) or 'none'."
        )
    if method == "temperature":
        temperature = _best_temperature(given, codes)
        return Calibration(
            method=method, classes=names, temperature=temperature, n=len(given), learned_from=learned_from
        )
    if method == "isotonic":
        curves = {name: _isotonic(given[:, i], codes == i) for i, name in enumerate(names)}
        return Calibration(method=method, classes=names, curves=curves, n=len(given), learned_from=learned_from)
    return Calibration(method=method, classes=names)


def equal_count_bins(values: ArrayLike, bins: int) -> list[NDArray[np.intp]]:
    """Return positions in rising order of value, cut into at most `bins` parts of about equal size.

    Equal values are never divided, so that the answer does not hang on the order of the rows.
    """
    numbers = np.asarray(values, dtype=float)
    order = np.argsort(numbers, kind="stable")
    ranked = numbers[order]
    wanted = [round(len(ranked) * i / bins) for i in range(1, bins)]
    cuts = {int(np.searchsorted(ranked, ranked[at - 1], side="right")) for at in wanted if at > 0}
    return [part for part in np.split(order, sorted(cuts)) if len(part)]


def reliability_table(confidence: ArrayLike, correct: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Compare stated confidence with what came true, in bins of about equal numbers of books.

    Parameters
    ----------
    confidence : array, shape (n,)
        0 to 1; where it is NaN (unknown) the book is left out.
    correct : array of bool, shape (n,)
        Whether the prediction was right. For one class: its probability, and whether the book is of that class.
    bins : int
        At most so many; fewer where a bin would have less than ten books.

    Returns
    -------
    DataFrame
        ``bin`` (from 1), ``low``, ``high`` (least and greatest confidence in it), ``n``, ``mean_confidence``,
        ``accuracy`` with its 95 % Wilson interval ``acc_low``, ``acc_high``. With fewer than ten books in all there is
        one bin, and its rate is NaN.
    """
    from core.statistics.intervals import MINIMUM_RECORDS, wilson

    stated, right = _known(confidence, correct)
    parts = equal_count_bins(stated, max(1, min(bins, len(stated) // MINIMUM_RECORDS)))
    n = np.array([len(part) for part in parts], dtype=np.int64)
    k = np.array([right[part].sum() for part in parts], dtype=np.int64)
    low, high = wilson(k, n)
    few = n < MINIMUM_RECORDS
    return pd.DataFrame(
        {
            "bin": np.arange(1, len(parts) + 1),
            "low": [float(stated[part].min()) for part in parts],
            "high": [float(stated[part].max()) for part in parts],
            "n": n,
            "mean_confidence": [float(stated[part].mean()) for part in parts],
            "accuracy": np.where(few, np.nan, k / np.maximum(n, 1)),
            "acc_low": np.where(few, np.nan, low),
            "acc_high": np.where(few, np.nan, high),
        }
    )


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, bins: int = 10) -> float:
    """Return the mean distance between stated confidence and accuracy, over bins of equal numbers of books.

    Returns
    -------
    float
        0 (as often right as stated) to 1; NaN with fewer than ten books of known confidence. By chance alone it is
        above 0, the more so the fewer the books: compare models on the same books only.

    References
    ----------
    M. P. Naeini, G. Cooper, M. Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI; with equal-count bins as in K. Nguyen, B. O'Connor (2015), "Posterior calibration and exploratory analysis for
    natural language processing models", EMNLP.
    """
    table = reliability_table(confidence, correct, bins)
    if not len(table) or table["accuracy"].isna().any():
        return float("nan")
    distance = (table["accuracy"] - table["mean_confidence"]).abs()
    return float((distance * table["n"]).sum() / table["n"].sum())


def _known(confidence: ArrayLike, correct: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    stated, right = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=bool)
    if stated.shape != right.shape:
        raise InputError(f"There are {stated.size:,} confidences and {right.size:,} answers; each needs the other.")
    known = ~np.isnan(stated)
    return stated[known], right[known]


def _checked(
    probabilities: ArrayLike, truth: Sequence[str] | pd.Series | NDArray[Any], classes: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    given = np.asarray(probabilities, dtype=float)
    names = np.asarray(truth, dtype=object)
    if given.shape != (len(names), len(classes)):
        raise InputError(f"{len(names):,} labels and {len(classes)} classes do not fit probabilities {given.shape}.")
    if np.isnan(given).any():
        raise InputError(f"{int(np.isnan(given).any(axis=1).sum()):,} books have an undefined probability.")
    position = {name: i for i, name in enumerate(classes)}
    unknown = sorted({str(name) for name in names.tolist() if name not in position})
    if unknown:
        raise InputError(f"The model does not know the class '{unknown[0]}'. It knows: {', '.join(classes)}.")
    return given, np.array([position[name] for name in names.tolist()], dtype=np.int64)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _best_temperature(probabilities: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    logits = np.log(np.clip(probabilities, _TINY, None))
    rows = np.arange(len(codes))

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return float((logsumexp(scaled, axis=1) - scaled[rows, codes]).mean())

    result = minimize_scalar(loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded")
    return float(np.exp(result.x))


def _isotonic(
    score: NDArray[np.float64], is_class: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.isotonic import IsotonicRegression

    # n books cannot show a share beyond these; a curve that says 0 and 1 makes one error infinitely bad.
    least = 1 / (len(score) + 2)
    fitted = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip").fit(score, is_class.astype(float))
    return np.asarray(fitted.X_thresholds_, dtype=float), np.asarray(fitted.y_thresholds_, dtype=float)
