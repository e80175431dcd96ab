"""What the nodes of a cluster do: read titles, hold a copy of the model, score. It runs there, not here."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ColophonError
from core.scale.local_engine import Scorer
from core.scale.ray_cluster import one_line
from core.schema import TITLE

__all__ = ["FAULT", "PATH", "SHARD", "ModelLoader", "ScoringActor", "Tally", "read_titles"]

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
