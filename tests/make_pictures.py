"""Photograph the pages that the README shows, on the demonstration; fail when a page shows an exception.

    python -m tests.make_pictures dashboard/pictures
    python -m tests.make_pictures --renew

Run from the root of the repository. Each picture is a PNG of at most 300 kB, 1,280 pixels wide, in the light theme (or
``--dark``). ``--all`` photographs every page of the sidebar: a quick look at everything. ``--renew`` makes the small
pictures anew with which ``tests/browser/test_pages.py`` compares every page (:mod:`tests.pictures`).
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from dashboard.navigation import PAGES
from tests import pictures, serving

README_PAGES = ("Home", "Errors", "Thresholds")
WIDTH, TALLEST, LARGEST = 1280, 1600, 300_000
_LINKS = '.st-key-menu [data-testid="stPageLink-NavLink"]'


def main(arguments: list[str] | None = None) -> int:
    """Take the pictures and return 1 when a page showed an exception."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path, nargs="?", help="where the pictures go")
    ask.add_argument("--renew", action="store_true", help="make the small pictures of tests/browser/pictures anew")
    ask.add_argument("--all", action="store_true", help="every page of the sidebar, not only those of the README")
    ask.add_argument("--only", nargs="+", metavar="PAGE", help="with --renew: these pages, named as their files are")
    ask.add_argument("--dark", action="store_true", help="in the dark theme")
    ask.add_argument("--width", type=int, default=WIDTH, help="width of the window in pixels (default: %(default)s)")
    ask.add_argument("--workspace", type=Path, help="a workspace to show, else a new demonstration")
    args = ask.parse_args(arguments)
    browser = serving.find_browser()
    if browser is None:
        print("No Chromium is installed: apt install chromium", file=sys.stderr)
        return 2
    if args.renew:
        return renew(browser, args.workspace, args.only)
    if args.folder is None:
        ask.error("say which folder the pictures go to, or --renew")
    args.folder.mkdir(parents=True, exist_ok=True)
    faults = 0
    with (
        _workspace(args.workspace) as (workspace, scratch),
        serving.dashboard(workspace, scratch / "log") as address,
        sync_playwright() as playwright,
    ):
        running = playwright.chromium.launch(executable_path=browser, args=list(serving.FLAGS))
        page = running.new_page(color_scheme="dark" if args.dark else "light", locale="en-GB")
        page.goto(address)
        serving.wait_until_settled(page)
        # an icon's name is part of its link's text; the page's name is the last line
        names = [text.strip().splitlines()[-1] for text in page.locator(_LINKS).all_inner_texts()]
        for number, name in enumerate(names):
            if args.all or name in README_PAGES:
                faults += _photograph(page, number, name, args.folder, args.width)
        running.close()
    missing = set(README_PAGES) - set(names)
    if missing:
        print(f"There is no page called {', '.join(sorted(missing))}.", file=sys.stderr)
    return 1 if faults or missing else 0


def renew(browser: str, given: Path | None = None, only: Sequence[str] | None = None) -> int:
    """Make the small pictures anew, each page in each form, and return how many exceptions the pages showed.

    Parameters
    ----------
    given : Path, optional
        A demonstration as :func:`tests.pictures.build_demonstration` builds it, unchanged since; else one is built.
    only : sequence of str, optional
        Pages, named as their files are without ``.py``; else all.
    """
    faults = 0
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        if given is None:
            pictures.build_demonstration(folder / "workspace")
        else:
            shutil.copytree(given, folder / "workspace")
        with serving.dashboard(folder / "workspace", folder / "log") as address:
            running = playwright.chromium.launch(executable_path=browser, args=list(serving.FLAGS))
            pictures.PLACE.mkdir(exist_ok=True)
            for entry in (entry for entry in PAGES if not only or Path(entry.file).stem in only):
                page = running.new_page(locale="en-GB", viewport={"width": WIDTH, "height": 900})
                page.goto(address + pictures.ASKED.get(entry.file, pictures.address(entry.file)))
                serving.wait_until_settled(page)
                for form in pictures.FORMS:
                    pictures.bring_into(page, form)
                    pictures.draw_anew(page)
                    page.wait_for_timeout(500)
                    picture = pictures.take(page, folder / "whole.png")
                    picture.save(pictures.PLACE / pictures.file_name(entry.file, form), optimize=True)
                faults += len(serving.exceptions_on(page))
                pictures.FONTS.write_text(json.dumps(pictures.fonts(page)) + "\n", encoding="utf-8")
                page.close()
                print(entry.title, flush=True)
            running.close()
    return faults


@contextlib.contextmanager
def _workspace(given: Path | None) -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory() as scratch:
        workspace = given or Path(scratch) / "workspace"
        if given is None:
            environment = {**os.environ, "COLOPHON_HOME": str(workspace)}
            command = Path(sys.executable).with_name("colophon")
            subprocess.run([command, "demo"], cwd=serving.ROOT, env=environment, check=True)
        yield workspace, Path(scratch)


def _photograph(page: Page, number: int, name: str, folder: Path, width: int) -> int:
    page.set_viewport_size({"width": width, "height": 1000})
    page.locator(_LINKS).nth(number).click()
    page.mouse.move(width - 5, 5)  # away from the menu, which says what a page is for
    page.wait_for_timeout(400)
    serving.wait_until_settled(page)
    needed = page.evaluate("() => document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(int(needed) + 20, 800), TALLEST)})
    page.wait_for_timeout(800)  # charts draw themselves anew for the taller window
    serving.wait_until_settled(page)
    picture = folder / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
    page.screenshot(path=str(picture))
    _make_small(picture)
    result = serving.exceptions_on(page)
    print(f"{picture}  {picture.stat().st_size / 1000:.0f} kB  exceptions: {len(result)}")
    return len(result)


def _make_small(picture: Path) -> None:
    """Save with the fewest bytes that keep the look: as it is, else with fewer colours."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    image.save(picture, optimize=True)
    for colours in (256, 128, 64):
        if picture.stat().st_size <= LARGEST:
            return
        image.quantize(colours, method=Image.Quantize.MEDIANCUT).save(picture, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
