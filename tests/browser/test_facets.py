"""On the digitised books ten titles that fit and ten that do not are marked, of two facets, and more that fit come."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from core.importing import import_file
from core.storage import Workspace
from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLES = 4000
TRAVEL = r"voyage|travel|tour|journey|excursion|expedition|ramble|wander|reise|trip|cruise|sketches"
POETRY = r"poe[mt]|verse|song|lyric|ballad|sonnet|rhyme|ode|gedicht"
ID = "BL record ID for physical resource"


@pytest.fixture(scope="module")
def digitised(chromium: str, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("facets")
    books = pd.read_csv(real_data / "digitised.csv.gz", dtype=str, keep_default_na=False)
    # Books whose number ends in 7 are for measuring: nobody labels them.
    books = books[~books[ID].str.endswith("7")].sample(TITLES, random_state=0)
    columns = {ID: "record_id", "Title": "title", "Name": "author", "Date of publication": "date"}
    books[list(columns)].rename(columns=columns).to_csv(folder / "books.csv", index=False)
    workspace = Workspace(folder / "workspace")
    import_file(workspace, folder / "books.csv", "corpus", name="books")
    with serving.dashboard(workspace.root, folder / "server.log") as address:
        yield address


class Desk:
    """One window of a curator with a facet of its own."""

    def __init__(self, page: Page, address: str, name: str) -> None:
        self.page = page
        page.goto(f"{address}/facets")
        serving.wait_until_settled(page)
        if page.get_by_role("button", name="New facet").count():
            page.get_by_role("button", name="New facet").click()
        page.get_by_role("textbox", name="Name").fill(name)
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("heading", name=re.compile(f"“{name}”: 0 titles fit"))).to_be_visible()
        self.came = time.monotonic()

    def heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", name=re.compile(words))).to_be_visible()

    def look_for(self, words: str) -> None:
        box = self.page.get_by_role("textbox", name="Words of the title or the author")
        box.fill(words)
        box.press("Enter")
        serving.wait_until_settled(self.page)

    def mark(self, button: str) -> None:
        """Press the button of the first title; it goes, and another comes."""
        first = self.page.locator('[class*="st-key-facet-card-"]').first
        [card] = re.findall(r"st-key-facet-card-\S+", str(first.get_attribute("class")))
        # A title that has only just come is not marked.
        self.page.wait_for_timeout(max(0.0, 550 - 1000 * (time.monotonic() - self.came)))
        first.get_by_role("button", name=button).click()
        expect(self.page.locator(f".{card}")).to_have_count(0)
        self.came = time.monotonic()


def test_ten_marks_of_each_kind_bring_more_that_fit_in_two_windows_side_by_side(page: Page, digitised: str) -> None:
    travel = Desk(page, digitised, "travel")
    poetry = Desk(page.context.new_page(), digitised, "poetry")
    # While one window lets its new title be read, the other one marks.
    for button, words in (("Fits", ("travels", "poems")), ("Does not fit", ("poems", "history of"))):
        for desk, wanted in zip((travel, poetry), words, strict=True):
            desk.look_for(wanted)
        for _ in range(10):
            for desk in (travel, poetry):
                desk.mark(button)
    for desk, pattern in ((travel, TRAVEL), (poetry, POETRY)):
        desk.heading("10 titles fit, 10 do not")
        desk.page.get_by_text("Suggestions", exact=True).click()
        serving.wait_until_settled(desk.page)
        shown = desk.page.locator('[class*="st-key-facet-card-"]').all_inner_texts()
        assert len(shown) == 8
        assert sum(bool(re.search(pattern, text.splitlines()[0], re.I)) for text in shown) >= 7, shown
        desk.page.keyboard.press("f")
        desk.heading("11 titles fit, 10 do not")
        desk.page.get_by_role("button", name="Undo my last mark").click()
        desk.heading("10 titles fit, 10 do not")
        assert not serving.exceptions_on(desk.page)
