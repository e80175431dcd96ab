"""A curator names a group of books, filters by it, sends it to review, and decides."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_decision_in_review_is_written_at_once_and_can_be_undone(visit: Callable[[str], Page]) -> None:
    page = visit("/thresholds?cut_Fiction=0.95&cut_Non_fiction=0.95")
    page.get_by_role("button", name="Keep these cut-offs").click()
    expect(page.get_by_text("Kept. The Export page uses them.")).to_be_visible()
    page = visit("/review")
    first = page.locator("h3").first.inner_text()
    page.get_by_role("button", name=re.compile("^Fiction")).click()
    expect(page.get_by_text(re.compile(r"1 book decided, [\d,]+ waiting"))).to_be_visible()
    expect(page.locator("h3").first).not_to_have_text(first)
    page.reload()
    serving.wait_until_settled(page)
    expect(page.get_by_text(re.compile(r"1 book decided"))).to_be_visible()
    page.get_by_role("button", name="Undo the last decision").click()
    expect(page.get_by_text(re.compile(r"0 books decided"))).to_be_visible()


@pytest.mark.parametrize(
    "view", ["The whole collection", "Calibration", "Why it said so", "Groups that are truly worse"]
)
def test_each_view_of_the_errors_has_a_conclusion(visit: Callable[[str], Page], view: str) -> None:
    page = visit(f"/errors?view={view.replace(' ', '+')}")
    expect(page.get_by_role("radio", name=view)).to_be_checked()
    assert page.locator("h4").count() >= 2
    assert page.locator('[data-testid="stAlertContentError"]').all_inner_texts() == []
