"""A Ray cluster: joined or started, left as it was, and the copies of a model that its nodes hold."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ColophonError, InputError, JobError
from core.processes import CODE_FOLDER
from core.scale import Scorer
from core.schema import TITLE

__all__ = [
    "FAULT",
    "PATH",
    "SHARD",
    "ModelLoader",
    "ScoringActor",
    "Tally",
    "cluster",
    "defer_signals",
    "exit_on_sigterm",
    "load_ray",
    "one_line",
    "read_titles",
]

# --- How a process that has started others hears that it shall stop ---------------------------------------------------
# Late rather than in the midst, and in order.


_DEFERRED = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def defer_signals() -> Iterator[None]:
    """Let a wish to stop (Ctrl-C, SIGTERM) wait until this is over: broken off, it would leave processes behind.

    Whatever answers were given to these signals before are given again after it, since Ray puts its own in their place.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in _DEFERRED}
    try:
        yield
    finally:
        for number, answer in before.items():
            signal.signal(number, signal.SIG_DFL if answer is None else answer)
        if heard:
            signal.raise_signal(heard[0])


@contextlib.contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the process as an error would, unless somebody answers it: others it started would stay."""
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


# --- Joining a Ray cluster, or starting one on this computer, and leaving it as it was found --------------------------
# No process and no file of Ray's stays behind on this computer: not when a person presses Ctrl-C while it starts, nor
# when they press it again while it ends. Only a process that is killed outright leaves Ray to find that out by itself.


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


# --- What the nodes of a cluster do -----------------------------------------------------------------------------------
# Read titles, hold a copy of the model, score. It runs there, not here.


# Takes the folder of a model and what to call it; returns what gives probabilities. Importable on every node.
ModelLoader = Callable[[Path, str], Scorer]

SHARD, PATH, FAULT = "shard", "path", "fault"
_REPORT_EVERY = 1.0
# Threads of one copy must not be bound to the core that those of another are bound to.
_WORKER_ENVIRONMENT = {"OMP_PROC_BIND": "false", "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}


def read_titles(shards: Any) -> Any:
    """Return a table ``shard``, ``title`` (all titles of a shard in one cell), given a table ``shard``, ``path``.

    To be called on the node that has the files.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    titles = [pq.read_table(path).column(TITLE).to_pylist() for path in shards.column(PATH).to_pylist()]
    return pa.table({SHARD: shards.column(SHARD), TITLE: pa.array(titles, pa.list_(pa.string()))})


class Tally:
    """How many titles the copies have read: they tell it, the computer that asked for the work asks it."""

    def __init__(self) -> None:
        self._read: dict[int, int] = {}

    def note(self, shard: int, titles: int) -> None:
        """Note that so many titles of a shard are read."""
        self._read[shard] = titles

    def total(self) -> int:
        """Return how many titles are read."""
        return sum(self._read.values())


class ScoringActor:
    """A copy of the model on a node. Ray makes it there, and calls it with one shard after the other.

    Parameters
    ----------
    files : sequence of one reference
        To a mapping from the names of the model's files to their bytes: what Ray has brought to the node once.
    name : str
        What the model is called, for messages.
    open_model : function
    columns : sequence of str
        Names of the probabilities.
    cores : int
        Threads to calculate on.
    tally : handle of a Tally
    """

    def __init__(
        self, files: Sequence[Any], name: str, open_model: ModelLoader, columns: Sequence[str], cores: int, tally: Any
    ) -> None:
        self._columns = columns
        self._tally = tally
        # Not in the main thread, where torch would be given all cores of the node.
        self._thread = ThreadPoolExecutor(1)
        # What goes wrong here is told with the first answer: an error raised would reach nobody in words.
        self._fault = ""
        try:
            self._ask = self._thread.submit(_opened, files[0], name, open_model, cores).result()
        except Exception as error:
            self._fault = _error_message(error)

    def __call__(self, batch: Any) -> Any:
        """Take ``shard`` and ``title`` of one shard; return ``shard``, its probabilities, and ``fault``.

        They are one row each, a cell holds what belongs to all titles. A fault is '' if all is well.
        """
        import pyarrow as pa

        shard, titles = batch.column(SHARD)[0].as_py(), batch.column(TITLE)[0].as_py()
        probabilities = np.empty((0, len(self._columns)))
        if not self._fault:
            try:
                probabilities = self._thread.submit(self._score, shard, titles).result()
            except Exception as error:
                self._fault = _error_message(error)
        columns = {
            name: pa.array([probabilities[:, i]], pa.list_(pa.float64())) for i, name in enumerate(self._columns)
        }
        return pa.table({SHARD: [shard], **columns, FAULT: [self._fault]})

    def _score(self, shard: int, titles: list[str]) -> NDArray[np.float64]:
        reported_at = time.monotonic()

        def listener(fraction: float, message: str) -> None:
            nonlocal reported_at
            if time.monotonic() - reported_at > _REPORT_EVERY:
                reported_at = time.monotonic()
                self._tally.note.remote(shard, round(fraction * len(titles)))

        probabilities = self._ask(titles, listener)
        self._tally.note.remote(shard, len(titles))
        return probabilities


def _opened(files: Any, name: str, open_model: ModelLoader, cores: int) -> Scorer:
    """Return what scores titles by a model whose files are needed on disk only while it is opened."""
    import ray

    os.environ.update(_WORKER_ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="colophon-model-", ignore_cleanup_errors=True) as folder:
        for file, content in ray.get(files).items():
            path = Path(folder, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        scorer = open_model(Path(folder), name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(cores)
    return scorer


def _error_message(error: BaseException) -> str:
    """Return an error of ours as it is, another with its kind before it."""
    return str(error) if isinstance(error, ColophonError) else f"{type(error).__name__}: {one_line(error)}"
