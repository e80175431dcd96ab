"""Titles a second: the published way and ours, one after the other on the same CPU.

``python tests/bench/bench_scoring.py --real FOLDER [--titles 4000] [--workspace DIR --model NAME]``: scores titles of
``digitised.csv.gz``. *Published*: ``transformers.pipeline`` over a dataset, batches of 256, 32 bits. *Exact*: batches
of like length, one core each, by torch. *Graph*: the same by ONNX Runtime, with weights of 32 and of 8 bits, without
reading anything twice. *Ours*: weights of 8 bits, and what is undecided read again exactly. Without a trained model the
encoder has a random head: the same speed, but nearly all titles are undecided, so that *ours* is not measured then.

What it measured of MiniLM with 8 bits, undecided titles read again: 7.3 ms a title (137 titles a second of one core's
time, AVX2, beside much other work). :mod:`core.models.cascade` has what a quick student before it decides.
"""

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.models.encoder import Tokens, default_base, from_pretrained, run
from core.models.graph import export
from core.models.registry import load
from core.models.runtime import load_torch, usable_cores
from core.models.transformer import TransformerClassifier, _network
from core.storage import Workspace

UNITS = ("avx2", "avx_vnni", "avx512_f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "MKL_NUM_THREADS")


def titles_of(folder: Path, count: int) -> list[str]:
    table = pd.read_csv(folder / "digitised.csv.gz", dtype=str, keep_default_na=False, usecols=["Title"])
    return table["Title"].drop_duplicates().sample(count, random_state=0).tolist()


def processor() -> str:
    """Return the processor's name, its vector units, and the threads that libraries may take."""
    capabilities = load_torch().cpu.get_capabilities()
    units = [name for name in UNITS if capabilities.get(name)]
    settings = {name: os.environ[name] for name in THREADS if name in os.environ}
    name = capabilities.get("cpu_name") or platform.processor()
    return f"{name}: {', '.join(units)}; {usable_cores()} cores; {settings or 'no setting of threads'}"


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", default=os.environ.get("COLOPHON_REAL_DATA", ""))
    parser.add_argument("--titles", type=int, default=4_000)
    parser.add_argument("--workspace")
    parser.add_argument("--model", help="a trained transformer in the workspace")
    arguments = parser.parse_args()
    titles = titles_of(Path(arguments.real), arguments.titles)
    if arguments.model:
        model: Any = load(Workspace(arguments.workspace), arguments.model).classifier
    else:
        encoder, tokenizer = from_pretrained(default_base())
        load_torch().manual_seed(0)
        model = TransformerClassifier(_network(encoder, 2), Tokens(tokenizer, 64), ("Fiction", "Non-fiction"))
    print(processor(), flush=True)
    few = titles[: min(len(titles), 1_000)]
    theirs, _ = published(model, few)
    _, slow = timed("published (pipeline, batch 256, 32 bits)", few, theirs)
    exact, wide = timed("exact (torch, 32 bits)", few, lambda: model._probabilities(few, None))
    runs = {"exact": wide}
    for name, whole_numbers in (("graph, 32 bits", False), ("graph, 8 bits", True)):
        graph = export(model.network, whole_numbers=whole_numbers)
        _, runs[name] = timed(name, titles, lambda form=graph: run(form, model.tokens, titles, "cpu"))
    if model.quick is not None:
        quick, runs["ours"] = timed("ours", titles, lambda: model.predict_probabilities(titles))
        same = float((exact.argmax(axis=1) == quick[: len(few)].argmax(axis=1)).mean())
        print(f"labels equal to the exact ones: {same:.4f} of {len(few)}")
        print(f"largest difference of a probability: {np.abs(exact - quick[: len(few)]).max():.4f}")
    for measure in ("titles_a_second", "titles_a_cpu_second"):
        print(f"{measure} ÷ published: " + ", ".join(f"{n} {r[measure] / slow[measure]:.1f}" for n, r in runs.items()))
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main()
