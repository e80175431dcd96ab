"""The tour of the demonstration: begun on Home or Help, left and taken again, its step in the address."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from core.wording.help import STOPS
from dashboard.navigation import PAGES, TOUR, page_entry

Open = Callable[[Workspace, str], AppTest]


def labels(page: AppTest) -> list[str]:
    assert not page.exception
    return [button.label for button in page.button]


def card(page: AppTest) -> str:
    assert not page.exception
    return " ".join(block.value for block in page.markdown if block.value.startswith("**Tour")).replace("\\", "")


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def test_the_tour_is_five_pages_of_the_dashboard_in_few_words() -> None:
    titles = [entry.title for entry in PAGES]
    assert [titles.index(stop.page) for stop in STOPS] == sorted(titles.index(stop.page) for stop in STOPS)
    assert len(STOPS) == 5
    assert all(len(stop.sentence.split()) <= 24 for stop in STOPS)


def at(place: Workspace, open_page: Open, title: str, step: int) -> AppTest:
    """Open a page as a colleague's address does; a page that a press leads to lives for one run only."""
    page = open_page(place, page_entry(title).file)
    page.query_params[TOUR] = str(step)
    return page.run()


@pytest.mark.slow  # every page of it is opened
def test_the_tour_is_walked_from_home_to_its_end(demo_copy: Workspace, open_page: Open) -> None:
    page = press(open_page(demo_copy, "home.py").run(), "Take the tour")
    assert page.title[0].value == STOPS[0].page
    assert page.query_params[TOUR] == "1"
    for number, stop in enumerate(STOPS, start=1):
        page = at(demo_copy, open_page, stop.page, number)
        assert card(page) == f"**Tour, {number} of 5.** {stop.sentence}"
        assert (f"Next: {STOPS[number].page}" if number < len(STOPS) else "End the tour") in labels(page)
        if number == 1:
            page = press(page, f"Next: {STOPS[1].page}")
            assert page.title[0].value == STOPS[1].page
            assert card(page).startswith("**Tour, 2 of 5.**")
    page = press(page, "End the tour")
    assert page.title[0].value == "Colophon"
    assert "Take the tour" in labels(page)
    assert TOUR not in page.query_params


def test_the_tour_is_left_and_can_be_gone_on_with(demo_copy: Workspace, open_page: Open) -> None:
    page = at(demo_copy, open_page, "Thresholds", 3)
    assert card(page).startswith("**Tour, 3 of 5.**")
    page = press(page, "Leave the tour")
    assert page.title[0].value == "Thresholds"
    assert card(page) == ""
    assert TOUR not in page.session_state
    assert TOUR not in page.query_params
    page = open_page(demo_copy, "help.py")
    page.session_state[TOUR] = "3"  # somebody walked off without leaving
    assert card(page.run()) == ""
    page = press(page, "Go on with the tour: Thresholds")
    assert card(page).startswith("**Tour, 3 of 5.**")


def test_a_step_that_does_not_exist_is_no_tour(demo_workspace: Workspace, open_page: Open) -> None:
    page = open_page(demo_workspace, "help.py")
    page.query_params[TOUR] = "<b>9"
    page.run()
    assert "Take the tour" in labels(page)
