"""The demonstration workspace: an invented library, walked down the same road as real files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core.importing import import_file
from core.progress import Progress, silent
from core.schema import Kind
from core.storage import Workspace, write_atomically

__all__ = ["build"]

_NAMES: tuple[tuple[str, str, Kind], ...] = (
    ("catalogue", "demo-catalogue", "corpus"),
    ("digitised", "demo-digitised", "corpus"),
    ("annotated", "demo-annotated", "labels"),
    ("test", "demo-test", "labels"),
)
MODEL = "demo-tfidf"
PREDICTIONS = "demo-predictions"


def build(workspace: Workspace, *, seed: int | None = None, progress: Progress = silent) -> dict[str, list[str]]:
    """Make the invented catalogue, import it, train a model on its annotations, and score the digitised books.

    Parameters
    ----------
    seed : int, optional
        Another seed makes another library; without one it is always the same.

    Returns
    -------
    dict
        Names of the ``corpora``, ``labels``, ``models`` and ``predictions`` that were made. All are marked as invented.
    """
    from core.models.score import predict_corpus
    from core.models.train import train
    from data.demonstration import SEED, generate

    progress(0.0, "Inventing a library")
    made = generate(seed=SEED if seed is None else seed)
    tables: Mapping[str, pd.DataFrame] = {
        "catalogue": made.catalogue,
        "digitised": made.digitised,
        "annotated": made.annotated,
        "test": made.test,
    }
    built: dict[str, list[str]] = {"corpora": [], "labels": [], "models": [], "predictions": []}
    for step, (table, name, kind) in enumerate(_NAMES):
        path = workspace.folder("demonstration") / f"{name}.csv"
        _write_csv(tables[table], path)
        progress(0.1 + 0.15 * step, f"Importing {name}")
        report = import_file(workspace, path, kind, name=name, invented=True)
        built["corpora" if kind == "corpus" else "labels"].append(report.name)
    progress(0.7, "Training")
    trained = train(workspace, "demo-annotated", kind="tfidf", name=MODEL)
    progress(0.85, "Scoring the digitised books")
    scored = predict_corpus(workspace, trained.model, "demo-digitised", name=PREDICTIONS, labels="demo-test")
    built["models"].append(trained.model)
    built["predictions"].append(scored.predictions)
    progress(1.0, "Done")
    return built


def main() -> int:
    """Build the demonstration as a job."""
    from core.jobs import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, list[str]]:
        return build(workspace, progress=progress)

    return run_as_job(work)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with write_atomically(path) as beside:
        table.to_csv(beside, index=False)


if __name__ == "__main__":
    sys.exit(main())
