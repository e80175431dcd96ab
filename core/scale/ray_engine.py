"""Scoring on a cluster with Ray Data: shards stream to copies of the model, one for each graphics processor or core.

The nodes need no disk in common. Titles are read on the node that this process runs on and travel to the copies; the
model's files travel once to each node and are checked against the manifest there; the probabilities come back and are
kept here, shard by shard. So whatever happens to a node, what is done stays done: when one is lost, the shards that
are missing are given to those that are left.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import JobError
from core.progress import Progress, silent
from core.scale.pool import Pool, plan_pool
from core.scale.ray_cluster import cluster, load_ray, one_line
from core.scale.ray_copy import FAULT, SHARD, ModelLoader
from core.scale.ray_stream import Stream
from core.scale.remaining import ProgressMeter
from core.scale.shards import Shards

__all__ = ["score_on_ray"]

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
            failure = _attempt(ray, shards, pending, pool, arguments, progress)
        left = shards.pending()
        if failure is not None:
            failures = failures + 1 if len(left) == len(pending) else 1
            _raise_if_hopeless(ray, failure, failures)
            _wait(_PAUSE * failures, progress, shards.count_titles_outside(left) / len(shards.titles))
        elif left:
            raise JobError(f"The cluster gave no answer for {len(left):,} of {len(pending):,} shards.")
        pending = left


def _pool(ray: Any, *, need: int, wants_gpu: bool, most: int) -> Pool:
    """Plan copies for the nodes there are, at most so many; see :func:`core.scale.pool.plan_pool`."""
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
    """Keep the shards of an answer (see :class:`core.scale.ray_copy.ScoringActor`); return how many titles they have.

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
