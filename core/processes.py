"""Processes: one of ours finds this code and no other, is known again, and takes no more memory than it may.

``python -m MODULE`` looks for modules in the working folder first: a folder that holds a package called ``core`` or
``data``, as many a Django project does, would take the place of ours.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil

__all__ = [
    "CODE_FOLDER",
    "ProcessMark",
    "available_memory",
    "end_group",
    "is_alive",
    "mark_process",
    "memory_limit",
    "module_command",
    "module_environment",
    "most_of_memory",
]

CODE_FOLDER: Final = Path(__file__).resolve().parents[1]  # the repository, or the folder of packages of an installation
_PACKAGE_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})


def module_command(module: str, *args: str) -> list[str]:
    """Return the command that runs a module with this Python, which does not look in the working folder (``-P``)."""
    return [sys.executable, "-P", "-m", module, *args]


def module_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which this copy of the code is found first, and the working folder is not looked in.

    Parameters
    ----------
    environment : mapping, optional
        What it starts from; else that of this process. Folders in its ``PYTHONPATH`` become absolute, since the process
        may run in another working folder, and empty ones, which stand for the working folder, are left out.
    """
    environment = dict(os.environ if environment is None else environment)
    paths = [os.path.abspath(path) for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]  # noqa: PTH100
    # An installation is on the path of its Python anyway. Named here, it would come before the standard library.
    if CODE_FOLDER.name not in _PACKAGE_FOLDERS:
        paths = [str(CODE_FOLDER), *(path for path in paths if path != str(CODE_FOLDER))]
    environment["PYTHONSAFEPATH"] = "1"
    environment.pop("PYTHONPATH", None)
    return environment | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})


# --- Which process is meant, whether it still lives, and how to end it with everything it started ---------------------

_SAME_START: Final = 1.0  # seconds: some systems know their own start no better


@dataclass(frozen=True)
class ProcessMark:
    """A process that cannot be mistaken for a later one that was given the same number.

    Attributes
    ----------
    pid : int
    host : str
        Name of the machine: a workspace can lie on a shared drive.
    born : float or None
        Seconds from the start of the computer until the process began: no correction of the clock changes them. None
        when the process had ended already.
    """

    pid: int
    host: str
    born: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "ProcessMark":
        """Return the mark that :meth:`as_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is none, or one that an earlier version wrote.
        """
        born = content["born"]
        return cls(int(content["pid"]), str(content["host"]), None if born is None else float(born))


def mark_process(pid: int) -> ProcessMark:
    """Return the mark of a process that is running now."""
    return ProcessMark(pid, socket.gethostname(), _process_start(pid))


def is_alive(mark: ProcessMark) -> bool | None:
    """Say whether the very process that was marked still runs; None where that cannot be known from here.

    A process that has ended but was not yet fetched by its parent (a zombie) counts as dead.
    """
    if mark.host != socket.gethostname() or mark.born is None:
        return None
    born = _process_start(mark.pid)
    return born is not None and abs(born - mark.born) < _SAME_START


def end_group(mark: ProcessMark, grace: float = 2.0) -> None:
    """Ask a marked process and all it started to end; after `grace` seconds, end them. One that is gone is fine."""
    if is_alive(mark) is not True:
        return
    if sys.platform == "win32":
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


def _process_start(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        if process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return float(process.create_time() - psutil.boot_time())
    except psutil.NoSuchProcess:
        pass
    return None


# --- How much memory a process may take, so that one odd file never takes the machine from everybody ------------------


_CGROUP_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available_memory() -> int:
    """Return the bytes of memory that can still be had: the machine's, or the container's where that is less."""
    available = int(psutil.virtual_memory().available)
    for limit, usage in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # 'max' is no number: no limit
            free = int(Path(limit).read_text(encoding="ascii")) - int(Path(usage).read_text(encoding="ascii"))
            available = min(available, max(0, free))
    return available


def most_of_memory() -> int:
    """Return what one piece of work may take (bytes): four fifths of what is available, so that the rest goes on."""
    return available_memory() * 4 // 5


@contextlib.contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """Let this process take at most `more` bytes beyond what it has; what asks for more gets a MemoryError.

    It is a limit of the whole process (its address space), taken back at the end. Where the system has no such limit
    (Windows, macOS) nothing is limited.
    """
    if not psutil.LINUX:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = psutil.Process().memory_info().vms + more
    ceilings = [wanted, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(ceilings), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
