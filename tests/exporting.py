"""An export of tables: what a release does once it has gathered them from the workspace."""

from pathlib import Path

import pandas as pd

from core.export import ExportReport, ExportSettings, QualityReport, write_export
from core.export.table import prepare
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
