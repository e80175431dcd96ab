"""What two models and people come to under one promise, in words."""

import numpy as np

from core.formatting import upper_percent
from core.thresholds.two_models import TwoModelGuarantee
from core.translation import _, noop
from core.wording.thresholds import hours_in_words, others_of_sample, population_warnings, whole_limit

__all__ = ["asked_later", "sentences"]


def sentences(result: TwoModelGuarantee, quick: str, slow: str) -> tuple[str, ...]:
    """Return what is promised, who decides how much, what is assumed and on what it rests.

    Parameters
    ----------
    quick, slow : str
        Names of the predictions.
    """
    parts = [_headline(result), *filter(None, [asked_later(result)])]
    if result.accepted:
        parts.append(
            _(
                "'{quick}' decides {by_quick:,} books (above {quick_2}), '{slow}' decides {by_slow:,} of"
                " the {read:,} it reads (above {slow_2}; {machine_hours} of the machine at"
                " {seconds_a_title:,.3g} seconds a title), and people look at {review:,}.",
                quick=quick,
                by_quick=result.by_quick,
                quick_2=_number(result.cuts.quick),
                slow=slow,
                by_slow=result.by_slow,
                read=result.read,
                slow_2=_number(result.cuts.slow),
                machine_hours=hours_in_words(result.machine_hours),
                seconds_a_title=result.seconds_a_title,
                review=result.review,
            )
        )
    if result.guaranteed:
        rightly = (
            _("err in {human_error} of it", human_error=upper_percent(result.human_error))
            if result.human_error
            else _("rightly")
        )
        parts.append(
            _(
                "It assumes that people do the rest{part} and {rightly}.",
                part="," if not result.human_error else "",
                rightly=rightly,
            )
        )
    parts.append(_rests_on(result))
    return (*parts, *population_warnings(result.population))


def asked_later(result: TwoModelGuarantee) -> str:
    """Say that the answer is not to be held against that of one model which was asked before; '' if none was."""
    if not result.earlier:
        return ""
    return _(
        "Asked first, it might leave people less: the first question put to checked books gets the most of what they"
        " can prove."
    )


def _headline(result: TwoModelGuarantee) -> str:
    limit = _(
        "at most {max_error} of all {records:,} books",
        max_error=upper_percent(result.max_error),
        records=result.records,
    )
    if not result.accepted:
        return _(
            "At most {max_error} wrong in the whole can only be promised if people do all of it: too few"
            " books are checked, or both models are wrong too often among the books they are surest of.",
            max_error=upper_percent(result.max_error),
        )
    return whole_limit(result, limit)


def _rests_on(result: TwoModelGuarantee) -> str:
    parts = [
        _(
            "It rests on {labelled:,} checked books, of which {choosing:,} chose the cut-offs to be tried",
            labelled=result.labelled,
            choosing=result.choosing,
        )
    ]
    left_out = noop("{left_out:,} others are left out because one of the models {learned} from their titles")
    parts += others_of_sample(result, left_out)
    condition = "" if result.known_chances else _(" It holds for a collection of which they are a random sample.")
    return f"{'; '.join(parts)}.{condition}"


def _number(cut: float) -> str:
    return np.format_float_positional(cut, trim="-")
