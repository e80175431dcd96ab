"""What was digitised, what was annotated, what was drawn at random for the test: three choices among the books."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.demonstration import profile
from data.demonstration.books import Book, title_group
from data.demonstration.draw import Draw
from data.demonstration.profile import FICTION

__all__ = ["Samples", "choose_samples"]


@dataclass(frozen=True)
class Samples:
    """Positions in the list of books, each int64 and ascending.

    Attributes
    ----------
    digitised
        The digitised books.
    test
        Part of `digitised`, every book equally likely.
    annotated
        Part of `digitised`. No title of it is in the test, but for the planted leak.
    leaked, leaked_editions
        Test books that are annotated themselves, and test books of which another edition is annotated.
    """

    digitised: np.ndarray
    test: np.ndarray
    annotated: np.ndarray
    leaked: np.ndarray
    leaked_editions: np.ndarray


def _draw_weighted(
    candidates: np.ndarray, books: list[Book], weight: Callable[[Book], float], count: int, draw: Draw
) -> np.ndarray:
    """Return `count` of the candidates without replacement (exponential keys: Efraimidis and Spirakis, 2006)."""
    weights = np.array([weight(books[position]) for position in candidates])
    keys = draw.generator.exponential(size=len(candidates)) / weights
    return np.sort(candidates[np.argsort(keys, kind="stable")[:count]])


def _digitised_weight(book: Book) -> float:
    """Return how much more readily than others a book was digitised."""
    weight = profile.DIGITISED_LANGUAGE[book.language] * profile.DIGITISED_PLACE.get(book.place, 1.0)
    early = profile.DIGITISED_BEFORE_1790 if book.year < 1790 else 1.0
    return weight * early * profile.DIGITISED_DECADE.get(book.decade, 1.0)


def _annotated_weight(book: Book) -> float:
    """Return how much more readily than others of its batch a digitised book was annotated."""
    return profile.ANNOTATED_DECADE.get(book.decade, 1.0)


def _batch(book: Book) -> str:
    """Return the batch a book is annotated in: its language; verse and the over-confident one's stories stand apart.

    There is no quota for stories titled like histories: nobody annotated one.

    >>> sorted(_batch_shares())[:3]
    ['Danish', 'Dutch', 'English']
    """
    if book.verse:
        return "verse"
    if book.rule == "disguised":
        return "disguised"
    if book.language == profile.OVERCONFIDENT_LANGUAGE and book.label == FICTION:
        return f"{book.language} {FICTION}"
    return book.language


def _batch_shares() -> dict[str, float]:
    """Return the share of each batch among the annotated books; they sum to 1."""
    shares = dict(profile.ANNOTATED_SHARE)
    shares["English"] -= profile.ANNOTATED_VERSE
    stories = shares[profile.OVERCONFIDENT_LANGUAGE] * profile.ANNOTATED_FRENCH_FICTION
    shares[profile.OVERCONFIDENT_LANGUAGE] -= stories
    return shares | {f"{profile.OVERCONFIDENT_LANGUAGE} {FICTION}": stories, "verse": profile.ANNOTATED_VERSE}


def _annotate_in_batches(candidates: np.ndarray, books: list[Book], count: int, draw: Draw) -> np.ndarray:
    """Return `count` positions, each batch filled to its share as far as it has books."""
    batches = np.array([_batch(books[position]) for position in candidates])
    chosen = [
        _draw_weighted(candidates[batches == name], books, _annotated_weight, round(count * share), draw)
        for name, share in _batch_shares().items()
    ]
    # Where a batch ran dry or rounding lost a book, English ones make up the number.
    positions = np.concatenate(chosen)
    left = candidates[(batches == "English") & ~np.isin(candidates, positions)]
    more = _draw_weighted(left, books, _annotated_weight, max(0, count - len(positions)), draw)
    return np.concatenate([positions, more])[:count]


def _scaled(count: int, scale: float) -> int:
    return max(1, round(count * scale))


def choose_samples(books: list[Book], seed: int, scale: float) -> Samples:
    """Choose the digitised books, the test among them, and the annotated ones.

    Parameters
    ----------
    books
        All books of the catalogue.
    scale
        Factor on the counts of :mod:`data.demonstration.profile`.
    """
    draw = Draw(seed, "samples")
    everything = np.arange(len(books))
    digitised = _draw_weighted(everything, books, _digitised_weight, _scaled(profile.DIGITISED_BOOKS, scale), draw)
    size = _scaled(profile.TEST_BOOKS, scale)
    test = np.sort(draw.generator.choice(digitised, size=size, replace=False))

    groups = {int(position): title_group(books[position].title) for position in digitised}
    tested = {groups[int(position)]: int(position) for position in test}
    in_test = np.isin(digitised, test)
    shared = np.array([groups[int(position)] in tested for position in digitised])

    # Other editions of tested titles: the same words exactly, so that whoever looks for the leak can find it.
    editions = [
        int(position)
        for position in digitised[shared & ~in_test]
        if books[position].title == books[tested[groups[int(position)]]].title
        and _batch(books[position]) in profile.FICTION_SHARE
    ]
    wanted = min(profile.LEAKED_EDITIONS, _scaled(profile.LEAKED_EDITIONS, scale))
    first_of_title = list({groups[position]: position for position in editions}.values())[:wanted]
    leaked_editions = np.array(sorted(tested[groups[position]] for position in first_of_title), dtype=np.int64)
    leakable = [
        int(position)
        for position in test
        if _batch(books[position]) in profile.FICTION_SHARE and int(position) not in set(leaked_editions)
    ]
    again = _scaled(profile.LEAKED_BOOKS, scale) - len(first_of_title)
    leaked = np.sort(draw.generator.choice(np.array(leakable), size=max(0, again), replace=False))

    count = _scaled(profile.ANNOTATED_BOOKS, scale) - len(leaked) - len(first_of_title)
    chosen = _annotate_in_batches(digitised[~shared], books, count, draw)
    annotated = np.sort(np.concatenate([chosen, leaked, np.array(first_of_title, dtype=np.int64)])).astype(np.int64)
    return Samples(digitised, test, annotated, leaked, leaked_editions)
