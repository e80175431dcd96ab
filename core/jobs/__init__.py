"""Long work in its own process: a job is a process, a folder ``workspace/jobs/<id>/`` and a status file.

The process outlives a page, a browser and the dashboard itself; whoever wants to know how it stands reads the folder:

====================  ================================================================
``config.json``       what was asked for: module, title, settings
``process.json``      which process works on it, so that another with the same number is not taken for it
``status.json``       state, share done, message, result or the sentence that says what went wrong
``history.jsonl``     one line a set of measurements (a loss, an accuracy), for a chart that grows
``log``               everything the process printed, tracebacks included
``cancel``            somebody wishes it to stop
``exit.json``         how the process ended, where that was seen
====================  ================================================================
"""

import contextlib
import json
import math
import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError, JobError, NotFoundError
from core.processes import ProcessMark, end_group, is_alive, mark_process, module_command, module_environment
from core.storage import Workspace, now, read_json, write_json

__all__ = [
    "MAX_FINISHED_JOBS",
    "Job",
    "JobStatus",
    "State",
    "cancel",
    "cancel_requested",
    "delete_job",
    "find_job",
    "list_jobs",
    "log_tail",
    "read_history",
    "scratch_folder",
    "start",
]


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


# Tokens of whoever started the server: a job gets the one that a person typed, or none.
_OWN_SECRETS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
MAX_FINISHED_JOBS = 30  # finished jobs whose folders stay when a new one is started
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


def start(
    workspace: Workspace, module: str, config: Mapping[str, Any], title: str, secrets: Mapping[str, str] | None = None
) -> Job:
    """Start ``python -m module JOBDIR`` as a process of its own, which goes on when this one ends.

    Parameters
    ----------
    module : str
        A module whose main part calls :func:`core.jobs.worker.run_as_job`, such as ``core.models.training``.
    config : mapping
        JSON-able; handed to the work.
    title : str
        What a person sees in the list of jobs.
    secrets : mapping, optional
        Names and values for the environment of the process alone, such as a token: they are written nowhere. A token of
        the Hub in this process's own environment is not handed on.

    Raises
    ------
    JobError
        The process cannot be started.
    StorageError
        Nothing can be written here, or not by this person.
    """
    workspace.require_writable()
    _keep_newest(workspace, MAX_FINISHED_JOBS)
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = workspace.folder("jobs") / f"{moment}-{uuid.uuid4().hex[:6]}"
    folder.mkdir()
    # config.json comes last: a folder without it is no job yet for those who list them.
    started = time.time()
    write_json(folder / "status.json", {"state": "waiting", "started": started, "updated": started})
    about = {"module": module, "title": title, "created_at": now(), "created_by": workspace.person.name}
    write_json(folder / "config.json", {**about, "config": dict(config)})
    try:
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                module_command(module, str(folder)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**_environment(), **(secrets or {})},
                **_own_session(),
            )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise JobError(f"The process for '{title}' cannot be started: {error.strerror}.") from error
    write_json(folder / "process.json", mark_process(process.pid).as_dict())
    # Fetches the process when it ends (else it stays as a zombie) and notes how, for as long as this process lives.
    threading.Thread(target=_record_exit, args=(process, folder), daemon=True, name=f"job {folder.name}").start()
    return _read(folder)


def find_job(workspace: Workspace, job_id: str) -> Job:
    """Return the job with this id.

    Raises
    ------
    NotFoundError
        There is none.
    """
    folder = workspace.folder("jobs") / job_id
    if not _ID.fullmatch(job_id) or not (folder / "config.json").exists():
        raise NotFoundError(f"There is no job '{job_id[:40]}' in {workspace.root}.")
    return _read(folder)


def list_jobs(workspace: Workspace) -> list[Job]:
    """Return all jobs, the newest first."""
    jobs = []
    home = workspace.root / "jobs"
    folders = home.iterdir() if home.is_dir() else ()
    for folder in sorted(folders, key=lambda path: path.name, reverse=True):
        # Another process may be clearing the folder away at this moment.
        with contextlib.suppress(InputError, KeyError):
            if _ID.fullmatch(folder.name):
                jobs.append(_read(folder))
    return jobs


def delete_job(job: Job) -> None:
    """Remove a finished job's folder. What the work made stays.

    Raises
    ------
    JobError
        The job is still running.
    """
    if not job.status().finished:
        raise JobError(f"'{job.title}' is still running: cancel it first.")
    shutil.rmtree(job.path, ignore_errors=True)


def _keep_newest(workspace: Workspace, limit: int) -> None:
    """Forget the oldest finished jobs, so that no more than `kept` folders of such stay; what they made stays."""
    folders = sorted(workspace.folder("jobs").glob("[0-9]*"), key=lambda path: path.name, reverse=True)
    if len(folders) <= limit:
        return
    old = {folder.name for folder in folders[limit:]}
    for job in list_jobs(workspace):
        # Who runs it, or looks at it, may be at work with the folder at this moment.
        with contextlib.suppress(JobError, OSError):
            if job.id in old:
                delete_job(job)


def _read(folder: Path) -> Job:
    config = read_json(folder / "config.json")
    return Job(
        id=folder.name,
        path=folder,
        title=config["title"],
        module=config["module"],
        created_at=config["created_at"],
        config=config["config"],
    )


def _record_exit(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    status = process.wait()
    if folder.exists():
        with contextlib.suppress(OSError):
            write_json(folder / "exit.json", {"status": status, "at": now()})


def _environment() -> dict[str, str]:
    environment = {name: value for name, value in module_environment().items() if name not in _OWN_SECRETS}
    # Whoever opens a page must not act with a token that this server's operator has stored.
    return environment | {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _own_session() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
