"""``report``: the whole audit in one self-contained HTML file."""

import argparse
from pathlib import Path
from typing import Any

from core.cli.audit import add_corpus, add_policy, catalogue_of, policy_from_args
from core.cli.output import CommandResult
from core.progress import Progress
from core.storage import Workspace, now

__all__ = ["register"]


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    report = commands.add_parser("report", parents=[common], help="the whole audit in one self-contained HTML file")
    report.add_argument("--predictions", required=True, metavar="P", help="name of the predictions")
    report.add_argument("--labels", metavar="L", help="label set to check against (default: the truth in the file)")
    add_corpus(report)
    report.add_argument(
        "--learned-from", action="append", default=[], metavar="L", help="label set the model learned from; repeatable"
    )
    report.add_argument("--against", metavar="Q", help="other predictions to compare with on the same books")
    add_policy(report)
    report.add_argument("--date", metavar="TEXT", help="date to stand in the report (default: today)")
    report.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="where to write it")
    report.set_defaults(run=_report)


def _report(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.predictions import load_scored
    from core.report import build_content, write_report

    learned = tuple(args.learned_from)
    scored = load_scored(workspace, args.predictions, args.labels, learned, args.corpus)
    against = load_scored(workspace, args.against, args.labels, learned) if args.against else None
    has_policy = bool(args.cuts) or args.max_error is not None
    policy = policy_from_args(args, scored) if has_policy else None
    content = build_content(
        workspace, scored, date=args.date or now()[:10], policy=policy, against=against, progress=progress
    )
    written = write_report(content, args.out)
    return CommandResult(
        {
            "file": str(written.file),
            "sha256": written.sha256,
            "sentences": list(content.verdict),
            **catalogue_of(scored),
        },
        [f"{written.file} ({written.sha256})", *content.verdict],
        warnings=scored.catalogue.sentences,
    )
