"""What the last audit of a label set came to: whose labels to leave out, remembered until the next audit."""

from collections.abc import Callable
from dataclasses import dataclass

from core.label_audit import LabelAudit, audit_labels, exclude_labels, excluded_ids
from core.labels import load_labels
from core.manifests import LabelManifest
from core.schema import ANNOTATOR
from core.storage import Artifact, Workspace

__all__ = ["AuditedCopy", "audited_copy", "choose_audited_copy", "save_verdict"]

_KIND = "label_audit"


@dataclass(frozen=True, kw_only=True)
class AuditedCopy:
    """The copy of a label set without the one annotator at whom its audit points.

    Attributes
    ----------
    labels : str
        Name of the label set that was audited.
    annotator : str
        As the file calls it.
    n_left_out, n_labels : int
        Books that this annotator alone has labelled, and labelled books in all.
    false_alarm : float
        The share of right labels that the audit was allowed to call suspect.
    copy : str
        Name of the copy, '' where none was made yet.
    """

    labels: str
    annotator: str
    n_left_out: int
    n_labels: int
    false_alarm: float
    copy: str = ""


def save_verdict(workspace: Workspace, labels: Artifact[LabelManifest], audit: LabelAudit) -> None:
    """Remember at which annotators an audit points; nothing is written twice, nor in a workspace that is only read."""
    if workspace.database.read_only_reason:
        return
    annotators = [finding.value for finding in audit.flagged if finding.by == ANNOTATOR]
    content = {
        "annotators": annotators,
        "left_out": [len(excluded_ids(audit, [(ANNOTATOR, value)], suspects=False)) for value in annotators],
        "false_alarm": audit.false_alarm,
    }
    earlier = workspace.database.read(_KIND, labels.fingerprint)
    if not earlier or any(earlier[-1].get(key) != value for key, value in content.items()):
        workspace.database.add(_KIND, labels.fingerprint, content)


def audited_copy(workspace: Workspace, labels: Artifact[LabelManifest]) -> AuditedCopy | None:
    """Return the copy that the last audit of a label set recommends, whether it exists yet or not.

    Returns
    -------
    AuditedCopy or None
        None where the labels were never audited, where the audit points at nobody or at several annotators, and where
        this annotator alone has labelled no book.
    """
    notes = workspace.database.read(_KIND, labels.fingerprint)
    if not notes or len(notes[-1]["annotators"]) != 1 or not notes[-1]["left_out"][0]:
        return None
    annotator = str(notes[-1]["annotators"][0])
    wanted = {"of": labels.fingerprint, "groups": [[ANNOTATOR, annotator]], "suspects": False}
    copies = [
        other.name
        for other in workspace.list("labels")
        if {key: other.manifest.left_out.get(key) for key in wanted} == wanted
    ]
    return AuditedCopy(
        labels=labels.name,
        annotator=annotator,
        n_left_out=int(notes[-1]["left_out"][0]),
        n_labels=sum(labels.manifest.summary.get("classes", {}).values()),
        false_alarm=float(notes[-1]["false_alarm"]),
        copy=copies[0] if copies else "",
    )


def choose_audited_copy(
    workspace: Workspace,
    wanted: AuditedCopy,
    audit: Callable[[Artifact[LabelManifest], float], LabelAudit] | None = None,
) -> str:
    """Return the name of the copy, which is made now where it is not there yet.

    Parameters
    ----------
    audit : function, optional
        Audits the labels at a rate of false alarm, such as one that remembers; else they are audited afresh.

    Raises
    ------
    InputError
        As :func:`core.label_audit.exclude_labels`.
    """
    if wanted.copy:
        return wanted.copy
    labels = load_labels(workspace, wanted.labels)
    result = (
        audit(labels.artifact, wanted.false_alarm) if audit else audit_labels(labels, false_alarm=wanted.false_alarm)
    )
    return exclude_labels(workspace, labels, result, groups=[(ANNOTATOR, wanted.annotator)]).name
