"""What a test set can still prove: the ledger of looks, slices that people named, and the half kept back from lists."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from core.database import Database
from core.errors import InputError
from core.formatting import plain
from core.labels import CheckedBooks, titles_of
from core.predictions import Scored
from core.schema import CORRECT, TRUTH
from core.slices.measure import Slice, slice_p_value
from core.slices.stratified import Mask
from core.storage import Workspace, digest

__all__ = [
    "ALPHA",
    "Ledger",
    "Look",
    "PhraseLook",
    "held_back",
    "ledger_of",
    "level_of_look",
    "look_at_words",
    "save_slice",
    "saved_slices",
]


# --- The ledger of looks, which use up what a test set can prove, and the slices that people named --------------------
#
# Whoever looks at enough slices finds one that is bad by chance. So each look at a slice is written down, and the next
# has to be the more convincing the more came before it. A share of the allowed chance of a false alarm is set aside for
# every look there will ever be: for the k-th it is α / (k (k + 1)), and all of these together are α, however long one
# goes on looking. More labels and other models do not begin anew: what counts are the looks at any set of checked books
# that shares a book with these. What could not be tested uses up nothing.

# Every comparison made on one test set uses up some of what the set can prove.


ALPHA: Final = 0.05
_KIND: Final = "look"
_SHOWN: Final = "shown"


def level_of_look(k: int, alpha: float = ALPHA) -> float:
    """Return the p value that the k-th look must reach, so that all together raise a false alarm with at most `alpha`.

    Parameters
    ----------
    k : int
        1 for the first.
    alpha : float
        Chance of any false alarm that is allowed, 0 to 1 (exclusive).

    Raises
    ------
    InputError
        `k` or `alpha` is out of range.

    References
    ----------
    Foster, D. P., and Stine, R. A. (2008). α-investing: a procedure for sequential control of expected false
    discoveries. JRSS B 70. (Here without earning anything back: plain α-spending.)

    Examples
    --------
    >>> [round(level_of_look(k), 5) for k in (1, 2, 10)]
    [0.025, 0.00833, 0.00045]
    """
    if k < 1:
        raise InputError(f"Looks are counted from 1; {k} came.")
    if not 0 < alpha < 1:
        raise InputError(
            f"The allowed chance of a false alarm lies between 0 and 1 (5 per cent is 0.05); {alpha} came."
        )
    return alpha / (k * (k + 1))


@dataclass(frozen=True, kw_only=True)
class Look:
    """One comparison that was made.

    Attributes
    ----------
    number : int
        Its place in the ledger, from 1.
    description : str
    key : str
        Digest of what was looked at.
    p : float
        What came out.
    level : float
        What p had to reach.
    at : str
        When, ISO 8601.
    """

    number: int
    description: str
    key: str
    p: float
    level: float
    at: str

    @property
    def significant(self) -> bool:
        """Whether p is at most what it had to reach."""
        return self.p <= self.level


class Ledger:
    """The looks at a set of checked books.

    Parameters
    ----------
    database : Database
        Of the workspace.
    titles : iterable of str
        Of the checked books, see :func:`core.labels.titles_of`.
    subject : str
        Fingerprint of the scored table: the same predictions checked against the same labels.
    alpha : float
        Chance of any false alarm, over all looks there will ever be.
    """

    def __init__(self, database: Database, titles: Iterable[str], subject: str, alpha: float = ALPHA) -> None:
        level_of_look(1, alpha)
        self._database, self._subject, self.alpha = database, subject, alpha
        self._books = CheckedBooks(database, titles)
        self._unwritten: list[dict[str, Any]] = []

    def looks(self) -> list[Look]:
        """Return all looks, oldest first. Looking again at the same slice is no new look: the first one counts.

        With another model, or more labels, it is: its p comes from other numbers.
        """
        return list(self._numbered().values())

    def add(self, slice_: Slice, p: float) -> Look | None:
        """Write down a look at a slice, and return it with the p value that it had to reach; None if p is NaN.

        A search by :func:`core.slices.find_slices` accounts for its own comparisons and need not be written down.
        """
        return next(iter(self.add_all([slice_], [p])), None)

    def add_all(self, slices: Sequence[Slice], p: Sequence[float]) -> list[Look]:
        """Write down several looks at once, such as all values of a facet, in the order they are shown.

        Returns
        -------
        list of Look
            Those that were tested: a p that is NaN uses up nothing and is left out.
        """
        notes: list[dict[str, Any]] = [
            {"description": slice_.description, "key": slice_.key, "p": float(value)}
            for slice_, value in zip(slices, p, strict=True)
            if not math.isnan(value)
        ]
        self._write(notes)
        looks = self._numbered()
        return [looks[note["key"], self._subject] for note in notes]

    def add_words(self, slice_: Slice, p: float, n: int, errors: int) -> dict[str, Any]:
        """Write down that somebody typed words, even if they could not be tested, and return the first such note.

        Parameters
        ----------
        n, errors : int
            Titles with these words among those the test was made on, and the wrong ones among them.

        Returns
        -------
        dict
            ``n`` and ``errors`` as they were the first time, ``p`` (None if it could not be tested).
        """
        note = {"description": slice_.description, "key": slice_.key, "p": plain(p), "n": n, "errors": errors}
        self._write([note | {"slice": slice_.to_dict()}])
        return next(note for note in self._typed() if (note["key"], note["of"]) == (slice_.key, self._subject))

    def typed(self) -> list[Slice]:
        """Return the words that were typed so far, in any of the looks at these books."""
        return [Slice.from_dict(note["slice"]) for note in self._typed()]

    def look_at(self, slice_: Slice) -> Look | None:
        """Return the look at a slice; None if there was none, or none that could be tested."""
        return self._numbered().get((slice_.key, self._subject))

    def show_all(self) -> None:
        """Write down that somebody read all checked titles, also those the lists keep back."""
        self._books.register()
        if not self._database.read_only_reason:
            self._database.add(_SHOWN, self._books.subject, {})

    def shown(self) -> frozenset[str]:
        """Return the digests of the titles that somebody asked to see, see :meth:`show_all`."""
        sets = self._books.related()
        return frozenset().union(*(sets.get(note["subject"], ()) for note in self._database.read(_SHOWN)))

    def _write(self, notes: Sequence[dict[str, Any]]) -> None:
        known = {(note["key"], note["of"]) for note in self._notes()}
        new = {note["key"]: note | {"of": self._subject} for note in reversed(notes)}
        added = [new[key] for key in dict.fromkeys(note["key"] for note in notes) if (key, self._subject) not in known]
        if self._database.read_only_reason:
            # Who may only look still sees what the look had to reach; it is counted for as long as this object lives.
            self._unwritten += [{**note, "at": ""} for note in added]
        elif added:
            self._books.register()
            self._database.add(_KIND, self._books.subject, *added)

    def _notes(self) -> list[dict[str, Any]]:
        """Return all notes on these books. Those of earlier versions stand under the scored table's fingerprint."""
        subjects = {*self._books.related(), self._subject}
        notes = [note for note in self._database.read(_KIND) if note["subject"] in subjects]
        return [{"of": self._subject, **note} for note in [*notes, *self._unwritten]]

    def _typed(self) -> list[dict[str, Any]]:
        return [note for note in self._notes() if "slice" in note]

    def _numbered(self) -> dict[tuple[str, str], Look]:
        looks: dict[tuple[str, str], Look] = {}
        for note in self._notes():
            key = note["key"], note["of"]
            if note["p"] is not None and key not in looks:
                number = len(looks) + 1
                looks[key] = Look(
                    number=number,
                    description=note["description"],
                    key=note["key"],
                    p=note["p"],
                    level=level_of_look(number, self.alpha),
                    at=note["at"],
                )
        return looks

    @property
    def next_level(self) -> float:
        """The p value that the next new look must reach."""
        return level_of_look(len(self.looks()) + 1, self.alpha)


