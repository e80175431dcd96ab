"""Scores, suggestions and words that matter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DamagedError, InputError, NotFoundError
from core.learned_facets import (
    FacetCollection,
    FacetLog,
    FacetMark,
    add_mark,
    embed_corpus,
    embeddings_of,
    facet_log,
    rank_titles,
    suggestions,
)
from core.learned_facets.ranking import EmbeddingFeatures, _background, open_embeddings, widened
from core.storage import Workspace
from core.upkeep import remove
from tests.core.learned_facets.conftest import is_verse

MARKS = {"b000": True, "b010": True, "b020": True, "b040": False, "b050": False}


def _log(marks: dict[str, bool]) -> FacetLog:
    return FacetLog(tuple(FacetMark(id=i, record_id=r, fits=f) for i, (r, f) in enumerate(marks.items(), start=1)))


def test_what_shares_words_with_the_marked_titles_is_suggested_first(collection: FacetCollection) -> None:
    ranking = rank_titles(collection, MARKS)
    rows = suggestions(collection, ranking, _log(MARKS), 25)
    assert rows["title"].map(is_verse).sum() >= 20
    assert not set(rows["record_id"]) & set(MARKS)
    assert rows["score"].is_monotonic_decreasing
    assert {word.word for word in ranking.words} >= {"poems"}
    assert "poems" in rows["words"].iloc[0]
    again = rank_titles(collection, dict(reversed(MARKS.items())))
    assert np.allclose(ranking.scores, again.scores, atol=1e-4), "the order of marks changes nothing"


def test_a_title_comes_once_and_one_without_words_never(collection: FacetCollection) -> None:
    records = collection.records.copy()
    records.loc[12, ["title", "title_key"]] = records.loc[11, ["title", "title_key"]]
    twice = replace(collection, records=records)
    ranking = rank_titles(twice, MARKS)
    rows = suggestions(twice, ranking, _log(MARKS), 500)
    assert len(rows) == 120 - len(MARKS) - 1
    assert rows["title"].is_unique and "b120" not in set(rows["record_id"])
    assert ranking.scores[120] == 0
    assert "b012" not in set(suggestions(twice, ranking, _log({**MARKS, "b011": True}), 500)["record_id"])


def test_the_background_is_all_but_the_marked_titles_and_what_has_none(collection: FacetCollection) -> None:
    records = collection.records.copy()
    records.loc[12, ["title", "title_key"]] = records.loc[11, ["title", "title_key"]]
    # Fewer than 2000 titles: all of them, without the two marked ones, the second copy of one, and b120 without a word.
    background = _background(replace(collection, records=records), [11, 40])
    assert background.tolist() == [row for row in range(120) if row not in {11, 12, 40}]


def test_telling_words_by_hand(collection: FacetCollection) -> None:
    """Poems: in 2 of 3 fitting titles, in 20 of 121; (2.5 / 4) / (20.5 / 122) = 3.72."""
    words = {word.word: word for word in rank_titles(collection, {"b000": True, "b010": True, "b020": True}).words}
    assert words["poems"].titles == 2
    assert words["poems"].ratio == pytest.approx(3.72, abs=0.005)
    assert "of" not in words


def test_search_finds_unmarked_titles_with_all_words(collection: FacetCollection) -> None:
    ranking = rank_titles(collection, MARKS)
    rows = collection.search("aden poe", ranking, _log(MARKS))
    assert set(rows["title"]) == {"The poetical works of Aden"}, "the other three are marked"
    assert collection.search("aden", None, FacetLog())["score"].isna().all()


def test_without_a_fitting_title_there_is_nothing_to_learn(collection: FacetCollection) -> None:
    with pytest.raises(InputError, match="at least one title as fitting"):
        rank_titles(collection, {"b040": False})
    with pytest.raises(NotFoundError, match="no record 'x9'"):
        rank_titles(collection, {"x9": True})


@pytest.mark.slow
def test_embeddings_take_the_place_of_words(workspace: Workspace, corpus: str) -> None:
    seen: list[tuple[float, str]] = []
    report = embed_corpus(workspace, corpus, progress=lambda share, message: seen.append((share, message)))
    assert (report.rows, report.width) == (121, 384)
    assert any("different titles" in message for _, message in seen)
    assert [share for share, _ in seen] == sorted(share for share, _ in seen)
    assert (seen[0][0], seen[-1]) == (0, (1, "Done"))
    artifact = embeddings_of(workspace, workspace.find("corpora", corpus).fingerprint)
    assert artifact is not None and artifact.manifest.rows == 121
    opened = FacetCollection.open(workspace, corpus)
    features = open_embeddings(artifact)
    assert opened.features.kind == "embeddings"
    assert np.allclose(np.linalg.norm(features.rows(np.array([5, 0])), axis=1), 1, atol=1e-3)
    ranking = rank_titles(opened, MARKS)
    rows = suggestions(opened, ranking, _log(MARKS), 15)
    assert rows["title"].map(is_verse).sum() >= 13
    assert embed_corpus(workspace, corpus).fingerprint == report.fingerprint


def test_embeddings_go_with_their_corpus_and_damaged_ones_say_so(workspace: Workspace, corpus: str) -> None:
    fingerprint = workspace.find("corpora", corpus).fingerprint

    def write(folder: Path) -> dict[str, object]:
        np.save(folder / "vectors.npy", np.ones((120, 4), dtype=np.float16))
        return {"corpus": fingerprint, "rows": 121}

    workspace.store("embeddings", "0123456789abcdef", "books", write)
    with pytest.raises(DamagedError, match="another shape"):
        FacetCollection.open(workspace, corpus)
    remove(workspace, "corpora", corpus)
    assert not workspace.list("embeddings") and not list((workspace.root / "embeddings").glob("[!.]*"))


def test_a_product_in_blocks_is_the_product() -> None:
    rng = np.random.default_rng(0)
    vectors, weights = rng.normal(size=(40_000, 8)).astype(np.float16), rng.normal(size=8)
    assert np.allclose(EmbeddingFeatures(vectors).product(weights), vectors.astype(float) @ weights, atol=1e-3)


def test_marks_through_the_database_give_the_same_ranking(
    workspace: Workspace, facet: object, collection: FacetCollection
) -> None:
    for record, fits in MARKS.items():
        add_mark(workspace.database, facet, record, fits=fits)  # type: ignore[arg-type]
    training = facet_log(workspace.database, facet).training  # type: ignore[arg-type]
    assert np.array_equal(rank_titles(collection, training).scores, rank_titles(collection, MARKS).scores)


def test_every_number_of_16_bits_is_widened_exactly() -> None:
    half = np.arange(2**16, dtype=np.uint16).view(np.float16)
    half = half[np.isfinite(half)]
    wide = widened(half, np.empty(len(half), dtype=np.float32))
    assert (wide.view(np.uint32) == half.astype(np.float32).view(np.uint32)).all(), "signs of zero, too"
    # As it is read from a file that may not be written to, and a part of it.
    half.flags.writeable = False
    assert (widened(half[100:200], np.empty(100, dtype=np.float32)) == half[100:200]).all()


def test_embeddings_times_weights_are_those_of_numpy_whatever_the_blocks() -> None:
    vectors = np.random.default_rng(3).standard_normal((20_001, 7)).astype(np.float16)
    weights = np.linspace(-2, 2, 7)
    expected = vectors.astype(np.float32) @ weights.astype(np.float32)
    assert EmbeddingFeatures(vectors).product(weights) == pytest.approx(expected, abs=1e-5)
