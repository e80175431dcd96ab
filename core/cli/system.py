"""``serve`` and ``doctor``: the dashboard, and whether this machine is fit for it."""

import argparse
import re
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from core import log
from core.cli.output import CommandResult, warn
from core.errors import InputError
from core.processes import CODE_FOLDER, module_command, module_environment
from core.progress import Progress
from core.storage import Workspace
from core.uploads import VARIABLE, folders_text

__all__ = ["register", "serve_command"]

_ADDRESS: Final = "127.0.0.1"  # this machine alone


def register(commands: Any, common: argparse.ArgumentParser) -> None:
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
    serve.set_defaults(run=_serve)
    doctor = commands.add_parser("doctor", parents=[common], help="check Python, packages, GPU, disk and workspace")
    doctor.set_defaults(run=_doctor, damaged=True)


def _serve(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    import threading

    with socket.socket() as probe:
        if probe.connect_ex((_ADDRESS, args.port)) == 0:
            raise InputError(f"Port {args.port} is in use. Give another: colophon serve --port {args.port + 1}.")
    environment = {**module_environment(), "COLOPHON_HOME": str(workspace.root)}
    if args.verbose:
        environment[log.VARIABLE] = "1"
    if args.folder:
        environment[VARIABLE] = folders_text(args.folder)
    warn(f"The dashboard is at http://{_ADDRESS}:{args.port} (workspace {workspace.root}). Stop it with Ctrl+C.")
    with subprocess.Popen(serve_command(CODE_FOLDER, args.port, args.host), cwd=CODE_FOLDER, env=environment) as server:
        if not args.no_browser:
            threading.Thread(target=_open_when_ready, args=(args.port, server), daemon=True).start()
        # Whoever ends the command (a service manager, `kill`) ends the dashboard: else it would go on, unseen.
        before = signal.signal(signal.SIGTERM, lambda number, frame: server.terminate())
        try:
            status = server.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
    return CommandResult(
        {"port": args.port, "status": status}, ["The dashboard has stopped."], status=min(abs(status), 1)
    )


def serve_command(root: Path, port: int, hosts: Sequence[str] = ()) -> list[str]:
    """Return how the dashboard below `root` is started: with everything that must hold wherever its settings are.

    Parameters
    ----------
    hosts : sequence of str
        Further host names that are answered.

    Raises
    ------
    InputError
        One of them is no host name.
    """
    for name in hosts:
        if not re.fullmatch(r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", name):
            raise InputError(f"'{name}' is no host name. Give the bare name: --host books.example.")
    command = module_command("streamlit", "run", str(root / "dashboard" / "app.py"))
    command += ["--server.port", str(port), "--server.address", _ADDRESS, "--server.headless", "true"]
    command += ["--logger.hideWelcomeMessage", "true", "--browser.gatherUsageStats", "false"]
    for name in (_ADDRESS, "localhost", *hosts):
        command += ["--server.allowedHosts", name]
    return command


def _open_when_ready(port: int, server: "subprocess.Popen[bytes]") -> None:
    """Open a browser as soon as the dashboard answers."""
    import time
    import webbrowser

    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((_ADDRESS, port)) == 0:
                webbrowser.open(f"http://{_ADDRESS}:{port}")
                return
        time.sleep(0.3)


def _doctor(args: argparse.Namespace, workspace: Workspace, progress: Progress) -> CommandResult:
    from core.doctor import examine

    checks = examine(workspace, progress=progress)
    rows = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
    lines = [f"{'ok   ' if check.ok else 'WRONG'}  {check.name}: {check.detail}" for check in checks]
    return CommandResult({"checks": rows}, lines, status=0 if all(check.ok for check in checks) else 1)
