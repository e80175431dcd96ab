"""From predictions and a policy to a zip of accepted metadata: the one road of the page and the command.

Here the tables are brought together; what is written and how is the matter of :mod:`core.export`.
"""

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.evaluation import by_value, evaluate
from core.export import ExportReport, ExportSettings, ModelSource, export, human_from_labels
from core.facets import facet_values
from core.labels import load_labels
from core.policies import KeptPolicy
from core.predictions import PredictionSet, Scored, load_predictions, load_scored, reviews_of
from core.progress import Progress, silent
from core.review import decisions
from core.schema import TRUTH
from core.storage import Workspace, file_sha256, now
from core.thresholds import Policy, apply_policy, compare_population, policy_report

__all__ = ["Release", "kept_exports", "precision_by", "release"]

_KIND = "export"


@dataclass(frozen=True)
class Release:
    """What is to leave the house, ready to be previewed or written.

    Attributes
    ----------
    records, originals, table : DataFrame
        As for :func:`core.export.export`.
    human : DataFrame or None
        What people said of these records: it blocks the machine's label.
    reviews : DataFrame
        What curators decided in review: it goes before everything else.
    settings : ExportSettings
    quality : mapping
        The figures that go into README and manifest.
    """

    scored: Scored
    records: pd.DataFrame
    originals: pd.DataFrame
    table: pd.DataFrame
    human: pd.DataFrame | None
    reviews: pd.DataFrame
    settings: ExportSettings
    quality: Mapping[str, Any]

    @classmethod
    def prepare(
        cls,
        workspace: Workspace,
        predictions: str,
        chosen: KeptPolicy,
        *,
        labels: str | None = None,
        human: Sequence[str] = (),
        scored: Scored | None = None,
        **settings: Any,
    ) -> "Release":
        """Bring together what an export needs.

        Parameters
        ----------
        predictions : str
            Name of the predictions.
        chosen : KeptPolicy
        labels : str, optional
            The label set the accuracy is measured on, as for :func:`core.predictions.load_scored`.
        human : sequence of str
            Label sets whose answers stand in the catalogue: no machine label is added to their books. The set the
            accuracy is measured on always is one of them when it is a label set of this workspace.
        scored : Scored, optional
            When it is at hand already.
        settings
            Further fields of :class:`core.export.ExportSettings`, such as ``formats`` or ``profile``.
        """
        source = load_predictions(workspace, predictions)
        table = scored or load_scored(workspace, predictions, labels)
        records, originals = _catalogue_tables(workspace, source, table)
        report = policy_report(table.table, chosen.policy, classes=table.classes)
        measured = evaluate(table.table, table.classes)
        names = list(dict.fromkeys([*human, *([table.labels] if table.labels else [])]))
        said = [_human(workspace, records, name) for name in names]
        return cls(
            table,
            records,
            originals,
            table.table,
            pd.concat(said, ignore_index=True) if said else None,
            reviews_of(table, decisions(workspace.database, table.predictions)),
            _settings(workspace, source, table, chosen, settings),
            {
                "policy": report.as_dict(),
                "evaluation": measured.as_dict(),
                # A cut chosen while looking at these very books flatters their figure; a promise allows for it.
                "selected_on_these": not chosen.promise,
                "warnings": list(compare_population(table.table).warnings),
            },
        )

    def write(self, out: Path, progress: Progress = silent) -> ExportReport:
        """Write the zip."""
        return export(
            self.records,
            self.originals,
            self.table,
            self.settings,
            self.quality,
            out,
            human=self.human,
            reviews=self.reviews,
            classes=self.scored.classes,
            progress=progress,
        )


def release(
    workspace: Workspace, prepared: Release, out: Path, *, keep: bool = True, progress: Progress = silent
) -> ExportReport:
    """Write the zip and note in the database that it was written, with its settings."""
    report = prepared.write(out, progress)
    if keep:
        content = {
            "name": out.name,
            "path": str(out.resolve()),
            "sha256": report.sha256,
            "accepted": report.accepted,
            "review": report.review,
            "settings": prepared.settings.as_dict(),
        }
        workspace.database.add(_KIND, prepared.scored.predictions, content)
    return report


