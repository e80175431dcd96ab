"""Titles a second of both engines on this computer, whether they say the same, and how long large collections take.

``python tests/bench/bench_ray.py [--workspace W --models A,B --corpus C] [--titles 20000] [--json]`` scores titles of a
corpus, all different (with numbers behind them when there are too few), with each model; without a workspace, those
of the demonstration. Ray is an extra: ``pip install -e '.[ray]'``. Its start is told apart from the scoring, which is
what grows with the collection: the rate is counted from the first titles on.

``python tests/bench/bench_ray.py --rate 230`` only reckons: it prints the row of this table for a copy of a model that
scores so many titles a second. Seconds = different titles ÷ (titles a second per copy × copies), if the work divides
evenly; starting comes on top. Columns: titles a second per copy; 1.75 million titles with one copy, 500 million with
one, 1.75 million with 64, 500 million with 64.

TF-IDF, on one core:
    | 12,500 | 2 min | 11.1 h | 2 s | 10 min |
MiniLM with weights of 8 bits, on one core:
    | 110 | 4.4 h | 53 days | 4 min | 19.7 h |

The rate of TF-IDF was measured on a machine of two cores; that of MiniLM is put together from two measured parts (135
titles a second with 8 bits on a core with AVX2, beside much other work, and one title in seven read again at 70).
No graphics processor was to be had: that each copy gets one of its own is tested with processors that Ray only counts.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.corpus import load_corpus
from core.demonstration import build
from core.models.registry import load_folder
from core.models.scoring import open_model
from core.scale import duration, score_locally, shards_of
from core.scale.ray_engine import score_on_ray
from core.schema import TITLE, probability_column
from core.storage import Workspace

# What is reckoned for: different titles, and copies of the model.
COLLECTIONS = {"1.75 million": 1.75e6, "500 million": 5e8}
COPIES = (1, 64)
HEADS = ("engine", "start", "titles/s", "copies", "titles/s a copy")


class Clock:
    """Notes when the first titles were done and the last, and how many copies there are, as the listener is told."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.first = self.last = (float("nan"), 0.0)
        self.copies = 1

    def __call__(self, fraction: float, message: str) -> None:
        now = time.perf_counter() - self.started
        if message.startswith("Waiting for "):
            self.copies = int(message.split()[2].replace(",", ""))
        if fraction > self.last[1]:
            self.first = self.first if self.last[1] else (now, fraction)
            self.last = now, fraction

    def rate(self, titles: int) -> float:
        """Titles a second after the first ones."""
        seconds, share = self.last[0] - self.first[0], self.last[1] - self.first[1]
        return titles * share / seconds if seconds > 0 else float("nan")


def more_titles(titles: list[str], count: int) -> list[str]:
    """Return so many different titles: those there are, then the same with a number behind them."""
    rounds = -(-count // len(titles))
    return [f"{title} {i}" if i else title for i in range(rounds) for title in titles][:count]


def compare(folder: Path, model_folder: Path, titles: list[str], size: int) -> dict[str, Any]:
    """Score with both engines; return what was measured."""
    model = load_folder(model_folder)
    columns = [probability_column(name) for name in model.classes]
    result, engines = {}, []
    for engine in ("local", "ray"):
        shards, clock = shards_of(folder / engine, titles, columns, model.fingerprint, size), Clock()
        if engine == "local":
            score_locally(shards, model.probabilities, clock)
        else:
            score_on_ray(shards, model_folder, open_model, clock, wants_gpu=model.kind != "tfidf")
        result[engine] = shards.probabilities()
        rate = clock.rate(len(titles))
        engines.append(dict(zip(HEADS, (engine, clock.first[0], rate, clock.copies, rate / clock.copies), strict=True)))
    same = result["local"].argmax(axis=1) == result["ray"].argmax(axis=1)
    return {
        "kind": model.kind,
        "titles": len(titles),
        "engines": engines,
        "labels_equal": int(same.sum()),
        "largest_difference": float(np.nanmax(np.abs(result["local"] - result["ray"]))),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"),
    }


def told(name: str, text: dict[str, Any]) -> str:
    """Return what was measured for a reader."""
    lines = [f"\n{name} ({text['kind']}), {text['titles']:,} different titles, {os.cpu_count()} cores"]
    lines.append("  ".join(head.rjust(15) for head in HEADS))
    for item in text["engines"]:
        cells = (item["engine"], f"{item['start']:.1f} s", *(f"{item[head]:,.0f}" for head in HEADS[2:]))
        lines.append("  ".join(cell.rjust(15) for cell in cells))
    lines.append(
        f"Labels equal: {text['labels_equal']:,} of {text['titles']:,}; largest difference of a probability:"
        f" {text['largest_difference']:.1e}."
    )
    lines.append(f"Load of the machine at the end: {text['load']:.1f}. Above its cores, others were at work too.")
    return "\n".join(lines)


def row(rate: float) -> str:
    """Return how long collections take with copies that score so many titles a second each: a row of the table.

    >>> row(230)
    '| 230 | 2.1 h | 25 days | 2 min | 9.4 h |'
    """
    cells = [duration(titles / (rate * copies)) for copies in COPIES for titles in COLLECTIONS.values()]
    return f"| {rate:,.0f} | {' | '.join(cells)} |"


def heads() -> str:
    """Return the heads of that table."""
    cells = [f"{name}, {n} {'copy' if n == 1 else 'copies'}" for n in COPIES for name in COLLECTIONS]
    return f"| titles a second, per copy | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", help="else the demonstration is built")
    parser.add_argument("--models", default="", help="names of models in the workspace; else all")
    parser.add_argument("--corpus", help="whose titles are scored; else the first")
    parser.add_argument("--titles", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=2048, help="titles a shard")
    parser.add_argument("--json", action="store_true", help="one JSON object a model")
    parser.add_argument("--rate", type=float, help="titles a second of one copy: measure nothing, only reckon")
    arguments = parser.parse_args()
    if arguments.rate:
        print(heads(), row(arguments.rate), sep="\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder, "workspace"))
        if not arguments.workspace:
            build(workspace)
        corpus = load_corpus(workspace, arguments.corpus or workspace.list("corpora")[0].name)
        known = [title for title in dict.fromkeys(corpus.records([TITLE])[TITLE]) if title.strip()]
        titles = more_titles(known, arguments.titles)
        requested = (
            arguments.models.split(",") if arguments.models else [item.name for item in workspace.list("models")]
        )
        for name in requested:
            comparison = compare(Path(folder, name), workspace.find("models", name).path, titles, arguments.size)
            print(json.dumps({"model": name, **comparison}) if arguments.json else told(name, comparison), flush=True)
            if not arguments.json:
                print("How long that makes for large collections:", heads(), sep="\n")
                for item in comparison["engines"]:
                    print(row(item[HEADS[-1]]), f"({item['engine']})", flush=True)


if __name__ == "__main__":
    main()
