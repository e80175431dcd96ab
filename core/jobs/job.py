"""A job as it is seen from outside: its folder, its state, its process, and the request that it stop."""

import contextlib
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from core.errors import InputError, JobError
from core.storage import now, read_json, write_json

__all__ = [
    "FINISHED",
    "Job",
    "JobStatus",
    "ProcessMark",
    "State",
    "cancel",
    "cancel_requested",
    "end_group",
    "is_alive",
    "log_tail",
    "mark_process",
    "read_history",
    "scratch_folder",
]

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


# --- A job as it is seen from outside: its folder, how it stands, and the wish that it stop ---------------------------


State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
FINISHED: Final[frozenset[State]] = frozenset({"done", "failed", "cancelled", "interrupted"})

# A process that nobody can look at (another machine, Windows) is given up when it was silent for so many seconds.
HEARTBEAT_TIMEOUT = 60.0
# How long whoever started a process may take to note down how it ended.
_EXIT_STATUS_WAIT = 0.5
# Before so much is done, and for so many seconds, what has passed says too little of what is left.
_LEAST_FRACTION, _LEAST_SECONDS = 0.05, 10.0


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """How a job stands.

    Attributes
    ----------
    state : str
        'waiting' (the process has not spoken yet), 'running', 'done', 'failed' (the work gave up, `error` says why),
        'cancelled' (a person stopped it), 'interrupted' (the process went away in the middle).
    fraction : float
        Share of the work done, 0 to 1.
    message : str
        What is being done, or what was done last.
    started_at, updated_at : str
        UTC, ISO 8601.
    seconds : float
        From the start until the end, or until now.
    result : mapping
        What the work found out; empty unless 'done'.
    error : str
        One or two sentences, '' unless 'failed' or 'interrupted'.
    pid : int or None
    history : tuple of mappings
        Measurements in the order they were taken, for a chart that grows.
    """

    state: State
    fraction: float = 0.0
    message: str = ""
    started_at: str = ""
    updated_at: str = ""
    seconds: float = 0.0
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    pid: int | None = None
    history: tuple[Mapping[str, Any], ...] = ()

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in FINISHED

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end, if the rest goes on as what has passed; None where that cannot be said.

        It cannot before a twentieth is done and ten seconds have passed, nor of a job that does not run.
        """
        if self.state != "running" or self.fraction < _LEAST_FRACTION or self.seconds < _LEAST_SECONDS:
            return None
        return self.seconds * (1.0 - min(self.fraction, 1.0)) / self.fraction

    @property
    def time_left(self) -> str:
        """:attr:`seconds_left` in words, rounded up: "about 3 minutes left"; '' where it cannot be said.

        >>> JobStatus(state="running", fraction=0.25, seconds=50.0).time_left
        'about 3 minutes left'
        """
        if self.seconds_left is None:
            return ""
        minutes = math.ceil(self.seconds_left / 60)
        if minutes <= 1:
            return "less than a minute left" if self.seconds_left < 60 else "about a minute left"
        if minutes < 120:
            return f"about {minutes} minutes left"
        return f"about {math.ceil(minutes / 60)} hours left"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job's folder, and what it was asked to do."""

    id: str
    path: Path
    title: str
    module: str
    created_at: str
    config: Mapping[str, Any]

    def status(self) -> JobStatus:
        """Return how the job stands now, from its files; a process that died without a word is found out here."""
        status_data, mark = self._read_status(), self._read_mark()
        if status_data["state"] not in FINISHED:
            status_data = self._look_at_process(status_data, mark)
        seconds = (
            status_data["seconds"]
            if status_data["state"] in FINISHED
            else max(0.0, time.time() - status_data["started"])
        )
        return JobStatus(
            state=status_data["state"],
            fraction=status_data["fraction"],
            message=status_data["message"],
            started_at=_timestamp(status_data["started"]),
            updated_at=_timestamp(status_data["updated"]),
            seconds=seconds,
            result=status_data["result"],
            error=status_data["error"],
            pid=mark.pid if mark else None,
            history=read_history(self.path),
        )

    def cancel_requested(self) -> bool:
        """Return whether a person has asked it to stop; it may need some seconds to hear of it and to clear up."""
        return (self.path / "cancel").exists()

    def wait(self, timeout: float = 600.0, pause: float = 0.1) -> JobStatus:
        """Wait until the job has finished and return how it ended.

        Raises
        ------
        JobError
            It has not finished after `timeout` seconds; it goes on.
        """
        until = time.monotonic() + timeout
        while not (status := self.status()).finished:
            if time.monotonic() > until:
                raise JobError(f"'{self.title}' has not finished after {timeout:g} seconds; it goes on.")
            time.sleep(pause)
        return status

    def _read_status(self) -> dict[str, Any]:
        try:
            return {**_EMPTY_STATUS, **read_json(self.path / "status.json")}
        except InputError as error:
            raise JobError(f"The job {self.id} has no readable status ({error}). Remove its folder.") from error

    def _read_mark(self) -> ProcessMark | None:
        try:
            return ProcessMark.from_dict(read_json(self.path / "process.json"))
        except (InputError, KeyError, TypeError, ValueError):
            return None

    def _look_at_process(self, status_data: dict[str, Any], mark: ProcessMark | None) -> dict[str, Any]:
        silent_for = time.time() - status_data["updated"]
        alive = is_alive(mark) if mark else None
        cancel_request = cancel_requested(self.path)
        if mark and alive and cancel_request and time.time() > cancel_request["at"] + cancel_request["grace"] + 2.0:
            # It does not even hear its own heartbeat (stuck in a library): end it from outside.
            end_group(mark)
            alive = is_alive(mark)
        if alive or (alive is None and silent_for < HEARTBEAT_TIMEOUT):
            return status_data
        # The work may have reported its end between the two looks.
        ending = _exit_status(self.path, patience=_EXIT_STATUS_WAIT if alive is False else 0.0)
        status_data = self._read_status()
        if status_data["state"] in FINISHED:
            return status_data
        if cancel_request or cancel_requested(self.path):
            status_data |= {"state": "cancelled", "message": "Stopped."}
        elif ending is not None and ending >= 0 and status_data["state"] == "waiting":
            error = f"The process ended before it began its work (exit status {ending}). The log of this job says why."
            status_data |= {"state": "failed", "error": error}
        else:
            status_data |= {
                "state": "interrupted",
                "error": _failure_message(ending, silent_for, known_dead=alive is False),
            }
        status_data["seconds"] = max(0.0, status_data["updated"] - status_data["started"])
        if alive is False:
            shutil.rmtree(scratch_folder(self.path), ignore_errors=True)
        # Kept, so that the answer is the same tomorrow, after a restart. The folder may just be going away.
        with contextlib.suppress(OSError):
            write_json(self.path / "status.json", status_data)
        return status_data


