"""What an export is made of: records, original columns, decisions and the library's own evidence, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from core.classes import class_key
from core.errors import InputError
from core.export.decisions import (
    ABSTAINED,
    ACCEPTED,
    CURATOR,
    HUMAN_LABEL_KEPT,
    NOT_MATCHED,
    REJECTED,
    DecisionCounts,
    count_decisions,
    decide,
    genre_labels,
)
from core.export.settings import Column, ExportSettings, added_columns, original_column_name, probability_names
from core.export.terms import LITERARY_FORMS, GenreTerm
from core.readers.marc import literary_form, split_genres
from core.readers.marc_record import MarcRecord
from core.schema import (
    CONFIDENCE,
    LABEL,
    PREDICTED,
    PROBABILITY_PREFIX,
    RECORD_ID,
    SOURCE,
    TRUTH,
    TRUTH_GIVEN,
    probability_column,
)
from core.thresholds import Policy

__all__ = [
    "MARC",
    "ExportTable",
    "catalogue_labels",
    "coded_not_fiction",
    "form_labels",
    "holds_marc",
    "prepare",
]

# --- What the library's own MARC records already say of a label -------------------------------------------------------
# Genre terms and literary form that no machine wrote.


_PROSE: Final = ("1", "f", "j")  # fiction, novels, short stories
_VERSE_AND_DRAMA: Final = ("p", "d")
_FACT: Final = ("0", " ", "e", "i", "s")  # not fiction (blank: the code before 1997), essays, letters, speeches


def form_labels(classes: Sequence[str], answer: str) -> dict[str, str]:
    """Return code of 008/33 → label, for codes that speak of the labels.

    Where a code cannot be turned into a label (verse while the question of :mod:`core.export.terms` is open, mixed
    forms, humour) its name stands instead: a cataloguer has spoken, so it blocks, and nobody is said to agree.

    Examples
    --------
    >>> form_labels(["Fiction", "Non-fiction"], "")["p"]
    'poetry (008/33)'
    >>> form_labels(["History", "Law"], "")
    {}
    """
    keys = {class_key(name): name for name in classes}
    fiction, fact = keys.get("fiction"), keys.get("nonfiction")
    if fiction is None and fact is None:
        return {}
    label_by_code = dict.fromkeys(_PROSE, fiction or "") | dict.fromkeys(_FACT, fact or "")
    if answer:
        label_by_code |= dict.fromkeys(_VERSE_AND_DRAMA, (fiction if answer == "yes" else fact) or "")
    known = (" ", *(code for code in LITERARY_FORMS if code not in "u|"))
    return {code: label_by_code.get(code) or f"{LITERARY_FORMS.get(code, 'not fiction')} (008/33)" for code in known}


def catalogue_labels(marc: pd.Series, classes: Sequence[str], settings: ExportSettings) -> pd.Series:
    """Return for each record what its genre terms and literary form say, '' where they say nothing.

    Several different answers are joined by ' | '. Terms that a machine assigned (655 linked by $8 to an 883 with first
    indicator 0 or 1) are no human label and are passed over.
    """
    terms: Mapping[str, str] = {term.term: label for label, term in settings.terms_for(classes).items()}
    genre, forms = [], []
    meaning = form_labels(classes, settings.answer)
    for text in marc.tolist():
        record = MarcRecord.from_json(text) if text else MarcRecord(" " * 24)
        genre.append(" ; ".join(field.get("a") for field in split_genres(record)[0]))
        forms.append(meaning.get(literary_form(record), ""))
    labels = genre_labels(pd.Series(genre, dtype="str"), classes, {**terms, **settings.genre_terms})
    joined = [" | ".join(dict.fromkeys(filter(None, pair))) for pair in zip(labels.tolist(), forms, strict=True)]
    return pd.Series(joined, index=marc.index, dtype="str")


def coded_not_fiction(marc: pd.Series) -> pd.Series:
    """Return which records are coded '0' ("not fiction") in 008/33 and carry no genre term of people.

    That code is what cataloguing software writes unless somebody changes it, so it is weak evidence. It stands all the
    same: MARC 21 gives it a meaning, nobody can tell a default from a decision, and a machine's label is never written
    over what may be a person's. Since it may settle a whole catalogue, it is counted and said
    (:func:`core.export.readme.coded_by_default`).
    """
    coded = []
    for text in marc.tolist():
        record = MarcRecord.from_json(text) if text else MarcRecord(" " * 24)
        coded.append(literary_form(record) == "0" and not split_genres(record)[0])
    return pd.Series(coded, index=marc.index, dtype=bool)


# --- What an export is made of ----------------------------------------------------------------------------------------
# Records, original columns and decisions, side by side, in the order of the identifiers.


MARC: Final = "marc"  # the column in which core.readers.marc keeps the whole record (MARC-in-JSON)


@dataclass(frozen=True, kw_only=True)
class ExportTable:
    """Everything the writers read. Row *i* of each part is one record; rows are sorted by identifier.

    Attributes
    ----------
    records : DataFrame
        Normalised records (:data:`core.schema.RECORDS_COLUMNS`).
    originals : DataFrame
        The columns of the library's file as they came, text, without the column that holds whole MARC records.
    decisions : DataFrame
        As :func:`core.export.decisions.decide` returns it.
    probabilities : mapping
        Class → array of probabilities, where known.
    labels : tuple of str
        Every label that can occur, sorted.
    terms : mapping
        Label → term.
    marc : Series or None
        The library's own MARC records (MARC-in-JSON), '' where there is none.
    unmatched : DataFrame
        Predictions whose record is not in the file: ``record_id``, ``predicted``, ``confidence``.
    checked : bool array
        Which records have a label that the accuracy is measured on, wherever it comes from
        (:attr:`core.export.settings.ExportSettings.measured_on`).
    """

    settings: ExportSettings
    records: pd.DataFrame
    originals: pd.DataFrame
    decisions: pd.DataFrame
    probabilities: Mapping[str, np.ndarray]
    labels: tuple[str, ...]
    terms: Mapping[str, GenreTerm]
    marc: pd.Series | None
    unmatched: pd.DataFrame
    checked: np.ndarray

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def counts(self) -> DecisionCounts:
        """How many records went which way."""
        return count_decisions(self.decisions)

    @cached_property
    def columns_read(self) -> list[tuple[str, ...]]:
        """What the model read of each record: of the columns it can read those that have a value; () where unknown."""
        first, more = self.settings.model.input_columns[:1], self.settings.model.input_columns[1:]
        if not more:
            return [first] * len(self)
        known = {str(name): self.originals[name] for name in self.originals.columns}
        nothing = [False] * len(self)
        filled = [(known[name].str.strip() != "").tolist() if name in known else nothing for name in more]
        return [
            (*first, *(name for name, has in zip(more, row, strict=True) if has)) for row in zip(*filled, strict=True)
        ]

    @cached_property
    def marc_texts(self) -> list[str]:
        """The library's own MARC records, '' where there is none."""
        return [""] * len(self) if self.marc is None else self.marc.tolist()

    def rows(self, *decisions: str) -> np.ndarray:
        """Return the positions of the records with these decisions, in order of identifier."""
        return np.flatnonzero(self.decisions["pred_decision"].isin(decisions).to_numpy())

    @cached_property
    def coded_not_fiction(self) -> int:
        """How many records are left as they are for 008/33 = '0' alone: by no person's label and no genre term."""
        rows = self.rows(HUMAN_LABEL_KEPT)
        if self.marc is None or not len(rows):
            return 0
        rows = rows[(self.decisions["human_label_source"].iloc[rows] == "catalogue").to_numpy()]
        return int(coded_not_fiction(self.marc.iloc[rows]).sum())

    @cached_property
    def accepted(self) -> np.ndarray:
        """Positions of the records that carry a label in the export."""
        return self.rows(ACCEPTED, CURATOR)

    @cached_property
    def abstained(self) -> np.ndarray:
        """Positions of the records that go to review, the most confident first."""
        return self._by_confidence(self.rows(ABSTAINED))

    @cached_property
    def conflicts(self) -> np.ndarray:
        """Positions of human labels that the machine contradicts, the most confident first."""
        rows = self.rows(HUMAN_LABEL_KEPT)
        agrees = self.decisions["agrees_with_human"].iloc[rows]
        return self._by_confidence(rows[agrees.notna().to_numpy() & ~agrees.fillna(True).to_numpy(dtype=bool)])

    @cached_property
    def rejected(self) -> np.ndarray:
        """Positions of the records for which a curator refused a label."""
        return self.rows(REJECTED)

    @cached_property
    def not_matched(self) -> np.ndarray:
        """Positions of the records without a prediction."""
        return self.rows(NOT_MATCHED)

    def columns(self, *, suggested: bool = False) -> tuple[Column, ...]:
        """Describe the columns of :meth:`flat`."""
        added = added_columns(self.settings, self.labels, tuple(self.probabilities), suggested=suggested)
        taken = [column.name for column in added if not (column.name == RECORD_ID and self._has_key)]
        meaning = f"As it came in {self.settings.dataset}"
        originals = [
            (
                added[0]
                if name == RECORD_ID and self._has_key
                else Column(
                    name=original_column_name(str(name), taken), type="string", meaning=meaning, origin="library"
                )
            )
            for name in self.originals.columns
        ]
        return (*originals, *(added[1:] if self._has_key else added))

    def flat(self, rows: np.ndarray, *, suggested: bool = False) -> pd.DataFrame:
        """Return the flat table of some records: original columns as they came, then ours, typed.

        Text is never missing but ''; numbers are NaN and ``agrees_with_human`` is <NA> where there is none.
        """
        settings = self.settings
        own: dict[str, object] = {name: self.decisions[name].to_numpy()[rows] for name in self.decisions.columns}
        own["agrees_with_human"] = self.decisions["agrees_with_human"].array[rows]
        own |= {
            column: self.probabilities[name][rows]
            for name, column in probability_names(tuple(self.probabilities)).items()
        }
        own |= {
            "pred_model": settings.model.name,
            "pred_model_version": settings.model.version,
            "pred_run_id": settings.run_id,
            "pred_date": settings.predicted_at,
        }
        columns = self.columns(suggested=suggested)
        width = len(self.originals.columns)
        parts: dict[str, object] = {}
        for column, name in zip(columns[:width], self.originals.columns, strict=True):
            parts[column.name] = self.originals[name].to_numpy()[rows]
        for column in columns[width:]:
            parts[column.name] = own[column.name]
        frame = pd.DataFrame(parts, index=pd.RangeIndex(len(rows)))
        return frame.astype({column.name: "str" for column in columns if column.type in ("string", "datetime")})

    @cached_property
    def _has_key(self) -> bool:
        """Whether the library's file already has a column `record_id` with these very identifiers."""
        names = self.originals.columns
        return RECORD_ID in names and bool(
            (self.originals[RECORD_ID].to_numpy() == self.records[RECORD_ID].to_numpy()).all()
        )

    def _by_confidence(self, rows: np.ndarray) -> np.ndarray:
        confidence = self.decisions["pred_confidence"].to_numpy()[rows]
        return rows[np.argsort(-np.nan_to_num(confidence, nan=-1.0), kind="stable")]


