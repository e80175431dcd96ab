"""Predictions of two models put together as two cuts decide, so that the export hands them over: each row names whose.

They are predictions like any others: report, review and export read them. What was promised of the two cuts is kept
with them as their policy, in which each model has its own cut.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from core.classes import match_classes
from core.corpus import ORIGINALS_FILE, RECORDS_FILE, read_parquet
from core.errors import InputError
from core.formatting import listed
from core.guarantees import SavedPolicy, save_policy, second_table
from core.manifests import CombinedPart, PredictionManifest
from core.predictions import (
    NO_CORPUS,
    PREDICTIONS_FILE,
    PredictionSet,
    Scored,
    align_scored,
    load_predictions,
    save_catalogue_choice,
)
from core.schema import (
    CONFIDENCE,
    MARGIN,
    PREDICTED,
    PREDICTED_BY,
    RECORD_ID,
    SPLIT,
    TRUTH,
    TRUTH_GIVEN,
    probability_column,
)
from core.storage import Workspace, digest
from core.thresholds import GuaranteeRecord, Policy
from core.thresholds.two_models import QUICK, TwoCuts, TwoModelGuarantee
from core.translation import in_english
from core.wording import whole as wording
from core.wording.thresholds import population_warnings

__all__ = ["LEAST_SHARE", "check_pair", "combine", "save_combined", "two_model_policy"]

_LOG = logging.getLogger(__name__)
# Of so many of the first predictions' records the second must speak, else it has read another collection.
LEAST_SHARE: Final = 0.9


def check_pair(first: Scored, second: Scored) -> None:
    """Check that predictions of two models can be put under one promise and handed over together.

    Raises
    ------
    InputError
        The same predictions twice, or such as were put together already; no confidence; other classes; another
        collection.
    """
    for scored in (first, second):
        if scored.sources:
            raise InputError(f"'{scored.name}' was put together from two models already: choose those it is made of.")
        if scored.table[CONFIDENCE].isna().all():
            raise InputError(f"'{scored.name}' carries no confidence, so no cut-off can be set for it.")
    rows = second_table(first, second)
    known = match_classes(second.classes, first.classes).class_by_answer
    others = [name for name in second.classes if known.get(name, name) not in first.classes]
    if others:
        raise InputError(
            f"'{second.name}' also speaks of {listed(others, 5)}, which '{first.name}' does not know: two models under"
            " one promise need the same classes."
        )
    n_predicted = int((rows[PREDICTED] != "").sum())
    if n_predicted < LEAST_SHARE * len(rows):
        raise InputError(
            f"'{second.name}' speaks of {n_predicted:,} of the {len(rows):,} records of '{first.name}': score the same"
            " collection with both models first."
        )


def combine(first: Scored, second: Scored, cuts: TwoCuts) -> pd.DataFrame:
    """Put the predictions of two models together as two cuts decide.

    Returns
    -------
    DataFrame
        Row for row beside the first table: ``predicted``, ``confidence``, ``margin``, ``split``, ``p_<class>`` where
        known, and ``predicted_by``, the name of the predictions the row is of. That is the first where its cut
        accepts; else the second where it was read and says something; else the first. So a row is accepted by the cut
        of the predictions it names exactly where :meth:`core.thresholds.two_models.TwoCuts.decided_by` says so.
    """
    rows = second_table(first, second)
    by_quick = cuts.decided_by(first.table, rows) == QUICK
    is_missing = (rows[PREDICTED] == "").to_numpy(dtype=bool)
    is_first = by_quick | is_missing | (cuts.slow >= 1)
    beside = align_scored(first, second).set_index(RECORD_ID).reindex(first.table[RECORD_ID])
    named = {
        probability_column(match_classes(second.classes, first.classes).class_by_answer.get(name, name)): beside[column]
        for name in second.classes
        if (column := probability_column(name)) in beside
    }
    columns: dict[str, Any] = {
        PREDICTED: np.where(is_first, first.table[PREDICTED], rows[PREDICTED]),
        CONFIDENCE: np.where(is_first, _numbers(first.table, CONFIDENCE), _numbers(rows, CONFIDENCE)),
        MARGIN: np.where(is_first, _numbers(first.table, MARGIN), _numbers(beside, MARGIN)),
        SPLIT: np.where(is_first, first.table.get(SPLIT, ""), rows[SPLIT]),
    }
    for name in first.classes:
        column = probability_column(name)
        if column in first.table or column in named:
            theirs = _numbers(pd.DataFrame({column: named[column]} if column in named else {}, beside.index), column)
            columns[column] = np.where(is_first, _numbers(first.table, column), theirs)
    columns[PREDICTED_BY] = np.where(is_first, first.name, second.name)
    return pd.DataFrame(columns).astype({PREDICTED: "str", SPLIT: "str", PREDICTED_BY: "str"})


def two_model_policy(first: Scored, second: Scored, cuts: TwoCuts) -> Policy:
    """Return the two cuts as a policy for predictions that were put together: each model has its own for all classes.

    A model that decides nothing has no cut.
    """
    names = {first.name: cuts.quick, second.name: cuts.slow}
    by_source = {name: dict.fromkeys(first.classes, cut) for name, cut in names.items() if cut < 1}
    return Policy(stratum=PREDICTED_BY, by_stratum=by_source)


@in_english()
def save_combined(
    workspace: Workspace, first: Scored, second: Scored, result: TwoModelGuarantee, name: str | None = None
) -> PredictionSet:
    """Keep what two models decide under one promise: the predictions put together, and the promise as their policy.

    Parameters
    ----------
    first, second : Scored
        Of all records, as they were asked.
    result : TwoModelGuarantee
        What was answered.
    name : str, optional
        How they shall be called; without it, after both.

    Returns
    -------
    PredictionSet
        With this very pair and these cuts they are kept only once.

    Raises
    ------
    InputError
        As :func:`check_pair`; or no machine may decide anything.
    NameTakenError
        Other predictions are called `name`.
    """
    check_pair(first, second)
    if not result.accepted:
        raise InputError("No machine may decide anything: there is nothing to hand over.")
    fingerprint = digest("two models", first.key, second.key, result.cuts.quick, result.cuts.slow)
    unique_name, _ = workspace.name_for("predictions", name, f"{first.name}-and-{second.name}", fingerprint)
    source = load_predictions(workspace, first.name)

    def write(folder: Path) -> Mapping[str, Any]:
        return _write(workspace, folder, first, second, result)

    artifact = workspace.store("predictions", fingerprint, unique_name, write)
    if not source.made_here:
        save_catalogue_choice(workspace, fingerprint, first.catalogue.name or NO_CORPUS)
    policy = two_model_policy(first, second, result.cuts)
    chosen = SavedPolicy(policy=policy, promise=_promise(result, policy, first, second), labels=first.labels)
    save_policy(workspace, fingerprint, chosen)
    _LOG.info("put predictions %s and %s together as %s", first.predictions, second.predictions, fingerprint)
    return load_predictions(workspace, artifact.name)


def _write(
    workspace: Workspace, folder: Path, first: Scored, second: Scored, result: TwoModelGuarantee
) -> Mapping[str, Any]:
    """Write the table, and the records where no corpus here holds them; return what the manifest says."""
    source = load_predictions(workspace, first.name)
    own = source.table()
    table = combine(first, second, result.cuts)
    table.insert(0, RECORD_ID, own[RECORD_ID].to_numpy())
    if TRUTH in own:
        table = table.assign(**{TRUTH: own[TRUTH].to_numpy(), TRUTH_GIVEN: own[TRUTH_GIVEN].to_numpy()})
    table.to_parquet(folder / PREDICTIONS_FILE, index=False, compression="zstd")
    if not source.made_here:
        for file in (RECORDS_FILE, ORIGINALS_FILE):
            read_parquet(source.artifact.path / file).to_parquet(folder / file, index=False, compression="zstd")
    parts = [
        _part(source.manifest, first.name, result.cuts.quick, result.by_quick),
        _part(load_predictions(workspace, second.name).manifest, second.name, result.cuts.slow, result.by_slow),
    ]
    predicted = table[PREDICTED].value_counts()
    of_first = source.manifest
    summary = {"predicted": {name: int(predicted.get(name, 0)) for name in first.classes}}
    with_truth = of_first.summary.get("with_truth")
    return {
        "classes": list(first.classes),
        "corpus": of_first.corpus or "",
        "corpus_name": of_first.corpus_name,
        "labels": first.labels,
        "rows": len(table),
        "calibrated": all(part.predictions.calibrated for part in parts),
        "invented": of_first.invented,
        "summary": summary | ({"with_truth": with_truth} if with_truth is not None else {}),
        "parts": [part.as_dict() for part in parts],
    }


def _part(manifest: PredictionManifest, name: str, cut: float, decided: int) -> CombinedPart:
    # What belongs to their folder alone is left out: files, and the seal over the rest.
    content = {key: value for key, value in manifest.as_dict().items() if key not in ("contents", "seal")}
    predictions = PredictionManifest.parse(content)
    return CombinedPart(name=name, cut=cut, decided=decided, predictions=predictions)


def _promise(result: TwoModelGuarantee, policy: Policy, first: Scored, second: Scored) -> GuaranteeRecord:
    # What may come of another order of questions is nothing to those who get the export.
    aside = wording.asked_later(result)
    sentences = [part for part in wording.two_models_sentences(result, first.name, second.name) if part != aside]
    content = {
        **result.as_dict(),
        "per": "together",
        "stratum": policy.stratum,
        "by_stratum": {name: dict(cuts) for name, cuts in policy.by_stratum.items()},
        "reason": "" if result.guaranteed else sentences[0],
        "sentence": " ".join(sentences),
        "warnings": list(population_warnings(result.population)),
    }
    return GuaranteeRecord.parse(content, "the promise")


def _numbers(table: pd.DataFrame, column: str) -> Any:
    """Return a column as numbers, NaN where there is none."""
    return table[column].to_numpy(dtype=float, na_value=np.nan) if column in table else np.full(len(table), np.nan)
