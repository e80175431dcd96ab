"""What a comparison of two models says."""

from core.comparison import BETTER, LEVEL, WORSE, ModelComparison
from core.facets import facet_words
from core.formatting import capitalised, in_percent
from core.statistics import MINIMUM_RECORDS

__all__ = ["groups", "headline", "notes", "sentences", "verdict"]


def sentences(comparison: ModelComparison) -> tuple[str, ...]:
    """Return the verdict, where the second is better or worse, and what was left out."""
    return (verdict(comparison), *groups(comparison), *notes(comparison))


def headline(comparison: ModelComparison) -> str:
    """Return the verdict in one sentence of words and counts."""
    first, second = comparison.names
    n = comparison.n
    if not n:
        return f"There is no labelled book that both '{first}' and '{second}' predicted, so nothing can be compared."
    if n < MINIMUM_RECORDS:
        books = "book was" if n == 1 else "books were"
        return f"Only {n:,} labelled {books} predicted by both '{first}' and '{second}': too few to compare them."
    counts = (
        f"of {n:,} books only '{second}' has {comparison.only_second:,} right and only '{first}'"
        f" {comparison.only_first:,}"
    )
    if comparison.p >= LEVEL:
        return f"'{first}' and '{second}' cannot be told apart: {counts}."
    winner, loser = (second, first) if comparison.only_second > comparison.only_first else (first, second)
    points = 100 * abs(comparison.accuracy_difference.value)
    return f"'{winner}' is right {points:.1f} percentage points more often than '{loser}': {counts}."


def verdict(comparison: ModelComparison) -> str:
    """Return the verdict in one sentence, with the p value where there is one."""
    words = headline(comparison)
    return words if comparison.n < MINIMUM_RECORDS else f"{words[:-1]} (p = {comparison.p:.2g})."


def groups(comparison: ModelComparison) -> tuple[str, ...]:
    """Say where the second is better or worse, a sentence a group; with many groups there are many."""
    table = comparison.by_value
    return tuple(
        f"{capitalised(facet_words(row['facet'], row['value']))}: '{comparison.names[1]}' is {row['verdict']},"
        f" {row['second_errors']:,} of {row['n']:,} wrong instead of {row['first_errors']:,}."
        for row in table[table["verdict"].isin([BETTER, WORSE])].to_dict("records")
    )


def notes(comparison: ModelComparison) -> tuple[str, ...]:
    """Say that no group is better or worse, which books one of the two may know, and what was left out."""
    remarks = []
    if comparison.n >= MINIMUM_RECORDS and not comparison.by_value["verdict"].isin([BETTER, WORSE]).any():
        remarks.append("No group of books is clearly better or worse with either of them.")
    if comparison.leaked:
        remarks.append(
            f"{comparison.leaked:,} of the books ({in_percent(comparison.leaked / comparison.n)}) have a title one of"
            " the models may have learned from: a comparison on the others is fairer."
        )
    return (
        *remarks,
        *(f"{count:,} labelled books are not compared: {reason}." for reason, count in comparison.left_out.items()),
    )
