"""The tables of a workspace's database, as SQLAlchemy's declarative models.

What a person chose is only ever added. Each such row holds the moment it was written, what it is about (`subject`, in a
column with a name of its own), and what a version may add without a column (`more`, JSON). The numbers of a table's
rows rise by the order of writing, whatever the clock said.
"""

import json
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

__all__ = [
    "HEAD",
    "Base",
    "CheckedBook",
    "CheckedSet",
    "Claim",
    "Decision",
    "Draw",
    "DrawnBook",
    "Entry",
    "Export",
    "HowDrawn",
    "Item",
    "JsonText",
    "Look",
    "Name",
    "Note",
    "Person",
    "Policy",
    "Question",
    "ReviewItem",
    "SavedSlice",
    "SentToReview",
]

# The newest of core/database/migrations/versions. Whoever changes a table writes a migration and names it here.
HEAD: Final = "0002"

_ABOUT: Final = 120
_MOMENT: Final = 32


class JsonText(TypeDecorator[Any]):
    """JSON as text: PostgreSQL's own type refuses what Python's JSON may hold, such as NaN."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return what is written."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return what was written."""
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """All tables."""


class Name(Base):
    """The name of a thing: a pointer to its fingerprint."""

    __tablename__ = "names"
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(_ABOUT), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    pointed_at: Mapped[str] = mapped_column(String(_MOMENT))


class Note(Base):
    """What has no table of its own: small choices, and what other versions wrote that this one does not understand."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(_ABOUT), index=True)
    content: Mapped[str] = mapped_column(Text)
    at: Mapped[str] = mapped_column(String(_MOMENT))


class Claim(Base):
    """Who looks at a record at the moment: the only rows that are changed and removed."""

    __tablename__ = "claims"
    predictions: Mapped[str] = mapped_column(String(_ABOUT), primary_key=True)
    record_id: Mapped[str] = mapped_column(Text, primary_key=True)
    holder: Mapped[str] = mapped_column(Text)
    until: Mapped[float] = mapped_column(Float)  # seconds since 1970


class Person(Base):
    """Somebody who decided, kept or exported something, by the name given."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    at: Mapped[str] = mapped_column(String(_MOMENT))


class Entry(Base):
    """What all tables have that are only ever added to."""

    __abstract__ = True
    # What a row is about is found by it, in the order of writing.
    about: str = "subject"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True, sort_order=-3)
    at: Mapped[str] = mapped_column(String(_MOMENT), sort_order=-2)
    more: Mapped[dict[str, Any] | None] = mapped_column(JsonText, sort_order=1)

    @declared_attr
    @classmethod
    def subject(cls) -> Mapped[str]:
        """Return the column that says what the row is about."""
        return mapped_column(cls.about, String(_ABOUT), sort_order=-1)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (Index(f"ix_{cls.__tablename__}_{cls.about}", cls.about, "id"), *cls.constraints())

    @classmethod
    def constraints(cls) -> tuple[Any, ...]:
        """Return what else holds of the table."""
        return ()


class Item(Base):
    """What a row has many of, each in its place."""

    __abstract__ = True

    @declared_attr
    @classmethod
    def entry_id(cls) -> Mapped[int]:
        """Return the column that says which row it belongs to."""
        return mapped_column(ForeignKey(f"{cls.belongs_to()}.id"), primary_key=True, sort_order=-2)

    place: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-1)

    @classmethod
    def belongs_to(cls) -> str:
        """Return the name of the table whose rows have these."""
        raise NotImplementedError


