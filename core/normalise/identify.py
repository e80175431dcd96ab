"""Rows that can be no record: their identifier was destroyed by a spreadsheet, or they name no book at all."""

from dataclasses import replace

import numpy as np
import pandas as pd

from core import schema
from core.errors import InputError
from core.readers.columns import ColumnMapping
from core.readers.table import RejectedRows, SourceTable
from core.schema import Kind

__all__ = ["usable_rows"]

# 1.21E+12: what a spreadsheet makes of 1210117000031. Its last digits are gone and cannot be restored.
_SCIENTIFIC = r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d+"
_MOSTLY = 0.5


def usable_rows(source: SourceTable, mapping: ColumnMapping, kind: Kind) -> SourceTable:
    """Return a table without the rows that cannot be known for a record; they are set aside with their reason.

    Parameters
    ----------
    source : SourceTable
    mapping : ColumnMapping
    kind : {'corpus', 'labels', 'predictions'}
        Labels without an identifier and without a title can be of no book; a catalogue record without either stands
        for itself.

    Raises
    ------
    InputError
        More than half of the identifiers were destroyed, or no row is left.
    """
    frame, rejected = source.frame, RejectedRows()
    aside = np.zeros(len(frame), dtype=bool)
    if schema.RECORD_ID in mapping.columns:
        name = mapping.columns[schema.RECORD_ID]
        ids = frame[name].str.strip()
        destroyed = ids.str.fullmatch(_SCIENTIFIC).to_numpy(dtype=bool, na_value=False)
        if destroyed.any():
            _refuse_if_most(source, name, ids, destroyed)
            for row in np.flatnonzero(destroyed).tolist():
                reason = f"its record id {ids.iloc[row]} was made by a spreadsheet, and its last digits are lost"
                rejected.add(int(source.lines[row]), reason, _text(frame, row))
            aside |= destroyed
    if kind == "labels":
        nameless = _nameless(frame, mapping) & ~aside
        for row in np.flatnonzero(nameless).tolist():
            rejected.add(
                int(source.lines[row]), "it has neither a record id nor a title: it can be no book", _text(frame, row)
            )
        aside |= nameless
    if not aside.any():
        return source
    if aside.all():
        raise InputError(f"No row of {source.path} can be used; {rejected.first()}.")
    count = int(aside.sum())
    warning = (
        f"{count:,} {'row' if count == 1 else 'rows'} of {len(frame):,} cannot be known for a book and "
        f"{'was' if count == 1 else 'were'} set aside, the first on {rejected.first()}."
    )
    return replace(
        source,
        frame=frame[~aside].reset_index(drop=True),
        lines=source.lines[~aside],
        rejected=pd.concat([source.rejected, rejected.frame()], ignore_index=True),
        warnings=(*source.warnings, warning),
    )


def _refuse_if_most(source: SourceTable, name: str, ids: pd.Series, destroyed: np.ndarray) -> None:
    filled = int((ids != "").sum())
    if destroyed.sum() <= _MOSTLY * filled:
        return
    row = int(np.flatnonzero(destroyed)[0])
    raise InputError(
        f"A spreadsheet has destroyed the record ids in '{name}': {int(destroyed.sum()):,} of {filled:,} are written "
        f"like '{ids.iloc[row]}' (line {int(source.lines[row])}), and {ids[destroyed].nunique():,} different ones "
        "are left. Their last digits cannot be restored. Export the file again from its source with the ids as text; "
        "or leave the column out, where titles are enough to find the books."
    )


def _nameless(frame: pd.DataFrame, mapping: ColumnMapping) -> np.ndarray:
    nameless = np.ones(len(frame), dtype=bool)
    for target in (schema.RECORD_ID, schema.ALTERNATE_ID, schema.TITLE):
        if target in mapping.columns:
            nameless &= (frame[mapping.columns[target]].str.strip() == "").to_numpy(dtype=bool)
    return nameless


def _text(frame: pd.DataFrame, row: int) -> str:
    return " | ".join(filter(None, frame.iloc[row].tolist()))
