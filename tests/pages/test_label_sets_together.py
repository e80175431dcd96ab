"""Label sets add up in the sidebar: their answers judge together, and the address carries the choice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.importing import import_file
from core.storage import Workspace

Open = Callable[[Workspace, str], AppTest]


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Workspace:
    """100 predicted books, 40 of them checked by one set of labels and 60 by another; ten are in both."""
    rows = "".join(f"b{i:03},A tale {i},Fiction,0.9\n" for i in range(100))
    (tmp_path / "model.csv").write_text(f"id,title,predicted,confidence\n{rows}", encoding="utf-8")
    import_file(workspace, tmp_path / "model.csv", "predictions", name="model")
    for name, books, wrong in (("first", range(40), 4), ("second", range(30, 90), 0)):
        answers = "".join(f"b{i:03},A tale {i},{'Poetry' if i < wrong else 'Fiction'}\n" for i in books)
        (tmp_path / f"{name}.csv").write_text(f"id,title,label\n{answers}", encoding="utf-8")
        import_file(workspace, tmp_path / f"{name}.csv", "labels", name=name)
    return workspace


def _headline(page: AppTest) -> str:
    return next(text.value for text in page.markdown if "checked books are wrong" in text.value)


@pytest.mark.slow
def test_two_sets_judge_together(place: Workspace, open_page: Open) -> None:
    page = open_page(place, "errors.py")
    page.query_params["checked"] = "first"
    page.run()
    assert not page.exception
    assert "4 of 40 checked books are wrong" in _headline(page)
    assert page.multiselect(key="and_by").options == ["second"]
    page.multiselect(key="and_by").select("second").run()
    assert not page.exception
    assert "4 of 90 checked books are wrong" in _headline(page)


def test_without_labels_of_their_own_nothing_is_put_together(place: Workspace, open_page: Open) -> None:
    page = open_page(place, "errors.py").run()
    assert not page.exception
    assert not [widget for widget in page.multiselect if widget.key == "and_by"]


@pytest.mark.slow
def test_a_set_that_was_removed_drops_out(place: Workspace, open_page: Open) -> None:
    from core.upkeep import remove

    page = open_page(place, "errors.py")
    page.query_params["checked"] = "first"
    page.query_params["and_by"] = "second"
    page.run()
    assert "4 of 90 checked books are wrong" in _headline(page)
    remove(place, "labels", "second")
    page.run()
    assert not page.exception
    assert "4 of 40 checked books are wrong" in _headline(page)
