"""A model trained again with what people decided about its predictions, and both beside each other.

Also a job: ``python -m core.retraining JOBDIR``.
"""

import logging
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from core.comparison import LabelChanges, ModelComparison, compare_models, label_changes
from core.corpus import ORIGINALS_FILE, RECORDS_FILE, REJECTED_FILE, read_parquet
from core.database import Database
from core.draws import DRAWN_TOLERANCE, SHARES, register_draw
from core.errors import DamagedError, InputError, NotFoundError
from core.guarantees import saved_policies
from core.importing import ImportReport, ReadOptions, import_file
from core.joins import find_leaks
from core.labels import ANNOTATIONS_FILE, LABELS_FILE, LabelSet, load_labels
from core.manifests import ModelManifest, PlanRecord
from core.models import Observe, ignore_measurements
from core.models.scoring import PredictionReport, predict_corpus
from core.models.training import TrainingReport, train
from core.predictions import PredictionSet, Scored, align_scored, identifiers_in, load_predictions, load_scored
from core.progress import Progress, silent
from core.review import decisions_for_scored, send_to_review, sent_for_scored
from core.schema import (
    ALTERNATE_ID,
    ANNOTATOR,
    AUTHOR,
    COUNTRY,
    CREATED_AT,
    DATE,
    DRAW_ID,
    DRAWN_CHANCE,
    GENRE_GIVEN,
    LABEL,
    LANGUAGE,
    LANGUAGE_SOURCE,
    NOTE,
    PLACE,
    PUBLISHER,
    RECORD_ID,
    TITLE,
    TITLE_KEY,
    TRUTH,
)
from core.storage import Workspace, digest
from core.thresholds import apply_policy

__all__ = [
    "BeforeAfter",
    "RetrainingReport",
    "TrainingRecipe",
    "before_and_after",
    "check_retrainable",
    "labels_from_decisions",
    "main",
    "retrain",
    "retrained",
    "send_draw_to_review",
    "training_recipe",
    "with_decisions",
]


# --- What people decide on Review as a label set ----------------------------------------------------------------------
#
# What people decide on Review as a label set: it knows how each book came to be decided, and so what it can prove.

DRAW_REASON: Final = "drawn at random, so that a promise can rest on it"
# Sent are those books of a draw that are here: a corpus that was imported anew may lack one of them.
_MOST: Final = 0.9
_RECORD_COLUMNS: Final = (
    RECORD_ID, ALTERNATE_ID, TITLE, AUTHOR, DATE, PLACE, COUNTRY, LANGUAGE, PUBLISHER, GENRE_GIVEN,
)  # fmt: skip
_ANSWER_COLUMNS: Final = (LABEL, ANNOTATOR, CREATED_AT, NOTE)


def send_draw_to_review(database: Database, scored: Scored, sample: pd.DataFrame) -> int:
    """Put books that were drawn from all of a collection on the review list, with their chances written down.

    Parameters
    ----------
    sample : DataFrame
        ``record_id`` and ``drawn_chance``, in random order, as :func:`core.thresholds.draw_review_sample` (without
        strata) and :func:`core.thresholds.sample.draw_with_chances` return them.

    Returns
    -------
    int
        How many were not on the list before.
    """
    drawn = register_draw(database, sample)
    return send_to_review(database, scored.predictions, drawn[RECORD_ID].tolist(), DRAW_REASON, scored=scored)


