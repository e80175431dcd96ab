"""The Facets page, driven without a browser on a small invented collection."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.importing import import_file
from core.learned_facets import LearnedFacet, add_marks, create_facet, facet_log, list_facets
from core.storage import Workspace
from dashboard import facets_view
from tests.core.learned_facets.conftest import is_verse, titles
from tests.pages.conftest import Open


@pytest.fixture
def books(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(facets_view, "LEAST_SECONDS", 0.0)
    rows = pd.DataFrame({"id": [f"b{i:03d}" for i in range(120)], "Title": titles()})
    rows.to_csv(tmp_path / "books.csv", index=False)
    import_file(workspace, tmp_path / "books.csv", "corpus", name="books")
    return workspace


def marked(workspace: Workspace) -> LearnedFacet:
    facet = create_facet(workspace.database, workspace.find("corpora", "books").fingerprint, "verse")
    fits = dict.fromkeys(("b000", "b011", "b022"), True)
    add_marks(workspace.database, facet, {**fits, **dict.fromkeys(("b040", "b051"), False)})
    return facet


def press(page: AppTest, label: str) -> AppTest:
    page = next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def text(page: AppTest) -> str:
    items = [*page.markdown, *page.caption, *page.info, *page.success, *page.error]
    return "\n".join(str(item.value).replace("\\", "") for item in items)


def cards(page: AppTest) -> list[str]:
    lines = [str(item.value).replace("\\", "") for item in page.markdown]
    return [line.strip("*") for line in lines if line.startswith("**") and line.endswith("**")]


def test_a_facet_is_begun_searched_marked_and_undone(books: Workspace, open_page: Open) -> None:
    page = open_page(books, "facets.py").run()
    assert "There is no facet yet" in text(page)
    page.text_input[0].set_value("verse")
    page.text_area[0].set_value("Poems")
    page = press(page, "Begin")
    [facet] = list_facets(books.database, books.find("corpora", "books").fingerprint)
    assert facet.definition == "Poems"

    page.text_input(key="facet_words").set_value("poem aden").run()
    assert set(cards(page)) == {"Poems of Aden", "Aden and other poems", "A poem on Aden"}
    page = press(page, "Fits")
    log = facet_log(books.database, facet)
    assert [(mark.record_id, mark.via) for mark in log.rows] == [("b000", "search")]
    assert "1 title fits, 0 do not" in text(page)
    page = press(page, "Undo my last mark")
    assert not facet_log(books.database, facet).current


def test_suggestions_come_of_marks_and_a_mark_brings_the_next(books: Workspace, open_page: Open) -> None:
    facet = marked(books)
    page = open_page(books, "facets.py").run()
    assert not page.exception
    first = cards(page)
    assert len(first) == 8 and sum(map(is_verse, first)) >= 6
    assert "Words that matter" in text(page) and "Suggestions go by words so far" in text(page)
    page = press(page, "Does not fit")
    [mark] = [mark for mark in facet_log(books.database, facet).rows if mark.via == "suggestion"]
    assert not mark.fits and titles()[int(mark.record_id[1:])] == first[0]
    assert first[0] not in cards(page)


def test_a_title_that_has_only_just_come_is_not_marked(
    books: Workspace, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    facet = marked(books)
    page = open_page(books, "facets.py").run()
    monkeypatch.setattr(facets_view, "LEAST_SECONDS", 3600.0)
    press(page, "Fits")
    assert len(facet_log(books.database, facet).rows) == 5


def test_the_sample_is_drawn_marked_and_made_a_classifier(books: Workspace, open_page: Open) -> None:
    facet = marked(books)
    page = open_page(books, "facets.py").run()
    page.segmented_control[0].set_value("Drawn at random").run()
    assert "Nothing was drawn at random yet" in text(page)
    page = press(page, "Draw titles at random")
    sample = facet_log(books.database, facet).sample
    assert sample is not None and len(sample.record_ids) == 100
    assert set(cards(page)) <= {titles()[int(name[1:])] for name in sample.record_ids[:8]}
    answers = {name: is_verse(titles()[int(name[1:])]) for name in sample.record_ids}
    add_marks(books.database, facet, answers, via="sample")
    page = page.run()
    assert "titles fit (" in text(page), "how many there are, between what and what"
    page = press(page, "Make it a classifier")
    assert "“books-verse” is here" in text(page)
    assert page.session_state["predictions"] == "books-verse"
    assert page.session_state["checked"] == "books-verse-sample"
    assert books.find("predictions", "books-verse").manifest.labels == "books-verse-sample"


def test_the_language_model_reads_as_a_job(books: Workspace, open_page: Open, started: list[dict[str, object]]) -> None:
    marked(books)
    press(open_page(books, "facets.py").run(), "Let the language model read all titles")
    assert started == [{"job": "core.learned_facets.ranking", "corpus": "books"}]


def test_a_facet_is_renamed_and_removed(books: Workspace, open_page: Open) -> None:
    facet = marked(books)
    page = open_page(books, "facets.py").run()
    next(box for box in page.text_input if box.label == "Another name").set_value("poetry")
    next(box for box in page.text_area if box.label == "What fits in it?").set_value("Rhymes")
    page = press(page, "Rename")
    [renamed] = list_facets(books.database, facet.corpus)
    assert (renamed.name, renamed.definition, renamed.key) == ("poetry", "Rhymes", facet.key)
    assert page.selectbox(key="facet").value == "poetry"
    assert next(button for button in page.button if button.label == "Remove this facet").disabled
    page.checkbox(key=f"sure_{facet.key}").check().run()
    page = press(page, "Remove this facet")
    assert "“poetry” was removed" in text(page) and "There is no facet yet" in text(page)
    assert not list_facets(books.database, facet.corpus)


def test_several_facets_stand_side_by_side(books: Workspace, open_page: Open) -> None:
    facet = marked(books)
    page = open_page(books, "facets.py").run()
    assert not page.table
    place = create_facet(books.database, facet.corpus, "place")
    add_marks(books.database, place, {"b000": True, "b040": True})
    page = page.run()
    assert not page.exception
    [table] = [item.value.reset_index(drop=True) for item in page.table]
    assert table["facet"].tolist() == ["verse", "place"]
    assert table["fit"].tolist() == ["3", "2"]
    assert table["fit another facet too"].tolist() == ["1", "1"]
    assert set(table["found of all that fit"]) == {"not measured yet"}
