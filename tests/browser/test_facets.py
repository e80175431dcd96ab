"""On the digitised books a curator marks ten titles that fit and ten that do not, and sees more that fit."""

import re
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


def _mark(page: Page, words: str, button: str) -> None:
    """Look for words and press the button of the first title ten times, each time at another title."""
    box = page.get_by_role("textbox", name="Words of the title or the author")
    box.fill(words)
    box.press("Enter")
    serving.wait_until_settled(page)
    first = page.locator('[class*="st-key-facet-card-"]').first
    for _ in range(10):
        [card] = re.findall(r"st-key-facet-card-\S+", str(first.get_attribute("class")))
        page.wait_for_timeout(550)  # a title that has only just come is not marked
        first.get_by_role("button", name=button).click()
        expect(page.locator(f".{card}")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "fits", "other", "pattern"),
    [("travel", "travels", "poems", TRAVEL), ("poetry", "poems", "history of", POETRY)],
    ids=["travel", "poetry"],
)
def test_ten_marks_of_each_kind_bring_more_that_fit(
    page: Page, digitised: str, name: str, fits: str, other: str, pattern: str
) -> None:
    page.goto(f"{digitised}/facets")
    serving.wait_until_settled(page)
    if page.get_by_role("button", name="New facet").count():
        page.get_by_role("button", name="New facet").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name=re.compile(f"“{name}”: 0 titles fit"))).to_be_visible()
    _mark(page, fits, "Fits")
    _mark(page, other, "Does not fit")
    expect(page.get_by_role("heading", name=re.compile("10 titles fit, 10 do not"))).to_be_visible()
    page.get_by_text("Suggestions", exact=True).click()
    serving.wait_until_settled(page)
    shown = page.locator('[class*="st-key-facet-card-"]').all_inner_texts()
    assert len(shown) == 8
    assert sum(bool(re.search(pattern, text.splitlines()[0], re.I)) for text in shown) >= 7, shown
    page.keyboard.press("f")
    expect(page.get_by_role("heading", name=re.compile("11 titles fit, 10 do not"))).to_be_visible()
    page.get_by_role("button", name="Undo my last mark").click()
    expect(page.get_by_role("heading", name=re.compile("10 titles fit, 10 do not"))).to_be_visible()
    assert not serving.exceptions_on(page)
