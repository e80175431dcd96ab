"""The demonstration corpus: an invented library, made from a seed in a few seconds, with known truths hidden in it.

Nothing in it is real but the names of cities, countries and languages. Every record says so in its ``Notes``. What
people said of the invented books, which were drawn, and the truths an audit must find are planted here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from data.demonstration import profile
from data.demonstration.catalogue import (
    COLUMNS,
    NOTE,
    Book,
    catalogue_records,
    digitised_records,
    invent_books,
    title_group,
)
from data.demonstration.profile import ANNOTATORS, CARELESS, FICTION, NON_FICTION, Draw, Weighted

__all__ = [
    "ANNOTATION_COLUMNS",
    "COLUMNS",
    "NOTE",
    "SEED",
    "Annotations",
    "Demonstration",
    "PlantedTruth",
    "Samples",
    "annotate",
    "choose_samples",
    "generate",
    "planted_truths",
]

# --- What people said of the annotated books: one answer a book, often written down several times ---------------------


ANNOTATION_COLUMNS = ("classification_id", "user_id", "created_at", "annotator_genre", "annotator_comments")
FIRST_DAY = datetime(2020, 7, 1)

COMMENTS = Weighted(
    {"": 80, "NONE": 12, "Genre taken from the title page.": 3, "Heading for the author could not be verified.": 3}
    | {"Two works bound together.": 1, "Preface not read.": 1}
)


@dataclass(frozen=True)
class Annotations:
    """The annotation rows and what is known about them because they are invented.

    Attributes
    ----------
    rows
        The 24 catalogue columns and :data:`ANNOTATION_COLUMNS`, all text, in order of ``created_at``.
    careless_books, careless_wrong
        Record ids of the books the careless annotator answered for, and of those whose answer is wrong.
    """

    rows: pd.DataFrame
    careless_books: tuple[str, ...]
    careless_wrong: tuple[str, ...]


def _answer(book: Book, wrong: dict[str, float], draw: Draw) -> str:
    undecided = draw.weighted(profile.UNDECIDED)
    if undecided != "decided":
        return undecided
    if draw.chance(wrong.get(book.language, wrong[""])):
        return NON_FICTION if book.label == FICTION else FICTION
    return book.label


def annotate(records: pd.DataFrame, books: list[Book], seed: int) -> Annotations:
    """Let invented people answer for each book.

    Parameters
    ----------
    records
        The digitised records of the annotated books, in the order of `books`.

    Notes
    -----
    The rows of a book repeat its one answer, sometimes under other user ids, as in the published annotations: they are
    no agreement between people. Only the careless annotator's books carry nobody else's id.
    """
    draw = Draw(seed, "annotations")
    by_language = {
        language: Weighted({person: person.languages.get(language, 0.0) for person in ANNOTATORS})
        for language in profile.FICTION_SHARE
    }
    others = [person.user_id for person in ANNOTATORS if person is not CARELESS]
    positions: list[int] = []
    annotations: list[tuple[datetime, str, str, str]] = []
    careless: list[int] = []
    wrong: list[int] = []
    for position, book in enumerate(books):
        person = draw.weighted(by_language[book.language])
        answer = _answer(book, person.wrong, draw)
        comment = draw.weighted(COMMENTS)
        if person is CARELESS:
            careless.append(position)
            if answer in (FICTION, NON_FICTION) and answer != book.label:
                wrong.append(position)
        moment = FIRST_DAY + timedelta(
            days=draw.integer(person.from_day, person.to_day), seconds=draw.integer(8 * 3600, 19 * 3600)
        )
        user = person.user_id
        for _ in range(draw.weighted(profile.ROWS_PER_BOOK)):
            positions.append(position)
            annotations.append((moment, user, answer, comment))
            moment += timedelta(days=draw.integer(0, 3), seconds=draw.integer(60, 4000))
            if person is not CARELESS and draw.chance(0.3):
                user = draw.pick(others)
    order = np.array(sorted(range(len(annotations)), key=lambda row: annotations[row][0]))
    rows = records.iloc[np.array(positions)[order]].reset_index(drop=True)
    numbers = draw.generator.choice(90_000_000, size=len(annotations), replace=False) + 910_000_000
    moments, users, answers, comments = zip(*(annotations[row] for row in order), strict=True)
    rows = rows.assign(
        classification_id=[f"{number}.0" for number in numbers],
        user_id=users,
        created_at=[f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in moments],
        annotator_genre=answers,
        annotator_comments=comments,
    )
    ids = records["BL record ID"].tolist()
    return Annotations(rows, tuple(ids[place] for place in careless), tuple(ids[place] for place in wrong))


# --- What was digitised, what was annotated, what was drawn at random for the test ------------------------------------
# Three choices among the books.


@dataclass(frozen=True, kw_only=True)
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
    return Samples(digitised=digitised, test=test, annotated=annotated, leaked=leaked, leaked_editions=leaked_editions)


# --- The planted truths -----------------------------------------------------------------------------------------------
# What an audit of the demonstration corpus must find, and what it must not be fooled by.


VERSE_WORDS = (
    "poem", "poems", "verse", "verses", "song", "songs", "ballad", "ballads", "canto", "cantos", "sonnets", "lyrics",
    "ode", "odes", "elegy", "rhymes", "hymns", "epigrams",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PlantedTruth:
    """One thing that was hidden in the corpus on purpose.

    Attributes
    ----------
    sentence
        What was planted.
    facet, value
        Where it shows: a facet and its value, such as 'decade' and '1810s'; '' where no single value holds it.
    record_ids
        The digitised books concerned, by ``BL record ID``, ascending.
    words
        Words of titles that mark the books, lower case.
    further_ids
        A part of `record_ids` that matters by itself; what part, `sentence` says.
    """

    sentence: str
    facet: str
    value: str
    record_ids: tuple[str, ...]
    words: tuple[str, ...] = ()
    further_ids: tuple[str, ...] = field(default=())


def planted_truths(
    books: list[Book], digitised: pd.DataFrame, samples: Samples, annotations: Annotations
) -> Mapping[str, PlantedTruth]:
    """Return the planted truths by name.

    Parameters
    ----------
    digitised
        The digitised records, in the order of ``samples.digitised``.
    """
    ids = digitised["BL record ID"].to_numpy()
    chosen = [books[position] for position in samples.digitised]

    def where(mask: list[bool]) -> tuple[str, ...]:
        return tuple(ids[np.array(mask)])

    def of_positions(positions: np.ndarray) -> tuple[str, ...]:
        return tuple(ids[np.isin(samples.digitised, positions)])

    decade, place = f"{profile.VERSE_DECADE}s", profile.DECOY_PLACE
    language, annotator = profile.OVERCONFIDENT_LANGUAGE, profile.CARELESS.user_id
    return {
        "verse": PlantedTruth(
            sentence=(
                "Fiction in the broad sense includes verse. Verse was hardly annotated, so that a model calls every"
                " second poem non-fiction."
            ),
            facet="title",
            value="",
            record_ids=where([book.verse for book in chosen]),
            words=VERSE_WORDS,
        ),
        "decade": PlantedTruth(
            sentence=(
                f"The {decade} fail only because most of their fiction is verse: without it they are like other"
                " decades."
            ),
            facet="decade",
            value=decade,
            record_ids=where([book.decade == profile.VERSE_DECADE for book in chosen]),
        ),
        "class mix": PlantedTruth(
            sentence=(
                f"{place} holds almost only fiction, the class with more errors everywhere. Within each class it is no"
                " worse than other places."
            ),
            facet="place",
            value=place,
            record_ids=where([book.place == place for book in chosen]),
        ),
        "over-confident language": PlantedTruth(
            sentence=(
                f"{language} was hardly annotated, and its stories are titled like histories, in words that look like"
                " English ones that mean fact: the model is sure and wrong."
            ),
            facet="language",
            value=language,
            record_ids=where([book.language == language for book in chosen]),
        ),
        "careless annotator": PlantedTruth(
            sentence=(
                f"Annotator {annotator} answered wrongly for a quarter of the books, mostly Dutch ones; the wrong"
                " answers are the further ids."
            ),
            facet="annotator",
            value=annotator,
            record_ids=tuple(sorted(annotations.careless_books)),
            further_ids=tuple(sorted(annotations.careless_wrong)),
        ),
        "leak": PlantedTruth(
            sentence=(
                "These test books can be known from the annotated ones; the further ids are those of which another"
                " edition, not the book itself, was annotated."
            ),
            facet="",
            value="",
            record_ids=of_positions(np.concatenate([samples.leaked, samples.leaked_editions])),
            further_ids=of_positions(samples.leaked_editions),
        ),
    }


# Any seed plants the same truths; chance hides some of them from 800 test books. With this one each can be seen there.
SEED = 11
MIN_SCALE = 0.01


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """An invented library. Every column of every table is text (dtype ``str``), '' where nothing is known.

    Attributes
    ----------
    catalogue : DataFrame
        20,000 records in the 24 columns of the British Library's book lists.
    digitised : DataFrame
        6,000 of them, not a fair sample: the same columns. ``BL record ID`` is the digital copy's,
        ``BL record ID for physical resource`` the catalogue's.
    annotated : DataFrame
        1 to 5 rows for each of 1,500 digitised books: the 24 columns and :data:`ANNOTATION_COLUMNS`.
    test : DataFrame
        800 digitised books, a fair sample: ``BL record ID``, ``BL record ID for physical resource``, ``Title``,
        ``Date of publication``, ``true_label`` ('Fiction', 'Non-fiction', and here and there 'both', "can't tell", '').
    truth : Series
        True class of every record, by identifier of the paper book and of the digital copy. For tests, and for what
        the invented reviewers answer.
    planted : mapping
        Name to :class:`PlantedTruth`. For tests only.
    """

    catalogue: pd.DataFrame
    digitised: pd.DataFrame
    annotated: pd.DataFrame
    test: pd.DataFrame
    truth: pd.Series
    planted: Mapping[str, PlantedTruth]


def _known_languages(books: list[Book], samples: Samples, seed: int) -> pd.Series:
    """Return the language of every annotated book and of a tenth of the other digitised ones, '' for the rest."""
    known = np.isin(samples.digitised, samples.annotated)
    known |= Draw(seed, "languages").generator.random(len(known)) < 0.1
    languages = pd.Series([books[position].language for position in samples.digitised], dtype="str")
    return languages.where(known, "")


def _test_table(digitised: pd.DataFrame, books: list[Book], seed: int) -> pd.DataFrame:
    draw = Draw(seed, "test")
    columns = ["BL record ID", "BL record ID for physical resource", "Title", "Date of publication"]
    answers = [draw.weighted(profile.TEST_UNDECIDED) for _ in books]
    labels = [book.label if answer == "decided" else answer for book, answer in zip(books, answers, strict=True)]
    return digitised[columns].reset_index(drop=True).assign(true_label=pd.Series(labels, dtype="str"))


def generate(seed: int = SEED, scale: float = 1.0) -> Demonstration:
    """Make the demonstration corpus.

    Parameters
    ----------
    seed
        From 0 up; equal seeds give equal tables.
    scale
        Factor on all counts, from 0.01 up. The planted truths can be seen at 1; well below, there are too few records.

    Raises
    ------
    ValueError
        If `seed` or `scale` is too small.
    """
    if seed < 0 or scale < MIN_SCALE:
        raise ValueError(f"seed is {seed} and scale {scale}: take a seed from 0 up and a scale from {MIN_SCALE} up.")
    books = invent_books(round(profile.CATALOGUE_BOOKS * scale), seed)
    samples = choose_samples(books, seed, scale)
    catalogue = catalogue_records(books, seed)
    digitised = digitised_records(catalogue, samples.digitised, _known_languages(books, samples, seed), seed)

    annotated_rows = np.flatnonzero(np.isin(samples.digitised, samples.annotated))
    annotated_books = [books[position] for position in samples.annotated]
    annotations = annotate(digitised.iloc[annotated_rows], annotated_books, seed)

    test_rows = np.flatnonzero(np.isin(samples.digitised, samples.test))
    test = _test_table(digitised.iloc[test_rows], [books[position] for position in samples.test], seed)

    labels = pd.Series([book.label for book in books], dtype="str")
    truth = pd.Series(
        np.concatenate([labels.to_numpy(), labels.to_numpy()[samples.digitised]]),
        index=pd.concat([catalogue["BL record ID"], digitised["BL record ID"]]).to_numpy(),
        name="truth",
        dtype="str",
    )
    planted = planted_truths(books, digitised, samples, annotations)
    return Demonstration(
        catalogue=catalogue, digitised=digitised, annotated=annotations.rows, test=test, truth=truth, planted=planted
    )
