"""Training a model on a label set: prepare, fit, measure, keep.

Also a job: ``python -m core.models.train JOBDIR``.
"""

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from core.calibration import CalibrationMethod
from core.errors import DamagedError, InputError, NotFoundError
from core.labels import load_labels
from core.leaks import find_leaks
from core.models import registry
from core.models.fitting import Plan, fit
from core.models.held_out_calibration import LEARNED
from core.models.kinds import known_kind
from core.models.language_models import check_bases
from core.models.measure import column_benefit_sentences, measure
from core.models.preparation import (
    ExcludedBooks,
    check_reads,
    exclude_books,
    labelled_books,
    large_classes,
    load_weak_labels,
)
from core.models.protocol import Observe, ignore_measurements
from core.models.provenance import columns_read
from core.models.training_report import (
    TrainingReport,
    column_coverage_sentences,
    how_measured,
    leak_summary,
    rules_caveat,
)
from core.plain_json import plain
from core.progress import Progress, silent
from core.schema import LABEL, SOURCE, SPLIT
from core.splits import SHARES
from core.storage import Workspace, digest, slug

__all__ = ["main", "train", "train_on_table"]

# Half-trained states outlive a job that was stopped, so that the same training goes on from there.
CHECKPOINTS = "checkpoints"
_MAX_AGE = 7 * 86400.0


def train(
    workspace: Workspace,
    labels: str,
    *,
    kind: str = "tfidf",
    name: str | None = None,
    seed: int = 0,
    corpus: str | None = None,
    exclude: Sequence[str] = (),
    weak: str | None = None,
    reads: Sequence[str] = (),
    calibrate_on: str | None = None,
    least: int = 0,
    calibration: CalibrationMethod = "temperature",
    shares: Mapping[str, float] = SHARES,
    folds: int | None = None,
    refit: bool = True,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    observe: Observe = ignore_measurements,
    scratch: Path | None = None,
) -> TrainingReport:
    """Train a model on a label set in the workspace, calibrate it, measure it, and keep it.

    Parameters
    ----------
    labels : str
        Name of the label set.
    kind : {'tfidf', 'embedding', 'transformer', 'blend', 'cascade'}
    name : str, optional
        Of the model; else made of the names of the label set and the kind.
    corpus : str, optional
        Where the titles are, when the label file has none.
    exclude : sequence of str
        Names of label sets, predictions or corpora whose books must not be learned from, such as a test set. They are
        found by identifier or by title.
    weak : str, optional
        Name of a label set made by functions, to be learned from beside people's labels.
    reads : sequence of str
        Columns that are read beside the title, such as a shelfmark: original columns of both the labelled books and a
        corpus. Books are learned with them and by their titles alone, and both are calibrated apart, since some
        records will not have them.
    calibrate_on : str, optional
        Name of a label set drawn from the collection that is to be labelled. Its books (those that are not learned
        from) decide the calibration, which else is learned on the annotated books themselves.
    least : int
        Classes with fewer different titles are left out, each of them named; 0 leaves none out.
    calibration, shares, folds, refit, options
        See :class:`core.models.fitting.Plan`, and the module for how training is done and why.
    scratch : path, optional
        Where half-made files may lie, on the workspace's drive.

    Raises
    ------
    InputError
        The labels do not allow a model; the message says what is lacking.
    MissingLanguageModelError
        This kind of model starts from a language model that is not installed. Nothing has been computed then.
    Cancelled
        Raised by the listener. No model is kept then, but kinds that learn for minutes keep their half-trained state
        for a week: the same training goes on from there.
    """
    known_kind(kind)
    check_bases(kind, options)
    label_set = load_labels(workspace, labels)
    progress(0.0, "Reading the labels")
    check_reads(workspace, labels, reads, corpus)
    books, sentences = labelled_books(workspace, label_set, corpus, reads)
    books, excluded = exclude_books(workspace, books, tuple(exclude))
    books, left_out = large_classes(books, least)
    sentences += [*left_out, *column_coverage_sentences(books, reads)]
    if label_set.manifest.get("source") == "function":
        sentences.append(rules_caveat(label_set.name))
    calibration_books = None
    if calibrate_on is not None:
        calibration_books, new_sentences = labelled_books(
            workspace, load_labels(workspace, calibrate_on), corpus, reads
        )
        remaining, _ = exclude_books(workspace, calibration_books, tuple(exclude))
        calibration_books = remaining[~find_leaks(remaining, books).mask].reset_index(drop=True)
        sentences += new_sentences
    weak_labels = None
    if weak is not None:
        classes = tuple(sorted(set(books[LABEL])))
        tested = (*exclude, *([calibrate_on] if calibrate_on else []))
        weak_labels, new_sentences = load_weak_labels(workspace, weak, classes, books, tested, reads)
        sentences += new_sentences
    plan = Plan(kind, seed, calibration, shares, folds, refit, options or {})
    facts = {
        "labels": label_set.name,
        "labels_fingerprint": label_set.fingerprint,
        "labels_source": str(label_set.manifest.get("source") or "person"),
        "invented": bool(label_set.manifest.get("invented")),
        "excluded": list(exclude),
        "weak": weak or "",
        "reads": list(reads),
        "calibrate_on": calibrate_on or "",
        "least": least,
    }
    if name:
        _refuse_taken(workspace, name, plan, facts)
    return train_on_table(
        workspace,
        books,
        plan,
        name=slug(name or f"{label_set.name}-{kind}"),
        weak=weak_labels,
        calibrate_on=calibration_books,
        excluded=excluded,
        sentences=sentences,
        facts=facts,
        progress=progress,
        observe=observe,
        scratch=scratch,
    )


