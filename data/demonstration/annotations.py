"""What people said of the annotated books: one answer a book, often written down several times."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from data.demonstration import profile
from data.demonstration.books import Book
from data.demonstration.draw import Draw, Weighted
from data.demonstration.profile import ANNOTATORS, CARELESS, FICTION, NON_FICTION

__all__ = ["ANNOTATION_COLUMNS", "Annotations", "annotate"]

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