def labels_from_decisions(workspace: Workspace, predictions: str, name: str | None = None) -> ImportReport:
    """Make a label set of what people have decided on Review about some predictions, as it stands now.

    Books of a list that Colophon drew and that was put on the review list count as drawn: they have known chances, what
    is not answered behind the last answer counts as not reached, and what is not answered before it as something that
    nobody could decide (:class:`core.draws.LabelDraw`). Several plain draws count as one longer list, the earlier
    first; of draws whose chances differ the newest counts. All other decided books are checked beside the draw and
    prove nothing of the others; without any draw the whole set counts as chosen. "can't tell", and what two people
    disagree about, is undecided.

    The set takes the road of an imported file, so that accuracy, shares, promises (those that may be asked again after
    each label too) and training take it as any other. Made again after further decisions it is another set, under
    another name.

    Parameters
    ----------
    predictions : str
        Name or fingerprint.
    name : str, optional
        Of the label set; without one "NAME-review" with a number where that is taken.

    Returns
    -------
    ImportReport
        Its ``name`` is that of the label set; its ``warnings`` say how the books were drawn and what is open.

    Raises
    ------
    InputError
        Nobody has decided anything about these predictions yet.
    NameTakenError
        Another label set has the name that was given.
    """
    scored = load_scored(workspace, predictions)
    rows = _decided(workspace.database, scored)
    if not len(rows):
        raise InputError(
            f"Nobody has decided anything about '{scored.name}' yet: decide books on the Review page first."
        )
    draw = _draw_on_review(workspace.database, scored, set(rows[RECORD_ID]))
    if draw is not None:
        rows = _beside_draw(scored, rows, draw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{scored.name}-review.csv"
        rows.to_csv(path, index=False)
        return import_file(
            workspace,
            path,
            "labels",
            name=name,
            overrides=[f"{column}={column}" for column in rows.columns],
            map_classes=[f"{label}={label}" for label in scored.classes if label in set(rows[LABEL])],
            reading=ReadOptions(format="csv", encoding="utf-8", delimiter=","),
            drawn="" if draw is not None else "chosen",
        )


def _decided(database: Database, scored: Scored) -> pd.DataFrame:
    """Return the records that people decided, as a file of labels has them, in the order they were decided."""
    log = decisions_for_scored(database, scored)
    frame = log.frame()
    frame = frame[frame[RECORD_ID].isin(scored.table[RECORD_ID])]
    people = {record_id: decision.by for record_id, decision in log.current.items()}
    answers = {
        LABEL: frame[LABEL],
        ANNOTATOR: [people.get(record_id, "") for record_id in frame[RECORD_ID]],
        CREATED_AT: frame["at"],
        NOTE: frame[NOTE],
    }
    return _records(scored, frame[RECORD_ID].tolist()).assign(**{k: np.asarray(v) for k, v in answers.items()})


def _records(scored: Scored, record_ids: Sequence[str]) -> pd.DataFrame:
    """Return what is catalogued of records, as text; a language that was guessed from the title is left out."""
    table = scored.table.set_index(RECORD_ID, drop=False).loc[list(record_ids)]
    columns = [column for column in _RECORD_COLUMNS if column in table]
    rows = table[columns].astype("str").reset_index(drop=True)
    if LANGUAGE in rows and LANGUAGE_SOURCE in table:
        rows[LANGUAGE] = rows[LANGUAGE].where((table[LANGUAGE_SOURCE] == "catalogue").to_numpy(), "")
    return rows


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """Books of one list: ``record_ids`` in its order as the scored table names them, the chance of each, its name."""

    draw_id: str
    chances: Mapping[str, float]


def _draw_on_review(database: Database, scored: Scored, decided: set[str]) -> _Draw | None:
    """Return the draw whose books were put on the review list and of which some are decided; several as one."""
    sent = set(sent_for_scored(database, scored))
    here = set(scored.table[RECORD_ID])
    draws = []
    for note in database.read("draw"):
        names = identifiers_in(scored, note["record_ids"])
        on_list = sum(name in sent for name in names)
        draw = dict(zip(names, note["chances"], strict=True))
        is_here = on_list >= _MOST * len(names) and here >= set(names) and not decided.isdisjoint(names)
        # A plain draw from other books, or from a part of these, says nothing of all of them.
        if is_here and (_has_different_chances(draw) or _is_of_all(draw, len(scored.table))):
            draws.append(draw)
    if not draws:
        return None
    *_, newest = draws
    plain = [draw for draw in draws if not _has_different_chances(draw)]
    if len(plain) > 1 and newest in plain:
        # What follows the first list is a random part of what it left, so that both are one list in random order.
        ids = list(dict.fromkeys(record_id for draw in plain for record_id in draw))
        newest = dict.fromkeys(ids, len(ids) / len(scored.table))
    sample = pd.DataFrame({RECORD_ID: list(newest), DRAWN_CHANCE: list(newest.values())})
    draw_id = str(register_draw(database, sample)[DRAW_ID].iloc[0])
    return _Draw(draw_id=draw_id, chances=newest)


def _has_different_chances(draw: Mapping[str, float]) -> bool:
    chances = np.fromiter(draw.values(), dtype=float)
    return float(np.ptp(chances)) > DRAWN_TOLERANCE * float(chances.min())


def _is_of_all(draw: Mapping[str, float], population: int) -> bool:
    """Whether so many books with this chance each are a draw from a whole population."""
    return round(len(draw) / next(iter(draw.values()))) == population


def _beside_draw(scored: Scored, rows: pd.DataFrame, draw: _Draw) -> pd.DataFrame:
    """Return the answers in the order of the draw, blank where there is none, then what was decided beside it."""
    ids = list(draw.chances)
    open_ones = [record_id for record_id in ids if record_id not in set(rows[RECORD_ID])]
    blank = _records(scored, open_ones).assign(**dict.fromkeys(_ANSWER_COLUMNS, ""))
    every = pd.concat([rows, blank], ignore_index=True)
    chances = every[RECORD_ID].map(draw.chances)
    every[DRAW_ID] = np.where(chances.notna(), draw.draw_id, "")
    every[DRAWN_CHANCE] = chances.map(lambda chance: "" if np.isnan(chance) else repr(float(chance)))
    place = every[RECORD_ID].map({record_id: number for number, record_id in enumerate(ids)})
    return every.loc[place.sort_values(kind="stable", na_position="last").index].reset_index(drop=True)


# --- A model trained again with what people decided about its predictions, and both beside each other -----------------

_LOG = logging.getLogger(__name__)
_SUFFIX: Final = "-decided"
_NOT_COPIED: Final = frozenset({"kind", "fingerprint", "created_at", "left_out"})


# --- How a model was trained, so that it can be trained so again ------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TrainingRecipe:
    """The settings behind a model.

    Attributes
    ----------
    model : str
        Its name.
    labels : LabelSet
        What it learned from.
    settings : mapping
        The further arguments of :func:`core.models.training.train`.
    """

    model: str
    labels: LabelSet
    settings: Mapping[str, Any] = field(default_factory=dict)


def training_recipe(workspace: Workspace, predictions: PredictionSet) -> TrainingRecipe:
    """Return how the model that made predictions was trained.

    Raises
    ------
    InputError
        It cannot be trained again: the message says why, and what to do instead.
    """
    manifest, plan = _model_behind(workspace, predictions)
    try:
        labels = load_labels(workspace, _called(workspace, "labels", manifest.labels_fingerprint))
    except NotFoundError as error:
        raise InputError(
            f"The labels '{manifest.labels}', which the model learned from, are no longer in this workspace, so that"
            " nothing can be added to them.",
            **_INSTEAD,
        ) from error
    corpus = manifest.corpus
    if manifest.reads and not corpus:  # a file of decisions has no such columns: the catalogue does
        corpus = _called(workspace, "corpora", str(predictions.manifest.corpus))
    settings = {
        "kind": manifest.model_kind,
        "seed": plan.seed,
        "corpus": corpus or None,
        "exclude": tuple(manifest.excluded),
        "weak": manifest.weak or None,
        "reads": tuple(manifest.reads),
        "calibrate_on": manifest.calibrate_on or None,
        "least": manifest.least,
        "calibration": plan.calibration,
        "shares": plan.shares or SHARES,
        "folds": plan.folds,
        "refit": plan.refit,
        "options": plan.options,
    }
    model = _called(workspace, "models", predictions.manifest.model_fingerprint)
    return TrainingRecipe(model=model, labels=labels, settings=settings)


def _called(workspace: Workspace, kind: str, fingerprint: str) -> str:
    """Return the name that a thing has now; its fingerprint where it has none."""
    names = workspace.database.names(kind)
    return next((name for name, other in names.items() if other == fingerprint), fingerprint)


_INSTEAD: Final[Mapping[str, str]] = {
    "command_line": "Train a model with 'colophon train --labels', and score the catalogue with it.",
    "page": "Train a model on the Models page, and score the catalogue with it there.",
}


def check_retrainable(workspace: Workspace, predictions: PredictionSet) -> None:
    """Refuse predictions whose model cannot be trained again, from manifests alone.

    Raises
    ------
    InputError
        As :func:`training_recipe`.
    """
    manifest, _ = _model_behind(workspace, predictions)
    if manifest.labels_fingerprint not in workspace.database.names("labels").values():
        training_recipe(workspace, predictions)  # which says it


def _model_behind(workspace: Workspace, predictions: PredictionSet) -> tuple[ModelManifest, PlanRecord]:
    manifest = predictions.manifest
    if manifest.parts:
        raise InputError(
            f"The predictions '{predictions.name}' were put together from those of two models: retrain one of the two."
        )
    if manifest.facet:
        raise InputError(
            f"'{predictions.name}' are the scores of the facet “{manifest.facet}”: mark further titles on the Facets"
            " page."
        )
    if not manifest.model_fingerprint:
        raise InputError(
            f"The predictions '{predictions.name}' came from a file: the model that made them is not here, and cannot"
            " be trained again.",
            **_INSTEAD,
        )
    try:
        model = workspace.find("models", manifest.model_fingerprint)
    except NotFoundError as error:
        raise InputError(
            f"The model '{manifest.model}', which made '{predictions.name}', is no longer in this workspace.",
            **_INSTEAD,
        ) from error
    if model.manifest.plan is None or not model.manifest.labels_fingerprint:
        raise InputError(
            f"How the model '{model.name}' was trained is not known here: it was brought in ready-made.", **_INSTEAD
        )
    return model.manifest, model.manifest.plan


# --- The labels a model learned from, with what people decided since --------------------------------------------------


def with_decisions(workspace: Workspace, labels: LabelSet, decided: LabelSet, predictions: PredictionSet) -> LabelSet:
    """Keep a copy of a label set to which decisions were added, "-decided" behind its name; both stay as they are.

    Of a book that is in both, by an identifier, the decision holds. The original columns of the labels are filled for
    the added books from the catalogue that was predicted, as far as it has them.

    Raises
    ------
    InputError
        No decision names a class of a book with a title.
    """
    table, records = decided.table(), decided.records()
    usable = (table[LABEL] != "").to_numpy() & (records[TITLE_KEY] != "").to_numpy()
    if not usable.any():
        raise InputError(f"'{decided.name}' holds no decision that names a class of a book with a title.")
    new, new_records = table[usable].reset_index(drop=True), records[usable].reset_index(drop=True)
    old, old_records = labels.table(), labels.records()
    stay = ~find_leaks(old_records, new_records).by_id_mask
    replaced = int((~stay & (old[LABEL] != "").to_numpy()).sum())
    both = pd.concat([old[stay], new], ignore_index=True)
    added = {
        "to": labels.fingerprint,
        "labels": decided.fingerprint,
        "predictions": predictions.fingerprint,
        "books": len(new),
        "replaced": replaced,
    }
    classes = both.loc[both[LABEL] != "", LABEL].value_counts()
    counts = {str(key): int(classes[key]) for key in sorted(classes.index)}
    sentence = (
        f"These are the labels of '{labels.name}' with {len(new):,} that people decided on Review ('{decided.name}')"
        f" added; {replaced:,} of them take the place of an earlier label."
    )

    def write(folder: Path) -> dict[str, Any]:
        both.to_parquet(folder / LABELS_FILE, index=False)
        pd.concat([old_records[stay], new_records], ignore_index=True).to_parquet(folder / RECORDS_FILE, index=False)
        originals = read_parquet(labels.artifact.path / ORIGINALS_FILE)
        new_originals = _catalogue_columns(workspace, predictions, new[RECORD_ID], originals.columns)
        pd.concat([originals[stay], new_originals], ignore_index=True).to_parquet(folder / ORIGINALS_FILE, index=False)
        earlier, later = labels.annotations(), decided.annotations()
        earlier, later = (
            earlier[earlier[RECORD_ID].isin(old.loc[stay, RECORD_ID])],
            later[later[RECORD_ID].isin(new[RECORD_ID])],
        )
        pd.concat([earlier, later], ignore_index=True).to_parquet(folder / ANNOTATIONS_FILE, index=False)
        shutil.copy2(labels.artifact.path / REJECTED_FILE, folder / REJECTED_FILE)
        unchanged = {key: value for key, value in labels.manifest.as_dict().items() if key not in _NOT_COPIED}
        return {
            **unchanged,
            "rows": len(both),
            "classes": list(counts),
            "summary": {
                **labels.manifest.summary,
                "books": len(both),
                "classes": counts,
                "without_label": int((both[LABEL] == "").sum()),
            },
            "invented": labels.manifest.invented or decided.manifest.invented,
            "added": added,
            "warnings": [*labels.manifest.warnings, sentence],
        }

    fingerprint = digest("decided", labels.fingerprint, decided.fingerprint)
    base = re.sub(rf"{_SUFFIX}(-\d+)?$", "", labels.name) + _SUFFIX
    called, _ = workspace.name_for("labels", None, base, fingerprint)
    workspace.store("labels", fingerprint, called, write)
    return load_labels(workspace, called)


def _catalogue_columns(
    workspace: Workspace, predictions: PredictionSet, record_ids: pd.Series, columns: pd.Index
) -> pd.DataFrame:
    """Return original columns of the catalogue for some of its records, '' where it has none."""
    catalogue = predictions.originals(workspace)
    places = pd.Index(predictions.table()[RECORD_ID]).get_indexer(pd.Index(record_ids))
    rows = catalogue.reset_index(drop=True).reindex(index=places, columns=columns)
    return rows.astype("str").where(rows.notna(), "").reset_index(drop=True)


# --- Training again, scoring again ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RetrainingReport:
    """What was made (the keys of ``colophon retrain --json``, beside those of :class:`BeforeAfter`).

    Attributes
    ----------
    labels : str
        The label set that the new model learned from.
    decided : str
        The label set that the decisions became.
    training, scoring : reports
    """

    labels: str
    decided: str
    training: TrainingReport
    scoring: PredictionReport

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "labels": self.labels,
            "decided": self.decided,
            "model": self.training.model,
            "predictions": self.scoring.predictions,
            "training": self.training.as_dict(),
            "scoring": self.scoring.as_dict(),
        }


