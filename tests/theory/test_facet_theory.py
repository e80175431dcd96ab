"""The intervals of a facet hold as stated, although the model chose what was marked before the sample was drawn."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.database import Database
from core.learned_facets import (
    CUT,
    FacetCollection,
    FacetLog,
    FacetMark,
    LearnedFacet,
    add_marks,
    draw_sample,
    estimate_facet,
    facet_log,
    rank_titles,
    suggestions,
)
from core.learned_facets.ranking import EmbeddingFeatures

RECORDS, SHARE, ROUNDS, WORLDS, DRAWS = 3000, 0.04, 10, 5, 40


def _world(seed: int) -> tuple[FacetCollection, np.ndarray]:
    """Return a collection of which 4 in 100 titles fit, told apart by their vectors as well as titles usually are."""
    rng = np.random.default_rng(seed)
    fits = rng.random(RECORDS) < SHARE
    vectors = rng.normal(size=(RECORDS, 8))
    vectors[fits, 0] += 2.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"r{i}" for i in range(RECORDS)]
    records = pd.DataFrame({"record_id": ids, "title": ids, "title_key": ids, "author": "", "date": ""})
    corpus: Any = SimpleNamespace(name="world", fingerprint=str(seed))
    return FacetCollection(corpus, records, EmbeddingFeatures(vectors.astype(np.float16))), fits


def covered(seed: int, draws: int, size: int = 80) -> np.ndarray:
    """Return for each draw whether precision, recall and the total lie in their intervals, shape (draws, 3)."""
    collection, fits = _world(seed)
    database, facet = Database("sqlite://"), LearnedFacet(name="x", corpus=str(seed))
    rng = np.random.default_rng(seed)
    some = [*rng.choice(np.flatnonzero(fits), 5, replace=False), *rng.choice(np.flatnonzero(~fits), 5, replace=False)]
    add_marks(database, facet, {f"r{i}": bool(fits[i]) for i in some})
    for _ in range(ROUNDS):
        log = facet_log(database, facet)
        best = suggestions(collection, rank_titles(collection, log.training), log, 10)
        add_marks(database, facet, {r: bool(fits[int(r[1:])]) for r in best["record_id"]}, via="suggestion")
    log = facet_log(database, facet)
    ranking = rank_titles(collection, log.training)
    unmarked = np.ones(RECORDS, dtype=bool)
    unmarked[collection.positions([*log.current])] = False
    above = unmarked & (ranking.scores >= CUT)
    known = log.count(fits=True)
    truth = (fits[above].mean(), (known + fits[above].sum()) / fits.sum(), fits.sum())
    hits = []
    for draw in range(draws):
        sample = draw_sample(database, facet, collection, ranking, size, seed=draw)
        answers = tuple(
            FacetMark(id=log.newest + 1 + i, record_id=r, fits=bool(fits[int(r[1:])]), via="sample")
            for i, r in enumerate(sample.record_ids)
        )
        measured = estimate_facet(FacetLog((*log.rows, *answers), sample))
        assert measured is not None and measured.total is not None
        intervals = (measured.precision, measured.recall, measured.total)
        hits.append([part.low <= value <= part.high for part, value in zip(intervals, truth, strict=True)])
    return np.array(hits)


@pytest.mark.slow
def test_intervals_hold_after_ten_rounds_of_marks_that_the_model_chose() -> None:
    hits = np.concatenate([covered(seed, DRAWS) for seed in range(WORLDS)])
    error = np.sqrt(0.95 * 0.05 / len(hits))
    assert (hits.mean(axis=0) >= 0.95 - 3 * error).all(), hits.mean(axis=0)
