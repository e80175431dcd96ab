"""From the key that decides a book to the next book on the screen, in a real browser.

    python tests/bench/bench_review.py [--decisions 100]

The British Library's published predictions (34,690 records), or, where they are not here, the demonstration's, wait on
Review below a cut-off of .95. Each key is pressed as soon as the buttons can be pressed; the browser itself takes the
time until another record's number stands on the page.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.guarantees import SavedPolicy, save_policy
from core.predictions import load_predictions
from core.review import read_decisions
from core.storage import Workspace
from core.thresholds import Policy
from tests import serving
from tests.bench.bench_dashboard import prepared, processor

RECORD = re.compile(r" · record (\S+)$")
KEYS = ("1", "2", "t")
PRESS = """([key, before]) => new Promise((resolve) => {
  const captions = () => [...document.querySelectorAll('[data-testid="stCaptionContainer"]')].map((e) => e.innerText);
  const started = performance.now();
  const look = () => {
    const shown = captions().find((text) => / · record \\S+$/.test(text));
    if (shown && shown !== before) resolve((performance.now() - started) / 1000);
    else setTimeout(look, 5);
  };
  const code = key === "t" ? "KeyT" : "Digit" + key;
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true }));
  look();
})"""


def press_keys(page: Page, decisions: int) -> np.ndarray:
    """Decide so many books by keys; the seconds from each key to the next book."""
    first = page.get_by_role("button", name=re.compile("^Fiction"))
    seconds = []
    for number in range(decisions):
        expect(first).to_be_enabled(timeout=30_000)
        before = page.get_by_text(RECORD).first.inner_text()
        seconds.append(page.evaluate(PRESS, [KEYS[number % len(KEYS)], before]))
    return np.array(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=100)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Workspace(prepared(None, Path(scratch)))
        name = place.list("predictions")[0].name
        fingerprint = load_predictions(place, name).fingerprint
        save_policy(place, fingerprint, SavedPolicy(policy=Policy({"Fiction": 0.95, "Non-fiction": 0.95})))
        before = len(read_decisions(place.database, fingerprint).rows)
        with serving.dashboard(Path(place.root), Path(scratch) / "log") as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=serving.find_browser(), args=list(serving.FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{address}/review?predictions={name}")
            serving.wait_until_settled(page)
            print(f"{processor()}; load {os.getloadavg()[0]:.1f}")
            started = time.perf_counter()
            seconds = press_keys(page, args.decisions)
            whole = time.perf_counter() - started
            browser.close()
        written = len(read_decisions(place.database, fingerprint).rows) - before
    print(f"{written} decisions written in {whole:.0f} s, with the .8 s for which each book cannot be decided")
    print(f"key to next book: median {np.median(seconds):.2f} s, p95 {np.quantile(seconds, 0.95):.2f} s")


if __name__ == "__main__":
    main()
