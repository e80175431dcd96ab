"""What an export is made of: records, original columns and decisions side by side, of one set of labels or several."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from core.classes import class_key, term_key
from core.errors import InputError
from core.export.decisions import (
    ABSTAINED,
    ACCEPTED,
    CURATOR,
    DECISIONS,
    HUMAN_LABEL_KEPT,
    NOT_MATCHED,
    REJECTED,
    DecisionCounts,
    catalogue_labels,
    coded_not_fiction,
    count_decisions,
    decide,
)
from core.export.settings import ExportSettings, GenreTerm, InputFile, ModelSource
from core.schema import (
    CONFIDENCE,
    LABEL,
    PREDICTED,
    PREDICTED_BY,
    PROBABILITY_PREFIX,
    RECORD_ID,
    SOURCE,
    TRUTH,
    TRUTH_GIVEN,
    probability_column,
)
from core.thresholds import Policy

__all__ = [
    "Column",
    "ExportTable",
    "added_columns",
    "column_mark",
    "holds_marc",
    "original_column_name",
    "plain_names",
    "prepare",
    "probability_names",
    "together",
    "with_mark",
]


# --- The columns of flat files: the library's own as they came, then ours, each with its meaning ----------------------

_BETWEEN: Final = "__"

ColumnType = Literal["string", "number", "boolean", "datetime"]
SUGGESTED: Final = "pred_suggested_label"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a flat file.

    Attributes
    ----------
    name, type, meaning : str
    origin : {'library', 'model', 'curator', 'export'}
        Who speaks in it.
    allowed : tuple of str
        The values it may have, when they are few.
    minimum, maximum : float, optional
        Bounds of a number.
    required, unique : bool
        Never empty; never twice.
    """

    name: str
    type: ColumnType
    meaning: str
    origin: str
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    unique: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary without what is not said."""
        content = {**asdict(self), "allowed": list(self.allowed)}
        return {key: value for key, value in content.items() if value not in (None, [], False)}


def probability_names(classes: Sequence[str]) -> dict[str, str]:
    """Return class → name of its probability column, short, plain and unique.

    >>> probability_names(["Fiction", "Non-fiction"])
    {'Fiction': 'pred_p_fiction', 'Non-fiction': 'pred_p_non_fiction'}
    """
    names: dict[str, str] = {}
    for place, name in enumerate(classes, start=1):
        # Two classes of another script would both be told by a digest, of which nobody can read the class: by place.
        short = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "unnamed"
        wanted = f"pred_p_{short}"
        names[name] = f"{wanted}_{place}" if wanted in names.values() or short == "unnamed" else wanted
    return names


def added_columns(
    settings: ExportSettings, labels: Sequence[str], probabilities: Sequence[str], *, suggested: bool = False
) -> tuple[Column, ...]:
    """Describe the columns that an export adds.

    Parameters
    ----------
    labels : sequence of str
        Every label that can occur.
    probabilities : sequence of str
        Classes whose probability is known.
    suggested : bool
        With the column that says what the machine leaned to. Only the files for review have it: in the others an
        abstained record has no label, never a best guess.
    """
    sure = "a calibrated probability" if settings.model.calibrated else "not calibrated: a score, not a probability"
    if settings.model.calibrated_in_part:
        [calibrated] = [model.name for model in settings.model.each if model.calibrated]
        sure = f"a calibrated probability where the model is {calibrated}, else a score"
    allowed = tuple(labels)
    columns = [
        Column(
            name=RECORD_ID,
            type="string",
            meaning="Identifier of the record, as text",
            origin="library",
            required=True,
            unique=True,
        ),
        Column(
            name="pred_label",
            type="string",
            meaning="Label of the record; empty unless accepted or given by a curator",
            origin="model",
            allowed=allowed,
        ),
        Column(
            name="pred_confidence",
            type="number",
            meaning=(
                f"Confidence in the predicted label, cut off after four decimals ({sure}); empty where a curator"
                " overruled"
            ),
            origin="model",
            minimum=0,
            maximum=1,
        ),
        *(
            Column(
                name=column,
                type="number",
                meaning=f"The model's probability of {name} ({sure})",
                origin="model",
                minimum=0,
                maximum=1,
            )
            for name, column in probability_names(probabilities).items()
        ),
        Column(
            name="pred_decision",
            type="string",
            meaning="What was decided",
            origin="export",
            allowed=tuple(DECISIONS),
            required=True,
        ),
        Column(
            name="pred_threshold",
            type="number",
            meaning="Cut of the predicted label, cut off after four decimals",
            origin="export",
            minimum=0,
            maximum=1,
        ),
        Column(name="pred_model", type="string", meaning="Name of the model", origin="model"),
        Column(name="pred_model_version", type="string", meaning="Version of the model", origin="model"),
        Column(name="pred_run_id", type="string", meaning="Run that made the prediction", origin="model"),
        Column(name="pred_date", type="datetime", meaning="Moment of prediction, UTC", origin="model"),
        Column(
            name="human_label", type="string", meaning="What a person or the catalogue said, as given", origin="library"
        ),
        Column(
            name="human_label_source",
            type="string",
            meaning="Who said it: person, test label, catalogue or curator",
            origin="library",
        ),
        Column(
            name="agrees_with_human",
            type="boolean",
            meaning="Whether the predicted label equals the human one; empty if not comparable",
            origin="export",
        ),
        Column(
            name="reviewed_by_role",
            type="string",
            meaning="Role of the person who looked at the record in review; no names",
            origin="curator",
        ),
        Column(name="review_note", type="string", meaning="What that person noted", origin="curator"),
    ]
    if suggested:
        meaning = "What the machine leaned to; not accepted, for review only"
        columns.insert(2, Column(name=SUGGESTED, type="string", meaning=meaning, origin="model", allowed=allowed))
    return tuple(columns)


def plain_names(columns: Sequence[Column]) -> list[str]:
    """Return column names that may stand in an identifier: plain letters, digits and underscores, all different."""
    names: list[str] = []
    for place, column in enumerate(columns, start=1):
        plain = re.sub(r"[^A-Za-z0-9]+", "_", column.name).strip("_") or f"column_{place}"
        names.append(plain if plain not in names else f"{plain}_{place}")
    return names


def original_column_name(name: str, taken: Sequence[str]) -> str:
    """Return the name of an original column beside ours: marked '(as loaded)' where ours has the same name.

    >>> original_column_name("pred_label", ["pred_label"])
    'pred_label (as loaded)'
    """
    while name in taken:
        name = f"{name} (as loaded)"
    return name


def column_mark(name: str) -> str:
    """Return what the columns of a further set of labels end in, made of the name of its predictions.

    >>> column_mark("demo-catalogue-Travel 2")
    '__demo_catalogue_travel_2'
    """
    return f"{_BETWEEN}{re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_') or 'further'}"


def with_mark(column: Column, mark: str, name: str) -> Column:
    """Return the same column of a further set of labels, beside that of the first."""
    return replace(column, name=f"{column.name}{mark}", meaning=f"{column.meaning} (labels of {name})")


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
        Label → term; a negative label (:attr:`core.export.settings.ExportSettings.negative_classes`) has none.
    marc : Series or None
        The library's own MARC records (MARC-in-JSON), '' where there is none.
    unmatched : DataFrame
        Predictions whose record is not in the file: ``record_id``, ``predicted``, ``confidence``.
    checked : bool array
        Which records have a label that the accuracy is measured on, wherever it comes from
        (:attr:`core.export.settings.ExportSettings.measured_on`).
    predicted_by : array of str or None
        Where two models decided: the name of the predictions that each record's prediction is of, '' for none.
    name : str
        Of the predictions, where there are several sets of labels.
    also : tuple of ExportTable
        Further sets of labels of the same records, each with decisions, settings and promise of its own
        (:func:`together`).
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
    predicted_by: np.ndarray | None = None
    name: str = ""
    also: "tuple[ExportTable, ...]" = ()

    def __len__(self) -> int:
        return len(self.records)

    @property
    def each(self) -> "tuple[ExportTable, ...]":
        """Return every set of labels, this one first."""
        return (self, *self.also)

    @property
    def keywords(self) -> list[str]:
        """What the data set is about, its labels among it."""
        labels = (label.lower() for each in self.each for label in each.labels)
        return ["bibliographic metadata", "machine-generated", *labels]

    @property
    def inputs(self) -> list[InputFile]:
        """The files that were read for all sets of labels; those of further sets once each."""
        files = list(self.settings.inputs)
        for other in self.also:
            files += [file for file in other.settings.inputs if file not in files]
        return files

    @cached_property
    def counts(self) -> DecisionCounts:
        """How many records went which way."""
        return count_decisions(self.decisions)

    def settings_of(self, row: int) -> ExportSettings:
        """Return the settings in which the model is the one whose prediction a record has."""
        if self.predicted_by is None:
            return self.settings
        return self.settings.by_predictions.get(self.predicted_by[row], self.settings)

    @cached_property
    def accepted_by(self) -> dict[str, int]:
        """Where two models decided: those predictions → accepted records that each decided; empty else."""
        if self.predicted_by is None:
            return {}
        by = self.predicted_by[self.rows(ACCEPTED)]
        return {name: int((by == name).sum()) for name in self.settings.by_predictions}

    @cached_property
    def columns_read(self) -> list[tuple[str, ...]]:
        """What the model read of each record: of the columns it can read those that have a value; () where unknown."""
        if self.predicted_by is None:
            return self._columns_read(self.settings.model)
        by_name = {name: self._columns_read(own.model) for name, own in self.settings.by_predictions.items()}
        return [by_name[name][row] if name in by_name else () for row, name in enumerate(self.predicted_by)]

    def _columns_read(self, model: ModelSource) -> list[tuple[str, ...]]:
        first, more = model.input_columns[:1], model.input_columns[1:]
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
    def labelled(self) -> np.ndarray:
        """Positions of the records that carry a label of this set."""
        return self.rows(ACCEPTED, CURATOR)

    @cached_property
    def accepted(self) -> np.ndarray:
        """Positions of the records that carry a label in the export, of this set or of another."""
        if not self.also:
            return self.labelled
        return np.unique(np.concatenate([each.labelled for each in self.each]))

    @cached_property
    def described(self) -> np.ndarray:
        """Positions of the records whose label, of this set or of another, is a term of the catalogue."""
        rows = [each.labelled[each.decisions["pred_label"].iloc[each.labelled].isin(each.terms)] for each in self.each]
        return np.unique(np.concatenate(rows))

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
        added = self._added(suggested=suggested)
        further = [
            with_mark(column, column_mark(other.name), other.name)
            for other in self.also
            for column in other._added(suggested=suggested)[1:]
        ]
        taken = [column.name for column in added if not (column.name == RECORD_ID and self._has_key)]
        taken += [column.name for column in further]
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
        return (*originals, *(added[1:] if self._has_key else added), *further)

    def _added(self, *, suggested: bool) -> tuple[Column, ...]:
        return added_columns(self.settings, self.labels, tuple(self.probabilities), suggested=suggested)

    def flat(self, rows: np.ndarray, *, suggested: bool = False) -> pd.DataFrame:
        """Return the flat table of some records: original columns as they came, then ours, typed.

        Text is never missing but ''; numbers are NaN and ``agrees_with_human`` is <NA> where there is none.
        """
        own = self._own_values(rows)
        for other in self.also:
            mark = column_mark(other.name)
            own |= {f"{name}{mark}": values for name, values in other._own_values(rows).items()}
        columns = self.columns(suggested=suggested)
        width = len(self.originals.columns)
        parts: dict[str, object] = {}
        for column, name in zip(columns[:width], self.originals.columns, strict=True):
            parts[column.name] = self.originals[name].to_numpy()[rows]
        for column in columns[width:]:
            parts[column.name] = own[column.name]
        frame = pd.DataFrame(parts, index=pd.RangeIndex(len(rows)))
        return frame.astype({column.name: "str" for column in columns if column.type in ("string", "datetime")})

    def _own_values(self, rows: np.ndarray) -> dict[str, object]:
        """Return the columns that are ours, of some records."""
        own: dict[str, object] = {name: self.decisions[name].to_numpy()[rows] for name in self.decisions.columns}
        own["agrees_with_human"] = self.decisions["agrees_with_human"].array[rows]
        own |= {
            column: self.probabilities[name][rows]
            for name, column in probability_names(tuple(self.probabilities)).items()
        }
        return own | self._whose(rows) | {"pred_run_id": self.settings.run_id}

    def _whose(self, rows: np.ndarray) -> dict[str, object]:
        """Return which model spoke of some records, and when: the same of all, or row by row."""

        def of(settings: ExportSettings) -> dict[str, str]:
            model = settings.model
            return {
                "pred_model": model.name, "pred_model_version": model.version, "pred_date": settings.predicted_at,
            }  # fmt: skip

        if self.predicted_by is None:
            return dict(of(self.settings))
        nobody = dict.fromkeys(of(self.settings), "")
        by_name = {name: of(own) for name, own in self.settings.by_predictions.items()}
        sources = [by_name.get(name, nobody) for name in self.predicted_by[rows]]
        return {column: [values[column] for values in sources] for column in nobody}

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
    text = {name: "" for name in (PREDICTED, PREDICTED_BY, TRUTH, TRUTH_GIVEN) if name in joined}
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
        predicted_by=joined[PREDICTED_BY].to_numpy(dtype=object) if PREDICTED_BY in joined else None,
    )


def together(tables: Sequence[ExportTable]) -> ExportTable:
    """Return several sets of labels of the same records as one: the first, with the others beside it.

    Raises
    ------
    InputError
        The records differ; two sets have a name, a class or a term of the catalogue in common, so that nobody could
        tell whose a label is.
    """
    first, *others = tables
    for other in others:
        if not first.records[RECORD_ID].equals(other.records[RECORD_ID]):
            raise InputError(
                f"'{other.name}' and '{first.name}' are not about the same records, so they cannot leave together."
            )
    for what, words in (
        ("a name", [{column_mark(table.name): table.name} for table in tables]),
        ("the class", [{class_key(label): label for label in table.labels} for table in tables]),
        (
            "the catalogue's term",
            [{term_key(term.term): term.term for term in table.terms.values()} for table in tables],
        ),
    ):
        owners: dict[str, ExportTable] = {}
        for table, by_key in zip(tables, words, strict=True):
            for key, word in by_key.items():
                owner = owners.setdefault(key, table)
                if owner is not table:
                    raise InputError(
                        f"'{owner.name}' and '{table.name}' share {what} '{word}', so nobody could tell whose it is."
                        " One export answers each question once: leave one of the two out."
                    )
    return replace(first, also=tuple(others)) if others else first


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
