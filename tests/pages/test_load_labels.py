"""Loading labels on the Catalogue page: how their books were picked is asked, unless the file says so."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

ROWS = "".join(f"b{i},A tale of Pell {i},{'Map' if i % 2 else 'Play'}\n" for i in range(20))


@pytest.mark.slow
def test_how_books_were_picked_is_asked_in_plain_words(loading: AppTest, started: list[dict[str, Any]]) -> None:
    loading.file_uploader[0].upload("l.csv", f"record_id,title,label\n{ROWS}".encode(), "text/csv").run()
    assert not loading.exception
    assert loading.selectbox(key="import_kind").value == "labels"
    asked = loading.selectbox(key="import_drawn")
    assert asked.options == ["I don't know", "by lot, from the whole collection", "somebody chose them"]
    asked.select("random").run()
    loading.button(key="import_go").click().run()
    assert started[0]["drawn"] == "random"


def test_a_list_that_was_drawn_says_so_itself(loading: AppTest, started: list[dict[str, Any]]) -> None:
    rows = ROWS.replace("\n", ",d1,0.1\n")
    content = f"record_id,title,label,draw id,drawn chance\n{rows}"
    loading.file_uploader[0].upload("d.csv", content.encode(), "text/csv").run()
    assert not loading.exception
    assert not [select for select in loading.selectbox if select.key == "import_drawn"]
    assert any("with which chance each book was drawn" in caption.value for caption in loading.caption)
    loading.button(key="import_go").click().run()
    assert started[0]["confirmed"]["columns"]["drawn_chance"] == "drawn chance"
