"""What is looked at stands in the address; a click shows books; an import shows what came; rules outlive a reload."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from core.storage import Workspace
from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Visit = Callable[[str], Page]


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_address_carries_the_default_from_page_to_page_and_back(visit: Visit) -> None:
    page = visit("/")
    assert asked(page) == {"predictions": ["demo-predictions"]}
    page.get_by_role("link", name="Thresholds", exact=True).first.click()
    page.get_by_role("radio", name="By hand").click(timeout=30_000)
    expect(page.get_by_text("Accept Fiction above")).to_be_visible(timeout=30_000)
    serving.wait_until_settled(page)
    cuts = {"cut_Fiction", "cut_Non_fiction"}
    assert cuts | {"predictions"} <= set(asked(page))
    shown = page.locator('[data-testid="stSliderThumbValue"]')
    assert shown.all_inner_texts() == ["0.900", "0.900"]
    page.get_by_role("link", name="Review", exact=True).first.click()
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible(timeout=30_000)
    serving.wait_until_settled(page)
    assert asked(page)["predictions"] == ["demo-predictions"]
    for _ in range(2):  # also through an address from before the cut-offs stood in it
        page.go_back()
        # A rerun of Review that was under way writes its own address once more, and so one more step back.
        page.wait_for_timeout(1000)
        if "/review" in page.url:
            page.go_back()
        expect(page.get_by_role("heading", name="Thresholds", exact=True)).to_be_visible(timeout=30_000)
        expect(shown).to_have_text(["0.900", "0.900"], timeout=30_000)
        serving.wait_until_settled(page)
        assert cuts | {"predictions"} <= set(asked(page))


def test_a_click_on_a_cell_shows_its_books(visit: Visit) -> None:
    page = visit("/errors")
    chart = page.locator('[data-testid="stVegaLiteChart"]').first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    # The upper right cell: Fiction that was predicted Non-fiction.
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.4 * box["height"])
    expect(page.get_by_text(re.compile(r"(\d+) checked books fit: \1 wrong\."))).to_be_visible(timeout=20_000)
    serving.wait_until_settled(page)
    assert asked(page)["is"] == ["Fiction"]
    assert asked(page)["called"] == ["Non-fiction"]
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    serving.wait_until_settled(page)
    expect(page.get_by_text(re.compile(r"(\d+) checked books fit: \1 wrong\."))).to_be_visible()


def test_a_function_that_was_built_outlives_a_reload_and_the_form_is_empty(visit: Visit) -> None:
    page = visit("/labelling?corpus=demo-digitised&people=demo-annotated")
    value = page.get_by_role("textbox", name="Value")
    value.fill("sermon")
    value.press("Enter")
    page.get_by_role("button", name="Add this function").click()
    expect(page.get_by_text("There is no function yet.")).to_have_count(0, timeout=30_000)
    serving.wait_until_settled(page)
    expect(page.get_by_role("textbox", name="Value")).to_have_value("")
    expect(page.get_by_text("and would be left out")).to_have_count(0)
    page.reload()
    serving.wait_until_settled(page)
    expect(page.get_by_text("There is no function yet.")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"1 function labels"))).to_be_visible()


@pytest.fixture
def visit_own(page: Page, chromium: str, demo_copy: Workspace, tmp_path: Path) -> Iterator[Visit]:
    """Open pages of a dashboard of this test's own, in which it may change what is newest."""
    with serving.dashboard(demo_copy.root, tmp_path / "server.log") as address:

        def go(path: str = "/") -> Page:
            page.goto(address + path)
            serving.wait_until_settled(page)
            assert serving.exceptions_on(page) == []
            return page

        yield go


def test_an_import_shows_what_came_and_is_not_armed_again(visit_own: Visit, tmp_path: Path) -> None:
    visit = visit_own
    path = tmp_path / "from-the-browser.csv"
    rows = "".join(f"b{n},Title {n},Fiction,0.9\n" for n in range(30))
    path.write_text(f"id,title,predicted,confidence\n{rows}", encoding="utf-8")
    page = visit("/catalogue")
    if not page.get_by_text("Where is the file?").is_visible():
        page.get_by_text("Load a file").first.click()
    page.locator('input[type="file"]').first.set_input_files(path)
    page.get_by_role("combobox", name="What does it hold?").click()
    page.get_by_role("option", name=re.compile("^predictions")).click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("“from-the-browser” is here: 30 records.")).to_be_visible(timeout=60_000)
    serving.wait_until_settled(page)
    assert asked(page)["predictions"] == ["from-the-browser"]
    assert asked(page)["corpus"] == ["from-the-browser"]
    # The file was cleared away, or its button waits for a change: nobody imports it twice by a second press.
    armed = page.get_by_role("button", name="Import", exact=True).and_(page.locator(":enabled"))
    expect(armed).to_have_count(0)
