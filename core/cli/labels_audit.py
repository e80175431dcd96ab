"""``audit-labels``: which labels people should look at again, and whose."""

import argparse
from typing import Any

from core.cli import output
from core.cli.output import CommandResult
from core.errors import InputError
from core.progress import Progress
from core.storage import Workspace

__all__ = ["register"]

_MAX_SHOWN = 20
_GROUPINGS = ("annotator", "language", "month")
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
    audit.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="WHAT",
        help="keep a copy of the label set without these labels: 'suspects', or a group such as annotator=2.0,"
        " language=Dutch, month=2021-01; may be given several times",
    )
    audit.add_argument("--name", help="of the copy (default: the label set's name and '-audited')")
    audit.set_defaults(run=_audit)


def _audit(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.label_audit import audit_labels, exclude_labels
    from core.labels import load_labels

    labels = load_labels(workspace, args.labels)
    groups, suspects = _parse_exclusions(args.leave_out)
    audit = audit_labels(labels, false_alarm=args.false_alarm, seed=args.seed, progress=progress)
    content = audit.as_dict()
    rated, listed = [row for row in content["groups"] if row["suspect_rate"] is not None], content["suspects"]
    lines = [*audit.sentences, "", *output.table(rated[:_MAX_SHOWN], _GROUPS), ""]
    lines += output.table(listed[:_MAX_SHOWN], _SUSPECTS)
    if len(listed) > _MAX_SHOWN:
        lines.append(f"… and {len(listed) - _MAX_SHOWN:,} more: --json has all.")
    if groups or suspects:
        copy = exclude_labels(workspace, labels, audit, groups=groups, suspects=suspects, name=args.name)
        content["left_out"] = {"labels": copy.name, **copy.manifest["left_out"]}
        lines += ["", f"Kept as '{copy.name}': {copy.manifest['warnings'][-1]}"]
    return CommandResult(content, lines)


def _parse_exclusions(items: list[str]) -> tuple[list[tuple[str, str]], bool]:
    """Return the groups to leave out, and whether the suspects are."""
    groups = [item.partition("=") for item in items if item != "suspects"]
    for by, equals, value in groups:
        if by not in _GROUPINGS or not equals or not value:
            raise InputError(
                f"--leave-out takes 'suspects' or a group as {', '.join(f'{key}=…' for key in _GROUPINGS)};"
                f" '{by}{equals}{value}' came."
            )
    return [(by, value) for by, _, value in groups], "suspects" in items
