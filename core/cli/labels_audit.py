"""``audit-labels``: which labels people should look at again, and whose."""

import argparse
from typing import Any

from core.cli import output
from core.cli.output import Answer
from core.progress import Progress
from core.storage import Workspace

__all__ = ["register"]

_SHOWN = 20
_SUSPECTS = {
    "record_id": "record",
    "title": "title",
    "given": "given",
    "suggested": "suggested",
    "score": "score",
    "annotator": "annotator",
    "words_against": "words against",
}
_GROUPS = {
    "by": "by",
    "value": "value",
    "n": "labels",
    "suspects": "suspect",
    "suspect_rate": "share",
    "low": "low",
    "high": "high",
    "ratio": "times the rest",
    "adjusted_ratio": "adjusted",
    "p_adjusted": "p, adjusted",
}


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    audit = commands.add_parser(
        "audit-labels",
        parents=[common],
        help="labels that look wrong, and the annotators, languages and months they gather in",
    )
    audit.add_argument("--labels", required=True, metavar="L", help="name of the label set")
    audit.add_argument(
        "--false-alarm",
        type=float,
        default=0.03,
        metavar="SHARE",
        help="call at most this share of right labels suspect (default .03)",
    )
    audit.add_argument("--seed", type=int, default=0, help="decides which titles are judged together")
    audit.set_defaults(run=_audit)


def _audit(said: argparse.Namespace, workspace: Workspace, progress: Progress) -> Answer:
    from core.label_audit import audit_labels
    from core.labels import load_labels

    found = audit_labels(
        load_labels(workspace, said.labels), false_alarm=said.false_alarm, seed=said.seed, progress=progress
    )
    content = found.as_dict()
    suspects, groups = content["suspects"], [row for row in content["groups"] if row["suspect_rate"] is not None]
    lines = [*found.sentences, "", *output.table(groups[:_SHOWN], _GROUPS), ""]
    lines += output.table(suspects[:_SHOWN], _SUSPECTS)
    if len(suspects) > _SHOWN:
        lines.append(f"… and {len(suspects) - _SHOWN:,} more: --json has all.")
    return Answer(content, lines)
