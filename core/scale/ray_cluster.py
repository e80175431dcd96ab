"""Joining a Ray cluster, or starting one on this computer, and leaving it as it was found.

No process and no file of Ray's stays behind on this computer: not when a person presses Ctrl-C while it starts, nor
when they press it again while it ends. Only a process that is killed outright leaves Ray to find that out by itself.
"""

import contextlib
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from core.errors import InputError, JobError
from core.python_process import CODE_FOLDER
from core.scale.signals import defer_signals, exit_on_sigterm

__all__ = ["cluster", "load_ray", "one_line"]

_QUIET = {"log_to_driver": False, "logging_level": "CRITICAL"}
# The usual place on a Mac has a name too long for the sockets that Ray makes inside.
_TEMPORARY = "/tmp" if sys.platform == "darwin" else None  # noqa: S108


def load_ray() -> Any:
    """Return the module ray, with its reports to its makers switched off.

    Raises
    ------
    InputError
        It is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Else a thread that outlives a cluster starts another.
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import ray.data
        import ray.util.annotations
    except ImportError as error:
        raise InputError(
            f"The engine 'ray' needs Ray, which is not installed here ({error}). In Colophon's folder run"
            f" \"{sys.executable} -m pip install -e '.[ray]'\" (on every node of a cluster).",
            command_line="Or use --engine local.",
        ) from error
    return ray


@contextlib.contextmanager
def cluster(ray: Any, address: str | None, *, object_store: int) -> Iterator[None]:
    """Join the cluster at an address, or start one on this computer for the time being.

    Parameters
    ----------
    address : str or None
        'auto' or ``host:port``; None for the cores of this computer.
    object_store : int
        Bytes that a cluster on this computer may hold in memory to hand over.

    Raises
    ------
    InputError
        There is no cluster at the address, or this process uses one already.
    JobError
        Ray cannot be started on this computer.
    """
    if address:
        _look_for(address)
    if ray.is_initialized():
        raise InputError("This process uses a Ray cluster already: leave it first (ray.shutdown()).")
    folder = ""
    with exit_on_sigterm():
        try:
            with defer_signals():
                if address:
                    _join(ray, address)
                else:
                    # Ray leaves its logs for ever where it usually puts them.
                    folder = tempfile.mkdtemp(prefix="colophon-ray-", dir=_TEMPORARY)
                    _start(ray, folder, object_store)
            yield
        finally:
            with defer_signals():
                ray.shutdown(wait_for_processes=True)
                shutil.rmtree(folder, ignore_errors=True)


def _start(ray: Any, folder: str, object_store: int) -> None:
    here = {"address": "local", "_temp_dir": folder, "object_store_memory": object_store, "include_dashboard": False}
    try:
        with contextlib.chdir(CODE_FOLDER):  # Ray has its workers look for modules in the working folder
            ray.init(**here, **_QUIET)
    except Exception as error:
        raise JobError(f"Ray cannot be started on this computer: {one_line(error)}") from error


def _join(ray: Any, address: str) -> None:
    try:
        with contextlib.chdir(CODE_FOLDER):  # as above
            ray.init(address=address, **_QUIET)
    except ConnectionError as error:
        raise InputError(
            f"There is no Ray cluster at '{address}' that this computer may join. Is it a node of one ('ray start')?"
            " Does it know the cluster's token (RAY_AUTH_MODE=token)? Without an address Ray uses the cores here."
        ) from error
    except Exception as error:
        raise InputError(f"The Ray cluster at '{address}' cannot be joined: {one_line(error)}") from error


def _look_for(address: str) -> None:
    """Raise when nobody answers at the address: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if address != "auto" and (not host or "/" in host or not port.isdigit()):
        raise InputError(
            f"'{address}' is no address of a cluster that this computer is a node of: that is 'auto' or host:port. Run"
            " Colophon on a node of the cluster, such as its head.",
            command_line="Give --address auto.",
        )
    if address != "auto":
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        except (OSError, OverflowError) as error:
            raise InputError(f"There is no Ray cluster at '{address}': {error}.") from error


def one_line(error: BaseException, which: int = 0) -> str:
    """Return the first line of what an error says (or another; −1 is the last), without the colours Ray gives it."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    return lines[which][:300] if lines else type(error).__name__
