"""Policies that people chose: kept in the database, append-only, the newest holds; every older one can be restored."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from core.storage import Workspace
from core.thresholds import GuaranteeRecord, Policy

__all__ = ["SavedPolicy", "save_policy", "saved_policies"]

_LOG = logging.getLogger(__name__)
_KIND = "policy"


@dataclass(frozen=True, kw_only=True)
class SavedPolicy:
    """A policy and how it came about.

    Attributes
    ----------
    policy : Policy
    promise : GuaranteeRecord, optional
        The promise it was chosen for; None when the cuts were set by hand.
    labels : str
        The label set whose books it was chosen on, '' for the truth that came with the predictions.
    because : str
        Why, in the words of whoever chose it.
    chosen_at : str
        Moment in UTC, ISO 8601.
    created_by : str
        Who chose it; '' where nobody gave a name.
    """

    policy: Policy
    promise: GuaranteeRecord | None = None
    labels: str = ""
    because: str = ""
    chosen_at: str = ""
    created_by: str = ""


def save_policy(workspace: Workspace, predictions: str, chosen: SavedPolicy) -> None:
    """Keep a policy for predictions.

    Parameters
    ----------
    predictions : str
        Fingerprint of the predictions it is for.

    Notes
    -----
    It names who the workspace is opened for, whatever `chosen` says.
    """
    content = {
        "policy": chosen.policy.as_dict(),
        "promise": chosen.promise.as_dict() if chosen.promise else {},
        "labels": chosen.labels,
        "because": chosen.because,
    }
    workspace.database.add(_KIND, predictions, content)
    # Not why: those are a person's words, and may quote a title.
    way = "by a promise" if chosen.promise else "by hand"
    signed = f", by {workspace.person.name}" if workspace.person.name else ""
    _LOG.info("chose a policy for predictions %s: %s%s", predictions, way, signed)


def saved_policies(workspace: Workspace, predictions: str) -> Sequence[SavedPolicy]:
    """Return the policies kept for predictions (by fingerprint), the newest first."""
    return [
        SavedPolicy(
            policy=Policy.from_dict(note["policy"]),
            promise=GuaranteeRecord.of(note["promise"]),
            labels=note["labels"],
            because=note["because"],
            chosen_at=note["at"][:19] + "Z",
            created_by=note.get("by", ""),
        )
        for note in reversed(workspace.database.read(_KIND, predictions))
    ]