def train_on_table(
    workspace: Workspace,
    books: pd.DataFrame,
    plan: Plan,
    *,
    name: str,
    weak: pd.DataFrame | None = None,
    calibrate_on: pd.DataFrame | None = None,
    excluded: Sequence[ExcludedBooks] = (),
    sentences: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    observe: Observe = ignore_measurements,
    scratch: Path | None = None,
) -> TrainingReport:
    """Train on tables as :func:`core.models.fitting.fit` takes them; see :func:`train`."""
    if not len(books):
        raise InputError("No labelled book is left to learn from: all are in the sets that were to be left out.")
    started = time.monotonic()
    checkpoints = workspace.root / CHECKPOINTS / digest("training", name, asdict(plan))
    _remove_old_checkpoints(checkpoints.parent)
    fitted = fit(
        books,
        plan,
        weak=weak,
        calibrate_on=calibrate_on,
        progress=lambda fraction, message: progress(0.02 + 0.9 * fraction, message),
        observe=observe,
        checkpoints=checkpoints,
    )
    progress(0.93, "Measuring")
    metrics = measure(fitted, seed=plan.seed)
    progress(0.97, "Saving")
    all_sentences = (
        *sentences,
        *(excluded_set.sentence for excluded_set in excluded),
        *fitted.sentences,
        *how_measured(fitted, plan),
    )
    all_sentences += column_benefit_sentences(fitted, (facts or {}).get("reads", ()))
    report = TrainingReport(
        model=name,
        fingerprint="",
        kind=plan.kind,
        device=fitted.classifier.device,
        seconds=time.monotonic() - started,
        n_train=int((fitted.training[LEARNED] & (fitted.training[SOURCE] == "person")).sum()),
        n_calibration=fitted.calibration.n,
        n_test=int((fitted.training[SPLIT] == "test").sum()),
        n_weak=int((fitted.training[SOURCE] == "function").sum()),
        classes=fitted.calibration.classes,
        seed=plan.seed,
        refit=plan.refit,
        calibration=fitted.calibration.method,
        leak=leak_summary(fitted, excluded),
        metrics=metrics,
        sentences=all_sentences,
    )
    manifest = {key: value for key, value in report.as_dict().items() if key not in ("model", "fingerprint", "metrics")}
    manifest |= {"plan": asdict(plan), "temperature": fitted.calibration.temperature, **(facts or {})}
    manifest["input_columns"] = list(columns_read(manifest.get("reads") or ()))
    with tempfile.TemporaryDirectory(prefix=".training-", dir=scratch or workspace.root) as folder:
        model = registry.save(
            workspace,
            name,
            fitted.classifier,
            fitted.calibration,
            training=fitted.training,
            metrics=metrics,
            facts=manifest,
            scratch=Path(folder),
            title_only_calibration=fitted.title_only.calibration if fitted.title_only else None,
        )
    shutil.rmtree(checkpoints, ignore_errors=True)
    progress(1.0, "Done")
    if model.name != name:
        all_sentences += (f"Another model is called '{name}', so this one is called '{model.name}'.",)
    content = {
        **_without_nested(report),
        "model": model.name,
        "fingerprint": model.fingerprint,
        "sentences": all_sentences,
    }
    return TrainingReport(**content)


def _refuse_taken(workspace: Workspace, name: str, plan: Plan, facts: Mapping[str, Any]) -> None:
    """Refuse a name that another model has, before anything is computed; the same training again may have it.

    Raises
    ------
    NameTakenError
        The model of that name was trained otherwise, or cannot be read.
    """
    recipe = plain({"plan": asdict(plan), **facts})
    try:
        manifest = workspace.find(registry.FOLDER, name).manifest
    except (NotFoundError, DamagedError):
        manifest = {}
    if {key: manifest.get(key) for key in recipe} != recipe:
        workspace.refuse_taken(registry.FOLDER, name)


def _remove_old_checkpoints(folder: Path) -> None:
    """Remove states of trainings that nobody went on with for a week: each is as large as several models."""
    for checkpoint in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            if time.time() - checkpoint.stat().st_mtime > _MAX_AGE:
                shutil.rmtree(checkpoint, ignore_errors=True)


def _without_nested(report: TrainingReport) -> dict[str, Any]:
    return {key: getattr(report, key) for key in report.__dataclass_fields__}


def main() -> int:
    """Train as a job: its config holds the arguments of :func:`train`."""
    from core.jobs import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        wanted = {key: value for key, value in config.items() if value is not None}
        return train(
            workspace, **wanted, progress=progress, observe=progress.measure, scratch=progress.scratch
        ).as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
