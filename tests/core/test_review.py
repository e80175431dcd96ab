import threading

import pytest

from core.database import Database
from core.errors import ConflictError, InputError, NotFoundError
from core.review import (
    ConcurrentDecisionError,
    read_decisions,
    record_decision,
    send_to_review,
    sent_records,
    undo_decision,
)


def test_a_record_is_sent_once_with_its_first_reason(database: Database) -> None:
    assert send_to_review(database, "p", ["1", "2", "1"], "verse") == 2
    assert send_to_review(database, "p", ["2", "3"], "German") == 1
    assert send_to_review(database, "p", ["3"], "again") == 0
    assert sent_records(database, "p") == {"1": "verse", "2": "verse", "3": "German"}
    assert sent_records(database, "other") == {}


def test_the_later_decision_holds_and_undoing_brings_the_earlier_back(database: Database) -> None:
    first = record_decision(database, "p", "1", "Map", old="Play")
    record_decision(database, "p", "2", "can't tell", note="torn title page")
    later = record_decision(database, "p", "1", "Song")
    assert read_decisions(database, "p").frame()[["record_id", "label"]].to_numpy().tolist() == [
        ["2", "can't tell"],
        ["1", "Song"],
    ]
    assert undo_decision(database, "p", later).label == "Song"
    held = read_decisions(database, "p").frame().set_index("record_id")
    assert held.loc["1", "label"] == "Map"
    assert held.loc["2", "note"] == "torn title page"
    undo_decision(database, "p", first)
    assert read_decisions(database, "p").frame()["record_id"].tolist() == ["2"]
    assert len(database.read("decision", "p")) == 5


def test_an_earlier_decision_is_taken_back_and_the_later_of_another_person_stays(database: Database) -> None:
    first = record_decision(database, "p", "1", "Map", by="Anna", session="a")
    record_decision(database, "p", "1", "Song", by="Ben", session="b")
    undo_decision(database, "p", first, by="Anna", session="a")
    assert read_decisions(database, "p").frame()["label"].tolist() == ["Song"]
    rows = read_decisions(database, "p").rows
    assert [(row.label, row.by, row.is_active) for row in rows] == [
        ("Map", "Anna", False),
        ("Song", "Ben", True),
        ("", "Anna", False),
    ]
    assert rows[0].undone_by == rows[2].id
    assert rows[2].undoes == first


def test_one_s_own_last_decision_is_that_of_the_window_it_was_made_in(database: Database) -> None:
    mine = record_decision(database, "p", "1", "Map", session="a")
    record_decision(database, "p", "2", "Song", session="b")
    log = read_decisions(database, "p")
    own = log.latest_of_session("a")
    assert own is not None and own.id == mine
    undo_decision(database, "p", mine, session="a")
    assert read_decisions(database, "p").latest_of_session("a") is None
    assert log.latest_of_session("") is None


def test_a_decision_cannot_be_taken_back_twice_or_without_being_there(database: Database) -> None:
    first = record_decision(database, "p", "1", "Map")
    undo_decision(database, "p", first, by="Ben")
    with pytest.raises(ConflictError, match="“Map” about record 1 was taken back already by Ben, .* Nothing"):
        undo_decision(database, "p", first)
    with pytest.raises(NotFoundError, match="no decision number 77"):
        undo_decision(database, "p", 77)
    with pytest.raises(NotFoundError, match="no decision number"):
        undo_decision(database, "other", first)
    assert len(database.read("decision", "p")) == 2


def test_a_record_decided_since_it_was_shown_is_not_decided_again(database: Database) -> None:
    seen = read_decisions(database, "p").newest
    record_decision(database, "p", "1", "Map", by="Anna", session="a", seen=seen)
    with pytest.raises(ConcurrentDecisionError, match="Record 1 was decided by Anna meanwhile: “Map”") as caught:
        record_decision(database, "p", "1", "Song", by="Ben", session="b", seen=seen)
    assert (caught.value.decision.by, caught.value.decision.label) == ("Anna", "Map")
    record_decision(database, "p", "2", "Song", seen=seen)
    record_decision(database, "p", "1", "Song", by="Ben", session="b", seen=read_decisions(database, "p").newest)
    assert read_decisions(database, "p").frame()["label"].tolist() == ["Song", "Song"]


def test_a_record_whose_decision_was_taken_back_meanwhile_can_be_decided(database: Database) -> None:
    undo_decision(database, "p", record_decision(database, "p", "1", "Map", seen=0))
    record_decision(database, "p", "1", "Song", seen=0)
    assert read_decisions(database, "p").frame()["label"].tolist() == ["Song"]