class Decision(Entry):
    """What a person decided of one record, or that a decision was taken back (then it has no label)."""

    __tablename__ = "decisions"
    about = "predictions"
    record_id: Mapped[str] = mapped_column(Text)
    file_id: Mapped[str | None] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    old: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    session: Mapped[str | None] = mapped_column(Text)
    undone: Mapped[bool] = mapped_column(Boolean)
    undoes: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    opinion: Mapped[str | None] = mapped_column(Text)
    blind: Mapped[bool | None] = mapped_column(Boolean)

    @classmethod
    def constraints(cls) -> tuple[Any, ...]:
        """Return that a decision is taken back once, and how those of one record and of one window are found."""
        return (
            UniqueConstraint("undoes", name="uq_decisions_undoes"),
            Index("ix_decisions_record", "predictions", "record_id", "id"),
            Index("ix_decisions_session", "predictions", "session", "id"),
        )


class SentToReview(Entry):
    """That records were put on the review list together, and why."""

    __tablename__ = "sent_to_review"
    about = "predictions"
    reason: Mapped[str] = mapped_column(Text)


class ReviewItem(Item):
    """A record on the review list."""

    __tablename__ = "review_items"
    record_id: Mapped[str] = mapped_column(Text)
    file_id: Mapped[str | None] = mapped_column(Text)

    @classmethod
    def belongs_to(cls) -> str:
        """Return the table's name."""
        return SentToReview.__tablename__


class Draw(Entry):
    """A list of books that was drawn to be labelled."""

    __tablename__ = "draws"
    about = "draw"


class DrawnBook(Item):
    """A book of a draw, and the chance with which it was drawn."""

    __tablename__ = "drawn_books"
    record_id: Mapped[str] = mapped_column(Text)
    chance: Mapped[float] = mapped_column(Float)

    @classmethod
    def belongs_to(cls) -> str:
        """Return the table's name."""
        return Draw.__tablename__


class HowDrawn(Entry):
    """What a person says of how the books of a label set came to be checked."""

    __tablename__ = "how_drawn"
    about = "labels"
    answer: Mapped[str] = mapped_column(Text)


class CheckedSet(Entry):
    """A set of checked books of which something was asked."""

    __tablename__ = "checked_sets"
    about = "books"


class CheckedBook(Item):
    """The digest of the title of a checked book."""

    __tablename__ = "checked_books"
    book: Mapped[str] = mapped_column(Text)

    @classmethod
    def belongs_to(cls) -> str:
        """Return the table's name."""
        return CheckedSet.__tablename__


class Question(Entry):
    """A question asked of checked books, and the part of alpha that it may spend."""

    __tablename__ = "questions"
    about = "scope"
    key: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    books: Mapped[str] = mapped_column(String(_ABOUT))
    weight: Mapped[float] = mapped_column(Float)
    sequence: Mapped[str | None] = mapped_column(Text)


class Look(Entry):
    """A look at a slice of checked books: what was looked at, and what came out."""

    __tablename__ = "looks"
    about = "books"
    description: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    p: Mapped[float | None] = mapped_column(Float)
    of: Mapped[str | None] = mapped_column(String(_ABOUT))
    n: Mapped[int | None] = mapped_column(Integer)
    errors: Mapped[int | None] = mapped_column(Integer)
    slice: Mapped[dict[str, Any] | None] = mapped_column(JsonText)


class SavedSlice(Entry):
    """A slice that somebody gave a name; the newest of a name holds."""

    __tablename__ = "saved_slices"
    about = "scope"
    name: Mapped[str] = mapped_column(Text)
    facts: Mapped[list[Any]] = mapped_column(JsonText)


class Policy(Entry):
    """Cuts that were kept for predictions, with the promise they were chosen for."""

    __tablename__ = "policies"
    about = "predictions"
    policy: Mapped[dict[str, Any]] = mapped_column(JsonText)
    promise: Mapped[dict[str, Any]] = mapped_column(JsonText)
    labels: Mapped[str] = mapped_column(Text)
    because: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Export(Entry):
    """A zip that was written, with the settings it was written by."""

    __tablename__ = "exports"
    about = "predictions"
    name: Mapped[str] = mapped_column(Text)
    path: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64))
    accepted: Mapped[int] = mapped_column(Integer)
    review: Mapped[int] = mapped_column(Integer)
    settings: Mapped[dict[str, Any]] = mapped_column(JsonText)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
