"""How networks run: device, precision, threads, batches of titles, and BERT's encoder in 16 bits on a CPU.

Two torch threads that land on one core and spin while they wait for each other are several times slower than one. So
waiting threads sleep, and the system moves them to a free core; it must be asked for before torch is loaded. (Binding
them to cores is no faster on an idle machine and three times slower beside another process, since every process binds
its first thread to the first core.) Scoring and learning do not use torch's own threads: they read different batches,
or parts of one, in threads of their own.
"""

import contextlib
import hashlib
import importlib
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MAX_BATCH_TOKENS",
    "MIN_AGREEMENT",
    "UNCERTAIN_MARGIN",
    "Batch",
    "FusedEncoder",
    "best_device",
    "epoch_batches",
    "fused",
    "has_bfloat16",
    "in_threads",
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
    """Say whether numbers of 16 bits (bfloat16) are calculated faster than those of 32 on this device."""
    torch = load_torch()
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if device != "cpu":
        return False
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in checks)


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


# --- Whether 16-bit numbers may be used -------------------------------------------------------------------------------
# Only where they change the label of at most one title in a thousand.
# The gate looks at titles that were learned from, on which a network is surer than on others. So titles that are
# undecided in 16 bits are read again in 32, whatever the gate has said: only there can rounding turn a label.


MIN_AGREEMENT = 0.999
_SAMPLE = 1_000
# Undecided: the two likeliest classes are so near. Rounding moves a probability by less than half of it.
UNCERTAIN_MARGIN = 0.05


def sample(titles: Sequence[str]) -> list[str]:
    """Return at most a thousand different titles, much the same ones when titles are added or taken away."""
    different = sorted(set(titles), key=lambda title: hashlib.sha256(title.encode()).digest())
    return different[:_SAMPLE]


def label_agreement(
    predict_proba: Callable[[Sequence[str], bool], NDArray[np.float64]], titles: Sequence[str]
) -> float:
    """Return the share of titles whose likeliest class is the same in 16 and in 32 bits; NaN without titles.

    Parameters
    ----------
    predict_proba : function
        Takes titles and whether to use 16 bits; returns probabilities, shape (n, k).
    """
    if not titles:
        return float("nan")
    same = predict_proba(titles, True).argmax(axis=1) == predict_proba(titles, False).argmax(axis=1)
    return float(same.mean())


