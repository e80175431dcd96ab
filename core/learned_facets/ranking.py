"""What is learned from marks: a score for every title of a corpus, suggestions, and the words that matter.

A logistic regression learns from the marked titles and from titles drawn at random, which are taken for ones that do
not fit: most do not, as long as a facet is rare. What fits, what does not and the titles at random weigh alike.
"""

import itertools
import logging
import math
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from core.corpus import Corpus, load_corpus
from core.errors import DamagedError, InputError, NotFoundError
from core.learned_facets.marks import FacetLog
from core.manifests import Manifest
from core.models.encoder import MAX_TOKENS, Encoder, default_base
from core.models.runtime import usable_cores
from core.progress import Progress, silent
from core.schema import AUTHOR, DATE, RECORD_ID, TITLE, TITLE_KEY
from core.slices.predicate_table import FUNCTION_WORDS
from core.storage import Artifact, Workspace, digest, file_sha256
from core.text_search import find_records

__all__ = [
    "CUT",
    "EMBEDDINGS",
    "EmbeddingFeatures",
    "EmbeddingReport",
    "FacetCollection",
    "FacetModel",
    "FacetRanking",
    "TellingWord",
    "TitleFeatures",
    "WordFeatures",
    "embed_corpus",
    "embeddings_of",
    "import_solver",
    "main",
    "open_embeddings",
    "rank_titles",
    "suggestions",
    "widened",
]


# --- Numbers for every title of a corpus ------------------------------------------------------------------------------
#
# Numbers for every title of a corpus: embeddings, computed once as a job, or words, which are there at once.
#
# Also a job: ``python -m core.learned_facets.ranking JOBDIR``.

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


# --- What is learned from marks: a score for every title of a corpus, suggestions, and the words that matter ----------

CUT: Final = 0.5  # score from which a title is taken to fit
SCORE: Final = "score"
WORDS: Final = "words"
_COLUMNS: Final = [RECORD_ID, TITLE, TITLE_KEY, AUTHOR, DATE]
_BACKGROUND: Final = 2000  # titles at random that are taken not to fit
_COUNTED: Final = 50_000  # titles at random in which words are counted
_MOST_WORDS: Final = 12
_FEW: Final = 5  # fitting titles; among fewer a word of one title is shown too
_CLEAR: Final = 2.0  # so many times as often in fitting titles as in all; words explain, nothing is decided by them
_C: Final = {"embeddings": 10.0, "words": 10.0}


