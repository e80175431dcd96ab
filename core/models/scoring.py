"""Scoring: a model's probabilities for many titles, and for a whole corpus as a set of predictions."""

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from core.corpus import load_corpus
from core.errors import InputError
from core.labels import load_labels
from core.model_input import has_columns
from core.models import known_kind
from core.models.preparation import model_inputs, with_known_titles
from core.models.registry import Model, load, load_folder, weights_digest
from core.predictions import PREDICTIONS_FILE
from core.progress import Progress, silent
from core.scale import Scorer, remove_old_shards, score_locally, shards_of
from core.scale.ray_engine import score_on_ray
from core.schema import PREDICTED, RECORD_ID, SPLIT, TITLE, TITLE_KEY, probability_column
from core.storage import Workspace, digest

__all__ = ["PredictionReport", "main", "missing_column_sentences", "open_model", "predict_corpus", "sentences"]

_LOG = logging.getLogger(__name__)

# --- What scoring a corpus reports, and the sentences a reader must know ----------------------------------------------


Engine = Literal["local", "ray"]


@dataclass(frozen=True, kw_only=True)
class PredictionReport:
    """What was scored (the keys of ``colophon predict --json``).

    Attributes
    ----------
    predictions : str
        Name of the set of predictions.
    rows : int
        Records of the corpus.
    held_out : int
        Records whose title the model learned from: they have the out-of-fold probabilities of that title.
    untitled : int
        Records without a title: they have no prediction.
    resumed : int
        Different titles that an earlier run, which was stopped, had scored already.
    rows_per_second : float
        Records that this run scored, in a second.
    """

    predictions: str
    fingerprint: str
    model: str
    corpus: str
    rows: int
    seconds: float
    rows_per_second: float
    held_out: int
    untitled: int
    classes: tuple[str, ...]
    predicted: Mapping[str, int]
    sentences: tuple[str, ...]
    engine: Engine = "local"
    resumed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def sentences(held_out: int, untitled: int, too_long: int, resumed: int) -> tuple[str, ...]:
    """Say how many records were not read like the others, and how many titles an earlier run had scored."""
    messages = []
    if resumed:
        messages.append(f"{resumed:,} different titles had been scored already by a run that was stopped.")
    if held_out:
        messages.append(
            f"The model learned from the titles of {held_out:,} of these records; their probabilities come from models"
            " that had not seen them."
        )
    if untitled:
        messages.append(f"{untitled:,} records have no title and no prediction; they go to review.")
    if too_long:
        messages.append(f"{too_long:,} titles are longer than the language model reads; their ends were cut.")
    return tuple(messages)


def missing_column_sentences(reads: Sequence[str], lacking: Sequence[str], without: int, records: int) -> list[str]:
    """Say which columns the catalogue lacks, and how many of the records have none of those the model reads."""
    messages = []
    if lacking:
        messages.append(f"The model also reads {', '.join(lacking)}, and this catalogue has no such column.")
    if without:
        messages.append(
            f"{without:,} of the {records:,} records have nothing in {' or '.join(reads)}: the model judged them by"
            " their titles alone, for which it is calibrated apart."
        )
    return messages


# --- Scoring: a model's probabilities for many titles, and for a whole corpus as a set of predictions -----------------
# A corpus is scored in shards (see :mod:`core.scale`), on this computer or on a cluster. Also a job:
# ``python -m core.models.scoring JOBDIR``.


# Where shards lie that are done, until all are.
FOLDER = "scoring"


