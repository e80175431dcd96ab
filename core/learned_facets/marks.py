"""A learned facet, the marks people give for it, and the random samples that are drawn to measure it.

Rows are only ever added: a mark is corrected by a further mark and taken back by a row that names it, so that the
newest row that was not taken back is what holds of a record.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from core.database import Database
from core.errors import InputError, NameTakenError, NotFoundError, unknown_name
from core.storage import digest

__all__ = [
    "FacetLog",
    "FacetMark",
    "FacetSample",
    "LearnedFacet",
    "RecentYield",
    "Via",
    "add_mark",
    "add_marks",
    "create_facet",
    "facet_log",
    "find_facet",
    "list_facets",
    "newest_sample",
    "remove_facet",
    "rename_facet",
    "save_sample",
    "undo_mark",
]

Via = Literal["suggestion", "search", "sample", ""]
LONGEST_NAME: Final = 60  # characters: it becomes a class name
_FACET, _MARK, _SAMPLE = "facet", "facet_mark", "facet_sample"


@dataclass(frozen=True, kw_only=True)
class LearnedFacet:
    """A side from which a curator looks at one corpus, such as travel: titles fit it or do not.

    Attributes
    ----------
    corpus : str
        Fingerprint.
    definition : str
        What fits, in the curator's words; may be ''.
    created_at : str
        UTC, ISO 8601.
    origin : str
        The name it was begun with, in lower case, and a number where another facet was begun with that name before: it
        never changes.
    """

    name: str
    corpus: str
    definition: str = ""
    by: str = ""
    created_at: str = ""
    origin: str = ""

    @property
    def key(self) -> str:
        """What marks and samples of it are kept under, whatever it is called now."""
        return digest(_FACET, self.corpus, self.origin or self.name.casefold())

    @property
    def classes(self) -> tuple[str, str]:
        """The class of what fits, and of what does not."""
        return self.name, f"not {self.name}"


@dataclass(frozen=True, kw_only=True)
class FacetMark:
    """What a person said of one record, or that a mark was taken back.

    Attributes
    ----------
    id : int
        Rises in the order of writing.
    fits : bool
        Meaningless in a row that takes another back.
    via : {'suggestion', 'search', 'sample', ''}
        Where the record was seen.
    undoes : int
        Number of the mark that this row takes back; 0 for a mark.
    """

    id: int
    record_id: str
    fits: bool
    via: Via = ""
    by: str = ""
    session: str = ""
    created_at: str = ""
    undoes: int = 0


@dataclass(frozen=True, kw_only=True)
class FacetSample:
    """Records that were drawn at random, within strata of the score, from those that nobody had marked.

    Attributes
    ----------
    record_ids : tuple of str
        In random order.
    strata : tuple of int
        Stratum of each: 0 for those at or above the cut, then by falling score.
    sizes : tuple of int
        Records of each stratum, drawn or not.
    cut : float
        Score from which a record was suggested, 0 to 1.
    marks_up_to : int
        Number of the newest row when it was drawn: what was marked by then is known, and is no part of the sample.
    """

    id: int
    record_ids: tuple[str, ...]
    strata: tuple[int, ...]
    sizes: tuple[int, ...]
    cut: float
    marks_up_to: int

    def chances(self) -> list[float]:
        """Return the chance with which each record was drawn, above 0 to 1."""
        drawn = [self.strata.count(stratum) for stratum in range(len(self.sizes))]
        return [drawn[stratum] / self.sizes[stratum] for stratum in self.strata]


@dataclass(frozen=True)
class RecentYield:
    """Of the last `n` suggestions that were marked, how many fitted."""

    n: int
    fitting: int


@dataclass(frozen=True)
class FacetLog:
    """All rows about one facet, oldest first, and what holds of them.

    Attributes
    ----------
    sample : FacetSample, optional
        The one drawn last; earlier ones count no more.
    """

    rows: tuple[FacetMark, ...] = ()
    sample: FacetSample | None = None

    @cached_property
    def undone(self) -> frozenset[int]:
        """Numbers of the marks that were taken back."""
        return frozenset(row.undoes for row in self.rows if row.undoes)

    @cached_property
    def current(self) -> Mapping[str, FacetMark]:
        """Record → the mark that holds."""
        return {row.record_id: row for row in self.rows if not row.undoes and row.id not in self.undone}

    @property
    def newest(self) -> int:
        """Number of the newest row; 0 for none."""
        return self.rows[-1].id if self.rows else 0

    @cached_property
    def sampled(self) -> frozenset[str]:
        """Records of the sample drawn last: the model does not learn from them."""
        return frozenset(self.sample.record_ids) if self.sample else frozenset()

    @cached_property
    def training(self) -> Mapping[str, bool]:
        """Record → whether it fits, of the marks that the model learns from."""
        return {name: mark.fits for name, mark in self.current.items() if name not in self.sampled}

    def count(self, *, fits: bool) -> int:
        """Return how many records are marked so, those of the sample too."""
        return sum(mark.fits is fits for mark in self.current.values())

    def known_at_draw(self) -> frozenset[str]:
        """Return the records that were marked when the last sample was drawn."""
        if self.sample is None:
            return frozenset()
        before = tuple(row for row in self.rows if row.id <= self.sample.marks_up_to)
        return frozenset(FacetLog(before).current)

    def latest_of_session(self, session: str) -> FacetMark | None:
        """Return the last mark that was made in this window and holds; None for none."""
        own = [mark for mark in self.current.values() if session and mark.session == session]
        return max(own, key=lambda mark: mark.id, default=None)

    def recent_yield(self, n: int = 40) -> RecentYield:
        """Return how many of the last suggestions that were marked fitted."""
        last = sorted((m for m in self.current.values() if m.via == "suggestion"), key=lambda mark: mark.id)[-n:]
        return RecentYield(len(last), sum(mark.fits for mark in last))


def create_facet(database: Database, corpus: str, name: str, definition: str = "", *, by: str = "") -> LearnedFacet:
    """Begin a facet of the corpus with this fingerprint.

    Raises
    ------
    InputError
        The name is empty or too long.
    NameTakenError
        The corpus has a facet of this name.
    """
    plain = _checked_name(name)

    def row(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        _refuse_taken(plain, _folded(notes, corpus))
        return {"name": plain, "definition": " ".join(definition.split()), "by": by}

    database.append(_FACET, corpus, row)
    return find_facet(database, corpus, plain)


def rename_facet(
    database: Database, facet: LearnedFacet, name: str, definition: str | None = None, *, by: str = ""
) -> LearnedFacet:
    """Give a facet another name, and where one is given another definition; its marks and samples stay with it.

    Raises
    ------
    InputError
        The name is empty or too long.
    NameTakenError
        Another facet of the corpus has it.
    NotFoundError
        Somebody has renamed or removed the facet meanwhile.
    """
    plain = _checked_name(name)
    words = facet.definition if definition is None else " ".join(definition.split())

    def row(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        others = [other for other in _still_there(notes, facet) if other.origin != facet.origin]
        _refuse_taken(plain, others)
        return {"name": facet.name, "definition": words, "renamed_to": plain, "by": by}

    database.append(_FACET, facet.corpus, row)
    return find_facet(database, facet.corpus, plain)


def remove_facet(database: Database, facet: LearnedFacet, *, by: str = "") -> None:
    """Take a facet off the list; labels and predictions that were made of it stay.

    Raises
    ------
    NotFoundError
        Somebody has renamed or removed it meanwhile.
    """

    def row(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        _still_there(notes, facet)
        return {"name": facet.name, "definition": facet.definition, "removed": True, "by": by}

    database.append(_FACET, facet.corpus, row)


def _checked_name(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST_NAME:
        raise InputError(
            f"A facet needs a name of at most {LONGEST_NAME} characters, such as 'travel'; '{plain}' came."
        )
    return plain


def _refuse_taken(name: str, facets: Sequence[LearnedFacet]) -> None:
    if any(facet.name.casefold() == name.casefold() for facet in facets):
        raise NameTakenError(f"This collection has a facet called '{name}' already. Give another name.")


def _still_there(notes: Sequence[Mapping[str, Any]], facet: LearnedFacet) -> list[LearnedFacet]:
    facets = _folded(notes, facet.corpus)
    if not any((other.origin, other.name) == (facet.origin, facet.name) for other in facets):
        raise NotFoundError(f"The facet '{facet.name}' was renamed or removed meanwhile; nothing was changed.")
    return facets


def _folded(notes: Sequence[Mapping[str, Any]], corpus: str) -> list[LearnedFacet]:
    """Return the facets there are after all notes, in the order in which they were begun."""
    facets: dict[str, LearnedFacet] = {}  # by origin
    begun: Counter[str] = Counter()
    for note in notes:
        name = note["name"].casefold()
        held = next((facet for facet in facets.values() if facet.name.casefold() == name), None)
        if held is not None and note.get("removed"):
            del facets[held.origin]
        elif held is not None and isinstance(note.get("renamed_to"), str):
            facets[held.origin] = replace(held, name=note["renamed_to"], definition=note["definition"])
        elif held is None and not note.get("removed") and "renamed_to" not in note:
            origin = f"{name}#{begun[name] + 1}" if begun[name] else name
            begun[name] += 1
            facets[origin] = LearnedFacet(
                name=note["name"],
                corpus=corpus,
                definition=note["definition"],
                by=str(note.get("by", "")),
                created_at=str(note.get("at", "")),
                origin=origin,
            )
    return list(facets.values())


def list_facets(database: Database, corpus: str) -> list[LearnedFacet]:
    """Return the facets of the corpus with this fingerprint, in the order in which they were begun."""
    return _folded(database.read(_FACET, corpus), corpus)


def find_facet(database: Database, corpus: str, name: str) -> LearnedFacet:
    """Return the facet called `name`, whatever its case.

    Raises
    ------
    NotFoundError
        With the names of those there are.
    """
    facets = list_facets(database, corpus)
    wanted = " ".join(name.split()).casefold()
    for facet in facets:
        if facet.name.casefold() == wanted:
            return facet
    raise NotFoundError(unknown_name("facet", name, [facet.name for facet in facets]))


def facet_log(database: Database, facet: LearnedFacet) -> FacetLog:
    """Return all that was said about a facet, and the sample drawn last."""
    rows = tuple(
        FacetMark(
            id=note["id"],
            record_id=note["record_id"],
            fits=note["fits"],
            via=note.get("via", ""),
            by=str(note.get("by", "")),
            session=str(note.get("session", "")),
            created_at=note["at"],
            undoes=int(note.get("undoes", 0)),
        )
        for note in database.read(_MARK, facet.key)
    )
    return FacetLog(rows, newest_sample(database, facet))


def newest_sample(database: Database, facet: LearnedFacet) -> FacetSample | None:
    """Return the sample drawn last; None for none."""
    notes = database.read(_SAMPLE, facet.key, after=database.newest(_SAMPLE, facet.key) - 1)
    if not notes:
        return None
    note = notes[-1]
    return FacetSample(
        id=note["id"],
        record_ids=tuple(note["record_ids"]),
        strata=tuple(note["strata"]),
        sizes=tuple(note["sizes"]),
        cut=float(note["cut"]),
        marks_up_to=note["marks_up_to"],
    )


def add_mark(
    database: Database,
    facet: LearnedFacet,
    record_id: str,
    *,
    fits: bool,
    via: Via = "",
    by: str = "",
    session: str = "",
) -> bool:
    """Say whether a record fits; see :func:`add_marks`."""
    return bool(add_marks(database, facet, {record_id: fits}, via=via, by=by, session=session))


def add_marks(
    database: Database,
    facet: LearnedFacet,
    marks: Mapping[str, bool],
    *,
    via: Via = "",
    by: str = "",
    session: str = "",
) -> int:
    """Say of several records whether they fit, all at once.

    Returns
    -------
    int
        How many rows were written: none for what holds already (a key pressed twice).
    """
    held = facet_log(database, facet).current
    rows = [
        {"record_id": record_id, "fits": fits, "via": via, "by": by, "session": session, "undoes": 0}
        for record_id, fits in marks.items()
        if record_id not in held or held[record_id].fits is not fits
    ]
    database.add(_MARK, facet.key, *rows)
    return len(rows)


def undo_mark(database: Database, facet: LearnedFacet, number: int, *, by: str = "", session: str = "") -> FacetMark:
    """Take back the mark with this number by a further row, and return the mark.

    Raises
    ------
    NotFoundError
        There is no such mark, or it was taken back already.
    """
    marks = {row.id: row for row in facet_log(database, facet).rows if not row.undoes}

    def row(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        if number not in marks or any(note.get("undoes") == number for note in notes):
            raise NotFoundError("This mark was taken back already: there is nothing to undo.")
        taken = marks[number]
        return {
            "record_id": taken.record_id,
            "fits": taken.fits,
            "via": "",
            "by": by,
            "session": session,
            "undoes": number,
        }

    database.append(_MARK, facet.key, row)
    return marks[number]


def save_sample(
    database: Database,
    facet: LearnedFacet,
    *,
    record_ids: Sequence[str],
    strata: Sequence[int],
    sizes: Sequence[int],
    cut: float,
    marks_up_to: int,
) -> None:
    """Keep which records were drawn, before anybody looks at them; see :class:`FacetSample`."""
    database.add(
        _SAMPLE,
        facet.key,
        {
            "record_ids": list(record_ids),
            "strata": list(strata),
            "sizes": list(sizes),
            "cut": cut,
            "marks_up_to": marks_up_to,
        },
    )