@dataclass(frozen=True)
class FacetCollection:
    """A corpus with the numbers that facets are learned on; made once, shared, never changed.

    Attributes
    ----------
    records : DataFrame
        ``record_id``, ``title``, ``title_key``, ``author``, ``date``.
    """

    corpus: Corpus
    records: pd.DataFrame
    features: TitleFeatures

    @classmethod
    def open(cls, workspace: Workspace, name: str) -> Self:
        """Read the corpus called `name`: with its embeddings where they were computed, else with its words.

        Raises
        ------
        NotFoundError, DamagedError
        """
        corpus = load_corpus(workspace, name)
        records = corpus.records(_COLUMNS)
        embeddings = embeddings_of(workspace, corpus.fingerprint)
        features: TitleFeatures = (
            open_embeddings(embeddings) if embeddings else WordFeatures.from_titles(records[TITLE_KEY])
        )
        return cls(corpus, records, features)

    @cached_property
    def _rows_found(self) -> dict[str, int]:
        """Record → row of those that were asked for already: an index of all takes longer than a first answer may."""
        return {}

    def positions(self, record_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the row of each record.

        Raises
        ------
        NotFoundError
            One is not in the corpus.
        """
        known = self._rows_found
        new = {name for name in record_ids if name not in known}
        if new:
            ids = self.records[RECORD_ID]
            rows = np.flatnonzero(ids.isin(new).to_numpy(dtype=bool))
            known |= dict(zip(ids.iloc[rows], rows.tolist(), strict=True))
        missing = next((name for name in record_ids if name not in known), None)
        if missing is not None:
            raise NotFoundError(f"There is no record '{missing}' in “{self.corpus.name}”.")
        return np.array([known[name] for name in record_ids], dtype=np.int64)

    @cached_property
    def titled(self) -> NDArray[np.bool_]:
        """Which records have a title, shape (n,)."""
        return (self.records[TITLE_KEY] != "").to_numpy(dtype=bool)

    @cached_property
    def words(self) -> Counter[str]:
        """Word → titles that hold it, among at most 50,000 titles at random."""
        keys = self.records[TITLE_KEY]
        keys = keys.sample(_COUNTED, random_state=0) if len(keys) > _COUNTED else keys
        return _count(keys)

    def prepare(self) -> None:
        """Do what a first answer takes and no later one: import what learns, count the words of the titles.

        A second of one core's time at 34,690 titles. Nothing waits for it: an answer that comes first does the same.
        """
        import_solver()
        _ = self.titled, self.words

    def search(self, text: str, ranking: "FacetRanking | None", log: FacetLog, n: int = 20) -> pd.DataFrame:
        """Return unmarked records that hold every word of `text`, the best first; see :func:`suggestions`."""
        hits = find_records(self.records, text) & self.titled
        hits[self.positions([*log.current])] = False
        rows = np.flatnonzero(hits)
        if ranking is not None:
            rows = rows[np.argsort(-ranking.scores[rows], kind="stable")]
        return _as_rows(self, rows[:n], ranking)


def import_solver() -> None:
    """Import what learns from marks: it takes longer than learning itself, and so is done before anybody waits."""
    import sklearn.linear_model  # noqa: F401


@dataclass(frozen=True)
class FacetModel:
    """A logistic regression on title features, for two classes."""

    coefficients: NDArray[np.float64]
    intercept: float

    @classmethod
    def fit(
        cls,
        features: TitleFeatures,
        fitting: NDArray[np.int64],
        other: NDArray[np.int64],
        background: NDArray[np.int64],
    ) -> Self:
        """Learn from rows that fit, rows that do not, and rows at random; each group weighs alike.

        Parameters
        ----------
        fitting : int array
            At least one.
        """
        from sklearn.linear_model import LogisticRegression

        groups = [group for group in (fitting, other, background) if len(group)]
        rows = np.concatenate(groups)
        # The titles that fit weigh as much as all others together, so that a score of .5 lies between the two.
        shares = [1.0, *([1 / (len(groups) - 1)] * (len(groups) - 1))]
        weights = np.concatenate(
            [
                np.full(len(group), share * len(fitting) / len(group))
                for group, share in zip(groups, shares, strict=True)
            ]
        )
        target = np.zeros(len(rows))
        target[: len(fitting)] = 1
        with threadpool_limits(1):
            solver = LogisticRegression(C=_C[features.kind], max_iter=300)
            fitted = solver.fit(features.rows(rows), target, sample_weight=weights)
        return cls(fitted.coef_[0].astype(np.float64), float(fitted.intercept_[0]))

    def scores(self, features: TitleFeatures) -> NDArray[np.float32]:
        """Return a score for every row, 0 to 1."""
        margins = features.product(self.coefficients)
        margins += np.float32(self.intercept)
        return np.asarray(1 / (1 + np.exp(-margins)), dtype=np.float32)


@dataclass(frozen=True)
class TellingWord:
    """A word that stands in fitting titles far more often than in the collection.

    Attributes
    ----------
    titles : int
        Fitting marked titles that hold it.
    ratio : float
        Share of the fitting marked titles that hold it, over the share of all titles.
    """

    word: str
    titles: int
    ratio: float


@dataclass(frozen=True)
class FacetRanking:
    """A score for every title of a corpus.

    Attributes
    ----------
    scores : array, shape (n_records,)
        0 to 1; from :data:`CUT` on a title is taken to fit. A record without a title has 0.
    words : tuple of TellingWord
        The strongest first.
    features : {'embeddings', 'words'}
    """

    scores: NDArray[np.float32]
    words: tuple[TellingWord, ...]
    features: str

    @cached_property
    def accepted(self) -> NDArray[np.bool_]:
        """Which records are taken to fit."""
        return np.asarray(self.scores >= CUT)


def rank_titles(collection: FacetCollection, training: Mapping[str, bool]) -> FacetRanking:
    """Learn from marks and score every title; the same marks give the same scores.

    Parameters
    ----------
    training : mapping
        Record → whether it fits; see :attr:`core.learned_facets.FacetLog.training`.

    Raises
    ------
    InputError
        No title is marked as fitting.
    NotFoundError
        A marked record is not in the corpus.
    """
    fitting = collection.positions([name for name, fits in training.items() if fits])
    other = collection.positions([name for name, fits in training.items() if not fits])
    fitting, other = fitting[collection.titled[fitting]], other[collection.titled[other]]
    if not len(fitting):
        raise InputError("Mark at least one title as fitting: there is nothing to learn from yet.")
    model = FacetModel.fit(collection.features, fitting, other, _background(collection, [*fitting, *other]))
    scores = model.scores(collection.features)
    scores[~collection.titled] = 0
    return FacetRanking(scores, _telling_words(collection, fitting), collection.features.kind)


def suggestions(collection: FacetCollection, ranking: FacetRanking, log: FacetLog, n: int = 20) -> pd.DataFrame:
    """Return the titles that nobody has marked, the best first; each title once.

    Returns
    -------
    DataFrame
        ``record_id``, ``title``, ``author``, ``date``, ``score``, ``words`` (those of the telling words that the title
        holds). Records of the sample drawn last are left out: they are asked for elsewhere.
    """
    scores = np.where(collection.titled, ranking.scores, -1)
    marked = collection.positions([*log.current, *log.sampled])
    scores[marked] = -1
    known = set(collection.records[TITLE_KEY].iloc[collection.positions([*log.current])])
    chosen: list[int] = []
    wanted = min(len(scores), 4 * n + 100)
    while True:
        best = np.argpartition(-scores, wanted - 1)[:wanted] if wanted else np.empty(0, dtype=np.int64)
        best = best[np.lexsort((best, -scores[best]))]
        best = best[scores[best] >= 0]
        keys = collection.records[TITLE_KEY].iloc[best]
        chosen = best[(~keys.isin(known) & ~keys.duplicated()).to_numpy()][:n].tolist()
        if len(chosen) >= n or wanted >= len(scores):
            return _as_rows(collection, np.array(chosen, dtype=np.int64), ranking)
        wanted = min(len(scores), 4 * wanted)


def _as_rows(collection: FacetCollection, rows: NDArray[np.int64], ranking: FacetRanking | None) -> pd.DataFrame:
    table = collection.records.iloc[rows].reset_index(drop=True)
    scores = np.full(len(rows), np.nan, dtype=np.float32) if ranking is None else ranking.scores[rows]
    telling = [word.word for word in ranking.words] if ranking else []
    words = [", ".join(word for word in telling if word in set(key.split())) for key in table[TITLE_KEY]]
    table[SCORE], table[WORDS] = scores, pd.Series(words, dtype="str")
    return table.drop(columns=TITLE_KEY)


def _background(collection: FacetCollection, marked: Sequence[int]) -> NDArray[np.int64]:
    """Return rows at random, always the same, without what is marked and without the same titles again."""
    n = len(collection.records)
    rng = np.random.default_rng(0)
    drawn = np.sort(rng.choice(n, size=min(n, _BACKGROUND + len(marked)), replace=False))
    keys = collection.records[TITLE_KEY]
    known = set(keys.iloc[list(marked)])
    return np.asarray(drawn[~keys.iloc[drawn].isin({*known, ""}).to_numpy()], dtype=np.int64)


def _telling_words(collection: FacetCollection, fitting: NDArray[np.int64]) -> tuple[TellingWord, ...]:
    """Return words by what they add to the log-likelihood ratio: titles with the word times the log of the ratio."""
    inside = _count(collection.records[TITLE_KEY].iloc[fitting])
    everywhere = collection.words
    counted = min(len(collection.records), _COUNTED)
    words = [
        TellingWord(word, n, ((n + 0.5) / (len(fitting) + 1)) / ((everywhere[word] + 0.5) / (counted + 1)))
        for word, n in inside.items()
        if n > 1 or len(fitting) < _FEW
    ]
    clear = sorted((w for w in words if w.ratio >= _CLEAR), key=lambda w: (-w.titles * math.log(w.ratio), w.word))
    return tuple(clear[:_MOST_WORDS])


def _count(title_keys: pd.Series) -> Counter[str]:
    return Counter(
        itertools.chain.from_iterable(
            {word for word in key.split() if len(word) > 2 and not word.isdigit() and word not in FUNCTION_WORDS}
            for key in title_keys
        )
    )
