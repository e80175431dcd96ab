"""The Errors page, driven without a browser on a copy of the demonstration: what is looked at is written down."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.demonstration import PREDICTIONS
from core.predictions import load_scored
from core.slices import Ledger
from core.storage import Workspace


@pytest.fixture
def page(demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]) -> AppTest:
    return open_page(demo_copy, "errors.py")


def _looks(place: Workspace) -> list[str]:
    ledger = Ledger(place.database, load_scored(place, PREDICTIONS).fingerprint)
    return [look.description for look in ledger.looks()]


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


def test_the_same_words_are_one_look_and_words_in_no_title_are_none(page: AppTest, demo_copy: Workspace) -> None:
    page.run()
    facets = _looks(demo_copy)
    for typed in ("poem", "POEM, poem", "xylophone"):
        [words] = [box for box in page.text_input if box.label.startswith("Words in the title")]
        words.input(typed).run()
        assert not page.exception
    assert _looks(demo_copy) == [*facets, "books found by “poem” in the title"]
