"""A finished facet as a classifier like any other: its marks as label sets, its scores as predictions of the corpus."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from core.corpus import ORIGINALS_FILE, RECORDS_FILE
from core.draws import DRAW_FILE
from core.errors import InputError
from core.labels import ANNOTATIONS_FILE, DISAGREEING, LABELS_FILE
from core.learned_facets.estimates import estimate_facet
from core.learned_facets.marks import FacetLog, FacetMark, LearnedFacet, facet_log
from core.learned_facets.ranking import FacetCollection, FacetRanking, rank_titles
from core.models.preparation import predictions_table
from core.predictions import PREDICTIONS_FILE, save_training_labels
from core.schema import (
    ANNOTATOR,
    CREATED_AT,
    DRAWN_CHANCE,
    LABEL,
    LABEL_GIVEN,
    NOTE,
    PREDICTED,
    RECORD_ID,
    RECORDS_COLUMNS,
    ROWS,
    SOURCE,
    SPLIT,
)
from core.storage import Workspace, digest

__all__ = ["FacetReport", "finish_facet"]

_LOG = logging.getLogger(__name__)
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class FacetReport:
    """What a facet was made into (the keys of ``colophon facet finish --json``).

    Attributes
    ----------
    predictions : str
        Name of the predictions.
    labels : str
        Name of the label set it learned from.
    checked : str
        Name of the label set of the random sample, which it did not learn from; '' where there is none.
    predicted : mapping
        Class → records.
    """

    facet: str
    predictions: str
    labels: str
    checked: str
    rows: int
    classes: tuple[str, ...]
    predicted: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def finish_facet(
    workspace: Workspace, facet: LearnedFacet, collection: FacetCollection, *, name: str | None = None
) -> FacetReport:
    """Make label sets of a facet's marks and predictions of its scores.

    Parameters
    ----------
    name : str, optional
        Of the predictions; else made of the names of corpus and facet. Those of the label sets are made of it.

    Raises
    ------
    InputError
        There is no title marked as fitting, or none as not fitting.
    NameTakenError
        Other predictions have the name that was given.

    Notes
    -----
    A sample that was marked to its end becomes a label set of its own, with the chance of each title, and is what the
    predictions are checked against. What the model learned from is said with the predictions, so that it counts for
    nothing when they are measured.
    """
    log = facet_log(workspace.database, facet)
    if len(set(log.training.values())) < 2:
        raise InputError("Mark at least one title as fitting and one as not fitting before making it a classifier.")
    ranking = rank_titles(collection, log.training)
    estimate = estimate_facet(log)
    complete = estimate is not None and not estimate.reason
    corpus = collection.corpus
    marks = [mark for record_id, mark in log.current.items() if record_id not in log.sampled]
    fingerprint = digest("facet", facet.key, _content(log.current.values()), ranking.features, complete, _VERSION)
    called, _ = workspace.name_for("predictions", name, f"{corpus.name}-{facet.name}", fingerprint)
    labels = _store_labels(workspace, facet, collection, marks, f"{called}-marks", None)
    checked = ""
    if complete and log.sample:
        sampled = [log.current[record_id] for record_id in log.sample.record_ids]
        checked = _store_labels(workspace, facet, collection, sampled, f"{called}-sample", log)
    table = _predictions(facet, collection, ranking, log)
    counts = table[PREDICTED].value_counts()
    predicted = {item: int(counts.get(item, 0)) for item in facet.classes}

    def write(folder: Path) -> Mapping[str, Any]:
        table.to_parquet(folder / PREDICTIONS_FILE, index=False, compression="zstd")
        return {
            "facet": facet.name,
            "definition": facet.definition,
            "features": ranking.features,
            "negative_class": facet.classes[1],
            "corpus": corpus.fingerprint,
            "corpus_name": corpus.name,
            "labels": checked,
            "classes": sorted(facet.classes),
            "rows": len(table),
            "untitled": int((table[PREDICTED] == "").sum()),
            "input_columns": ["title"],
            "engine": "local",
            "invented": corpus.manifest.invented,
            "summary": {"predicted": predicted},
        }

    artifact = workspace.store("predictions", fingerprint, called, write)
    save_training_labels(workspace, artifact.fingerprint, [labels])
    _LOG.info("made facet '%s' the predictions '%s' (%s): %d records", facet.key, called, fingerprint, len(table))
    return FacetReport(
        facet=facet.name,
        predictions=artifact.name,
        labels=labels,
        checked=checked,
        rows=len(table),
        classes=facet.classes,
        predicted=predicted,
    )


def _content(marks: Any) -> list[tuple[str, bool]]:
    return sorted((mark.record_id, mark.fits) for mark in marks)


def _predictions(
    facet: LearnedFacet, collection: FacetCollection, ranking: FacetRanking, log: FacetLog
) -> pd.DataFrame:
    scores = ranking.scores.astype(float)
    scores[~collection.titled] = np.nan
    columns = {facet.classes[0]: scores, facet.classes[1]: 1 - scores}
    classes = sorted(facet.classes)
    table = predictions_table(np.column_stack([columns[name] for name in classes]), classes)
    table.insert(0, RECORD_ID, collection.records[RECORD_ID].to_numpy())
    split = np.full(len(table), "", dtype=object)
    split[collection.positions([*log.training])] = "train"
    return table.assign(**{SPLIT: pd.Series(split, dtype="str")})


def _store_labels(
    workspace: Workspace,
    facet: LearnedFacet,
    collection: FacetCollection,
    marks: Sequence[FacetMark],
    wanted: str,
    drawn: FacetLog | None,
) -> str:
    """Keep marks as a label set and return its name; with the chances of the sample where they are one."""
    corpus = collection.corpus
    fits, other = facet.classes
    answers = [fits if mark.fits else other for mark in marks]
    fingerprint = digest("facet labels", facet.key, _content(marks), drawn.sample.id if drawn and drawn.sample else 0)
    name, _ = workspace.name_for("labels", None, wanted, fingerprint)
    rows = collection.positions([mark.record_id for mark in marks])

    def write(folder: Path) -> Mapping[str, Any]:
        records = corpus.records().iloc[rows][list(RECORDS_COLUMNS)].reset_index(drop=True)
        spoken = pd.DataFrame(
            {
                RECORD_ID: records[RECORD_ID],
                LABEL_GIVEN: pd.Series(answers, dtype="str"),
                ANNOTATOR: pd.Series([mark.by for mark in marks], dtype="str"),
                CREATED_AT: pd.Series([mark.created_at for mark in marks], dtype="str"),
                NOTE: "",
                "line": np.zeros(len(marks), dtype=np.int64),
            }
        )
        table = spoken.drop(columns="line")
        table[LABEL], table[SOURCE], table[ROWS], table[DISAGREEING] = spoken[LABEL_GIVEN], "person", np.int64(1), False
        table.to_parquet(folder / LABELS_FILE, index=False, compression="zstd")
        spoken.to_parquet(folder / ANNOTATIONS_FILE, index=False, compression="zstd")
        records.to_parquet(folder / RECORDS_FILE, index=False, compression="zstd")
        corpus.originals().iloc[rows].to_parquet(folder / ORIGINALS_FILE, index=False, compression="zstd")
        if drawn and drawn.sample:
            chances = pd.DataFrame({RECORD_ID: drawn.sample.record_ids, DRAWN_CHANCE: drawn.sample.chances()})
            chances.to_parquet(folder / DRAW_FILE, index=False)
        return {
            "classes": sorted(facet.classes),
            "facet": facet.name,
            "definition": facet.definition,
            "corpus": corpus.fingerprint,
            "corpus_name": corpus.name,
            "invented": corpus.manifest.invented,
            "rows": len(marks),
            "rejected": 0,
            "summary": {
                "rows": len(marks),
                "books": len(marks),
                "classes": {item: answers.count(item) for item in facet.classes},
                "undecided": {},
                "without_label": 0,
            },
        }

    return workspace.store("labels", fingerprint, name, write).name
