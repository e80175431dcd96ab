"""Which process is meant, whether it still lives, and how to end it with everything it started."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["ProcessMark", "end_group", "is_alive", "mark_process"]

_WINDOWS = sys.platform == "win32"


@dataclass(frozen=True)
class ProcessMark:
    """A process that cannot be mistaken for a later one that was given the same number.

    Attributes
    ----------
    pid : int
    host : str
        Name of the machine: a workspace can lie on a shared drive.
    born : str
        When the process began, in the system's own words; '' where the system does not tell.
    """

    pid: int
    host: str
    born: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "ProcessMark":
        """Return the mark that :meth:`as_dict` described."""
        return cls(int(content["pid"]), str(content["host"]), str(content["born"]))


def mark_process(pid: int) -> ProcessMark:
    """Return the mark of a process that is running now."""
    born = _process_start(pid)
    return ProcessMark(pid, socket.gethostname(), born or "")


def is_alive(mark: ProcessMark) -> bool | None:
    """Say whether the very process that was marked still runs; None where that cannot be known from here.

    A process that has ended but was not yet fetched by its parent (a zombie) counts as dead.
    """
    if mark.host != socket.gethostname() or not mark.born:
        return None
    born = _process_start(mark.pid)
    return None if born is None else born == mark.born


def end_group(mark: ProcessMark, grace: float = 2.0) -> None:
    """Ask a marked process and all it started to end; after `grace` seconds, end them. One that is gone is fine."""
    if is_alive(mark) is not True:
        return
    if _WINDOWS:
        subprocess.run(["taskkill", "/PID", str(mark.pid), "/T", "/F"], check=False, capture_output=True)
        return
    for stop_signal in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(mark.pid, stop_signal)
        until = time.monotonic() + grace
        while time.monotonic() < until:
            if not is_alive(mark):
                return
            time.sleep(0.02)


def _process_start(pid: int) -> str | None:
    """Return when a process began, '' when there is no such living process, None when the system does not tell."""
    if Path("/proc/self/stat").exists():
        return _process_start_from_proc(pid)
    # Windows has no harmless question: os.kill(pid, 0) ends the process there. The heartbeat decides instead.
    return None if _WINDOWS else _process_start_from_ps(pid)


def _process_start_from_proc(pid: int) -> str:
    try:
        # The name of the program, in brackets, may hold spaces and brackets itself: read behind the last one.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    state, ticks_since_boot = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot} {ticks_since_boot}"


def _process_start_from_ps(pid: int) -> str | None:
    try:
        answer = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    state, _, born = answer.stdout.strip().partition(" ")
    return "" if not born or state.startswith("Z") else born.strip()
