"""``card``, ``push`` and ``pull``: how others get the model and the data, and how to get theirs."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from core.cli.output import CommandResult
from core.errors import InputError
from core.progress import Progress
from core.storage import Workspace

__all__ = ["register"]


def register(commands: Any, common: argparse.ArgumentParser) -> None:
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
    from core.sharing.card_settings import saved_card_metadata
    from core.sharing.citation import CardMetadata

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
    from core.sharing.hub import check_target
    from core.sharing.push import push

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
        from core.models.pretrained import import_pretrained

        model = import_pretrained(workspace, args.source, name=args.name, progress=progress)
        said_of_it = f"'{model.name}' ({model.kind}): {', '.join(model.classes)}. It was trained elsewhere."
        content = {"target": str(model.path), "files": sorted(path.name for path in model.path.iterdir())}
        return CommandResult({**content, "name": model.name, "classes": model.classes}, [said_of_it])
    from core.sharing.pull import pull

    report = pull(workspace, args.source, name=args.name, token=os.environ.get("HF_TOKEN", ""), progress=progress)
    return CommandResult(report.as_dict(), [f"'{report.name}' ({report.kind}, {report.fingerprint}).", report.sentence])
