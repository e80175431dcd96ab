"""What the guarantee of the whole collection says, and what it would take where it says nothing."""

from core.facets import facet_title, facet_words
from core.formatting import in_percent, listed, lower_percent, upper_percent
from core.thresholds import ALL_CLASSES, ErrorBound, WholeGuarantee
from core.wording.thresholds import hours_in_words, is_or_are, nothing_promised, rests_on

__all__ = ["bound_sentence", "forecast", "headline", "reason", "sentences"]


def headline(result: WholeGuarantee) -> str:
    """Say how wrong the collection is at most once people have done the rest, and how much that is."""
    if not result.accepted:
        return (
            f"At most {upper_percent(result.max_error)} wrong in the whole can only be promised if people do all of it."
            f" {reason(result)}"
        )
    rest = ", and nothing is left for people to do."
    if result.review:
        unchecked = f"{result.review:,} unchecked {'book' if result.review == 1 else 'books'}"
        rest = f" once people have done the rest: {unchecked}, {hours_in_words(result.hours)}."
    limit = f"at most {upper_percent(result.max_error)} of {_of_what(result)}"
    if not result.is_random:
        return (
            "This is no promise: the checked books are not like the books nobody checked. If they were,"
            f" {limit} would be wrong{rest}"
        )
    return f"With {lower_percent(result.confidence)} confidence {limit} are wrong{rest}"


def reason(result: WholeGuarantee) -> str:
    """Say why the machine may decide nothing; '' where it may decide something."""
    if result.accepted:
        return ""
    if not result.labelled:
        return "No book has been checked by a person yet."
    if result.anytime and result.weighted:
        return (
            "The checked books were drawn with chances that differ: what may be asked again after each label needs"
            " books that were all drawn alike."
        )
    if all(group.allowed < 0 for group in result.groups):
        return (
            f"{_books(result.labelled)} {is_or_are(result.labelled)} checked: too few to promise that, even if the"
            " model were right about each of them."
        )
    if all(group.withheld or group.allowed < 0 for group in result.groups):
        return "Too few books of any language were checked for a promise of its own."
    if result.forecast:  # which says what may help
        return "Too many of the checked books the model is surest of are wrong for that."
    return (
        "The books the model is surest of are wrong too often for that: a better model may help, or a looser promise."
    )


def forecast(result: WholeGuarantee) -> str:
    """Say how many checked books it will take until the machine may decide a useful share; '' where not forecast."""
    wanted = result.forecast
    if wanted is None:
        return ""
    share = in_percent(wanted.useful)
    if wanted.is_hopeless:
        return (
            f"As far as these books show, no number of checked books will let the machine decide {share} of the books:"
            " it is wrong too often among those it is surest of. A better model may help, or a looser promise."
        )
    of = f"{share} of the books"
    if wanted.hopeless:
        names = listed([_group(result, *group) for group in wanted.hopeless], 5)
        of = f"{share} of the others (no number will do for {names}: the model is wrong too often there)"
    if wanted.total is None:
        return f"How many checked books it takes until the machine may decide {of} cannot be told from these."
    among = f" among the surest {in_percent(result.surest)} of each class" if result.surest < 1 else ""
    return (
        f"With about {wanted.total:,} checked books, drawn at random{among}, the machine may decide {of}: by"
        f" simulation from what these {wanted.labelled:,} show, that is enough in 8 of 10 cases."
    )


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
            parts.append(f"Of {listed(without, 5)} the machine may decide nothing; people do them all.")
        if result.surest < 1:
            parts.append(
                f"The machine may decide only among the {in_percent(result.surest)} of each class it is surest of;"
                " people do all others."
            )
        parts.append(_assumption(result))
    parts += nothing_promised(result.unknown)
    parts.append(rests_on(result))
    return tuple(parts)


def bound_sentence(bound: ErrorBound, accepted: int) -> str:
    """Say what holds at the cut-offs that are set, and at any others."""
    if not accepted:
        return "These cut-offs accept nothing: people do all of it."
    return (
        f"With {lower_percent(bound.confidence)} confidence at most {bound.most_wrong:,} of all {bound.records:,} books"
        f" ({upper_percent(bound.share)}) stay wrong if people do the rest. That holds at every position of the"
        " cut-offs, however often they are moved."
    )


def _of_what(result: WholeGuarantee) -> str:
    whole = f"all {result.records:,} books"
    if result.per == "class" and result.stratum:
        return f"{whole}, of each class in each {facet_title(result.stratum).lower()},"
    if result.per == "class":
        return f"{whole}, and of those that are called {listed(_class_names(result), last=' or ')},"
    return f"{whole}, and of each {facet_title(result.stratum).lower()}," if result.stratum else whole


def _class_names(result: WholeGuarantee) -> list[str]:
    return list(dict.fromkeys(group.class_name for group in result.groups))


def _group(result: WholeGuarantee, class_name: str, value: str) -> str:
    books = facet_words(result.stratum, value) if result.stratum else "books"
    return books if class_name == ALL_CLASSES else f"{books} called {class_name}"


def _assumption(result: WholeGuarantee) -> str:
    if result.human_error and result.anytime:
        # How much they will have done when they stop is not fixed beforehand: as if it were everything.
        return f"It assumes that people do the rest and err in {upper_percent(result.human_error)} of all books."
    if result.human_error:
        return f"It assumes that people do the rest and err in {upper_percent(result.human_error)} of it."
    return "It assumes that people do the rest, and rightly."


def _books(count: int) -> str:
    return "1 book" if count == 1 else f"{count:,} books"