def prepare(
    records: pd.DataFrame,
    originals: pd.DataFrame,
    table: pd.DataFrame,
    settings: ExportSettings,
    *,
    human: pd.DataFrame | None = None,
    reviews: pd.DataFrame | None = None,
    classes: Sequence[str] | None = None,
) -> ExportTable:
    """Join records with predictions, decide about each, and put everything in the order of the identifiers.

    Parameters
    ----------
    records : DataFrame
        Normalised records, one row a book.
    originals : DataFrame
        The original columns as text, row for row beside `records`.
    table : DataFrame
        The scored table: at least ``record_id``, ``predicted``, ``confidence``; ``p_<class>``, ``truth`` where known.
    human, reviews, classes
        See :func:`core.export.decisions.decide`.

    Raises
    ------
    InputError
        The two first tables differ in length; an identifier is empty or occurs twice; a cut is for no known label.
    """
    _check(records, originals)
    order = np.argsort(records[RECORD_ID].to_numpy(dtype=object), kind="stable")
    records = records.iloc[order].reset_index(drop=True)
    originals = originals.iloc[order].reset_index(drop=True)
    marc = None
    if holds_marc(originals):
        marc = originals[MARC]
        originals = originals.drop(columns=MARC)

    known = tuple(classes) if classes is not None else _classes(table, settings.policy)
    ids = records[RECORD_ID]
    matched = table.set_index(RECORD_ID)
    if not matched.index.is_unique:
        raise InputError(
            f"The predictions speak more than once of '{matched.index[matched.index.duplicated()][0]}'."
            " Each record needs exactly one prediction."
        )
    joined = matched.drop(columns=[name for name in records.columns if name in matched]).reindex(ids.to_numpy())
    text = {name: "" for name in (PREDICTED, TRUTH, TRUTH_GIVEN) if name in joined}
    joined = joined.fillna(text).reset_index(drop=True)
    if marc is not None:
        human = _with_catalogue(human, ids, marc, known, settings)
    decisions = decide(
        pd.concat([records, joined], axis=1),
        settings.policy,
        human=human,
        reviews=reviews,
        human_labels=settings.human_labels,
        genre_terms=settings.genre_terms,
        classes=known,
    )
    labels = tuple(sorted({*known, *decisions["pred_label"].unique()} - {""}))
    unmatched = table[~table[RECORD_ID].isin(ids)]
    return ExportTable(
        settings=settings,
        records=records,
        originals=originals,
        decisions=decisions,
        probabilities={
            name: joined[probability_column(name)].to_numpy(dtype=float)
            for name in known
            if probability_column(name) in joined
        },
        labels=labels,
        terms=settings.terms_for(labels),
        marc=marc,
        unmatched=unmatched[[RECORD_ID, PREDICTED, CONFIDENCE]].sort_values(RECORD_ID).reset_index(drop=True),
        checked=(joined[TRUTH] != "").to_numpy(dtype=bool) if TRUTH in joined else np.zeros(len(records), dtype=bool),
    )


