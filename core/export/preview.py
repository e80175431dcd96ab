"""What an export will hold and change, shown before anything is written."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from core.errors import InputError
from core.export.decisions import DECISIONS, genre_labels
from core.export.descriptions import book_nodes, dublin_core_record, mods_record
from core.export.formats import FORMATS, MarcKind
from core.export.marc import BUILDERS, kinds_for
from core.export.marc_build import Assignment, assignments
from core.export.marc_rules import Cleaner, check_record
from core.export.table import ExportTable
from core.export.tabular import cells
from core.facets import facet_order, facet_values
from core.schema import GENRE_GIVEN, RECORD_ID, TITLE

__all__ = [
    "DIFFERENCES",
    "PREVIEW_FORMATS",
    "GenreDifference",
    "PreviewLine",
    "PreviewRecord",
    "breakdown",
    "genre_difference",
    "preview",
]

# --- Some records as they will stand in each format -------------------------------------------------------------------
# Some records as they will stand in each format, with what is new marked, before anything is written.


_FLAT: Final = ("csv", "xlsx", "parquet", "jsonl", "huggingface")
PREVIEW_FORMATS: Final = (*_FLAT, "marc", "marcxml", "mods", "dc", "jsonld")


@dataclass(frozen=True)
class PreviewLine:
    """One line of a record: a column, a MARC field, a line of XML or JSON; `new` where the export adds it."""

    text: str
    new: bool


@dataclass(frozen=True)
class PreviewRecord:
    """One record as it will be written, and which of our rules it breaks (in words; empty when it is good)."""

    record_id: str
    title: str
    lines: tuple[PreviewLine, ...]
    faults: tuple[str, ...] = ()


def preview(
    table: ExportTable,
    format_: str,
    *,
    ids: Sequence[str] = (),
    n: int = 10,
    seed: int = 0,
    marc_kind: MarcKind | None = None,
) -> tuple[PreviewRecord, ...]:
    """Return some accepted records as they will stand in a format.

    Parameters
    ----------
    format_ : str
        One of :data:`PREVIEW_FORMATS`; the other formats describe files, not records.
    ids : sequence of str
        The records to show; those that carry no label in the export are left out. Empty: `n` drawn at random.
    seed : int
        Of the draw.
    marc_kind : str, optional
        Which kind of MARC record; else the first that will be written.

    Raises
    ------
    InputError
        The format has no records to show.
    """
    if format_ not in PREVIEW_FORMATS:
        known = FORMATS.get(format_)
        what = f"'{format_}' ({known}) describes files and has no records" if known else f"'{format_}' is no format"
        raise InputError(f"{what}. A preview can be had of: {', '.join(PREVIEW_FORMATS)}.")
    rows = _choose(table, ids, n, seed)
    if format_ in _FLAT:
        return _flat(table, rows)
    if format_ in ("marc", "marcxml"):
        kinds = kinds_for(table)
        if table.settings.profile == "none" or not kinds:
            return ()
        return tuple(_marc(table, rows, format_, marc_kind or kinds[0]))
    return tuple(_text(table, given, format_) for given in assignments(table, rows))


def _choose(table: ExportTable, ids: Sequence[str], n: int, seed: int) -> np.ndarray:
    accepted = table.accepted
    if len(ids):
        wanted = table.records[RECORD_ID].iloc[accepted].isin(list(ids)).to_numpy()
        return accepted[wanted]
    size = min(n, len(accepted))
    return np.sort(np.random.default_rng(seed).choice(accepted, size=size, replace=False)) if size else accepted[:0]


def _flat(table: ExportTable, rows: np.ndarray) -> tuple[PreviewRecord, ...]:
    columns, frame = table.columns(), table.flat(rows)
    texts = {column.name: list(cells(frame[column.name], column)) for column in columns}
    originals = len(table.originals.columns)
    shown = []
    for place, row in enumerate(rows.tolist()):
        lines = tuple(
            PreviewLine(f"{column.name}: {texts[column.name][place]}", new=position >= originals)
            for position, column in enumerate(columns)
            if texts[column.name][place] or position >= originals
        )
        shown.append(PreviewRecord(table.records[RECORD_ID].iloc[row], table.records[TITLE].iloc[row], lines))
    return tuple(shown)


def _marc(table: ExportTable, rows: np.ndarray, format_: str, kind: MarcKind) -> "list[PreviewRecord]":
    maker = BUILDERS[kind](table)
    shown = []
    for given in assignments(table, rows):
        if kind == "enriched" and not table.marc_texts[given.row]:
            continue
        built = maker.build(given)
        record = Cleaner().record(built.record)
        new = {id(field) for field in built.new}
        if format_ == "marc":
            before = {field.line() for field in built.before.fields} if built.before is not None else None
            lines = [PreviewLine(f"LDR {record.leader}", new=False)]
            for field in record.fields:
                changed = id(field) in new or (before is not None and field.line() not in before)
                lines.append(PreviewLine(field.line(), new=changed))
        else:
            old = built.before.to_xml() if built.before is not None else _without(record.to_xml(), table, given, kind)
            lines = _difference(old, record.to_xml())
        faults = tuple(str(fault) for fault in check_record(record, kind))
        title = table.records[TITLE].iloc[given.row]
        shown.append(PreviewRecord(given.record_id, title, tuple(lines), faults))
    return shown


def _without(text: str, table: ExportTable, given: Assignment, kind: MarcKind) -> str:
    """Return the XML of the same record without the fields that are new."""
    built = BUILDERS[kind](table).build(given)
    new = {id(field) for field in built.new}
    built.record.fields = [field for field in built.record.fields if id(field) not in new]
    return Cleaner().record(built.record).to_xml()


def _difference(old: str, new: str) -> list[PreviewLine]:
    """Return the lines of `new`; marked are those that `old` does not have at that place."""
    before, after = old.splitlines(), new.splitlines()
    marked = [False] * len(after)
    for tag, _, _, start, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            marked[start:end] = [True] * (end - start)
    return [PreviewLine(line, new=is_new) for line, is_new in zip(after, marked, strict=True)]


_NEW_IN_XML: Final = ("<genre", "<note", "<extension", "<recordInfo", "<dc:type", "<dc:description")


def _text(table: ExportTable, given: Assignment, format_: str) -> PreviewRecord:
    record = table.records.iloc[given.row]
    has = {str(name): "" if pd.isna(value) else str(value) for name, value in record.items()}
    title = has[TITLE]
    if format_ == "jsonld":
        book, annotation = book_nodes(table, given, has)
        known = [PreviewLine(line, new=False) for line in _json(book)]
        lines = [*known, *(PreviewLine(line, new=True) for line in _json(annotation))]
    else:
        has = {name: Cleaner().text(value) for name, value in has.items()}
        if format_ == "mods":
            text = "".join(mods_record(table, given, has))
        else:
            text = dublin_core_record(table, given, has).replace("><dc:", ">\n  <dc:").replace("</oai_dc", "\n</oai_dc")
        lines = [
            PreviewLine(line, new=line.strip().startswith(_NEW_IN_XML)) for line in text.splitlines() if line.strip()
        ]
    return PreviewRecord(given.record_id, title, tuple(lines))


def _json(node: dict[str, object]) -> list[str]:
    return json.dumps(node, indent=2, ensure_ascii=False).splitlines()


# --- What an export changes -------------------------------------------------------------------------------------------
# Against the catalogue's own genre field, and by language, decade or any other facet.


ADDED, BESIDE, SAME, CONFLICTING, UNCLEAR = "added", "added beside another genre", "same", "conflicting", "unclear"
DIFFERENCES: Final[Mapping[str, str]] = {
    ADDED: "the catalogue has no genre; the export adds a label",
    BESIDE: "the catalogue has a genre that says nothing of the labels; the export adds one beside it",
    SAME: "the catalogue's genre names the label the machine predicts; nothing is exported",
    CONFLICTING: "the catalogue's genre names another label than the machine predicts; nothing is exported",
    UNCLEAR: "the catalogue's genre names several labels; nothing is exported",
}


@dataclass(frozen=True)
class GenreDifference:
    """The export beside the catalogue's genre field.

    Attributes
    ----------
    counts : mapping
        Each of :data:`DIFFERENCES` → number of records.
    rows : DataFrame
        ``record_id``, ``title``, ``genre_given``, ``label`` (predicted or exported), ``confidence``, ``difference``;
        the most confident first.
    """

    counts: Mapping[str, int]
    rows: pd.DataFrame

    def of(self, difference: str) -> pd.DataFrame:
        """Return the records of one kind of difference."""
        return self.rows[self.rows["difference"] == difference].reset_index(drop=True)


def genre_difference(table: ExportTable) -> GenreDifference:
    """Compare what is exported (or predicted) with the catalogue's genre field, record by record."""
    decisions, given = table.decisions, table.records[GENRE_GIVEN]
    says = genre_labels(given, table.labels, table.settings.genre_terms).to_numpy(dtype=object)
    exported = decisions["pred_label"].to_numpy(dtype=object)
    predicted = decisions["pred_suggested_label"].to_numpy(dtype=object)
    has_label, speaks = exported != "", says != ""
    kind = np.full(len(table), "", dtype=object)
    kind[has_label & ~speaks] = np.where(given.to_numpy()[has_label & ~speaks] == "", ADDED, BESIDE)
    label = np.where(has_label, exported, predicted)
    comparable = speaks & pd.Series(says).isin(table.labels).to_numpy() & (label != "")
    kind[comparable] = np.where(says[comparable] == label[comparable], SAME, CONFLICTING)
    kind[speaks & ~comparable & (label != "")] = UNCLEAR
    rows = pd.DataFrame(
        {
            RECORD_ID: decisions[RECORD_ID],
            TITLE: table.records[TITLE],
            GENRE_GIVEN: given,
            "label": pd.Series(label).astype("str"),
            "confidence": decisions["pred_confidence"],
            "difference": pd.Series(kind).astype("str"),
        }
    )
    rows = rows[rows["difference"] != ""].sort_values(["confidence", RECORD_ID], ascending=[False, True])
    counts = rows["difference"].value_counts()
    return GenreDifference({name: int(counts.get(name, 0)) for name in DIFFERENCES}, rows.reset_index(drop=True))


