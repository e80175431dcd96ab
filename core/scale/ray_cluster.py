"""Joining a Ray cluster, or starting one on this computer, and leaving it as it was found.

Whatever happens in between, no process and no file of Ray's stays behind on this computer: not when a person presses
Ctrl-C while it starts, nor when they press it again while it ends.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from core.errors import InputError, JobError

__all__ = ["first_line", "joined", "load_ray", "signals_put_off"]

_PUT_OFF = (signal.SIGINT, signal.SIGTERM)
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
            f" \"{sys.executable} -m pip install -e '.[ray]'\" (on every node of a cluster), or use --engine local."
        ) from error
    return ray


@contextlib.contextmanager
def joined(ray: Any, address: str | None, *, object_store: int) -> Iterator[None]:
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
    try:
        with signals_put_off():
            there: dict[str, Any] = {"address": address}
            if not address:
                folder = tempfile.mkdtemp(prefix="colophon-ray-", dir=_TEMPORARY)
                there = {"address": "local", "include_dashboard": False, "object_store_memory": object_store}
                # Ray leaves its logs for ever where it usually puts them.
                there["_temp_dir"] = folder
            try:
                ray.init(**there, log_to_driver=False, logging_level="CRITICAL")
            except ConnectionError as error:
                raise InputError(
                    f"There is no Ray cluster at '{address}' that this computer is a node of. Start one with 'ray start',"
                    " or leave the address out to use the cores of this computer."
                ) from error
            except Exception as error:
                if not address:
                    raise JobError(f"Ray cannot be started on this computer: {first_line(error)}") from error
                raise InputError(f"The Ray cluster at '{address}' cannot be joined: {first_line(error)}") from error
        yield
    finally:
        with signals_put_off():
            ray.shutdown(wait_for_processes=True)
            shutil.rmtree(folder, ignore_errors=True)


def _look_for(address: str) -> None:
    """Raise when nobody answers at the address: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if address != "auto" and (not host or "/" in host or not port.isdigit()):
        raise InputError(
            f"'{address}' is no address of a cluster that this computer is a node of: that is 'auto' or host:port. Run"
            " Colophon on a node of the cluster, such as its head, and give --address auto."
        )
    if address != "auto":
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        except (OSError, OverflowError) as error:
            raise InputError(f"There is no Ray cluster at '{address}': {error}.") from error


@contextlib.contextmanager
def signals_put_off() -> Iterator[None]:
    """Let a wish to stop (Ctrl-C, SIGTERM) wait until this is over: broken off, it would leave processes behind.

    Ray puts its own answer to SIGTERM in the place of whatever there was; that is put right too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in _PUT_OFF}
    try:
        yield
    finally:
        for number, answer in before.items():
            signal.signal(number, signal.SIG_DFL if answer is None else answer)
        if heard:
            signal.raise_signal(heard[0])


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, without the colours that Ray gives it."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
