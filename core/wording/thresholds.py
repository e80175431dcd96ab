"""What a policy does and what is promised of it, in words."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.facets import facet_words
from core.formatting import (
    capitalised,
    in_percent,
    interval_count,
    interval_percent,
    listed,
    lower_percent,
    percent,
    upper_percent,
)
from core.schema import CONFIDENCE
from core.slices import Slice
from core.statistics import labels_needed
from core.thresholds import (
    ALL_CLASSES,
    GroupGuarantee,
    Guarantee,
    GuaranteeRecord,
    PolicyReport,
    PopulationCheck,
    WholeGuarantee,
)
from core.thresholds.population import MAX_DETAILED
from core.thresholds.report import CLASS
from core.thresholds.sample import UnknownLanguages
from core.thresholds.two_models import TwoModelGuarantee
from core.thresholds.whole_groups import LabelForecast
from core.translation import ENGLISH, _, current_language, in_english, noop, plural, translate
from core.wording.evaluation import unknown_sentences

__all__ = [
    "cut_scope",
    "forecast",
    "forecast_sentence",
    "group",
    "guarantee_record",
    "hours_in_words",
    "is_or_are",
    "kept_promise",
    "nothing_promised",
    "others_of_sample",
    "policy",
    "population_warnings",
    "promise",
    "reason",
    "rests_on",
    "whole_limit",
]


def policy(report: PolicyReport) -> tuple[str, ...]:
    """Say how many records a policy accepts, how often they are right, and whom it accepts least of."""
    lines = [
        _(
            "{accepted:,} of {records:,} records ({coverage}) are accepted; {review:,} go to review:"
            " {hours} at {pace:,.0f} records an hour.",
            accepted=report.accepted,
            records=report.records,
            coverage=in_percent(report.coverage),
            review=report.review,
            hours=hours_in_words(report.hours),
            pace=report.pace,
        )
    ]
    accuracy, expected = report.accuracy, report.expected_errors
    if accuracy.defined:
        lines.append(
            _(
                "Of the {labelled_accepted:,} accepted records that are labelled, {errors:,} are wrong:"
                " right in {accuracy} ({interval}).",
                labelled_accepted=report.labelled_accepted,
                errors=report.errors,
                accuracy=percent(accuracy.value),
                interval=interval_percent(accuracy.low, accuracy.high),
            )
        )
    else:
        lines.append(_("How often the accepted are right is not known: {reason}.", reason=translate(accuracy.reason)))
    if report.bound is not None and report.right_at_least > 0:
        lines.append(
            _(
                "Whatever cut-offs were tried on these books, with {confidence} confidence at least"
                " {right_at_least} of all {accepted:,} accepted are right.",
                confidence=lower_percent(report.bound.confidence),
                right_at_least=lower_percent(report.right_at_least),
                accepted=report.accepted,
            )
        )
    if expected.defined:
        lines.append(
            _(
                "Among all accepted records about {expected:,.0f} wrong ones are to be expected ({interval}).",
                expected=expected.value,
                interval=interval_count(expected.low, expected.high),
            )
        )
    return (*lines, *_widest_gaps(report))


def _widest_gaps(report: PolicyReport) -> list[str]:
    """Say whom the policy accepts least of: per facet the widest gap between two groups."""
    sentences = []
    for facet, table in report.acceptance_rates.items():
        known = table[table["rate"].notna()]
        if len(known) < 2:
            continue
        rate = known["rate"].to_numpy()
        least, most = known.iloc[int(rate.argmin())], known.iloc[int(rate.argmax())]
        # Only a gap that chance does not explain: the intervals do not touch.
        if least["high"] < most["low"]:
            words = [
                _("books that are {value}", value=row["value"])
                if facet == CLASS
                else facet_words(facet, str(row["value"]))
                for row in (least, most)
            ]
            shares = [
                _(
                    "{share} ({kept:,} of {n:,}{as_another})",
                    share=in_percent(row["rate"]),
                    kept=int(row["kept"]),
                    n=int(row["n"]),
                    as_another=_as_another(row),
                )
                for row in (least, most)
            ]
            sentences.append(
                _(
                    "{words} are accepted in {shares}, {words_2} in {shares_2}.",
                    words=capitalised(words[0]),
                    shares=shares[0],
                    words_2=words[1],
                    shares_2=shares[1],
                )
            )
    return sentences


def _as_another(row: pd.Series) -> str:
    """Say how many of the accepted books of a class are accepted as another: all 5 % of them may be errors."""
    wrongly, accepted = int(row.get("as_another", 0)), int(row["kept"])
    if not wrongly:
        return ""
    return (
        _(", all of them as another class")
        if wrongly == accepted
        else _(", {wrongly:,} of them as another class", wrongly=wrongly)
    )


def hours_in_words(hours: float) -> str:
    """Return hours of review as people say them, below one hour in minutes."""
    if hours and hours < 1:
        minutes = int(f"{60 * hours:.0f}")
        return plural("{n} minute", "{n} minutes", minutes) if minutes else _("less than a minute")
    return _("{hours:,.1f} hours", hours=hours) if hours < 10 else _("{hours:,.0f} hours", hours=hours)


def cut_scope(left: NDArray[np.bool_], accepted: NDArray[np.bool_], where: Slice | None = None) -> str:
    """Say how many of the accepted and of the others an export counts, and why; '' where it counts them all.

    Parameters
    ----------
    left : bool array, shape (n_records,)
        The records that are left to the cuts, as :func:`core.export.release.cut_scope` returns them.
    accepted : bool array, shape (n_records,)
        What the cuts accept (:func:`core.thresholds.apply_policy`), of all records.
    where : Slice, optional
        The slice the cuts are for.
    """
    settled = int((~left).sum())
    if not settled and where is None:
        return ""
    whom = _("record is") if settled == 1 else _("records are")
    reasons = [
        _(
            "{settled:,} {whom} settled without the machine (a curator has decided, a label of people"
            " or of the catalogue stands, or there is no prediction)",
            settled=settled,
            whom=whom,
        )
    ]
    if where is not None:
        reasons.append(_("it looks at all books, not only those of the slice"))
    return _(
        "The export counts {accepted:,} accepted by the machine and {value:,} for review, since {part}.",
        accepted=int((accepted & left).sum()),
        value=int((~accepted & left).sum()),
        part=_(" and ").join(reasons if settled else reasons[1:]),
    )


# --- What a promise says to a curator: what holds, what does not and why, when not to believe it ----------------------


def promise(guarantee: Guarantee) -> tuple[str, ...]:
    """Say what is promised, what is not, and on what it rests."""
    sentences = [group(guarantee, part) for part in guarantee.groups if part.guaranteed]
    refused = [part for part in guarantee.groups if not part.guaranteed and not part.withheld]
    if len(sentences) > 1:
        sentences.append(
            _(
                "All of this holds together with {confidence} confidence.",
                confidence=lower_percent(guarantee.confidence),
            )
        )
    if guarantee.stratum and len(refused) > 3:
        words = list(dict.fromkeys(facet_words(guarantee.stratum, part.value) for part in refused))
        shown = listed([*words[:5], _("{words:,} other groups", words=len(words) - 5)] if len(words) > 5 else words)
        sentences.append(
            _("Nothing, or not everything, can be promised for {shown}: what has no cut goes to review.", shown=shown)
        )
    else:
        sentences += [group(guarantee, part) for part in refused]
    sentences += filter(None, [forecast(guarantee)])
    sentences += nothing_promised(guarantee.unknown)
    if not guarantee.is_random and any(part.guaranteed for part in guarantee.groups):
        sentences[0] = _(
            "{no_promise} If they were, this would hold: {sentences}", no_promise=_(_NO_PROMISE), sentences=sentences[0]
        )
    if refused and guarantee.unusable:
        sentences.append(_undecided(guarantee.unusable))
    return (*sentences, rests_on(guarantee))


def _undecided(count: int) -> str:
    """Say what the checked books cost a promise that nobody could decide."""
    books = _("1 checked book that nobody could decide counts") if count == 1 else ""
    books = books or _("{count:,} checked books that nobody could decide count", count=count)
    return plural(
        "{books} as wrong here; a clear answer for it may bring the promise.",
        "{books} as wrong here; a clear answer for them may bring the promise.",
        count,
        books=books,
    )


def nothing_promised(unknown: UnknownLanguages) -> list[str]:
    """Say of which languages, and classes in them, nothing is promised apart since too few books were checked."""
    sentences = unknown_sentences(unknown.languages)
    where = _("it") if len(sentences) == 1 else _("any of them")
    return (
        [*sentences, _("No promise is made for {where} apart: these books go to review.", where=where)]
        if sentences
        else []
    )


def rests_on(guarantee: Guarantee | WholeGuarantee) -> str:
    """Say on how many checked titles a promise rests, what became of the others, and what it assumes of them."""
    whole = guarantee if isinstance(guarantee, WholeGuarantee) else None
    known_chances = whole is not None and whole.known_chances
    among = (
        _(" among the surest {surest} of each class", surest=in_percent(whole.surest))
        if whole and whole.surest < 1
        else ""
    )
    parts = [
        plural(
            "It rests on {n:,} book{among} drawn with known chances",
            "It rests on {n:,} books{among} drawn with known chances",
            guarantee.labelled,
            among=among,
        )
        if known_chances
        else plural(
            "It rests on {n:,} checked title{among}",
            "It rests on {n:,} checked titles{among}",
            guarantee.labelled,
            among=among,
        )
    ]
    parts += others_of_sample(guarantee, _LEFT_OUT)
    if known_chances and whole and not whole.anytime:
        return f"{'; '.join(parts)}."
    condition = _("It holds for a collection of which they are a random sample{among}", among=among)
    if whole and whole.anytime:
        condition += _(", checked in random order; it may be asked again after each further label")
    return f"{'; '.join(parts)}. {condition}."


_LEFT_OUT: Final = noop("{left_out:,} others are left out because the model {learned} from their titles")


def others_of_sample(guarantee: Guarantee | WholeGuarantee | TwoModelGuarantee, left_out: str) -> list[str]:
    """Say what became of the checked titles on which a promise does not rest; `left_out` is the message of one part."""
    parts = []
    if guarantee.unusable:
        parts.append(
            _("{unusable:,} of them, which nobody could decide, are counted as wrong", unusable=guarantee.unusable)
        )
    if guarantee.editions:
        parts.append(_("{editions:,} further editions of them are not counted again", editions=guarantee.editions))
    if not isinstance(guarantee, Guarantee) and guarantee.not_drawn:
        parts.append(
            _(
                "{not_drawn:,} others, which were checked beside the draw, prove nothing of the rest",
                not_drawn=guarantee.not_drawn,
            )
        )
    if guarantee.left_out:
        learned = _("learned") if guarantee.learned_known else _("learned, or may have learned,")
        parts.append(_(left_out, left_out=guarantee.left_out, learned=learned))
    return parts


def whole_limit(result: WholeGuarantee | TwoModelGuarantee, limit: str) -> str:
    """Say that so many are wrong in the whole once people have done the rest, or why that is no promise."""
    rest = _(", and nothing is left for people to do.")
    if result.review:
        rest = _(
            " once people have done the rest: {unchecked}, {hours}.",
            unchecked=plural("{n:,} unchecked book", "{n:,} unchecked books", result.review),
            hours=hours_in_words(result.hours),
        )
    if not result.is_random:
        return _(
            "This is no promise: the checked books are not like the books nobody checked. If they"
            " were, {limit} would be wrong{rest}",
            limit=limit,
            rest=rest,
        )
    return _(
        "With {confidence} confidence {limit} are wrong{rest}",
        confidence=lower_percent(result.confidence),
        limit=limit,
        rest=rest,
    )


def group(guarantee: Guarantee, part: GroupGuarantee) -> str:
    """Say what is promised of one group, or why nothing is."""
    name, labelled = part.class_name, part.labelled
    if name in guarantee.never_predicted:
        return _(
            "The model calls no book {name}: there is nothing to promise of it, and it takes nothing from others.",
            name=name,
        )
    books = facet_words(guarantee.stratum, part.value) if guarantee.stratum else _("books")
    limit = _("at most {max_error}", max_error=upper_percent(guarantee.max_error))
    if part.cut is not None:
        accepted = (
            _("accepted {books}", books=books)
            if name == ALL_CLASSES
            else _("{books} accepted as {name}", books=books, name=name)
        )
        return _(
            "With {confidence} confidence {limit} of the {accepted} are wrong (cut {cut}; {errors:,}"
            " of {accepted_2:,} labelled ones above it are wrong).",
            confidence=lower_percent(guarantee.confidence),
            limit=limit,
            accepted=accepted,
            cut=np.format_float_positional(part.cut, trim="-"),
            errors=part.errors,
            accepted_2=part.accepted,
        )
    if part.withheld:
        languages = [entry for entry in guarantee.unknown.languages if entry.language == part.value]
        return " ".join(unknown_sentences(languages))
    what = _books_of(guarantee, name, part.value)
    if not part.tried:
        return _(
            "Nothing can be promised for {what}: {limit} wrong needs at least {labels_needed:,} labelled ones without"
            " an error above a cut, and only {labelled:,} {is_or_are} labelled.",
            what=what,
            limit=limit,
            labels_needed=labels_needed(guarantee.max_error, 1 - part.level),
            labelled=labelled,
            is_or_are=is_or_are(labelled),
        )
    return _(
        "Nothing can be promised for {what}: of the {accepted:,} surest labelled ones {errors:,}"
        " {is_or_are} wrong, and {limit} wrong allows {allowed:,}.",
        what=what,
        accepted=part.accepted,
        errors=part.errors,
        is_or_are=is_or_are(part.errors),
        limit=limit,
        allowed=max(part.allowed, 0),
    )


def forecast(guarantee: Guarantee) -> str:
    """Say how many checked books it will take until all is promised, or that no number will do; '' where not known."""
    wanted = guarantee.forecast
    if wanted is None:
        return ""
    if wanted.is_hopeless:
        return _(
            "As far as these books show, no number of checked books will bring this promise: the model is wrong too"
            " often among the books it is surest of. A better model may help, or a looser promise."
        )
    what = _("this can be promised")
    if wanted.hopeless:
        what = _(
            "the others can be promised (no number will do for {names}: the model is wrong too often there)",
            names=listed([_books_of(guarantee, *group) for group in wanted.hopeless], 5),
        )
    return forecast_sentence(wanted, what)


def forecast_sentence(wanted: LabelForecast, what: str, among: str = "") -> str:
    """Say with how many checked books something comes true, or that this cannot be told.

    Parameters
    ----------
    what : str
        What comes true then: half a sentence.
    among : str
        Among which books they are drawn, with a space before it.
    """
    if wanted.total is None:
        return _("How many checked books it takes until {what} cannot be told from these.", what=what)
    return _(
        "With about {total:,} checked books, drawn at random{among}, {what}: by simulation from what"
        " these {labelled:,} show, that is enough in 8 of 10 cases.",
        total=wanted.total,
        among=among,
        what=what,
        labelled=wanted.labelled,
    )


def _books_of(guarantee: Guarantee, class_name: str, value: str) -> str:
    books = facet_words(guarantee.stratum, value) if guarantee.stratum else _("books")
    if class_name == ALL_CLASSES:
        return _("{books}, all classes together", books=books)
    return _("{books} predicted to be {name}", books=books, name=class_name)


def is_or_are(count: int) -> str:
    """Return the verb for so many."""
    return _("is") if count == 1 else _("are")


def reason(guarantee: Guarantee) -> str:
    """Say why something could not be promised; '' when everything could."""
    if guarantee.guaranteed:
        return "" if guarantee.is_random else _(_NO_PROMISE)
    return " ".join(dict.fromkeys(group(guarantee, part) for part in guarantee.refused))


_NO_PROMISE = noop("This is no promise: the checked books are not like the books nobody checked.")


def population_warnings(check: PopulationCheck) -> tuple[str, ...]:
    """Return what must stand beside every promise that rests on these books: one warning, or none.

    That nothing was found does not prove that the checked books are a random sample.
    """
    if not check.differing:
        return ()
    # The confidence first: it alone bears on the promise directly.
    ordered = sorted(check.differing, key=lambda aspect: aspect.name != CONFIDENCE)
    parts = [aspect.words for aspect in ordered[:MAX_DETAILED]]
    others = [aspect.title.lower() for aspect in ordered[MAX_DETAILED:]]
    also = _(" They differ by {others} too.", others=listed(others)) if others else ""
    return (
        _(
            "Be careful: the checked books are not like the books nobody checked. {parts}.{also} What is said of the"
            " accepted books holds for books like the checked ones and may be false for the collection. Draw books at"
            " random from the collection, have them checked, and look again.",
            parts=capitalised("; ".join(parts)),
            also=also,
        ),
    )


def kept_promise(record: GuaranteeRecord) -> str:
    """Return the first sentence of a promise that is kept: as it was written in English, translated where it can be."""
    words = record.headline or record.sentence
    if current_language() == ENGLISH or not record.promised or record.max_error is None or record.confidence is None:
        return words
    share, confidence = upper_percent(record.max_error), lower_percent(record.confidence)
    if record.is_of_whole:
        translated = translate(words)
        if translated != words:
            return translated
        return _(
            "With {confidence} confidence at most {share} of the whole are wrong once people have done the rest.",
            confidence=confidence,
            share=share,
        )
    return _(
        "With {confidence} confidence at most {share} of the accepted are wrong.", confidence=confidence, share=share
    )


@in_english()
def guarantee_record(guarantee: Guarantee) -> GuaranteeRecord:
    """Return a guarantee as it is kept with a policy and repeated by README, report and manifest: numbers and words."""
    content = guarantee.as_dict()
    warnings = population_warnings(guarantee.population)
    content["population"]["warning"] = "".join(warnings)
    for item, part in zip(content["groups"], guarantee.groups, strict=True):
        item["sentence"] = group(guarantee, part)
    # Whoever repeats the promise repeats the warning.
    first, *others = promise(guarantee)
    sentence = " ".join([first, *others, *warnings])
    words = {"reason": reason(guarantee), "sentence": sentence, "headline": first, "warnings": list(warnings)}
    return GuaranteeRecord.parse(content | words, "the promise")
