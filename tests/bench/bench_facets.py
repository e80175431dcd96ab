"""Seconds from marks to a ranking and its first suggestions, over 34,690 and 1.75 million titles.

``python tests/bench/bench_facets.py [ROWS ...]``: vectors of the width of MiniLM, in 16 bits, in a file that is read as
the page reads it (1.3 GB at 1.75 million rows); the titles are numbers. Wanted: below 1 s and below 3 s. The seconds of
the processor, of all threads, say what it takes where others use the machine too.
"""

import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.learned_facets import FacetCollection, FacetLog, FacetMark, rank_titles, suggestions
from core.learned_facets.features import EmbeddingFeatures
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


if __name__ == "__main__":
    print(processor())
    with tempfile.TemporaryDirectory() as folder:
        for rows in [int(text) for text in sys.argv[1:]] or [34_690, 1_750_000]:
            measure(Path(folder), rows)
