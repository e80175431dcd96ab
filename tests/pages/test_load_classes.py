"""Loading predictions on the Catalogue page: the kind is guessed, class names are asked about and mapped."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


@pytest.mark.slow
def test_names_without_a_common_one_are_mapped_on_the_page(loading: AppTest, started: list[dict[str, Any]]) -> None:
    rows = "".join(f"{i:03},A tale {i},{'Fiction' if i % 2 else 'Map'},LABEL_{i % 2},0.9\n" for i in range(1, 11))
    loading.file_uploader[0].upload("p.csv", f"id,title,truth,predicted,score\n{rows}".encode(), "text/csv").run()
    assert not loading.exception
    assert loading.selectbox(key="import_kind").value == "predictions"
    assert any("No class name of the truth" in warning.value for warning in loading.warning)
    loading.text_input(key="class-predictions-LABEL_1").input("Fiction")
    loading.text_input(key="class-predictions-LABEL_0").input("Map").run()
    assert not loading.exception
    assert not any("No class name" in warning.value for warning in loading.warning)
    loading.button(key="import_go").click().run()
    (config,) = started
    assert config["kind"] == "predictions"
    assert sorted(config["map_classes"]) == ["LABEL_0=Map", "LABEL_1=Fiction"]


@pytest.mark.slow
def test_columns_of_a_file_without_header_are_named_on_the_page(
    loading: AppTest, started: list[dict[str, Any]]
) -> None:
    content = b"001204567,A tale,Fiction,0.75\n001204604,A plan,Map,0.81\n"
    loading.file_uploader[0].upload("n.csv", content, "text/csv").run()
    assert not loading.exception
    loading.text_input(key="import_columns_n.csv").input("id, title, predicted, score").run()
    assert not loading.exception
    assert loading.selectbox(key="import_kind").value == "predictions"
    loading.button(key="import_go").click().run()
    assert started[0]["reading"]["columns"] == ["id", "title", "predicted", "score"]


def test_scores_that_are_none_are_refused_before_the_import(loading: AppTest) -> None:
    content = b"id,title,predicted,score\n1,A tale,Fiction,0.75\n2,A plan,Map,high\n3,A play,Map,0.5\n"
    loading.file_uploader[0].upload("b.csv", content, "text/csv").run()
    assert not loading.exception
    assert "is not a probability" in loading.error[0].value.replace("\\", "")


@pytest.mark.slow
def test_what_the_page_showed_is_what_the_import_is_given(loading: AppTest, started: list[dict[str, Any]]) -> None:
    """The first 2,000 rows are seen; in later rows the record ids repeat, and all rows would be read otherwise."""
    rows = [f"b{i},s{i},A tale of Pell {i},Tales,x\n" for i in range(2_000)]
    rows += [f"b{i},s{2_000 + i},A map of Pell {i},Maps,x\n" for i in range(100)]
    content = "record id,system number,title,shelf title,note\n" + "".join(rows)
    loading.file_uploader[0].upload("books.csv", content.encode(), "text/csv").run()
    assert not loading.exception
    selects = {select.label: select for select in loading.selectbox}
    assert selects["record id"].value == "record id"
    selects["title"].select("shelf title").run()
    loading.button(key="import_go").click().run()
    (config,) = started
    assert config["confirmed"] == {
        "columns": {"record_id": "record id", "alternate_id": "system number", "title": "shelf title"},
        "probabilities": {},
        "shown": ["record id", "system number", "title", "shelf title", "note"],
    }
