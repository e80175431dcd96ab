"""``serve`` and ``doctor``: the dashboard, and whether this machine is fit for it."""

import argparse
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.cli.output import Answer, warn
from core.errors import InputError
from core.progress import Progress
from core.storage import Workspace

__all__ = ["register"]


def register(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add these commands to the parser."""
    serve = commands.add_parser("serve", parents=[common], help="open the dashboard in a browser on this machine")
    serve.add_argument("--port", type=int, default=8501, help="port on localhost (default 8501)")
    serve.add_argument("--no-browser", action="store_true", help="do not open a browser")
    serve.set_defaults(run=_serve)
    doctor = commands.add_parser("doctor", parents=[common], help="check Python, packages, GPU, disk and workspace")
    doctor.set_defaults(run=_doctor)


def _serve(said: argparse.Namespace, workspace: Workspace, progress: Progress) -> Answer:
    import os

    root = Path(__file__).parents[2]
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", said.port)) == 0:
            raise InputError(f"Port {said.port} is in use. Give another: colophon serve --port {said.port + 1}.")
    command = [sys.executable, "-m", "streamlit", "run", str(root / "dashboard" / "app.py")]
    command += ["--server.port", str(said.port), "--server.headless", str(said.no_browser).lower()]
    warn(f"The dashboard is at http://127.0.0.1:{said.port} (workspace {workspace.root}). Stop it with Ctrl+C.")
    environment = {**os.environ, "COLOPHON_HOME": str(workspace.root)}
    status = subprocess.run(command, cwd=root, env=environment, check=False).returncode
    return Answer({"port": said.port, "status": status}, ["The dashboard has stopped."], status=min(status, 1))


def _doctor(said: argparse.Namespace, workspace: Workspace, progress: Progress) -> Answer:
    from core.doctor import examine

    checks = examine(workspace)
    rows = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
    lines = [f"{'ok   ' if check.ok else 'WRONG'}  {check.name}: {check.detail}" for check in checks]
    return Answer({"checks": rows}, lines, status=0 if all(check.ok for check in checks) else 1)