def ledger_of(workspace: Workspace, scored: Scored) -> Ledger:
    """Return the looks at the checked books of a scored table."""
    return Ledger(workspace.database, titles_of(scored.labelled), scored.fingerprint)


# --- Slices that people gave a name: kept in the workspace's database, the newest of a name holds ---------------------


_SLICE_KIND, _SUBJECT = "slice", "named"


def save_slice(database: Database, named: Slice) -> None:
    """Keep a slice under its name; an earlier one of that name is no longer found.

    Raises
    ------
    InputError
        It has no name.
    """
    if not named.name.strip():
        raise InputError("A slice needs a name to be saved; give it one in a few words, such as 'verse'.")
    database.add(_SLICE_KIND, _SUBJECT, named.to_dict())


def saved_slices(database: Database) -> dict[str, Slice]:
    """Return name → slice, by name."""
    slices = {note["name"]: Slice.from_dict(note) for note in database.read(_SLICE_KIND, _SUBJECT)}
    return dict(sorted(slices.items()))


# --- Half of the checked titles is kept back from lists ---------------------------------------------------------------
#
# Half of the checked titles is kept back from lists, so that what a person notices there can be tested on it.
#
# Who reads the list of wrong titles and types the word that stands out in it has chosen the word by these titles:
# tested on them it looks convincing in a quarter of collections in which no word means anything. So lists show one
# half, which is drawn by a digest of the title and never by what is right or wrong, and typed words are tested on the
# other. What has been typed is shown, and takes no part in a later test; who asks to see everything can find, but not
# prove.

