"""Every page in a real browser, on the demonstration: it opens, marks the invention, and breaks nowhere."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core.wording.tour import STOPS
from dashboard.navigation import PAGES, page_entry
from tests import serving

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


def _path(file: str) -> str:
    return "/" if file == "home.py" else "/" + file.removesuffix(".py")


@pytest.mark.parametrize("stop", PAGES, ids=[stop.title for stop in PAGES])
def test_a_page_opens_marks_the_invention_and_says_little_at_first_sight(visit: Visit, stop: object) -> None:
    page = visit(_path(stop.file))  # type: ignore[attr-defined]
    expect(page.get_by_text("These records are invented")).to_be_visible()
    expect(page.locator("h1")).to_have_count(1)
    assert page.locator('[data-testid="stAlertContentError"]').all_inner_texts() == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate(WORDS_IN_SIGHT) <= MOST_WORDS


@pytest.mark.parametrize("stop", PAGES, ids=[stop.title for stop in PAGES])
def test_no_page_asks_anything_of_another_machine_and_each_has_its_title(
    page: Page, dashboard_server: str, stop: object
) -> None:
    requested: list[str] = []
    blocked: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("websocket", lambda socket: requested.append(socket.url))
    page.on("console", lambda message: blocked.append(message.text) if "Content Security" in message.text else None)
    page.goto(dashboard_server + _path(stop.file))  # type: ignore[attr-defined]
    serving.wait_until_settled(page)
    address = dashboard_server.removeprefix("http://")
    inside = (f"http://{address}/", f"ws://{address}/", "data:", f"blob:http://{address}/")
    assert len(requested) > 5
    assert [url for url in requested if not url.startswith(inside)] == []
    # what the policy had to block would have been asked by a browser that does not know it
    assert blocked == []
    expect(page).to_have_title(f"{stop.title} · Colophon")  # type: ignore[attr-defined]
    icon = page.locator("link[rel~='icon']").first.get_attribute("href")
    assert (icon and not icon.startswith("http")) or str(icon).startswith(dashboard_server)


def _findings(page: Page) -> list[str]:
    """Return what axe takes for serious, and headings that do not follow each other in order."""
    violations = Axe().run(page).response["violations"]
    return [v["id"] for v in violations if v["impact"] in ("serious", "critical") or v["id"] == "heading-order"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stop", PAGES, ids=[stop.title for stop in PAGES])
def test_nothing_serious_stands_in_the_way_of_a_screen_reader(
    visit: Visit, page: Page, stop: object, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    path = _path(stop.file)  # type: ignore[attr-defined]
    assert _findings(visit(f"{path}?find=milliner" if path == "/book" else path)) == []


@pytest.mark.parametrize("step", range(1, len(STOPS) + 1), ids=[stop.page for stop in STOPS])
def test_the_card_of_the_tour_leaves_a_page_short(visit: Visit, step: int) -> None:
    page = visit(f"{_path(page_entry(STOPS[step - 1].page).file)}?tour={step}")
    expect(page.get_by_text(f"Tour, {step} of {len(STOPS)}.")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate(WORDS_IN_SIGHT) <= MOST_WORDS
    assert _findings(page) == []


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
