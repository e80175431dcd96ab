"""Which table holds what kind of note, and how a note becomes a row of it and a row a note again.

To the rest of Colophon a note is a mapping. What it must hold of its kind is checked here; one that does not (another
version wrote it) stays in the table of notes, never lost. What it holds beyond the columns of its table goes into the
column `more`.
"""

import json
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from sqlalchemy import Column, Connection, FromClause, RowMapping, Table, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from core.database import models

__all__ = ["KINDS", "Kind", "entry_row", "insert_entry", "item_rows", "newest_entry", "parse_note", "read_entries"]

# --- What a note must look like to be understood ----------------------------------------------------------------------


class _Note(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class _Decision(_Note):
    record_id: str
    label: str
    old: str
    note: str
    undone: bool


class _Sent(_Note):
    record_ids: list[str]
    reason: str


class _Cuts(_Note):
    cuts: dict[str, float] = {}
    stratum: str = ""
    by_stratum: dict[str, dict[str, float]] = {}


class _Policy(_Note):
    policy: _Cuts
    promise: dict[str, Any]
    labels: str
    because: str


class _Export(_Note):
    name: str
    accepted: int
    review: int
    settings: dict[str, Any]


class _Look(_Note):
    description: str
    key: str
    p: float | None


class _Question(_Note):
    key: str
    description: str
    books: str
    weight: float


class _CheckedBooks(_Note):
    books: list[str]


class _Draw(_Note):
    record_ids: list[str]
    chances: list[float]

    @model_validator(mode="after")
    def _pairs(self) -> "_Draw":
        if len(self.record_ids) != len(self.chances):
            raise ValueError("a chance for each book")
        return self


class _HowDrawn(_Note):
    answer: str


class _SavedSlice(_Note):
    name: str
    facts: list[Any]


class _Facet(_Note):
    name: str
    definition: str


class _FacetMark(_Note):
    record_id: str
    fits: bool


class _FacetSample(_Note):
    record_ids: list[str]
    strata: list[int]
    sizes: list[int]
    cut: float
    marks_up_to: int

    @model_validator(mode="after")
    def _pairs(self) -> "_FacetSample":
        if len(self.record_ids) != len(self.strata):
            raise ValueError("a stratum for each title")
        return self


class _Function(_Note):
    @model_validator(mode="after")
    def _says_something(self) -> "_Function":
        content = self.model_extra or {}
        if not isinstance(content.get("toml"), str) and not isinstance(content.get("removes"), list):
            raise ValueError("a function, or numbers of those that go")
        return self


class _LabelAudit(_Note):
    annotators: list[str]
    left_out: list[int]


class _BookLink(_Note):
    pattern: str


class _SecondOpinions(_Note):
    share: float


class _TrainingLabels(_Note):
    known: bool
    labels: dict[str, str]


class _ChosenCatalogue(_Note):
    corpus: str


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Where notes of a kind are kept.

    Attributes
    ----------
    model : type of Entry
        Its table; columns have the names of the note's keys.
    shape : type of pydantic model
        What a note must hold.
    item : type of Item, optional
        The table of what a note has many of.
    lists : mapping of str to str
        The note's lists → the column of `item` that holds their elements; the first is always there.
    """

    model: type[models.Entry]
    shape: type[_Note]
    item: type[models.Item] | None = None
    lists: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        """The table."""
        return cast(Table, self.model.__table__)

    @property
    def items(self) -> Table:
        """The table of what a note has many of."""
        assert self.item is not None
        return cast(Table, self.item.__table__)

    def full_lists(self, note: Mapping[str, Any]) -> list[str]:
        """Return which of its lists a note has, each as long as the first."""
        names = list(self.lists)
        return [
            name
            for name in names
            if isinstance(value := note.get(name), list)
            and len(value) == len(note[names[0]])
            and (name == names[0] or name in self.shape.model_fields or all(isinstance(each, str) for each in value))
        ]


_RECORDS: Final = {"record_ids": "record_id", "file_ids": "file_id"}
KINDS: Final[Mapping[str, Kind]] = {
    "decision": Kind(model=models.Decision, shape=_Decision),
    "review": Kind(model=models.SentToReview, shape=_Sent, item=models.ReviewItem, lists=_RECORDS),
    "policy": Kind(model=models.Policy, shape=_Policy),
    "export": Kind(model=models.Export, shape=_Export),
    "look": Kind(model=models.Look, shape=_Look),
    "question": Kind(model=models.Question, shape=_Question),
    "checked_books": Kind(
        model=models.CheckedSet, shape=_CheckedBooks, item=models.CheckedBook, lists={"books": "book"}
    ),
    "draw": Kind(
        model=models.Draw, shape=_Draw, item=models.DrawnBook, lists={"record_ids": "record_id", "chances": "chance"}
    ),
    "how_drawn": Kind(model=models.HowDrawn, shape=_HowDrawn),
    "slice": Kind(model=models.SavedSlice, shape=_SavedSlice),
    "facet": Kind(model=models.Facet, shape=_Facet),
    "facet_mark": Kind(model=models.FacetMark, shape=_FacetMark),
    "facet_sample": Kind(
        model=models.FacetSample,
        shape=_FacetSample,
        item=models.SampledTitle,
        lists={"record_ids": "record_id", "strata": "stratum"},
    ),
    "shown": Kind(model=models.TitlesShown, shape=_Note),
    "function": Kind(model=models.LabellingFunction, shape=_Function),
    "label_audit": Kind(model=models.LabelAudit, shape=_LabelAudit),
    "book_link": Kind(model=models.BookLink, shape=_BookLink),
    "second_opinions": Kind(model=models.SecondOpinions, shape=_SecondOpinions),
    "learned_from": Kind(model=models.TrainingLabels, shape=_TrainingLabels),
    "corpus_of_predictions": Kind(model=models.ChosenCatalogue, shape=_ChosenCatalogue),
}
_BY: Final = "by"
_OWN: Final = ("id", "at", "more", "person_id")


def parse_note(kind: str, content: str) -> dict[str, Any] | None:
    """Return what a note says, None when it is no JSON object or lacks what this version needs of its kind.

    >>> parse_note("look", '{"description": "verse", "key": "a", "p": null}')
    {'description': 'verse', 'key': 'a', 'p': None}
    >>> parse_note("decision", '{"record": "7", "verdict": "Fiction"}') is None
    True
    """
    try:
        note = json.loads(content)
        if known := KINDS.get(kind):
            known.shape.model_validate(note)
    except (ValueError, RecursionError, ValidationError):
        return None
    return note if isinstance(note, dict) else None


# --- From notes to rows -----------------------------------------------------------------------------------------------


def insert_entry(connection: Connection, kind: Kind, subject: str, note: Mapping[str, Any], at: str) -> int:
    """Write a note that is understood as a row of its table, and return the row's number."""
    row = entry_row(connection, kind, subject, note, at)
    written = connection.execute(insert(kind.table).values(row)).inserted_primary_key
    assert written is not None
    items = item_rows(kind, int(written[0]), note)
    if items:
        connection.execute(insert(kind.items), items)
    return int(written[0])


def entry_row(
    connection: Connection,
    kind: Kind,
    subject: str,
    note: Mapping[str, Any],
    at: str,
    known: MutableMapping[str, int] | None = None,
) -> dict[str, Any]:
    """Return a note as a row of its table, without a number.

    Parameters
    ----------
    known : mutable mapping of str to int, optional
        Name → number of the people that were looked up already; more are added.
    """
    row: dict[str, Any] = {column.name: None for column in kind.table.c if column.name != "id"}
    more: dict[str, Any] = {}
    taken = kind.full_lists(note)
    for key, value in note.items():
        column = kind.table.c.get(key)
        if key in taken:
            continue
        if key == _BY and "person_id" in row and isinstance(value, str):
            row["person_id"] = _person(connection, value, at, {} if known is None else known)
        elif column is not None and key not in (*_OWN, kind.model.about) and _fits(column, value):
            row[key] = value
        else:
            more[key] = value
    return row | {"at": at, kind.model.about: subject, "more": more or None}


def item_rows(kind: Kind, entry: int, note: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a note has many of, as rows that belong to its own."""
    lists = {kind.lists[name]: note[name] for name in kind.full_lists(note)}
    return [
        {
            "entry_id": entry,
            "place": place,
            **dict.fromkeys(kind.lists.values()),
            **dict(zip(lists, values, strict=True)),
        }
        for place, values in enumerate(zip(*lists.values(), strict=True))
    ]


def _fits(column: Column[Any], value: Any) -> bool:
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, models.JsonText):
        return True
    wanted = column.type.python_type
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    return isinstance(value, (float, int) if wanted is float else wanted) and isinstance(value, bool) == (
        wanted is bool
    )


def _person(connection: Connection, name: str, at: str, known: MutableMapping[str, int]) -> int | None:
    """Return the number of a person; who is new here gets one. '' is nobody."""
    if not name or name in known:
        return known.get(name)
    people = cast(Table, models.Person.__table__)
    # Somebody else may write the same name at the same moment.
    new = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(people)
    numbered = select(people.c.id).where(people.c.name == name)
    number = connection.execute(numbered).scalar()
    if number is None:
        connection.execute(new.values(name=name, at=at).on_conflict_do_nothing())
        number = connection.execute(numbered).scalar_one()
    known[name] = int(number)
    return int(number)


# --- From rows to notes -----------------------------------------------------------------------------------------------


def newest_entry(connection: Connection, kind: Kind, subject: str | None) -> int:
    """Return the number of the newest row, 0 when there is none."""
    query = select(func.max(kind.table.c.id))
    if subject is not None:
        query = query.where(kind.table.c[kind.model.about] == subject)
    return int(connection.execute(query).scalar() or 0)


def read_entries(connection: Connection, kind: Kind, subject: str | None, after: int = 0) -> list[dict[str, Any]]:
    """Return the rows (about one subject, with a number above `after`) as notes, oldest first."""
    table, about = kind.table, kind.model.about
    stored = [column for column in table.c if column.name not in (*_OWN, about)]
    columns: list[Any] = [table.c.id, table.c.at, table.c[about].label("subject"), table.c.more]
    source: FromClause = table
    if "person_id" in table.c:
        people = cast(Table, models.Person.__table__)
        columns.append(people.c.name.label(_BY))
        source = table.outerjoin(people, table.c.person_id == people.c.id)
    query = select(*columns, *stored).select_from(source).where(table.c.id > after)
    if subject is not None:
        query = query.where(table.c[about] == subject)
    result = connection.execute(query.order_by(table.c.id))
    keys = list(result.keys())
    optional = {column.name for column in stored if column.nullable} - set(kind.shape.model_fields) | {_BY}
    notes = [_note(keys, row, optional) for row in result.all()]
    if kind.lists and notes:
        _add_lists(connection, kind, subject, after, notes)
    return notes


def _note(keys: Sequence[str], row: Sequence[Any], optional: set[str]) -> dict[str, Any]:
    note = {key: value for key, value in zip(keys, row, strict=True) if value is not None or key not in optional}
    return note | (note.pop("more") or {})


def _add_lists(
    connection: Connection, kind: Kind, subject: str | None, after: int, notes: Sequence[dict[str, Any]]
) -> None:
    items, table = kind.items, kind.table
    query = select(items).join(table, table.c.id == items.c.entry_id).where(table.c.id > after)
    if subject is not None:
        query = query.where(table.c[kind.model.about] == subject)
    by_number: dict[int, list[RowMapping]] = {note["id"]: [] for note in notes}
    for row in connection.execute(query.order_by(items.c.entry_id, items.c.place)).mappings():
        by_number.get(row["entry_id"], []).append(row)
    for note in notes:
        for name, column in kind.lists.items():
            values = [row[column] for row in by_number[note["id"]]]
            if name in kind.shape.model_fields or any(value is not None for value in values):
                note[name] = values
