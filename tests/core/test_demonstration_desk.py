"""The demonstration's desk: books wait, two invented reviewers have begun, and about one book they disagree."""

import pandas as pd

from core.demonstration import PREDICTIONS, REVIEWERS, hand_over, open_desk, write_rules
from core.export.release import saved_exports
from core.guarantees import saved_policies
from core.predictions import load_scored
from core.review import decisions_for_scored
from core.review_queue import Reason, queue_of, waiting_for
from core.road import next_step, road_status
from core.second_opinions import measure_opinions, second_share
from core.storage import Workspace
from core.weak_supervision import saved_functions


def test_books_wait_and_two_people_have_begun(demo_copy: Workspace) -> None:
    scored = load_scored(demo_copy, PREDICTIONS)
    truth = pd.Series(scored.table["predicted"].to_numpy(), index=scored.table["record_id"])
    # Twelve books, the first, fifth and ninth of them with two answers.
    assert open_desk(demo_copy, truth) == 15
    log = decisions_for_scored(demo_copy.database, scored)
    assert {row.by for row in log.rows} == set(REVIEWERS)
    assert all("(invented)" in row.by for row in log.rows)
    assert (len(log.current), len(log.disputes), len(log.pairs)) == (11, 1, 3)
    opinions = measure_opinions(log)
    assert (len(opinions.pairs), opinions.agreed, opinions.copies) == (3, 2, 0)
    queue = queue_of(demo_copy, scored, None)
    assert queue.counts[Reason.SENT] == 60
    ordered = queue.ordered(reasons=[Reason.SENT])
    share = second_share(demo_copy.database, scored.predictions)
    waiting = waiting_for(queue, ordered, log, by="Cleo", session="c", second_share=share)
    assert len(waiting.disputed) == 1  # which Cleo finds first
    assert len(waiting.record_ids) == 48 + 1 + len(waiting.second)
    assert open_desk(demo_copy, truth) == 0  # it is opened once


def test_the_first_promise_is_kept_and_what_it_accepts_was_exported_once(demo_copy: Workspace) -> None:
    path = hand_over(demo_copy)
    assert path
    assert path.exists()
    scored = load_scored(demo_copy, PREDICTIONS)
    [chosen] = saved_policies(demo_copy, scored.predictions)
    assert chosen.promise
    assert chosen.promise.promised
    assert chosen.promise.max_error == 0.02
    [export] = saved_exports(demo_copy, scored.predictions)
    assert export.accepted > 1_000
    assert hand_over(demo_copy) is None
    assert next_step(road_status(demo_copy, PREDICTIONS)) == "review"


def test_three_rules_are_written_once(demo_copy: Workspace) -> None:
    assert write_rules(demo_copy) == 3
    functions = [entry.function for entry in saved_functions(demo_copy.database)]
    assert [(function.name, function.label) for function in functions] == [
        ("stories", "Fiction"),
        ("verse", "Fiction"),
        ("history and travel", "Non-fiction"),
    ]
    assert write_rules(demo_copy) == 0
