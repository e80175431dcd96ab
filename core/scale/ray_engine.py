"""Scoring on a Ray cluster: copies of a model that read titles as they come, survive a lost node, and give way."""

import contextlib
import logging
import os
import queue
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import ColophonError, InputError, JobError
from core.processes import CODE_FOLDER
from core.progress import Progress, silent
from core.scale import ProgressMeter, Scorer, Shards
from core.schema import TITLE

__all__ = [
    "FAULT",
    "PATH",
    "SHARD",
    "ModelLoader",
    "Pool",
    "ScoringActor",
    "Stream",
    "Tally",
    "cluster",
    "defer_signals",
    "exit_on_sigterm",
    "load_ray",
    "one_line",
    "plan_pool",
    "read_titles",
    "score_on_ray",
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


# --- Scoring on a Ray cluster -----------------------------------------------------------------------------------------
#
# Scoring on a Ray cluster: copies of a model that read titles as they come, survive a lost node, and give way.


@dataclass(frozen=True)
class Pool:
    """Copies of a model on a cluster.

    Attributes
    ----------
    copies : int
    cores : int
        Threads that each copy calculates on; 1 where it has a graphics processor.
    gpu : bool
        Whether each copy has a graphics processor to itself.
    """

    copies: int
    cores: int
    gpu: bool = False

    @property
    def resources(self) -> dict[str, int]:
        """What each copy claims of its node, in Ray's words.

        One with a graphics processor claims no core: a node may have more of those than cores to spare.
        """
        return {"num_cpus": 0, "num_gpus": 1} if self.gpu else {"num_cpus": self.cores, "num_gpus": 0}

    @property
    def description(self) -> str:
        """What there is, for people."""
        each = "graphics processor" if self.gpu else "core" if self.cores == 1 else f"{self.cores} cores"
        return f"{self.copies:,} {'copy' if self.copies == 1 else 'copies'} of the model, one for each {each}"


def plan_pool(nodes: Sequence[Mapping[str, float]], *, need: int, wants_gpu: bool) -> Pool:
    """Plan one copy for each graphics processor, or else one for each core, or for a few cores where memory is short.

    Parameters
    ----------
    nodes : sequence of mappings
        What each node has, as Ray says it: ``CPU``, ``GPU``, ``memory`` (bytes).
    need : int
        Bytes of memory that a copy takes.
    wants_gpu : bool
        Whether the model runs on a graphics processor.

    Examples
    --------
    >>> plan_pool([{"CPU": 8, "GPU": 2, "memory": 1e10}, {"CPU": 4}], need=10**9, wants_gpu=True)
    Pool(copies=2, cores=1, gpu=True)
    >>> plan_pool([{"CPU": 8, "memory": 3e9}, {"CPU": 4, "memory": 3e9}], need=10**9, wants_gpu=False)
    Pool(copies=3, cores=3, gpu=False)
    """
    processors = sum(int(node.get("GPU", 0)) for node in nodes)
    if wants_gpu and processors:
        return Pool(processors, 1, gpu=True)
    cores = 1
    sizes = [int(node.get("CPU", 0)) for node in nodes]
    for node, size in zip(nodes, sizes, strict=True):
        if size:
            fit = min(size, max(1, int(node.get("memory", float("inf")) // need))) if "memory" in node else size
            cores = max(cores, -(-size // fit))
    copies = sum(size // cores for size in sizes)
    return Pool(max(1, copies), cores)


# --- The stream of shards to copies of a model, and of their answers back ---------------------------------------------


class Stream:
    """Answers of a pool of copies. It runs inside ``with``; whatever way that is left, what still runs ends.

    Parameters
    ----------
    paths : mapping
        Number of a shard → path of its titles on this node (see :meth:`core.scale.Shards.write_titles`).
    arguments : mapping
        What makes a :class:`core.scale.ray_engine.ScoringActor`, but for the tally.

    Attributes
    ----------
    ended : bool
        No answer will come any more.
    failure : Exception or None
        What made the stream break off, if anything did.
    """

    def __init__(self, ray: Any, paths: Mapping[int, Path], pool: Pool, arguments: Mapping[str, Any]) -> None:
        # Who reads and who counts claim no core: they would wait for ever for one while the copies hold them all.
        here = {"num_cpus": 0, "label_selector": {"ray.io/node-id": ray.get_runtime_context().get_node_id()}}
        self._ray = ray
        self._tally = ray.remote(Tally).options(**here).remote()
        self._asked, self._read = self._tally.total.remote(), 0
        self._answers = _dataset(ray, paths, pool, {**arguments, "tally": self._tally}, here)
        self._arrived: queue.Queue[Any] = queue.Queue()
        self._left = threading.Event()
        self._pump = threading.Thread(target=self._pump_answers, daemon=True, name="ray")
        self.ended = False
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        self._pump.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with defer_signals():
            self._left.set()
            for _ in range(20):
                # Ray has no public word for this, and no executor yet when it has only just been asked for answers.
                with contextlib.suppress(Exception):
                    self._answers._current_executor.shutdown(force=True)
                self._pump.join(timeout=0.5)
                if not self._pump.is_alive():
                    return

    def answer(self, timeout: float) -> Any:
        """Return the next answer (see :class:`core.scale.ray_engine.ScoringActor`), None when none arrives in so many
        seconds.
        """
        try:
            arrived = self._arrived.get(timeout=timeout)
        except queue.Empty:
            return None
        if arrived is None or isinstance(arrived, Exception):
            self.ended, self.failure = True, arrived
            return None
        return arrived

    def titles_read(self) -> int:
        """Return how many titles the copies have read, as far as that was heard; those of finished shards included."""
        with contextlib.suppress(self._ray.exceptions.RayError):
            if self._ray.wait([self._asked], timeout=0)[0]:
                self._read = self._ray.get(self._asked)
                self._asked = self._tally.total.remote()
        return self._read

    def _pump_answers(self) -> None:
        """Wait for answers in a thread of its own: the main one must hear a wish to stop."""
        end: Exception | None = None
        try:
            for answer in self._answers.iter_batches(batch_size=None, batch_format="pyarrow"):
                if self._left.is_set():
                    return
                self._arrived.put(answer)
        except Exception as error:
            end = error
        self._arrived.put(end)


def _dataset(
    ray: Any, paths: Mapping[int, Path], pool: Pool, arguments: Mapping[str, Any], here: Mapping[str, Any]
) -> Any:
    """Return the dataset of answers. Nothing is done before somebody asks for them."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # A shard of a large model may take longer than Ray's own patience.
    context.execution_no_progress_timeout_s = -1
    # Its errors reach us as exceptions.
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    # A row is a shard, so that none is divided.
    rows = {"batch_size": 1, "batch_format": "pyarrow"}
    items = [{SHARD: number, PATH: str(path)} for number, path in paths.items()]
    read_here = {"compute": ray.data.TaskPoolStrategy(size=1), **here}
    titles = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(read_titles, **rows, **read_here)
    with warnings.catch_warnings():
        # Ray is about to give `max_restarts` another place; there is no other yet.
        warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
        return titles.map_batches(
            ScoringActor,
            **rows,
            compute=ray.data.ActorPoolStrategy(size=pool.copies),
            fn_constructor_kwargs=dict(arguments),
            **pool.resources,
            # A copy whose node is gone would wait for ever for room elsewhere. What it owes is given out anew.
            max_restarts=0,
            max_task_retries=0,
        )


# --- Scoring on a cluster with Ray Data -------------------------------------------------------------------------------
# The nodes need no disk in common. Titles are read on the node that this process runs on and travel to the copies; the
# model's files travel once to each node and are checked against the manifest there; the probabilities come back and are
# kept here, shard by shard. So whatever happens to a node, what is done stays done: when one is lost, the shards that
# are missing are given to those that are left.


# How often a run may break off without having scored a single shard.
_MAX_FAILURES = 3
# A cluster needs some seconds to notice that a node is gone.
_PAUSE = 5.0
# A wish to stop is heard this often while nothing arrives.
_POLL_EVERY = 0.5
_GIB = 2**30


def score_on_ray(
    shards: Shards,
    model: Path,
    open_model: ModelLoader,
    progress: Progress = silent,
    *,
    name: str = "",
    address: str | None = None,
    wants_gpu: bool = False,
) -> None:
    """Score the shards that are not done yet on a cluster, and keep each here as soon as it is.

    Parameters
    ----------
    model : path
        The folder with the model's files.
    open_model : function
        How a copy is opened from such a folder.
    name : str
        What the model is called, for messages.
    address : str, optional
        ``host:port`` of a running cluster that this computer is a node of, or 'auto'. Without it, the cores of this
        computer.
    wants_gpu : bool
        Whether the model runs on a graphics processor where there is one.

    Raises
    ------
    InputError
        Ray is not installed, or there is no cluster at the address.
    JobError
        The cluster failed again and again, or Ray cannot be started; the message says how. What is done stays.
    Cancelled
        Raised by the listener. What is done stays.
    """
    pending = shards.pending()
    if not pending:
        return
    ray = load_ray()
    files = {
        path.relative_to(model).as_posix(): path.read_bytes() for path in sorted(model.rglob("*")) if path.is_file()
    }
    size = sum(map(len, files.values()))
    failures = 0
    while pending:
        done = shards.count_titles_outside(pending) / len(shards.titles)
        progress(done, "Joining the cluster" if address else "Starting Ray on this computer")
        # Each attempt joins anew: leaving a cluster is what surely frees all that a broken attempt still held.
        with cluster(ray, address, object_store=max(_GIB // 4, 4 * size)):
            pool = _pool(ray, need=_GIB + 4 * size, wants_gpu=wants_gpu, most=len(pending))
            arguments = {"files": [ray.put(files)], "name": name, "open_model": open_model}
            arguments |= {"columns": shards.columns, "cores": pool.cores}
            failure = _attempt(ray, shards, pending=pending, pool=pool, arguments=arguments, progress=progress)
        left = shards.pending()
        if failure is not None:
            failures = failures + 1 if len(left) == len(pending) else 1
            _raise_if_hopeless(ray, failure, failures)
            _wait(_PAUSE * failures, progress, shards.count_titles_outside(left) / len(shards.titles))
        elif left:
            raise JobError(f"The cluster gave no answer for {len(left):,} of {len(pending):,} shards.")
        pending = left


def _pool(ray: Any, *, need: int, wants_gpu: bool, most: int) -> Pool:
    """Plan copies for the nodes there are, at most so many; see :func:`core.scale.ray_engine.plan_pool`."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(node.get("CPU") or (wants_gpu and node.get("GPU")) for node in nodes):
        # A cluster may have a head that does no work; a copy would wait for ever for a place.
        raise JobError(f"The cluster's nodes ({len(nodes)}) have nothing to score on: start others with 'ray start'.")
    pool = plan_pool(nodes, need=need, wants_gpu=wants_gpu)
    return replace(pool, copies=min(pool.copies, most))


def _attempt(
    ray: Any, shards: Shards, pending: Sequence[int], pool: Pool, arguments: Mapping[str, Any], progress: Progress
) -> Exception | None:
    """Give the shards to a pool, keep what comes back; return what made it break off, if anything did."""
    total, before = len(shards.titles), shards.count_titles_outside(pending)
    paths = {}
    for number in pending:
        paths[number] = shards.write_titles(number)
        progress(before / total, "Writing the titles for the cluster")
    scored, meter = before, None
    with Stream(ray, paths, pool, arguments) as stream:
        while not stream.ended:
            answer = stream.answer(_POLL_EVERY)
            if answer is not None:
                scored += _store_shards(shards, answer)
            done = max(scored, before + stream.titles_read())
            if done == before:
                progress(before / total, f"Waiting for {pool.description}")
            else:
                # How long the rest will take is reckoned from the first titles on: the start says nothing of it.
                meter = meter or ProgressMeter(total, progress, before=done)
                meter(done)
        return stream.failure


def _store_shards(shards: Shards, answer: Any) -> int:
    """Keep the shards of an answer (see :class:`core.scale.ray_engine.ScoringActor`); return how many titles they
    have.

    Raises
    ------
    JobError
        A copy of the model cannot do its work. It could not elsewhere either.
    """
    count = 0
    for number, fault, *columns in zip(*(answer.column(name) for name in (SHARD, FAULT, *shards.columns)), strict=True):
        if fault.as_py():
            raise JobError(f"A node of the cluster cannot score: {fault}")
        probabilities = np.column_stack([column.values.to_numpy() for column in columns])
        shards.store(number.as_py(), probabilities)
        count += len(probabilities)
    return count


def _wait(seconds: float, progress: Progress, fraction: float) -> None:
    """Wait, and hear a wish to stop meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        progress(fraction, "A part of the cluster was lost; going on without it")
        time.sleep(_POLL_EVERY)


def _raise_if_hopeless(ray: Any, failure: Exception, failures: int) -> None:
    """Raise when going on is no use: the fault is no lost node, or the cluster fails again and again."""
    if "error raised in its creation task" in str(failure):
        raise JobError(
            f"A node of the cluster cannot make a copy of the model: {one_line(failure, -1)}. Is this version of"
            " Colophon, with the extra 'ray', installed on every node?"
        ) from failure
    lost = isinstance(failure, ray.exceptions.RayError) and not isinstance(failure, ray.exceptions.RayTaskError)
    if failures >= _MAX_FAILURES or not lost:
        raise JobError(
            f"The cluster could not score ({type(failure).__name__}: {one_line(failure)}). What is done is kept:"
            " the same command goes on from there."
        ) from failure
