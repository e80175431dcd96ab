"""BERT's encoder in 16 bits on a CPU, with what lies between its matrix products folded into them, and no padding.

The tokens of a batch stand one after the other; only attention looks at titles, those of one length together. So no
token is calculated that is not there, and nothing need be hidden from a title by a mask. Weights are kept in the order
in which oneDNN reads them; a product adds its bias, activation and residual while its numbers are at hand. The network
is the same as that of the transformers package, rounded elsewhere: :mod:`core.models.precision` judges what it says.

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

__all__ = ["TOKENS", "FusedEncoder", "fused"]

# So many tokens a batch: what a layer makes of them stays in a core's cache of 1 MB.
TOKENS = 384
# oneDNN writes a program for every number of rows, for 2 ms: with rows of nothing there are few numbers.
_ROWS = 8


def fused(encoder: Any, head: Callable[[Any], Any]) -> "FusedEncoder | None":
    """Return an encoder and what follows as a fused one; None where it cannot be calculated so.

    Parameters
    ----------
    encoder : transformers.PreTrainedModel
    head : function
        Takes the mean of the tokens' vectors, in 32 bits, shape (n, size).
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
    return FusedEncoder(encoder, head) if torch.ops.mkldnn._is_mkldnn_bf16_supported() else None


class FusedEncoder:
    """See the module. Build one with :func:`fused`; later changes of the encoder's weights do not reach it."""

    def __init__(self, encoder: Any, head: Callable[[Any], Any]) -> None:
        config, embeddings = encoder.config, encoder.embeddings
        self.head = head
        self.size, self.heads = int(config.hidden_size), int(config.num_attention_heads)
        self.epsilon = float(config.layer_norm_eps)
        self.words = _half(embeddings.word_embeddings.weight)
        # A title is one sentence, the first: its kind's vector is the same for all tokens.
        self.positions = _half(embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0])
        self.norm = _norm(embeddings.LayerNorm)
        self.layers = [_Layer(layer, math.sqrt(self.heads / self.size)) for layer in encoder.encoder.layer]

    def __call__(self, titles: Sequence[Sequence[int]]) -> Any:
        """Return what the head gives for titles as token numbers, shape (n, width); fastest if like lengths meet."""
        torch = load_torch()
        normed, linear = torch.nn.functional.layer_norm, torch.ops.mkldnn._linear_pointwise
        groups = [(len(list(same)), length) for length, same in groupby(map(len, titles))]
        nothing = [0] * (-sum(map(len, titles)) % _ROWS)
        tokens = torch.tensor([token for title in titles for token in title] + nothing)
        places = torch.tensor([place for title in titles for place in range(len(title))] + nothing)
        x = normed(self.words[tokens] + self.positions[places], (self.size,), *self.norm, self.epsilon)
        seen = torch.zeros_like(x)
        for layer in self.layers:
            self._attend(linear(x, *layer.asked, "none", [], ""), groups, seen)
            x = linear.binary(seen, x, *layer.gathered, "add")
            x = normed(x, (self.size,), *layer.first_norm, self.epsilon)
            wide = linear(x, *layer.widened, "gelu", [], "none")
            x = normed(linear.binary(wide, x, *layer.narrowed, "add"), (self.size,), *layer.second_norm, self.epsilon)
        means = []
        for at, n, length in _places(groups):
            own = x[at : at + n * length].view(n, length, self.size)
            means.append(own.float().sum(1) / max(length, 1))
        return self.head(torch.cat(means))

    def _attend(self, asked: Any, groups: Sequence[tuple[int, int]], seen: Any) -> None:
        """Write into `seen`, shape (rows, size), what each token sees of its title."""
        torch = load_torch()
        width = self.size // self.heads
        for at, n, length in _places(groups):
            rows = slice(at, at + n * length)
            apart = asked[rows].view(n, length, 3, self.heads, width).permute(2, 0, 3, 1, 4)
            queries, keys, values = apart.reshape(3, n * self.heads, length, width)
            # In 16 bits torch's softmax of short rows takes four times as long.
            weights = torch.softmax(torch.bmm(queries, keys.transpose(1, 2)), -1, dtype=torch.float32)
            found = torch.bmm(weights.to(values.dtype), values).view(n, self.heads, length, width)
            seen[rows].view(n, length, self.heads, width).copy_(found.transpose(1, 2))


class _Layer:
    """The weights of one layer: packed products with their biases, and norms."""

    def __init__(self, layer: Any, scale: float) -> None:
        torch = load_torch()
        own, after = layer.attention.self, layer.attention.output
        # Queries, keys and values come of one product; what scores are divided by is part of the queries.
        weight = torch.cat([own.query.weight * scale, own.key.weight, own.value.weight])
        bias = torch.cat([own.query.bias * scale, own.key.bias, own.value.bias])
        self.asked = _packed(weight, bias)
        self.gathered = _packed(after.dense.weight, after.dense.bias)
        self.widened = _packed(layer.intermediate.dense.weight, layer.intermediate.dense.bias)
        self.narrowed = _packed(layer.output.dense.weight, layer.output.dense.bias)
        self.first_norm, self.second_norm = _norm(after.LayerNorm), _norm(layer.output.LayerNorm)


def _places(groups: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return of each group its first row, its number of titles and their length.

    >>> _places([(2, 9), (1, 5)])
    [(0, 2, 9), (18, 1, 5)]
    """
    at, found = 0, []
    for n, length in groups:
        found.append((at, n, length))
        at += n * length
    return found


def _half(weight: Any) -> Any:
    return weight.detach().to(load_torch().bfloat16).contiguous()


def _norm(norm: Any) -> tuple[Any, Any]:
    return _half(norm.weight), _half(norm.bias)


def _packed(weight: Any, bias: Any) -> tuple[Any, Any]:
    return load_torch().ops.mkldnn._reorder_linear_weight(_half(weight), TOKENS), _half(bias)
