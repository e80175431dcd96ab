"""The accepted records for people: identifier, title, label, confidence first, in a curator's words."""

from dataclasses import replace
from typing import Final

import pandas as pd

from core.export.columns import Column, original_column_name, probability_names
from core.export.decisions import CURATOR
from core.export.table import ExportTable
from core.plain_csv import csv_for_people
from core.schema import AUTHOR, DATE, LANGUAGE, RECORD_ID, TITLE

__all__ = ["accepted_csv", "accepted_for_people", "workbook"]

_HEADINGS: Final = {
    RECORD_ID: "Identifier",
    TITLE: "Title",
    "pred_label": "Label",
    "pred_confidence": "Confidence",
    "pred_decision": "Decided by",
    "pred_threshold": "Cut-off",
    "pred_model": "Model",
    "pred_model_version": "Model version",
    "pred_run_id": "Run",
    "pred_date": "Predicted on",
    "human_label": "Label of people or catalogue",
    "human_label_source": "Who gave that label",
    "agrees_with_human": "Machine agrees with it",
    "reviewed_by_role": "Reviewed by",
    "review_note": "Note of the review",
}
_MACHINE, _CONFIRMED, _CHOSEN = "machine, above the cut-off", "machine, confirmed by a curator", "curator"


def accepted_for_people(table: ExportTable) -> pd.DataFrame:
    """Return the records that carry a label, one row each, in the order of the identifiers.

    Returns
    -------
    DataFrame
        ``Identifier``, ``Title`` (as normalised: one line), ``Label``, ``Confidence`` (0 to 1, NaN where a curator
        chose), ``Decided by``, then author, date and language as in the catalogue, and which model said so in which
        run.
    """
    rows, settings, model = table.accepted, table.settings, table.settings.model
    records, decisions = table.records.iloc[rows], table.decisions.iloc[rows]
    frame = pd.DataFrame(
        {
            "Identifier": records[RECORD_ID].to_numpy(),
            "Title": records[TITLE].to_numpy(),
            "Label": decisions["pred_label"].to_numpy(),
            "Confidence": decisions["pred_confidence"].to_numpy(),
            "Decided by": _decided_by(decisions).to_numpy(),
            "Author": records[AUTHOR].to_numpy(),
            "Date": records[DATE].to_numpy(),
            "Language": records[LANGUAGE].to_numpy(),
        }
    )
    whose = {"Model": model.name} if model.made_here else {"Predictions": model.name}
    return frame.assign(**whose, **{"Model version": model.version or "unknown", "Run": settings.run_id})


def accepted_csv(table: ExportTable) -> bytes:
    """Return :func:`accepted_for_people` as a file that opens in a spreadsheet program."""
    return csv_for_people(accepted_for_people(table))


def workbook(table: ExportTable) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Return the accepted records as the workbook shows them, and its columns: ours first, then the library's own.

    Column names are headings for people, all different; one of the library's that has the name of one of ours is marked
    '(as loaded)'.
    """
    flat, known = table.flat(table.accepted), {column.name: column for column in table.columns()}
    frame = pd.DataFrame(index=flat.index)
    columns: list[Column] = []

    def add(heading: str, column: Column, values: pd.Series) -> None:
        name = original_column_name(heading, [existing.name for existing in columns])
        columns.append(replace(column, name=name))
        frame[name] = values.to_numpy() if column.type != "boolean" else values.array

    def add_ours(*names: str) -> None:
        for name in names:
            add(_HEADINGS[name], known[name], flat[name])

    title = Column("title", "string", "Title on one line, as Colophon read it", "library")
    add_ours(RECORD_ID)
    add(_HEADINGS[TITLE], title, table.records[TITLE].iloc[table.accepted])
    add_ours("pred_label", "pred_confidence")
    decided = known["pred_decision"]
    add(_HEADINGS[decided.name], replace(decided, allowed=()), _decided_by(table.decisions.iloc[table.accepted]))
    for class_name, column in probability_names(tuple(table.probabilities)).items():
        add(f"Probability of {class_name}", known[column], flat[column])
    done = {RECORD_ID, "pred_label", "pred_confidence", "pred_decision"}
    add_ours(*(name for name in _HEADINGS if name in known and name not in {*done, TITLE}))
    ours = {*_HEADINGS, *probability_names(tuple(table.probabilities)).values()}
    for loaded in known.values():
        if loaded.origin == "library" and loaded.name not in ours - {TITLE}:
            add(loaded.name, loaded, flat[loaded.name])
    return frame, tuple(columns)


def _decided_by(decisions: pd.DataFrame) -> pd.Series:
    curator = decisions["pred_decision"] == CURATOR
    same = decisions["pred_label"] == decisions["pred_suggested_label"]
    decided_by = pd.Series(_MACHINE, index=decisions.index, dtype="str")
    return decided_by.mask(curator & same, _CONFIRMED).mask(curator & ~same, _CHOSEN)
