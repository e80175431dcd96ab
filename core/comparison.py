"""Two models on the same books: which is better, by how much, where, and whether that could be chance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core.errors import InputError
from core.facets import facet_codes
from core.formatting import plain
from core.schema import AUTHOR, CONFIDENCE, DATE, LEAK, PREDICTED, RECORD_ID, TITLE, TITLE_KEY, TRUTH
from core.statistics import MINIMUM_RECORDS, Estimate, adjust_p, bootstrap_interval, mcnemar_exact, proportion
from core.translation import noop

__all__ = [
    "BETTER",
    "LEVEL",
    "TOO_FEW",
    "UNCLEAR",
    "WORSE",
    "LabelChanges",
    "ModelComparison",
    "compare_models",
    "label_changes",
    "outcomes_by_value",
]

# --- Where the second of two models is better or worse than the first: value by value of some facets ------------------


BETTER: Final = noop("better")
WORSE: Final = noop("worse")
UNCLEAR: Final = "no clear difference"
TOO_FEW: Final = "too few books"
LEVEL: Final = 0.05
# Fewer books than this on which only one is right cannot give a p value below the level, whichever way they fall.
_LEAST_DISCORDANT = 6


def outcomes_by_value(
    pairs: pd.DataFrame, first_right: NDArray[np.bool_], second_right: NDArray[np.bool_], facets: Sequence[str]
) -> pd.DataFrame:
    """Say for each value of some facets whether the second of two models is better or worse there.

    Parameters
    ----------
    pairs : DataFrame
        Books both models predicted, with the records columns the facets are read from.
    first_right, second_right : bool arrays, shape (n_books,)
        Whether the first, the second model is right.

    Returns
    -------
    DataFrame
        As :attr:`core.comparison.ModelComparison.by_value`.

    References
    ----------
    A. Agresti, Y. Min (2005), "Simple improved confidence intervals for comparing matched proportions", Statistics in
    Medicine 24.
    R. E. Tarone (1990), "A modified Bonferroni method for discrete data", Biometrics 46 (values that cannot pass the
    test whichever way their books fall are no tests).
    """
    counted = {
        "n": np.ones(len(pairs), dtype=bool),
        "first_errors": ~first_right,
        "second_errors": ~second_right,
        "only_first": first_right & ~second_right,
        "only_second": second_right & ~first_right,
    }
    parts = []
    for facet in facets:
        codes, values = facet_codes(pairs, facet)
        part = pd.DataFrame({"facet": facet, "value": pd.Series(list(values), dtype="str")})
        for name, mask in counted.items():
            part[name] = np.bincount(codes[mask], minlength=len(values))
        parts.append(part.sort_values(["n", "value"], ascending=[False, True]))
    empty = pd.DataFrame({"facet": [], "value": [], **{name: np.zeros(0, dtype=np.int64) for name in counted}})
    table = pd.concat(parts, ignore_index=True) if parts else empty
    n, b, c = (table[name].to_numpy(dtype=np.int64) for name in ("n", "only_first", "only_second"))
    enough = n >= MINIMUM_RECORDS
    low, high = _matched_interval(b, c, n)
    # Which values are tested depends on how many books differ, not on which model is right: that spoils no p value.
    tested = enough & (b + c >= _LEAST_DISCORDANT)
    p = np.array(
        [mcnemar_exact(int(x), int(y)) if test else math.nan for x, y, test in zip(b, c, tested, strict=True)],
        dtype=float,
    )
    adjusted = adjust_p(p, "holm")
    clear = np.nan_to_num(adjusted, nan=1.0) < LEVEL
    return table.assign(
        difference=np.where(enough, (c - b) / np.maximum(n, 1), np.nan),
        low=np.where(enough, low, np.nan),
        high=np.where(enough, high, np.nan),
        p=p,
        p_adjusted=adjusted,
        verdict=np.select([~enough, clear & (c > b), clear & (b > c)], [TOO_FEW, BETTER, WORSE], UNCLEAR),
    )


def _matched_interval(
    b: NDArray[np.int64], c: NDArray[np.int64], n: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return 95 % limits of (c − b)/n by Wald after half a book is added to each cell (Agresti and Min 2005)."""
    z = float(special.ndtri(0.975))
    size, gain = n + 2.0, (c - b).astype(float)
    half = z * np.sqrt(np.maximum(b + c + 1 - gain**2 / size, 0)) / size
    return np.maximum(gain / size - half, -1.0), np.minimum(gain / size + half, 1.0)


