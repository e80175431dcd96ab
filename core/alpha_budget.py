"""What a set of checked books can still prove: every question asked of it uses up a part of the allowed doubt.

A promise "with 95 % confidence" is false for one in twenty samples. Whoever asks ten models, five shares and three
facets of the same checked books and keeps the best answer is not protected by that: among many answers, the flattering
ones are the false ones. So each question has a part of alpha set aside for it, and all parts together are alpha however
long one goes on asking. To ask the same once more is free.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.database import Database
from core.errors import InputError
from core.labels import CheckedBooks
from core.storage import digest

__all__ = ["AlphaBudget", "Question", "weight_of_question"]

# Most sets of checked books are asked one question that matters; the others share the rest.
FIRST_WEIGHT: Final = 0.6
_KIND: Final = "question"
_SUBJECT: Final = "all"


def weight_of_question(k: int) -> float:
    """Return the part of alpha that belongs to the k-th question.

    Parameters
    ----------
    k : int
        1 for the first.

    Returns
    -------
    float
        0.6 for the first, 0.4 · 6 / (π² (k − 1)²) for the k-th; 1 together, however many there are.

    Raises
    ------
    InputError
        `k` is below 1.

    Notes
    -----
    By simulation (``tests/theory/test_alpha_budget_theory.py``): someone who asks ten models three things each is told
    something false in 4 % of 300 samples; with a fresh 5 % for each question it is 41 %. The first question accepts
    36 % of the books where all of alpha would accept 38 %, and half of it 35 %.

    References
    ----------
    D. P. Foster, R. A. Stine (2008), "α-investing: a procedure for sequential control of expected false discoveries",
    JRSS B 70 (here without earning anything back: plain α-spending).

    Examples
    --------
    >>> [round(weight_of_question(k), 3) for k in (1, 2, 3, 10)]
    [0.6, 0.243, 0.061, 0.003]
    """
    if k < 1:
        raise InputError(f"Questions are counted from 1; {k} came.")
    return FIRST_WEIGHT if k == 1 else (1 - FIRST_WEIGHT) * 6 / (math.pi * (k - 1)) ** 2


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that was asked of checked books.

    Attributes
    ----------
    number : int
        Its place among those asked of these books, from 1.
    key : str
        Digest of what was asked: model, labels, kind of promise, settings.
    description : str
        What was asked, in words.
    weight : float
        The part of alpha that belongs to it, 0 to 1.
    at : str
        When, ISO 8601.
    created_by : str
        Who asked; '' where nobody gave a name.
    """

    number: int
    key: str
    description: str
    weight: float
    at: str
    created_by: str = ""


class AlphaBudget:
    """The questions asked of a set of checked books, and what each may spend.

    Parameters
    ----------
    database : Database
        Of the workspace.
    titles : iterable of str
        What stands for each checked book whatever its identifiers: its ``title_key``. Questions asked of any set that
        shares a book with these count: labels that are added to a set, another file with the same answers and another
        model's predictions do not begin anew.
    """

    def __init__(self, database: Database, titles: Iterable[str]) -> None:
        self._database = database
        self._books = CheckedBooks(database, titles)
        self._unwritten: list[dict[str, Any]] = []

    def questions(self) -> tuple[Question, ...]:
        """Return the questions asked so far, the oldest first."""
        return _numbered([*self._database.read(_KIND, _SUBJECT), *self._unwritten], set(self._books.related()))

    def spend(self, key: str, description: str, *, grows: bool = False) -> Question:
        """Return a question with its part of alpha; it is written down unless it was asked before.

        In a workspace that cannot be written to it counts for as long as this object lives.

        Parameters
        ----------
        key : str
            Digest of what is asked.
        grows : bool
            Whether the answer holds at every time while books are added, so that to ask it again of these and more
            books is free. Where some of those it was first asked of are missing, it is another question.
        """
        sequence = key if grows else ""
        if grows:
            key = self._key_of_sequence(key)
        known = {question.key: question for question in self.questions()}
        if key in known:
            return known[key]
        self._books.register()
        related = set(self._books.related())

        def note(notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
            weight = weight_of_question(len(_numbered([*notes, *self._unwritten], related)) + 1)
            content = {"key": key, "description": description, "books": self._books.subject, "weight": weight}
            return content | {"sequence": sequence} if grows else content

        if self._database.read_only_reason:
            self._unwritten.append({**note(self._database.read(_KIND, _SUBJECT)), "at": ""})
        else:
            self._database.append(_KIND, _SUBJECT, note)
        return next(question for question in self.questions() if question.key == key)

    def _key_of_sequence(self, sequence: str) -> str:
        """Return the key under which a question was first asked of a part of these books, else a new one."""
        related = self._books.related()
        for note in (*self._database.read(_KIND, _SUBJECT), *self._unwritten):
            if (
                note.get("sequence") == sequence
                and note["books"] in related
                and self._books.ids >= related[note["books"]]
            ):
                return str(note["key"])
        return digest(sequence, self._books.subject)

    @property
    def left(self) -> float:
        """The part of alpha that no question has used up, 0 to 1."""
        return max(1 - sum(question.weight for question in self.questions()), 0.0)


def _numbered(notes: Sequence[dict[str, Any]], related: set[str]) -> tuple[Question, ...]:
    """Return the questions asked of related sets of books, each once, in the order they were asked."""
    questions: dict[str, Question] = {}
    for note in notes:
        if note["books"] in related and note["key"] not in questions:
            questions[note["key"]] = Question(
                number=len(questions) + 1,
                key=note["key"],
                description=note["description"],
                weight=note["weight"],
                at=note["at"],
                created_by=note.get("by", ""),
            )
    return tuple(questions.values())