_EMPTY_STATUS: dict[str, Any] = {
    "state": "waiting",
    "fraction": 0.0,
    "message": "",
    "started": 0.0,
    "updated": 0.0,
    "seconds": 0.0,
    "result": {},
    "error": "",
}


def cancel(job: Job, grace: float = 10.0) -> None:
    """Ask a job to stop. What is still running after `grace` seconds is ended, with every process it started.

    The work hears the wish when it next reports progress, cleans up, and the job is 'cancelled'. A job that has
    finished is left as it is.
    """
    if not job.status().finished:
        write_json(job.path / "cancel", {"at": time.time(), "grace": grace, "asked_at": now()})


def log_tail(job: Job, lines: int = 50) -> str:
    """Return the last lines of what the job printed."""
    try:
        with (job.path / "log").open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 500 * lines))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def scratch_folder(job_folder: Path) -> Path:
    """Return where a job keeps what is half made; it never outlives the work."""
    return job_folder / "scratch"


def cancel_requested(job_folder: Path) -> dict[str, float] | None:
    """Return when a person asked for the job to stop and how long it may take, None when nobody did."""
    if not (job_folder / "cancel").exists():
        return None
    try:
        request = read_json(job_folder / "cancel")
        return {"at": float(request["at"]), "grace": float(request["grace"])}
    except (InputError, KeyError, ValueError):
        return None


def read_history(job_folder: Path) -> tuple[Mapping[str, Any], ...]:
    """Return the measurements taken so far; a line that is just being written is left for the next look."""
    try:
        lines = (job_folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    history = []
    for line in lines:
        with contextlib.suppress(ValueError):
            history.append(json.loads(line))
    return tuple(history)


def _exit_status(job_folder: Path, patience: float) -> int | None:
    """Return the exit status (negative: the signal that killed it), None when nobody saw it."""
    until = time.monotonic() + patience
    while True:
        try:
            return int(read_json(job_folder / "exit.json")["status"])
        except (InputError, KeyError, ValueError):
            if time.monotonic() >= until:
                return None
            time.sleep(0.02)


def _failure_message(ending: int | None, silent_for: float, *, known_dead: bool) -> str:
    again = "Nothing half made was kept; start it again."
    if ending == -9:
        return f"The process was killed (signal 9), most often because memory ran out. {again}"
    if ending is not None and ending < 0:
        return f"The process died (signal {-ending}). {again}"
    if ending is not None:
        return f"The process ended (exit status {ending}) without saying why. {again}"
    if known_dead:
        return f"The process is gone: it was killed, or the computer was restarted. {again}"
    return f"The process has not been heard of for {silent_for:,.0f} seconds. {again}"


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
