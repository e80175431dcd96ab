"""How networks run: device, precision, threads, and batches of titles.

Two torch threads that land on one core and spin while they wait for each other are several times slower than one. So
waiting threads sleep, and the system moves them to a free core; it must be asked for before torch is loaded. (Binding
them to cores is no faster on an idle machine and three times slower beside another process, since every process binds
its first thread to the first core.) Scoring and learning do not use torch's own threads: they read different batches,
or parts of one, in threads of their own.
"""

import contextlib
import hashlib
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MAX_BATCH_TOKENS",
    "MIN_AGREEMENT",
    "SAMPLE_SIZE",
    "Batch",
    "best_device",
    "epoch_batches",
    "has_bfloat16",
    "in_threads",
    "is_uncertain",
    "label_agreement",
    "length_sorted",
    "load_torch",
    "padded",
    "rescore_uncertain",
    "sample",
    "usable_cores",
    "within_tokens",
    "workers",
]

# --- Where torch calculates, in which precision, and on how many threads ----------------------------------------------


Item = TypeVar("Item")
Result = TypeVar("Result")
_EXCLUSIVE = threading.Lock()


def load_torch() -> Any:
    """Return the module torch, loaded so that its threads do not hinder each other."""
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        importlib.import_module("torch")
    return sys.modules["torch"]


def usable_cores() -> int:
    """Return how many cores there are to calculate on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def best_device() -> str:
    """Return 'cuda', 'mps' or 'cpu': the fastest there is here."""
    torch = load_torch()
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_bfloat16(device: str) -> bool:
    """Say whether products of 16-bit numbers (bfloat16) are calculated faster than those of 32 bits on this device."""
    torch = load_torch()
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device != "cpu":
        return False
    abilities = torch.cpu.get_capabilities()
    return any(abilities.get(name) for name in ("avx512_bf16", "amx_tile"))


def in_threads(work: Callable[[Item], Result], items: Sequence[Item], device: str) -> Iterator[Result]:
    """Yield ``work(item)`` for each item in order; on a CPU, several items at a time, each on one core."""
    with workers(device, len(items)) as side_by_side:
        yield from side_by_side(work, items)


@contextlib.contextmanager
def workers(device: str, most: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Give what works like ``map``, on a CPU at up to `most` items at a time, each with its share of the cores."""
    count = min(usable_cores(), most) if device == "cpu" else 1
    if count <= 1:
        yield map
        return
    from concurrent.futures import ThreadPoolExecutor

    torch = load_torch()
    each = usable_cores() // count
    with _EXCLUSIVE:
        before = torch.get_num_threads()
        pool = ThreadPoolExecutor(count, initializer=lambda: torch.set_num_threads(each))
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(before)


# --- Whether a quicker way of calculating may be used -----------------------------------------------------------------
# Only where it changes the label of at most one title in a thousand.
# The gate looks at titles that were learned from, on which a network is surer than on others. So titles that are
# undecided the quick way are read again with the network itself, whatever the gate has said: only there can rounding
# turn a label. Undecided is the model whose label it is: of a blend the whole of it, not its members.
# With 8 bits the answers to a title depend a little on the other titles of its batch, since what goes through a layer
# is scaled by the largest number of the batch; the network itself reads each title as if it were alone.


MIN_AGREEMENT = 0.999
SAMPLE_SIZE = 1_000
# Undecided: the two likeliest classes are so near. Weights of 8 bits moved no probability of 3,736 titles by more than
# 0.13 in MiniLM; of the 77 labels that changed, none did with a margin of 0.2, for which one title in seven is read
# twice. In multilingual-e5-small they moved those of 4,623 titles, each read in two batches, by up to 0.21; of the 138
# labels that changed one did with this margin, and of the 53 of its blend with words and letters none.
UNCERTAIN_MARGIN = 0.2


def sample(titles: Sequence[str]) -> list[str]:
    """Return at most a thousand different titles, much the same ones when titles are added or taken away."""
    different = sorted(set(titles), key=lambda title: hashlib.sha256(title.encode()).digest())
    return different[:SAMPLE_SIZE]


def label_agreement(quick: NDArray[np.float64], exact: NDArray[np.float64]) -> float:
    """Return the share of titles whose likeliest class is the same in both; NaN without titles.

    Parameters
    ----------
    quick, exact : arrays, shape (n, k)
        Probabilities.
    """
    return float((quick.argmax(axis=1) == exact.argmax(axis=1)).mean()) if len(exact) else float("nan")


