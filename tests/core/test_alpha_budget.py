"""Every question asked of checked books uses up a part of what they can prove."""

import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.alpha_budget import AlphaBudget, weight_of_question
from core.cli import main
from core.errors import InputError
from core.guarantees import WholeRequest, ask_whole, budget_of
from core.importing import import_file
from core.predictions import load_scored
from core.storage import Workspace


def test_the_parts_come_to_one() -> None:
    assert weight_of_question(1) == 0.6
    assert weight_of_question(2) == pytest.approx(0.4 * 6 / math.pi**2)
    assert sum(weight_of_question(k) for k in range(1, 20_000)) == pytest.approx(1, abs=1e-4)
    with pytest.raises(InputError, match="counted from 1"):
        weight_of_question(0)


def test_asking_again_is_free_and_others_pay(workspace: Workspace) -> None:
    budget = AlphaBudget(workspace.database, ["emma", "ivanhoe"])
    assert budget.left == 1
    assert budget.spend("a", "2 %").weight == 0.6
    assert budget.spend("a", "2 %").weight == 0.6
    assert budget.spend("b", "1 %").weight == pytest.approx(0.2432, abs=1e-4)
    assert [question.number for question in budget.questions()] == [1, 2]
    assert budget.left == pytest.approx(0.1568, abs=1e-4)


def test_more_labels_do_not_begin_anew_and_other_books_do(workspace: Workspace) -> None:
    AlphaBudget(workspace.database, ["emma", "ivanhoe"]).spend("a", "first")
    more = AlphaBudget(workspace.database, ["ivanhoe", "waverley"])
    assert more.spend("b", "second").number == 2
    fresh = AlphaBudget(workspace.database, ["middlemarch"])
    assert fresh.spend("c", "third").weight == 0.6
    assert AlphaBudget(workspace.database, ["emma"]).spend("d", "fourth").number == 2  # it shares none with the second
    assert AlphaBudget(workspace.database, ["emma", "waverley"]).spend("e", "fifth").number == 4


def test_what_holds_while_labels_come_in_is_one_question(workspace: Workspace) -> None:
    assert AlphaBudget(workspace.database, ["emma", "ivanhoe"]).spend("a", "2 %", grows=True).weight == 0.6
    more = AlphaBudget(workspace.database, ["emma", "ivanhoe", "waverley"])
    assert more.spend("a", "2 %", grows=True).number == 1
    assert more.spend("b", "1 %", grows=True).number == 2
    assert len(more.questions()) == 2
    # Other books in place of some of the first: these are not more labels, it is another sample.
    other = AlphaBudget(workspace.database, ["ivanhoe", "waverley"])
    assert other.spend("a", "2 %", grows=True).number == 3
    assert other.spend("a", "2 %", grows=True).number == 3
    assert AlphaBudget(workspace.database, ["emma", "ivanhoe"]).spend("a", "2 %").number == 4


def test_no_title_is_written_down(workspace: Workspace) -> None:
    AlphaBudget(workspace.database, ["a secret title"]).spend("a", "first")
    assert "secret" not in json.dumps(list(workspace.database.read("checked_books")))


@pytest.fixture
def thresholds(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, object]]:
    """Ask the command line about 1,000 books, every second one checked and right, by two models."""
    for name in ("first", "second"):
        rows = "".join(
            f"{i:04},A tale {i},Fiction,{0.5 + i // 2 % 50 / 100:.2f},{'Fiction' if i % 2 else ''}\n"
            for i in range(1000)
        )
        (tmp_path / f"{name}.csv").write_text(f"id,title,predicted,confidence,truth\n{rows}", encoding="utf-8")
        import_file(workspace, tmp_path / f"{name}.csv", "predictions", name=name)

    def ask(predictions: str, *options: str) -> dict[str, object]:
        main(["--workspace", str(workspace.root), "thresholds", "--predictions", predictions, *options, "--json"])
        return dict(json.loads(capsys.readouterr().out))

    return ask


