"""Every page in a real browser, on the demonstration: it opens, marks the invention, breaks nowhere, looks the same."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from core.importing import import_file
from core.storage import Workspace
from core.wording.help import STOPS
from dashboard.navigation import PAGES, PageEntry, page_entry
from tests import pictures, serving
from tests.core.test_combined_predictions import rows_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Visit = Callable[[str], Page]

MOST_WORDS = 120
# The words that a reader sees before scrolling, in a window of 800 pixels; the menu and charts apart.
WORDS_IN_SIGHT = """() => {
  const words = [], main = document.querySelector('[data-testid=stMain]');
  const nodes = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect(), parent = node.parentElement;
    if (parent.closest('details:not([open]) > :not(summary)')) continue;
    const hidden = getComputedStyle(parent).visibility === 'hidden' || box.width === 0 || box.bottom > 800;
    const unread = parent.closest('[aria-hidden=true], [data-testid=stIconMaterial], svg, style, script');
    if (!hidden && !unread) words.push(node.textContent);
  }
  return words.join(' ').split(/\\s+/).filter(word => /\\p{L}/u.test(word)).length;
}"""


# Tables of text whose last column cannot be seen without scrolling sideways.
CUT_TABLES = """() => [...document.querySelectorAll('[data-testid=stTable] > div')]
  .filter(box => box.scrollWidth > box.clientWidth + 1)
  .map(box => box.querySelector('table').getAttribute('aria-label'))"""


@dataclass(frozen=True)
class Seen:
    """What one visit to a page showed: a page is loaded once for all tests that only look.

    Attributes
    ----------
    requested, blocked : list of str
        Addresses that the page asked for; complaints of the browser about its content security policy.
    words : int
        Words before scrolling, in a window of 1,280 × 800 pixels.
    cut : list of str
        Tables of text that do not fit into a window of 390 pixels.
    findings : dict
        Colour scheme → what axe found.
    pictures : dict
        Form → the file of the whole picture.
    """

    entry: PageEntry
    server: str
    exceptions: list[str]
    errors: list[str]
    headings: int
    invented: int
    title: str
    icon: str
    requested: list[str]
    blocked: list[str]
    words: int
    cut: list[str]
    findings: dict[str, list[str]]
    pictures: dict[pictures.Form, Path]
    fonts: dict[str, float]


@pytest.fixture(scope="module")
def dashboard_server(
    chromium: str, demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Serve the demonstration as it was built: on the server that all tests share others may have marked a title."""
    folder = tmp_path_factory.mktemp("pages")
    copy = shutil.copytree(demo_workspace.root, folder / "workspace")
    with serving.dashboard(copy, folder / "server.log") as address:
        yield address


