"""Where a model fails: what is said of a slice, of a search for slices, and of the looks at a test set."""

import math
from collections.abc import Sequence

import pandas as pd

from core.formatting import capitalised, in_percent, interval_percent, listed, upper_percent
from core.schema import CORRECT, PREDICTED, TRUTH
from core.slices import Ledger, Look, PhraseLook, SliceFinding, SliceFindings, SliceMeasurement
from core.translation import _, number_text, plural, translate

__all__ = ["finding", "how_wrong", "kept_back", "ledger", "looks", "measurement", "phrase_look", "sentences"]


def sentences(findings: SliceFindings) -> tuple[str, ...]:
    """Return the verdict of a search, and a sentence on every slice that no other explains."""
    if not findings.slices:
        return (translate(findings.reason),)
    rate, alone = findings.overall.rate, len(findings.unexplained)
    first = plural(
        "{errors:,} of {rate_n:,} labelled books are wrong ({rate}). Of {tested} slices that were"
        " put to the test {n} is worse than chance allows and not explained by others.",
        "{errors:,} of {rate_n:,} labelled books are wrong ({rate}). Of {tested} slices that were"
        " put to the test {n} are worse than chance allows and not explained by others.",
        alone,
        errors=findings.overall.errors,
        rate_n=rate.n,
        rate=in_percent(rate.value),
        tested=findings.tested,
    )
    average = _(
        "Over many such searches at most {rate} of the slices reported are chance, on average; in"
        " a single one it can be more.",
        rate=in_percent(findings.rate),
    )
    return (first, *map(finding, findings.unexplained), *_confounded(findings), average)


def _confounded(findings: SliceFindings) -> list[str]:
    """Say how many slices may be causes of their own, but cannot be told apart from stronger ones."""
    n = sum(bool(found_slice.confounded_with) for found_slice in findings.slices)
    if not n:
        return []
    others = _("a stronger one") if n == 1 else _("stronger ones")
    return [_("{n} more cannot be told apart from {others} yet: more checked books would tell.", n=n, others=others)]


def finding(found_slice: SliceFinding) -> str:
    """Say how often the books of a slice that was found are wrong, also among those the search had not seen."""
    text, unseen = measurement(found_slice.measured), found_slice.unseen
    if unseen.defined:
        text += _(
            " Among the titles the search had not seen, each once: {unseen_errors:,} of {unseen_n:,} ({interval}).",
            unseen_errors=found_slice.unseen_errors,
            unseen_n=unseen.n,
            interval=interval_percent(unseen.low, unseen.high),
        )
    if found_slice.folded_under:
        text += _(" Explained by: {folded_under}.", folded_under=translate(found_slice.folded_under))
    if found_slice.confounded_with:
        text += _(
            " Cannot be told apart yet from: {confounded_with}.", confounded_with=translate(found_slice.confounded_with)
        )
    return text


def measurement(measured: SliceMeasurement) -> str:
    """Say how often the books of a slice are wrong, and how much of all errors that is."""
    text = capitalised(measured.slice.name or measured.slice.in_words)
    text += _(": {errors:,} of {measured_n:,} wrong", errors=measured.errors, measured_n=measured.n)
    if measured.rate.defined:
        text += f" ({interval_percent(measured.rate.low, measured.rate.high)})"
    if not math.isnan(measured.by_truth.ratio):
        text += _(", {ratio} the rest of the same classes", ratio=_times(measured.by_truth.ratio))
    if measured.explains.defined:
        text += _("; {explains} of all errors", explains=in_percent(measured.explains.value))
    return _("{text}; {collection_n:,} books of the collection.", text=text, collection_n=measured.collection_n)


