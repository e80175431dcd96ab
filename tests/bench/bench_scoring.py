"""Titles a second: the published way, ours, and the cascade, one after the other on the same CPU.

``python tests/bench/bench_scoring.py --real FOLDER [--titles 4000] [--workspace DIR --model NAME]``: scores titles of
``digitised.csv.gz``. *Published*: ``transformers.pipeline`` over a dataset, batches of 256, 32 bits. *Ours*: batches of
like length, one core each, 16 bits where no more than one label in a thousand changes. *Cascade*: TF-IDF trained on
``annotated.csv`` where it is sure (0.95), ours for the rest. Without a trained model the encoder has a random head:
the same speed, labels without meaning, so that the share of equal labels says little then.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.models.encoder import Tokens, default_base, from_pretrained
from core.models.ensemble import CascadeClassifier
from core.models.registry import load
from core.models.runtime import has_bfloat16, load_torch, usable_cores
from core.models.tfidf import TfidfClassifier
from core.models.transformer import TransformerClassifier, _network
from core.storage import Workspace


def titles_of(folder: Path, count: int) -> list[str]:
    table = pd.read_csv(folder / "digitised.csv.gz", dtype=str, keep_default_na=False, usecols=["Title"])
    return table["Title"].drop_duplicates().sample(count, random_state=0).tolist()


def labelled(folder: Path) -> Any:
    """Return the annotated books as what a classifier learns from."""
    from bench_models import normalise_text

    from core.labels import load_labels
    from core.models.fitting import _data
    from core.models.preparation import exclude_books, labelled_books

    with tempfile.TemporaryDirectory() as place:
        workspace = Workspace(place)
        normalise_text(workspace, folder)
        books, _ = labelled_books(workspace, load_labels(workspace, "annotated"))
        books, _ = exclude_books(workspace, books, ("published",))
    return _data(books, None, tuple(sorted(set(books["label"]))))


def published(model: TransformerClassifier, titles: list[str]) -> tuple[Callable[[], Any], list[str]]:
    """Return the published way of asking the same network."""
    import transformers

    base, tokenizer = from_pretrained(default_base())
    config = base.config
    config.num_labels = 2
    classifier = transformers.BertForSequenceClassification(config).eval()
    requested = transformers.pipeline("text-classification", model=classifier, tokenizer=tokenizer, device="cpu")
    limit = model.tokens.limit

    class Dataset(load_torch().utils.data.Dataset):  # type: ignore[misc,name-defined]
        def __len__(self) -> int:
            return len(titles)

        def __getitem__(self, at: int) -> str:
            return titles[at]

    return lambda: list(requested(Dataset(), batch_size=256, truncation=True, max_length=limit)), titles


def timed(name: str, titles: list[str], work: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    clock, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, busy = time.perf_counter() - clock, time.process_time() - cpu
    content = {
        "way": name,
        "titles": len(titles),
        "titles_a_second": round(len(titles) / seconds),
        "titles_a_cpu_second": round(len(titles) / busy),
    }
    print(json.dumps(content), flush=True)
    return result, content


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", default=os.environ.get("COLOPHON_REAL_DATA", ""))
    parser.add_argument("--titles", type=int, default=4_000)
    parser.add_argument("--workspace")
    parser.add_argument("--model", help="a trained transformer in the workspace")
    arguments = parser.parse_args()
    folder = Path(arguments.real)
    titles, data = titles_of(folder, arguments.titles), labelled(folder)
    if arguments.model:
        model: Any = load(Workspace(arguments.workspace), arguments.model).classifier
    else:
        encoder, tokenizer = from_pretrained(default_base())
        load_torch().manual_seed(0)
        model = TransformerClassifier(_network(encoder, 2), Tokens(tokenizer, 64), data.classes)
        # A random head is never sure, so that 16 bits would be refused: they are taken for their speed alone.
        model.reduced = has_bfloat16(model.device)
    print(f"{usable_cores()} cores; 16 bits: {model.reduced}, labels equal on {model.agreement:.4f} of {model.checked}")
    few = titles[: min(len(titles), 1_000)]
    theirs, _ = published(model, few)
    _, slow = timed("published (pipeline, batch 256, 32 bits)", few, theirs)
    model.reduced, reduced = False, model.reduced
    wide, _ = timed("ours, 32 bits", few, lambda: model.predict_probabilities(few))
    model.reduced = reduced
    narrow, quick = timed("ours", titles, lambda: model.predict_probabilities(titles))
    cascade = CascadeClassifier(TfidfClassifier.train(data), model)
    _, quickest = timed("cascade", titles, lambda: cascade.predict_probabilities(titles))
    same = float((wide.argmax(axis=1) == narrow[: len(few)].argmax(axis=1)).mean())
    for name in ("titles_a_second", "titles_a_cpu_second"):
        print(
            f"{name}: ours / published {quick[name] / slow[name]:.1f},"
            f" cascade / ours {quickest[name] / quick[name]:.1f}"
        )
    decided = float((cascade.first.predict_probabilities(titles).max(axis=1) >= cascade.sure).mean())
    print(f"labels equal in 16 and 32 bits: {same:.4f} of {len(few)}; TF-IDF decides {decided:.2f} of the titles")
    print(f"largest difference of a probability: {np.abs(wide - narrow[: len(few)]).max():.4f}")


if __name__ == "__main__":
    main()
