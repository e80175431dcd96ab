"""From a file to a corpus, a label set or a set of predictions in the workspace: one road for the page and the command.

Also a job: ``python -m core.importing JOBDIR``.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.classes import ClassNames, match_classes, parse_renamed, similar_name_questions
from core.corpus import save_records
from core.draws import DRAW_FILE, LabelDraw, say_how_drawn
from core.errors import DamagedError, InputError, NameTakenError, NotFoundError, UnreadableFileError
from core.labels import ANNOTATIONS_FILE, LABELS_FILE, books_from_annotations
from core.manifests import Manifest
from core.normalise import NormalisedRecords, normalise_records, usable_rows
from core.predictions import (
    NO_CORPUS,
    NO_LABELS,
    PREDICTIONS_FILE,
    CatalogueChoice,
    ParsedPredictions,
    choose_catalogue,
    predictions_from_columns,
    save_catalogue_choice,
    save_training_labels,
    saved_training_labels,
)
from core.processes import memory_limit, most_of_memory
from core.progress import Progress, silent
from core.readers import FORMATS, SourceTable, read_table
from core.readers.columns import ConfirmedMapping, check_mapping, keep_confirmed
from core.readers.container import folder_sha256
from core.readers.delimited import delimiter_name
from core.readers.mapping import ColumnMapping, suggest_mapping
from core.readers.reading import read_first_rows
from core.readers.scores import has_suggestions, single_answers
from core.schema import (
    ANNOTATOR,
    CONFIDENCE,
    CREATED_AT,
    DRAW_ID,
    DRAWN_CHANCE,
    KINDS,
    LABEL,
    LABEL_GIVEN,
    NOTE,
    PREDICTED,
    PROBABILITY_PREFIX,
    RECORD_ID,
    TRUTH,
    Kind,
)
from core.storage import Artifact, Workspace, digest, file_sha256

__all__ = ["ImportReport", "ReadOptions", "class_counts", "import_file", "main", "peek", "preview_questions", "read_as"]

_LOG = logging.getLogger(__name__)

FOLDERS = {"corpus": "corpora", "labels": "labels", "predictions": "predictions"}
# Raised when normalisation changes, so that an old import is not taken for the new one.
_VERSION = 3
_ENCODING_NAMES = {"cp1252": "Windows-1252"}


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What a person corrected about how a file is read, see :func:`core.readers.read_table`; empty means guess."""

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What was imported and how the file was understood (the keys of ``colophon import --json``)."""

    name: str
    kind: str
    rows: int
    rejected: int
    fingerprint: str
    encoding: str
    format: str
    delimiter: str
    mapping: Mapping[str, str]
    reasons: tuple[str, ...]
    questions: tuple[str, ...]
    warnings: tuple[str, ...]
    summary: Mapping[str, Any]
    corpus: str = ""  # of predictions: the catalogue they were joined with
    name_note: str = ""  # that the name got a number, or stands for what was kept; one of the warnings too

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def import_file(
    workspace: Workspace,
    path: Path,
    kind: Kind,
    *,
    name: str | None = None,
    overrides: Sequence[str] = (),
    map_classes: Sequence[str] = (),
    reading: ReadOptions | None = None,
    progress: Progress = silent,
    invented: bool = False,
    corpus: str | None = None,
    learned_from: Sequence[str] = (),
    confirmed: ConfirmedMapping | None = None,
    drawn: str = "",
) -> ImportReport:
    """Read a file, normalise it, and keep it in the workspace under a name.

    Parameters
    ----------
    path : path
        A file, or a folder of files that are one table.
    kind : {'corpus', 'labels', 'predictions'}
    name : str, optional
        Derived from the file name when absent, with a number behind it where another thing has that name, which a
        warning then says.
    overrides : sequence of str
        ``HEADER=target`` as on the command line; an empty target takes a column out of the mapping.
    map_classes : sequence of str
        ``ANSWER=CLASS`` each: what a class name of the file means (:func:`core.classes.parse_renamed`); an empty class
        says that the answer is none.
    invented : bool
        True for the demonstration corpus: it is marked so on every page.
    corpus : str, optional
        Of predictions: the corpus whose records they speak of, or 'none'. It is kept for them. Without it, the corpus
        that holds them is found (see :func:`core.predictions.external.choose_catalogue`).
    learned_from : sequence of str
        Of predictions: the label sets the model learned from, or 'none' for none of those here. It is kept for them;
        without it, that it is not known is a question of the report.
    confirmed : ConfirmedMapping, optional
        What a person saw of the file's first rows and confirmed, corrections included: it is kept, even where all rows
        would have been read otherwise, which is then a question. Without it the columns are guessed from all rows.
    drawn : {'', 'random', 'chosen', 'unknown'}
        Of labels: what a person says of how their books were picked. A list that Colophon drew is known by its columns
        ``draw_id`` and ``drawn_chance``.

    Raises
    ------
    UnreadableFileError, MappingError, InputError
        In words that name the file, the line or column, what was found and what to do. Nothing is kept then.
    NameTakenError
        Another thing of this kind has the name that was given.

    Notes
    -----
    Where the name that was given stands for this very file, as an earlier version of Colophon read it, that reading is
    kept and a warning says so: what was made with it and decided about it speaks of its rows.
    """
    started = time.monotonic()
    if kind not in KINDS:
        raise InputError(f"'{kind}' is no kind of file. There are: {', '.join(KINDS)}.")
    if corpus and kind != "predictions":
        raise InputError(
            "Only predictions are joined with a catalogue when they are imported.", command_line="Leave --corpus away."
        )
    if corpus and corpus != NO_CORPUS:
        workspace.find("corpora", corpus)
    if learned_from and kind != "predictions":
        raise InputError(
            "Only of predictions it is asked what the model learned from.", command_line="Leave --learned-from away."
        )
    if drawn and kind != "labels":
        raise InputError("Only of labels it is asked how their books were drawn.", command_line="Leave --drawn away.")
    for labels in learned_from:
        if labels != NO_LABELS:
            workspace.find("labels", labels)
    reading = reading or ReadOptions()
    source = _read(path, reading, lambda fraction, message: progress(fraction * 0.5, message))
    mapping = suggest_mapping(source.frame, kind, overrides, check=confirmed is None)
    if confirmed is not None:
        mapping = keep_confirmed(mapping, source.frame, confirmed)
        check_mapping(mapping, source.frame, kind)
    source = usable_rows(source, mapping, kind)
    renamed = parse_renamed(map_classes, class_counts(source.frame, mapping)) if map_classes else {}
    normalised = normalise_records(
        source,
        mapping,
        repeats=kind == "labels",
        progress=lambda fraction, message: progress(0.5 + fraction * 0.4, message),
    )
    file = path.name or path.resolve().name
    sha256 = folder_sha256(path, FORMATS[source.format].suffix) if path.is_dir() else file_sha256(path)
    read_as_target = {column: target for target, column in mapping.columns.items()} | {
        column: f"probability of {name}" for name, column in mapping.probabilities.items()
    }
    fingerprint, *earlier = (
        digest(sha256, kind, read_as_target, asdict(reading), renamed, version) for version in range(_VERSION, 0, -1)
    )
    same = _the_same_file(workspace, kind, name, sha256, fingerprint)
    corrected = bool(overrides or map_classes)
    by_earlier_version = same is not None and (
        same.fingerprint in earlier
        # An earlier version may have guessed the columns otherwise, but what was asked for must be so.
        or (
            same.manifest.import_version < _VERSION
            and (not corrected or (same.manifest.mapping, same.manifest.classes_given) == (read_as_target, renamed))
        )
    )
    if same is not None and by_earlier_version:
        fingerprint = same.fingerprint
    if same is not None and not by_earlier_version:
        raise NameTakenError(
            f"'{same.name}' is this very file already, read otherwise (other columns or class names). Give another name"
            " to have both readings, or rename or remove that one first."
        )
    called, numbered = workspace.name_for(FOLDERS[kind], name, file.split(".")[0], fingerprint)
    choice = CatalogueChoice(None)
    note = _kept_as_it_was(called) if by_earlier_version else numbered
    if kind == "predictions":  # before anything is kept: the catalogue that was named may hold none of them
        choice = choose_catalogue(workspace, called, fingerprint, normalised.records, corpus)

    def write(folder: Path) -> Mapping[str, Any]:
        save_records(folder, source, normalised)
        content = _WRITERS[kind](folder, source, mapping, normalised, renamed)
        if kind == "labels":
            content["warnings"] += _write_draw(workspace, folder, source, mapping, normalised)
        return {
            "file": file,
            "file_sha256": sha256,
            "format": source.format,
            "encoding": source.encoding,
            "delimiter": source.delimiter,
            "mapping": read_as_target,
            "reasons": [*source.reasons, *mapping.reasons.values()],
            "classes_given": renamed,
            "invented": invented,
            "import_version": _VERSION,
            "rows": len(normalised.records),
            "source_rows": len(source.frame) + len(source.rejected),
            "rejected": len(source.rejected) + len(normalised.rejected),
            **content,
            "questions": [*source.questions, *mapping.questions, *content.get("questions", ())],
            "warnings": [*source.warnings, *normalised.warnings, *content.get("warnings", ())],
        }

    progress(0.92, "Saving")
    artifact = workspace.store(FOLDERS[kind], fingerprint, called, write)
    if corpus:
        save_catalogue_choice(workspace, fingerprint, corpus)
    if learned_from:
        save_training_labels(workspace, fingerprint, learned_from)
    if drawn:
        say_how_drawn(workspace.database, fingerprint, drawn)
    progress(1.0, "Done")
    manifest = artifact.manifest
    _LOG.info(
        "imported %s '%s' (%s): %d rows, %d rejected, %.1f s",
        kind,
        artifact.name,
        fingerprint,
        manifest.rows,
        manifest.rejected,
        time.monotonic() - started,
    )
    return ImportReport(
        name=artifact.name,
        kind=kind,
        rows=manifest.rows or 0,
        rejected=manifest.rejected or 0,
        fingerprint=fingerprint,
        encoding=manifest.encoding,
        format=manifest.format,
        delimiter=manifest.delimiter,
        mapping=manifest.mapping,
        reasons=manifest.reasons,
        questions=(*manifest.questions, *_ask_training_labels(workspace, kind, fingerprint)),
        warnings=(*manifest.warnings, *choice.sentences, *([note] if note else [])),
        summary=manifest.summary,
        corpus=choice.name,
        name_note=note,
    )


def _the_same_file(
    workspace: Workspace, kind: Kind, name: str | None, sha256: str, fingerprint: str
) -> Artifact[Manifest] | None:
    """Return what the name that was given stands for, if it is this file under another fingerprint; else None."""
    if not name:
        return None
    try:
        thing = workspace.find(FOLDERS[kind], name)
    except (NotFoundError, DamagedError):
        return None
    same = thing.manifest.file_sha256 == sha256 and thing.fingerprint not in (fingerprint, name)
    return thing if same else None


def _kept_as_it_was(name: str) -> str:
    return (
        f"'{name}' is this very file already, as an earlier version of Colophon read it. That was kept, since what was"
        " made with it and decided about it speaks of it. To have the file as this version reads it, import it under"
        " another name, or rename or remove that one first."
    )


def _ask_training_labels(workspace: Workspace, kind: str, fingerprint: str) -> tuple[str, ...]:
    """Ask from which labels a model made elsewhere learned, where nobody said so and there is a choice."""
    labels = [thing.name for thing in workspace.list("labels") if not thing.manifest.by_rules]
    if kind != "predictions" or not labels or saved_training_labels(workspace, fingerprint) is not None:
        return ()
    return (
        (
            "From which labels did the model learn? Books it learned from cannot test it. Label sets here:"
            f" {', '.join(labels)}; it may have learned from none of them."
        ),
    )


def read_as(format_: str, encoding: str, delimiter: str) -> str:
    """Return the sentence on how a file was read.

    >>> read_as("csv", "utf-8", ";"), read_as("xlsx", "", "")
    ('Read as CSV; encoding UTF-8; cells parted by semicolons.', 'Read as XLSX.')
    """
    parts = [f"Read as {format_.upper()}"]
    if encoding:
        parts.append(f"encoding {_ENCODING_NAMES.get(encoding, encoding.upper())}")
    if delimiter:
        parts.append(f"cells parted by {delimiter_name(delimiter)}")
    return "; ".join(parts) + "."


def peek(path: Path, kind: Kind, reading: ReadOptions | None = None) -> tuple[SourceTable, ColumnMapping]:
    """Return the first rows of a file and the mapping an import would begin with, so that a person can correct them.

    What is needed and was not recognised is no error here: the person is about to name it. The file is read by a
    process of its own, with limits of memory and time; `complete` of the table says whether all rows are in it.

    Raises
    ------
    UnreadableFileError, InputError
    """
    reading = reading or ReadOptions()
    source = read_first_rows(path, **vars(reading))
    return source, suggest_mapping(source.frame, kind, check=False)


def class_counts(frame: pd.DataFrame, mapping: ColumnMapping) -> dict[str, int]:
    """Return every answer of the class columns and every class named by a probability column, with its rows.

    A class that a column of probabilities names and no row answers has 0.
    """
    counts: Counter[str] = Counter(dict.fromkeys(mapping.probabilities, 0))
    for target in (LABEL, PREDICTED, TRUTH):
        column = mapping.columns.get(target)
        if column is not None:
            counts.update(single_answers(frame[column]).answers.tolist())
    return {answer.strip(): count for answer, count in counts.items() if answer.strip()}


def preview_questions(frame: pd.DataFrame, mapping: ColumnMapping, kind: Kind, renamed: Mapping[str, str]) -> list[str]:
    """Return what an import would ask about class names and scores, before anything is kept.

    Raises
    ------
    InputError
        What the import would refuse (scores that are none, several labels in a cell).
    """
    answers = {target: frame[column] for target, column in mapping.columns.items()}
    if kind == "labels" and LABEL in answers:
        names = match_classes(single_answers(answers[LABEL]).answers, renamed=renamed)
        return [*names.questions, *_questions_of_labels(names)]
    if kind == "predictions" and (PREDICTED in answers or mapping.probabilities):
        understood = _parse_predictions(frame, mapping, renamed, None)
        return [*understood.questions, *understood.warnings]
    return []


def _parse_predictions(
    frame: pd.DataFrame, mapping: ColumnMapping, renamed: Mapping[str, str], lines: np.ndarray | None
) -> ParsedPredictions:
    """Understand the prediction columns of a table whose rows are records."""

    def answers(target: str) -> tuple[pd.Series | None, str]:
        column = mapping.columns.get(target)
        if column is None:
            return None, ""
        single = single_answers(frame[column], lines)
        return single.answers.reset_index(drop=True), single.remark

    predicted, unwrapped = answers(PREDICTED)
    truth, unwrapped_truth = answers(TRUTH)
    probabilities = {name: frame[column].reset_index(drop=True) for name, column in mapping.probabilities.items()}
    confidence = mapping.columns.get(CONFIDENCE)
    understood = predictions_from_columns(
        predicted,
        probabilities,
        None if confidence is None else frame[confidence].reset_index(drop=True),
        truth,
        renamed=renamed,
        lines=lines,
    )
    remarks = [remark for remark in (unwrapped, unwrapped_truth) if remark]
    return replace(understood, warnings=(*remarks, *understood.warnings))


def _read(path: Path, reading: ReadOptions, progress: Progress) -> SourceTable:
    try:
        return read_table(path, **vars(reading), progress=progress)
    except MemoryError as error:
        raise UnreadableFileError(
            f"{path} needs more memory than this machine has free; nothing was kept. Split the file, or leave out "
            "columns that are not needed, and import the parts."
        ) from error


def _column(source: SourceTable, mapping: ColumnMapping, target: str) -> pd.Series | None:
    column = mapping.columns.get(target)
    return None if column is None else source.frame[column]


def _write_corpus(
    folder: Path, source: SourceTable, mapping: ColumnMapping, normalised: NormalisedRecords, renamed: Mapping[str, str]
) -> dict[str, Any]:
    return {}


def _write_labels(
    folder: Path, source: SourceTable, mapping: ColumnMapping, normalised: NormalisedRecords, renamed: Mapping[str, str]
) -> dict[str, Any]:
    blank = pd.Series("", index=source.frame.index, dtype="str")
    given = single_answers(source.frame[mapping.columns[LABEL]], source.lines)
    annotations = pd.DataFrame(
        {
            RECORD_ID: normalised.records[RECORD_ID].to_numpy()[normalised.inverse],
            LABEL_GIVEN: given.answers.to_numpy(),
            ANNOTATOR: _or(_column(source, mapping, ANNOTATOR), blank),
            CREATED_AT: _or(_column(source, mapping, CREATED_AT), blank),
            NOTE: _or(_column(source, mapping, NOTE), blank),
            "line": source.lines,
        }
    )
    table, names, repeats = books_from_annotations(annotations, normalised.records[RECORD_ID], renamed=renamed)
    table.to_parquet(folder / LABELS_FILE, index=False)
    annotations.to_parquet(folder / ANNOTATIONS_FILE, index=False)
    counts = table[LABEL].value_counts()
    return {
        "classes": list(names.classes),
        "summary": {
            "rows": repeats.rows,
            "books": repeats.books,
            "classes": {name: int(counts.get(name, 0)) for name in names.classes},
            "undecided": dict(names.undecided),
            "without_label": int((table[LABEL] == "").sum()),
            "repeats": asdict(repeats),
        },
        "warnings": [*([given.remark] if given.remark else []), repeats.sentence, *names.sentences],
        "questions": [*names.questions, *_questions_of_labels(names)],
    }


def _write_draw(
    workspace: Workspace, folder: Path, source: SourceTable, mapping: ColumnMapping, normalised: NormalisedRecords
) -> list[str]:
    """Keep which of the books were drawn, and with which chance, where the file says so; return what to know of it."""
    blank = pd.Series("", index=source.frame.index, dtype="str")
    annotations = pd.read_parquet(folder / ANNOTATIONS_FILE)
    labels = pd.read_parquet(folder / LABELS_FILE).set_index(RECORD_ID)[LABEL]
    rows = pd.DataFrame(
        {
            RECORD_ID: annotations[RECORD_ID],
            DRAW_ID: _or(_column(source, mapping, DRAW_ID), blank),
            DRAWN_CHANCE: _or(_column(source, mapping, DRAWN_CHANCE), blank),
            LABEL: annotations[RECORD_ID].map(labels),
            LABEL_GIVEN: annotations[LABEL_GIVEN],
            "line": annotations["line"],
        }
    )
    draw = LabelDraw.from_rows(workspace.database, rows)
    if draw is None:
        return []
    draw.books.to_parquet(folder / DRAW_FILE, index=False)
    return list(draw.sentences)


def _questions_of_labels(names: ClassNames) -> list[str]:
    """Ask about an answer that is written for *none* by programs, and about classes that are alike."""
    settled = {
        *names.renamed,
        *(names.class_by_answer[answer] for answer in names.renamed if answer in names.class_by_answer),
    }
    questions = list(similar_name_questions(names.classes, settled))
    if {"-1", "0"} <= set(names.classes) and "-1" not in settled:
        questions.append(
            "'-1' was kept as a class. Snorkel and other programs write -1 where nobody answered: if that is so here, "
            "say that it is no class."
        )
    return questions


def _write_predictions(
    folder: Path, source: SourceTable, mapping: ColumnMapping, normalised: NormalisedRecords, renamed: Mapping[str, str]
) -> dict[str, Any]:
    rows = normalised.rows
    understood = _parse_predictions(source.frame.iloc[rows], mapping, renamed, source.lines[rows])
    table, names = understood.table, understood.names
    if has_suggestions(source.frame.columns) and not mapping.probabilities:
        # Each suggestion is scored for itself: what the score lacks to 1 is no probability of another class.
        table = table[[name for name in table.columns if not name.startswith(PROBABILITY_PREFIX)]].assign(margin=np.nan)
    table.insert(0, RECORD_ID, normalised.records[RECORD_ID].to_numpy())
    table.to_parquet(folder / PREDICTIONS_FILE, index=False)
    counts = table[PREDICTED].value_counts()
    return {
        "classes": list(names.classes),
        "calibrated": False,
        "summary": {
            "predicted": {name: int(counts.get(name, 0)) for name in names.classes},
            "with_truth": int((table[TRUTH] != "").sum()),
            "without_truth": int((table[TRUTH] == "").sum()),
            "undecided": dict(names.undecided),
        },
        "warnings": [*understood.warnings, *names.sentences],
        "questions": list(understood.questions),
    }


def _or(column: pd.Series | None, blank: pd.Series) -> np.ndarray:
    return (blank if column is None else column).to_numpy()


_WRITERS = {"corpus": _write_corpus, "labels": _write_labels, "predictions": _write_predictions}


def _confirmed(config: Mapping[str, Any] | None) -> ConfirmedMapping | None:
    """Return the mapping in a job's config, None where nobody confirmed one."""
    if config is None:
        return None
    return ConfirmedMapping(config["columns"], config["probabilities"], tuple(config["shown"]))


def main() -> int:
    """Run an import as a job: its config names the file, the kind and the corrections."""
    from core.jobs.worker import JobProgress, run_as_job
    from core.uploads import clear_upload

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        with memory_limit(most_of_memory()):
            report = import_file(
                workspace,
                Path(config["path"]),
                config["kind"],
                name=config.get("name"),
                overrides=config.get("overrides", ()),
                map_classes=config.get("map_classes", ()),
                reading=ReadOptions(**config.get("reading", {})),
                progress=progress,
                corpus=config.get("corpus"),
                learned_from=config.get("learned_from", ()),
                confirmed=_confirmed(config.get("confirmed")),
                drawn=config.get("drawn", ""),
            )
        # A file that was sent by a browser has served its turn.
        clear_upload(workspace, Path(config["path"]), done_by=progress.folder.name)
        return report.as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
