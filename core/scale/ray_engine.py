"""Scoring on a cluster with Ray Data: shards stream to copies of the model, one for each graphics processor or core.

The nodes need no disk in common. Titles are read on the node that this process runs on and travel to the copies; the
model's files travel once to each node and are checked against the manifest there; the probabilities come back and are
kept here, shard by shard. So whatever happens to a node, what is done stays done: when one is lost, the shards that
are missing are given to those that are left.
"""

import contextlib
import logging
import os
import queue
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ColophonError, InputError, JobError
from core.progress import Progress, silent
from core.scale.local_engine import Ask
from core.scale.pool import READING, Pool, plan_pool
from core.scale.remaining import Meter
from core.scale.shards import ROW, SHARD, Shards
from core.schema import TITLE

__all__ = ["Open", "load_ray", "score_on_ray"]

# Takes the folder of a model and what to call it; returns what gives probabilities. Importable on every node.
Open = Callable[[Path, str], Ask]

# How often a run may break off without having scored a single shard.
_PATIENCE = 3
# A cluster needs some seconds to notice that a node is gone.
_PAUSE = 5.0
# A wish to stop is heard this often while nothing arrives.
_LISTEN_EVERY = 0.5
_FAULT = "fault"
_GIB = 2**30
# Threads of one copy must not be bound to the core that those of another are bound to.
_UNBOUND = {"env_vars": {"OMP_PROC_BIND": "false", "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}}


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
            f"The engine 'ray' needs Ray, which is not installed here ({error}). Install it with"
            " pip install 'colophon[ray]' (on every node of the cluster), or use --engine local."
        ) from error
    return ray


def score_on_ray(
    shards: Shards,
    model: Path,
    open_model: Open,
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
        The cluster failed again and again; the message says how. What is done stays.
    Cancelled
        Raised by the listener. What is done stays.
    """
    pending = shards.pending()
    done = shards.titles_but(pending)
    if not pending:
        return
    ray = load_ray()
    files = {
        path.relative_to(model).as_posix(): path.read_bytes() for path in sorted(model.rglob("*")) if path.is_file()
    }
    size = sum(map(len, files.values()))
    progress(done / len(shards.titles), "Looking for the cluster")
    failures = 0
    while pending:
        # Each attempt joins anew: leaving a cluster is what surely frees all that a broken attempt still held.
        with _connected(ray, address, object_store=max(_GIB // 4, 4 * size)):
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            pool = plan_pool(nodes, need=_GIB + 4 * size, wants_gpu=wants_gpu)
            pool = replace(pool, copies=min(pool.copies, len(pending)))
            arguments = {"files": [ray.put(files)], "name": name, "open_model": open_model}
            arguments |= {"columns": shards.columns, "cores": pool.cores}
            failure = _run(ray, shards, pending, pool, arguments, progress)
        left = shards.pending()
        done = shards.titles_but(left)
        if failure is not None:
            failures = failures + 1 if len(left) == len(pending) else 1
            _judge(ray, failure, failures)
            _wait(_PAUSE * failures, progress, done / len(shards.titles))
        elif left:
            raise JobError(f"The cluster gave no answer for {len(left):,} of {len(pending):,} shards.")
        pending = left


def _run(
    ray: Any, shards: Shards, pending: Sequence[int], pool: Pool, arguments: Mapping[str, Any], progress: Progress
) -> Exception | None:
    """Give the shards to a pool, keep what comes back; return what made it break off, if anything did."""
    arrived: queue.Queue[Any] = queue.Queue()
    stopped = threading.Event()
    scored = _stream(ray, [shards.write_titles(number) for number in pending], pool, arguments)
    pump = threading.Thread(target=_pump, args=(scored, arrived, stopped), daemon=True, name="ray")
    pump.start()
    done = shards.titles_but(pending)
    collected, meter = _Collected(shards), None
    try:
        while True:
            try:
                item = arrived.get(timeout=_LISTEN_EVERY)
            except queue.Empty:
                if meter is None:
                    progress(done / len(shards.titles), f"Waiting for {pool.said}")
                else:
                    meter(done)
                continue
            if item is None or isinstance(item, Exception):
                return item
            done += collected.add(item)
            # How long the rest will take is reckoned from the first answer on: the start says nothing of it.
            meter = meter or Meter(len(shards.titles), progress, before=done)
            meter(done)
    finally:
        stopped.set()
        _end(scored)
        pump.join(timeout=10)


def _stream(ray: Any, paths: Sequence[Path], pool: Pool, arguments: Mapping[str, Any]) -> Any:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # A shard of a large model may take longer than Ray's own patience.
    context.execution_no_progress_timeout_s = -1
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    names = ray.data.from_items([{"path": str(path)} for path in paths], override_num_blocks=len(paths))
    here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
    titles = names.map_batches(_read, batch_size=None, batch_format="pyarrow", num_cpus=READING, label_selector=here)
    with warnings.catch_warnings():
        # Ray is about to give `max_restarts` another place; there is no other yet.
        warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
        return titles.map_batches(
            _Copy,
            batch_size=None,
            batch_format="pyarrow",
            zero_copy_batch=True,
            compute=ray.data.ActorPoolStrategy(size=pool.copies),
            fn_constructor_kwargs=dict(arguments),
            num_cpus=pool.cpus,
            num_gpus=pool.gpus,
            runtime_env=_UNBOUND,
            # A copy whose node is gone would wait for ever for room elsewhere. What it owes is given out anew.
            max_restarts=0,
            max_task_retries=0,
        )


def _read(names: Any) -> Any:
    """Read shards' titles, on the node that has the files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pa.concat_tables([pq.read_table(path) for path in names.column("path").to_pylist()])


def _pump(scored: Any, arrived: "queue.Queue[Any]", stopped: threading.Event) -> None:
    """Hand over what comes back, in a thread of its own: the main one must hear a wish to stop."""
    end: Exception | None = None
    try:
        for batch in scored.iter_batches(batch_size=None, batch_format="pyarrow"):
            if stopped.is_set():
                return
            arrived.put(batch)
    except Exception as error:
        end = error
    arrived.put(end)


def _end(scored: Any) -> None:
    """End what still runs, before the cluster is left: Ray has no public word for it."""
    with contextlib.suppress(Exception):
        scored._current_executor.shutdown(force=True)


class _Collected:
    """Puts shards together, should they come back in pieces."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._parts: dict[int, Any] = {}
        self._missing: dict[int, int] = {}

    def add(self, batch: Any) -> int:
        """Take a table ``shard``, ``row``, probabilities, ``fault``; keep the shards that are whole; return its rows.

        Raises
        ------
        JobError
            A copy of the model cannot do its work. It could not elsewhere either.
        """
        faults = [fault for fault in batch.column(_FAULT).unique().to_pylist() if fault]
        if faults:
            raise JobError(f"A node of the cluster cannot score: {faults[0]}")
        shard, row = batch.column(SHARD).to_numpy(), batch.column(ROW).to_numpy()
        found = np.column_stack([batch.column(name).to_numpy() for name in self._shards.columns])
        for number in np.unique(shard).tolist():
            here = shard == number
            size = len(self._shards.part(number))
            part = self._parts.setdefault(number, np.full((size, len(self._shards.columns)), np.nan))
            part[row[here]] = found[here]
            self._missing[number] = self._missing.get(number, size) - int(here.sum())
            if self._missing[number] == 0:
                self._shards.keep(number, self._parts.pop(number))
        return len(shard)


class _Copy:
    """A copy of the model on a node. Ray makes it there, and calls it with one shard after the other."""

    def __init__(self, files: Sequence[Any], name: str, open_model: Open, columns: Sequence[str], cores: int) -> None:
        self._columns = columns
        # Not in the main thread, where torch would be given all cores of the node.
        self._thread = ThreadPoolExecutor(1)
        # What goes wrong here is told with the first answer: an error raised would reach nobody in words.
        self._fault = ""
        try:
            self._ask = self._thread.submit(self._open, files[0], name, open_model, cores).result()
        except Exception as error:
            self._fault = _in_words(error)

    def _open(self, files: Any, name: str, open_model: Open, cores: int) -> Ask:
        import ray

        self._folder = tempfile.TemporaryDirectory(prefix="colophon-model-")
        for file, content in ray.get(files).items():
            path = Path(self._folder.name, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        ask = open_model(Path(self._folder.name), name)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(cores)
        return ask

    def __call__(self, batch: Any) -> Any:
        import pyarrow as pa

        found = np.full((len(batch), len(self._columns)), np.nan)
        if not self._fault:
            try:
                found = self._thread.submit(self._ask, batch.column(TITLE).to_pylist()).result()
            except Exception as error:
                self._fault = _in_words(error)
        columns = {SHARD: batch.column(SHARD), ROW: batch.column(ROW)}
        columns |= {name: pa.array(found[:, i]) for i, name in enumerate(self._columns)}
        return pa.table(columns | {_FAULT: pa.array([self._fault] * len(batch), pa.string())})


@contextlib.contextmanager
def _connected(ray: Any, address: str | None, object_store: int) -> Iterator[None]:
    """Join the cluster at an address, or start one on this computer; leave it as it was found."""
    if address:
        _look_for(address)
    if ray.is_initialized():
        raise InputError("This process uses a Ray cluster already: leave it first (ray.shutdown()).")
    more = {} if address else {"include_dashboard": False, "object_store_memory": object_store}
    try:
        with _signals_kept():
            ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **more)
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = f"There is no Ray cluster at '{address}'" if address else "Ray cannot be started on this computer"
        raise InputError(f"{where}: {_first_line(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


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
def _signals_kept() -> Iterator[None]:
    """Ray puts its own answer to SIGTERM in the place of a job's, which tells how the job ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait(seconds: float, progress: Progress, fraction: float) -> None:
    """Wait, and hear a wish to stop meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        progress(fraction, "A part of the cluster was lost; going on without it")
        time.sleep(_LISTEN_EVERY)


def _judge(ray: Any, failure: Exception, failures: int) -> None:
    """Raise when going on is no use: the fault is no lost node, or the cluster fails again and again."""
    lost = isinstance(failure, ray.exceptions.RayError) and not isinstance(failure, ray.exceptions.RayTaskError)
    if failures >= _PATIENCE or not lost:
        raise JobError(
            f"The cluster could not score ({type(failure).__name__}: {_first_line(failure)}). What is done is kept:"
            " the same command goes on from there."
        ) from failure


def _in_words(error: BaseException) -> str:
    """Return an error of ours as it is, another with its kind before it."""
    return str(error) if isinstance(error, ColophonError) else f"{type(error).__name__}: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    # Ray colours what it says.
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
