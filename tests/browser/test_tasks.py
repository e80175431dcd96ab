"""What a curator comes for, in a real browser from Home, with no more clicks than it may take.

The time that each took is printed (``pytest -s``) and never asserted: it is that of the machine.
"""

import random
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from core.demonstration import PREDICTIONS
from core.storage import Workspace
from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BOOKS = 900
EMPTY = (
    "imgs",
    "publisher",
    "edition",
    "flickr_url_to_book_images",
    "issuance",
    "corporate",
    "text",
    "free text comment",
)


class Curator:
    """Somebody with a mouse and a keyboard, who begins on Home; clicks are counted, letters are not."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.clicks, self.began = page, 0, time.monotonic()
        page.goto(f"{address}/?predictions={PREDICTIONS}")  # not what another task has imported
        self.wait()

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1
        self.wait()

    def open(self, page: str) -> None:
        """Click the menu's entry of a page."""
        self.click(self.page.locator(".st-key-menu").get_by_role("link", name=page, exact=True))
        expect(self.page.locator("h1")).to_have_text(page)

    def wait(self) -> None:
        serving.wait_until_settled(self.page)
        assert serving.exceptions_on(self.page) == []

    def report(self, task: str) -> None:
        print(f"\n{task}: {self.clicks} clicks, {time.monotonic() - self.began:.1f} s")


@pytest.fixture(scope="module")
def first_visit(demo_workspace: Workspace, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard on a demonstration that nobody has touched, and its address."""
    folder = tmp_path_factory.mktemp("tasks")
    place = shutil.copytree(demo_workspace.root, folder / "workspace")
    with serving.dashboard(Path(place), folder / "server.log") as address:
        yield address


@pytest.fixture
def curator(page: Page, first_visit: str) -> Curator:
    page.set_viewport_size({"width": 1280, "height": 800})
    return Curator(page, first_visit)


def predictions_of_another_tool() -> pd.DataFrame:
    """Return invented predictions in the columns of the British Library's test file: one in thirty is wrong."""
    draw = random.Random(0)
    rows = []
    for number in range(BOOKS):
        is_fiction = draw.random() < 0.4
        is_wrong = draw.random() < 1 / 30
        sure = draw.uniform(0.5, 0.8) if is_wrong else draw.uniform(0.75, 0.999)
        fiction = sure if is_fiction else 1 - sure
        rows.append(
            {
                "ID": number,
                "title": f"['{'A tale' if is_fiction else 'A history'} of the {number}th lighthouse']",
                "datefield": str(1800 + number % 100),
                "place": "London",
                "authors": "{'creator': ['DOE, Ann.']}",
                "date": "01/01/1970 00:31",
                "shelfmarks": f"['Invented {number}.']",
                "pdf": "{}",
                "identifier": str(500_000 + number),
                "word_count": 5,
                "predicted_label": "Fiction" if is_fiction else "Non-fiction",
                "fiction_probs": fiction,
                "non_fiction_probs": 1 - fiction,
                "true_label": "fiction" if is_fiction != is_wrong else "non_fiction",
            }
        )
    return pd.DataFrame(rows).assign(**dict.fromkeys(EMPTY, ""))


def test_verdict_and_next_step_are_read_from_home_alone(curator: Curator) -> None:
    page = curator.page
    for text in ("The verdict on", "checked books are wrong", "Nothing is accepted yet"):
        expect(page.get_by_text(text).first).to_be_in_viewport()
    expect(page.get_by_role("button", name="Choose which predictions to accept")).to_be_in_viewport()
    curator.report("What is the verdict, and what is next?")
    assert curator.clicks == 0


def import_and_accept(curator: Curator, path: Path) -> str:
    """Import predictions, ask for at most 2 % wrong in the whole, and return the accepted as CSV."""
    page = curator.page
    curator.open("Catalogue")
    curator.click(page.get_by_text("Load a file", exact=True))
    with page.expect_file_chooser() as chooser:
        page.get_by_test_id("stFileUploader").get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files(path)
    curator.clicks += 2  # the button, and the file in the window of the operating system
    expect(page.get_by_text("has arrived")).to_be_visible()
    curator.wait()
    curator.click(page.get_by_role("button", name="Import", exact=True))
    expect(page.get_by_text("It is what you look at now.")).to_be_visible(timeout=120_000)
    curator.wait()
    curator.open("Thresholds")
    expect(page.get_by_role("radio", name="By a promise")).to_be_checked()
    expect(page.locator("h2").first).to_contain_text("at most 2\u00a0% of all")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the accepted predictions (CSV)").click()
    curator.clicks += 1
    return download.value.path().read_text(encoding="utf-8-sig")


def test_predictions_are_imported_and_those_accepted_leave_at_most_9_clicks_from_home(
    curator: Curator, tmp_path: Path
) -> None:
    path = tmp_path / "of-another-tool.csv"
    predictions_of_another_tool().to_csv(path, index=False)
    lines = import_and_accept(curator, path).splitlines()
    curator.report("Import predictions, promise 2 % of the whole, download what is accepted")
    assert "Label" in lines[0].split(",")
    assert len(lines) > BOOKS / 4
    assert curator.clicks <= 9


@pytest.mark.real
def test_the_published_predictions_take_no_more_clicks(curator: Curator, real_data: Path) -> None:
    import_and_accept(curator, real_data / "test_predictions.csv")
    curator.report("The same with the published predictions")
    assert curator.clicks <= 9


def test_why_verse_fails_is_seen_and_it_is_sent_to_review_in_at_most_6_clicks(curator: Curator) -> None:
    page = curator.page
    curator.open("Errors")
    curator.click(page.get_by_role("radio", name="Groups that are truly worse"))
    # The worst is open already: what it is in words, how often it is wrong, what is taken for what, and its books.
    why = re.compile(r"(poe|vers).*: [\d,]+ of [\d,]+ wrong; .* are Fiction that the model calls Non-fiction")
    expect(page.locator("h2").filter(has_text=why).first).to_be_visible()
    curator.click(page.get_by_role("button", name=re.compile(r"Send [\d,]+ books to review")))
    expect(page.get_by_text("were added to the review list")).to_be_visible()
    curator.click(page.get_by_role("link", name="Look at them on the Review page"))
    expect(page.locator("h1")).to_have_text("Review")
    expect(page.locator("h3").first).to_be_visible()
    curator.report("Why does verse fail? Send it to review")
    assert curator.clicks <= 6


@pytest.mark.parametrize("words", ["ghost milliner", "milliner"], ids=["one book", "several"])
def test_a_book_is_found_by_a_word_of_its_title_in_2_clicks(curator: Curator, words: str) -> None:
    page = curator.page
    box = page.get_by_role("textbox", name="Find a book")
    curator.click(box)
    box.fill(words)
    box.press("Enter")
    expect(page.locator("h1")).to_have_text("Book")
    curator.wait()
    if words == "milliner":
        chosen = page.get_by_role("radiogroup").locator("label").nth(1)
        title = chosen.inner_text().split(" · ")[0]
        curator.click(chosen)
        expect(page.locator("h2").first).to_have_text(title)
    expect(page.locator("h2").first).to_contain_text("milliner", ignore_case=True)
    expect(page.get_by_text("What was said of it")).to_be_visible()
    curator.report(f"One book by “{words}”")
    assert curator.clicks <= 2