def is_uncertain(
    probabilities: NDArray[np.float64], weights: Sequence[float], rounded: Sequence[bool]
) -> NDArray[np.bool_]:
    """Return which titles may have another likeliest class without rounding, shape (n,).

    Another class would be their likeliest if each rounded member's probability of that class were higher, and
    that of the likeliest one lower, by half of :data:`UNCERTAIN_MARGIN`. Of one member alone: the two likeliest classes
    are nearer than that margin.

    Parameters
    ----------
    probabilities : array, shape (members, n, k)
        Of one model, or of several whose logits are added.
    weights : sequence of float
        One for each member's logits, 0 or more.
    rounded : sequence of bool
        Whose probabilities were calculated the quick way.

    >>> tfidf, network = [[0.3, 0.7]], [[0.75, 0.25]]
    >>> is_uncertain(np.array([network]), [1.0], [True]).tolist()
    [False]
    >>> is_uncertain(np.array([tfidf, network]), [1.0, 1.0], [False, True]).tolist()
    [True]
    """
    if not probabilities.size:
        return np.zeros(probabilities.shape[1], dtype=bool)

    def logits(shift: float) -> NDArray[np.float64]:
        shifts = np.where(rounded, shift, 0.0)[:, None, None]
        logs = np.log(np.clip(probabilities + shifts, 1e-12, None))
        return np.asarray(np.tensordot(np.asarray(weights, dtype=float), logs, axes=1))

    likeliest = logits(0.0).argmax(axis=1)[:, None]
    others = logits(UNCERTAIN_MARGIN / 2)
    np.put_along_axis(others, likeliest, -np.inf, axis=1)
    lowered = np.take_along_axis(logits(-UNCERTAIN_MARGIN / 2), likeliest, axis=1)[:, 0]
    return np.asarray(lowered < others.max(axis=1))


def rescore_uncertain(
    probabilities: NDArray[np.float64],
    titles: Sequence[str],
    predict_proba: Callable[[Sequence[str]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return probabilities calculated the quick way, those of undecided titles replaced by exact ones.

    Parameters
    ----------
    probabilities : array, shape (n, k)
    predict_proba : function
        Takes titles and returns exact probabilities, shape (n, k).
    """
    near = np.flatnonzero(is_uncertain(probabilities[None], [1.0], [True]))
    if len(near):
        probabilities[near] = predict_proba([titles[i] for i in near.tolist()])
    return probabilities


# --- Titles as batches of token numbers -------------------------------------------------------------------------------
# Of like length together, padded no further than the longest of each batch.


# So many tokens a batch of a graph: what a layer makes of them stays in a core's cache of 1 MB.
MAX_BATCH_TOKENS = 384
# So many batches' titles are drawn at random, then sorted by length among themselves: little padding, yet other
# neighbours in every epoch.
_POOL = 16


@dataclass(frozen=True)
class Batch:
    """Some titles.

    Attributes
    ----------
    rows : int64 array, shape (b,)
        Which titles these are.
    tokens, mask : int64 arrays, shape (b, longest)
        Token numbers, and 1 where there is one, 0 where the row was padded.
    """

    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]
    mask: NDArray[np.int64]


def padded(encoded: Sequence[Sequence[int]], rows: NDArray[np.int64], padding: int) -> Batch:
    """Return these rows of the encoded titles as one batch.

    >>> padded([[5], [6, 7]], np.array([0, 1]), 0).tokens.tolist()
    [[5, 0], [6, 7]]
    """
    longest = max(len(encoded[row]) for row in rows)
    tokens = np.full((len(rows), longest), padding, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for at, row in enumerate(rows):
        tokens[at, : len(encoded[row])] = encoded[row]
        mask[at, : len(encoded[row])] = 1
    return Batch(np.asarray(rows), tokens, mask)


def length_sorted(encoded: Sequence[Sequence[int]], size: int) -> list[NDArray[np.int64]]:
    """Return rows in batches of `size`, the longest titles first, so that memory runs out at once or never."""
    order = np.argsort([-len(token_ids) for token_ids in encoded], kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]


def within_tokens(encoded: Sequence[Sequence[int]], most: int) -> list[NDArray[np.int64]]:
    """Return rows in batches of no more than `most` tokens, or of one title that has more; the longest titles first.

    >>> [rows.tolist() for rows in within_tokens([[1], [1, 2, 3], [1, 2]], 3)]
    [[1], [2, 0]]
    """
    order = np.argsort([-len(token_ids) for token_ids in encoded], kind="stable")
    starts: list[int] = []
    room = 0
    for at, row in enumerate(order):
        room -= len(encoded[row])
        if room < 0 or not starts:
            starts.append(at)
            room = most - len(encoded[row])
    return np.split(order, starts[1:]) if starts else []


def epoch_batches(lengths: NDArray[np.int64], size: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return all rows in batches of `size` in a random order, rows of like length together."""
    order = generator.permutation(len(lengths))
    batches: list[Any] = []
    for start in range(0, len(order), size * _POOL):
        pool = order[start : start + size * _POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[at : at + size] for at in range(0, len(pool), size)]
    return [batches[i] for i in generator.permutation(len(batches))]
