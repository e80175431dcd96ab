"""Thresholds: the warning stands beside the promise, and nothing accepted is no invitation."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.cli import main
from core.importing import import_file
from core.predictions import load_predictions, load_scored
from core.review import sent_records
from core.storage import Workspace
from tests.core.thresholds.test_population import two_libraries
from tests.pages.conftest import by_hand

Open = Callable[[Workspace, str], AppTest]


@pytest.fixture
def page(workspace: Workspace, tmp_path: Path, open_page: Open) -> AppTest:
    path = tmp_path / "both.csv"
    two_libraries().drop(columns=["leak", "split"]).to_csv(path, index=False)
    import_file(workspace, path, "predictions", name="both")
    opened = open_page(workspace, "thresholds.py")
    opened.query_params["way"] = "By a promise"
    return opened


def _keep(page: AppTest) -> str:
    button = next(one for one in page.button if one.label.startswith("Keep these cut-offs"))
    return str(button.proto.type)


def test_the_warning_stands_beside_the_promise(page: AppTest) -> None:
    page.query_params["at_most"] = "10 %"
    page.query_params["per"] = "all accepted together"
    page.run()
    assert not page.exception
    assert any("The model is less sure of the books nobody checked" in one.value for one in page.warning)
    assert any("confidence at most 10\u00a0%" in one.value.replace("\\", "") for one in page.markdown)
    assert _keep(page) == "primary"


def test_nothing_promised_and_nothing_accepted_is_no_invitation(page: AppTest) -> None:
    page.query_params["at_most"] = "1 %"
    page.query_params["per"] = "the accepted of each class"
    page.run()
    assert not page.exception
    assert any("Nothing can be promised" in one.value for one in page.markdown)
    assert _keep(page) == "secondary"


@pytest.mark.parametrize("way", ["By hand", "By a promise"])
def test_the_warning_is_the_command_line_s_in_both_ways(
    page: AppTest, workspace: Workspace, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    cuts = [word for name in ("Fiction", "Non-fiction") for word in ("--cut", f"{name}=.9")]
    status = main(["--workspace", str(workspace.root), "thresholds", "--predictions", "both", *cuts, "--json"])
    said = capsys.readouterr()
    assert status == 0, said.err
    [warning] = json.loads(said.out)["warnings"]
    assert warning.startswith("Be careful: the checked books are not like the books nobody checked.")
    page.query_params["way"] = way
    page.run()
    assert not page.exception
    shown = [one.value.replace("\\", "").replace("\u00a0", " ") for one in page.warning]
    assert shown.count(warning.replace("\u00a0", " ")) == 1


def test_books_like_the_others_are_not_warned_of_by_hand(workspace: Workspace, tmp_path: Path, open_page: Open) -> None:
    """Of each two equal books one is checked."""
    rows = "".join(
        f"{i:04},A tale {i},Fiction,{0.5 + i // 2 % 50 / 100:.2f},{'Fiction' if i % 2 else ''}\n" for i in range(400)
    )
    (tmp_path / "even.csv").write_text(f"id,title,predicted,confidence,truth\n{rows}", encoding="utf-8")
    import_file(workspace, tmp_path / "even.csv", "predictions", name="even")
    opened = by_hand(open_page(workspace, "thresholds.py")).run()
    assert not opened.exception
    # 200 were drawn and none of them is wrong; what holds, holds wherever the sliders stand.
    assert any("That holds at every position" in one.value for one in opened.markdown)
    assert not any("Be careful" in one.value for one in opened.warning)


def test_the_page_begins_with_the_promise_of_the_whole(workspace: Workspace, tmp_path: Path, open_page: Open) -> None:
    """1,000 books, every second one checked, and none of these wrong: people have nothing left to do."""
    rows = "".join(
        f"{i:04},A tale {i},Fiction,{0.5 + i // 2 % 50 / 100:.2f},{'Fiction' if i % 2 else ''}\n" for i in range(1000)
    )
    (tmp_path / "even.csv").write_text(f"id,title,predicted,confidence,truth\n{rows}", encoding="utf-8")
    import_file(workspace, tmp_path / "even.csv", "predictions", name="even")
    page = open_page(workspace, "thresholds.py").run()
    assert not page.exception
    texts = [one.value.replace("\\", "").replace("\u00a0", " ") for one in [*page.markdown, *page.caption]]
    promise = "With 95 % confidence at most 2 % of all 1,000 books are wrong, and nothing is left for people to do."
    assert any(promise in text for text in texts)
    assert any(text.startswith("One question has been asked of these checked books") for text in texts)
    page.selectbox(key="per").select("whole_class").run()
    assert not page.exception
    texts = [one.value for one in page.caption]
    assert any(text.startswith("2 questions have been asked of these checked books") for text in texts)
    page.toggle(key="anytime").set_value(True).run()
    assert not page.exception
    texts = [one.value.replace("\\", "").replace("\u00a0", " ") for one in page.markdown]
    assert any("it may be asked again after each further label." in text for text in texts), texts


def test_the_wrong_among_the_accepted_go_to_review_unmarked(demo_copy: Workspace, open_page: Open) -> None:
    page = open_page(demo_copy, "thresholds.py")
    page.query_params["way"] = "By hand"
    page.run()
    assert not page.exception
    text = " ".join(block.value for block in page.markdown)
    match = re.search(r"(\d+) checked books? counts? as wrong among", text)
    assert match
    number = int(match[1])
    assert number > 1
    [button] = [button for button in page.button if button.label.startswith("Have the wrong ones checked again")]
    button.click().run()
    assert not page.exception
    sent = sent_records(demo_copy.database, load_predictions(demo_copy, "demo-predictions").fingerprint)
    assert len(sent) == 2 * number
    assert set(sent.values()) == {"checked once more, to see whether label or model is wrong"}


def test_drawn_books_can_be_put_on_the_review_list(workspace: Workspace, tmp_path: Path, open_page: Open) -> None:
    """600 books, of which 20 are checked: too few to promise anything, so that a draw is offered."""
    rows = "".join(
        f"{i:04},A tale {i},Fiction,{0.5 + i % 50 / 100:.2f},{'Fiction' if i < 20 else ''}\n" for i in range(600)
    )
    (tmp_path / "few.csv").write_text(f"id,title,predicted,confidence,truth\n{rows}", encoding="utf-8")
    import_file(workspace, tmp_path / "few.csv", "predictions", name="few")
    page = open_page(workspace, "thresholds.py").run()
    assert not page.exception
    page.button(key="review_books-drawn-at-random").click().run()
    assert not page.exception
    [draw] = workspace.database.read("draw")
    sent = sent_records(workspace.database, load_scored(workspace, "few").predictions)
    assert list(sent) == draw["record_ids"]
    assert any(f"{len(sent):,} books were put on the review list" in item.value for item in page.success)
