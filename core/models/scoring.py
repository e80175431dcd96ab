"""Scoring: a model's probabilities for many titles, and for a whole corpus as a set of predictions."""

import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import Corpus, column_names, load_corpus
from core.errors import InputError
from core.labels import load_labels
from core.model_input import has_columns, join_fields
from core.models import known_kind
from core.models.preparation import with_known_titles
from core.models.registry import Model, load, load_folder, weights_digest
from core.predictions import PREDICTIONS_FILE
from core.progress import Progress, silent
from core.scale import Scorer, StoredTexts, remove_old_shards, score_locally, shards_of
from core.scale.ray_engine import score_on_ray
from core.schema import CONFIDENCE, MARGIN, PREDICTED, RECORD_ID, SPLIT, TITLE, TITLE_KEY, probability_column
from core.storage import Workspace, digest

__all__ = [
    "PredictionReport",
    "different_texts",
    "main",
    "missing_column_sentences",
    "open_model",
    "predict_corpus",
    "sentences",
]

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
_KEYS: Final = ("titles, first 16", "titles, other 16")


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
    workspace.require_writable()
    started = time.monotonic()
    lacking = tuple(column for column in loaded_model.reads if column not in column_names(source.artifact.path))
    shards_folder = workspace.root / FOLDER
    shards_folder.mkdir(parents=True, exist_ok=True)
    remove_old_shards(shards_folder)
    columns = [probability_column(name) for name in loaded_model.classes]
    with tempfile.TemporaryDirectory(prefix="texts-", dir=shards_folder) as scratch:
        different, codes = different_texts(source, loaded_model.reads, Path(scratch) / "texts.parquet")
        shards = shards_of(shards_folder, different, columns, loaded_model.fingerprint)
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
        table = Path(scratch) / PREDICTIONS_FILE
        counts = _write_table(table, source, loaded_model, shards.probabilities(), codes)
        seconds = time.monotonic() - started
        manifest = _manifest_content(loaded_model, source, truth.name if truth else "", engine, counts)

        def write(folder: Path) -> Mapping[str, Any]:
            shutil.move(table, folder / PREDICTIONS_FILE)
            return {**manifest, "seconds": round(seconds, 3)}

        artifact = workspace.store("predictions", fingerprint, called, write)
        resumed = shards.count_titles_outside(pending)
        new_rows = int(np.isin(codes // shards.size, pending).sum())
        shards.clear()
    progress(1.0, "Done")
    _LOG.info(
        "scored corpus '%s' with model '%s': predictions '%s' (%s), %d records, %s, %.1f s",
        source.name,
        loaded_model.name,
        artifact.name,
        fingerprint,
        counts.rows,
        engine,
        time.monotonic() - started,
    )
    return PredictionReport(
        predictions=artifact.name,
        fingerprint=fingerprint,
        model=loaded_model.name,
        corpus=source.name,
        rows=counts.rows,
        seconds=seconds,
        rows_per_second=new_rows / seconds if seconds else float("nan"),
        held_out=counts.held_out,
        untitled=counts.untitled,
        classes=loaded_model.classes,
        predicted=counts.predicted,
        sentences=(
            *sentences(counts.held_out, counts.untitled, counts.too_long, resumed),
            *missing_column_sentences(loaded_model.reads, lacking, counts.without_columns, counts.rows),
            *([numbered] if numbered else []),
        ),
        engine=engine,
        resumed=resumed,
    )


def _text_batches(source: Corpus, reads: Sequence[str]) -> Iterator[tuple[pd.DataFrame, pd.Series]]:
    """Yield the records part by part, and what a model reads of each."""
    available = [name for name in reads if name in column_names(source.artifact.path)]
    for records, originals in source.batches([RECORD_ID, TITLE, TITLE_KEY], available):
        yield records, join_fields(records[TITLE], {name: originals[name] for name in available})


def different_texts(source: Corpus, reads: Sequence[str], path: Path) -> tuple[StoredTexts, NDArray[np.int64]]:
    """Write the different texts of a corpus to `path`, in the order of its records.

    Returns
    -------
    texts : StoredTexts
    codes : int array, shape (n_records,)
        Which of the texts each record has.

    Notes
    -----
    Texts are told apart by two hashes of 64 bits with different keys: of the 1.75 million of a national library, two
    different ones have the same pair with a probability of 10^-26.
    """
    hashes = [
        np.stack([pd.util.hash_array(texts.to_numpy(dtype=object), hash_key=key, categorize=False) for key in _KEYS])
        for _, texts in _text_batches(source, reads)
    ]
    pairs = pd.DataFrame(np.concatenate([*hashes, np.empty((len(_KEYS), 0), np.uint64)], axis=1).T)
    codes = pairs.groupby(list(pairs), sort=False).ngroup().to_numpy().astype(np.int64)
    is_first = np.zeros(len(codes), dtype=bool)
    is_first[np.unique(codes, return_index=True)[1]] = True

    def parts() -> Iterator[Sequence[str]]:
        start = 0
        for _, texts in _text_batches(source, reads):
            yield texts[is_first[start : start + len(texts)]].tolist()
            start += len(texts)

    return StoredTexts.write(path, parts()), codes


@dataclass(kw_only=True)
class _Counts:
    """How many of the records scored are what."""

    rows: int = 0
    held_out: int = 0
    untitled: int = 0
    too_long: int = 0
    without_columns: int = 0
    predicted: dict[str, int]


def _write_table(
    path: Path, source: Corpus, model: Model, probabilities: NDArray[np.float64], codes: NDArray[np.int64]
) -> _Counts:
    """Write the predictions for the records of a corpus, part by part, and count them.

    Parameters
    ----------
    probabilities : array, shape (n_texts, k)
    codes : int array, shape (n_records,)
        Which of these texts each record has.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = _Counts(predicted=dict.fromkeys(model.classes, 0))
    numbers = [CONFIDENCE, MARGIN, *(probability_column(name) for name in model.classes)]
    columns = [RECORD_ID, PREDICTED, *numbers, SPLIT]
    schema = pa.schema([(name, pa.float64() if name in numbers else pa.large_string()) for name in columns])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for records, texts in _text_batches(source, model.reads):
            here = codes[counts.rows : counts.rows + len(records)]
            table = with_known_titles(model, records, probabilities[here])
            writer.write_table(pa.Table.from_pandas(table, schema, preserve_index=False))
            counts.rows += len(table)
            counts.held_out += int((table[SPLIT] != "").sum())
            counts.untitled += int((table[PREDICTED] == "").sum())
            counts.too_long += int(model.classifier.is_truncated(texts.tolist()).sum())
            if model.reads:
                titled = (records[TITLE_KEY] != "").to_numpy()
                counts.without_columns += int((~has_columns(texts.tolist()) & titled).sum())
            for name, count in table[PREDICTED].value_counts().items():
                if name:
                    counts.predicted[str(name)] += int(count)
    return counts


def _manifest_content(model: Model, source: Corpus, labels: str, engine: Engine, counts: _Counts) -> dict[str, Any]:
    bases = model.manifest.bases
    return {
        "model": model.name,
        "model_fingerprint": model.fingerprint,
        "model_kind": model.kind,
        "trained_on": model.manifest.labels_fingerprint,
        "corpus": source.fingerprint,
        "corpus_name": source.name,
        "labels": labels,
        "classes": list(model.classes),
        "calibrated": model.calibration.method != "none",
        "calibration": model.calibration.method,
        "rows": counts.rows,
        "held_out": counts.held_out,
        "untitled": counts.untitled,
        "too_long": counts.too_long,
        "reads": list(model.reads),
        "input_columns": list(model.manifest.input_columns),
        **({"bases": [base.as_dict() for base in bases]} if bases is not None else {}),
        "model_sha256": weights_digest(model.manifest.files),
        "without_columns": counts.without_columns,
        "engine": engine,
        "invented": source.manifest.invented,
        "summary": {"predicted": counts.predicted},
    }


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
