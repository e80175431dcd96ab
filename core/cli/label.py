"""``label``: rules label books where people have not."""

import argparse
from pathlib import Path
from typing import Any

from core.cli import output
from core.cli.output import CommandResult
from core.progress import Progress
from core.statistics import interval_percent
from core.storage import Workspace

__all__ = ["register"]

_COLUMNS = {
    "name": "function",
    "polarity": "votes for",
    "coverage": "coverage",
    "overlap": "overlap",
    "conflict": "conflict",
    "accuracy": "right",
    "between": "95 % interval",
    "n": "titles",
    "copies": "copies",
}


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add this command to the parser."""
    label = commands.add_parser("label", parents=[common], help="label a corpus with labelling functions")
    label.add_argument("--functions", required=True, type=Path, metavar="FILE.toml", help="the functions")
    label.add_argument("--corpus", required=True, metavar="C", help="corpus whose books are labelled")
    label.add_argument("--labels", metavar="L", help="people's labels, to check the functions against; they win")
    label.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="label set, predictions or corpus whose books must not be labelled, such as a test set; repeatable",
    )
    label.add_argument("--name", help="name of the label set (default: from the corpus)")
    label.add_argument(
        "--method",
        choices=("label model", "majority"),
        default="label model",
        help="how votes are put together (default: the label model)",
    )
    label.set_defaults(run=_label)


def _label(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.weak_supervision import read_functions
    from core.weak_supervision.build import build_labels

    report = build_labels(
        workspace,
        read_functions(args.functions),
        args.corpus,
        labels=args.labels,
        without=tuple(args.without),
        name=args.name,
        method=args.method,
        progress=progress,
    )
    shares = ("coverage", "overlap", "conflict", "accuracy")
    rows = [
        {**row, **{key: output.percent(row[key]) for key in shares}} | {"between": _between(row)}
        for row in report.functions
    ]
    lines = [
        f"'{report.name}': {report.sentences[0]}",
        *report.sentences[1:],
        "",
        *output.table(rows, _COLUMNS),
        "",
        f"All together, on titles kept back: {output.rate(report.accuracy)}",
    ]
    return CommandResult(report.as_dict(), lines)


def _between(row: Any) -> str:
    if row["low"] is None:
        return f"{row['right']:g} of {row['n']}: too few" if row["n"] else ""
    return interval_percent(row["low"], row["high"])