def predict_corpus(
    workspace: Workspace,
    model: str | Model,
    corpus: str,
    *,
    name: str | None = None,
    labels: str | None = None,
    engine: Engine = "local",
    address: str | None = None,
    progress: Progress = silent,
) -> PredictionReport:
    """Score a corpus and keep the predictions in the workspace. Equal titles are scored once.

    Parameters
    ----------
    model : str or Model
        A name, or a model that is loaded already.
    name : str, optional
        Of the predictions; else made of the names of corpus and model.
    labels : str, optional
        The label set that audits check these predictions against unless they are told another.

    engine : {'local', 'ray'}
        Where: on this computer, or on a cluster with Ray. The labels are the same.
    address : str, optional
        Of the Ray cluster, 'auto' or ``host:port``; without it, Ray uses the cores of this computer.

    Raises
    ------
    NotFoundError, ModelError
    NameTakenError
        Other predictions have the name that was given; nothing is computed then.
    InputError
        There is no such engine, or Ray is not installed, or there is no cluster at the address.
    JobError
        The cluster failed.
    Cancelled
        Raised by the listener. There are no predictions then, but for a week the shards that were scored are kept: the
        same call goes on from there, on either engine.
    """
    if engine not in get_args(Engine):
        raise InputError(f"There is no engine '{engine}'. There are: {', '.join(get_args(Engine))}.")
    if address and engine != "ray":
        raise InputError(
            f"An address ('{address}') is that of a Ray cluster.", command_line="Give --engine ray with it."
        )
    loaded_model = load(workspace, model) if isinstance(model, str) else model
    source = load_corpus(workspace, corpus)
    truth = load_labels(workspace, labels) if labels else None
    fingerprint = digest("predictions", loaded_model.fingerprint, source.fingerprint, truth.name if truth else "")
    called, numbered = workspace.name_for("predictions", name, f"{source.name}-{loaded_model.name}", fingerprint)
    started = time.monotonic()
    records = source.records([RECORD_ID, TITLE, TITLE_KEY])
    texts, lacking = model_inputs(source, records, loaded_model.reads)
    codes, different = pd.factorize(texts.to_numpy(dtype=object))
    remove_old_shards(workspace.root / FOLDER)
    columns = [probability_column(name) for name in loaded_model.classes]
    shards = shards_of(workspace.root / FOLDER, different.tolist(), columns, loaded_model.fingerprint)
    pending = shards.pending()
    if engine == "ray":
        score_on_ray(
            shards,
            loaded_model.path,
            open_model,
            progress,
            name=loaded_model.name,
            address=address,
            wants_gpu=known_kind(loaded_model.kind).faster_on_gpu,
        )
    else:
        score_locally(shards, loaded_model.probabilities, progress)
    table = with_known_titles(loaded_model, records, shards.probabilities()[codes])
    seconds = time.monotonic() - started
    resumed = shards.count_titles_outside(pending)
    new_rows = int(np.isin(codes // shards.size, pending).sum())
    counts = table[PREDICTED].value_counts()
    held_out, untitled = int((table[SPLIT] != "").sum()), int((table[PREDICTED] == "").sum())
    without = (
        int((~has_columns(texts.tolist()) & (records[TITLE_KEY] != "").to_numpy()).sum()) if loaded_model.reads else 0
    )
    too_long = loaded_model.classifier.count_truncated(texts.tolist())
    predicted = {key: int(counts.get(key, 0)) for key in loaded_model.classes}
    bases = loaded_model.manifest.bases
    manifest = {
        "model": loaded_model.name,
        "model_fingerprint": loaded_model.fingerprint,
        "model_kind": loaded_model.kind,
        "trained_on": loaded_model.manifest.labels_fingerprint,
        "corpus": source.fingerprint,
        "corpus_name": source.name,
        "labels": truth.name if truth else "",
        "classes": list(loaded_model.classes),
        "calibrated": loaded_model.calibration.method != "none",
        "calibration": loaded_model.calibration.method,
        "rows": len(table),
        "held_out": held_out,
        "untitled": untitled,
        "too_long": too_long,
        "reads": list(loaded_model.reads),
        "input_columns": list(loaded_model.manifest.input_columns),
        **({"bases": [base.as_dict() for base in bases]} if bases is not None else {}),
        "model_sha256": weights_digest(loaded_model.manifest.files),
        "without_columns": without,
        "engine": engine,
        "invented": source.manifest.invented,
        "summary": {"predicted": predicted},
    }

    def write(folder: Path) -> Mapping[str, Any]:
        table.to_parquet(folder / PREDICTIONS_FILE, index=False, compression="zstd")
        return {**manifest, "seconds": round(seconds, 3)}

    artifact = workspace.store("predictions", fingerprint, called, write)
    shards.clear()
    progress(1.0, "Done")
    _LOG.info(
        "scored corpus '%s' with model '%s': predictions '%s' (%s), %d records, %s, %.1f s",
        source.name,
        loaded_model.name,
        artifact.name,
        fingerprint,
        len(table),
        engine,
        time.monotonic() - started,
    )
    return PredictionReport(
        predictions=artifact.name,
        fingerprint=fingerprint,
        model=loaded_model.name,
        corpus=source.name,
        rows=len(table),
        seconds=seconds,
        rows_per_second=new_rows / seconds if seconds else float("nan"),
        held_out=held_out,
        untitled=untitled,
        classes=loaded_model.classes,
        predicted=predicted,
        sentences=(
            *sentences(held_out, untitled, too_long, resumed),
            *missing_column_sentences(loaded_model.reads, lacking, without, len(table)),
            *([numbered] if numbered else []),
        ),
        engine=engine,
        resumed=resumed,
    )


def open_model(folder: Path, name: str) -> Scorer:
    """Return what scores titles by the model in `folder`: for the nodes of a cluster, to which its files were sent."""
    return load_folder(folder, name=name).probabilities


def main() -> int:
    """Score a corpus as a job: its config names the model, the corpus, and what the predictions shall be called."""
    from core.jobs.worker import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        return predict_corpus(
            workspace,
            config["model"],
            config["corpus"],
            name=config.get("name"),
            labels=config.get("labels"),
            engine=config.get("engine") or "local",
            address=config.get("address"),
            progress=progress,
        ).as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
