"""A label set without the labels that an audit speaks against: the same books, some of them without a label."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.label_audit.audit import LabelAudit
from core.label_audit.groups import GROUPINGS, shown_value
from core.labels import LABELS_FILE, LabelSet
from core.schema import ANNOTATOR, LABEL, RECORD_ID
from core.storage import MANIFEST, Artifact, Workspace, digest

__all__ = ["exclude_labels", "excluded_ids"]

GroupKey = tuple[str, str]


def exclude_labels(
    workspace: Workspace,
    labels: LabelSet,
    audit: LabelAudit,
    *,
    groups: Sequence[GroupKey] = (),
    suspects: bool = False,
    name: str | None = None,
) -> Artifact:
    """Keep a copy of a label set in which some books have no label, to train and measure without them.

    Nothing is corrected and nothing is lost: the books, what people answered and the old label set stay as they are.

    Parameters
    ----------
    audit : LabelAudit
        Of these labels.
    groups : sequence of (by, value)
        Leave out the labels of these annotators, languages or months, as :data:`core.label_audit.GROUPINGS` names them:
        right for a group whose labels are no better than a guess. A label that another annotator gave too stays.
    suspects : bool
        Leave out the suspect labels, whoever gave them. What stays agrees better with a model than labels do in
        truth: measure nothing on it that was decided by this audit.
    name : str, optional
        Of the new label set.

    Raises
    ------
    InputError
        There is no such group, nothing is to be left out, or fewer than two classes would be left.
    """
    groups = [_as_in_file(audit, group) for group in groups]
    gone = excluded_ids(audit, groups, suspects)
    table = labels.table()
    going = table[RECORD_ID].isin(gone) & (table[LABEL] != "")
    if not going.any():
        raise InputError("No label is to be left out: say which group, or leave out the suspects.")
    remaining = table.assign(**{LABEL: table[LABEL].mask(going, "")})
    counts = {
        str(class_name): int(count)
        for class_name, count in remaining.loc[remaining[LABEL] != "", LABEL].value_counts().items()
    }
    if len(counts) < 2:
        raise InputError(f"Without these labels only {', '.join(counts) or 'nothing'} would be left: leave out fewer.")
    warning = _sentence(labels.name, int(going.sum()), int((table[LABEL] != "").sum()), groups, suspects)
    described = {"of": labels.fingerprint, "groups": sorted(map(list, groups)), "suspects": suspects}

    def write(folder: Path) -> dict[str, Any]:
        for file in labels.artifact.path.iterdir():
            if file.name not in (MANIFEST, LABELS_FILE):
                shutil.copy2(file, folder / file.name)
        remaining.to_parquet(folder / LABELS_FILE, index=False)
        before = dict(labels.manifest)
        summary = {**before.get("summary", {}), "classes": dict(sorted(counts.items()))}
        summary["without_label"] = int((remaining[LABEL] == "").sum())
        return {
            **{key: value for key, value in before.items() if key not in ("kind", "fingerprint", "created_at")},
            "classes": sorted(counts),
            "summary": summary,
            "left_out": {**described, "name": labels.name, "labels": int(going.sum()), "cut": audit.cut},
            "warnings": [*before.get("warnings", ()), warning],
        }

    fingerprint = digest("left out", described, sorted(gone))
    called, _ = workspace.name_for("labels", name, f"{labels.name}-audited", fingerprint)
    return workspace.store("labels", fingerprint, called, write)


def excluded_ids(audit: LabelAudit, groups: Sequence[GroupKey], suspects: bool) -> set[str]:
    """Return the identifiers of the books whose labels :func:`exclude_labels` leaves out.

    Raises
    ------
    InputError
        There is no such group.
    """
    members = audit.members.members
    wanted = np.zeros(len(audit.books), dtype=bool)
    groups = [_as_in_file(audit, group) for group in groups]
    for by, value in groups:
        if (by, value) not in members:
            known = ", ".join(f"{kind}={other}" for kind, other in members if kind == by)
            raise InputError(f"There are no labels of {by}={value}. There are: {known or f'none by {by}'}.")
        if by != ANNOTATOR:
            wanted |= members[by, value]
    theirs = [mask for group, mask in members.items() if group[0] == ANNOTATOR and group in groups]
    others = [mask for group, mask in members.items() if group[0] == ANNOTATOR and group not in groups]
    wanted |= np.any(theirs, axis=0) & ~np.any(others, axis=0)
    if suspects:
        wanted |= audit.books["suspect"].to_numpy(dtype=bool)
    return set(audit.books.loc[wanted, RECORD_ID])


def _as_in_file(audit: LabelAudit, group: GroupKey) -> GroupKey:
    """Return the group as the file calls it, where it came as it is shown: "2" is the annotator "2.0" if no other."""
    members = audit.members.members
    alike = [one for one in members if one[0] == group[0] and shown_value(one) == group[1]]
    return alike[0] if group not in members and len(alike) == 1 else group


def _sentence(name: str, n: int, of: int, groups: Sequence[GroupKey], suspects: bool) -> str:
    what = [
        f"those of {GROUPINGS[by]} {shown_value((by, value))}" + (" alone" if by == ANNOTATOR else "")
        for by, value in groups
    ]
    why = ", and ".join([*what, *(["the suspect ones"] if suspects else [])])
    return f"{n:,} of the {of:,} labels of '{name}' are left out here after its audit: {why}."
