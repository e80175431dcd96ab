"""What people decide on Review as a label set: drawn books keep their chances, by hand."""

import json
from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.database import Database
from core.errors import InputError
from core.guarantees import WholeRequest, ask_whole, budget_of
from core.importing import import_file
from core.labels import load_labels
from core.predictions import Scored, load_scored
from core.retraining import labels_from_decisions, send_draw_to_review
from core.review import record_decision, send_to_review
from core.storage import Workspace
from core.thresholds import compare_population, draw_review_sample
from core.thresholds.sample import CheckedSample, draw_with_chances

pytestmark = pytest.mark.slow


@pytest.fixture
def scored(workspace: Workspace, tmp_path: Path) -> Scored:
    """400 titles, of which each fourth is a map."""
    table = pd.DataFrame(
        {
            "record_id": [f"b{i}" for i in range(400)],
            "title": [f"The history of town number {i}, in two volumes" for i in range(400)],
            "predicted": ["Play" if i % 4 else "Map" for i in range(400)],
            "confidence": [round(1 - i / 800, 4) for i in range(400)],
        }
    )
    table.to_csv(tmp_path / "tool.csv", index=False)
    import_file(workspace, tmp_path / "tool.csv", "predictions", name="tool", learned_from=("none",))
    return load_scored(workspace, "tool")


def decide(database: Database, scored: Scored, books: pd.DataFrame, labels: dict[str, str] | None = None) -> None:
    for record_id, predicted in zip(books["record_id"], books["predicted"], strict=True):
        label = (labels or {}).get(record_id, predicted)
        record_decision(database, scored.predictions, record_id, label, by="Ada", note="seen", scored=scored)


def test_the_beginning_of_a_drawn_list_is_a_random_sample_of_its_size(workspace: Workspace, scored: Scored) -> None:
    sample = draw_review_sample(scored.table, 200, ())
    assert send_draw_to_review(workspace.database, scored, sample) == 200
    first = sample.iloc[:100].drop(index=sample.index[[4, 7]])
    decide(workspace.database, scored, first, {sample["record_id"].iloc[2]: "can't tell"})
    report = labels_from_decisions(workspace, "tool", "from-review")
    assert "Of the 200 books of the list that was drawn the last 100 are not answered" in " ".join(report.warnings)
    # One that nobody could decide, and two that were passed over.
    assert "2 books of the list have no answer" in " ".join(report.warnings)
    labels = load_labels(workspace, "from-review")
    table = labels.table()
    assert table["record_id"].tolist()[:2] == sample["record_id"].tolist()[:2]
    answered = table[table["label_given"] != ""]
    assert (set(answered["annotator"]), set(answered["note"]), len(answered)) == ({"Ada"}, {"seen"}, 98)
    again = load_scored(workspace, "tool", "from-review")
    checked = CheckedSample.from_table(again.table)
    assert (checked.drawn.sum(), checked.unusable, checked.wrong.sum()) == (100, 3, 3)
    assert checked.chance[checked.drawn] == pytest.approx(0.25)
    assert compare_population(again.table).differing == ()


def test_a_second_list_goes_on_where_the_first_ended(workspace: Workspace, scored: Scored) -> None:
    for n in (40, 100):
        sample = draw_review_sample(scored.table, n, (), seed=n)
        send_draw_to_review(workspace.database, scored, sample)
        decide(workspace.database, scored, sample)
    labels_from_decisions(workspace, "tool", "both")
    checked = CheckedSample.from_table(load_scored(workspace, "tool", "both").table)
    n = int(checked.drawn.sum())
    assert 100 < n < 140
    assert checked.chance[checked.drawn] == pytest.approx(n / 400)


def test_what_was_decided_beside_a_draw_proves_nothing(workspace: Workspace, scored: Scored) -> None:
    sample = draw_with_chances(scored.table, 60, ("predicted",))
    send_draw_to_review(workspace.database, scored, sample)
    decide(workspace.database, scored, sample)
    others = scored.table[~scored.table["record_id"].isin(sample["record_id"])].head(30)
    send_to_review(workspace.database, scored.predictions, others["record_id"], "odd", scored=scored)
    decide(workspace.database, scored, others)
    report = labels_from_decisions(workspace, "tool")
    assert report.name == "tool-review"
    assert "30 books of the file were not drawn" in " ".join(report.warnings)
    checked = CheckedSample.from_table(load_scored(workspace, "tool", report.name).table)
    assert (checked.drawn.sum(), checked.not_drawn) == (len(sample), 30)
    # 30 of all 400 and 15 of each class: .075 + 15 / 100 of the maps, .075 + 15 / 300 of the plays.
    assert set(checked.chance[checked.drawn].round(6)) == {0.225, 0.125}


@pytest.mark.parametrize("is_part", [False, True])
def test_without_a_draw_from_all_of_them_the_books_were_chosen(
    workspace: Workspace, scored: Scored, is_part: bool
) -> None:
    books = scored.table.head(60)
    if is_part:  # drawn at random, but from a part: it says nothing of the others
        books = draw_review_sample(scored.table.head(200), 60, ())
        send_draw_to_review(workspace.database, scored, books)
    else:
        send_to_review(workspace.database, scored.predictions, books["record_id"], "odd", scored=scored)
    decide(workspace.database, scored, books)
    report = labels_from_decisions(workspace, "tool", "chosen")
    again = load_scored(workspace, "tool", report.name)
    assert set(again.table.loc[again.table["truth"] != "", "drawn"]) == {"chosen"}
    assert compare_population(again.table).differing[0].words == "they were chosen, not drawn at random"


def test_to_ask_again_with_further_decisions_is_one_question(workspace: Workspace, scored: Scored) -> None:
    sample = draw_review_sample(scored.table, 200, ())
    send_draw_to_review(workspace.database, scored, sample)
    request = WholeRequest(max_error=0.05, anytime=True)
    accepted, questions = [], []
    for number, end in enumerate((60, 130)):
        decide(workspace.database, scored, sample.iloc[70 * number : end])
        report = labels_from_decisions(workspace, "tool", f"after-{end}")
        again = load_scored(workspace, "tool", report.name)
        budget = budget_of(workspace, again)
        accepted.append(ask_whole(again, request, budget).accepted)
        questions.append(len(budget.questions()))
    assert questions == [1, 1]
    assert accepted[0] < accepted[1]


def test_a_class_may_have_a_name_that_else_means_nothing(workspace: Workspace, tmp_path: Path) -> None:
    table = pd.DataFrame({"record_id": ["1", "2"], "title": ["A map", "A play"], "predicted": ["both", "a=b"]})
    table.to_csv(tmp_path / "odd.csv", index=False)
    import_file(
        workspace, tmp_path / "odd.csv", "predictions", name="odd", map_classes=("both=both",), learned_from=("none",)
    )
    scored = load_scored(workspace, "odd")
    decide(workspace.database, scored, scored.table)
    report = labels_from_decisions(workspace, "odd")
    assert dict(report.summary["classes"]) == {"a=b": 1, "both": 1}


def test_the_command_line_makes_a_label_set(
    workspace: Workspace, scored: Scored, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["label-set", "--from-review", "tool", "--name", "mine", "--workspace", str(workspace.root), "--json"]
    assert main(command) == 2
    assert "Nobody has decided anything about 'tool' yet" in capsys.readouterr().err
    with pytest.raises(InputError):
        labels_from_decisions(workspace, "tool")
    decide(workspace.database, scored, scored.table.head(3))
    assert main(command) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["name"], content["rows"]) == ("mine", 3)
    assert content["summary"]["classes"] == {"Map": 1, "Play": 2}
