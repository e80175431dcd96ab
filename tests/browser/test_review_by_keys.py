"""A cataloguer decides by keys alone, and all of it is in the database, each answer with its own book."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.demonstration import PREDICTIONS
from core.guarantees import SavedPolicy, save_policy
from core.predictions import load_predictions
from core.review import read_decisions
from core.storage import Workspace
from core.thresholds import Policy
from tests import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


DECISIONS = 100
RECORD = re.compile(r" · record (\S+)$")


@pytest.fixture(scope="module")
def desk(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, str]]:
    """A dashboard on a workspace of its own, in which cut-offs are kept, and its address."""
    folder = tmp_path_factory.mktemp("desk")
    place = Workspace(shutil.copytree(demo_workspace.root, folder / "workspace"))
    fingerprint = load_predictions(place, PREDICTIONS).fingerprint
    save_policy(place, fingerprint, SavedPolicy(policy=Policy({"Fiction": 0.95, "Non-fiction": 0.95})))
    with serving.dashboard(Path(place.root), folder / "server.log") as address:
        yield place, address


def record_on(page: Page) -> str:
    match = RECORD.search(page.get_by_text(RECORD).first.inner_text())
    assert match
    return match[1]


def test_a_hundred_books_are_decided_by_keys_alone(page: Page, desk: tuple[Workspace, str], chromium: str) -> None:
    place, address = desk
    fingerprint = load_predictions(place, PREDICTIONS).fingerprint
    before = len(read_decisions(place.database, fingerprint).rows)
    page.goto(f"{address}/review")
    serving.wait_until_settled(page)
    pressed: list[tuple[str, str]] = []
    lost = 0
    for number in range(DECISIONS):
        key, label = [("1", "Fiction"), ("2", "Non-fiction"), ("t", "can't tell")][number % 3]
        record_id = record_on(page)
        first = page.locator(f".st-key-answer-1-{record_id} button")  # those of the book before may still stand
        expect(first).to_be_enabled(timeout=30_000)
        if number == 1:  # N goes to the note, where keys write letters and decide nothing; Enter leaves it
            page.keyboard.press("n")
            page.keyboard.type("1 of 2")
            page.keyboard.press("Enter")
            expect(page.get_by_label("Note (optional)")).to_have_value("1 of 2")
            expect(page.get_by_label("Note (optional)")).not_to_be_focused()
            expect(first).to_be_enabled(timeout=30_000)
        page.keyboard.press(key)
        pressed.append((record_id, label))
        shown = page.get_by_text(re.compile(rf" · record {re.escape(record_id)}$"))
        try:
            expect(shown).to_have_count(0, timeout=10_000)
        except AssertionError:
            # A key may be lost while the page is being drawn: then nothing was written, and who pressed presses again.
            lost += 1
            assert len(read_decisions(place.database, fingerprint).rows) == before + number
            page.keyboard.press(key)
            expect(shown).to_have_count(0, timeout=30_000)
    assert lost <= 2
    expect(page.get_by_text(re.compile(rf"^{DECISIONS + before} books decided"))).to_be_visible()
    rows = read_decisions(place.database, fingerprint).rows[before:]
    assert [(row.record_id, row.label) for row in rows] == pressed
    assert rows[1].note == "1 of 2"
