"""A curator names a group of books, filters by it, sends it to review, and decides."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _keep_cuts(visit: Callable[[str], Page]) -> None:
    page = visit("/thresholds?cut_Fiction=0.95&cut_Non_fiction=0.95")
    page.get_by_role("button", name="Keep these cut-offs").click()
    expect(page.get_by_text("Kept. The Export page uses them.")).to_be_visible()


def _decided(page: Page) -> int:
    [line] = re.findall(r"([\d,]+) books? decided", page.locator("h2").first.inner_text())
    return int(line.replace(",", ""))


def test_a_decision_in_review_is_written_at_once_and_can_be_undone(visit: Callable[[str], Page]) -> None:
    _keep_cuts(visit)
    page = visit("/review")
    first, before = page.locator("h3").first.inner_text(), _decided(page)
    page.get_by_role("button", name=re.compile("^Fiction")).click()
    expect(page.get_by_text(re.compile(rf"{before + 1:,} books? decided, [\d,]+ waiting"))).to_be_visible()
    expect(page.locator("h3").first).not_to_have_text(first)
    page.get_by_role("button", name="Undo my last decision").click()
    expect(page.get_by_text(re.compile(rf"{before:,} books? decided"))).to_be_visible()
    expect(page.locator("h3").first).to_have_text(first)
    page.get_by_role("button", name=re.compile("^Fiction")).click()
    expect(page.get_by_text(re.compile(rf"{before + 1:,} books? decided"))).to_be_visible()
    page.reload()  # another window now: what was decided is still there, and can be taken back from the list
    serving.wait_until_settled(page)
    expect(page.get_by_text(re.compile(rf"{before + 1:,} books? decided"))).to_be_visible()
    expect(page.get_by_role("button", name="Undo my last decision")).to_have_count(0)
    page.get_by_text("Take back another decision").click()
    page.get_by_role("button", name="Take this decision back").click()
    expect(page.get_by_text(re.compile(rf"{before:,} books? decided"))).to_be_visible()


def _record(page: Page) -> str:
    """Return the record on the desk; two editions may have one title."""
    return page.get_by_text(re.compile(r" · record \S+$")).first.inner_text()


def _wait_until_ready(page: Page) -> None:
    expect(page.get_by_role("button", name=re.compile("^Fiction"))).to_be_enabled(timeout=30_000)
    serving.wait_until_settled(page)


@pytest.mark.parametrize("gap", [0.05, 0.15, 0.3, 0.4, 0.5, 0.6])
def test_a_key_pressed_twice_decides_one_book(visit: Callable[[str], Page], gap: float) -> None:
    _keep_cuts(visit)
    page = visit("/review")
    before, shown = _decided(page), _record(page)
    _wait_until_ready(page)
    page.keyboard.press("1")
    page.wait_for_timeout(1000 * gap)
    page.keyboard.press("1")
    expect(page.get_by_text(re.compile(rf"{before + 1:,} books? decided"))).to_be_visible(timeout=30_000)
    _wait_until_ready(page)
    assert _decided(page) == before + 1
    assert _record(page) != shown
    page.keyboard.press("1")  # read by now, and decided
    expect(page.get_by_text(re.compile(rf"{before + 2:,} books? decided"))).to_be_visible(timeout=30_000)


@pytest.mark.parametrize(
    "view", ["The whole collection", "Calibration", "Why it said so", "Groups that are truly worse"]
)
def test_each_view_of_the_errors_has_a_conclusion(visit: Callable[[str], Page], view: str) -> None:
    page = visit(f"/errors?view={view.replace(' ', '+')}")
    expect(page.get_by_role("radio", name=view)).to_be_checked()
    assert page.locator("h2").count() >= 2
    assert page.locator('[data-testid="stAlertContentError"]').all_inner_texts() == []
