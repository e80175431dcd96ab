import threading

import pytest

from core.database import LEASE_SECONDS, Database, claim_next, release_claim
from core.review import record_decision, undo_decision


def test_two_people_get_different_records_and_who_asks_again_the_same(database: Database) -> None:
    assert claim_next(database, "p", ["1", "2", "3"], holder="Anna") == "1"
    assert claim_next(database, "p", ["1", "2", "3"], holder="Ben") == "2"
    assert claim_next(database, "p", ["1", "2", "3"], holder="Anna") == "1"
    assert claim_next(database, "p", ["2", "1"], holder="Cleo") is None
    assert claim_next(database, "other predictions", ["2", "1"], holder="Cleo") == "2"


def test_what_is_decided_is_given_to_nobody_until_that_is_taken_back(database: Database) -> None:
    number = record_decision(database, "p", "1", "Map")
    assert claim_next(database, "p", ["1"], holder="Anna") is None
    undo_decision(database, "p", number)
    assert claim_next(database, "p", ["1"], holder="Anna") == "1"


def test_a_claim_lapses(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("core.database.time.time", lambda: clock[0])
    assert claim_next(database, "p", ["1"], holder="Anna") == "1"
    clock[0] += LEASE_SECONDS - 1
    assert claim_next(database, "p", ["1"], holder="Ben") is None
    clock[0] += 1
    assert claim_next(database, "p", ["1"], holder="Ben") == "1"


def test_who_lets_go_lets_go_of_what_he_holds_only(database: Database) -> None:
    claim_next(database, "p", ["1"], holder="Anna")
    release_claim(database, "p", "1", holder="Ben")
    assert claim_next(database, "p", ["1"], holder="Ben") is None
    release_claim(database, "p", "1", holder="Anna")
    assert claim_next(database, "p", ["1"], holder="Ben") == "1"


def test_ten_at_once_share_the_records_and_decide_each_once(database: Database) -> None:
    records = [str(n) for n in range(60)]
    given: list[str] = []

    def work(name: str) -> None:
        while (record_id := claim_next(database, "p", records, holder=name)) is not None:
            given.append(record_id)
            record_decision(database, "p", record_id, "Map", by=name, seen=0)

    threads = [threading.Thread(target=work, args=(f"person {n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == sorted(records)