# Fewer books than this are not tested: they could not convince anybody, and would use up a look.
LEAST_BOOKS = 5


def held_back(labelled: pd.DataFrame, ledger: Ledger) -> Mask:
    """Tell for each checked book whether lists keep it back.

    Parameters
    ----------
    labelled : DataFrame
        Rows of the scored table with a truth.
    ledger : Ledger
        Of these books: titles with words that were typed, and those that somebody asked to see, are not kept back.
    """
    codes, titles = pd.factorize(titles_of(labelled))
    digests, shown = [digest(title) for title in titles], ledger.shown()
    second = np.array([int(name, 16) % 2 == 1 and name not in shown for name in digests], dtype=bool)
    mask = second[codes]
    for typed in ledger.typed():
        mask = mask & ~typed.mask(labelled)
    return np.asarray(mask)


@dataclass(frozen=True, kw_only=True)
class PhraseLook:
    """What came of words that somebody typed.

    Attributes
    ----------
    look : Look or None
        Its place in the ledger; None if too few of the books kept back have the words.
    n, errors : int
        Books with the words among those kept back until then, and the wrong ones.
    """

    look: Look | None
    n: int
    errors: int


def look_at_words(table: pd.DataFrame, classes: Sequence[str], slice_: Slice, ledger: Ledger) -> PhraseLook:
    """Test words that somebody typed on the titles that lists kept back, and write the look down.

    Parameters
    ----------
    table : DataFrame
        The scored table; only its rows with a truth count.
    classes : sequence of str
    slice_ : Slice
        See :func:`core.predicates.title_phrase`.

    Returns
    -------
    PhraseLook
        The p of its look is that of :func:`core.slices.slice_p_value` on these books. The same words are tested once.

    References
    ----------
    Cox, D. R. (1975). A note on data-splitting for the evaluation of significance levels. Biometrika 62.
    """
    p, n, errors = np.nan, 0, 0
    if slice_.key not in {typed.key for typed in ledger.typed()}:
        labelled = table[(table[TRUTH] != "").to_numpy(dtype=bool)]
        kept_back = labelled[held_back(labelled, ledger)]
        inside = kept_back[slice_.mask(kept_back)]
        n, errors = len(inside), int((~inside[CORRECT].astype(bool)).sum())
        p = slice_p_value(kept_back, classes, slice_, LEAST_BOOKS)
    note = ledger.add_words(slice_, p, n, errors)
    return PhraseLook(look=ledger.look_at(slice_), n=int(note["n"]), errors=int(note["errors"]))