def holds_marc(originals: pd.DataFrame) -> bool:
    """Say whether a catalogue was loaded as MARC, so that its own records can be enriched."""
    return MARC in originals and bool(originals[MARC].str.startswith("{").any())


def _check(records: pd.DataFrame, originals: pd.DataFrame) -> None:
    if len(records) != len(originals):
        raise InputError(
            f"There are {len(records):,} records but {len(originals):,} rows of original columns."
            " They must stand side by side, one row a record."
        )
    if (records[RECORD_ID] == "").any():
        raise InputError(
            f"{int((records[RECORD_ID] == '').sum()):,} records have no identifier, so nothing could be matched to them"
            " later. Map a column of identifiers and import the file again."
        )


def _classes(table: pd.DataFrame, policy: Policy) -> tuple[str, ...]:
    names = {str(name) for name in table[PREDICTED].unique()}
    names |= {name for cuts in (policy.cuts, *policy.by_stratum.values()) for name in cuts}
    columns = [str(column) for column in table.columns]
    names |= {name.removeprefix(PROBABILITY_PREFIX) for name in columns if name.startswith(PROBABILITY_PREFIX)}
    if TRUTH in table:
        names |= {str(name) for name in table[TRUTH].unique()}
    return tuple(sorted(names - {""}))


def _with_catalogue(
    human: pd.DataFrame | None, ids: pd.Series, marc: pd.Series, classes: Sequence[str], settings: ExportSettings
) -> pd.DataFrame:
    """Add what the library's own MARC records say: genre terms and literary form that no machine wrote."""
    labels = catalogue_labels(marc, classes, settings)
    has_label = labels != ""
    evidence = pd.DataFrame(
        {RECORD_ID: ids[has_label].to_numpy(), LABEL: labels[has_label].to_numpy(), SOURCE: "catalogue"}
    )
    return evidence if human is None else pd.concat([human, evidence], ignore_index=True).fillna("")