def retrain(
    workspace: Workspace,
    predictions: str,
    *,
    labels: str | None = None,
    name: str | None = None,
    progress: Progress = silent,
    observe: Observe = ignore_measurements,
    scratch: Path | None = None,
) -> RetrainingReport:
    """Train the model behind predictions again with what people decided about them, and score the same corpus.

    The settings are those of the model, see :func:`training_recipe`. Decided books are learned from like any other, so
    that their new probabilities are out of fold, as :func:`core.models.preparation.with_known_titles` has them.

    Parameters
    ----------
    predictions : str
        Name or fingerprint.
    labels : str, optional
        A label set of people's that is added; without one, what was decided on Review about these predictions, as it
        stands now (:func:`core.retraining.labels_from_decisions`).
    name : str, optional
        Of the model and of its predictions; else made of what they are made from.
    scratch : path, optional
        Where half-made files may lie, on the workspace's drive.

    Raises
    ------
    InputError
        The model cannot be trained again, nobody has decided anything, or the labels were given by rules.
    NameTakenError
        Another model, or other predictions, have the name that was given.
    Cancelled
        Raised by the listener. The label sets stay; what was half trained or half scored is gone on with the next time.
    """
    before = load_predictions(workspace, predictions)
    recipe = training_recipe(workspace, before)
    progress(0.0, "Reading the decisions")
    decided = load_labels(workspace, labels or labels_from_decisions(workspace, predictions).name)
    if decided.manifest.by_rules:
        raise InputError(
            f"'{decided.name}' was given by rules, not decided by people.",
            command_line="Labels by rules are learned from with 'colophon train --weak'.",
            page="The Models page learns from labels by rules beside people's.",
        )
    together = with_decisions(workspace, recipe.labels, decided, before)
    if name:
        _refuse_taken(workspace, name, together)
    trained = train(
        workspace,
        together.name,
        name=name,
        progress=lambda fraction, message: progress(0.02 + 0.7 * fraction, message),
        observe=observe,
        scratch=scratch,
        **recipe.settings,
    )
    scored = predict_corpus(
        workspace,
        trained.model,
        _called(workspace, "corpora", str(before.manifest.corpus)),
        name=name,
        labels=_judge(workspace, before),
        progress=lambda fraction, message: progress(0.72 + 0.28 * fraction, message),
    )
    _LOG.info("retrained model '%s' as '%s' with the labels '%s'", recipe.model, trained.model, decided.name)
    return RetrainingReport(labels=together.name, decided=decided.name, training=trained, scoring=scored)


