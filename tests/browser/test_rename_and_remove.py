"""Somebody renames a model and removes it through the page, in the small window beside where models are listed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.storage import Workspace
from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def models(page: Page, demo_copy: Workspace, tmp_path: Path) -> Iterator[Page]:
    """Yield the Models page of a workspace of this test's own, which it may change."""
    with serving.dashboard(demo_copy.root, tmp_path / "server.log") as address:
        page.goto(f"{address}/models?view=All+models")
        serving.wait_until_settled(page)
        yield page


def _window(page: Page) -> Locator:
    window = page.locator('[data-testid="stPopoverBody"]')
    if not window.is_visible():
        page.get_by_role("button", name="Rename or remove").click()
    expect(window).to_be_visible()
    return window


def test_a_model_is_renamed_and_removed_through_the_page(models: Page, demo_copy: Workspace) -> None:
    window = _window(models)
    window.get_by_label("New name").fill("words-of-titles")
    window.get_by_role("button", name="Rename").click()  # the first press counts, without Enter or Tab before it
    expect(models.get_by_text("The model 'demo-tfidf' is called 'words-of-titles' now.")).to_be_visible()
    serving.wait_until_settled(models)
    assert [model.name for model in demo_copy.list("models")] == ["words-of-titles"]

    window = _window(models)  # it has stayed open, with the new name
    # What goes with it is named, and nothing is removed before a person has said so.
    expect(window.get_by_text("demo-predictions: made with it")).to_be_visible()
    expect(window.get_by_role("button", name="Remove")).to_be_disabled()
    window.get_by_text("Remove “words-of-titles” and 1 more for good").click()
    expect(window.get_by_role("button", name="Remove")).to_be_enabled()
    window.get_by_role("button", name="Remove").click()
    expect(models.get_by_text("The model 'words-of-titles' was removed")).to_be_visible()
    serving.wait_until_settled(models)
    assert serving.exceptions_on(models) == []
    expect(models.get_by_text("There is no")).to_have_count(0)  # who removed it knows
    assert (demo_copy.list("models"), demo_copy.list("predictions")) == ([], [])