def breakdown(table: ExportTable, facet: str, precision: Mapping[str, Mapping[str, Any]] | None = None) -> pd.DataFrame:
    """Count the decisions by the values of a facet.

    Parameters
    ----------
    facet : str
        One of :data:`core.facets.FACETS`, such as 'language' or 'decade'.
    precision : mapping, optional
        Value of the facet → how often accepted labels are right there (``value``, ``low``, ``high``, ``n``,
        ``reason``), computed elsewhere on the checked records.

    Returns
    -------
    DataFrame
        ``value``, ``loaded``, one column a decision, and ``precision``, ``low``, ``high``, ``checked``, ``reason``
        (NaN and the reason where too few records were checked). In the facet's own order.
    """
    values = facet_values(table.records, facet)
    counted = pd.crosstab(values.to_numpy(), table.decisions["pred_decision"].to_numpy())
    counted = counted.reindex(
        index=facet_order(facet, values.value_counts().index), columns=list(DECISIONS), fill_value=0
    )
    rows = []
    for value, counts in counted.iterrows():
        rate = (precision or {}).get(str(value), {})
        rows.append(
            {
                "value": str(value),
                "loaded": int(counts.sum()),
                **{name: int(counts[name]) for name in DECISIONS},
                "precision": _number(rate.get("value")),
                "low": _number(rate.get("low")),
                "high": _number(rate.get("high")),
                "checked": int(rate.get("n") or 0),
                "reason": str(rate.get("reason") or ("" if rate else "not measured")),
            }
        )
    return pd.DataFrame(rows)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
