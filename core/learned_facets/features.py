"""Numbers for every title of a corpus: embeddings, computed once as a job, or words, which are there at once.

Also a job: ``python -m core.learned_facets.features JOBDIR``.
"""

import logging
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from core.corpus import Corpus, load_corpus
from core.errors import DamagedError
from core.manifests import Manifest
from core.models.encoder import MAX_TOKENS, Encoder, default_base
from core.models.runtime import usable_cores
from core.progress import Progress, silent
from core.schema import TITLE
from core.storage import Artifact, Workspace, digest, file_sha256

__all__ = [
    "EMBEDDINGS",
    "EmbeddingFeatures",
    "EmbeddingReport",
    "TitleFeatures",
    "WordFeatures",
    "embed_corpus",
    "embeddings_of",
    "main",
    "open_embeddings",
    "widened",
]

_LOG = logging.getLogger(__name__)
EMBEDDINGS: Final = "embeddings"  # their folder in the workspace
VECTORS_FILE: Final = "vectors.npy"
# Different titles that are read between two reports.
_BATCH: Final = 4096
# A quick form of the encoder takes ten seconds to make; for ranking, its vectors (cosine .99) are as good.
_WORTH_A_QUICK_FORM = 5_000
_BLOCK: Final = 16_384  # rows of a product that are a task of one thread
_WIDENED: Final = 512  # rows at a time, which stay in the processor's own memory
_SIGN_AND_NUMBER: Final = np.int32(-0x70002000)  # bits 31 and 13 to 27
_EXPONENTS: Final = np.float32(2.0**112)
_VERSION: Final = 1
# A word's beginning stands for its family: 'voyages' and 'voyaging' share 'voyag'.
_STEM: Final = 5


