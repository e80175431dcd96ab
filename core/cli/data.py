"""What comes in (``demo``, ``fetch``, ``import``), is renamed or removed, ``represent``; ``serve``, ``doctor``,
``backup``, ``restore``.
"""

import argparse
import csv
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from core.cli import output
from core.cli.output import CommandResult, warn
from core.draws import HOW_DRAWN
from core.errors import Cancelled, InputError
from core.formatting import printable
from core.processes import CODE_FOLDER, memory_limit, module_command, module_environment, most_of_memory
from core.progress import VARIABLE as VERBOSE_VARIABLE
from core.progress import Progress
from core.readers.reading import formats_in_words
from core.schema import KINDS
from core.storage import Workspace, user_path
from core.upkeep import KINDS as THINGS
from core.upkeep import dependents, remove, rename
from core.uploads import VARIABLE, folders_text

__all__ = ["parse_facets", "register", "register_system", "serve_command"]


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    demo = commands.add_parser(
        "demo", parents=[common], help="build the demonstration workspace (invented records, offline, seconds)"
    )
    demo.add_argument("--seed", type=int, help="another seed makes another invented library")
    demo.set_defaults(run=_demo)

    fetch = commands.add_parser("fetch", parents=[common], help="download published British Library data")
    fetch.add_argument("source", metavar="SOURCE", help="digitised, annotations or catalogue")
    fetch.add_argument("--url", help="another address for the same data")
    fetch.add_argument("--from", dest="from_file", type=Path, metavar="FILE", help="take a file you downloaded by hand")
    fetch.add_argument("--accept-new", action="store_true", help="accept content that differs from the first download")
    fetch.set_defaults(run=_fetch)

    reader = commands.add_parser(
        "import", parents=[common], help="read a catalogue, labels or predictions into the workspace"
    )
    reader.add_argument("file", type=Path, metavar="FILE", help=formats_in_words(folders=True))
    reader.add_argument("--kind", choices=KINDS, required=True, help="what the file holds")
    reader.add_argument("--name", help="how later commands speak of it (default: from the file name)")
    reader.add_argument(
        "--map",
        dest="overrides",
        action="append",
        default=[],
        metavar="HEADER=target",
        help="which column is what, e.g. --map Titel=title; an empty target leaves a column out; may be repeated",
    )
    reader.add_argument(
        "--map-class",
        dest="map_classes",
        action="append",
        default=[],
        metavar="NAME=CLASS",
        help="what a class name of the file means, e.g. --map-class LABEL_1=Fiction; an empty class says that the name "
        "is no class; may be repeated",
    )
    reader.add_argument("--format", help="read as this format instead of guessing")
    reader.add_argument("--encoding", help="read with this encoding instead of guessing, e.g. utf-8 or cp1252")
    reader.add_argument("--delimiter", help="the sign between cells instead of guessing; 'tab' for a tabulator")
    reader.add_argument(
        "--columns", metavar="A,B,C", help="names of the columns of a file whose first line is a record already"
    )
    reader.add_argument("--sheet", help="which sheet of a workbook")
    reader.add_argument(
        "--corpus",
        metavar="C",
        help="with predictions: the catalogue of the workspace they are joined with by record id; 'none' for none"
        " (default: the one that holds them)",
    )
    reader.add_argument(
        "--learned-from",
        action="append",
        default=[],
        metavar="L",
        help="with predictions: a label set the model learned from, whose books cannot test it; 'none' if it learned"
        " from none of those in the workspace; repeatable",
    )
    reader.add_argument(
        "--drawn",
        choices=HOW_DRAWN,
        default="",
        help="with labels: were their books drawn at random from the whole collection, or chosen? A list that Colophon"
        " drew is recognised (default: it is unknown)",
    )
    reader.add_argument("--rejected", type=Path, metavar="FILE", help="write the rejected rows to this CSV file")
    output.add_person(reader)
    reader.set_defaults(run=_import)

    label_set = commands.add_parser(
        "label-set",
        parents=[common],
        help="make a label set of what people decided on Review; what was drawn and sent there keeps its chances",
    )
    label_set.add_argument("--from-review", required=True, metavar="PREDICTIONS", help="what was decided about these")
    label_set.add_argument("--name", help="how later commands speak of it (default: PREDICTIONS-review)")
    output.add_person(label_set)
    label_set.set_defaults(run=_label_set)

    _register_upkeep(commands, common)
    represent = commands.add_parser(
        "represent", parents=[common], help="is a sample like the collection it should speak for?"
    )
    represent.add_argument("--sample", required=True, metavar="A", help="corpus, label set or predictions")
    represent.add_argument("--population", required=True, metavar="B", help="corpus, label set or predictions")
    represent.add_argument("--by", metavar="FACETS", help="decade,place,country,language,… (default: all)")
    represent.set_defaults(run=_represent)


