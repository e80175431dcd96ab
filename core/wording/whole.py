"""What the guarantee of the whole collection says, and what it would take where it says nothing."""

import numpy as np

from core.facets import facet_title, facet_words
from core.formatting import in_percent, listed, lower_percent, upper_percent
from core.thresholds import ALL_CLASSES, ErrorBound, WholeGuarantee
from core.thresholds.two_models import TwoModelGuarantee
from core.translation import _, inside, noop
from core.wording.thresholds import (
    forecast_sentence,
    hours_in_words,
    is_or_are,
    nothing_promised,
    others_of_sample,
    population_warnings,
    rests_on,
    whole_limit,
)

__all__ = ["asked_later", "bound_sentence", "forecast", "headline", "reason", "sentences", "two_models_sentences"]


def headline(result: WholeGuarantee) -> str:
    """Say how wrong the collection is at most once people have done the rest, and how much that is."""
    if not result.accepted:
        return _(
            "At most {max_error} wrong in the whole can only be promised if people do all of it. {reason}",
            max_error=upper_percent(result.max_error),
            reason=reason(result),
        )
    limit = _("at most {max_error} of {of_what}", max_error=upper_percent(result.max_error), of_what=_of_what(result))
    return whole_limit(result, limit)


def reason(result: WholeGuarantee) -> str:
    """Say why the machine may decide nothing; '' where it may decide something."""
    if result.accepted:
        return ""
    if not result.labelled:
        return _("No book has been checked by a person yet.")
    if result.anytime and result.weighted:
        return _(
            "The checked books were drawn with chances that differ: what may be asked again after each label needs"
            " books that were all drawn alike."
        )
    if all(group.allowed < 0 for group in result.groups):
        return _(
            "{labelled} {is_or_are} checked: too few to promise that, even if the model were right about each of them.",
            labelled=_books(result.labelled),
            is_or_are=is_or_are(result.labelled),
        )
    if all(group.withheld or group.allowed < 0 for group in result.groups):
        return _("Too few books of any language were checked for a promise of its own.")
    if result.forecast:  # which says what may help
        return _("Too many of the checked books the model is surest of are wrong for that.")
    return _(
        "The books the model is surest of are wrong too often for that: a better model may help, or a looser promise."
    )


def forecast(result: WholeGuarantee) -> str:
    """Say how many checked books it will take until the machine may decide a useful share; '' where not forecast."""
    wanted = result.forecast
    if wanted is None:
        return ""
    share = in_percent(wanted.useful)
    if wanted.is_hopeless:
        return _(
            "As far as these books show, no number of checked books will let the machine decide {share} of the books:"
            " it is wrong too often among those it is surest of. A better model may help, or a looser promise.",
            share=share,
        )
    of = _("{share} of the books", share=share)
    if wanted.hopeless:
        names = listed([_group(result, *group) for group in wanted.hopeless], 5)
        of = _(
            "{share} of the others (no number will do for {names}: the model is wrong too often there)",
            share=share,
            names=names,
        )
    among = _(" among the surest {surest} of each class", surest=in_percent(result.surest)) if result.surest < 1 else ""
    return forecast_sentence(wanted, _("the machine may decide {of}", of=of), among)


def sentences(result: WholeGuarantee) -> tuple[str, ...]:
    """Return the headline, what the parts come to, what is assumed and on what it rests."""
    parts = [headline(result), *filter(None, [forecast(result)])]
    if result.guaranteed:
        without = [
            _group(result, group.class_name, group.value)
            for group in result.groups
            if group.records and not group.accepted and not group.withheld
        ]
        if without:
            parts.append(
                _("Of {without} the machine may decide nothing; people do them all.", without=listed(without, 5))
            )
        if result.surest < 1:
            parts.append(
                _(
                    "The machine may decide only among the {surest} of each class it is surest of; people do"
                    " all others.",
                    surest=in_percent(result.surest),
                )
            )
        parts.append(_assumption(result))
    parts += nothing_promised(result.unknown)
    parts.append(rests_on(result))
    return tuple(parts)


def bound_sentence(bound: ErrorBound, accepted: int) -> str:
    """Say what holds at the cut-offs that are set, and at any others."""
    if not accepted:
        return _("These cut-offs accept nothing: people do all of it.")
    return _(
        "With {confidence} confidence at most {most_wrong:,} of all {records:,} books ({share}) stay wrong if people do"
        " the rest. That holds at every position of the cut-offs, however often they are moved.",
        confidence=lower_percent(bound.confidence),
        most_wrong=bound.most_wrong,
        records=bound.records,
        share=upper_percent(bound.share),
    )


def _of_what(result: WholeGuarantee) -> str:
    whole = _("all {records:,} books", records=result.records)
    if result.per == "class" and result.stratum:
        return _("{whole}, of each class in each {stratum},", whole=whole, stratum=inside(facet_title(result.stratum)))
    if result.per == "class":
        return _(
            "{whole}, and of those that are called {class_names},",
            whole=whole,
            class_names=listed(_class_names(result), last=_(" or ")),
        )
    return (
        _("{whole}, and of each {stratum},", whole=whole, stratum=inside(facet_title(result.stratum)))
        if result.stratum
        else whole
    )


def _class_names(result: WholeGuarantee) -> list[str]:
    return list(dict.fromkeys(group.class_name for group in result.groups))


def _group(result: WholeGuarantee, class_name: str, value: str) -> str:
    books = facet_words(result.stratum, value) if result.stratum else _("books")
    return books if class_name == ALL_CLASSES else _("{books} called {class_name}", books=books, class_name=class_name)


def _assumption(result: WholeGuarantee) -> str:
    if result.human_error and result.anytime:
        # How much they will have done when they stop is not fixed beforehand: as if it were everything.
        return _(
            "It assumes that people do the rest and err in {human_error} of all books.",
            human_error=upper_percent(result.human_error),
        )
    if result.human_error:
        return _(
            "It assumes that people do the rest and err in {human_error} of it.",
            human_error=upper_percent(result.human_error),
        )
    return _("It assumes that people do the rest, and rightly.")


def _books(count: int) -> str:
    return _("1 book") if count == 1 else _("{count:,} books", count=count)


# --- What two models and people come to under one promise, in words ---------------------------------------------------


def two_models_sentences(result: TwoModelGuarantee, quick: str, slow: str) -> tuple[str, ...]:
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
