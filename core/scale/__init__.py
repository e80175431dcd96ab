"""Scoring many titles: in parts that outlive a stop, on this computer or on a cluster of them.

The different titles of a corpus are divided into shards. Each is scored once, by the same function wherever it is done,
and kept on disk as soon as it is; a run that is stopped or killed goes on with those that are not there yet, on either
engine: this process, or Ray (:mod:`core.scale.ray_engine`). Nothing here knows what a model is: whoever calls hands
over a function from titles to probabilities.
"""

import contextlib
import hashlib
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self, overload

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress, silent
from core.schema import TITLE
from core.storage import digest, write_atomically

__all__ = [
    "MIN_SHARD",
    "ProgressMeter",
    "Scorer",
    "Shards",
    "StoredTexts",
    "duration",
    "progress_message",
    "remove_old_shards",
    "score_locally",
    "shards_of",
]


# --- How many titles are done, and about how long the others will take ------------------------------------------------


class ProgressMeter:
    """Tells a listener how many of `total` titles are done.

    Parameters
    ----------
    before : int
        Titles that an earlier run did: they count as done, but say nothing of how fast this one is.
    """

    def __init__(self, total: int, progress: Progress, before: int = 0) -> None:
        self._total = total
        self._before = before
        self._progress = progress
        self._started = time.monotonic()

    def __call__(self, done: float) -> None:
        """Tell that so many titles are done, those of earlier runs among them; the listener may raise Cancelled."""
        message = progress_message(done, self._total, time.monotonic() - self._started, self._before)
        self._progress(done / self._total if self._total else 1.0, message)


def progress_message(done: float, total: int, seconds: float, before: int = 0) -> str:
    """Return a sentence; `seconds` is what it took to come from `before` titles to `done`.

    >>> progress_message(50, 400, 20.0)
    '50 of 400 titles, about 2 min left'
    >>> progress_message(250, 400, 20.0, before=200)
    '250 of 400 titles, about 60 s left'
    """
    sentence = f"{int(done):,} of {total:,} titles"
    left = seconds / (done - before) * (total - done) if done > before else 0.0
    return f"{sentence}, about {duration(left)} left" if left >= 1 else sentence


