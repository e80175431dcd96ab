"""What leaves: ``export`` (accepted metadata), ``report``, ``card`` and ``push``; and ``pull``, what others shared."""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli import output
from core.cli.audit import add_corpus, add_policy, catalogue_of, policy_from_args
from core.cli.output import CommandResult
from core.errors import InputError
from core.export import FORMATS, parse_formats, parse_marc_kinds
from core.export.sentences import coded_by_default, counts_sentence
from core.progress import Progress
from core.schema import CONFIDENCE, PREDICTED
from core.storage import Workspace, now

if TYPE_CHECKING:
    from core.export.release import Release

__all__ = ["register_export", "register_report", "register_sharing"]

# --- ``export``: the accepted metadata leaves with its provenance -----------------------------------------------------


def register_export(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    export = commands.add_parser("export", parents=[common], help="write the accepted metadata as one zip")
    export.add_argument("--predictions", required=True, metavar="P", help="name of the predictions")
    export.add_argument(
        "--labels", action="append", metavar="L", help="label set the accuracy is measured on; repeatable, they add up"
    )
    add_corpus(export)
    export.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="Q",
        help="further predictions for the same corpus, written beside the first by the cut-offs kept for them",
    )
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
    output.add_person(export)
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
    from core.export.release import Release, further_policies, release
    from core.predictions import load_scored

    scored = load_scored(workspace, args.predictions, args.labels, tuple(args.learned_from), args.corpus)
    chosen = policy_from_args(args, scored, workspace)
    chosen = replace(chosen, created_by=chosen.created_by or workspace.person.name)
    prepared = Release.prepare(
        workspace,
        args.predictions,
        chosen,
        human=tuple(args.human),
        scored=scored,
        also=further_policies(workspace, args.also),
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
        counts_sentence(report.counts) + ".",
        *(f"{name}: {counts_sentence(counts)}." for name, counts in report.also.items()),
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
    warnings += filter(None, [coded_by_default(prepared.decided), *_of_further(prepared)])
    if not report.counts.by_decision["accepted"]:
        warnings.append("No record was accepted: only records for review have left.")
    return CommandResult(content, lines, status=1 if broken else 0, warnings=warnings)


def _of_further(prepared: "Release") -> Iterator[str]:
    """Yield what must be known of further sets of labels."""
    for each in prepared.also:
        promise, left_out = each.decided.settings.promise, len(each.decided.unmatched)
        if promise and not promise.promised:
            yield f"{each.scored.name}: {promise.sentence}"
        if left_out:
            yield f"{each.scored.name}: {left_out:,} predictions have no record in this export and were left out."
        if not each.decided.counts.by_decision["accepted"]:
            yield f"{each.scored.name}: no record was accepted."


# --- ``report``: the whole audit in one self-contained HTML file ------------------------------------------------------


def register_report(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    report = commands.add_parser("report", parents=[common], help="the whole audit in one self-contained HTML file")
    report.add_argument("--predictions", required=True, metavar="P", help="name of the predictions")
    report.add_argument(
        "--labels",
        action="append",
        metavar="L",
        help="label set to check against (default: the truth in the file); repeatable: answers add up, and of two to"
        " one book that of the set imported last holds",
    )
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


def register_sharing(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    card = commands.add_parser(
        "card", parents=[common], help="write a model's or data set's card, CITATION.cff and Zenodo metadata"
    )
    what = card.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", metavar="M", help="name of a model")
    what.add_argument("--bundle", type=Path, metavar="FILE.zip", help="a zip that 'colophon export' wrote")
    what.add_argument("--labels", metavar="L", help="name of a label set")
    card.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    _add_card_options(card)
    card.set_defaults(run=_card)

    push = commands.add_parser("push", parents=[common], help="share a model or an export on the Hugging Face Hub")
    what = push.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", metavar="M", help="name of a model")
    what.add_argument("--bundle", type=Path, metavar="FILE.zip", help="a zip that 'colophon export' wrote")
    push.add_argument("--to", required=True, metavar="USER/NAME", help="repository; it is made when it does not exist")
    push.add_argument("--private", action="store_true", help="only you can see it")
    _add_card_options(push)
    push.set_defaults(run=_push)

    pull = commands.add_parser("pull", parents=[common], help="take in a shared model or export, verified")
    pull.add_argument("source", metavar="SOURCE", help="USER/NAME on the Hub, a folder, or a zip")
    pull.add_argument("--as", dest="name", metavar="NAME", help="how it is called here (default: from the source)")
    pull.add_argument(
        "--classifier",
        action="store_true",
        help="SOURCE is a text classifier of the Hub's own layout (safetensors, labels, tokenizer), made elsewhere",
    )
    pull.set_defaults(run=_pull)


def _add_card_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--title", default="", help="title on the card")
    parser.add_argument("--licence", default="", metavar="ID", help="licence as the Hub spells it, such as cc0-1.0")
    parser.add_argument("--library", default="", metavar="NAME", help="who made it and stands for it")
    parser.add_argument("--contact", default="", help="whom to ask")
    parser.add_argument("--homepage", default="", metavar="URL", help="where to read more")


def _card_metadata(args: argparse.Namespace, home: Path) -> Any:
    """Return what was typed, and for the rest what was kept."""
    from core.sharing.card_text import CardMetadata, saved_card_metadata

    typed = {name: getattr(args, name) for name in CardMetadata.__dataclass_fields__}
    return CardMetadata.from_dict(
        {**saved_card_metadata(home).as_dict(), **{name: value for name, value in typed.items() if value}}
    )


def _home(args: argparse.Namespace, workspace: Workspace) -> Path:
    from core.sharing.bundle import bundle_home

    if args.model:
        return workspace.find("models", args.model).path
    if args.bundle:
        return bundle_home(workspace, args.bundle)
    return workspace.find("labels", args.labels).path


def _card(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.sharing.bundle import write_card
    from core.storage import file_sha256

    metadata = _card_metadata(args, _home(args, workspace))
    written, unfilled = write_card(
        workspace, args.out, model=args.model, bundle=args.bundle, labels=args.labels, metadata=metadata
    )
    files = [
        {"name": path.name, "path": str(path), "bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in written
    ]
    lines = [*(str(path) for path in written)]
    if unfilled:
        lines += [f"{len(unfilled)} parts are not filled in yet:", *(f"  {part}" for part in unfilled)]
    return CommandResult({"files": files, "unfilled": unfilled}, lines)


def _push(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.sharing.push import check_target, push

    check_target(args.to)
    metadata = _card_metadata(args, _home(args, workspace))
    report = push(
        workspace,
        args.to,
        _token(),
        model=args.model,
        bundle=args.bundle,
        private=args.private,
        metadata=metadata,
        progress=progress,
    )
    seen = "only you can see it" if report.private else "everybody can see it"
    return CommandResult(
        report.as_dict(), [f"{report.target}: {len(report.files)} files, {seen} (commit {report.commit[:8]})."]
    )


def _token() -> str:
    """Return the token from the environment, else ask for it without showing what is typed."""
    import getpass

    known = os.environ.get("HF_TOKEN", "")
    if known:
        return known
    if not sys.stdin.isatty():
        raise InputError("Uploading needs a token of the Hub. Set HF_TOKEN, or run this in a terminal and type it.")
    return getpass.getpass("Token of the Hugging Face Hub (it is not stored): ").strip()


def _pull(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    if args.classifier:
        from core.models.registry import import_pretrained

        model = import_pretrained(workspace, args.source, name=args.name, progress=progress)
        said_of_it = f"'{model.name}' ({model.kind}): {', '.join(model.classes)}. It was trained elsewhere."
        content = {"target": str(model.path), "files": sorted(path.name for path in model.path.iterdir())}
        return CommandResult({**content, "name": model.name, "classes": model.classes}, [said_of_it])
    from core.sharing.pull import pull

    report = pull(workspace, args.source, name=args.name, token=os.environ.get("HF_TOKEN", ""), progress=progress)
    return CommandResult(report.as_dict(), [f"'{report.name}' ({report.kind}, {report.fingerprint}).", report.sentence])
