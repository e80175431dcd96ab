"""Predictions as they are kept in the workspace, with the records they speak of."""

from dataclasses import dataclass

import pandas as pd

from core.corpus import ORIGINALS_FILE, RECORDS_FILE, load_corpus, read_parquet
from core.predictions.catalogue import CatalogueChoice, choose_catalogue, joined_originals, joined_records
from core.storage import StoredArtifact, Workspace

__all__ = ["PREDICTIONS_FILE", "PredictionSet", "load_predictions"]

PREDICTIONS_FILE = "predictions.parquet"


@dataclass(frozen=True)
class PredictionSet(StoredArtifact):
    """One model's predictions for many books. Read-only."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, sorted."""
        return tuple(self.manifest["classes"])

    @property
    def made_here(self) -> bool:
        """Whether a model of this workspace made them, for a corpus that is named in their manifest."""
        return bool(self.manifest.get("corpus"))

    def table(self) -> pd.DataFrame:
        """Return one row a book: id, ``predicted``, ``confidence``, ``margin``, ``p_<class>`` …, ``split``, truth."""
        return read_parquet(self.artifact.path / PREDICTIONS_FILE)

    def catalogue(self, workspace: Workspace, corpus: str | None = None) -> CatalogueChoice:
        """Return which catalogue predictions made elsewhere are joined with; none where they were made here.

        Parameters, Raises: see :func:`core.predictions.catalogue.choose_catalogue`.
        """
        if self.made_here:
            return CatalogueChoice(None)
        return choose_catalogue(workspace, self.name, self.fingerprint, self.own_records(), corpus)

    def own_records(self) -> pd.DataFrame:
        """Return the records as the file with predictions made elsewhere has them."""
        return read_parquet(self.artifact.path / RECORDS_FILE)

    def records(self, workspace: Workspace, choice: CatalogueChoice | None = None) -> pd.DataFrame:
        """Return the normalised records of the books, row for row beside :meth:`table`.

        Parameters
        ----------
        choice : CatalogueChoice, optional
            From :meth:`catalogue`, where it is at hand.
        """
        if self.made_here:
            return load_corpus(workspace, self.manifest["corpus"]).records()
        choice = choice or self.catalogue(workspace)
        own = self.own_records()
        return joined_records(own, choice.match) if choice.match else own

    def originals(self, workspace: Workspace, choice: CatalogueChoice | None = None) -> pd.DataFrame:
        """Return the original columns as text, row for row beside :meth:`table`."""
        if self.made_here:
            return load_corpus(workspace, self.manifest["corpus"]).originals()
        choice = choice or self.catalogue(workspace)
        own = read_parquet(self.artifact.path / ORIGINALS_FILE)
        return joined_originals(own, choice.match) if choice.match else own


def load_predictions(workspace: Workspace, name: str) -> PredictionSet:
    """Return the predictions called `name`.

    Raises
    ------
    NotFoundError
        With the names of the sets that do exist.
    """
    return PredictionSet(workspace.find("predictions", name))
