"""An export of tables, as a release makes it once it has gathered them from the workspace, and what its files say."""

from pathlib import Path

import pandas as pd

from core.export import ExportReport, ExportSettings, QualityReport, write_export
from core.export.table import prepare
from core.export.validation import _labelled_files
from core.progress import Progress, silent


def export(
    records: pd.DataFrame,
    originals: pd.DataFrame,
    table: pd.DataFrame,
    settings: ExportSettings,
    quality: QualityReport,
    out: Path,
    *,
    human: pd.DataFrame | None = None,
    reviews: pd.DataFrame | None = None,
    progress: Progress = silent,
) -> ExportReport:
    """Decide about every record of the tables and write the export as one zip."""
    prepared = prepare(records, originals, table, settings, human=human, reviews=reviews)
    return write_export(prepared, quality, out, progress)


def read_labels(folder: Path) -> dict[str, set[tuple[str, str, str]]]:
    """Return file → identifier, label and confidence of every entry, of an unpacked export."""
    return {labelled.name: set(labelled.triples) for labelled in _labelled_files(folder)}