def test_of_two_decisions_at_the_same_moment_only_the_first_is_written(database: Database) -> None:
    refused: list[str] = []

    def decide(label: str) -> None:
        try:
            record_decision(database, "p", "1", label, seen=0)
        except ConcurrentDecisionError:
            refused.append(label)

    threads = [threading.Thread(target=decide, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(database.read("decision", "p")) == 1
    assert len(refused) == 7


def test_the_order_is_that_of_writing_though_the_clock_goes_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(["2026-10-25T02:59:00.000000+00:00", "2026-10-25T02:01:00.000000+00:00"])
    monkeypatch.setattr("core.database._moment", lambda: next(moments))
    record_decision(database, "p", "1", "Map", session="a")
    later = record_decision(database, "p", "2", "Song", session="a")
    assert read_decisions(database, "p").frame()["record_id"].tolist() == ["1", "2"]
    own = read_decisions(database, "p").latest_of_session("a")
    assert own is not None and own.id == later


def test_decisions_of_an_earlier_version_are_read(database: Database) -> None:
    old = {"old": "Play", "note": ""}
    database.add("decision", "p", {"record_id": "1", "label": "Map", "undone": False, **old})
    database.add("decision", "p", {"record_id": "1", "label": "Song", "undone": False, **old})
    database.add("decision", "p", {"record_id": "1", "label": "", "undone": True, "old": "", "note": ""})
    assert read_decisions(database, "p").frame()[["record_id", "label"]].to_numpy().tolist() == [["1", "Map"]]
    rows = read_decisions(database, "p").rows
    assert [(row.by, row.session, row.is_active) for row in rows] == [("", "", True), ("", "", False), ("", "", False)]
    assert rows[2].undoes == rows[1].id
    undo_decision(database, "p", rows[0].id)
    assert read_decisions(database, "p").frame().empty


def test_an_empty_decision_is_refused(database: Database) -> None:
    with pytest.raises(InputError, match="needs a label"):
        record_decision(database, "p", "1", " ")


def test_a_second_opinion_takes_no_other_s_place(database: Database) -> None:
    first = record_decision(database, "p", "1", "Map", by="Anna")
    record_decision(database, "p", "1", "Map", by="Ben", second=True)
    log = read_decisions(database, "p")
    assert log.current["1"].id == first
    assert [(pair.first.by, pair.second.by, pair.agrees) for pair in log.pairs] == [("Anna", "Ben", True)]
    assert not log.disputes


def test_while_two_people_disagree_nothing_is_exported(database: Database) -> None:
    first = record_decision(database, "p", "1", "Map", by="Anna")
    second = record_decision(database, "p", "1", "Song", by="Ben", second=True)
    log = read_decisions(database, "p")
    assert list(log.current) == []
    assert [(pair.first.id, pair.second.id) for pair in log.disputes.values()] == [(first, second)]
    [row] = read_decisions(database, "p").frame().to_dict("records")
    assert (row["label"], row["note"]) == ("can't tell", "two people disagree about this book; it waits for a third")
    third = record_decision(database, "p", "1", "Song", by="Cleo")
    log = read_decisions(database, "p")
    assert read_decisions(database, "p").frame()["label"].tolist() == ["Song"]
    assert [pair.settled.by for pair in log.pairs if pair.settled] == ["Cleo"]
    undo_decision(database, "p", third)
    assert read_decisions(database, "p").frame()["label"].tolist() == ["can't tell"]
    undo_decision(database, "p", first)  # then the second stands alone
    assert read_decisions(database, "p").frame()["label"].tolist() == ["Song"]


def test_a_book_disputed_since_it_was_shown_is_not_decided(database: Database) -> None:
    record_decision(database, "p", "1", "Map", by="Anna")
    record_decision(database, "p", "1", "Song", by="Ben", second=True)
    with pytest.raises(ConcurrentDecisionError, match="decided by Ben meanwhile: “Song”"):
        record_decision(database, "p", "1", "Play", by="Cleo", seen=0)


def test_a_blind_decision_is_known_as_one(database: Database) -> None:
    record_decision(database, "p", "1", "Map", blind=True)
    record_decision(database, "p", "2", "Map")
    assert [row.blind for row in read_decisions(database, "p").rows] == [True, False]


def test_what_others_write_meanwhile_is_seen_and_only_that_is_read(database: Database) -> None:
    number = record_decision(database, "p", "1", "Map")
    first = read_decisions(database, "p")
    assert read_decisions(database, "p") is first
    record_decision(database, "p", "2", "Song")
    undo_decision(database, "p", number)
    log = read_decisions(database, "p")
    assert [row.record_id for row in log.rows] == ["1", "2", "1"]
    assert log.rows[0].undone_by == log.rows[2].id
    assert list(log.current) == ["2"]
    assert list(first.current) == ["1"], "what was given out does not change"
    assert read_decisions(database, "q").rows == ()
