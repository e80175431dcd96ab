"""The stream of shards to copies of a model, and of their answers back."""

import contextlib
import logging
import queue
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from core.scale.pool import Pool
from core.scale.ray_copy import PATH, SHARD, ScoringActor, Tally, read_titles
from core.scale.signals import defer_signals

__all__ = ["Stream"]


class Stream:
    """Answers of a pool of copies. It runs inside ``with``; whatever way that is left, what still runs ends.

    Parameters
    ----------
    paths : mapping
        Number of a shard → path of its titles on this node (see :meth:`core.scale.shards.Shards.write_titles`).
    arguments : mapping
        What makes a :class:`core.scale.ray_copy.ScoringActor`, but for the tally.

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
        """Return the next answer (see :class:`core.scale.ray_copy.ScoringActor`), None when none arrives in so many
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
