import json
from pathlib import Path
from typing import Any

import pytest

from core.cli import build_parser, main, output
from core.formatting import printable
from core.predictions import load_scored
from core.slices import ledger_of
from core.storage import Workspace


def _run(capsys: pytest.CaptureFixture[str], place: Workspace, *words: str) -> tuple[int, str, str]:
    status = main([*words, "--workspace", str(place.root), "--quiet"])
    output = capsys.readouterr()
    return status, output.out, output.err


def _json(capsys: pytest.CaptureFixture[str], place: Workspace, *words: str, status: int = 0) -> dict[str, Any]:
    ended, out, _ = _run(capsys, place, *words, "--json")
    assert ended == status
    result: dict[str, Any] = json.loads(out)
    return result


@pytest.mark.slow
def test_the_keys_that_stay_put(demo_copy: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    place = demo_copy
    evaluated = _json(capsys, place, "evaluate", "--predictions", "demo-predictions")
    wanted = {"n", "unlabelled", "accuracy", "macro_f1", "per_class", "confusion", "calibration", "collection", "leak"}
    assert wanted <= set(evaluated)
    assert {"value", "low", "high"} <= set(evaluated["accuracy"])
    assert {"accuracy", "class_shares"} <= set(evaluated["collection"])
    slices = _json(capsys, place, "slices", "--predictions", "demo-predictions", "--by", "language")["slices"]
    assert {"description", "facts", "n", "errors", "error_rate", "low", "high", "collection_n"} <= set(slices[0])
    cuts = ("--cut", "Fiction=.9", "--cut", "non_fiction=.95")
    thresholds = _json(capsys, place, "thresholds", "--predictions", "demo-predictions", *cuts)
    wanted = {"cuts", "promised", "accepted", "coverage", "accuracy", "expected_errors", "keep_rates", "reason"}
    assert wanted <= set(thresholds)
    assert thresholds["cuts"] == {"Fiction": 0.9, "Non-fiction": 0.95}
    represented = _json(
        capsys, place, "represent", "--sample", "demo-annotated", "--population", "demo-digitised", "--by", "language"
    )
    assert {"facet", "tvd", "jsd_bits", "cramers_v", "p", "p_adjusted", "rows"} <= set(represented["facets"][0])
    out = tmp_path / "out.zip"
    exported = _json(capsys, place, "export", "--predictions", "demo-predictions", *cuts, "--out", str(out))
    assert {"files", "accepted", "review", "manifest"} <= set(exported)
    assert {"name", "format", "records", "sha256"} <= set(exported["files"][0])
    assert out.exists()


def test_a_promise_that_cannot_be_kept_ends_with_one(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("thresholds", "--predictions", "demo-predictions", "--max-error", ".001")
    text = _json(capsys, demo_copy, *words, status=1)
    assert text["promised"] is False
    assert "Nothing can be promised" in text["reason"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("evaluate", "--predictions", "nothing"), "There is no set of predictions called 'nothing'"),
        (("import", "nowhere.csv", "--kind", "corpus"), "nowhere.csv"),
        (("thresholds", "--predictions", "demo-predictions"), "Say one of the three: --whole SHARE"),
        (("thresholds", "--predictions", "demo-predictions", "--cut", "Poetry=.9"), "one of the classes Fiction"),
        (("thresholds", "--predictions", "demo-predictions", "--cut", "Fiction=high"), "is no number"),
        (("slices", "--predictions", "demo-predictions", "--by", "colour"), "There is no facet 'colour'"),
        (
            ("represent", "--sample", "x", "--population", "y"),
            "There is no corpus, label set or set of predictions called 'x'",
        ),
        (("train", "--labels", "demo-annotated", "--model", "oracle"), "oracle"),
    ],
)
def test_wrong_input_is_two_lines_at_most_and_status_two(
    demo_workspace: Workspace, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    status, out, err = _run(capsys, demo_workspace, *words)
    assert (status, out) == (2, "")
    assert complaint in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 2


@pytest.mark.parametrize("command", ["evaluate --predictions demo-predictions", "demo"])
def test_a_damaged_database_is_one_line_and_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = tmp_path / "colophon.db"
    path.write_text("no database", encoding="utf-8")
    assert main([*command.split(), "--workspace", str(tmp_path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    [line] = output.err.splitlines()
    assert line.startswith(f"colophon: The workspace's database {path} is damaged (file is not a database). Stop the")


def test_every_look_is_written_into_the_ledger(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("slices", "--predictions", "demo-predictions")
    by_language = _json(capsys, demo_copy, *words, "--by", "language")
    looks = sum(row["p"] is not None for row in by_language["slices"])
    assert 0 < looks < len(by_language["slices"])
    assert by_language["ledger"].startswith(f"{looks} groups have been looked at on this test set so far; ")
    verse = _json(capsys, demo_copy, *words, "--phrase", "poem, song")
    assert verse["ledger"].startswith("Tested on titles that the list had kept back: ")
    assert f"{looks + 1} groups have been looked at" in verse["ledger"]
    again = _json(capsys, demo_copy, *words, "--phrase", "SONG|poem")
    assert again["ledger"] == verse["ledger"]
    _, out, _ = _run(capsys, demo_copy, *words, "--phrase", "xylophone")
    assert "looked at" not in out  # in no title, so nothing was seen
    ledger = ledger_of(demo_copy, load_scored(demo_copy, "demo-predictions"))
    assert [look.description for look in ledger.looks()][looks:] == ["books found by “poem, song” in the title"]


def test_people_read_tables_and_programs_read_null(capsys: pytest.CaptureFixture[str]) -> None:
    lines = output.table([{"a": "x\ny", "n": 1234, "r": float("nan")}], {"a": "name", "n": "books", "r": "rate"})
    assert lines == ["name  books  rate", "────  ─────  ────", "x y   1,234     –"]
    output.print_result(output.CommandResult({"r": float("nan"), "k": (1, 2)}, lines), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"r": None, "k": [1, 2]}


def test_a_title_cannot_steer_the_terminal() -> None:
    assert printable("\x1b[2Jgone") == "�[2Jgone"


def test_every_command_of_the_interface_is_there() -> None:
    choices = build_parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    wanted = "demo fetch import represent train predict evaluate slices thresholds label audit-labels export report"
    assert set((wanted + " serve doctor").split()) <= set(choices or ())


def test_a_class_that_never_occurs_gives_a_sentence_and_no_nan(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "p.csv"
    text = "record_id,title,predicted,p_Map,p_Play,p_Song,truth\n" + "\n".join(
        f"b{i},A title {i},Map,.9,.05,.05,{'Map' if i % 3 else 'Play'}" for i in range(40)
    )
    path.write_text(text, encoding="utf-8")
    common = ["--workspace", str(tmp_path / "ws"), "--quiet"]
    assert main(["import", str(path), "--kind", "predictions", *common]) == 0
    capsys.readouterr()
    assert main(["evaluate", "--predictions", "p", *common]) == 0
    output = capsys.readouterr().out
    assert "nan" not in output.lower().split()
    assert "Macro-F1 is not known: no checked book is Song or is predicted to be" in output
    # Songs are never predicted: no promise is broken by that; of plays nothing is predicted either.
    assert main(["thresholds", "--predictions", "p", "--max-error", ".6", *common]) == 0
    assert "The model calls no book Song: there is nothing to promise of it" in capsys.readouterr().out