def precision_by(table: pd.DataFrame, policy: Policy, facet: str) -> dict[str, dict[str, Any]]:
    """Return, for each value of a facet, how often the checked ones among the accepted are right.

    Returns
    -------
    dict
        Value → ``value``, ``low``, ``high`` (95 % Wilson, None below ten books) and ``n``; as
        :func:`core.export.comparison.breakdown` takes it.
    """
    accepted = table[apply_policy(table, policy) & (table[TRUTH] != "").to_numpy(dtype=bool)]
    rows = by_value(accepted, facet_values(accepted, facet)).to_dict("records")
    return {
        str(row["value"]): {
            "n": int(row["n"]),
            **{
                name: None if row[other] != row[other] else 1 - float(row[other])
                for name, other in (("value", "error_rate"), ("low", "high"), ("high", "low"))
            },
        }
        for row in rows
    }


def kept_exports(workspace: Workspace, predictions: str) -> list[dict[str, Any]]:
    """Return the exports made of predictions (by fingerprint), the newest first."""
    return list(reversed(workspace.database.read(_KIND, predictions)))


def _catalogue_tables(workspace: Workspace, source: PredictionSet, scored: Scored) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the records that leave and their original columns; of joined predictions those in the catalogue.

    The others are in no record of the library's: the export counts them as predictions without a record.
    """
    records = source.records(workspace, scored.catalogue)
    originals = source.originals(workspace, scored.catalogue)
    match = scored.catalogue.match
    if match is None:
        return records, originals
    hit = match.join.position >= 0
    return records[hit].reset_index(drop=True), originals[hit].reset_index(drop=True)


def _human(workspace: Workspace, records: pd.DataFrame, name: str) -> pd.DataFrame:
    labels = load_labels(workspace, name)
    return human_from_labels(records, labels.records(), labels.table())


def _settings(
    workspace: Workspace, source: PredictionSet, scored: Scored, chosen: KeptPolicy, more: Mapping[str, Any]
) -> ExportSettings:
    said = source.manifest
    model = _model(workspace, source)
    inputs: list[dict[str, Any]] = []
    corpus = said.get("corpus") or scored.catalogue.fingerprint
    for manifest in ([workspace.find("corpora", corpus).manifest] if corpus else []) + [said]:
        if "file" in manifest:
            inputs.append(
                {
                    "name": manifest["file"],
                    "sha256": manifest["file_sha256"],
                    "rows": manifest.get("source_rows"),
                    "rejected": manifest.get("rejected"),
                    "mapping": manifest.get("mapping"),
                }
            )
    wanted: dict[str, Any] = {
        "cuts": dict(chosen.policy.cuts),
        "stratum": chosen.policy.stratum,
        "cuts_by_stratum": dict(chosen.policy.by_stratum),
        "model": model,
        "run_id": source.fingerprint,
        "predicted_at": said["created_at"],
        "created_at": now(),
        "dataset": said.get("corpus_name") or scored.catalogue.name or source.name,
        "promise": dict(chosen.promise),
        "inputs": tuple(inputs),
        "chosen_at": chosen.chosen_at,
        "chosen_because": chosen.because,
        "software_version": importlib.metadata.version("colophon"),
        **more,
    }
    return ExportSettings(**wanted)


def _model(workspace: Workspace, source: PredictionSet) -> ModelSource:
    said = source.manifest
    fingerprint = said.get("model_fingerprint")
    if not fingerprint:
        # Made elsewhere: what is known is the file, and that nobody calibrated it here.
        return ModelSource(name=source.name, sha256=said.get("file_sha256", ""), calibrated=False)
    artifact = workspace.find("models", fingerprint)
    weights = artifact.path / "model.safetensors"
    return ModelSource(
        name=said.get("model", fingerprint),
        version=fingerprint[:8],
        sha256=file_sha256(weights) if weights.exists() else "",
        calibrated=bool(said.get("calibrated")),
        details={
            "kind": artifact.manifest.get("model_kind"),
            "labels": artifact.manifest.get("labels"),
            "calibration": said.get("calibration"),
            "seed": artifact.manifest.get("seed"),
        },
    )
