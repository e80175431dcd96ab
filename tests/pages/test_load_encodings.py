"""A file in an unknown encoding on the Catalogue page: each candidate shows a line, a press chooses."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

TITLES = ["Война и деревня", "Мёртвые сады", "Преступление в лесу", "Записки из дома"]


@pytest.mark.slow
def test_a_press_on_a_candidate_reads_the_file_in_that_encoding(loading: AppTest, started: list[dict[str, Any]]):
    text = "id,title\n" + "".join(f"{number},{TITLES[number % 4]}\n" for number in range(20))
    loading.file_uploader[0].upload("books.csv", text.encode("koi8-r"), "text/csv").run()
    assert not loading.exception
    message = loading.error[0].value.replace("\\", "")
    assert "it is not Windows-1252 either" in message
    assert "--encoding" not in message
    assert any(TITLES[0] in markdown.value for markdown in loading.markdown)
    loading.button(key="choose-encoding-koi8-r").click().run()
    assert not loading.exception and not loading.error
    assert loading.selectbox(key="import_encoding").value == "koi8-r"
    assert loading.dataframe[0].value["title"].tolist() == [TITLES[number % 4] for number in range(5)]
    loading.button(key="import_go").click().run()
    assert started[0]["reading"]["encoding"] == "koi8-r"


@pytest.mark.slow
def test_a_sheet_is_chosen(loading: AppTest, started: list[dict[str, Any]], tmp_path: Path):
    book = openpyxl.Workbook()
    for number, name in enumerate(("Books", "Maps")):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = name
        for row in [("id", "title"), ("1", f"{name} one"), ("2", f"{name} two")]:
            sheet.append(row)
    book.save(tmp_path / "two.xlsx")
    loading.file_uploader[0].upload("two.xlsx", (tmp_path / "two.xlsx").read_bytes()).run()
    assert loading.dataframe[0].value["title"].tolist() == ["Books one", "Books two"]
    loading.selectbox(key="import_sheet_two.xlsx").select("Maps").run()
    assert not loading.exception and not loading.error
    assert loading.dataframe[0].value["title"].tolist() == ["Maps one", "Maps two"]
    loading.button(key="import_go").click().run()
    assert started[0]["reading"]["sheet"] == "Maps"
