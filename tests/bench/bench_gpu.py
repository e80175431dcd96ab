"""Learning and scoring on a graphics processor: titles a second, where the time goes, and how busy the card is.

``python tests/bench/bench_gpu.py`` fine-tunes MiniLM on invented titles and scores 52,695 and 1,752,078 more, as
``predict`` does: 16 bits, packed without padding, tokenized in threads beside it, several batches under way, and what
is undecided read again with 32 bits. One JSON object a line:

- *titles_a_second* of the whole, by the clock.
- *tokenizing*, *copying*, *computing*: seconds ÷ seconds that passed. They overlap, and tokenizing counts the seconds
  of two threads. What is read again with 32 bits is in none of the three but in *again*.
- *flops_a_title*: counted, not measured: products of the layers' matrices with each token, and of each token with the
  others of its title.
- *share_of_peak*: these ÷ the time that passed ÷ what the maker says of the card (dense, 16 bits).

``--device cpu --titles 300`` does the same on any computer: the same code but for the attention, to see that it runs.
``--real FOLDER`` takes the titles of ``digitised.csv.gz``, with numbers behind
them where there are too few.
"""

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.models import TrainingData
from core.models.graph import PackedForm, PhaseSeconds
from core.models.runtime import best_device, has_bfloat16, load_torch, usable_cores
from core.models.transformer import TransformerClassifier
from core.progress import Progress, silent
from data.demonstration import generate
from tests.bench.bench_ray import more_titles

COLLECTIONS = (52_695, 1_752_078)
# Dense products of 16 bits (bfloat16), 10^12 operations a second, by the makers' data sheets; the first name that fits.
PEAKS = {
    "B200": 2250,
    "H200": 989,
    "H100 PCIe": 756,
    "H100 NVL": 835,
    "H100": 989,
    "A100": 312,
    "L40S": 362,
    "L4": 121,
    "A10G": 70,
    "A10": 125,
}
BATCH = 32_768  # titles that `predict` hands over at a time, of a collection of 1.75 million


def peak(name: str) -> float | None:
    """Return what a card can do at the most in a second (floating-point operations); None where it is not known.

    >>> peak("NVIDIA H100 80GB HBM3"), peak("NVIDIA L4"), peak("NVIDIA L40S"), peak("AMD EPYC")
    (989000000000000.0, 121000000000000.0, 362000000000000.0, None)
    """
    return next((1e12 * value for part, value in PEAKS.items() if part in name), None)


def operations(config: Any, seconds: PhaseSeconds) -> int:
    """Return the floating-point operations that a network's layers do for what was read.

    Parameters
    ----------
    config : configuration of an encoder of BERT's kind
    """
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    # Four matrices of attention and two of the layer behind it; a product counts as a multiplication and an addition.
    by_token = 2 * layers * (4 * width * width + 2 * width * inner)
    by_pair = 2 * layers * 2 * width  # each token with each of its title: once for the weights, once for the sum
    return by_token * seconds.tokens + by_pair * seconds.squares


def processor(device: str) -> str:
    """Return the name of the card, or of the processor."""
    torch = load_torch()
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    return str(torch.cpu.get_capabilities().get("cpu_name") or platform.processor() or platform.machine())


def invented(count: int, scale: float) -> tuple[list[str], list[str]]:
    """Return titles of the demonstration's digitised books and their true classes, of `count` at the most."""
    demonstration = generate(scale=scale)
    books = demonstration.digitised.drop_duplicates("Title").head(count)
    return books["Title"].tolist(), demonstration.truth.loc[books["BL record ID"]].tolist()


def learn(titles: list[str], labels: list[str], base: str) -> tuple[TransformerClassifier, dict[str, Any]]:
    classes = tuple(sorted(set(labels)))
    targets = (np.array(labels)[:, None] == np.array(classes)).astype(float)
    data = TrainingData(titles=titles, targets=targets, weights=np.ones(len(titles)), classes=classes)
    started = time.perf_counter()
    classifier = TransformerClassifier.train(data, options={"base": base} if base else {})
    seconds = time.perf_counter() - started
    facts = {"phase": "learning", "titles": len(titles), "epochs": classifier.epochs, "seconds": round(seconds, 1)}
    return classifier, facts


