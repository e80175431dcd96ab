"""``colophon facet``: the whole road without a browser."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.cli import main
from core.importing import import_file
from core.storage import Workspace
from tests.core.learned_facets.conftest import is_verse, titles


@pytest.fixture
def books(workspace: Workspace, tmp_path: Path) -> Workspace:
    pd.DataFrame({"id": [f"b{i:03d}" for i in range(120)], "Title": titles()}).to_csv(tmp_path / "b.csv", index=False)
    import_file(workspace, tmp_path / "b.csv", "corpus", name="books")
    return workspace


def test_from_a_name_to_a_classifier(books: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str, status: int = 0) -> dict[str, Any]:
        assert main(["facet", *words, "--workspace", str(books.root), "--json", "--quiet"]) == status
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    assert run("create", "verse", "--definition", "Poems")["corpus"] == "books"
    assert {row["title"] for row in run("suggest", "verse", "--search", "poem aden")["suggestions"]} >= {
        "Poems of Aden"
    }
    marked = run("mark", "verse", "--fits", "b000", "b011", "b022", "--not", "b040", "b050", "b060", "--by", "Ada")
    assert (marked["marked"], marked["fits"], marked["not"]) == (6, 3, 3)
    assert run("mark", "verse", "--undo", "b060")["not"] == 2
    suggested = run("suggest", "verse", "-n", "10")
    assert suggested["features"] == "words" and len(suggested["suggestions"]) == 10
    assert all(is_verse(row["title"]) for row in suggested["suggestions"])
    assert "poems" in [word["word"] for word in suggested["words"]]

    drawn = run("estimate", "verse", "--draw", "30")
    assert len(drawn["sample"]) == 30 and drawn["total"] is None and "30 of the 30" in drawn["reason"]
    fits = [row["record_id"] for row in drawn["sample"] if is_verse(row["title"])]
    other = [row["record_id"] for row in drawn["sample"] if not is_verse(row["title"])]
    run("mark", "verse", "--fits", *fits, "--not", *other)
    measured = run("estimate", "verse")
    assert measured["total"]["low"] <= 40 <= measured["total"]["high"]
    assert measured["recall"]["n"] == 30 and measured["known"] == 3

    finished = run("finish", "verse")
    assert (finished["labels"], finished["checked"]) == ("books-verse-marks", "books-verse-sample")
    assert finished["classes"] == ["verse", "not verse"]
    assert run("list")["facets"][0]["fits"] == 3 + len(fits)
    assert run("rename", "verse", "poetry", "--definition", "Rhymes", "--by", "Ada")["before"] == "verse"
    [row] = run("list")["facets"]
    assert (row["facet"], row["definition"], row["fits"]) == ("poetry", "Rhymes", 3 + len(fits))
    assert run("remove", "poetry")["removed"]
    assert run("list")["facets"] == []


def test_what_is_unclear_is_said_and_nothing_is_written(books: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*words: str) -> str:
        assert main(["facet", *words, "--workspace", str(books.root), "--quiet"]) == 2
        return capsys.readouterr().err

    assert main(["facet", "create", "verse", "--workspace", str(books.root)]) == 0
    assert "no facet called 'vers'" in refuse("suggest", "vers") or "verse" in refuse("suggest", "vers")
    assert "Nothing is marked" in refuse("mark", "verse")
    assert "no record 'x'" in refuse("mark", "verse", "--fits", "b000", "x")
    assert "named twice" in refuse("mark", "verse", "--fits", "b000", "--not", "b000")
    assert "no mark" in refuse("mark", "verse", "--undo", "b000")
    assert "--search" in refuse("suggest", "verse")
    assert "at least one title" in refuse("finish", "verse")
    assert not books.database.read("facet_mark")
