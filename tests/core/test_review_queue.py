"""What waits for people, why, and in which order: eight invented books."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.database import Database
from core.draws import register_draw
from core.predicates import title_words
from core.predictions import Scored
from core.review import Decision, DecisionLog, read_decisions, record_decision
from core.review_queue import (
    Order,
    OtherPredictions,
    PromiseProgress,
    Reason,
    ReviewPace,
    ReviewQueue,
    build_queue,
    drawn_ranks,
    failing_slices,
    pace_of,
    promise_progress,
    waiting_for,
)
from core.slices import Slice
from core.thresholds import GuaranteeRecord, Policy
from core.wording.review import pace_sentence, progress_sentence, promise_sentence, reason_sentence

# record, title, model says, how sure, people say
ROWS = [
    ("a", "Poems", "Fiction", 0.50, ""),
    ("b", "Poems of a war", "Fiction", 0.89, ""),
    ("c", "A history", "History", 0.70, ""),
    ("d", "A war", "History", 0.99, "Fiction"),
    ("e", "A novel", "Fiction", 0.99, "Fiction"),
    ("f", "A map", "Map", 0.90, ""),
    ("g", "", "", float("nan"), ""),
    ("h", "A tale", "Fiction", 0.80, "Fiction"),
]
POLICY = Policy({"Fiction": 0.9, "History": 0.8})


@pytest.fixture
def scored() -> Scored:
    table = pd.DataFrame(ROWS, columns=["record_id", "title", "predicted", "confidence", "truth"])
    table = table.assign(alternate_id="", title_key=table["title"], leak=False)
    table["correct"] = (table["truth"] == table["predicted"]) & (table["truth"] != "")
    return Scored(name="p", fingerprint="p-own", classes=("Fiction", "History", "Map"), table=table, calibrated=True)


@pytest.fixture
def queue(scored: Scored) -> ReviewQueue:
    return build_queue(
        scored,
        policy=POLICY,
        sent={"e": "a look", "c": "a look"},
        draw_ranks={"c": 1, "h": 0},
        slices=[Slice((title_words("war"),), "war")],
        others=[OtherPredictions(name="q", labels={"e": "Map", "b": "Fiction"})],
    )


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.at(tmp_path / "a.db")


def test_each_reason_has_its_books(queue: ReviewQueue) -> None:
    waits = {reason: [ROWS[i][0] for i in np.flatnonzero(mask)] for reason, mask in queue.masks.items()}
    assert waits == {
        Reason.DRAWN: ["c", "h"],
        Reason.SENT: ["e"],
        Reason.SLICE: ["b", "d"],
        Reason.SUSPECT: ["d"],
        Reason.MODELS: ["e"],
        Reason.BELOW: ["a", "b", "c", "f", "h"],
    }
    assert queue.counts[Reason.BELOW] == 5


def test_what_a_label_set_has_answered_waits_only_where_it_was_drawn_or_sent_or_looks_wrong(scored: Scored) -> None:
    """d (in the slice) looks wrong, e was sent; h is below its cut, and what it is stands in the label set."""
    labelled = replace(scored, labels="checked", label_sets=("checked",))
    queue = build_queue(
        labelled,
        policy=POLICY,
        sent={"e": "a look"},
        slices=[Slice((title_words("war"),), "war")],
        others=[OtherPredictions(name="q", labels={"e": "Map", "h": "Map"})],
    )
    waits = {reason: "".join(ROWS[i][0] for i in np.flatnonzero(mask)) for reason, mask in queue.masks.items()}
    assert [waits[reason] for reason in Reason if reason in waits] == ["", "e", "b", "d", "", "abcf"]
    assert sorted(queue.ordered()) == ["a", "b", "c", "d", "e", "f"]


def test_a_book_has_all_its_reasons_in_plain_words(queue: ReviewQueue) -> None:
    def words(record_id: str, blind: bool = False) -> list[str]:
        return [reason_sentence(reason, blind=blind) for reason in queue.reasons(record_id)]

    assert words("b") == [
        "it is in “war”, where the model is wrong more often than elsewhere",
        "it is below its cut-off of 90.0 %",
    ]
    assert words("d")[1] == "a person said “Fiction”"
    assert words("e") == ["somebody sent it here: a look", "“q” says “Map”"]
    assert words("e", blind=True)[1] == "two models disagree"
    assert words("f") == ["no cut-off is kept for what the model says"]
    assert words("h")[0] == "it was drawn by lot, so that a promise can rest on it"
    assert words("g") == []
    assert words("nobody") == []


def test_the_promise_wants_the_drawn_first_then_the_sent_then_the_closest_below_their_cut(queue: ReviewQueue) -> None:
    """h and c in the order of the draw; e was sent; b lacks .01 and a .4; f has no cut; d is checked, above its cut."""
    assert queue.ordered(Order.PROMISE) == ("h", "c", "e", "b", "a", "f", "d")


def test_other_orders(queue: ReviewQueue) -> None:
    assert queue.ordered(Order.LEAST_SURE) == ("a", "c", "h", "b", "f", "d", "e")
    assert queue.ordered(Order.SLICE) == ("b", "d", "c", "e", "a", "h", "f")
    first = queue.ordered(Order.RANDOM, seed=1)
    assert sorted(first) == ["a", "b", "c", "d", "e", "f", "h"]
    assert first == queue.ordered(Order.RANDOM, seed=1)
    assert first != queue.ordered(Order.RANDOM, seed=2)
    # What waits does not change who comes before whom.
    some = queue.ordered(Order.RANDOM, seed=1, reasons=[Reason.BELOW])
    assert some == tuple(name for name in first if name in "abcfh")


def test_only_some_reasons(queue: ReviewQueue) -> None:
    assert queue.ordered(reasons=[Reason.SUSPECT, Reason.MODELS]) == ("e", "d")
    assert build_queue(queue.scored).ordered() == ("d",)  # a label in doubt needs no cut-off


def test_without_probabilities_nothing_is_in_doubt(scored: Scored) -> None:
    unsure = replace(scored, table=scored.table.assign(confidence=float("nan")))
    assert build_queue(unsure).ordered() == ()
    assert len(build_queue(unsure, policy=POLICY).ordered()) == 7


def test_a_draw_counts_when_its_books_were_sent(database: Database, scored: Scored) -> None:
    for names in (["h", "c"], ["a", "b", "f"]):
        register_draw(database, pd.DataFrame({"record_id": names, "drawn_chance": 0.5}))
    assert drawn_ranks(database, scored, {"c", "h", "a"}) == {"h": 0, "c": 1}
    assert drawn_ranks(database, scored, set()) == {}


def test_a_slice_fails_where_it_is_shown_to(scored: Scored) -> None:
    """Twelve of 20 wrong against one of 60, and each "History" of it against one of 31: no chance does that."""
    wrong = np.array([True] * 12 + [False] * 8 + [True] + [False] * 59)
    table = pd.DataFrame(
        {
            "record_id": [str(i) for i in range(80)],
            "title": ["verse"] * 20 + ["prose"] * 60,
            "title_key": [f"verse {i}" for i in range(20)] + [f"prose {i}" for i in range(60)],
            "truth": ["Fiction"] * 50 + ["History"] * 30,
            "predicted": ["History"] * 12 + ["Fiction"] * 8 + ["History"] + ["Fiction"] * 29 + ["History"] * 30,
            "confidence": 0.9,
            "correct": ~wrong,
            "leak": False,
        }
    )
    verse, prose = Slice((title_words("verse"),), "verse"), Slice((title_words("prose"),), "prose")
    checked = replace(scored, table=table, classes=("Fiction", "History"))
    assert failing_slices(checked, [prose, verse]) == (verse,)
    assert failing_slices(replace(checked, table=table.assign(truth="")), [verse]) == ()


def _waiting(queue: ReviewQueue, log: DecisionLog, by: str, session: str, share: float) -> tuple[str, ...]:
    return waiting_for(
        queue, queue.ordered(Order.LEAST_SURE), log, by=by, session=session, second_share=share
    ).record_ids


def test_a_second_person_is_asked_and_a_third_settles(database: Database, queue: ReviewQueue) -> None:
    record_decision(database, "p", "a", "Fiction", by="Anna", session="1")
    log = read_decisions(database, "p")
    rest = ("c", "h", "b", "f", "d", "e")
    assert _waiting(queue, log, "Ben", "2", 0.0) == rest
    assert _waiting(queue, log, "Ben", "2", 1.0) == ("a", *rest)
    assert _waiting(queue, log, "Ben", "1", 1.0) == rest  # the same window under another name
    assert _waiting(queue, log, "anna ", "2", 1.0) == rest  # herself in another window
    assert _waiting(queue, log, "", "2", 1.0) == rest  # nobody knows whether it is another
    record_decision(database, "p", "a", "Map", by="Ben", session="2", second=True)
    log = read_decisions(database, "p")
    assert _waiting(queue, log, "Cleo", "3", 0.0) == ("a", *rest)
    assert _waiting(queue, log, "Ben", "2", 1.0) == rest
    assert _waiting(queue, log, "", "3", 1.0) == rest
    record_decision(database, "p", "a", "History", by="Cleo", session="3")
    assert _waiting(queue, read_decisions(database, "p"), "Dora", "4", 1.0) == rest


def test_lots_are_spread_evenly_and_never_drawn_anew(queue: ReviewQueue) -> None:
    table = pd.DataFrame({"record_id": [f"{i:05}" for i in range(5_000)], "predicted": "", "truth": ""})
    many = replace(queue.scored, table=table.assign(confidence=float("nan")))
    lots = build_queue(many).lots
    # The mean of 5,000 even lots has a standard error of .289 / √5000 = .0041.
    assert abs(lots.mean() - 0.5) < 3 * 0.0041
    assert (lots == build_queue(many).lots).all()


def test_how_far_people_are() -> None:
    assert progress_sentence(1, 1) == "1 book decided, 1 waiting."
    assert pace_sentence(ReviewPace(today=0, lately=0, minutes=10), 200) == ""
    assert pace_sentence(ReviewPace(today=1, lately=1, minutes=10), 200) == "Today you decided 1."
    # 18 in 10 minutes: 216 more take 120.
    assert pace_sentence(ReviewPace(today=40, lately=18, minutes=10), 216) == (
        "Today you decided 40, 18 of them in the last 10 minutes: about 2 h for the rest."
    )
    assert pace_sentence(ReviewPace(today=40, lately=18, minutes=10), 0) == "Today you decided 40."


def test_the_pace_is_that_of_one_person_today() -> None:
    now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    rows = [
        ("Anna", "1", timedelta(hours=20)),  # yesterday
        ("Anna", "1", timedelta(hours=2)),
        ("Ben", "2", timedelta(minutes=5)),
        ("anna", "3", timedelta(minutes=4)),
        ("", "1", timedelta(minutes=1)),
    ]
    log = DecisionLog(
        tuple(
            Decision(id=i, record_id=str(i), label="Map", by=by, session=session, at=(now - age).isoformat())
            for i, (by, session, age) in enumerate(rows, start=1)
        )
    )
    assert pace_of(log, now, by="Anna", session="1") == ReviewPace(today=3, lately=2, minutes=4.0)
    assert pace_of(log, now, session="2") == ReviewPace(today=1, lately=1, minutes=5.0)
    assert pace_of(log, now) == ReviewPace(today=0, lately=0, minutes=0.1)


def test_how_much_of_a_promise_is_reached(database: Database, queue: ReviewQueue) -> None:
    """Below their cut are a, b, c, f and h; people had checked h."""
    assert promise_progress(queue, read_decisions(database, "p")) == PromiseProgress(total=4, done=0)
    for record_id in ("a", "h", "f"):
        record_decision(database, "p", record_id, "Map", by="Anna")
    progress = promise_progress(queue, read_decisions(database, "p"))
    assert (progress.done, progress.left) == (2, 2)
    promise = GuaranteeRecord(kind="whole", max_error=0.02, confidence=0.95)
    assert promise_sentence(progress, promise) == (
        "For at most 2 % wrong in the whole: 2 of 4 books that people do are decided, 2 more to go."
    )
    assert promise_sentence(progress, None) == ""
    unkept = GuaranteeRecord(kind="whole", max_error=0.02, promised=False, more_labels=37)
    assert promise_sentence(progress, unkept) == (
        "There is no promise of at most 2 % wrong in the whole yet. It takes about 37 more checked books."
    )
    record_decision(database, "p", "a", "Fiction", by="Ben", second=True)  # disputed: to be done again
    assert promise_progress(queue, read_decisions(database, "p")).left == 3