# --- Two models on the same books -------------------------------------------------------------------------------------
# Which is better, by how much, where, and whether that could be chance.


FACETS_COMPARED: Final = ("language", "decade", "place", "title_length")
FIRST_RIGHT, SECOND_RIGHT = noop("only the first is right"), noop("only the second is right")
BOTH_WRONG = noop("both are wrong")


@dataclass(frozen=True, kw_only=True)
class ModelComparison:
    """A first and a second model, judged on the books both predicted and a person labelled.

    Attributes
    ----------
    names : (str, str)
    n : int
        Books they are compared on.
    left_out : mapping
        Reason → labelled books that are not compared.
    leaked : int
        Compared books whose title one of the models may have learned from.
    accuracy, macro_f1 : (Estimate, Estimate)
    accuracy_difference, macro_f1_difference : Estimate
        The second's less the first's, −1 to 1; intervals by paired bootstrap over titles.
    both_right, only_first, only_second, both_wrong : int
    p : float
        Exact McNemar test, two-sided; NaN without books.
    disagreements : DataFrame
        Books on which the two name different classes: ``record_id``, ``title``, ``author``, ``date``, ``truth``,
        ``first``, ``first_confidence``, ``second``, ``second_confidence``, ``outcome``; those one of the two has right,
        and among them the surest of the wrong, first.
    by_value : DataFrame
        One row a facet and value: ``facet``, ``value``, ``n``, ``first_errors``, ``second_errors``, ``only_first``,
        ``only_second`` (right), ``difference`` of the accuracies with ``low`` and ``high`` (NaN below 10 books), ``p``
        and ``p_adjusted`` (Holm, over all values tested; NaN where too few books differ for any test), ``verdict`` on
        the second model.
    """

    names: tuple[str, str]
    n: int
    left_out: Mapping[str, int]
    leaked: int
    accuracy: tuple[Estimate, Estimate]
    macro_f1: tuple[Estimate, Estimate]
    accuracy_difference: Estimate
    macro_f1_difference: Estimate
    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p: float
    disagreements: pd.DataFrame
    by_value: pd.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; the disagreements are counted, not listed."""
        return {
            "names": list(self.names),
            "n": self.n,
            "left_out": dict(self.left_out),
            "leaked": self.leaked,
            "accuracy": [estimate.as_dict() for estimate in self.accuracy],
            "macro_f1": [estimate.as_dict() for estimate in self.macro_f1],
            "accuracy_difference": self.accuracy_difference.as_dict(),
            "macro_f1_difference": self.macro_f1_difference.as_dict(),
            "both_right": self.both_right,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "both_wrong": self.both_wrong,
            "p": plain(self.p),
            "disagreements": len(self.disagreements),
            "by_value": plain(self.by_value.to_dict("records")),
        }


def compare_models(
    first: pd.DataFrame,
    second: pd.DataFrame,
    classes: Sequence[str],
    *,
    names: tuple[str, str] = ("first", "second"),
    facets: Sequence[str] = FACETS_COMPARED,
    seed: int = 0,
) -> ModelComparison:
    """Compare two models on the books both predicted and a person labelled.

    Parameters
    ----------
    first, second : DataFrame
        Scored tables (:class:`core.predictions.Scored`); books are matched by ``record_id``.
    classes : sequence of str
        All class names of both.
    names : (str, str)
        How they are spoken of.
    facets : sequence of str
        Facets to look at value by value.
    seed : int
        Of the bootstrap.

    Raises
    ------
    InputError
        A record id occurs twice in a table, or a label is none of the classes.

    Notes
    -----
    The test of McNemar uses only the books that one model alone has right. The bootstrap draws titles with all their
    editions, and both models' predictions of a book together.

    References
    ----------
    T. G. Dietterich (1998), "Approximate statistical tests for comparing supervised classification learning
    algorithms", Neural Computation 10 (McNemar's test for two fitted models).
    """
    pairs, left_out = _pairs(first, second, names)
    truth = pairs[TRUTH].to_numpy(dtype=object)
    unknown = sorted({str(label) for label in truth.tolist()} - set(classes))
    if unknown:
        raise InputError(f"'{unknown[0]}' is a label but no class. Classes are: {', '.join(classes)}.")
    first_right, second_right = (
        pairs["first"].to_numpy(dtype=object) == truth,
        pairs["second"].to_numpy(dtype=object) == truth,
    )
    n, only_first, only_second = (
        len(pairs),
        int((first_right & ~second_right).sum()),
        int((second_right & ~first_right).sum()),
    )
    measured = _measured(pairs, first_right, second_right, classes, seed)
    return ModelComparison(
        names=names,
        n=n,
        left_out=left_out,
        leaked=int(pairs["leaked"].sum()),
        accuracy=(proportion(int(first_right.sum()), n), proportion(int(second_right.sum()), n)),
        macro_f1=(measured["first"], measured["second"]),
        accuracy_difference=measured["accuracy_difference"],
        macro_f1_difference=measured["macro_f1_difference"],
        both_right=int((first_right & second_right).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~first_right & ~second_right).sum()),
        p=mcnemar_exact(only_first, only_second) if n else math.nan,
        disagreements=_disagreements(pairs, first_right, second_right),
        by_value=outcomes_by_value(pairs, first_right, second_right, facets),
    )


def _pairs(first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str]) -> tuple[pd.DataFrame, dict[str, int]]:
    labelled = []
    for table, name in ((first, names[0]), (second, names[1])):
        mine = table[(table[TRUTH] != "").to_numpy(dtype=bool)]
        twice = mine[RECORD_ID].duplicated()
        if twice.any():
            raise InputError(
                f"The record '{mine[RECORD_ID][twice].iloc[0]}' is in '{name}' more than once; books are compared by"
                " their record id, which must be unique."
            )
        labelled.append(mine)
    other = labelled[1].set_index(RECORD_ID)
    both = labelled[0][RECORD_ID].isin(other.index).to_numpy(dtype=bool)
    pairs = labelled[0][both].reset_index(drop=True)
    theirs = other.loc[pairs[RECORD_ID]]
    same = pairs[TRUTH].to_numpy(dtype=object) == theirs[TRUTH].to_numpy(dtype=object)
    leaked = np.zeros(len(pairs), dtype=bool)
    for table in (pairs, theirs):
        if LEAK in table:
            leaked |= table[LEAK].to_numpy(dtype=bool)
    pairs = pairs.assign(
        first=pairs[PREDICTED].to_numpy(dtype=object),
        first_confidence=pairs[CONFIDENCE].to_numpy(dtype=float),
        second=theirs[PREDICTED].to_numpy(dtype=object),
        second_confidence=theirs[CONFIDENCE].to_numpy(dtype=float),
        leaked=leaked,
    )
    reasons = {
        f"they are labelled only with '{names[0]}'": len(labelled[0]) - len(pairs),
        f"they are labelled only with '{names[1]}'": len(labelled[1]) - len(pairs),
        "their labels differ between the two": int((~same).sum()),
    }
    return pairs[same].reset_index(drop=True), {reason: count for reason, count in reasons.items() if count}


def _measured(
    pairs: pd.DataFrame,
    first_right: NDArray[np.bool_],
    second_right: NDArray[np.bool_],
    classes: Sequence[str],
    seed: int,
) -> dict[str, Estimate]:
    index = pd.Index(list(classes))
    truth = index.get_indexer(pd.Index(pairs[TRUTH]))
    parts = [_f1_parts(truth, index.get_indexer(pd.Index(pairs[name])), len(classes)) for name in ("first", "second")]
    right = np.column_stack([second_right.astype(float) - first_right, np.ones(len(pairs))])
    groups = pairs[TITLE_KEY]
    both = np.hstack(parts)
    half = parts[0].shape[1]
    # A class that neither occurs nor is predicted has no F1 and is no part of the mean.
    present = both.reshape(len(both), 2, 3, len(classes)).sum(axis=(0, 1, 2)) > 0

    def macro(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        if not present.any():
            return np.full(len(sums), math.nan)
        hits, predicted, are = np.moveaxis(sums.reshape(len(sums), 3, -1), 1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((2 * hits / (predicted + are))[:, present].mean(axis=1))

    return {
        "first": bootstrap_interval(macro, parts[0], groups, seed=seed),
        "second": bootstrap_interval(macro, parts[1], groups, seed=seed),
        "accuracy_difference": bootstrap_interval(lambda sums: sums[:, 0] / sums[:, 1], right, groups, seed=seed),
        "macro_f1_difference": bootstrap_interval(
            lambda sums: macro(sums[:, half:]) - macro(sums[:, :half]), both, groups, seed=seed
        ),
    }


def _f1_parts(truth: NDArray[np.intp], predicted: NDArray[np.intp], k: int) -> NDArray[np.float64]:
    """Return what each book adds to hits, predictions and truths of each class, shape (n, 3k)."""
    are, named = np.eye(k)[truth], np.vstack([np.eye(k), np.zeros(k)])[predicted]
    return np.hstack([are * named, named, are])


def _disagreements(
    pairs: pd.DataFrame, first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]
) -> pd.DataFrame:
    outcome = np.where(first_right, FIRST_RIGHT, np.where(second_right, SECOND_RIGHT, BOTH_WRONG))
    wrong = np.where(first_right, pairs["second_confidence"], np.where(second_right, pairs["first_confidence"], np.nan))
    columns = [RECORD_ID, TITLE, AUTHOR, DATE, TRUTH, "first", "first_confidence", "second", "second_confidence"]
    table = pairs[[name for name in columns if name in pairs]].assign(outcome=outcome, surest=wrong)
    differ = (pairs["first"] != pairs["second"]).to_numpy(dtype=bool)
    return table[differ].sort_values("surest", ascending=False, kind="stable", ignore_index=True).drop(columns="surest")


# --- What the second of two models calls otherwise, checked or not ----------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LabelChanges:
    """The books whose predicted label differs between a first and a second set of predictions.

    Attributes
    ----------
    names : (str, str)
    n : int
        Books that both speak of.
    books : DataFrame
        Those that differ: ``record_id``, ``title``, ``author``, ``date``, ``first``, ``first_confidence``, ``second``,
        ``second_confidence``; the surest of the second first. A label is '' where there is no prediction.
    flows : DataFrame
        ``first``, ``second`` and ``n``, the largest first.
    """

    names: tuple[str, str]
    n: int
    books: pd.DataFrame
    flows: pd.DataFrame

    def as_dict(self, examples: int = 10) -> dict[str, Any]:
        """Return JSON-able content; of the books only the first `examples`."""
        return {
            "names": list(self.names),
            "n": self.n,
            "changed": len(self.books),
            "flows": plain(self.flows.to_dict("records")),
            "examples": plain(self.books.head(examples).to_dict("records")),
        }


def label_changes(first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str]) -> LabelChanges:
    """Return the books that two sets of predictions call otherwise.

    Parameters
    ----------
    first, second : DataFrame
        Scored tables (:class:`core.predictions.Scored`); books are matched by ``record_id``, which is unique in the
        second.

    Examples
    --------
    >>> first = pd.DataFrame({"record_id": ["a", "b"], "predicted": ["Map", "Play"], "confidence": [0.6, 0.9]})
    >>> second = pd.DataFrame({"record_id": ["b", "a"], "predicted": ["Play", "Play"], "confidence": [0.9, 0.7]})
    >>> label_changes(first, second, ("old", "new")).flows.to_numpy().tolist()
    [['Map', 'Play', 1]]
    """
    other = second.set_index(RECORD_ID)
    both = first[first[RECORD_ID].isin(other.index)].reset_index(drop=True)
    theirs = other.loc[both[RECORD_ID]]
    table = both[[name for name in (RECORD_ID, TITLE, AUTHOR, DATE) if name in both]].assign(
        first=both[PREDICTED],
        first_confidence=both[CONFIDENCE],
        second=theirs[PREDICTED].to_numpy(dtype=object),
        second_confidence=theirs[CONFIDENCE].to_numpy(dtype=float),
    )
    books = table[(table["first"] != table["second"]).to_numpy(dtype=bool)]
    books = books.sort_values("second_confidence", ascending=False, kind="stable", ignore_index=True)
    flows = books.groupby(["first", "second"], sort=True).size().rename("n").reset_index()
    flows = flows.sort_values("n", ascending=False, kind="stable", ignore_index=True)
    return LabelChanges(names=names, n=len(both), books=books, flows=flows)
