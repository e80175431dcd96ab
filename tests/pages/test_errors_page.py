"""The Errors page, driven without a browser on a copy of the demonstration: what is looked at is written down."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.demonstration import PREDICTIONS
from core.predictions import load_scored
from core.slices import held_back, ledger_of, pair_slices
from core.storage import Workspace
from core.text_search import phrase_mask


@pytest.fixture
def page(demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]) -> AppTest:
    return open_page(demo_copy, "errors.py")


def _looks(place: Workspace) -> list[str]:
    return [look.description for look in ledger_of(place, load_scored(place, PREDICTIONS)).looks()]


@pytest.mark.slow
def test_words_that_are_looked_for_are_a_look_like_the_values_of_a_facet(page: AppTest, demo_copy: Workspace) -> None:
    page.run()
    assert not page.exception
    facets = _looks(demo_copy)
    assert facets
    assert not [look for look in facets if "in the title" in look]
    [words] = [box for box in page.text_input if box.label.startswith("Words in the title")]
    words.input("Song, poem").run()
    assert not page.exception
    assert _looks(demo_copy) == [*facets, "books found by “poem, song” in the title"]
    said = "\n".join(caption.value for caption in page.caption).replace("\\", "")
    assert f"{len(facets) + 1} groups have been looked at on this test set so far" in said


@pytest.mark.slow
def test_the_same_words_are_one_look_and_words_in_no_title_are_none(page: AppTest, demo_copy: Workspace) -> None:
    page.run()
    facets = _looks(demo_copy)
    for typed in ("poem", "POEM, poem", "xylophone"):
        [words] = [box for box in page.text_input if box.label.startswith("Words in the title")]
        words.input(typed).run()
        assert not page.exception
    assert _looks(demo_copy) == [*facets, "books found by “poem” in the title"]


def _said(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.success, *page.info]
    return "\n".join(str(one.value) for one in shown).replace("\\", "")


@pytest.mark.slow
def test_a_cell_is_chosen_by_its_classes_and_stands_in_the_address(page: AppTest) -> None:
    page.query_params["is"] = "Fiction"
    page.query_params["called"] = "Non-fiction"
    page.run()
    assert not page.exception
    [books] = [frame.value for frame in page.dataframe if "truth" in frame.value and "record_id" in frame.value]
    assert set(zip(books["truth"], books["predicted"], strict=True)) == {("Fiction", "Non-fiction")}
    [fit] = re.findall(r"(\d+) checked books fit: \1 wrong\.", _said(page))
    assert f"The list shows {len(books)} of these {fit} books." in _said(page)
    assert 0.3 < len(books) / int(fit) < 0.7
    next(button for button in page.button if button.label == "Show all").click().run()
    [everything] = [frame.value for frame in page.dataframe if "truth" in frame.value and "record_id" in frame.value]
    assert len(everything) == int(fit)
    assert "are kept back" not in _said(page)


@pytest.mark.slow
def test_words_are_tested_on_titles_the_list_did_not_show_and_shown_then(page: AppTest, demo_copy: Workspace) -> None:
    scored = load_scored(demo_copy, PREDICTIONS)
    labelled = scored.labelled
    unseen = labelled[held_back(labelled, ledger_of(demo_copy, scored))]
    inside = unseen[phrase_mask(unseen["title"], "poem, song")]
    page.run()
    [words] = [box for box in page.text_input if box.label.startswith("Words in the title")]
    words.input("song, poem").run()
    wrong = int((~inside["correct"].astype(bool)).sum())
    tested = f"Tested on titles that the list had kept back: {wrong} of {len(inside)} with these words are wrong."
    assert tested in _said(page)
    assert "are kept back" not in _said(page)  # all titles with these words are shown now
    page.run()
    assert tested in _said(page)


@pytest.mark.slow
def test_who_has_read_everything_finds_and_does_not_prove(page: AppTest, demo_copy: Workspace) -> None:
    page.run()
    before = _looks(demo_copy)
    next(button for button in page.button if button.label == "Show all").click().run()
    [words] = [box for box in page.text_input if box.label.startswith("Words in the title")]
    words.input("poem").run()
    assert "A find, no proof: " in _said(page)
    assert _looks(demo_copy) == before


@pytest.mark.slow
def test_counts_are_those_of_the_list_and_an_empty_list_has_no_download(page: AppTest) -> None:
    page.run()
    [words] = [box for box in page.text_input if box.label.startswith("Words in the title")]
    words.input("poem").run()
    assert "Titles with poem: " in _said(page)
    language = page.multiselect(key="only_language")
    language.set_value(["Latin"] if "Latin" in language.options else language.options[-1:]).run()
    assert not page.exception
    said = _said(page)
    assert "Titles with poem, whatever else is chosen: " in said
    if "No checked book fits all of these choices." in said:
        assert not [button for button in page.get("download_button") if "records" in button.proto.label]
    else:
        assert "fit: " in said or "fits: " in said


def test_the_list_is_empty_where_nothing_fits(page: AppTest) -> None:
    page.query_params["words"] = "xylophone"
    page.run()
    assert "No checked book fits all of these choices." in _said(page)
    assert "0 records" not in "".join(button.proto.label for button in page.get("download_button"))


@pytest.mark.slow
def test_a_heatmap_is_a_look_at_every_pair_with_a_rate(page: AppTest, demo_copy: Workspace) -> None:
    page.query_params["view"] = "Groups that are truly worse"
    page.run()
    assert not page.exception
    scored = load_scored(demo_copy, PREDICTIONS)
    pairs = pair_slices(scored.table, scored.classes, "decade", "language")
    assert pairs.slices
    assert _looks(demo_copy) == [one.description for one in pairs.slices]


def test_a_cell_of_the_heatmap_shows_its_books(page: AppTest, demo_copy: Workspace) -> None:
    """What a click chooses stands in the address; the books are those of both values, but for the kept back ones."""
    page.query_params["view"] = "Groups that are truly worse"
    page.query_params["row_is"] = "1870s"
    page.query_params["column_is"] = "English"
    page.run()
    assert not page.exception
    checked = load_scored(demo_copy, PREDICTIONS).labelled
    cell = checked[(checked["year"] // 10 == 187).fillna(False) & (checked["language"] == "English")]
    shown = next(table.value for table in page.dataframe if "1870s and English" in table.proto.alt)
    assert 0 < len(shown) <= len(cell)
    assert set(shown["record_id"]) <= set(cell["record_id"])


@pytest.mark.slow
def test_a_slice_that_is_saved_or_sent_shows_the_way_to_it(page: AppTest, demo_copy: Workspace) -> None:
    page.query_params["view"] = "Groups that are truly worse"
    page.run()
    [name] = [box for box in page.text_input if box.label.startswith("Give it a name")]
    name.input("verse")
    next(button for button in page.button if button.label == "Save this slice").click().run()
    assert "Kept as “verse”" in _said(page)
    next(button for button in page.button if button.label.startswith("Send ")).click().run()
    assert "were added to the review list." in _said(page)
    links = [link.proto.label for link in page.get("page_link")]
    assert "Look at them on the Review page" in links
    next(button for button in page.button if button.label.startswith("Show every page for")).click().run()
    assert not page.exception
    assert page.selectbox(key="only").value == "verse"
