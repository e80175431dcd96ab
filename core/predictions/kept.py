"""Predictions as they are kept in the workspace, with the records they speak of."""

from dataclasses import dataclass

import pandas as pd

from core.corpus import load_corpus, read_parquet
from core.storage import Stored, Workspace

__all__ = ["PREDICTIONS_FILE", "PredictionSet", "load_predictions"]

PREDICTIONS_FILE = "predictions.parquet"


@dataclass(frozen=True)
class PredictionSet(Stored):
    """One model's predictions for many books. Read-only."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, sorted."""
        return tuple(self.manifest["classes"])

    def table(self) -> pd.DataFrame:
        """Return one row a book: id, ``predicted``, ``confidence``, ``margin``, ``p_<class>`` …, ``split``, truth."""
        return read_parquet(self.artifact.path / PREDICTIONS_FILE)

    def records(self, workspace: Workspace) -> pd.DataFrame:
        """Return the normalised records of the books, row for row beside :meth:`table`."""
        corpus = self.manifest.get("corpus")
        if corpus:
            return load_corpus(workspace, corpus).records()
        return read_parquet(self.artifact.path / "records.parquet")

    def originals(self, workspace: Workspace) -> pd.DataFrame:
        """Return the original columns as text, row for row beside :meth:`table`."""
        corpus = self.manifest.get("corpus")
        if corpus:
            return load_corpus(workspace, corpus).originals()
        return read_parquet(self.artifact.path / "originals.parquet")


def load_predictions(workspace: Workspace, name: str) -> PredictionSet:
    """Return the predictions called `name`.

    Raises
    ------
    NotFoundError
        With the names of the sets that do exist.
    """
    return PredictionSet(workspace.find("predictions", name))