@pytest.fixture(scope="module", params=PAGES, ids=[entry.title for entry in PAGES])
def seen(
    request: pytest.FixtureRequest,
    browser: Browser,
    browser_context_args: dict[str, Any],
    dashboard_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Seen:
    entry: PageEntry = request.param
    with browser.new_context(**browser_context_args) as context:
        page = context.new_page()
        page.set_default_timeout(120_000)
        requested: list[str] = []
        blocked: list[str] = []
        page.on("request", lambda sent: requested.append(sent.url))
        page.on("websocket", lambda socket: requested.append(socket.url))
        page.on("console", lambda line: blocked.append(line.text) if "Content Security" in line.text else None)
        page.goto(dashboard_server + pictures.address(entry.file))
        serving.wait_until_settled(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        words = page.evaluate(WORDS_IN_SIGHT)
        if entry.file in pictures.ASKED:
            page.goto(dashboard_server + pictures.ASKED[entry.file])
            serving.wait_until_settled(page)
        folder = tmp_path_factory.mktemp("pictures")
        files, findings, cut = {}, {}, []
        for form in pictures.FORMS:
            pictures.bring_into(page, form)
            files[form] = folder / pictures.file_name(entry.file, form)
            pictures.take_when_alike(page, files[form], pictures.PLACE / files[form].name)
            if form.width == 1280:
                findings[form.scheme] = _findings(page)
            else:
                cut = page.evaluate(CUT_TABLES)
        return Seen(
            entry=entry,
            server=dashboard_server,
            exceptions=serving.exceptions_on(page),
            errors=page.locator('[data-testid="stAlertContentError"]').all_inner_texts(),
            headings=page.locator("h1").count(),
            invented=page.get_by_text("These records are invented").count(),
            title=page.title(),
            icon=str(page.locator("link[rel~='icon']").first.get_attribute("href")),
            requested=requested,
            blocked=blocked,
            words=words,
            cut=cut,
            findings=findings,
            pictures=files,
            fonts=pictures.fonts(page),
        )


def _findings(page: Page) -> list[str]:
    """Return what axe takes for serious, and headings that do not follow each other in order."""
    violations = Axe().run(page).response["violations"]
    return [v["id"] for v in violations if v["impact"] in ("serious", "critical") or v["id"] == "heading-order"]


def test_a_page_opens_marks_the_invention_and_says_little_at_first_sight(seen: Seen) -> None:
    assert seen.exceptions == []
    assert seen.invented > 0
    assert seen.headings == 1
    assert seen.errors == []
    assert seen.words <= MOST_WORDS


def test_no_page_asks_anything_of_another_machine_and_each_has_its_title(seen: Seen) -> None:
    host = seen.server.removeprefix("http://")
    inside = (f"http://{host}/", f"ws://{host}/", "data:", f"blob:http://{host}/")
    assert len(seen.requested) > 5
    assert [url for url in seen.requested if not url.startswith(inside)] == []
    # what the policy had to block would have been asked by a browser that does not know it
    assert seen.blocked == []
    assert seen.title == f"{seen.entry.title} · Colophon"
    assert not seen.icon.startswith("http") or seen.icon.startswith(seen.server)


def test_nothing_serious_stands_in_the_way_of_a_screen_reader(seen: Seen) -> None:
    assert seen.findings == {"light": [], "dark": []}


def test_every_column_of_a_table_of_text_is_seen_on_a_telephone(seen: Seen) -> None:
    assert seen.cut == []


def test_a_page_looks_as_it_did(seen: Seen) -> None:
    if seen.fonts != pictures.kept_fonts():
        pytest.skip(f"the pictures were made with other fonts: {pictures.kept_fonts()}, here {seen.fonts}")
    assert pictures.complaints(seen.pictures) == []


@pytest.mark.parametrize("step", range(1, len(STOPS) + 1), ids=[stop.page for stop in STOPS])
def test_the_card_of_the_tour_leaves_a_page_short(visit: Visit, step: int) -> None:
    page = visit(f"{pictures.address(page_entry(STOPS[step - 1].page).file)}?tour={step}")
    expect(page.get_by_text(f"Tour, {step} of {len(STOPS)}.")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate(WORDS_IN_SIGHT) <= MOST_WORDS
    assert _findings(page) == []


def test_two_models_under_one_promise_say_little_at_first_sight(
    page: Page, chromium: str, workspace: Workspace, tmp_path: Path
) -> None:
    for name in ("slow", "quick"):
        rows_of(name).to_csv(tmp_path / f"{name}.csv", index=False)
        import_file(workspace, tmp_path / f"{name}.csv", "predictions", name=name, learned_from=("none",))
    with serving.dashboard(workspace.root, tmp_path / "server.log") as address:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{address}/thresholds?predictions=quick&of_whole=5+%25&also=slow")
        serving.wait_until_settled(page)
        expect(page.get_by_text("are wrong once people have done the rest", exact=False).first).to_be_visible()
        expect(page.get_by_text("slow decides", exact=True)).to_be_visible()
        words = page.evaluate(WORDS_IN_SIGHT)
        print(words)
        assert 30 < words <= MOST_WORDS


def test_a_page_is_usable_on_a_telephone(visit: Visit) -> None:
    page = visit("/thresholds")
    page.set_viewport_size({"width": 390, "height": 800})
    serving.wait_until_settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


def test_on_a_telephone_the_menu_makes_room_for_the_page_that_was_chosen(page: Page, dashboard_server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(dashboard_server)
    serving.wait_until_settled(page)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Errors", exact=True).first.click()
    expect(page.locator("h1")).to_have_text("Errors")
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()


def test_a_filter_is_in_the_address_and_comes_back_from_it(visit: Visit) -> None:
    page = visit("/errors?words=ballad")
    expect(page.get_by_text(re.compile(r"Titles with ballad: \d+ of \d+ wrong"))).to_be_visible()
    expect(page.get_by_role("textbox", name="Words in the title, separated by commas")).to_have_value("ballad")


def test_moving_a_slider_changes_the_figures_and_the_address(visit: Visit) -> None:
    page = visit("/thresholds?cut_Fiction=0.5&cut_Non_fiction=0.5")
    before = page.locator("h2").first.inner_text()
    page.get_by_role("slider").first.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    serving.wait_until_settled(page)
    expect(page.locator("h2").first).not_to_have_text(before)
    assert "cut_Fiction=0.6" in page.url


def test_training_is_seen_while_it_runs_and_survives_a_reload(visit: Visit) -> None:
    page = visit("/models")
    page.get_by_text("More settings").click()
    page.get_by_label("Name", exact=True).first.fill("trained-in-the-browser")
    page.get_by_role("button", name="Train", exact=False).first.click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=20_000)
    page.reload()
    expect(page.get_by_text("Done: Training on", exact=False).first).to_be_visible(timeout=120_000)
    serving.wait_until_settled(page)
    expect(page.get_by_text("trained-in-the-browser").first).to_be_attached()


def test_titles_are_shown_and_never_acted_upon(visit: Visit) -> None:
    page = visit("/errors?words=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert page.locator("img[src='x']").count() == 0
