"""Training a model on a label set: prepare, fit, measure, keep, report."""

import contextlib
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import CalibrationMethod, expected_calibration_error
from core.draws import SHARES
from core.errors import DamagedError, InputError, NotFoundError
from core.evaluation import evaluate
from core.formatting import plain
from core.joins import find_leaks
from core.labels import load_labels
from core.model_input import has_columns
from core.models import DEFAULT_KIND, Observe, ignore_measurements, known_kind, registry
from core.models.fitting import LEARNED, Fitted, Plan, fit
from core.models.language_models import bases_of, check_bases, describe_bases
from core.models.preparation import (
    ExcludedBooks,
    check_reads,
    collection_titles,
    exclude_books,
    labelled_books,
    large_classes,
    load_weak_labels,
    predictions_table,
)
from core.progress import Progress, silent
from core.schema import (
    CORRECT,
    LABEL,
    LEAK,
    PREDICTED,
    SOURCE,
    SPLIT,
    TEXT,
    TITLE,
    TITLE_KEY,
    TRUTH,
    TRUTH_GIVEN,
    probability_column,
)
from core.statistics import mcnemar_exact
from core.storage import Workspace, digest, slug

__all__ = [
    "TrainingReport",
    "column_benefit_sentences",
    "column_coverage_sentences",
    "how_measured",
    "leak_summary",
    "main",
    "measure",
    "rules_caveat",
    "train",
    "train_on_table",
]

_LOG = logging.getLogger(__name__)

# --- What a trained model is worth, measured on the out-of-fold probabilities of its labelled books -------------------


def measure(fitted: Fitted, *, seed: int = 0) -> dict[str, Any]:
    """Return what a model was worth on books that neither the classifier nor the calibration had seen.

    Returns
    -------
    dict
        ``test``: the test part alone, on which nothing was chosen. ``out_of_fold``: all books a person labelled and the
        classifier was trained or tested on. Each has the keys of :meth:`core.evaluation.Evaluation.as_dict` that make
        sense here (``n``, ``accuracy``, ``macro_f1``, ``per_class``, ``brier``, ``log_loss``, ``confusion``,
        ``calibration``); ``calibration`` also says what the error was before (``ece_uncalibrated``). What is undefined
        is None. ``titles_alone``, of a model that reads further columns: the books of ``out_of_fold`` by their titles
        alone, as it will read records that have nothing else.
    """
    classes = fitted.calibration.classes
    books = fitted.training
    test = books[SPLIT].eq("test").to_numpy()
    own = books[SOURCE].eq("person").to_numpy() & (books[LEARNED].to_numpy() | test)
    metrics = {
        "test": _measured(books[own & test], fitted.uncalibrated[own & test], classes, seed),
        "out_of_fold": _measured(books[own], fitted.uncalibrated[own], classes, seed),
    }
    if fitted.title_only is not None:
        alone = books.assign(
            **{probability_column(n): fitted.title_only.probabilities[:, i] for i, n in enumerate(classes)}
        )
        metrics["titles_alone"] = _measured(alone[own], fitted.uncalibrated[own], classes, seed)
        # What the scores of titles alone were before calibration is not kept.
        metrics["titles_alone"]["calibration"].pop("ece_uncalibrated")
    return metrics


