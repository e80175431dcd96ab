"""The pages of one book and of help."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from core.wording.help import DEFINITIONS

Open = Callable[[Workspace, str], AppTest]


def shown(page: AppTest) -> str:
    assert not page.exception
    return " ".join(block.value for block in page.markdown).replace("\\", "")


def test_a_book_is_found_by_a_word_of_its_title(demo_workspace: Workspace, open_page: Open) -> None:
    page = open_page(demo_workspace, "book.py")
    page.query_params["find"] = "ghost milliner"
    text = shown(page.run())
    assert "The ghost and the milliner" in text
    assert "demo-predictions** says" in text


def test_another_book_is_looked_for_from_the_page_of_a_book(demo_workspace: Workspace, open_page: Open) -> None:
    page = open_page(demo_workspace, "book.py")
    page.query_params["find"] = "ghost milliner"
    page.run()
    page.text_input(key="search_box").set_value("forgotten milliner").run()
    text = shown(page)
    assert "His forgotten milliner" in text
    assert "The ghost and the milliner" not in text
    assert page.text_input(key="find").value == "forgotten milliner"


def test_a_word_that_no_book_holds_is_said(demo_workspace: Workspace, open_page: Open) -> None:
    page = open_page(demo_workspace, "book.py")
    page.query_params["find"] = "<b>qqqq"
    assert "No book holds “<b>qqqq”" in shown(page.run())


def test_help_explains_every_word_and_finds_one(demo_workspace: Workspace, open_page: Open) -> None:
    page = open_page(demo_workspace, "help.py").run()
    text = shown(page)
    assert all(word in text for word in DEFINITIONS)
    page.text_input(key="word").set_value("promise").run()
    text = shown(page)
    assert "**Promise**" in text
    assert "**Recall**" not in text
