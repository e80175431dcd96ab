"""What an export changes: against the catalogue's own genre field, and by language, decade or any other facet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from core.export.decisions import DECISIONS, genre_labels
from core.export.table import ExportTable
from core.facets import facet_order, facet_values
from core.schema import GENRE_GIVEN, RECORD_ID, TITLE
from core.translation import noop

__all__ = ["DIFFERENCES", "GenreDifference", "breakdown", "genre_difference"]

ADDED, BESIDE, SAME = noop("added"), noop("added beside another genre"), noop("same")
CONFLICTING, UNCLEAR = noop("conflicting"), noop("unclear")
DIFFERENCES: Final[Mapping[str, str]] = {
    ADDED: noop("the catalogue has no genre; the export adds a label"),
    BESIDE: noop("the catalogue has a genre that says nothing of the labels; the export adds one beside it"),
    SAME: noop("the catalogue's genre names the label the machine predicts; nothing is exported"),
    CONFLICTING: noop("the catalogue's genre names another label than the machine predicts; nothing is exported"),
    UNCLEAR: noop("the catalogue's genre names several labels; nothing is exported"),
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
