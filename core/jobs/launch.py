"""Starting a job, finding those there are, and clearing old ones away."""

import contextlib
import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import InputError, JobError, NotFoundError
from core.jobs.job import Job
from core.processes import mark_process, module_command, module_environment
from core.storage import Workspace, now, read_json, write_json

__all__ = ["MAX_FINISHED_JOBS", "delete_job", "find_job", "list_jobs", "start"]

# Tokens of whoever started the server: a job gets the one that a person typed, or none.
_OWN_SECRETS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
MAX_FINISHED_JOBS = 30  # finished jobs whose folders stay when a new one is started
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")


def start(
    workspace: Workspace,
    module: str,
    config: Mapping[str, Any],
    title: str,
    secrets: Mapping[str, str] | None = None,
) -> Job:
    """Start ``python -m module JOBDIR`` as a process of its own, which goes on when this one ends.

    Parameters
    ----------
    module : str
        A module whose main part calls :func:`core.jobs.run_as_job`, such as ``core.models.training``.
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
    """
    _keep_newest(workspace, MAX_FINISHED_JOBS)
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = workspace.folder("jobs") / f"{moment}-{uuid.uuid4().hex[:6]}"
    folder.mkdir()
    # config.json comes last: a folder without it is no job yet for those who list them.
    started = time.time()
    write_json(folder / "status.json", {"state": "waiting", "started": started, "updated": started})
    write_json(folder / "config.json", {"module": module, "title": title, "created_at": now(), "config": dict(config)})
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
