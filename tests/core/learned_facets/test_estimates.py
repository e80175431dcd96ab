"""The random sample: how it is drawn, and its figures by hand."""

import numpy as np
import pytest

from core.database import Database
from core.errors import InputError
from core.learned_facets import (
    FacetCollection,
    FacetLog,
    FacetMark,
    FacetSample,
    LearnedFacet,
    _allocate,
    _strata,
    add_marks,
    create_facet,
    draw_sample,
    estimate_facet,
    facet_log,
    facets_side_by_side,
    rank_titles,
    undo_mark,
)
from core.storage import Workspace
from core.wording import learned_facets as wording

MARKS = {"b000": True, "b011": True, "b022": True, "b040": False, "b051": False}


def _log(hits: tuple[int, int, int], *, marks_since: int = 0) -> FacetLog:
    """Two known titles that fit; 10 of 20, 10 of 80 and 30 of 900 drawn, of which `hits` fit."""
    drawn = (10, 10, 30)
    ids = [f"s{part}-{i}" for part in range(3) for i in range(drawn[part])]
    fits = [i < hits[part] for part in range(3) for i in range(drawn[part])]
    sample = FacetSample(
        id=3,
        record_ids=tuple(ids),
        strata=tuple(part for part in range(3) for _ in range(drawn[part])),
        sizes=(20, 80, 900),
        cut=0.5,
        marks_up_to=2,
    )
    rows = [FacetMark(id=i, record_id=f"k{i}", fits=True) for i in (1, 2)]
    rows += [
        FacetMark(id=4 + i, record_id=r, fits=f, via="sample") for i, (r, f) in enumerate(zip(ids, fits, strict=True))
    ]
    rows += [FacetMark(id=100 + i, record_id=f"n{i}", fits=False, via="suggestion") for i in range(marks_since)]
    return FacetLog(tuple(rows), sample)


def test_the_estimates_by_hand() -> None:
    """8 of 10 of 20 are 16; 1 of 10 of 80 are 8; none of 900: recall (2 + 16) / (2 + 24), in all 26."""
    measured = estimate_facet(_log((8, 1, 0)))
    assert measured is not None and not measured.reason
    assert measured.precision.value == pytest.approx(0.8)
    assert measured.recall.value == pytest.approx(18 / 26)
    assert measured.total is not None and measured.total.value == pytest.approx(26)
    assert measured.recall.low < 18 / 26 < measured.recall.high < 1
    assert measured.total.low <= 26 <= measured.total.high
    assert (measured.known, measured.suggested, measured.answered, measured.drawn) == (2, 20, 50, 50)


def test_a_stratum_that_was_drawn_whole_is_known() -> None:
    sample = FacetSample(id=9, record_ids=("a", "b", "c"), strata=(0, 1, 2), sizes=(1, 1, 1), cut=0.5, marks_up_to=0)
    rows = tuple(FacetMark(id=10 + i, record_id=r, fits=r != "c") for i, r in enumerate("abc"))
    measured = estimate_facet(FacetLog(rows, sample))
    assert measured is not None and measured.total is not None
    assert (measured.precision.low, measured.precision.high) == (1, 1)
    assert (measured.recall.low, measured.recall.high) == (0.5, 0.5)
    assert (measured.total.low, measured.total.high) == (2, 2)


def test_nothing_is_said_before_the_sample_is_marked_or_when_a_known_mark_is_gone() -> None:
    whole = _log((8, 1, 0))
    part = FacetLog(whole.rows[:-1], whole.sample)
    measured = estimate_facet(part)
    assert measured is not None and measured.total is None
    assert measured.reason == "1 of the 50 drawn titles are not marked yet"
    taken = FacetLog((*whole.rows, FacetMark(id=200, record_id="k1", fits=True, undoes=1)), whole.sample)
    measured = estimate_facet(taken)
    assert measured is not None and "taken back" in measured.reason
    assert estimate_facet(FacetLog(whole.rows)) is None


def test_what_is_said_and_when_to_stop() -> None:
    measured = estimate_facet(_log((8, 1, 0), marks_since=40))
    sentences = wording.estimate(measured)
    assert any("80.0 % fit" in sentence for sentence in sentences)
    assert "40 others were marked since" in sentences[-1]
    stop = wording.stop(_log((8, 1, 0), marks_since=40), measured)
    assert stop.startswith("Of the last 40 suggestions 0 fitted: likely nearly all")
    assert "11 of about 26 are marked (between" in stop
    assert wording.stop(_log((8, 1, 0), marks_since=19), measured) == ""


def test_the_draw_takes_what_nobody_marked_with_the_chances_it_says(
    workspace: Workspace, facet: LearnedFacet, collection: FacetCollection
) -> None:
    add_marks(workspace.database, facet, MARKS)
    ranking = rank_titles(collection, MARKS)
    sample = draw_sample(workspace.database, facet, collection, ranking, 40, seed=1)
    assert len(sample.record_ids) == len(set(sample.record_ids)) == 40
    assert not set(sample.record_ids) & {*MARKS, "b120"}
    assert sum(sample.sizes) == 120 - len(MARKS)
    rows = collection.positions(sample.record_ids)
    suggested = np.array(sample.strata) == 0
    assert ((ranking.scores[rows] >= 0.5) == suggested).all()
    drawn = [sample.strata.count(part) / sample.sizes[part] for part in range(3)]
    assert sample.chances() == [drawn[part] for part in sample.strata]

    log = facet_log(workspace.database, facet)
    undo_mark(workspace.database, facet, log.current["b000"].id)
    measured = estimate_facet(facet_log(workspace.database, facet))
    assert measured is not None and measured.reason
    with pytest.raises(InputError, match="at least one title"):
        draw_sample(workspace.database, facet, collection, ranking, 0)


def test_parts_are_by_score_and_small_ones_give_what_they_have() -> None:
    scores = np.linspace(0, 1, 1001).astype(np.float32)[::-1]
    stratum = _strata(scores)
    assert (stratum[:501] == 0).all() and (stratum[501:751] == 1).all() and (stratum[751:] == 2).all()
    assert _allocate(100, [10, 2000, 30_000]) == [10, 15, 75]
    assert _allocate(100, [0, 5, 20]) == [0, 5, 20]
    assert _allocate(4, [10, 10, 10]) == [1, 1, 2]


def test_facets_stand_side_by_side_with_the_titles_that_fit_several(database: Database) -> None:
    verse, sea, third = (create_facet(database, "c", name) for name in ("verse", "sea", "third"))
    add_marks(database, verse, {"1": True, "2": True, "3": True, "4": False})
    add_marks(database, sea, {"2": True, "3": True, "4": True, "1": False})
    add_marks(database, third, {"3": True})
    states = facets_side_by_side(database, "c")
    assert [(state.facet.name, state.fits, state.other, state.also) for state in states] == [
        ("verse", 3, 1, 2),  # 2 and 3 are of the sea, too
        ("sea", 3, 1, 2),
        ("third", 1, 0, 1),
    ]
    assert [state.measured for state in states] == [None] * 3
    assert facets_side_by_side(database, "another") == []
