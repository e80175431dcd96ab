"""From functions and a corpus to a label set in the workspace that is like any other.

Also a job: ``python -m core.weak_supervision.build JOBDIR``.
"""

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.corpus import load_corpus
from core.errors import InputError
from core.joins import find_leaks
from core.labels import LabelSet, load_labels
from core.predictions import BOOK_KINDS, load_records
from core.progress import Progress, silent
from core.schema import LABEL, TITLE_KEY
from core.storage import Workspace, digest
from core.text_formats import plain
from core.weak_supervision.books import books_of
from core.weak_supervision.functions import LabellingFunction, check_functions
from core.weak_supervision.toml_file import functions_from_toml, functions_to_toml
from core.weak_supervision.tryout import Method, TrialResult, try_functions, write_label_tables

__all__ = ["LabellingReport", "build_labels", "main"]

_LOG = logging.getLogger(__name__)

FUNCTIONS_FILE = "functions.toml"
_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class LabellingReport:
    """What was labelled (the keys of ``colophon label --json``).

    Attributes
    ----------
    functions : tuple of mapping
        One a function: name, polarity, coverage, overlap, conflict, accuracy, low, high, n (titles), reason, copies.
    labelled : int
        Books with a label.
    classes : mapping
        Class → books.
    left_out : mapping
        Books with votes that are not in the label set: ``by_people``, ``tested`` (in a set that was to be left out),
        and books in the set whose functions are ``level``.
    accuracy : mapping
        Of the labels, on titles kept back.
    """

    name: str
    fingerprint: str
    functions: tuple[Mapping[str, Any], ...]
    labelled: int
    classes: Mapping[str, int]
    left_out: Mapping[str, int]
    accuracy: Mapping[str, Any]
    method: str
    sentences: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def build_labels(
    workspace: Workspace,
    functions: Sequence[LabellingFunction],
    corpus: str,
    *,
    labels: str | None = None,
    without: Sequence[str] = (),
    name: str | None = None,
    method: Method = "label model",
    progress: Progress = silent,
) -> LabellingReport:
    """Label a corpus with functions and keep the labels in the workspace.

    Parameters
    ----------
    labels : str, optional
        Label set made by people: functions are checked against it, its classes are the classes, and its books are left
        out, since what a person said counts more.
    without : sequence of str
        Label sets, predictions or corpora whose books must not be labelled, such as a test set. They are found by
        identifier or by title.
    method : {'label model', 'majority'}

    Raises
    ------
    InputError
        A function cannot be asked of these books, or no book is left to label.
    NotFoundError
    """
    started = time.monotonic()
    progress(0.0, "Reading the records")
    check_functions(functions)
    source = load_corpus(workspace, corpus)
    records = source.records()
    human: LabelSet | None = load_labels(workspace, labels) if labels else None
    people = None if human is None else human.records()
    truth = None if human is None else human.table()[LABEL].reset_index(drop=True)
    tried = try_functions(
        functions,
        books_of(workspace, records, source.artifact.path, functions),
        None if human is None or people is None else books_of(workspace, people, human.artifact.path, functions),
        truth,
        method=method,
        progress=lambda fraction, message: progress(0.1 + 0.6 * fraction, message),
    )
    progress(0.75, "Leaving out what people labelled and what is tested on")
    voted = tried.votes.only(tried.used).labelled
    by_people = np.zeros(len(records), dtype=bool)
    if people is not None and truth is not None:
        by_people = find_leaks(records, people[(truth != "").to_numpy()]).mask
    tested = np.zeros(len(records), dtype=bool)
    for other in without:
        tested |= find_leaks(records, load_records(workspace, other)).mask
    keep = voted & ~by_people & ~tested & (records[TITLE_KEY] != "").to_numpy()
    answered = keep & (tried.answers != "")
    if not answered.any():
        raise InputError(
            f"No book of '{corpus}' gets a label: functions vote on {int(voted.sum()):,}, of which people labelled"
            f" {int((voted & by_people).sum()):,} and {int((voted & tested).sum()):,} are in sets to be left out."
        )
    counts = {item: int((answered & (tried.answers == item)).sum()) for item in tried.votes.classes}
    left_out = {
        "by_people": int((voted & by_people).sum()),
        "tested": int((voted & tested & ~by_people).sum()),
        "level": int((keep & (tried.answers == "")).sum()),
    }
    sentences = (_sentence(tried, counts, left_out, corpus), *tried.sentences)
    rows = tuple({str(key): value for key, value in row.items()} for row in tried.table.to_dict("records"))
    used_predictions = {item for function in functions for item in function.predictions}
    fingerprint = digest(
        "weak labels",
        functions_to_toml(functions),
        source.fingerprint,
        human.fingerprint if human else "",
        sorted(workspace.find(BOOK_KINDS, item).fingerprint for item in without),
        sorted(workspace.find("predictions", item).fingerprint for item in used_predictions),
        method,
        _VERSION,
    )

    def write(folder: Path) -> Mapping[str, Any]:
        write_label_tables(folder, records, source.originals(), keep, tried)
        (folder / FUNCTIONS_FILE).write_text(functions_to_toml(functions), encoding="utf-8")
        return {
            "classes": list(tried.votes.classes),
            "source": "function",
            "method": method,
            "corpus": source.fingerprint,
            "corpus_name": source.name,
            "checked_against": human.name if human else "",
            "excluded": list(without),
            "invented": source.manifest.invented,
            "rows": int(keep.sum()),
            "rejected": 0,
            "summary": {
                "rows": int(keep.sum()),
                "books": int(keep.sum()),
                "classes": counts,
                "undecided": {},
                "without_label": left_out["level"],
                "left_out": left_out,
            },
            "functions": plain(rows),
            "accuracy": tried.accuracy.as_dict(),
            "warnings": list(sentences),
        }

    progress(0.85, "Saving")
    called, numbered = workspace.name_for("labels", name, f"{source.name}-functions", fingerprint)
    artifact = workspace.store("labels", fingerprint, called, write)
    progress(1.0, "Done")
    _LOG.info(
        "labelled corpus '%s' with %d functions: labels '%s' (%s), %d books, %.1f s",
        source.name,
        len(functions),
        artifact.name,
        fingerprint,
        sum(counts.values()),
        time.monotonic() - started,
    )
    return LabellingReport(
        name=artifact.name,
        fingerprint=fingerprint,
        functions=tuple(plain(rows)),
        labelled=sum(counts.values()),
        classes=counts,
        left_out=left_out,
        accuracy=tried.accuracy.as_dict(),
        method=method,
        sentences=(*sentences, *([numbered] if numbered else [])),
    )


def _sentence(tried: TrialResult, counts: Mapping[str, int], left_out: Mapping[str, int], corpus: str) -> str:
    each = ", ".join(f"{name}: {count:,}" for name, count in counts.items())
    sentence = f"Functions label {sum(counts.values()):,} of the {len(tried.votes):,} books of '{corpus}' ({each})."
    others = [
        f"{count:,} {words}"
        for count, words in (
            (left_out["by_people"], "were left out because a person labelled them"),
            (left_out["tested"], "because they are in sets to be left out"),
            (left_out["level"], "have no label because the functions are level"),
        )
        if count
    ]
    return f"{sentence} {'; '.join(others).capitalize()}." if others else sentence


def main() -> int:
    """Label as a job: its config holds the functions as TOML and the arguments of :func:`build_labels`."""
    from core.jobs import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        report = build_labels(
            workspace,
            functions_from_toml(config["functions"]),
            config["corpus"],
            labels=config.get("labels"),
            without=tuple(config.get("without", ())),
            name=config.get("name"),
            method=config.get("method", "label model"),
            progress=progress,
        )
        return report.as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