class TitleFeatures(Protocol):
    """One row of numbers a title, in the order of the corpus."""

    @property
    def kind(self) -> str:
        """'embeddings' or 'words'."""
        ...

    def rows(self, positions: NDArray[np.int64]) -> Any:
        """Return some rows, shape (n, width), for a classifier to learn from."""
        ...

    def product(self, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return all rows times `weights`, shape (n_records,)."""
        ...


@dataclass(frozen=True)
class WordFeatures:
    """TF-IDF of the words of each title and of their beginnings, rows scaled to length 1.

    Attributes
    ----------
    matrix : sparse matrix, shape (n_records, n_terms), in 32 bits
    """

    matrix: sparse.csr_matrix
    kind: str = "words"

    @classmethod
    def from_titles(cls, title_keys: pd.Series) -> "WordFeatures":
        """Count the words of normalised titles; a term that stands in one title alone says nothing of others."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        if not len(title_keys):
            return cls(sparse.csr_matrix(np.zeros((0, 1), dtype=np.float32)))
        vectorizer = TfidfVectorizer(
            analyzer=_terms, min_df=2 if len(title_keys) > 1000 else 1, sublinear_tf=True, dtype=np.float32
        )
        try:
            return cls(vectorizer.fit_transform(title_keys.tolist()).tocsr())
        except ValueError:  # no title has a word
            return cls(sparse.csr_matrix(np.zeros((len(title_keys), 1), dtype=np.float32)))

    def rows(self, positions: NDArray[np.int64]) -> sparse.csr_matrix:
        """Return some rows; see :class:`TitleFeatures`."""
        return self.matrix[positions]

    def product(self, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return all rows times `weights`; see :class:`TitleFeatures`."""
        return np.asarray(self.matrix @ weights.astype(np.float32), dtype=np.float32)


def _terms(title_key: str) -> list[str]:
    words = title_key.split()
    return [*words, *(f"{word[:_STEM]}*" for word in words if len(word) > _STEM)]


@dataclass(frozen=True)
class EmbeddingFeatures:
    """Vectors of length 1 of a pre-trained encoder, in 16 bits; read from the disk as they are needed.

    Attributes
    ----------
    vectors : array, shape (n_records, width)
    """

    vectors: NDArray[np.float16]
    kind: str = "embeddings"

    def rows(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return some rows; see :class:`TitleFeatures`."""
        order = np.argsort(positions)  # the disk is read in one direction
        rows = np.empty((len(positions), self.vectors.shape[1]), dtype=np.float32)
        rows[order] = self.vectors[positions[order]]
        return rows

    def product(self, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return all rows times `weights`; see :class:`TitleFeatures`."""
        result = np.empty(len(self.vectors), dtype=np.float32)
        narrow = weights.astype(np.float32)

        def multiply(start: int) -> None:
            wide = np.empty((_WIDENED, self.vectors.shape[1]), dtype=np.float32)
            stop = min(start + _BLOCK, len(result))
            for first in range(start, stop, _WIDENED):
                rows = self.vectors[first : min(first + _WIDENED, stop)]
                np.dot(widened(rows, wide[: len(rows)]), narrow, out=result[first : first + len(rows)])

        # Most of the time goes into widening, which numpy does without holding other threads up.
        with threadpool_limits(1), ThreadPoolExecutor(usable_cores()) as threads:
            deque(threads.map(multiply, range(0, len(result), _BLOCK)), maxlen=0)
        return result


def widened(half: NDArray[np.float16], wide: NDArray[np.float32]) -> NDArray[np.float32]:
    """Write finite numbers of 16 bits into an array of 32 bits, exactly, and return it.

    A number of 16 bits has ten bits of fraction behind five of exponent, one of 32 bits has 23 behind eight, and the
    exponents count from -15 and -127. So the bits are moved by 13 places, the sign stays in front, and a factor of
    two to the power of 112 makes good the difference. numpy's own cast, number by number, takes four times as long.
    """
    bits = wide.view(np.int32)
    np.left_shift(half.view(np.int16), 13, out=bits, dtype=np.int32)
    np.bitwise_and(bits, _SIGN_AND_NUMBER, out=bits)
    return np.multiply(wide, _EXPONENTS, out=wide)


# --- Embeddings of a corpus, kept beside it ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class EmbeddingReport:
    """What was embedded (the keys of ``colophon facet embed --json``)."""

    embeddings: str
    fingerprint: str
    corpus: str
    rows: int
    width: int
    seconds: float
    rows_per_second: float

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def embeddings_of(workspace: Workspace, corpus: str) -> Artifact[Manifest] | None:
    """Return the newest embeddings of the corpus with this fingerprint; None while there are none."""
    for artifact in workspace.list(EMBEDDINGS):
        if (artifact.manifest.model_extra or {}).get("corpus") == corpus:
            return artifact
    return None


def open_embeddings(artifact: Artifact[Manifest]) -> EmbeddingFeatures:
    """Return embeddings that are kept; nothing is read yet.

    Raises
    ------
    DamagedError
        Their file is missing, cut short, or has another shape than the manifest says.
    """
    path = artifact.path / VECTORS_FILE
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DamagedError(EMBEDDINGS, artifact.name, f"its {path.name} is missing or damaged") from error
    if vectors.ndim != 2 or vectors.dtype != np.float16 or len(vectors) != artifact.manifest.rows:
        raise DamagedError(EMBEDDINGS, artifact.name, f"its {path.name} has another shape than it should")
    return EmbeddingFeatures(vectors)


def embed_corpus(workspace: Workspace, corpus: str, *, base: str = "", progress: Progress = silent) -> EmbeddingReport:
    """Compute the embeddings of every title of a corpus and keep them. Equal titles are read once.

    Parameters
    ----------
    base : str
        Folder of an encoder; '' for the MiniLM that comes with Colophon.

    Raises
    ------
    NotFoundError, ModelError
    Cancelled
        Raised by the listener; nothing is kept then.
    """
    source = load_corpus(workspace, corpus)
    started = time.monotonic()
    progress(0.0, "Loading the language model")
    folder = base or default_base()
    encoder = Encoder(folder, MAX_TOKENS)
    weights = sorted(Path(folder).glob("model*.safetensors"))
    fingerprint = digest(EMBEDDINGS, source.fingerprint, [file_sha256(path) for path in weights], MAX_TOKENS, _VERSION)
    called, _ = workspace.name_for(EMBEDDINGS, None, source.name, fingerprint)

    def write(target: Path) -> Mapping[str, Any]:
        vectors = _write_vectors(source, encoder, target / VECTORS_FILE, progress)
        return {
            "corpus": source.fingerprint,
            "corpus_name": source.name,
            "encoder": Path(folder).name,
            "rows": len(vectors),
            "width": vectors.shape[1],
            "invented": source.manifest.invented,
        }

    artifact = workspace.store(EMBEDDINGS, fingerprint, called, write)
    seconds = time.monotonic() - started
    rows = int(artifact.manifest.rows or 0)
    progress(1.0, "Done")
    _LOG.info("embedded corpus '%s' (%s): %d titles, %.1f s", source.name, fingerprint, rows, seconds)
    return EmbeddingReport(
        embeddings=artifact.name,
        fingerprint=fingerprint,
        corpus=source.name,
        rows=rows,
        width=int((artifact.manifest.model_extra or {}).get("width", 0)),
        seconds=seconds,
        rows_per_second=rows / seconds if seconds else float("nan"),
    )


def _write_vectors(corpus: Corpus, encoder: Encoder, path: Path, progress: Progress) -> NDArray[np.float16]:
    codes, different = pd.factorize(corpus.records([TITLE])[TITLE].to_numpy(dtype=object))
    titles: Sequence[str] = different.tolist()
    parts: list[NDArray[np.float16]] = []
    form = next(encoder.quick_forms(), None) if len(titles) >= _WORTH_A_QUICK_FORM else None
    for start in range(0, len(titles), _BATCH):
        batch = titles[start : start + _BATCH]
        parts.append(encoder.vectors(batch, form).astype(np.float16))
        progress((start + len(batch)) / len(titles), f"{start + len(batch):,} of {len(titles):,} different titles")
    read = np.concatenate(parts) if parts else np.empty((0, 1), dtype=np.float16)
    vectors = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(len(codes), read.shape[1]))
    for start in range(0, len(codes), _BLOCK):
        vectors[start : start + _BLOCK] = read[codes[start : start + _BLOCK]]
    vectors.flush()
    return vectors


def main() -> int:
    """Embed as a job: its config names the corpus."""
    from core.jobs.worker import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        return embed_corpus(workspace, config["corpus"], base=config.get("base") or "", progress=progress).as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
