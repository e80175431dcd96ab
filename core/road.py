"""How far a library is on its way: what is loaded, which cut-offs were kept, what has left, and what comes next."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from core.export.release import saved_exports
from core.guarantees import SavedPolicy, saved_policies
from core.manifests import LabelManifest, PredictionManifest
from core.predictions import TOGETHER, retrained_from
from core.review import DecisionLog, read_decisions
from core.storage import Artifact, Workspace

__all__ = ["RoadStatus", "Step", "StepState", "next_step", "road_status", "steps"]

StepState = Literal["done", "to do", "out of date", "optional"]
Step = Literal[
    "collect", "represent", "rules", "model", "errors", "label audit", "thresholds", "review", "export", "share"
]
# In the order in which they are walked. Those that are optional say something or help, but nothing waits for them.
STEPS: Final[tuple[Step, ...]] = (
    "collect",
    "represent",
    "rules",
    "model",
    "errors",
    "label audit",
    "thresholds",
    "review",
    "export",
    "share",
)


@dataclass(frozen=True, kw_only=True)
class RoadStatus:
    """What a workspace holds, and what was done with one set of predictions.

    Attributes
    ----------
    catalogues, label_sets, models, predictions : int
        How many there are in the workspace.
    has_answers : bool
        Whether people's answers can be held against the predictions: their own, or a label set.
    policy_at : str
        When the policy that holds was kept, ISO 8601 in UTC; '' where none was.
    is_policy_stale : bool
        Whether labels it was chosen on were imported again after it was kept, or are gone.
    exported_at : str
        When the newest export was written; '' where none was.
    is_export_stale : bool
        Whether the policy was kept after it.
    left_to_people : int
        Records that this export left to people: a promise of the whole holds once they have done the rest.
    decided_since : int
        Records of which people decided after it, and not before: of these predictions, of those they were put together
        from, or of those whose decisions their model learned from.
    """

    catalogues: int = 0
    label_sets: int = 0
    models: int = 0
    predictions: int = 0
    has_answers: bool = False
    policy_at: str = ""
    is_policy_stale: bool = False
    exported_at: str = ""
    is_export_stale: bool = False
    left_to_people: int = 0
    decided_since: int = 0

    @property
    def is_rest_done(self) -> bool:
        """Whether there is an export, and people have decided of all that it left to them."""
        return bool(self.exported_at) and not self.is_export_stale and self.decided_since >= self.left_to_people


def road_status(workspace: Workspace, predictions: str | None) -> RoadStatus:
    """Return how far one is with the predictions of this name; without a name, or one that is gone, what is loaded."""
    label_sets = workspace.list("labels")
    everything = workspace.list("predictions")
    loaded = RoadStatus(
        catalogues=len(workspace.list("corpora")),
        label_sets=len(label_sets),
        models=len(workspace.list("models")),
        predictions=len(everything),
    )
    chosen = next((artifact for artifact in everything if artifact.name == predictions), None)
    if chosen is None:
        return loaded
    policies = saved_policies(workspace, chosen.fingerprint)
    exports = saved_exports(workspace, chosen.fingerprint)
    policy_at = policies[0].chosen_at if policies else ""
    exported_at = exports[0].exported_at if exports else ""
    return RoadStatus(
        catalogues=loaded.catalogues,
        label_sets=loaded.label_sets,
        models=loaded.models,
        predictions=loaded.predictions,
        has_answers=bool(label_sets) or bool(chosen.manifest.summary.get("with_truth")),
        policy_at=policy_at,
        is_policy_stale=bool(policies) and _is_stale(policies[0], label_sets),
        exported_at=exported_at,
        is_export_stale=bool(exported_at) and policy_at[:19] > exported_at[:19],
        left_to_people=exports[0].review if exports else 0,
        decided_since=_decided_after(workspace, chosen, exported_at) if exports else 0,
    )


def _decided_after(workspace: Workspace, predictions: Artifact[PredictionManifest], moment: str) -> int:
    # As core.decision_log.decisions_for_scored, without the table that it needs: the menu asks at each drawing.
    manifest = predictions.manifest
    parts = [part.predictions.fingerprint for part in manifest.parts]
    names = (*parts, *retrained_from(workspace, manifest), predictions.fingerprint)
    logs = [read_decisions(workspace.database, name) for name in names]
    # Of a long log mostly nothing is newer, and then nothing else is looked at.
    newer = {
        row.record_id for log in logs for row in itertools.takewhile(lambda row: row.at > moment, reversed(log.rows))
    }
    if not newer:
        return 0
    rows = sorted((row for log in logs for row in log.rows), key=lambda row: row.id)
    before = {row.record_id for row in rows if row.at <= moment}
    current = DecisionLog(tuple(rows)).current
    return sum(record_id in current for record_id in newer - before)


def _is_stale(policy: SavedPolicy, label_sets: Sequence[Artifact[LabelManifest]]) -> bool:
    created = {label_set.name: label_set.manifest.created_at for label_set in label_sets}
    names = [name for name in policy.labels.split(TOGETHER) if name]
    return any(name not in created or created[name][:19] > policy.chosen_at[:19] for name in names)


def steps(status: RoadStatus) -> dict[Step, StepState]:
    """Return the state of every step, in the order in which they are walked."""
    done: dict[Step, bool] = {
        "collect": bool(status.catalogues or status.predictions),
        "model": bool(status.predictions),
        "errors": status.has_answers,
        "thresholds": bool(status.policy_at),
        "export": bool(status.exported_at),
    }
    states: dict[Step, StepState] = {
        step: ("done" if done[step] else "to do") if step in done else "optional" for step in STEPS
    }
    if status.policy_at:
        states["review"] = "done" if status.is_rest_done else "to do"
    if status.is_policy_stale:
        states["thresholds"] = "out of date"
    if status.is_export_stale or (status.is_rest_done and status.decided_since):
        states["export"] = "out of date"
    return states


def next_step(status: RoadStatus) -> Step:
    """Return what comes next: the first step that waits, then what people decide, and 'share' once all are done.

    >>> next_step(RoadStatus()), next_step(RoadStatus(catalogues=1))
    ('collect', 'model')
    >>> next_step(RoadStatus(predictions=1, has_answers=True))
    'thresholds'
    """
    # What people decide takes days: what is accepted can leave before, and again after.
    waiting = [step for step, state in steps(status).items() if state in ("to do", "out of date")]
    return next((step for step in waiting if step != "review"), waiting[0] if waiting else "share")