def how_wrong(name: str, checked: pd.DataFrame) -> str:
    """Say how often the checked books of a slice are wrong, and what is taken for what most often.

    Parameters
    ----------
    name : str
        What the books are called, such as ``books with “poem” in the title``.
    checked : DataFrame
        Its checked books, with the columns ``truth``, ``predicted`` and ``correct``.

    >>> table = pd.DataFrame({"truth": ["a", "a", "a", "b"], "predicted": ["b", "b", "a", "a"]})
    >>> how_wrong("verse", table.assign(correct=table["truth"] == table["predicted"]))
    'Verse: 3 of 4 wrong; 2 of them are a that the model calls b.'
    """
    wrong = checked[~checked[CORRECT].astype(bool)]
    text = _("{name}: {wrong:,} of {checked:,} wrong", name=capitalised(name), wrong=len(wrong), checked=len(checked))
    if wrong.empty:
        return f"{text}."
    pairs = wrong.groupby([TRUTH, PREDICTED], observed=True).size().sort_values(ascending=False, kind="stable")
    truth, predicted = pairs.index[0]
    most = int(pairs.iloc[0])
    among = _("all of them") if most == len(wrong) else _("{most:,} of them", most=most)
    return _(
        "{text}; {among} are {truth} that the model calls {predicted}.",
        text=text,
        among=among,
        truth=truth,
        predicted=predicted or _("nothing"),
    )


def _times(ratio: float) -> str:
    if 0.95 <= ratio < 1.05:
        return _("as often as")
    return _("{ratio:.1f} times", ratio=ratio) if ratio < 9.95 else _("{ratio:,.0f} times", ratio=ratio)


def ledger(book: Ledger) -> str:
    """Say how many comparisons were made on a test set, and what the next one must reach."""
    count = len(book.looks())
    counted = plural("One comparison has", "{n:,} comparisons have", count) if count else _("No comparison has")
    return _(
        "{counted} been made on this test set so far. To count as found, the next must have a p"
        " value of at most {floor_level}: then all comparisons together, however many follow,"
        " raise a false alarm with a chance of at most {alpha}.",
        counted=counted,
        floor_level=_floor_level(book.next_level),
        alpha=upper_percent(book.alpha),
    )


def looks(book: Ledger, these: Sequence[Look]) -> str:
    """Say how much has been looked at, and which of `these` looks are convincing all the same."""
    count = len(book.looks())
    convincing = list(dict.fromkeys(translate(look.description) for look in these if look.significant))
    none = _("It is not convincing by itself.") if len(these) == 1 else _("None of these is convincing by itself.")
    if not these:
        none = _("None of these could be tested.")
    return plural(
        "{n:,} group has been looked at on this test set so far; the more, the stronger the"
        " evidence each needs. {part}",
        "{n:,} groups have been looked at on this test set so far; the more, the stronger the"
        " evidence each needs. {part}",
        count,
        part=_("Convincing even so: {convincing}.", convincing=listed(convincing)) if convincing else none,
    )


def phrase_look(book: Ledger, result: PhraseLook) -> str:
    """Say on which titles words that somebody typed were tested, and whether that is convincing."""
    if result.look is None:
        return _(
            "A find, no proof: the words may have been chosen by reading these titles, and too few titles that the list"
            " had kept back have them to test it."
        )
    return _(
        "Tested on titles that the list had kept back: {errors:,} of {result_n:,} with these words are wrong. {looks}",
        errors=result.errors,
        result_n=result.n,
        looks=looks(book, [result.look]),
    )


def kept_back(shown: int, n: int) -> str:
    """Say how many books a list shows, and why not the others."""
    return _(
        "The list shows {shown:,} of these {n:,} books. The others are kept back, so that words you notice here can be"
        " tested on titles nobody chose them by; type words above, and all titles with them are shown.",
        shown=shown,
        n=n,
    )


def _floor_level(level: float) -> str:
    """Return a level with two digits that count, rounded down.

    >>> _floor_level(0.05 / 6), _floor_level(0.025), _floor_level(0.05 / 10100)
    ('0.0083', '0.025', '0.0000049')
    """
    places = 1 - math.floor(math.log10(level))
    return number_text(f"{math.floor(level * 10**places + 1e-9) / 10**places:.{places}f}")