def _register_upkeep(commands: Any, common: argparse.ArgumentParser) -> None:
    kinds = "corpus, labels, predictions, model or export"
    remover = commands.add_parser(
        "remove", parents=[common], help="remove a corpus, a label set, predictions, a model or an export"
    )
    remover.add_argument("kind", choices=tuple(THINGS), metavar="KIND", help=kinds)
    remover.add_argument("name", metavar="NAME", help="its name, or the fingerprint of one that has none")
    remover.add_argument("--yes", action="store_true", help="do not ask whether it is meant")
    remover.add_argument(
        "--dependents", action="store_true", help="also remove the predictions that need it, which are named otherwise"
    )
    remover.set_defaults(run=_remove)
    renamer = commands.add_parser(
        "rename", parents=[common], help="give a corpus, a label set, predictions, a model or an export another name"
    )
    renamer.add_argument("kind", choices=tuple(THINGS), metavar="KIND", help=kinds)
    renamer.add_argument("name", metavar="NAME", help="its name now")
    renamer.add_argument("new", metavar="NEW", help="its new name, which nothing else of this kind may have")
    renamer.set_defaults(run=_rename)


def _remove(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    kind = THINGS[args.kind]
    needed_by = dependents(workspace, kind, args.name)
    if needed_by and not args.dependents:
        listed = "; ".join(f"'{dependent.name}' ({dependent.why})" for dependent in needed_by)
        raise InputError(
            f"'{args.name}' was not removed, since predictions need it: {listed}. Remove those first, or add"
            " --dependents to remove them with it."
        )
    if not args.yes:
        _confirm(args, [dependent.name for dependent in needed_by])
    result = remove(workspace, kind, args.name, dependents_too=args.dependents)
    return CommandResult(result.as_dict(), [result.sentence])


def _confirm(args: argparse.Namespace, also: list[str]) -> None:
    """Ask on a terminal; elsewhere nobody can answer, so that the wish must be given with the command."""
    what = f"the {args.kind} '{args.name}'" + (f" and the predictions {', '.join(also)}" if also else "")
    if not sys.stdin.isatty():
        raise InputError(f"Nothing was removed: add --yes if {what} shall be removed for good.")
    print(f"Remove {printable(what)} for good? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Cancelled("Nothing was removed.")


def _rename(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    result = rename(workspace, THINGS[args.kind], args.name, args.new)
    return CommandResult(result.as_dict(), [result.sentence])


def _demo(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.demonstration import SECOND_MODEL, build

    built = build(workspace, seed=args.seed, progress=progress)
    lines = [f"The demonstration workspace is in {workspace.root}. Its records are invented."]
    for kind, names in built.items():
        lines.append(f"{kind}: {', '.join(names)}")
    lacking = (
        "The language model MiniLM is not installed, so the demonstration has one model instead of two: see"
        " 'colophon doctor'."
    )
    return CommandResult(built, lines, warnings=[] if SECOND_MODEL in built["models"] else [lacking])


def _fetch(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.fetch import fetch

    got = fetch(
        workspace, args.source, url=args.url, from_file=args.from_file, accept_new=args.accept_new, progress=progress
    )
    content = {"path": str(got.path), "bytes": got.bytes, "sha256": got.sha256}
    lines = [f"{got.path} ({got.bytes:,} bytes, sha256 {got.sha256})"]
    return CommandResult(content, [*lines, f"Next: colophon import {got.path} --kind {got.source.kind}"])


def _import(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.importing import FOLDERS, ReadOptions, import_file, read_as

    delimiter = "\t" if args.delimiter in ("tab", "\\t") else args.delimiter
    with memory_limit(most_of_memory()):
        report = import_file(
            workspace,
            user_path(args.file),
            args.kind,
            name=args.name,
            overrides=args.overrides,
            map_classes=args.map_classes,
            reading=ReadOptions(
                format=args.format,
                encoding=args.encoding,
                delimiter=delimiter,
                sheet=args.sheet,
                columns=_names(args.columns),
            ),
            progress=progress,
            corpus=args.corpus,
            learned_from=tuple(args.learned_from),
            drawn=args.drawn,
        )
    lines = [
        f"'{report.name}' ({report.kind}): {report.rows:,} records, {report.rejected:,} rows rejected.",
        read_as(report.format, report.encoding, report.delimiter),
        *(f"  {header} → {target}" for header, target in report.mapping.items()),
    ]
    for key, value in report.summary.items():
        if key != "repeats":
            lines.append(f"{key.replace('_', ' ')}: {value}")
    if args.rejected:
        folder = workspace.find(FOLDERS[args.kind], report.fingerprint).path
        _write_rejected(folder, args.rejected)
        lines.append(f"Rejected rows are in {args.rejected}.")
    hint = ["Answer a question with --map HEADER=target or --map-class NAME=CLASS, and import again."]
    return CommandResult(
        report.as_dict(), lines, warnings=[*report.questions, *(hint if report.questions else []), *report.warnings]
    )


def _label_set(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.retraining import labels_from_decisions

    report = labels_from_decisions(workspace, args.from_review, args.name)
    classes = ", ".join(f"{count:,} {name}" for name, count in report.summary["classes"].items())
    lines = [
        f"'{report.name}': {report.rows:,} records ({classes}; {report.summary['without_label']:,} without a label)."
    ]
    return CommandResult(report.as_dict(), lines, warnings=[*report.questions, *report.warnings])


def _names(text: str | None) -> tuple[str, ...]:
    """Return the column names in a text: parted by commas, a name with a comma in quotation marks.

    >>> _names('id,"Title, main",label')
    ('id', 'Title, main', 'label')
    """
    return tuple(next(csv.reader([text]))) if text else ()


def _write_rejected(folder: Path, target: Path) -> None:
    from core.corpus import REJECTED_FILE, read_parquet
    from core.storage import write_atomically

    with write_atomically(target) as beside:
        read_parquet(folder / REJECTED_FILE).to_csv(beside, index=False, lineterminator="\r\n")


def parse_facets(text: str | None) -> tuple[str, ...]:
    """Return the facets in a comma-separated list, or all of them.

    Raises
    ------
    InputError
        An unknown facet, with those that exist.
    """
    from core.facets import FACETS

    if not text:
        return tuple(FACETS)
    wanted = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [facet for facet in wanted if facet not in FACETS]
    if unknown:
        raise InputError(f"There is no facet '{unknown[0]}'. There are: {', '.join(FACETS)}.")
    return wanted


def _represent(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.predictions import load_records
    from core.representativeness import compare
    from core.wording import representativeness as wording

    kinds = ("corpora", "labels", "predictions")
    comparison = compare(
        load_records(workspace, args.sample, kinds),
        load_records(workspace, args.population, kinds),
        facets=parse_facets(args.by),
        sample_name=args.sample,
        population_name=args.population,
    )
    content = comparison.as_dict() | {"sentences": list(wording.sentences(comparison))}
    lines: list[str] = []
    for facet, item in zip(comparison.facets, content["facets"], strict=True):
        item |= {"sentence": wording.headline(facet), "caveats": list(wording.caveats(facet))}
        lines += [item["sentence"], *output.table(facet.table.head(12).to_dict("records"), _REPRESENT), ""]
    return CommandResult(content, lines)


_REPRESENT = {
    "value": "value",
    "sample_n": "sample",
    "population_n": "population",
    "sample_share": "share",
    "population_share": "share of all",
    "ratio": "ratio",
    "low": "low",
    "high": "high",
}


_ADDRESS: Final = "127.0.0.1"  # this machine alone


def register_system(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    serve = commands.add_parser("serve", parents=[common], help="open the dashboard in a browser on this machine")
    serve.add_argument("--port", type=int, default=8501, help="port on localhost (default 8501)")
    serve.add_argument("--no-browser", action="store_true", help="do not open a browser")
    serve.add_argument(
        "--folder",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="folder of this computer whose files the Catalogue page may read; repeatable (default: none)",
    )
    serve.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="NAME",
        help="host name under which a proxy in front of it asks for the dashboard; repeatable (default: none)",
    )
    serve.add_argument(
        "--address",
        default=_ADDRESS,
        metavar="IP",
        help="address to listen at (default 127.0.0.1, this machine alone; 0.0.0.0 in a container behind a proxy)",
    )
    serve.set_defaults(run=_serve)
    doctor = commands.add_parser("doctor", parents=[common], help="check Python, packages, GPU, disk and workspace")
    doctor.set_defaults(run=_doctor, damaged=True)
    backup = commands.add_parser("backup", parents=[common], help="write the whole workspace into one file")
    backup.add_argument(
        "--out", required=True, type=Path, metavar="FILE.zip", help="the file; it must not be there yet"
    )
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", parents=[common], help="fill an empty workspace from a backup")
    restore.add_argument("file", type=Path, metavar="FILE.zip", help="what 'colophon backup' wrote")
    restore.set_defaults(run=_restore)


def _backup(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.backup import back_up

    written = back_up(workspace, args.out, progress)
    line = f"{written.files:,} files and {written.rows:,} rows of the database are in {written.file}."
    return CommandResult(written.as_dict(), [line])


def _restore(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.backup import restore

    restored = restore(args.file, workspace, progress)
    line = f"{restored.files:,} files and {restored.rows:,} rows of the database are in {restored.workspace}."
    return CommandResult(restored.as_dict(), [line])


def _serve(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    import threading

    command = serve_command(CODE_FOLDER, args.port, args.host, args.address)
    listening = IPv4Address(args.address)
    here = _ADDRESS if listening.is_unspecified else args.address
    with socket.socket() as probe:
        if probe.connect_ex((here, args.port)) == 0:
            raise InputError(f"Port {args.port} is in use. Give another: colophon serve --port {args.port + 1}.")
    environment = {**module_environment(), "COLOPHON_HOME": str(workspace.root)}
    if args.verbose:
        environment[VERBOSE_VARIABLE] = "1"
    if args.folder:
        environment[VARIABLE] = folders_text(args.folder)
    warn(f"The dashboard is at http://{here}:{args.port} (workspace {workspace.root}). Stop it with Ctrl+C.")
    if not listening.is_loopback:
        warn(
            f"It listens at {args.address}: unless people sign in, whoever can open a connection to port {args.port}"
            " can do what a curator can."
        )
    with subprocess.Popen(command, cwd=CODE_FOLDER, env=environment) as server:
        if not args.no_browser:
            threading.Thread(target=_open_when_ready, args=(here, args.port, server), daemon=True).start()
        # Whoever ends the command (a service manager, `kill`) ends the dashboard: else it would go on, unseen.
        before = signal.signal(signal.SIGTERM, lambda number, frame: server.terminate())
        try:
            status = server.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    return CommandResult(
        {"port": args.port, "status": status}, ["The dashboard has stopped."], status=min(abs(status), 1)
    )


def serve_command(root: Path, port: int, hosts: Sequence[str] = (), address: str = _ADDRESS) -> list[str]:
    """Return how the dashboard below `root` is started: with everything that must hold wherever its settings are.

    Parameters
    ----------
    hosts : sequence of str
        Further host names that are answered.
    address : str
        Where it listens: an IPv4 address of this machine, or 0.0.0.0 for all of them.

    Raises
    ------
    InputError
        One of the hosts is no host name, or the address is none.
    """
    try:
        listening = IPv4Address(address)
    except ValueError as error:
        raise InputError(f"'{address}' is no address to listen at. Give one like 127.0.0.1 or 0.0.0.0.") from error
    for name in hosts:
        if not re.fullmatch(r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", name):
            raise InputError(f"'{name}' is no host name. Give the bare name: --host books.example.")
    command = module_command("streamlit", "run", str(root / "dashboard" / "app.py"))
    command += ["--server.port", str(port), "--server.address", address, "--server.headless", "true"]
    command += ["--logger.hideWelcomeMessage", "true", "--browser.gatherUsageStats", "false"]
    own = () if listening.is_loopback or listening.is_unspecified else (address,)
    for name in (_ADDRESS, "localhost", *own, *hosts):
        command += ["--server.allowedHosts", name]
    return command


def _open_when_ready(address: str, port: int, server: "subprocess.Popen[bytes]") -> None:
    """Open a browser as soon as the dashboard answers."""
    import time
    import webbrowser

    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((address, port)) == 0:
                webbrowser.open(f"http://{address}:{port}")
                return
        time.sleep(0.3)


def _doctor(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.doctor import examine

    checks = examine(workspace, progress=progress)
    rows = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
    lines = [f"{'ok   ' if check.ok else 'WRONG'}  {check.name}: {check.detail}" for check in checks]
    return CommandResult({"checks": rows}, lines, status=0 if all(check.ok for check in checks) else 1)
