"""Titles a second of both engines on this computer, and whether they say the same.

``python tests/bench/bench_ray.py [--workspace W --models A,B --corpus C] [--titles 20000]``: scores titles of a corpus,
all different (with numbers behind them when there are too few), with each model; without a workspace, those of the
demonstration. Ray is an extra: ``pip install 'colophon[ray]'``. The start of the cluster and of the copies is told
apart from the scoring, which is what grows with the collection.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from core.corpus import load_corpus
from core.demonstration import build
from core.models.registry import load_folder
from core.models.score import open_model
from core.scale import score_here, score_on_ray, shards_of
from core.schema import TITLE, probability_column
from core.storage import Workspace

COLLECTIONS = {"1.75 million": 1.75e6, "500 million": 5e8}


class Clock:
    """Notes when the first answer came and the last, by what the listener is told."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.first, self.last = (float("nan"), 0.0), (float("nan"), 0.0)

    def __call__(self, fraction: float, message: str) -> None:
        now = time.perf_counter() - self.started
        if fraction > self.last[1]:
            if self.last[1] == 0.0:
                self.first = now, fraction
            self.last = now, fraction

    def steady(self, titles: int) -> float:
        """Titles a second after the first answer."""
        seconds, share = self.last[0] - self.first[0], self.last[1] - self.first[1]
        return titles * share / seconds if seconds > 0 else float("nan")


def more_titles(titles: list[str], count: int) -> list[str]:
    """Return so many different titles: those there are, then the same with a number behind them."""
    rounds = -(-count // len(titles))
    return [f"{title} {i}" if i else title for i in range(rounds) for title in titles][:count]


def run(folder: Path, model_folder: Path, titles: list[str], size: int) -> dict[str, object]:
    """Score with both engines."""
    model = load_folder(model_folder)
    columns = [probability_column(name) for name in model.classes]
    found, said = {}, {"kind": model.kind, "titles": len(titles)}
    for engine in ("local", "ray"):
        shards, clock = shards_of(folder / engine, titles, columns, model.fingerprint, size), Clock()
        if engine == "local":
            score_here(shards, model.probabilities, clock)
        else:
            score_on_ray(shards, model_folder, open_model, clock, wants_gpu=model.kind != "tfidf")
        wall = time.perf_counter() - clock.started
        found[engine] = shards.probabilities()
        said[engine] = {
            "wall_seconds": round(wall, 1),
            "first_answer_after": round(clock.first[0], 1),
            "titles_per_second": round(len(titles) / wall),
            "after_the_first_answer": round(clock.steady(len(titles))),
        }
    said["largest_difference"] = float(np.nanmax(np.abs(found["local"] - found["ray"])))
    said["same_labels"] = bool((found["local"].argmax(axis=1) == found["ray"].argmax(axis=1)).all())
    rate = len(titles) / said["local"]["wall_seconds"]
    said["hours_here"] = {name: round(count / rate / 3600, 2) for name, count in COLLECTIONS.items()}
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", help="else the demonstration is built")
    parser.add_argument("--models", default="", help="names of models in the workspace; else all")
    parser.add_argument("--corpus", help="whose titles are scored; else the first")
    parser.add_argument("--titles", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=2048, help="titles a shard")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.workspace or Path(folder, "workspace"))
        if not arguments.workspace:
            build(workspace)
        corpus = load_corpus(workspace, arguments.corpus or workspace.list("corpora")[0].name)
        known = [title for title in dict.fromkeys(corpus.records([TITLE])[TITLE]) if title.strip()]
        titles = more_titles(known, arguments.titles)
        for name in filter(None, arguments.models.split(",")) if arguments.models else names(workspace):
            path = workspace.find("models", name).path
            print(json.dumps(run(Path(folder, name), path, titles, arguments.size)), flush=True)


def names(workspace: Workspace) -> list[str]:
    """Return the names of all models."""
    return [artifact.name for artifact in workspace.list("models")]


if __name__ == "__main__":
    main()
