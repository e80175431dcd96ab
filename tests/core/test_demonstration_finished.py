"""A cataloguer who answers from the truth finishes the demonstration, and the catalogue is as right as was promised."""

import io
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from core.demonstration import PREDICTIONS, hand_over, open_desk
from core.export.release import Release, release
from core.guarantees import saved_policies
from core.predictions import load_scored
from core.review import Answer, decisions_for_scored, record_answers
from core.review_queue import queue_of, waiting_for
from core.road import next_step, road_status
from core.schema import PREDICTED, RECORD_ID
from core.storage import Workspace
from data.demonstration import generate


@pytest.mark.slow
def test_once_the_rest_is_done_no_more_of_the_whole_is_wrong_than_was_promised(
    demo_copy: Workspace, tmp_path: Path
) -> None:
    truth = generate().truth
    open_desk(demo_copy, truth)
    hand_over(demo_copy)
    scored = load_scored(demo_copy, PREDICTIONS)
    [chosen] = saved_policies(demo_copy, scored.predictions)
    queue = queue_of(demo_copy, scored, chosen.policy)
    predicted = scored.table.set_index(RECORD_ID)[PREDICTED]
    log = decisions_for_scored(demo_copy.database, scored)
    looks = len(log.rows)
    while (waiting := waiting_for(queue, queue.ordered(), log, by="Cleo")).record_ids:
        assert next_step(road_status(demo_copy, PREDICTIONS)) == "review"
        answers = [
            Answer(record_id=name, label=truth[name], old=predicted[name], seen=log.newest)
            for name in waiting.record_ids[:1000]
        ]
        assert len(record_answers(demo_copy.database, scored, answers, by="Cleo").written) == len(answers)
        looks += len(answers)
        log = decisions_for_scored(demo_copy.database, scored)
    assert next_step(road_status(demo_copy, PREDICTIONS)) == "export"
    release(demo_copy, Release.prepare(demo_copy, PREDICTIONS, chosen, scored=scored), tmp_path / "finished.zip")
    assert next_step(road_status(demo_copy, PREDICTIONS)) == "share"
    with zipfile.ZipFile(tmp_path / "finished.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith("all-scores.csv"))
        table = pd.read_csv(io.BytesIO(archive.read(name)), dtype="str", keep_default_na=False).set_index(RECORD_ID)
    finished = table["pred_label"].where(table["human_label"] == "", table["human_label"])
    wrong = int((finished != truth[table.index]).sum())
    by_decision = table["pred_decision"].value_counts().to_dict()
    print(f"{looks} looks; {wrong} of {len(table)} wrong; {by_decision}")
    assert len(table) == 6_000
    # Of one book an invented reviewer could not tell what it is; all others carry a label.
    assert by_decision["rejected"] == 1
    assert chosen.promise
    assert 0 < wrong <= chosen.promise.max_error * 6_000
    # Once at each book that the promise names, and once at those that were sent to them although the machine may decide
    # them, or whose label looks wrong.
    named = re.search(r"the rest: ([\d,]+)", chosen.promise.sentence)
    assert named
    promised = int(named[1].replace(",", ""))
    assert promised <= looks < promised + 60
