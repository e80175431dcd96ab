"""What an export will hold and change, shown before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from core.errors import InputError
from core.export.decisions import DECISIONS, genre_labels
from core.export.formats import FORMATS, PreviewRecord, RecordFormat, record_formats
from core.export.table import ExportTable
from core.facets import facet_order, facet_values
from core.schema import GENRE_GIVEN, RECORD_ID, TITLE

__all__ = ["DIFFERENCES", "GenreDifference", "breakdown", "genre_difference", "preview"]

# --- Some records as they will stand in a format ----------------------------------------------------------------------


def preview(
    table: ExportTable,
    format_: str,
    *,
    ids: Sequence[str] = (),
    n: int = 10,
    seed: int = 0,
    kind: str | None = None,
) -> tuple[PreviewRecord, ...]:
    """Return some accepted records as they will stand in a format, with what is new marked.

    Parameters
    ----------
    format_ : str
        One of :func:`core.export.formats.record_formats`; the other formats describe files, not records.
    ids : sequence of str
        The records to show; those that carry no label in the export are left out. Empty: `n` drawn at random.
    seed : int
        Of the draw.
    kind : str, optional
        Which kind of record, where the format has several (MARC); else the first that will be written.

    Raises
    ------
    InputError
        The format has no records to show.
    """
    entry = FORMATS.get(format_)
    writer = entry.writer if entry else None
    if not isinstance(writer, RecordFormat):
        what = f"'{format_}' is no format"
        if entry:
            what = f"'{format_}' ({entry.description}) describes files and has no records"
        raise InputError(f"{what}. A preview can be had of: {', '.join(record_formats())}.")
    return tuple(writer.preview(table, _choose(table, ids, n, seed), kind))


def _choose(table: ExportTable, ids: Sequence[str], n: int, seed: int) -> np.ndarray:
    accepted = table.accepted
    if len(ids):
        wanted = table.records[RECORD_ID].iloc[accepted].isin(list(ids)).to_numpy()
        return accepted[wanted]
    size = min(n, len(accepted))
    return np.sort(np.random.default_rng(seed).choice(accepted, size=size, replace=False)) if size else accepted[:0]


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
