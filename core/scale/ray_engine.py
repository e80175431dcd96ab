"""Scoring on a Ray cluster: copies of a model that read titles as they come, survive a lost node, and give way."""

import contextlib
import logging
import queue
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from core.errors import JobError
from core.progress import Progress, silent
from core.scale import ProgressMeter, Shards
from core.scale.ray_cluster import (
    FAULT,
    PATH,
    SHARD,
    ModelLoader,
    ScoringActor,
    Tally,
    cluster,
    defer_signals,
    load_ray,
    one_line,
    read_titles,
)

__all__ = [
    "Pool",
    "Stream",
    "plan_pool",
    "score_on_ray",
]


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
        What makes a :class:`core.scale.ray_cluster.ScoringActor`, but for the tally.

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
        """Return the next answer (see :class:`core.scale.ray_cluster.ScoringActor`), None when none arrives in so many
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
    """Keep the shards of an answer (see :class:`core.scale.ray_cluster.ScoringActor`); return how many titles they
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