def column_benefit_sentences(fitted: Fitted, reads: Sequence[str]) -> tuple[str, ...]:
    """Say whether a model is right more often with the columns it reads than by the same books' titles alone.

    Only books that have something in the columns count, each judged by a classifier that had not seen it; McNemar's
    exact test tells a difference from chance. Nothing is said of a model that reads titles alone.
    """
    if fitted.title_only is None:
        return ()
    classes = fitted.calibration.classes
    both = fitted.training[[probability_column(name) for name in classes]].to_numpy(dtype=float)
    differ = (both != fitted.title_only.probabilities).any(axis=1) & ~np.isnan(both).any(axis=1)
    truth = fitted.training[LABEL].to_numpy(dtype=object)[differ]
    names = np.array(classes, dtype=object)
    with_them = names[both[differ].argmax(axis=1)] == truth
    alone = names[fitted.title_only.probabilities[differ].argmax(axis=1)] == truth
    p = mcnemar_exact(int((with_them & ~alone).sum()), int((alone & ~with_them).sum()))
    sentence = (
        f"Of {len(truth):,} labelled books it is right on {int(with_them.sum()):,} with {' and '.join(reads)}, and on"
        f" {int(alone.sum()):,} by their titles alone."
    )
    if p >= 0.05:
        return (f"{sentence} That difference may be chance (p = {p:.2f}): train on titles alone.",)
    return (sentence if with_them.sum() > alone.sum() else f"{sentence} It is worse with more: train on titles alone.",)


def _measured(
    books: pd.DataFrame, uncalibrated: NDArray[np.float64], classes: Sequence[str], seed: int
) -> dict[str, Any]:
    scored = predictions_table(books[[probability_column(name) for name in classes]].to_numpy(dtype=float), classes)
    truth = books[LABEL].reset_index(drop=True)
    scored[TITLE_KEY], scored[TRUTH], scored[TRUTH_GIVEN] = books[TITLE_KEY].to_numpy(), truth, truth
    scored[CORRECT], scored[LEAK] = scored[PREDICTED] == truth, False
    metrics = evaluate(scored, classes, seed=seed).as_dict()
    before = predictions_table(uncalibrated, classes)
    error = expected_calibration_error(before["confidence"], (before[PREDICTED] == truth).to_numpy())
    metrics["calibration"]["ece_uncalibrated"] = None if np.isnan(error) else error
    return {key: value for key, value in metrics.items() if key not in ("unlabelled", "leak")}


# --- What a training reports, and the sentences that page, command line and model card say of it ----------------------


# With fewer, neither what a column says nor a calibration can be learned.
FEWEST_WITH_COLUMNS = 50


@dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """What was trained (the keys of ``colophon train --json``).

    Attributes
    ----------
    model : str
        Name of the model.
    n_train : int
        Books a person labelled that the final classifier learned from.
    n_calibration : int
        Books whose held-out probabilities the calibration was learned on.
    n_test : int
        Books of the test part.
    n_weak : int
        Labels by functions that were learned from too.
    leak : mapping
        What was left out because another set holds it (``apart``), and how many titles of the test part are also
        among the others (``test_titles_in_training``: it must be 0).
    metrics : mapping
        See :func:`core.models.training.measure`.
    sentences : tuple of str
        What a reader must know.
    """

    model: str
    fingerprint: str
    kind: str
    device: str
    seconds: float
    n_train: int
    n_calibration: int
    n_test: int
    n_weak: int
    classes: tuple[str, ...]
    seed: int
    refit: bool
    calibration: str
    leak: Mapping[str, Any]
    metrics: Mapping[str, Any]
    sentences: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def leak_summary(fitted: Fitted, excluded: Sequence[ExcludedBooks]) -> dict[str, Any]:
    """Return what was left out because another set holds it, and what the test part has in common with the others."""
    books = fitted.training[fitted.training[SOURCE] == "person"]
    test = books[books[SPLIT] == "test"]
    between = find_leaks(test, books[books[SPLIT] != "test"])
    return {
        "apart": [{"set": excluded_set.name, **excluded_set.leaks.as_dict()} for excluded_set in excluded],
        "excluded": sum(excluded_set.leaks.n_leaked for excluded_set in excluded),
        "test_titles_in_training": between.n_leaked,
        "sentences": [
            *(excluded_set.sentence for excluded_set in excluded),
            between.sentence("the test part", "the books learned from while it was tested"),
        ],
    }


