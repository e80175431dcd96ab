"""A file in an unknown encoding on the Catalogue page: each candidate shows a line, a press chooses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from dashboard import cache, jobs
from tests.serving import ROOT

TITLES = ["Война и деревня", "Мёртвые сады", "Преступление в лесу", "Записки из дома"]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the page asks a job to do, instead of the job."""
    configs: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "start_job", lambda module, config, title: configs.append(dict(config)))
    return configs


@pytest.fixture
def page(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("COLOPHON_HOME", str(workspace.root))
    cache.workspace.clear()  # type: ignore[attr-defined]
    yield AppTest.from_file(str(Path(ROOT, "pages", "catalogue.py")), default_timeout=240).run()
    cache.workspace.clear()  # type: ignore[attr-defined]


def test_a_press_on_a_candidate_reads_the_file_in_that_encoding(page: AppTest, started: list[dict[str, Any]]):
    text = "id,title\n" + "".join(f"{number},{TITLES[number % 4]}\n" for number in range(20))
    page.file_uploader[0].upload("books.csv", text.encode("koi8-r"), "text/csv").run()
    assert not page.exception
    message = page.error[0].value.replace("\\", "")
    assert "it is not Windows-1252 either" in message
    assert "--encoding" not in message
    assert any(TITLES[0] in markdown.value for markdown in page.markdown)
    page.button(key="choose-encoding-koi8-r").click().run()
    assert not page.exception and not page.error
    assert page.selectbox(key="import_encoding").value == "koi8-r"
    assert page.dataframe[0].value["title"].tolist() == [TITLES[number % 4] for number in range(5)]
    page.button(key="import_go").click().run()
    assert started[0]["reading"]["encoding"] == "koi8-r"


def test_a_sheet_is_chosen(page: AppTest, started: list[dict[str, Any]], tmp_path: Path):
    book = openpyxl.Workbook()
    for number, name in enumerate(("Books", "Maps")):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = name
        for row in [("id", "title"), ("1", f"{name} one"), ("2", f"{name} two")]:
            sheet.append(row)
    book.save(tmp_path / "two.xlsx")
    page.file_uploader[0].upload("two.xlsx", (tmp_path / "two.xlsx").read_bytes()).run()
    assert page.dataframe[0].value["title"].tolist() == ["Books one", "Books two"]
    page.selectbox(key="import_sheet_two.xlsx").select("Maps").run()
    assert not page.exception and not page.error
    assert page.dataframe[0].value["title"].tolist() == ["Maps one", "Maps two"]
    page.button(key="import_go").click().run()
    assert started[0]["reading"]["sheet"] == "Maps"