def _judge(workspace: Workspace, predictions: PredictionSet) -> str | None:
    """Return the label set that predictions are checked against, None where it is gone."""
    labels = predictions.manifest.labels
    return labels if labels and labels in workspace.database.names("labels") else None


def _refuse_taken(workspace: Workspace, name: str, labels: LabelSet) -> None:
    """Refuse a name that predictions of another model have, before minutes of work."""
    try:
        of_same = workspace.find("predictions", name).manifest.trained_on == labels.fingerprint
    except (NotFoundError, DamagedError):
        of_same = False
    if not of_same:
        workspace.refuse_taken("predictions", name)


# --- Before and after, side by side -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """Predictions before and after a model was trained again.

    Attributes
    ----------
    names : (str, str)
        Of the predictions.
    labels : str
        The label sets that both are checked against, '' for none.
    checked : ModelComparison, optional
        On the books of these label sets. None where there are none beside the decided ones.
    decided : ModelComparison, optional
        On the decided books that were added: before, by the model that people corrected, and after, out of fold. They
        were chosen for Review, and speak for no others. None where the label sets are gone.
    changes : LabelChanges
    above_cut_offs : (int, int), optional
        Books above the cut-offs that are kept for the predictions before, with each. It is no promise of the new ones,
        and asks nothing of the checked books. None where no cut-offs are kept, or they speak of other classes.
    """

    names: tuple[str, str]
    labels: str
    checked: ModelComparison | None
    decided: ModelComparison | None
    changes: LabelChanges
    above_cut_offs: tuple[int, int] | None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "before": self.names[0],
            "after": self.names[1],
            "checked_against": self.labels,
            "checked": self.checked.as_dict() if self.checked else None,
            "decided": self.decided.as_dict() if self.decided else None,
            "changes": self.changes.as_dict(),
            "above_cut_offs": list(self.above_cut_offs) if self.above_cut_offs else None,
        }


def retrained(workspace: Workspace, predictions: str) -> tuple[str, ...]:
    """Return the names of predictions by models that learned from decisions about these, the newest first.

    Parameters
    ----------
    predictions : str
        Fingerprint of the predictions that people decided about.
    """
    fingerprints = {
        thing.fingerprint
        for thing in workspace.list("labels")
        if thing.manifest.added is not None and thing.manifest.added.predictions == predictions
    }
    return tuple(thing.name for thing in workspace.list("predictions") if thing.manifest.trained_on in fingerprints)


def before_and_after(workspace: Workspace, before: Scored, after: str) -> BeforeAfter:
    """Put predictions beside those of the model that learned from decisions about them.

    Parameters
    ----------
    before : Scored
        With the label sets that both are to be checked against.
    after : str
        Name of the new predictions.

    Raises
    ------
    NotFoundError, InputError
        There are no such predictions, or of other books.
    """
    together, decided = _learned_and_decided(workspace, load_predictions(workspace, after))
    names = (before.name, after)
    judges = [label_set for label_set in before.label_sets if decided is None or label_set != decided.name]
    second = load_scored(workspace, after, judges or None)
    first = before
    if judges and len(judges) < len(before.label_sets):
        first = load_scored(workspace, before.name, judges)
    own_truth = not before.label_sets and (before.table[TRUTH] != "").any()
    checked = None
    if judges or own_truth:
        checked = compare_models(first.table, align_scored(first, second), first.classes, names=names)
    on_decided = None
    if together is not None and decided is not None:
        on_decided = _on_decided(workspace, names, decided, together)
    return BeforeAfter(
        names=names,
        labels=" + ".join(judges),
        checked=checked,
        decided=on_decided,
        changes=label_changes(first.table, align_scored(first, second), names),
        above_cut_offs=_above_cut_offs(workspace, before, second),
    )


def _learned_and_decided(workspace: Workspace, after: PredictionSet) -> tuple[LabelSet | None, LabelSet | None]:
    """Return what a model learned from, and the decisions among it; None for what is gone."""
    try:
        together = load_labels(workspace, _called(workspace, "labels", after.manifest.trained_on))
    except NotFoundError:
        return None, None
    added = together.manifest.added
    try:
        return together, load_labels(workspace, _called(workspace, "labels", added.labels)) if added else None
    except NotFoundError:
        return together, None


def _on_decided(workspace: Workspace, names: tuple[str, str], decided: LabelSet, together: LabelSet) -> ModelComparison:
    """Compare both on the decided books; what the new model learned from is judged by itself, out of fold."""
    first = load_scored(workspace, names[0], decided.name)
    second = load_scored(workspace, names[1], together.name)
    return compare_models(first.table, align_scored(first, second), first.classes, names=names, facets=())


def _above_cut_offs(workspace: Workspace, before: Scored, after: Scored) -> tuple[int, int] | None:
    policies = saved_policies(workspace, before.predictions)
    if not policies or set(before.classes) != set(after.classes):
        return None
    policy = policies[0].policy
    return int(apply_policy(before.table, policy).sum()), int(apply_policy(after.table, policy).sum())


def main() -> int:
    """Train again as a job: its config names the predictions and, where wished, labels and a name."""
    from core.jobs.worker import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        return retrain(
            workspace,
            config["predictions"],
            labels=config.get("labels"),
            name=config.get("name"),
            progress=progress,
            observe=progress.measure,
            scratch=progress.scratch,
        ).as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