def column_coverage_sentences(books: pd.DataFrame, reads: Sequence[str]) -> list[str]:
    """Say how many books have what is read beside the title.

    Raises
    ------
    InputError
        Too few have.
    """
    if not reads:
        return []
    count = int(has_columns(books[TEXT].tolist()).sum())
    if count < FEWEST_WITH_COLUMNS:
        raise InputError(
            f"Only {count:,} of the {len(books):,} labelled books have something in {' or '.join(reads)}; to learn what"
            f" it says, {FEWEST_WITH_COLUMNS} are needed. Train on titles alone, or fill the column."
        )
    which = "it" if len(reads) == 1 else "one or more of them"
    return [
        f"Beside the title it reads {', '.join(reads)}; {count:,} of the {len(books):,} labelled books have {which}."
    ]


def rules_caveat(labels: str) -> str:
    """Say what figures of a model are worth whose labels rules gave."""
    return (
        f"The labels of '{labels}' were given by rules, not by people. What is measured on them shows how well the"
        " model learned the rules, not how often it is right: test it on books that people labelled."
    )


def how_measured(fitted: Fitted, plan: Plan) -> tuple[str, ...]:
    """Say what was measured on what, for the page and the model card."""
    measured = (
        "It was tested on books that the classifier and the calibration had not seen; the final classifier then learned"
        " from those books too, so it can be expected to be as good or slightly better."
        if plan.refit
        else "It was tested on books that it never learned from."
    )
    if fitted.calibration.method == "none":
        return (measured,)
    return (
        measured,
        f"Its confidences were calibrated ({fitted.calibration.method}) on {fitted.calibration.n:,}"
        f" {fitted.calibration.learned_from}. They speak for books like those: where these are no random sample of the"
        " collection, check the calibration on labels drawn from the collection.",
    )


# --- Training a model on a label set: prepare, fit, measure, keep -----------------------------------------------------
# Also a job: ``python -m core.models.training JOBDIR``.


# Half-trained states outlive a job that was stopped, so that the same training goes on from there.
CHECKPOINTS = "checkpoints"
_MAX_AGE = 7 * 86400.0


def train(
    workspace: Workspace,
    labels: str,
    *,
    kind: str = DEFAULT_KIND,
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
    kind : str
        See :data:`core.models.KINDS`.
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
    if label_set.manifest.by_rules:
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
        weak_labels, new_sentences = load_weak_labels(
            workspace, weak, classes=classes, books=books, excluded=tested, reads=reads
        )
        sentences += new_sentences
    titles, new_sentences = collection_titles(workspace, kind, options or {}, reads)
    sentences += new_sentences
    plan = Plan(
        kind=kind, seed=seed, calibration=calibration, shares=shares, folds=folds, refit=refit, options=options or {}
    )
    facts = {
        "labels": label_set.name,
        "labels_fingerprint": label_set.fingerprint,
        "labels_source": label_set.manifest.source or "person",
        "invented": label_set.manifest.invented,
        "excluded": list(exclude),
        "weak": weak or "",
        "reads": list(reads),
        "calibrate_on": calibrate_on or "",
        "corpus": corpus or "",
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
        collection=titles,
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
    collection: Sequence[str] = (),
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
        collection=collection,
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
    reads = tuple((facts or {}).get("reads", ()))
    all_sentences += column_benefit_sentences(fitted, reads)
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
    manifest["input_columns"] = [TITLE, *reads]
    manifest["bases"] = [base.as_dict() for base in describe_bases(bases_of(plan.kind, plan.options))]
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
    _LOG.info(
        "trained %s model '%s' (%s): %d labelled and %d weakly labelled books, %d classes, %s, %.1f s",
        plan.kind,
        model.name,
        model.fingerprint,
        report.n_train,
        report.n_weak,
        len(report.classes),
        report.device,
        time.monotonic() - started,
    )
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
        manifest = {"corpus": "", **workspace.find(registry.FOLDER, name).manifest.as_dict()}
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
    from core.jobs.worker import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        wanted = {key: value for key, value in config.items() if value is not None}
        return train(
            workspace, **wanted, progress=progress, observe=progress.measure, scratch=progress.scratch
        ).as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
