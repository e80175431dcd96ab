"""``export``: the accepted metadata leaves with its provenance."""

import argparse
from pathlib import Path
from typing import Any

from core.cli.audit import add_policy, policy_from
from core.cli.output import Answer
from core.progress import Progress
from core.storage import Workspace

__all__ = ["register"]


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    export = commands.add_parser("export", parents=[common], help="write the accepted metadata as one zip")
    export.add_argument("--predictions", required=True, metavar="P", help="name of the predictions")
    export.add_argument("--labels", metavar="L", help="label set the accuracy is measured on")
    export.add_argument(
        "--learned-from", action="append", default=[], metavar="L", help="label set the model learned from; repeatable"
    )
    add_policy(export)
    export.add_argument("--format", default="csv", metavar="LIST", help="csv,xlsx,parquet,… (default csv)")
    export.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="where to write the zip")
    export.add_argument(
        "--human", action="append", default=[], metavar="L", help="label set whose answers stand; repeatable"
    )
    export.add_argument(
        "--human-labels",
        choices=("measure-only", "keep"),
        default="measure-only",
        help="whether a truth column that came with the predictions blocks machine labels (default: it only measures)",
    )
    export.add_argument("--profile", default="lcgft", help="terms from lcgft, fast, uncontrolled, or none")
    export.add_argument(
        "--fiction-includes-verse", choices=("yes", "no"), default="", help="what the label Fiction means to annotators"
    )
    export.add_argument("--organisation", default="", metavar="CODE", help="MARC organisation code of your library")
    export.add_argument(
        "--source-code", default="", metavar="CODE", help="003: whose record numbers these are, e.g. Uk"
    )
    export.set_defaults(run=_export)


def _export(said: argparse.Namespace, workspace: Workspace, progress: Progress) -> Answer:
    from core.export import parse_formats
    from core.predictions import load_scored
    from core.release import Release, release

    scored = load_scored(workspace, said.predictions, said.labels, tuple(said.learned_from))
    chosen = policy_from(said, scored)
    prepared = Release.prepare(
        workspace,
        said.predictions,
        chosen,
        human=tuple(said.human),
        scored=scored,
        formats=parse_formats(said.format.split(",")),
        human_labels=said.human_labels,
        profile=said.profile,
        answer=said.fiction_includes_verse,
        organisation=said.organisation,
        source_code=said.source_code,
    )
    report = release(workspace, prepared, said.out, progress=progress)
    content = report.as_dict()
    lines = [
        f"{report.path} ({report.sha256})",
        report.counts.sentence + ".",
        *(f"  {file['name']}: {file['records']} records" for file in content["files"]),
        *report.remarks,
    ]
    broken = bool(chosen.promise) and not chosen.promise["promised"]
    return Answer(
        content, lines, status=1 if broken else 0, warnings=[str(chosen.promise["sentence"])] if broken else []
    )