@dataclasses.dataclass
class Again:
    """Titles that are read again with 32 bits, and the seconds it takes."""

    classifier: TransformerClassifier
    titles: int = 0
    seconds: float = 0.0

    def probabilities(self, titles: Sequence[str], progress: Progress = silent) -> Any:
        """Score as the classifier does, and take the time of what it asks of the network itself."""
        exact = self.classifier._probabilities

        def watched(titles: Sequence[str], form: Any, progress: Progress = silent) -> Any:
            started = time.perf_counter()
            answer = exact(titles, form, progress)
            if form is None:
                self.titles += len(titles)
                self.seconds += time.perf_counter() - started
            return answer

        self.classifier._probabilities = watched  # type: ignore[method-assign]
        try:
            return self.classifier.predict_probabilities(titles, progress)
        finally:
            self.classifier._probabilities = exact  # type: ignore[method-assign]


def scored(classifier: TransformerClassifier, form: PackedForm, titles: list[str], name: str) -> dict[str, Any]:
    """Score titles and return what was measured."""
    classifier.quick = form = dataclasses.replace(form, seconds=PhaseSeconds())
    again = Again(classifier)
    started = time.perf_counter()
    for start in range(0, len(titles), BATCH):
        again.probabilities(titles[start : start + BATCH])
    seconds = time.perf_counter() - started
    phases, most = form.seconds, peak(name)
    done = operations(classifier.network.encoder.config, phases)
    return {
        "phase": "scoring",
        "titles": len(titles),
        "seconds": round(seconds, 1),
        "titles_a_second": round(len(titles) / seconds),
        **{part: round(getattr(phases, part) / seconds, 3) for part in ("tokenizing", "copying", "computing")},
        "again": round(again.seconds / seconds, 3),
        "titles_again": again.titles,
        "tokens_a_title": round(phases.tokens / phases.titles, 1),
        "flops_a_title": round(done / phases.titles),
        "share_of_peak": round(done / seconds / most, 4) if most else "unknown",
    }


def main(arguments: Sequence[str] | None = None) -> list[dict[str, Any]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), help="else the fastest there is")
    parser.add_argument("--titles", help="how many are scored, e.g. 300 or 52695,1752078 (the default)")
    parser.add_argument("--learned", type=int, default=1_744, help="titles that are learned from")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the invented library the titles come from")
    parser.add_argument("--base", default="", help="folder of an encoder; else MiniLM")
    parser.add_argument("--real", default="", help="folder with digitised.csv.gz, whose titles are scored")
    options = parser.parse_args(arguments)
    if options.device == "cpu" and "torch" not in sys.modules:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    device = best_device()
    if options.device not in (None, device):
        raise SystemExit(f"There is no '{options.device}' here that torch can use; there is '{device}'.")
    name = processor(device)
    rows: list[dict[str, Any]] = []

    def tell(row: dict[str, Any]) -> None:
        rows.append(row)
        print(json.dumps(row), flush=True)

    tell({"processor": name, "device": device, "bfloat16": has_bfloat16(device), "cores": usable_cores()})
    titles, labels = invented(10**9, options.scale)
    classifier, facts = learn(titles[: options.learned], labels[: options.learned], options.base)
    tell(facts)
    form = classifier.quick
    if not isinstance(form, PackedForm):
        form = PackedForm.from_network(classifier.network, device, half=has_bfloat16(device))
        if form is None:
            raise SystemExit("This encoder cannot be read without padding.")
    if options.real:
        table = pd.read_csv(Path(options.real) / "digitised.csv.gz", dtype=str, keep_default_na=False)
        titles = table["Title"].drop_duplicates().tolist()
    checked = titles[:2_000]
    exact, packed = classifier._probabilities(checked, None), classifier._probabilities(checked, form)
    same = int((exact.argmax(axis=1) == packed.argmax(axis=1)).sum())
    difference = float(np.abs(exact - packed).max())
    compared = {"titles": len(checked), "labels_equal": same, "largest_difference": difference}
    tell({"phase": "compared with 32 bits and padding", **compared})
    for count in map(int, options.titles.split(",")) if options.titles else COLLECTIONS:
        tell(scored(classifier, form, more_titles(titles, count), name))
    return rows


if __name__ == "__main__":
    main()
