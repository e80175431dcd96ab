"""Facets and marks: rows are only added, the newest that was not taken back holds."""

import pytest

from core.errors import InputError, NameTakenError, NotFoundError
from core.learned_facets import (
    FacetLog,
    FacetMark,
    LearnedFacet,
    add_mark,
    create_facet,
    facet_log,
    find_facet,
    list_facets,
    remove_facet,
    rename_facet,
    undo_mark,
)
from core.learned_facets.marks import save_sample
from core.storage import Workspace


def test_a_facet_has_a_name_of_its_own_and_a_definition(workspace: Workspace, facet: LearnedFacet) -> None:
    create_facet(workspace.database, facet.corpus, " sea   travel ")
    assert [(one.name, one.definition) for one in list_facets(workspace.database, facet.corpus)] == [
        ("verse", "Poems of any kind"),
        ("sea travel", ""),
    ]
    assert find_facet(workspace.database, facet.corpus, "Verse").classes == ("verse", "not verse")
    assert not list_facets(workspace.database, "another corpus")
    with pytest.raises(NameTakenError, match="called 'VERSE' already"):
        create_facet(workspace.database, facet.corpus, "VERSE")
    with pytest.raises(InputError, match="at most 60 characters"):
        create_facet(workspace.database, facet.corpus, " ")
    with pytest.raises(NotFoundError, match="sea travel"):
        find_facet(workspace.database, facet.corpus, "poetry")


def test_a_facet_that_is_renamed_has_its_marks_and_a_new_one_of_its_old_name_has_none(
    workspace: Workspace, facet: LearnedFacet
) -> None:
    database = workspace.database
    add_mark(database, facet, "b001", fits=True)
    renamed = rename_facet(database, facet, " poetry  and song ", by="Ada")
    assert (renamed.name, renamed.definition) == ("poetry and song", "Poems of any kind")
    assert facet_log(database, renamed).training == {"b001": True}
    second = create_facet(database, facet.corpus, "Verse")
    assert not facet_log(database, second).rows
    assert rename_facet(database, second, "VERSE", "Only rhymes").definition == "Only rhymes"
    assert [other.name for other in list_facets(database, facet.corpus)] == ["poetry and song", "VERSE"]
    with pytest.raises(NameTakenError, match="called 'verse' already"):
        rename_facet(database, renamed, "verse")
    with pytest.raises(NotFoundError, match="'verse' was renamed or removed meanwhile"):
        rename_facet(database, facet, "another")  # somebody looks at how it was called before
    with pytest.raises(InputError, match="at most 60"):
        rename_facet(database, renamed, " ")


def test_a_facet_that_was_removed_is_gone_and_one_begun_anew_does_not_have_its_marks(
    workspace: Workspace, facet: LearnedFacet
) -> None:
    database = workspace.database
    add_mark(database, facet, "b001", fits=True)
    remove_facet(database, facet)
    assert not list_facets(database, facet.corpus)
    with pytest.raises(NotFoundError, match="meanwhile"):
        remove_facet(database, facet)
    again = create_facet(database, facet.corpus, "verse")
    assert not facet_log(database, again).rows
    add_mark(database, again, "b002", fits=False)
    remove_facet(database, again)
    assert not facet_log(database, create_facet(database, facet.corpus, "verse")).rows
    assert len(database.read("facet_mark", facet.key)) == 1  # nothing was deleted


def test_a_mark_is_corrected_and_taken_back_by_further_rows(workspace: Workspace, facet: LearnedFacet) -> None:
    database = workspace.database
    assert add_mark(database, facet, "b001", fits=True, by="Ada", session="w1", via="search")
    assert not add_mark(database, facet, "b001", fits=True, session="w2"), "a key pressed twice writes nothing"
    assert add_mark(database, facet, "b001", fits=False, session="w1")
    log = facet_log(database, facet)
    assert log.training == {"b001": False}
    last = log.latest_of_session("w1")
    assert last is not None and not last.fits

    assert undo_mark(database, facet, last.id, by="Ada") == last
    log = facet_log(database, facet)
    assert log.training == {"b001": True}, "what held before holds again"
    assert (log.count(fits=True), log.count(fits=False)) == (1, 0)
    assert [(row.by, bool(row.undoes)) for row in log.rows] == [("Ada", False), ("", False), ("Ada", True)]
    with pytest.raises(NotFoundError, match="taken back already"):
        undo_mark(database, facet, last.id)
    assert facet_log(database, facet).latest_of_session("nobody") is None


def test_the_model_does_not_learn_from_the_sample_drawn_last(workspace: Workspace, facet: LearnedFacet) -> None:
    add_mark(workspace.database, facet, "b001", fits=True)
    before = facet_log(workspace.database, facet).newest
    for ids in (["b002"], ["b003", "b004"]):
        save_sample(
            workspace.database,
            facet,
            record_ids=ids,
            strata=[0, 2][: len(ids)],
            sizes=[4, 10, 20],
            cut=0.5,
            marks_up_to=before,
        )
    for record in ("b002", "b003", "b005"):
        add_mark(workspace.database, facet, record, fits=False)
    log = facet_log(workspace.database, facet)
    assert log.training == {"b001": True, "b002": False, "b005": False}
    assert log.known_at_draw() == {"b001"}
    assert log.sample is not None and log.sample.chances() == [1 / 4, 1 / 20]


def test_only_suggestions_say_whether_more_is_likely_to_come() -> None:
    rows = tuple(
        FacetMark(id=i, record_id=f"b{i}", fits=i < 4, via="suggestion" if i % 2 else "search") for i in range(1, 11)
    )
    recent = FacetLog(rows).recent_yield(4)
    assert (recent.n, recent.fitting) == (4, 1), "3, 5, 7 and 9, of which 3 fits"


def test_rows_of_another_version_are_left_out(workspace: Workspace, facet: LearnedFacet) -> None:
    add_mark(workspace.database, facet, "b001", fits=True)
    workspace.database.add("facet_mark", facet.key, {"record": "b002", "verdict": "yes"})
    workspace.database.add("facet", facet.corpus, {"title": "poetry"})
    assert set(facet_log(workspace.database, facet).current) == {"b001"}
    assert [one.name for one in list_facets(workspace.database, facet.corpus)] == ["verse"]
