"""Thresholds with a promise: "with 95 % confidence at most 5 % of the books accepted as Fiction are wrong"."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import facet_codes
from core.schema import CONFIDENCE, PREDICTED, TRUTH
from core.statistics import clopper_pearson, labels_needed
from core.thresholds.curves import ALL_CLASSES
from core.thresholds.population import PopulationCheck, compare_population, usable_labels
from core.thresholds.promise_words import group_sentence, never_predicted_sentence
from core.thresholds.promised import GroupGuarantee, Guarantee
from core.thresholds.settle import CutResult, SequenceGroup, graphical_procedure, labels_estimate

__all__ = ["find_guaranteed_cuts"]


def find_guaranteed_cuts(
    table: pd.DataFrame,
    classes: Sequence[str],
    max_error: float,
    confidence: float = 0.95,
    *,
    per: Literal["class", "together"] = "class",
    stratum: str | None = None,
    learned_known: bool = False,
    population: PopulationCheck | None = None,
) -> Guarantee:
    """Find the lowest cuts of which it can be promised that few of the accepted are wrong.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, ``confidence``, ``truth`` ('' where unknown), and where known ``leak`` and ``split``. The
        labelled records must be a random sample of the collection and the model must not have learned from them; those
        marked as leaks or as training records are left out.
    classes : sequence of str
    max_error : float
        The share of wrong ones among the accepted that is not to be passed, between 0 and 1.
    confidence : float
        The probability, over draws of the labelled records, that all promises are true.
    per : {'class', 'together'}
        A promise and a cut for each predicted class, or one for all accepted records with one cut whatever the class.
    stratum : str, optional
        A facet, such as 'language': the promise is then kept in each of its values that has enough labelled records;
        the other values go to review.
    learned_known : bool
        Whether it is known from which titles the model learned. It changes no number: without it, what is left out is
        said to be what the model may have learned from.
    population : PopulationCheck, optional
        What :func:`core.thresholds.compare_population` says of the same table; it is called when this is not given, so
        that there is no promise that was not held against the collection.

    Returns
    -------
    Guarantee

    Raises
    ------
    InputError
        A share or a confidence that does not lie between 0 and 1, or no classes.

    Notes
    -----
    This is learn-then-test (Angelopoulos et al. 2021) with exact binomial tests and a fallback sequence of cuts, see
    :func:`core.thresholds.settle.graphical_procedure` for what is exact. The unit is the record: many editions of one
    title among the labelled records say less than as many different titles.

    References
    ----------
    A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei (2021), "Learn then test: calibrating predictive
    algorithms to achieve risk control", arXiv 2110.01052.
    Y. Geifman, R. El-Yaniv (2017), "Selective classification for deep neural networks", arXiv 1705.08500 (the kind of
    promise).
    """
    names = tuple(classes)
    if not 0 < max_error < 1 or not 0 < confidence < 1:
        raise InputError(
            f"A promise needs a share of errors and a confidence between 0 and 1 (5 per cent is 0.05); {max_error} and"
            f" {confidence} came."
        )
    if not names:
        raise InputError("A promise needs the names of the classes; none came.")
    usable, left_out = usable_labels(table)
    known = table[usable & table[PREDICTED].isin(names).to_numpy(dtype=bool)]
    keys, groups = _groups(known, names, per, stratum)
    settled = graphical_procedure(groups, max_error, round(1 - confidence, 12))
    predicted = set(table[PREDICTED].unique())
    never = tuple(name for name in names if name not in predicted)
    group_promises = tuple(
        _group_guarantee(name, value, group, outcome, max_error, confidence, stratum or "", never=name in never)
        for (name, value), group, outcome in zip(keys, groups, settled, strict=True)
    )
    checked = population or compare_population(table)
    return Guarantee(
        max_error,
        confidence,
        per,
        stratum or "",
        names,
        group_promises,
        len(known),
        left_out,
        checked,
        learned_known,
        never,
    )


def _groups(
    known: pd.DataFrame, names: Sequence[str], per: str, stratum: str | None
) -> tuple[list[tuple[str, str]], list[SequenceGroup]]:
    """Part the labelled records by class and stratum, the largest stratum first; return names and groups."""
    classes = pd.Index(names).get_indexer(pd.Index(known[PREDICTED]))
    stated = known[CONFIDENCE].to_numpy(dtype=float)
    wrong = (known[PREDICTED] != known[TRUTH]).to_numpy(dtype=bool)
    codes: NDArray[np.intp] = np.zeros(len(known), dtype=np.intp)
    values: tuple[str, ...] = ("",)
    if stratum is not None:
        codes, values = facet_codes(known, stratum)
    keys, groups = [], []
    for v in np.argsort(-np.bincount(codes, minlength=len(values)), kind="stable").tolist():
        for c, name in enumerate(names) if per == "class" else [(-1, ALL_CLASSES)]:
            mine = (codes == v) & ((classes == c) | (c < 0))
            if stratum is None or mine.any():
                keys.append((name, values[v]))
                groups.append(SequenceGroup.from_records(stated[mine], wrong[mine]))
    return keys, groups


def _group_guarantee(
    name: str,
    value: str,
    group: SequenceGroup,
    outcome: CutResult,
    max_error: float,
    confidence: float,
    stratum: str,
    *,
    never: bool,
) -> GroupGuarantee:
    guaranteed = outcome.cut is not None
    upper = float("nan")
    if guaranteed:
        upper = clopper_pearson(outcome.errors, outcome.accepted, 1 - outcome.level, "upper")[1]
    at_least = labels_needed(max_error, 1 - outcome.level)
    estimate = None if guaranteed or not len(group) else labels_estimate(group, max_error, outcome.level)
    return GroupGuarantee(
        name,
        value,
        outcome.cut,
        len(group),
        outcome.accepted,
        outcome.errors,
        upper,
        outcome.level,
        outcome.tried,
        at_least,
        estimate,
        (
            never_predicted_sentence(name)
            if never
            else group_sentence(name, value, stratum, len(group), outcome, max_error, confidence, at_least, estimate)
        ),
    )
