"""The work's own side of a job: it reports, it hears the wish to stop, and it leaves nothing half made."""

import contextlib
import math
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from core.errors import Cancelled, ColophonError, InputError, describe_system_error
from core.formatting import json_text
from core.jobs import State, cancel_requested, scratch_folder
from core.progress import log_to
from core.storage import Workspace, read_json, write_json

__all__ = ["JobProgress", "run_as_job"]

HEARTBEAT = 1.0
# Writing the status file costs a flush to disk, so that it is not done at every small step.
_WRITE_EVERY = 0.25
_HISTORY_LIMIT = 5000


class _Terminated(BaseException):
    """The process was asked to end (SIGTERM): not an Exception, so that no handler in the work swallows it."""


class JobProgress:
    """Listens to the progress of the work and writes it down; raises Cancelled when a person wishes it to stop.

    It is what :func:`run_as_job` hands to the work as `progress`; any function that takes a
    :class:`core.progress.Progress` takes it.
    """

    def __init__(self, folder: Path, started: float) -> None:
        self.folder = folder
        self._started = started
        self._lock = threading.Lock()
        self._state: State = "running"
        self._fraction = 0.0
        self._message = ""
        self._written = 0.0
        self._measured = 0
        self._ended = threading.Event()

    def __call__(self, fraction: float, message: str) -> None:
        """Note how far the work is.

        Raises
        ------
        Cancelled
            A person asked for the work to stop.
        """
        if cancel_requested(self.folder):
            raise Cancelled("Stopped; nothing half made was kept.")
        if not math.isnan(fraction):
            # Work that is done in parts may report each from nought: what is shown never runs backwards.
            self._fraction = max(self._fraction, min(1.0, fraction))
        self._message = message
        if time.monotonic() - self._written >= _WRITE_EVERY:
            self._write()

    def measure(self, measurements: Mapping[str, float]) -> None:
        """Add a point to the job's history, such as ``{"epoch": 1, "loss": 0.31}``; at most 5,000 are kept.

        Each has a ``step``, counted from 1 where the measurements have none of their own.
        """
        if self._measured < _HISTORY_LIMIT:
            self._measured += 1
            point = {"step": self._measured, **measurements}
            with (self.folder / "history.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(json_text(point, indent=None) + "\n")

    @property
    def scratch(self) -> Path:
        """A folder for what is half made, on the workspace's own drive. It is removed whatever way the work ends."""
        folder = scratch_folder(self.folder)
        folder.mkdir(exist_ok=True)
        return folder

    def finish(self, state: State, *, result: Mapping[str, Any] | None = None, error: str = "") -> None:
        """Write the last word. Whatever is reported later is ignored."""
        with self._lock:
            if self._ended.is_set():
                return
            self._ended.set()
            self._state = state
            if state == "done":
                self._fraction = 1.0
            self._replace_status(result=result or {}, error=error)

    @contextlib.contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Show signs of life as long as the work goes on, even while it says nothing."""
        self._write()
        threading.Thread(target=self._heartbeat_loop, daemon=True, name="heartbeat").start()
        try:
            yield
        finally:
            self._ended.set()

    def _heartbeat_loop(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            cancel_request = cancel_requested(self.folder)
            if cancel_request and time.time() > cancel_request["at"] + cancel_request["grace"]:
                shutil.rmtree(scratch_folder(self.folder), ignore_errors=True)
                self.finish("cancelled")
                _end_own_group()
            self._write()

    def _write(self) -> None:
        with self._lock:
            if not self._ended.is_set():
                self._replace_status()

    def _replace_status(self, **more: Any) -> None:
        self._written = time.monotonic()
        moment = time.time()
        status = {
            "state": self._state,
            "fraction": self._fraction,
            "message": self._message,
            "started": self._started,
            "updated": moment,
            "seconds": moment - self._started,
            **more,
        }
        # The drive may be full, or the folder removed under the work: neither is a reason to lose the work itself.
        try:
            write_json(self.folder / "status.json", status)
        except OSError:
            if self._ended.is_set():
                self._overwrite(status)

    def _overwrite(self, status: Mapping[str, Any]) -> None:
        """Write the last word over the file that is there: on a full disk there is no room beside it."""
        with contextlib.suppress(OSError), (self.folder / "status.json").open("r+", encoding="utf-8") as stream:
            stream.write(json_text(status, indent=None))
            stream.truncate()


def run_as_job(
    work: Callable[[Workspace, dict[str, Any], JobProgress], Mapping[str, Any]], arguments: Sequence[str] | None = None
) -> int:
    """Do `work` for the job whose folder is named on the command line, and write down how it ends.

    Parameters
    ----------
    work : function
        Takes the workspace, the job's settings and a progress listener; returns a JSON-able result.
    arguments : sequence of str, optional
        Else the command line's.

    Returns
    -------
    int
        Exit status: 0 when the work was done, 1 otherwise.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1 or not (Path(given[0]) / "config.json").exists():
        print("This module is run by Colophon as a job: python -m MODULE JOBDIR", file=sys.stderr)  # noqa: T201
        return 2
    folder = Path(given[0]).resolve()
    progress = JobProgress(folder, _started(folder))
    # Standard error is the job's log file.
    with progress.heartbeat(), log_to(sys.stderr, verbose=True):
        state, outcome = _run_work(work, folder, progress)
        # First cleared away, then told: whoever reads that the work has ended finds nothing half made.
        shutil.rmtree(scratch_folder(folder), ignore_errors=True)
        progress.finish(state, **outcome)
    return 0 if state == "done" else 1


def _run_work(
    work: Callable[[Workspace, dict[str, Any], JobProgress], Mapping[str, Any]], folder: Path, progress: JobProgress
) -> tuple[State, dict[str, Any]]:
    """Do the work and return how it ended, with its result or the sentence that says what went wrong."""
    try:
        with _raise_on_sigterm():
            about = read_json(folder / "config.json")
            workspace = Workspace(folder.parent.parent, by=str(about.get("created_by", "")))
            return "done", {"result": work(workspace, about["config"], progress)}
    except (Cancelled, KeyboardInterrupt):
        return "cancelled", {}
    except ColophonError as error:
        return "failed", {"error": error.on_page}
    except _Terminated:
        if cancel_requested(folder):
            return "cancelled", {}
        again = "Nothing half made was kept; start it again."
        return "interrupted", {"error": f"The process was asked to end (signal 15). {again}"}
    except MemoryError:
        return "failed", {"error": "Memory ran out. Close other programs, or do the work in smaller parts."}
    except Exception as error:
        with contextlib.suppress(OSError):  # the log lies on the drive that may be full
            traceback.print_exc()
        if refusal := describe_system_error(error):
            return "failed", {"error": refusal}
        return "failed", {
            "error": f"Something went wrong that was not foreseen ({type(error).__name__}). Nothing half made was kept."
            " The log of this job holds what a developer needs."
        }


def _started(folder: Path) -> float:
    try:
        return float(read_json(folder / "status.json")["started"])
    except (InputError, KeyError, ValueError):
        return time.time()


@contextlib.contextmanager
def _raise_on_sigterm() -> Iterator[None]:
    def raise_it(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end_own_group() -> None:
    if sys.platform != "win32" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
