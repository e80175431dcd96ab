"""The accepted records for people: identifier, title, label and confidence first, in a curator's words."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from core.export.columns import Column, column_mark, original_column_name, probability_names
from core.export.decisions import CURATOR
from core.export.table import ExportTable
from core.schema import AUTHOR, DATE, LANGUAGE, RECORD_ID, TITLE
from core.text_formats import csv_for_people

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
# What a workbook tells of a further set of labels.
_FURTHER: Final = (
    "pred_label",
    "pred_confidence",
    "pred_decision",
    "pred_model",
    "pred_model_version",
    "pred_run_id",
    "human_label",
    "human_label_source",
)
_MACHINE, _CONFIRMED, _CHOSEN = "machine, above the cut-off", "machine, confirmed by a curator", "curator"


def accepted_for_people(table: ExportTable) -> pd.DataFrame:
    """Return the records that carry a label, one row each, in the order of the identifiers.

    Of further sets of labels stand label, confidence, who decided, model and run at the end, each with the set's name.

    Returns
    -------
    DataFrame
        ``Identifier``, ``Title`` (as normalised: one line), ``Label``, ``Confidence`` (0 to 1, NaN where a curator
        chose), ``Decided by``, then author, date and language as in the catalogue, and which model said so in which
        run.
    """
    rows, model = table.accepted, table.settings.model
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
    spoke = [table.settings_of(row).model for row in rows]
    named = "Model" if model.made_here else "Model or predictions" if model.parts else "Predictions"
    whose = {
        named: [each.name for each in spoke],
        "Model version": [each.version or "unknown" for each in spoke],
        "Run": [table.settings.run_id] * len(spoke),
    }
    frame = frame.assign(**whose)
    for other in table.also:
        further = _further_for_people(other, rows)
        frame = frame.assign(**{f"{name}: {other.name}": further[name].to_numpy() for name in further})
    return frame


def _further_for_people(table: ExportTable, rows: np.ndarray) -> pd.DataFrame:
    """Return what a further set of labels says of some records: label, confidence, who decided, model and run."""
    decisions = table.decisions.iloc[rows]
    models = [table.settings_of(row).model for row in rows]
    return pd.DataFrame(
        {
            "Label": decisions["pred_label"].to_numpy(),
            "Confidence": decisions["pred_confidence"].to_numpy(),
            "Decided by": _decided_by(decisions).to_numpy(),
            "Model": [model.process for model in models],
            "Run": [table.settings.run_id] * len(rows),
        }
    )


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

    title = Column(name="title", type="string", meaning="Title on one line, as Colophon read it", origin="library")
    add_ours(RECORD_ID)
    add(_HEADINGS[TITLE], title, table.records[TITLE].iloc[table.accepted])
    add_ours("pred_label", "pred_confidence")
    decided = known["pred_decision"]
    add(_HEADINGS[decided.name], replace(decided, allowed=()), _decided_by(table.decisions.iloc[table.accepted]))
    for class_name, column in probability_names(tuple(table.probabilities)).items():
        add(f"Probability of {class_name}", known[column], flat[column])
    done = {RECORD_ID, "pred_label", "pred_confidence", "pred_decision"}
    add_ours(*(name for name in _HEADINGS if name in known and name not in {*done, TITLE}))
    for other in table.also:
        mark, decisions = column_mark(other.name), other.decisions.iloc[table.accepted]
        for name in _FURTHER:
            further, values = known.pop(f"{name}{mark}"), flat[f"{name}{mark}"]
            if name == "pred_decision":
                further, values = replace(further, allowed=()), _decided_by(decisions)
            add(f"{_HEADINGS[name]}: {other.name}", further, values)
    ours = {*_HEADINGS, *probability_names(tuple(table.probabilities)).values()}
    for loaded in known.values():
        if loaded.origin == "library" and loaded.name not in ours - {TITLE}:
            add(loaded.name, loaded, flat[loaded.name])
    return frame, tuple(columns)


def _decided_by(decisions: pd.DataFrame) -> pd.Series:
    curator = decisions["pred_decision"] == CURATOR
    same = decisions["pred_label"] == decisions["pred_suggested_label"]
    decided_by = pd.Series(_MACHINE, index=decisions.index, dtype="str")
    decided_by = decided_by.mask(curator & same, _CONFIRMED).mask(curator & ~same, _CHOSEN)
    # Of several sets of labels one may have none for a record that another labels.
    return decided_by.mask(decisions["pred_label"] == "", "")
