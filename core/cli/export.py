"""``export``: the accepted metadata leaves with its provenance. ``report``: the whole audit in one HTML file."""

import argparse
from pathlib import Path
from typing import Any

from core.cli.audit import add_corpus, add_policy, catalogue_of, policy_from_args
from core.cli.output import CommandResult
from core.export import FORMATS, parse_formats, parse_marc_kinds
from core.export.readme import coded_by_default
from core.progress import Progress
from core.schema import CONFIDENCE, PREDICTED
from core.storage import Workspace, now

__all__ = [
    "register_export",
    "register_report",
]

# --- ``export``: the accepted metadata leaves with its provenance -----------------------------------------------------


def register_export(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    export = commands.add_parser("export", parents=[common], help="write the accepted metadata as one zip")
    export.add_argument("--predictions", required=True, metavar="P", help="name of the predictions")
    export.add_argument("--labels", metavar="L", help="label set the accuracy is measured on")
    add_corpus(export)
    export.add_argument(
        "--learned-from", action="append", default=[], metavar="L", help="label set the model learned from; repeatable"
    )
    add_policy(export)
    export.add_argument(
        "--format",
        default="csv",
        metavar="LIST",
        help=f"one or more of {', '.join(FORMATS)}, with commas between (default csv)",
    )
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
    _add_marc(export)
    export.add_argument("--library", default="", metavar="NAME", help="who publishes the data")
    export.add_argument("--contact", default="", help="whom to ask")
    export.set_defaults(run=_export)


def _add_marc(export: argparse.ArgumentParser) -> None:
    export.add_argument("--organisation", default="", metavar="CODE", help="MARC organisation code of your library")
    export.add_argument(
        "--source-code", default="", metavar="CODE", help="003: whose record numbers these are, e.g. Uk"
    )
    export.add_argument(
        "--marc-kinds",
        default="",
        metavar="LIST",
        help=(
            "enriched (your own records with the new fields), delta (identifiers and new fields, to be merged), stub"
            " (minimal new records); default: enriched,delta where the catalogue file was MARC, else stub,delta"
        ),
    )
    export.add_argument(
        "--carrier",
        choices=("online", "volume"),
        default="online",
        help="what stubs describe: the digitised book (default) or the book on the shelf",
    )
    export.add_argument(
        "--base-uri",
        default="",
        metavar="URI",
        help="address, ending in / or #, behind which the name of the run is put (883 $u); default: a urn:uuid",
    )
    export.add_argument(
        "--literary-form",
        action="store_true",
        help="also code 008/33 where nobody has (that byte cannot carry its provenance)",
    )


def _export(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.export.release import Release, release
    from core.predictions import load_scored

    scored = load_scored(workspace, args.predictions, args.labels, tuple(args.learned_from), args.corpus)
    chosen = policy_from_args(args, scored, workspace)
    prepared = Release.prepare(
        workspace,
        args.predictions,
        chosen,
        human=tuple(args.human),
        scored=scored,
        formats=parse_formats(args.format.split(",")),
        human_labels=args.human_labels,
        profile=args.profile,
        answer=args.fiction_includes_verse,
        organisation=args.organisation,
        source_code=args.source_code,
        marc_kinds=parse_marc_kinds(args.marc_kinds.split(",")),
        carrier=args.carrier,
        base_uri=args.base_uri,
        write_literary_form=args.literary_form,
        publisher=args.library,
        contact=args.contact,
    )
    report = release(workspace, prepared, args.out, progress=progress)
    content = {**report.as_dict(), **catalogue_of(scored)}
    lines = [
        f"{report.path} ({report.sha256})",
        report.counts.sentence + ".",
        *(
            f"  {file.name}" + (f": {file.records:,} records" if file.records is not None else "")
            for file in report.files
        ),
        *report.remarks,
    ]
    broken = chosen.promise if chosen.promise and not chosen.promise.promised else None
    warnings = [*scored.catalogue.sentences, *([broken.sentence] if broken else [])]
    unsure = int((scored.table[CONFIDENCE].isna() & (scored.table[PREDICTED] != "")).sum())
    if unsure:
        warnings.append(f"{unsure:,} of {len(scored.table):,} records have no confidence and were never accepted.")
    warnings += filter(None, [coded_by_default(prepared.decided)])
    if not report.counts.by_decision["accepted"]:
        warnings.append("No record was accepted: only records for review have left.")
    return CommandResult(content, lines, status=1 if broken else 0, warnings=warnings)


# --- ``report``: the whole audit in one self-contained HTML file ------------------------------------------------------


def register_report(commands: Any, common: argparse.ArgumentParser) -> None:
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
    has_policy = bool(args.cuts) or args.max_error is not None or args.whole is not None
    policy = policy_from_args(args, scored, workspace) if has_policy else None
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