def duration(seconds: float) -> str:
    """Return a time as a person would say it.

    >>> [duration(seconds) for seconds in (7.4, 89, 200, 7300, 9e5)]
    ['7 s', '89 s', '3 min', '2.0 h', '10 days']
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 3 * 86400 else f"{seconds / 86400:.0f} days"


# --- The different titles of a corpus in parts, each scored once and kept as soon as it is ----------------------------
# A shard that is done is a file ``scored-00042.parquet``: it is written beside its place and renamed, so that it is
# whole or absent. The folder's name is a digest of the titles and of what scores them; whoever comes with the same
# finds what was done already.


FORMAT = 1
# Long enough for a classifier to fill its own batches, short enough that little is lost when the work is stopped.
MIN_SHARD = 8_192
# So that hundreds of millions of titles do not make a folder of a hundred thousand files.
MAX_SHARD, TARGET_SHARDS = 32_768, 2_048
_MAX_AGE = 7 * 86400.0


class StoredTexts(Sequence[str]):
    """Texts in a Parquet file, of which those that are asked for are read: for more than memory should hold.

    Parameters
    ----------
    path : path
        A file that :meth:`write` made. It must stay as it is.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._path = path
        metadata = pq.read_metadata(path)
        groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        self._starts = np.cumsum([0, *groups])

    @classmethod
    def write(cls, path: Path, parts: Iterable[Sequence[str]]) -> Self:
        """Write texts that come part by part, and return them as they lie on disk."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(TITLE, pa.string())])
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for part in filter(len, parts):
                table = pa.table({TITLE: pa.array(part, pa.string())}, schema)
                writer.write_table(table, row_group_size=MIN_SHARD)
        return cls(path)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @overload
    def __getitem__(self, rows: int) -> str: ...
    @overload
    def __getitem__(self, rows: slice) -> list[str]: ...
    def __getitem__(self, rows: int | slice) -> str | list[str]:
        if isinstance(rows, int):
            number = range(len(self))[rows]
            return self[number : number + 1][0]
        import pyarrow.parquet as pq

        start, stop, step = rows.indices(len(self))
        if stop <= start:
            return [self[number] for number in range(start, stop, step)]
        first, last = np.searchsorted(self._starts, [start, stop - 1], side="right") - 1
        groups = list(range(int(first), int(last) + 1))
        with pq.ParquetFile(self._path) as file:  # not held open: the file can be removed at any time
            table = file.read_row_groups(groups).slice(start - int(self._starts[first]), stop - start)
        texts: list[str] = table.column(0).to_pylist()
        return texts[::step]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), MIN_SHARD):
            yield from self[start : start + MIN_SHARD]


@dataclass(frozen=True)
class Shards:
    """Titles in parts, and which of them are scored. Make one with :func:`shards_of`.

    Attributes
    ----------
    folder : path
        Made when something is first kept.
    titles : sequence of str
        All different.
    columns : tuple of str, length k
        Names of the probabilities.
    size : int
        Titles in each shard; the last may have fewer.
    """

    folder: Path
    titles: Sequence[str] = field(repr=False)
    columns: tuple[str, ...]
    size: int

    def __len__(self) -> int:
        return -(-len(self.titles) // self.size)

    def part(self, number: int) -> Sequence[str]:
        """Return the titles of a shard."""
        return self.titles[number * self.size : (number + 1) * self.size]

    def pending(self) -> list[int]:
        """Return the shards that are not scored yet. A file that is not what it should be counts as absent."""
        return [number for number in range(len(self)) if not self._is_done(number)]

    def count_titles_outside(self, shards: Iterable[int]) -> int:
        """Return how many titles there are outside these shards."""
        return len(self.titles) - sum(len(self.part(number)) for number in shards)

    def write_titles(self, number: int) -> Path:
        """Write a shard's titles as Parquet, for workers that do not have them: one column, ``title``."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / f"titles-{number:05d}.parquet"
        if not path.exists():
            with write_atomically(path) as beside:
                pq.write_table(pa.table({TITLE: pa.array(self.part(number), pa.string())}), beside, compression="zstd")
        return path

    def store(self, number: int, probabilities: NDArray[np.float64]) -> None:
        """Keep the probabilities of a shard, shape (titles of the shard, k): from now on it is done.

        Raises
        ------
        ValueError
            The shape is another: what is wrong must not count as done.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        wanted = (len(self.part(number)), len(self.columns))
        if probabilities.shape != wanted:
            raise ValueError(f"shard {number} has probabilities of shape {probabilities.shape}, not {wanted}")
        table = pa.table({name: pa.array(probabilities[:, i]) for i, name in enumerate(self.columns)})
        with write_atomically(self._scored(number)) as beside:
            pq.write_table(table, beside, compression="zstd")
        (self.folder / f"titles-{number:05d}.parquet").unlink(missing_ok=True)

    def probabilities(self) -> NDArray[np.float64]:
        """Return the probabilities of all titles, shape (n, k). Every shard must be done."""
        import pyarrow.parquet as pq

        values = np.empty((len(self.titles), len(self.columns)))
        for number in range(len(self)):
            table = pq.read_table(self._scored(number))
            for i, name in enumerate(self.columns):
                values[number * self.size : (number + 1) * self.size, i] = table.column(name).to_numpy()
        return values

    def clear(self) -> None:
        """Remove what was kept, once the whole is kept elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _scored(self, number: int) -> Path:
        return self.folder / f"scored-{number:05d}.parquet"

    def _is_done(self, number: int) -> bool:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._scored(number)
        if not path.exists():
            return False
        try:
            metadata = pq.read_metadata(path)
        except (OSError, pa.ArrowInvalid):
            return False
        return metadata.num_rows == len(self.part(number)) and tuple(metadata.schema.names) == self.columns


def shards_of(folder: Path, titles: Sequence[str], columns: Sequence[str], key: str, size: int | None = None) -> Shards:
    """Divide titles into shards, kept in a folder of their own inside `folder`.

    Parameters
    ----------
    titles : sequence of str
        All different.
    columns : sequence of str
        Names of the probabilities, such as ``p_Fiction``.
    key : str
        What scores them: the fingerprint of a model.
    size : int, optional
        Titles a shard; else between 8,192 and 32,768, by how many titles there are.
    """
    size = size or min(MAX_SHARD, max(MIN_SHARD, -(-len(titles) // TARGET_SHARDS)))
    content = hashlib.sha256()
    for title in titles:
        # With its length before it, so that two lists of titles never read the same.
        content.update(f"{len(title)}:{title}".encode("utf-8", "surrogatepass"))
    name = digest("scoring", FORMAT, key, content.hexdigest(), list(columns), size)
    return Shards(folder / name, titles, tuple(columns), size)


def remove_old_shards(folder: Path) -> None:
    """Remove what was left by runs that nobody went on with for a week."""
    for run_folder in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            if time.time() - run_folder.stat().st_mtime > _MAX_AGE:
                shutil.rmtree(run_folder, ignore_errors=True)


# --- Scoring on this computer: one shard after the other --------------------------------------------------------------


class Scorer(Protocol):
    """Gives probabilities for titles: what a model does, whatever it is."""

    def __call__(self, titles: list[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return probabilities, shape (n, k)."""


def score_locally(shards: Shards, scorer: Scorer, progress: Progress = silent) -> None:
    """Score the shards that are not done yet, and keep each as soon as it is.

    Raises
    ------
    Cancelled
        Raised by the listener. The shards that are done stay.
    """
    pending = shards.pending()
    done = shards.count_titles_outside(pending)
    tell = ProgressMeter(len(shards.titles), progress, before=done)
    for number in pending:
        titles = list(shards.part(number))

        def listener(fraction: float, message: str, done: int = done, size: int = len(titles)) -> None:
            tell(done + fraction * size)

        shards.store(number, scorer(titles, listener))
        done += len(titles)
        tell(done)
