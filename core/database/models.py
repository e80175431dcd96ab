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
    "BookLink",
    "CheckedBook",
    "CheckedSet",
    "ChosenCatalogue",
    "Claim",
    "Decision",
    "Draw",
    "DrawnBook",
    "Entry",
    "Export",
    "Facet",
    "FacetMark",
    "FacetSample",
    "HowDrawn",
    "Item",
    "JsonText",
    "LabelAudit",
    "LabellingFunction",
    "Look",
    "Name",
    "Note",
    "Person",
    "Policy",
    "Question",
    "ReviewItem",
    "SampledTitle",
    "SavedSlice",
    "SecondOpinions",
    "SentToReview",
    "TitlesShown",
    "TrainingLabels",
]

# The newest of core/database/migrations/versions. Whoever changes a table writes a migration and names it here.
HEAD: Final = "0003"

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
    """What has no table of its own: what other versions wrote that this one does not understand."""

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
    # The table whose rows have these.
    belongs_to: str

    @declared_attr
    @classmethod
    def entry_id(cls) -> Mapped[int]:
        """Return the column that says which row it belongs to."""
        return mapped_column(ForeignKey(f"{cls.belongs_to}.id"), primary_key=True, sort_order=-2)

    place: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-1)


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
    belongs_to = SentToReview.__tablename__
    record_id: Mapped[str] = mapped_column(Text)
    file_id: Mapped[str | None] = mapped_column(Text)


class Draw(Entry):
    """A list of books that was drawn to be labelled."""

    __tablename__ = "draws"
    about = "draw"


class DrawnBook(Item):
    """A book of a draw, and the chance with which it was drawn."""

    __tablename__ = "drawn_books"
    belongs_to = Draw.__tablename__
    record_id: Mapped[str] = mapped_column(Text)
    chance: Mapped[float] = mapped_column(Float)


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
    belongs_to = CheckedSet.__tablename__
    book: Mapped[str] = mapped_column(Text)


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


class Facet(Entry):
    """That a learned facet of a corpus was begun, renamed or removed."""

    __tablename__ = "facets"
    about = "corpus"
    name: Mapped[str] = mapped_column(Text)
    definition: Mapped[str] = mapped_column(Text)
    renamed_to: Mapped[str | None] = mapped_column(Text)
    removed: Mapped[bool | None] = mapped_column(Boolean)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class FacetMark(Entry):
    """What a person said of a title: that it fits a facet or not, or that a mark was taken back."""

    __tablename__ = "facet_marks"
    about = "facet"
    record_id: Mapped[str] = mapped_column(Text)
    fits: Mapped[bool] = mapped_column(Boolean)
    via: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    session: Mapped[str | None] = mapped_column(Text)
    undoes: Mapped[int | None] = mapped_column(Integer)


class FacetSample(Entry):
    """A random sample of unmarked titles that was drawn to measure a facet."""

    __tablename__ = "facet_samples"
    about = "facet"
    sizes: Mapped[list[int]] = mapped_column(JsonText)
    cut: Mapped[float] = mapped_column(Float)
    marks_up_to: Mapped[int] = mapped_column(Integer)


class SampledTitle(Item):
    """A title of such a sample, and the stratum of the score from which it was drawn."""

    __tablename__ = "sampled_titles"
    belongs_to = FacetSample.__tablename__
    record_id: Mapped[str] = mapped_column(Text)
    stratum: Mapped[int] = mapped_column(Integer)


class TitlesShown(Entry):
    """That somebody read all titles of a set of checked books."""

    __tablename__ = "titles_shown"
    about = "books"


class LabellingFunction(Entry):
    """A labelling function that was kept, or the numbers of those that were removed."""

    __tablename__ = "labelling_functions"
    about = "scope"
    toml: Mapped[str | None] = mapped_column(Text)
    removes: Mapped[list[int] | None] = mapped_column(JsonText)


class LabelAudit(Entry):
    """At which annotators an audit of a label set pointed, and how many books would be left out with each."""

    __tablename__ = "label_audits"
    about = "labels"
    annotators: Mapped[list[str]] = mapped_column(JsonText)
    left_out: Mapped[list[int]] = mapped_column(JsonText)
    false_alarm: Mapped[float | None] = mapped_column(Float)


class BookLink(Entry):
    """The pattern of the addresses at which a library shows its books."""

    __tablename__ = "book_links"
    about = "scope"
    pattern: Mapped[str] = mapped_column(Text)


class SecondOpinions(Entry):
    """Which share of the books in Review goes to two people."""

    __tablename__ = "second_opinions"
    about = "predictions"
    share: Mapped[float] = mapped_column(Float)


class TrainingLabels(Entry):
    """What a person says a model learned from: name → fingerprint of label sets."""

    __tablename__ = "training_labels"
    about = "predictions"
    known: Mapped[bool] = mapped_column(Boolean)
    labels: Mapped[dict[str, str]] = mapped_column(JsonText)


class ChosenCatalogue(Entry):
    """Which corpus a person chose for predictions made elsewhere."""

    __tablename__ = "chosen_catalogues"
    about = "predictions"
    corpus: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str | None] = mapped_column(String(64))
