"""BERT's encoder in 16 bits on a CPU, with what lies between its matrix products folded into them, and no padding.

The tokens of a batch stand one after the other; only attention looks at titles, those of one length together. So no
token is calculated that is not there, and nothing need be hidden from a title by a mask. Weights are kept in the order
in which oneDNN reads them; a product adds its bias, activation and residual while its numbers are at hand. The network
is the same as that of the transformers package, rounded elsewhere: :mod:`core.models.precision` judges what it says.

Where of the last layer only the first token is wanted, it is calculated for no other: a seventh of all work less.

References
----------
Devlin, Chang, Lee and Toutanova, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
NAACL 2019.
"""

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from core.models.devices import load_torch

__all__ = ["MAX_BATCH_TOKENS", "FusedEncoder", "fused"]

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
