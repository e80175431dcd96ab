"""Catalogue reads files of the server only below folders that its operator has named; without any it offers no way."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from core.uploads import VARIABLE

Open = Callable[[Workspace, str], AppTest]
ASKS = "File in the folders of this server that are open to these pages"


def _ways(page: AppTest) -> list[str]:
    return next(list(item.options) for item in page.get("button_group") if "On my computer" in item.options)


def test_without_a_named_folder_no_way_to_the_server_is_offered(
    workspace: Workspace, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    page = open_page(workspace, "catalogue.py").run()
    assert not page.exception
    assert _ways(page) == ["On my computer", "Published by the British Library"]
    page.session_state["way"] = "On this server"  # as a browser could send it
    assert ASKS not in [item.label for item in page.run().text_input]


@pytest.fixture
def page(workspace: Workspace, open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "books.csv").write_text("id,title\n001,The first book\n002,A second one\n")
    (tmp_path / "secret.csv").write_text("id,title\n001,A secret\n")
    (folder / "out.csv").symlink_to(tmp_path / "secret.csv")
    monkeypatch.setenv(VARIABLE, str(folder))
    opened = open_page(workspace, "catalogue.py").run()
    assert "On this server" in _ways(opened)
    opened.session_state["way"] = "On this server"
    return opened.run()


def _type(page: AppTest, path: str) -> AppTest:
    next(item for item in page.text_input if item.label == ASKS).input(path).run()
    assert not page.exception
    return page


@pytest.mark.slow
def test_a_file_below_a_named_folder_is_shown(page: AppTest) -> None:
    _type(page, "books.csv")
    assert not page.error
    assert page.dataframe[0].value["title"].tolist() == ["The first book", "A second one"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.csv", "out.csv", "~nosuchuser/x", "x" * 5000])
def test_everything_else_is_refused_in_one_sentence(page: AppTest, path: str) -> None:
    _type(page, path)
    sentence = "There is no such file in the folders that are open to these pages."
    assert [item.value.replace("\\", "") for item in page.error] == [sentence]
    assert not page.dataframe
