"""Seconds from marks to a ranking and its first suggestions, over 34,690 and 1.75 million titles.

``python tests/bench/bench_facets.py [ROWS ...]``: vectors of the width of MiniLM, in 16 bits, in a file that is read as
the page reads it (1.3 GB at 1.75 million rows); the titles are numbers. Wanted: below 1 s and below 3 s. The seconds of
the processor, of all threads, say what it takes where others use the machine too. With ``--press`` a browser begins a
facet in a fresh server at once and waits after the press of *Fits* on its first title, ten times.
"""

import os
import re
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.importing import import_file
from core.learned_facets import EMBEDDINGS, FacetCollection, FacetLog, FacetMark, rank_titles, suggestions
from core.learned_facets.ranking import VECTORS_FILE, EmbeddingFeatures
from core.storage import Workspace
from tests import serving
from tests.bench.bench_dashboard import processor

WIDTH, BLOCK = 384, 65_536


def vectors(path: Path, rows: int) -> np.ndarray:
    generator = np.random.default_rng(0)
    written = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(rows, WIDTH))
    for start in range(0, rows, BLOCK):
        size = min(BLOCK, rows - start)
        block = generator.standard_normal((size, WIDTH), dtype=np.float32)
        written[start : start + size] = block / np.linalg.norm(block, axis=1, keepdims=True)
    written.flush()
    return np.load(path, mmap_mode="r")


def measure(folder: Path, rows: int) -> None:
    ids = np.char.add("r", np.arange(rows).astype(str))
    text = pd.Series(ids, dtype="str")
    records = pd.DataFrame({"record_id": text, "title": text, "title_key": text, "author": "", "date": ""})
    corpus = SimpleNamespace(name="bench", fingerprint="bench")
    collection = FacetCollection(corpus, records, EmbeddingFeatures(vectors(folder / f"{rows}.npy", rows)))
    marks = [FacetMark(id=i + 1, record_id=f"r{i * 7}", fits=i < 10) for i in range(20)]
    start, busy = time.perf_counter(), time.process_time()
    collection.prepare()
    print(
        f"{rows:>9,} titles, prepared while the page is read: {time.perf_counter() - start:.2f} s,"
        f" processor {time.process_time() - busy:.2f} s",
        flush=True,
    )
    for turn in ("first", "again", "again", "again"):
        log = FacetLog(tuple(marks))
        start, busy = time.perf_counter(), time.process_time()
        ranking = rank_titles(collection, log.training)
        ranked = time.perf_counter()
        rows_shown = suggestions(collection, ranking, log, 8)
        end = time.perf_counter()
        print(
            f"{rows:>9,} titles, {turn}: ranked {ranked - start:.2f} s, suggested {end - ranked:.2f} s,"
            f" processor {time.process_time() - busy:.2f} s",
            flush=True,
        )
        marks.append(FacetMark(id=len(marks) + 1, record_id=str(rows_shown["record_id"].iloc[0]), fits=True))


def press(folder: Path, rows: int) -> None:
    """Print the seconds from the first presses in a fresh server until the title has gone and the next stands."""
    from playwright.sync_api import sync_playwright

    titles = [f"A history of town {number}" for number in range(rows)]
    pd.DataFrame({"record_id": [f"r{number}" for number in range(rows)], "title": titles}).to_csv(
        folder / "books.csv", index=False
    )
    workspace = Workspace(folder / "workspace")
    corpus = import_file(workspace, folder / "books.csv", "corpus", name="books").fingerprint

    def write(target: Path) -> dict[str, object]:
        vectors(target / VECTORS_FILE, rows)
        return {"corpus": corpus, "rows": rows, "width": WIDTH}

    workspace.store(EMBEDDINGS, "bench", "books", write)
    workspace.database.close()
    with serving.dashboard(workspace.root, folder / "log") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=serving.find_browser(), args=list(serving.FLAGS))
        page = browser.new_page()
        page.set_default_timeout(40_000)
        page.goto(f"{address}/facets")
        serving.wait_until_settled(page)
        page.get_by_role("textbox", name="Name").fill("towns")
        page.get_by_role("button", name="Begin").click()
        cards = page.locator('[class*="st-key-facet-card-"]')
        box = page.get_by_role("textbox", name="Words of the title or the author")
        box.fill("history")
        box.press("Enter")
        seconds = []
        for number in range(1, 11):
            cards.first.wait_for()
            [card] = re.findall(r"st-key-facet-card-\S+", str(cards.first.get_attribute("class")))
            page.wait_for_timeout(700)  # a title that has only just come is not marked
            started = time.perf_counter()
            cards.first.get_by_role("button", name="Fits").click()
            page.get_by_role("heading", name=re.compile(f": {number} titles? fit")).wait_for()
            page.locator(f".{card}").wait_for(state="detached")
            seconds.append(time.perf_counter() - started)
        browser.close()
    print(f"{rows:>9,} titles, after the press: " + ", ".join(f"{each:.2f}" for each in seconds) + " s")


if __name__ == "__main__":
    print(processor(), f"load {os.getloadavg()[0]:.1f}")
    if "--press" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            press(Path(folder), 34_690)
        sys.exit()
    with tempfile.TemporaryDirectory() as folder:
        for rows in [int(text) for text in sys.argv[1:]] or [34_690, 1_750_000]:
            measure(Path(folder), rows)