def rescore_uncertain(
    probabilities: NDArray[np.float64],
    titles: Sequence[str],
    predict_proba: Callable[[Sequence[str]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return probabilities calculated in 16 bits, those of undecided titles replaced by what `predict_proba` says in
    32.

    Parameters
    ----------
    probabilities : array, shape (n, k)
    predict_proba : function
        Takes titles and returns probabilities, shape (n, k).
    """
    ranked = np.sort(probabilities, axis=1)
    near = (
        np.flatnonzero(ranked[:, -1] - ranked[:, -2] < UNCERTAIN_MARGIN)
        if probabilities.size
        else np.empty(0, dtype=np.int64)
    )
    if len(near):
        probabilities[near] = predict_proba([titles[i] for i in near.tolist()])
    return probabilities


# --- Titles as batches of token numbers -------------------------------------------------------------------------------
# Of like length together, padded no further than the longest of each batch.


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


# --- BERT's encoder in 16 bits on a CPU -------------------------------------------------------------------------------
# BERT's encoder in 16 bits on a CPU, with what lies between its matrix products folded into them, and no padding.
# The tokens of a batch stand one after the other; only attention looks at titles, those of one length together. So no
# token is calculated that is not there, and nothing need be hidden from a title by a mask. Weights are kept in the
# order
# in which oneDNN reads them; a product adds its bias, activation and residual while its numbers are at hand. The
# network
# is the same as that of the transformers package, rounded elsewhere: :mod:`core.models.runtime` judges what it says.
#
# Where of the last layer only the first token is wanted, it is calculated for no other: a seventh of all work less.
#
# References
# ----------
# Devlin, Chang, Lee and Toutanova, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
# NAACL 2019.


# So many tokens a batch: what a layer makes of them stays in a core's cache of 1 MB.
MAX_BATCH_TOKENS = 384
# oneDNN writes a program for every number of rows, for 2 ms: with rows of nothing there are few numbers.
_ROWS = 8


def fused(encoder: Any, head: Callable[[Any], Any], *, first: bool = False) -> "FusedEncoder | None":
    """Return an encoder and what follows as a fused one; None where it cannot be calculated so.

    Parameters
    ----------
    encoder : transformers.PreTrainedModel
    head : function
        Takes one vector for each title, in 32 bits, shape (n, size).
    first : bool
        Whether that is the first token's vector plus the mean of the tokens' before the last layer
        (:func:`core.models.encoder.first_and_mean`); else it is the mean of the tokens' after it.
    """
    import transformers

    torch = load_torch()
    config = encoder.config
    # A subclass or another architecture may do more in a layer than what is calculated here.
    usual = (
        type(encoder) is transformers.BertModel
        and config.hidden_act == "gelu"
        and getattr(config, "position_embedding_type", None) in (None, "absolute")
        and not config.is_decoder
    )
    if not usual or encoder.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return None
    needed = ("_is_mkldnn_bf16_supported", "_reorder_linear_weight", "_linear_pointwise")
    if not all(hasattr(torch.ops.mkldnn, name) for name in needed):
        return None
    return FusedEncoder(encoder, head, first) if torch.ops.mkldnn._is_mkldnn_bf16_supported() else None


class FusedEncoder:
    """See the module. Build one with :func:`fused`; later changes of the encoder's weights do not reach it."""

    def __init__(self, encoder: Any, head: Callable[[Any], Any], first: bool) -> None:
        config, embeddings = encoder.config, encoder.embeddings
        self.head = head
        self.size, self.heads = int(config.hidden_size), int(config.num_attention_heads)
        self.epsilon = float(config.layer_norm_eps)
        self.words = _half(embeddings.word_embeddings.weight)
        # A title is one sentence, the first: its kind's vector is the same for all tokens.
        self.positions = _half(embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0])
        self.norm = _norm(embeddings.LayerNorm)
        *layers, last = encoder.encoder.layer
        scale = math.sqrt(self.heads / self.size)
        self.layers = [_Layer(layer, scale) for layer in (layers if first else [*layers, last])]
        self.last = _Layer(last, scale, separate_queries=True) if first else None

    def __call__(self, titles: Sequence[Sequence[int]]) -> Any:
        """Return what the head gives for titles as token numbers, shape (n, width); fastest if like lengths meet."""
        torch = load_torch()
        groups = [(len(list(same)), length) for length, same in groupby(map(len, titles))]
        nothing = [0] * (-sum(map(len, titles)) % _ROWS)
        tokens = torch.tensor([token for title in titles for token in title] + nothing)
        places = torch.tensor([place for title in titles for place in range(len(title))] + nothing)
        x = self.words[tokens] + self.positions[places]
        x = torch.nn.functional.layer_norm(x, (self.size,), *self.norm, self.epsilon)
        seen = torch.zeros_like(x)
        for layer in self.layers:
            (product,) = layer.qkv
            qkv = torch.ops.mkldnn._linear_pointwise(x, *product, "none", [], "")
            for at, n, length in _group_offsets(groups):
                rows = slice(at, at + n * length)
                queries, keys, values = self._split_heads(qkv[rows], n, length)
                self._attend(queries, keys, values, seen[rows].view(n, length, self.size))
            x = self._feed_forward(layer, seen, x)
        means = []
        for at, n, length in _group_offsets(groups):
            means.append(x[at : at + n * length].view(n, length, self.size).float().sum(1) / max(length, 1))
        pooled = torch.cat(means)
        return self.head(pooled if self.last is None else pooled + self._first(self.last, x, groups))

    def _first(self, layer: "_Layer", x: Any, groups: Sequence[tuple[int, int]]) -> Any:
        """Return what a layer makes of the first token of each title, in 32 bits, shape (n, size)."""
        torch = load_torch()
        linear = torch.ops.mkldnn._linear_pointwise
        titles = sum(n for n, _ in groups)
        own = x.new_zeros((titles + -titles % _ROWS, self.size))
        numbers = _group_offsets([(n, 1) for n, _ in groups])
        for (at, n, length), (number, _, _) in zip(_group_offsets(groups), numbers, strict=True):
            if length:
                own[number : number + n] = x[at : at + n * length : length]
        q, kv = (linear(y, *product, "none", [], "") for y, product in zip((own, x), layer.qkv, strict=True))
        seen = torch.zeros_like(own)
        for (at, n, length), (number, _, _) in zip(_group_offsets(groups), numbers, strict=True):
            rows = slice(number, number + n)
            (queries,) = self._split_heads(q[rows], n, 1)
            keys, values = self._split_heads(kv[at : at + n * length], n, length)
            self._attend(queries, keys, values, seen[rows].view(n, 1, self.size))
        return self._feed_forward(layer, seen, own)[:titles].float()

    def _split_heads(self, rows: Any, n: int, length: int) -> Any:
        """Take apart what stands side by side for each token; of each, shape (n * heads, length, width)."""
        kinds, width = rows.shape[1] // self.size, self.size // self.heads
        separate_queries = rows.view(n, length, kinds, self.heads, width).permute(2, 0, 3, 1, 4)
        return separate_queries.reshape(kinds, n * self.heads, length, width)

    def _attend(self, queries: Any, keys: Any, values: Any, seen: Any) -> None:
        """Write into `seen`, shape (n, asking, size), what each token that asks sees of its title."""
        torch = load_torch()
        (n, asking, _), width = seen.shape, values.shape[-1]
        # In 16 bits torch's softmax of short rows takes four times as long.
        weights = torch.softmax(torch.bmm(queries, keys.transpose(1, 2)), -1, dtype=torch.float32)
        context = torch.bmm(weights.to(values.dtype), values).view(n, self.heads, asking, width)
        seen.view(n, asking, self.heads, width).copy_(context.transpose(1, 2))

    def _feed_forward(self, layer: "_Layer", seen: Any, x: Any) -> Any:
        """Return what a layer makes of tokens and of what they see."""
        torch = load_torch()
        normed, linear = torch.nn.functional.layer_norm, torch.ops.mkldnn._linear_pointwise
        x = linear.binary(seen, x, *layer.attention_output, "add")
        x = normed(x, (self.size,), *layer.first_norm, self.epsilon)
        wide = linear(x, *layer.intermediate, "gelu", [], "none")
        return normed(linear.binary(wide, x, *layer.output, "add"), (self.size,), *layer.second_norm, self.epsilon)


class _Layer:
    """The weights of one layer: packed products with their biases, and norms.

    Queries, keys and values come of one product, or `separate_queries`: queries of one, keys and values of another.
    """

    def __init__(self, layer: Any, scale: float, *, separate_queries: bool = False) -> None:
        torch = load_torch()
        own, after = layer.attention.self, layer.attention.output
        # What scores are divided by is part of the queries.
        weight = torch.cat([own.query.weight * scale, own.key.weight, own.value.weight])
        bias = torch.cat([own.query.bias * scale, own.key.bias, own.value.bias])
        sizes = [len(bias) // 3, 2 * len(bias) // 3] if separate_queries else [len(bias)]
        self.qkv = [_packed(*part) for part in zip(weight.split(sizes), bias.split(sizes), strict=True)]
        self.attention_output = _packed(after.dense.weight, after.dense.bias)
        self.intermediate = _packed(layer.intermediate.dense.weight, layer.intermediate.dense.bias)
        self.output = _packed(layer.output.dense.weight, layer.output.dense.bias)
        self.first_norm, self.second_norm = _norm(after.LayerNorm), _norm(layer.output.LayerNorm)


def _group_offsets(groups: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return of each group its first row, its number of titles and their length.

    >>> _group_offsets([(2, 9), (1, 5)])
    [(0, 2, 9), (18, 1, 5)]
    """
    at, places = 0, []
    for n, length in groups:
        places.append((at, n, length))
        at += n * length
    return places


def _half(weight: Any) -> Any:
    return weight.detach().to(load_torch().bfloat16).contiguous()


def _norm(norm: Any) -> tuple[Any, Any]:
    return _half(norm.weight), _half(norm.bias)


def _packed(weight: Any, bias: Any) -> tuple[Any, Any]:
    return load_torch().ops.mkldnn._reorder_linear_weight(_half(weight), MAX_BATCH_TOKENS), _half(bias)
