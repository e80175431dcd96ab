"""What models were tested on, and which of them may be compared: only those that were tested on the same books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.schema import RECORD_ID, SOURCE, SPLIT
from core.statistics import interval_percent, share_percent
from core.storage import Workspace, digest

__all__ = ["ModelTest", "labelled_by_rules", "model_test", "models_verdict"]


@dataclass(frozen=True)
class ModelTest:
    """The test part of a model.

    Attributes
    ----------
    labels : str
        Name of the label set it was cut from, as it was called when the model was trained.
    by_rules : bool
        Whether rules gave those labels. A model's figure is then how often it repeats the rules it learned from; it
        says nothing about how often it is right.
    n : int
        Books of the test part; 0 when there is none.
    key : str
        Equal for equal sets of books; '' when they are not known.
    """

    labels: str
    by_rules: bool
    n: int
    key: str

    @property
    def words(self) -> str:
        """Say it in a table."""
        if not self.n:
            return "nothing"
        return f"{self.n:,} books of {self.labels}" + (", labelled by rules" if self.by_rules else "")


def model_test(
    workspace: Workspace, manifest: Mapping[str, Any], metrics: Mapping[str, Any], folder: Path
) -> ModelTest:
    """Return what a model was tested on.

    Parameters
    ----------
    manifest, metrics : mappings
        Of the model.
    folder : path
        Where it is kept: which books were tested on is read from its training books.
    """
    n = int((metrics.get("test") or {}).get("n") or 0)
    labels = str(manifest.get("labels_fingerprint") or manifest.get("labels") or "")
    return ModelTest(
        str(manifest.get("labels") or ""), labelled_by_rules(workspace, manifest), n, _test_books(folder, labels)
    )


def labelled_by_rules(workspace: Workspace, manifest: Mapping[str, Any]) -> bool:
    """Return whether rules (labelling functions) gave the labels that a model was trained and tested on.

    Labels by functions that were learned from *beside* people's do not count: they are never tested on.
    """
    labels_source = manifest.get("labels_source")
    if labels_source is not None:
        return str(labels_source) == "function"
    # A model that was trained before its manifest said so.
    labels = str(manifest.get("labels_fingerprint") or manifest.get("labels") or "")
    here = {thing.fingerprint: thing.manifest for thing in workspace.list("labels")}
    return str(here.get(labels, {}).get("source") or "") == "function"


def _test_books(folder: Path, labels: str) -> str:
    path = folder / "training.parquet"
    if not path.exists():
        return ""
    books = pd.read_parquet(path, columns=[RECORD_ID, SPLIT, SOURCE])
    ids = books.loc[(books[SPLIT] == "test") & (books[SOURCE] == "person"), RECORD_ID]
    return digest(labels, sorted(ids.astype(str))) if len(ids) else ""


def models_verdict(models: Sequence[Mapping[str, Any]]) -> str:
    """Say which model did best, as far as models can be compared.

    Parameters
    ----------
    models : sequence of mapping
        As :func:`core.models.registry.describe` gives them, the newest first.

    Notes
    -----
    Models are ranked (by macro-F1) only among those tested on the very same books, and only where people labelled
    these. With several such sets, the one that most models were tested on is spoken of, the newest among equals.
    """
    tested = [model for model in models if model["tested_on"].n]
    by_people = [model for model in tested if not model["tested_on"].by_rules]
    if not by_people:
        if not tested:
            return f"{_models(len(models))} here, but no test: how often a model is right is not known."
        model = tested[0]
        return (
            f"No model has been tested on labels that people gave. “{model['name']}” agrees with its rules on"
            f" {share_percent(model['metrics']['test']['accuracy']['value'])} of {model['tested_on'].n:,} books: that"
            " shows how well it learned the rules, not how often they are right."
        )
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for model in by_people:
        groups.setdefault(model["tested_on"].key or model["fingerprint"], []).append(model)
    group = max(groups.values(), key=len)
    best = max(group, key=lambda model: model["metrics"]["test"]["macro_f1"]["value"] or 0)
    accuracy = best["metrics"]["test"]["accuracy"]
    verdict = (
        f"“{best['name']}” is right on {share_percent(accuracy['value'])}"
        f" ({interval_percent(accuracy['low'], accuracy['high'])}) of the {accuracy['n']:,} books of"
        f" {best['tested_on'].labels} that were kept apart for testing"
    )
    verdict += f", the best of {len(group):,} tested on them." if len(group) > 1 else "."
    others = len(models) - len(group)
    if others:
        verb = "was" if others == 1 else "were"
        verdict += f" {_models(others)} {verb} tested on other books or on none, and cannot be compared with it."
    return verdict


def _models(count: int) -> str:
    return "One model" if count == 1 else f"{count:,} models"
