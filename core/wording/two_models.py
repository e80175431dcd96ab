"""What two models and people come to under one promise, in words."""

import numpy as np

from core.formatting import lower_percent, upper_percent
from core.thresholds.two_models import TwoModelGuarantee
from core.wording.thresholds import hours_in_words, population_warnings

__all__ = ["sentences"]


def sentences(result: TwoModelGuarantee, quick: str, slow: str) -> tuple[str, ...]:
    """Return what is promised, who decides how much, what is assumed and on what it rests.

    Parameters
    ----------
    quick, slow : str
        Names of the predictions.
    """
    parts = [_headline(result)]
    if result.accepted:
        parts.append(
            f"'{quick}' decides {result.by_quick:,} books (above {_number(result.cuts.quick)}), '{slow}' decides"
            f" {result.by_slow:,} of the {result.read:,} it reads (above {_number(result.cuts.slow)};"
            f" {hours_in_words(result.machine_hours)} of the machine at {result.seconds_a_title:,.3g} seconds a title),"
            f" and people look at {result.review:,}."
        )
    if result.guaranteed:
        rightly = f"err in {upper_percent(result.human_error)} of it" if result.human_error else "rightly"
        parts.append(f"It assumes that people do the rest{',' if not result.human_error else ''} and {rightly}.")
    parts.append(_rests_on(result))
    return (*parts, *population_warnings(result.population))


def _headline(result: TwoModelGuarantee) -> str:
    limit = f"at most {upper_percent(result.max_error)} of all {result.records:,} books"
    if not result.accepted:
        return (
            f"At most {upper_percent(result.max_error)} wrong in the whole can only be promised if people do all of it:"
            f" of {result.labelled:,} checked books three in four test the cut-offs, and either they are too few or"
            " both models are wrong too often among the books they are surest of."
        )
    rest = ", and nothing is left for people to do."
    if result.review:
        rest = f" once people have done the rest: {result.review:,} unchecked books, {hours_in_words(result.hours)}."
    if not result.is_random:
        return (
            "This is no promise: the checked books are not like the books nobody checked. If they were,"
            f" {limit} would be wrong{rest}"
        )
    return f"With {lower_percent(result.confidence)} confidence {limit} are wrong{rest}"


def _rests_on(result: TwoModelGuarantee) -> str:
    parts = [
        f"It rests on {result.labelled:,} checked books, of which {result.choosing:,} chose the cut-offs to be tried"
    ]
    if result.unusable:
        parts.append(f"{result.unusable:,} of them, which nobody could decide, are counted as wrong")
    if result.editions:
        parts.append(f"{result.editions:,} further editions of them are not counted again")
    if result.not_drawn:
        parts.append(f"{result.not_drawn:,} others, which were checked beside the draw, prove nothing of the rest")
    if result.left_out:
        learned = "learned" if result.learned_known else "learned, or may have learned,"
        parts.append(f"{result.left_out:,} others are left out because one of the models {learned} from their titles")
    condition = "" if result.known_chances else " It holds for a collection of which they are a random sample."
    return f"{'; '.join(parts)}.{condition}"


def _number(cut: float) -> str:
    return np.format_float_positional(cut, trim="-")
