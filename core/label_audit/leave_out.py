"""A label set without the labels that an audit speaks against: the same books, some of them without a label."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.label_audit.audit import LabelAudit
from core.label_audit.groups import BYS
from core.labels import LABELS_FILE, LabelSet
from core.schema import LABEL, RECORD_ID
from core.storage import MANIFEST, Artifact, Workspace, digest, slug

__all__ = ["leave_out"]

Group = tuple[str, str]


def leave_out(
    workspace: Workspace,
    labels: LabelSet,
    audit: LabelAudit,
    *,
    groups: Sequence[Group] = (),
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
        Leave out all labels of these annotators, languages or months, as :data:`core.label_audit.BYS` names them:
        right for a group whose labels are no better than a guess.
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
    wanted = np.zeros(len(audit.books), dtype=bool)
    for by, value in groups:
        if (by, value) not in audit.members.members:
            known = ", ".join(f"{one}={other}" for one, other in audit.members.members if one == by)
            raise InputError(f"There are no labels of {by}={value}. There are: {known or f'none by {by}'}.")
        wanted |= audit.members.members[by, value]
    if suspects:
        wanted |= audit.books["suspect"].to_numpy(dtype=bool)
    left_out = set(audit.books.loc[wanted, RECORD_ID])
    table = labels.table()
    going = table[RECORD_ID].isin(left_out) & (table[LABEL] != "")
    if not going.any():
        raise InputError("No label is to be left out: say which group, or leave out the suspects.")
    kept = table.assign(**{LABEL: table[LABEL].mask(going, "")})
    counts = {str(one): int(count) for one, count in kept.loc[kept[LABEL] != "", LABEL].value_counts().items()}
    if len(counts) < 2:
        raise InputError(f"Without these labels only {', '.join(counts) or 'nothing'} would be left: leave out fewer.")
    said = _sentence(labels.name, int(going.sum()), int((table[LABEL] != "").sum()), groups, suspects)
    described = {"of": labels.fingerprint, "groups": sorted(map(list, groups)), "suspects": suspects}

    def write(folder: Path) -> dict[str, Any]:
        for file in labels.artifact.path.iterdir():
            if file.name not in (MANIFEST, LABELS_FILE):
                shutil.copy2(file, folder / file.name)
        kept.to_parquet(folder / LABELS_FILE, index=False)
        before = dict(labels.manifest)
        summary = {**before.get("summary", {}), "classes": dict(sorted(counts.items()))}
        summary["without_label"] = int((kept[LABEL] == "").sum())
        return {
            **{key: value for key, value in before.items() if key not in ("kind", "fingerprint", "created_at")},
            "classes": sorted(counts),
            "summary": summary,
            "left_out": {**described, "name": labels.name, "labels": int(going.sum()), "cut": audit.cut},
            "warnings": [*before.get("warnings", ()), said],
        }

    fingerprint = digest("left out", described, sorted(left_out))
    return workspace.store("labels", fingerprint, slug(name or f"{labels.name}-audited"), write)


def _sentence(name: str, n: int, of: int, groups: Sequence[Group], suspects: bool) -> str:
    what = [f"{BYS[by]} {value}" for by, value in groups]
    why = " and ".join(
        ([f"all labels of {', '.join(what)}"] if what else []) + (["the suspect labels"] if suspects else [])
    )
    return f"{n:,} of the {of:,} labels of '{name}' are left out here after its audit: {why}."