def test_the_command_line_asks_of_the_same_budget(thresholds: Callable[..., dict[str, object]]) -> None:
    first = thresholds("first", "--whole", ".02")
    assert first["promised"] is True
    assert isinstance(first["promise"], dict)
    assert first["promise"]["groups"][0]["alpha"] == pytest.approx(0.6 * 0.05)
    assert first["whole"] == {
        "limit": 0.02,
        "confidence": 0.95,
        "promised": True,
        "machine_share": 1.0,
        "people": 0,
        "hours": 0.0,
        "upper": first["promise"]["groups"][0]["most_wrong"] / 1000,
        "reason": "",
        "warnings": [],
    }
    again = thresholds("first", "--whole", ".02")
    assert again["promise"] == first["promise"]
    other = thresholds("second", "--whole", ".02")
    assert isinstance(other["promise"], dict)
    assert other["promise"]["groups"][0]["alpha"] == pytest.approx(0.2432 * 0.05, abs=1e-5)
    assert str(other["budget"]).startswith("2 questions have been asked of these checked books")


def test_to_ask_again_after_more_labels_is_free(workspace: Workspace, tmp_path: Path) -> None:
    """300 and 400 books are checked: what holds at any time is one question, what holds for one look is two."""
    rows = "".join(f"{i:04},A tale {i},Fiction,{0.5 + i % 50 / 100:.2f}\n" for i in range(1000))
    (tmp_path / "p.csv").write_text(f"id,title,predicted,confidence\n{rows}", encoding="utf-8")
    import_file(workspace, tmp_path / "p.csv", "predictions", name="p")
    for n in (300, 400):
        answers = "".join(f"{i:04},A tale {i},Fiction\n" for i in range(n))
        (tmp_path / f"checked-{n}.csv").write_text(f"id,title,label\n{answers}", encoding="utf-8")
        import_file(workspace, tmp_path / f"checked-{n}.csv", "labels", name=f"checked-{n}")

    def asked(n: int, *, anytime: bool) -> int:
        scored = load_scored(workspace, "p", f"checked-{n}", ("none",))
        budget = budget_of(workspace, scored)
        result = ask_whole(scored, WholeRequest(max_error=0.03, anytime=anytime), budget)
        assert (result.anytime, result.labelled) == (anytime, n)
        return len(budget.questions())

    assert [asked(n, anytime=True) for n in (300, 400)] == [1, 1]
    assert [asked(n, anytime=False) for n in (300, 400)] == [2, 3]


def test_a_promise_at_any_time_belongs_to_the_whole(
    thresholds: Callable[..., dict[str, object]], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    promise = thresholds("first", "--whole", ".03", "--anytime")["promise"]
    assert isinstance(promise, dict)
    assert promise["anytime"] is True
    options = ["--predictions", "first", "--accepted", ".05", "--anytime"]
    assert main(["--workspace", str(workspace.root), "thresholds", *options]) == 2
    assert "they belong to --whole" in capsys.readouterr().err


@pytest.mark.slow
def test_report_export_and_readme_repeat_the_promise_of_the_whole(
    thresholds: Callable[..., dict[str, object]], workspace: Workspace, tmp_path: Path
) -> None:
    content = thresholds("first", "--whole", ".02")["promise"]
    assert isinstance(content, dict)
    sentence = str(content["sentence"]).replace("\u00a0", " ")
    assert sentence.startswith("With 95 % confidence at most 2 % of all 1,000 books are wrong")
    place = ["--workspace", str(workspace.root)]
    options = ["--predictions", "first", "--whole", ".02"]
    assert main([*place, "report", *options, "--out", str(tmp_path / "report.html")]) == 0
    assert "at most 2 % of all 1,000 books" in (tmp_path / "report.html").read_text("utf-8").replace("\u00a0", " ")
    assert main([*place, "export", *options, "--profile", "none", "--out", str(tmp_path / "export.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "export.zip") as bundle:
        files = {name.rpartition("/")[2].lower(): name for name in bundle.namelist()}
        readme = next(bundle.read(files[name]).decode() for name in ("readme.md", "readme.txt") if name in files)
        manifest = bundle.read(files["manifest.json"]).decode()
    assert sentence.rstrip(".") in readme.replace("\u00a0", " ")
    assert "a promise allows for that, these figures do not" in readme
    assert '"kind": "whole"' in manifest
