"""Where the labels of an export come from: predictions, the model behind them, the files that were read."""

import contextlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import NotFoundError
from core.export.settings import ExportSettings, InputFile, ModelDetails, ModelSource
from core.manifests import ModelManifest, PredictionManifest
from core.models.registry import weights_digest, weights_of
from core.policies import SavedPolicy
from core.predictions import PredictionSet, Scored
from core.storage import Workspace, digest, now
from core.thresholds import Policy

__all__ = ["run_of", "settings_of"]


def run_of(predictions: str, policy: Policy) -> str:
    """Return the name of the run: predictions (by fingerprint) and the cuts that accepted some of them.

    The cuts are part of it: what two choices brought into a catalogue must be told apart there.
    """
    return f"{predictions}-{digest(policy.as_dict())[:8]}"


def settings_of(
    workspace: Workspace, source: PredictionSet, scored: Scored, chosen: SavedPolicy, more: Mapping[str, Any]
) -> ExportSettings:
    """Return the settings of an export: the kept policy, where the labels come from, and what a person chose."""
    manifest = source.manifest
    model = _model(workspace, source)
    predicted_at, imported_at = model.predicted_at, model.imported_at
    if model.parts:  # each has its own; the whole was predicted when the last had been
        predicted_at = max(part.predicted_at for part in model.parts) if model.made_here else ""
        imported_at = max(part.imported_at for part in model.parts)
    inputs: list[InputFile] = []
    corpus = manifest.corpus or scored.catalogue.fingerprint
    read = [part.predictions for part in manifest.parts] or [manifest]
    for part in (*([workspace.find("corpora", corpus).manifest] if corpus else []), *read):
        if part.file:
            inputs.append(
                InputFile(
                    name=part.file,
                    sha256=part.file_sha256,
                    rows=part.source_rows,
                    rejected=part.rejected,
                    mapping=part.mapping,
                )
            )
    policy = chosen.policy
    wanted: dict[str, Any] = {
        "cuts": dict(policy.cuts),
        "stratum": policy.stratum,
        "cuts_by_stratum": dict(policy.by_stratum),
        "slice": policy.where,
        "negative_classes": tuple(dict.fromkeys(part.negative_class for part in read if part.negative_class)),
        "model": model,
        "run_id": run_of(source.fingerprint, policy),
        "predictions": source.fingerprint,
        "predicted_at": predicted_at,
        "imported_at": imported_at,
        "created_at": now(),
        "dataset": manifest.corpus_name or scored.catalogue.name or source.name,
        "promise": chosen.promise,
        "chosen_on": chosen.labels,
        "inputs": tuple(inputs),
        **({"chosen_by": chosen.created_by} if chosen.created_by else {}),
        "exported_by": workspace.person.name,
        "chosen_at": chosen.chosen_at,
        "chosen_because": chosen.because,
        "software_version": importlib.metadata.version("colophon"),
        **more,
    }
    return ExportSettings(**wanted)


def _model(workspace: Workspace, source: PredictionSet) -> ModelSource:
    """Return what is known of the model behind predictions, or of the two that each decided some records."""
    manifest = source.manifest
    if not manifest.parts:
        return _model_of(workspace, source.name, manifest)
    parts = [
        replace(
            _model_of(workspace, part.name, part.predictions),
            predictions=part.name,
            fingerprint=part.predictions.fingerprint,
            cut=part.cut,
        )
        for part in manifest.parts
    ]
    return ModelSource.together(source.name, source.fingerprint[:8], parts)


def _model_of(workspace: Workspace, name: str, manifest: PredictionManifest) -> ModelSource:
    fingerprint = manifest.model_fingerprint
    if manifest.facet and not fingerprint:
        return ModelSource(
            name=f"learned facet {manifest.facet}",
            version=manifest.fingerprint[:8],
            input_columns=manifest.input_columns,
            predicted_at=manifest.created_at,
            details=ModelDetails(kind=f"logistic regression on {manifest.features} of marked titles"),
        )
    if not fingerprint:
        # Made elsewhere: what is known is the file, and that nobody calibrated it here.
        return ModelSource(name=name, calibrated=False, made_here=False, imported_at=manifest.created_at)
    trained: ModelManifest | None = None
    with contextlib.suppress(NotFoundError):  # removed since: what the predictions say of it remains
        trained = workspace.find("models", fingerprint).manifest
    files = trained.files if trained else {}
    return ModelSource(
        name=manifest.model or fingerprint,
        version=fingerprint[:8],
        sha256=manifest.model_sha256 or weights_digest(files),
        calibrated=manifest.calibrated,
        input_columns=manifest.input_columns,
        predicted_at=manifest.created_at,
        details=ModelDetails(
            fingerprint=fingerprint,
            kind=manifest.model_kind or (trained.model_kind if trained else None),
            weights=weights_of(files),
            sha256_is_of="the lines 'SHA-256  path' of these files, sorted by path, as sha256sum prints them",
            bases=manifest.bases if manifest.bases is not None or trained is None else trained.bases,
            labels=trained.labels if trained else None,
            calibration=manifest.calibration or None,
            seed=trained.seed if trained else None,
        ),
    )
