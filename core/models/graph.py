"""Networks calculated fast: on a processor as a graph by ONNX Runtime, on a GPU packed without padding."""

import contextlib
import copy
import ctypes
import gc
import importlib
import inspect
import itertools
import logging
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.models.runtime import MIN_AGREEMENT, has_bfloat16, load_torch
from core.progress import Progress, silent

__all__ = [
    "Graph",
    "PackedBatch",
    "PackedForm",
    "PhaseSeconds",
    "TitleTokenizer",
    "export",
    "packed_batch",
    "quick_forms",
    "quickest",
    "read_graph",
    "read_packed",
]


# --- Titles read without padding: all tokens of a batch in one row, attention within each title alone -----------------
#
# This is how a graphics processor is kept busy. Tokenizing goes on ahead in threads beside it (the tokenizer leaves
# Python's lock), what is copied lies in pinned memory, and the next batches are under way while the answers to one come
# back. There the attention is that of :func:`torch.nn.attention.varlen.varlen_attn`; elsewhere, so that the same road
# can be tried without such a processor, titles of equal length are calculated together, which needs no padding either.
#
# References
# ----------
# Krell, Kosec, Perez and Fitzgibbon, "Efficient Sequence Packing without Cross-contamination", arXiv 2107.02027, 2021.
# Dao, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", ICLR 2024.

# Tokens of a batch at the most: some milliseconds of work for a large processor, and 400 MB of what its layers hold.
MOST_TOKENS: Final = 131_072
_AHEAD: Final = 4  # batches that are tokenized before they are wanted
_TOKENIZERS: Final = 2  # threads; each batch is divided among the cores by the tokenizer itself
_IN_FLIGHT: Final = 3  # batches whose answers are under way
_ATTENTION: Final = "colophon_packed"
# A network that answers otherwise than with padding numbers its places in a way that is not known here.
_TOLERANCE: Final = 1e-3


class TitleTokenizer(Protocol):
    """What makes tokens of titles: :class:`core.models.encoder.Tokens`."""

    @property
    def limit(self) -> int:
        """Tokens a title may have."""
        ...

    def encode(self, titles: Sequence[str]) -> list[list[int]]:
        """Return the token numbers of each title."""
        ...


class PackedBatch(NamedTuple):
    """Some titles, their tokens one behind the other. Tensors, on any device.

    Attributes
    ----------
    tokens, positions : int64, shape (t,)
        Token numbers, and the place of each within its title, from 0.
    bounds : int32, shape (b + 1,)
        Where each title begins, and the end.
    places : int64, shape (t,)
        Where each token stands when the titles are rows of a table of `longest` columns.
    longest : int
        Tokens of the longest title.
    """

    tokens: Any
    positions: Any
    bounds: Any
    places: Any
    longest: int

    def to(self, move: Callable[[Any], Any]) -> "PackedBatch":
        """Return the batch with each of its tensors moved."""
        return PackedBatch(move(self.tokens), move(self.positions), move(self.bounds), move(self.places), self.longest)


def packed_batch(encoded: Sequence[Sequence[int]]) -> tuple[PackedBatch, Any]:
    """Return titles as one batch, and a mask, int64, shape (b, longest): 1 where a title has a token.

    >>> batch, mask = packed_batch([[5], [6, 7]])
    >>> batch.tokens.tolist(), batch.positions.tolist(), batch.bounds.tolist(), batch.places.tolist()
    ([5, 6, 7], [0, 0, 1], [0, 1, 3], [0, 2, 3])
    >>> mask.tolist()
    [[1, 0], [1, 1]]
    """
    torch = load_torch()
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    ends = np.cumsum(lengths)
    longest = int(lengths.max())
    tokens = np.fromiter(itertools.chain.from_iterable(encoded), dtype=np.int64, count=int(ends[-1]))
    positions = np.arange(len(tokens)) - np.repeat(ends - lengths, lengths)
    places = positions + np.repeat(np.arange(len(lengths)) * longest, lengths)
    bounds = np.concatenate([[0], ends]).astype(np.int32)
    mask = (np.arange(longest) < lengths[:, None]).astype(np.int64)
    return PackedBatch(tokens, positions, bounds, places, longest).to(torch.from_numpy), torch.from_numpy(mask)


@dataclass
class PhaseSeconds:
    """Where the time of reading titles goes. The phases overlap: their sum is more than the time that passed.

    Attributes
    ----------
    tokenizing : float
        Seconds of the threads that tokenize and pack.
    copying, computing : float
        Seconds of the processor that holds the network; waiting for its next orders counts as computing.
    titles, tokens, squares : int
        What was read; the squares of the titles' lengths, added up, are what attention costs.
    """

    tokenizing: float = 0.0
    copying: float = 0.0
    computing: float = 0.0
    titles: int = 0
    tokens: int = 0
    squares: int = 0


@dataclass(frozen=True)
class PackedForm:
    """A network that reads packed titles. Make one with :meth:`from_network`.

    Attributes
    ----------
    network : torch module
        ``network(packed batch, mask)`` gives answers, shape (b, width).
    device : str
    seconds : PhaseSeconds
        Of everything that was read.
    """

    network: Any
    device: str
    seconds: PhaseSeconds = field(default_factory=PhaseSeconds, compare=False)

    # One form is one key where vectors are remembered.
    __hash__ = object.__hash__

    @classmethod
    def from_network(cls, network: Any, device: str, *, half: bool) -> Self | None:
        """Return a packed form of a network; None where its kind of encoder cannot be read so.

        Parameters
        ----------
        network : torch module
            ``network(tokens, mask)`` asks its `encoder`, and of the hidden states that gives it reads its `layers`
            (a sequence of int); the network itself stays as it is.
        half : bool
            Whether the form calculates with 16 bits (bfloat16).
        """
        if not hasattr(getattr(network, "encoder", None), "set_attn_implementation"):
            return None
        replica = copy.deepcopy(network).to(device).eval()
        try:
            replica.encoder = _packed_encoder(replica.encoder, network.layers)
            if not _answers_alike(replica, network, device):
                return None
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError):
            return None
        return cls(replica.to(load_torch().bfloat16) if half else replica, device)


def read_packed(
    form: PackedForm, tokens: TitleTokenizer, titles: Sequence[str], progress: Progress = silent
) -> NDArray[np.float32]:
    """Return what the form answers to each title, shape (n, width), in 32 bits; (0, 0) without titles."""
    torch = load_torch()
    on_card = form.device == "cuda"
    parts: list[NDArray[np.float32]] = []
    flights: deque[tuple[Any, list[Any]]] = deque()
    done = 0

    def finish_oldest() -> None:
        nonlocal done
        answers, marks = flights.popleft()
        if on_card:
            marks[-1].synchronize()
        between = [_seconds(*pair) for pair in itertools.pairwise(marks)]
        form.seconds.copying += between[0] + between[2]
        form.seconds.computing += between[1]
        parts.append(answers.numpy())
        done += len(answers)
        progress(done / len(titles), f"{done:,} of {len(titles):,} titles")

    def move(tensor: Any) -> Any:
        # Only out of pinned memory does a copy go on while the next batch is prepared.
        return tensor.pin_memory().to(form.device, non_blocking=True) if on_card else tensor.to(form.device)

    with torch.inference_mode():
        for batch, mask in _ahead(form, tokens, titles):
            marks = [_mark(on_card)]
            moved, mask = batch.to(move), move(mask)
            marks.append(_mark(on_card))
            answers = form.network(moved, mask).float()
            marks.append(_mark(on_card))
            here = torch.empty(answers.shape, dtype=torch.float32, pin_memory=on_card)
            here.copy_(answers, non_blocking=on_card)
            marks.append(_mark(on_card))
            flights.append((here, marks))
            if len(flights) > (_IN_FLIGHT if on_card else 0):
                finish_oldest()
        while flights:
            finish_oldest()
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)


def _ahead(form: PackedForm, tokens: TitleTokenizer, titles: Sequence[str]) -> Iterator[tuple[PackedBatch, Any]]:
    """Yield the titles in batches, in order, some of them made before they are wanted."""
    size = max(1, MOST_TOKENS // tokens.limit)

    def prepare(start: int) -> tuple[PackedBatch, Any, float]:
        started = time.perf_counter()
        batch, mask = packed_batch(tokens.encode(titles[start : start + size]))
        return batch, mask, time.perf_counter() - started

    starts = iter(range(0, len(titles), size))
    waiting: deque[Future[tuple[PackedBatch, Any, float]]] = deque()
    pool = ThreadPoolExecutor(_TOKENIZERS)
    try:
        waiting.extend(pool.submit(prepare, start) for start in itertools.islice(starts, _AHEAD))
        while waiting:
            batch, mask, seconds = waiting.popleft().result()
            waiting.extend(pool.submit(prepare, start) for start in itertools.islice(starts, 1))
            lengths = np.diff(batch.bounds.numpy()).astype(np.int64)
            form.seconds.tokenizing += seconds
            form.seconds.titles += len(lengths)
            form.seconds.tokens += int(lengths.sum())
            form.seconds.squares += int((lengths**2).sum())
            yield batch, mask
    finally:
        pool.shutdown(cancel_futures=True)


def _mark(on_card: bool) -> Any:
    """Return a moment: on a graphics processor the one when it has done what it was told so far."""
    if not on_card:
        return time.perf_counter()
    event = load_torch().cuda.Event(enable_timing=True)
    event.record()
    return event


def _seconds(earlier: Any, later: Any) -> float:
    return later - earlier if isinstance(later, float) else float(earlier.elapsed_time(later)) / 1000


# --- An encoder that takes packed titles, made of one that takes padded ones ------------------------------------------


def _attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    scaling: float | None = None,
    *,
    cu_seq_lens_q: Any,
    max_length_q: int,
    **_: Any,
) -> tuple[Any, None]:
    """Attend within each title alone; what transformers asks of an attention function.

    Parameters
    ----------
    query, key, value : tensors, shape (1, heads, t, size)
    cu_seq_lens_q : int32 tensor, shape (b + 1,)
        Where each title begins, and the end.

    Returns
    -------
    tensor, shape (1, t, heads, size), and no weights
    """
    torch = load_torch()
    query, key, value = (item[0].transpose(0, 1).contiguous() for item in (query, key, value))
    if query.is_cuda and query.dtype in (torch.bfloat16, torch.float16):
        from torch.nn.attention.varlen import varlen_attn

        bounds, longest = cu_seq_lens_q, max_length_q
        answer: Any = varlen_attn(query, key, value, bounds, bounds, longest, longest, scale=scaling)
        return answer.unsqueeze(0), None
    return _by_length(query, key, value, cu_seq_lens_q, scaling).unsqueeze(0), None


def _by_length(query: Any, key: Any, value: Any, bounds: Any, scaling: float | None) -> Any:
    """Attend within each title, those of equal length together; shape (t, heads, size)."""
    torch = load_torch()
    starts, lengths = bounds[:-1].long(), bounds.diff().long()
    output = torch.empty_like(query)
    for length in lengths.unique().tolist():
        rows = (starts[lengths == length, None] + torch.arange(length, device=starts.device)).reshape(-1)
        # Shape (titles, heads, length, size), as the function wants it.
        parts = [item[rows].unflatten(0, (-1, length)).transpose(1, 2) for item in (query, key, value)]
        answer = torch.nn.functional.scaled_dot_product_attention(*parts, scale=scaling)
        output[rows] = answer.transpose(1, 2).flatten(0, 1)
    return output


class _Padded(NamedTuple):
    """What a network asks of its encoder's answer; the vectors of titles are rows again, filled up with nought.

    Attributes
    ----------
    hidden_states : mapping
        Layer → its vectors, of those layers alone that the network reads.
    """

    last_hidden_state: Any
    hidden_states: Mapping[int, Any]


def _packed_encoder(encoder: Any, layers: Sequence[int]) -> Any:
    torch = load_torch()
    from transformers import AttentionInterface

    AttentionInterface.register(_ATTENTION, _attention)
    encoder.set_attn_implementation(_ATTENTION)
    parameters = inspect.signature(encoder.forward).parameters
    if "position_ids" not in parameters:
        raise ValueError("the encoder numbers places by itself")
    table = getattr(getattr(encoder, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    # Encoders of RoBERTa's kind count from the place behind that of padding.
    first = 0 if padding is None else int(padding) + 1

    class PackedEncoder(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids: PackedBatch, attention_mask: Any, output_hidden_states: bool = False) -> _Padded:
            output = self.encoder(
                input_ids=input_ids.tokens[None],
                position_ids=input_ids.positions[None] + first,
                output_hidden_states=output_hidden_states,
                cu_seq_lens_q=input_ids.bounds,
                cu_seq_lens_k=input_ids.bounds,
                max_length_q=input_ids.longest,
                max_length_k=input_ids.longest,
            )
            rows, longest = attention_mask.shape

            def as_rows(hidden: Any) -> Any:
                table = hidden.new_zeros(rows * longest, hidden.shape[-1])
                return table.index_copy_(0, input_ids.places, hidden[0]).view(rows, longest, -1)

            states = {layer: as_rows(output.hidden_states[layer]) for layer in layers} if output_hidden_states else {}
            return _Padded(as_rows(output.last_hidden_state), states)

    return PackedEncoder()


def _answers_alike(packed: Any, network: Any, device: str) -> bool:
    """Say whether three invented titles have the same answers packed as with padding."""
    torch = load_torch()
    most = int(network.encoder.config.vocab_size) - 1
    encoded = [
        [2 + (7 * row + 3 * at) % max(1, most - 2) for at in range(length)] for row, length in enumerate((3, 7, 5))
    ]
    batch, mask = packed_batch(encoded)
    table = torch.zeros(mask.shape, dtype=torch.long)
    table[mask.bool()] = batch.tokens
    pad = getattr(network.encoder.config, "pad_token_id", None)
    table[~mask.bool()] = int(pad or 0)
    with torch.inference_mode():
        moved = batch.to(lambda item: item.to(device))
        ours, theirs = packed(moved, mask.to(device)), network(table.to(device), mask.to(device))
    return bool(torch.allclose(ours, theirs, atol=_TOLERANCE, rtol=_TOLERANCE))


# --- A network as an ONNX graph, which ONNX Runtime calculates on a CPU faster than torch does ------------------------
#
# The graph is made of a network's weights when the network has learned, and kept beside them. Layers of BERT's kind are
# fused by the runtime's own optimiser; weights become whole numbers of 8 bits, scaled for each channel, where that
# leaves the labels as they are (:func:`quickest`). A graph is data: it holds numbers and names of operators, and one
# that names an operator beyond those of ONNX and of the fused layers, or numbers in another file, is not read.
#
# References
# ----------
# Dettmers, Lewis, Belkada and Zettlemoyer, "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale", NeurIPS
# 2022 (scales for each channel).

_LOG = logging.getLogger(__name__)

FILE: Final = "graph.onnx"
INPUTS: Final = ("tokens", "mask")
OUTPUT: Final = "answers"
# Operators of the runtime's own that the optimiser and the quantiser put in; all others must be ONNX's.
_RUNTIME: Final = "com.microsoft"
_FUSED: Final = frozenset(
    {
        "Attention",
        "BiasGelu",
        "EmbedLayerNormalization",
        "FastGelu",
        "Gelu",
        "QAttention",
        "QEmbedLayerNormalization",
        "SkipLayerNormalization",
    }
)
_OPSET: Final = 17


class Graph:
    """A network that ONNX Runtime calculates, one thread a call; calls may come from several threads.

    Parameters
    ----------
    content : bytes
        Of the file.
    whole_numbers : bool
        Whether weights have 8 bits.
    least_agreement : float
        Share of the titles it is tried on whose label it must leave as it is (:func:`quickest`).
    """

    def __init__(self, content: bytes, *, whole_numbers: bool, least_agreement: float = MIN_AGREEMENT) -> None:
        runtime = importlib.import_module("onnxruntime")
        runtime.disable_telemetry_events()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.content = content
        self.whole_numbers = whole_numbers
        self.least_agreement = least_agreement
        self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def __call__(self, tokens: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the network gives for a batch, shape (b, width)."""
        (answers,) = self._session.run([OUTPUT], dict(zip(INPUTS, (tokens, mask), strict=True)))
        return np.asarray(answers, dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write the graph beside the weights it was made of."""
        (folder / FILE).write_bytes(self.content)


def export(network: Any, *, whole_numbers: bool, spare_outliers: bool = False) -> Graph:
    """Return a network as a graph.

    Parameters
    ----------
    network : torch module
        ``network(tokens, mask)`` gives answers, shape (b, width).
    whole_numbers : bool
        Whether weights become numbers of 8 bits.
    spare_outliers : bool
        Whether the second product of each layer's feed-forward part keeps 32 bits. A few of the numbers that go into it
        are a hundred times the others, which 8 bits then hardly tell apart. In multilingual-e5-small, fine-tuned, this
        leaves 3 of 600 labels otherwise than with 32 bits throughout, all of them undecided, instead of 12.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = str(Path(folder) / FILE)
        shrinking = _write_fused(network, path, prepared=whole_numbers)
        _return_memory()
        if whole_numbers:
            # Without AVX-512 VNNI products of 8 bits may overflow: one bit less of the weights, and they do not.
            quantize_dynamic(
                path,
                path,
                per_channel=True,
                reduce_range=True,
                nodes_to_exclude=shrinking if spare_outliers else [],
                weight_type=QuantType.QInt8,
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
        # One label changed of a thousand may be five of the next thousand, and a form that changes fewer and is nearly
        # as quick is at hand.
        least = 1.0 if whole_numbers and not spare_outliers else MIN_AGREEMENT
        _return_memory()
        return Graph(Path(path).read_bytes(), whole_numbers=whole_numbers, least_agreement=least)


def _write_fused(network: Any, path: str, *, prepared: bool) -> list[str]:
    """Write a network with fused layers to a file; return the names of its shrinking products.

    Parameters
    ----------
    prepared : bool
        Whether the file shall say that it is ready for the quantiser.
    """
    import onnx
    from onnxruntime.transformers import optimizer

    torch = load_torch()
    replica = copy.deepcopy(network).to("cpu").eval()
    config: Any = None
    for part in replica.modules():
        if hasattr(part, "set_attn_implementation"):
            config = config or part.config
            part.set_attn_implementation("eager")  # the optimiser knows attention by its single steps
    example = torch.ones((2, 8), dtype=torch.long)
    sides = {0: "batch", 1: "longest"}
    # torch's newer exporter takes four times as long, and the runtime's optimiser finds no attention in its graphs.
    torch.onnx.export(
        replica,
        (example, example),
        path,
        input_names=list(INPUTS),
        output_names=[OUTPUT],
        dynamic_axes={**dict.fromkeys(INPUTS, sides), OUTPUT: {0: "batch"}},
        opset_version=_OPSET,
        dynamo=False,
    )
    del replica
    _return_memory()
    heads, width = (int(getattr(config, name, 0) or 0) for name in ("num_attention_heads", "hidden_size"))
    fused = optimizer.optimize_model(path, model_type="bert", num_heads=heads, hidden_size=width, opt_level=0)
    if prepared:
        # Without the note that the graph was prepared, the quantiser gives advice on the root logger.
        onnx.helper.set_model_props(fused.model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    fused.save_model_to_file(path)
    return _shrinking_products(fused.model.graph)


def _return_memory() -> None:
    """Give the system back what the C library keeps of it: a large network is written in several copies."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _shrinking_products(graph: Any) -> list[str]:
    """Return the names of the products that give fewer numbers than they take."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer if len(tensor.dims) == 2}
    products = [node for node in graph.node if node.op_type == "MatMul"]
    return [node.name for node in products if any(a > b for a, b in (shapes.get(name, (0, 0)) for name in node.input))]


def read_graph(folder: Path) -> Graph | None:
    """Return the graph beside a model's weights; None where there is none, as in models of earlier versions.

    Raises
    ------
    ModelError
        It is damaged, or holds what a graph of ours does not.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    import onnx

    content = path.read_bytes()
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # that of protocol buffers, which onnx does not offer
        raise ModelError(f"The file {FILE} of the model in '{folder.name}' is damaged: fetch it again.") from error
    operators = list(_operators(model.graph))
    strange = sorted({f"{domain}:{kind}" for domain, kind in operators if not _is_known(domain, kind)})
    outside = any(tensor.external_data for tensor in model.graph.initializer)
    names = (tuple(item.name for item in model.graph.input), tuple(item.name for item in model.graph.output))
    if strange or outside or model.functions or names != (INPUTS, (OUTPUT,)):
        what = f" (it asks for {strange[0][:60]})" if strange else ""
        raise ModelError(
            f"The file {FILE} of the model in '{folder.name}' is no graph as Colophon writes them{what}, and is not"
            " used: fetch or train the model again."
        )
    whole = any(kind == "DynamicQuantizeLinear" for _, kind in operators)
    del model
    try:
        return Graph(content, whole_numbers=whole)
    except Exception as error:  # the runtime's own exceptions have no public common class
        raise ModelError(f"The file {FILE} of the model in '{folder.name}' is damaged: fetch it again.") from error


def _operators(graph: Any) -> Iterator[tuple[str, str]]:
    """Yield domain and name of each operator, those of inner graphs too."""
    for node in graph.node:
        yield node.domain, node.op_type
        for attribute in node.attribute:
            if attribute.t.external_data:
                yield "external", node.op_type
            for inner in (attribute.g, *attribute.graphs):
                yield from _operators(inner)


def _is_known(domain: str, kind: str) -> bool:
    return domain in ("", "ai.onnx") or (domain == _RUNTIME and kind in _FUSED)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what exporter and optimiser tell developers from a curator's log."""
    # Parts of the optimiser log under the names of their files alone.
    theirs = ("fusion_", "onnx", "optimizer", "shape_", "symbolic_", "torch.onnx")
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.startswith(theirs)]
    before = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


# --- The quickest way to ask a network that leaves the labels as they are ---------------------------------------------


def quick_forms(network: Any, device: str) -> Iterator[Any]:
    """Yield quicker forms of a network, the quickest first.

    On a CPU they are graphs, on a graphics processor 16 bits, without padding where the kind of encoder allows it.
    """
    if device == "cpu":
        for whole_numbers, spare_outliers in ((True, False), (True, True), (False, False)):
            try:
                yield export(network, whole_numbers=whole_numbers, spare_outliers=spare_outliers)
            except Exception as error:
                # A network of a kind that the exporter does not know is asked as it is.
                _LOG.warning("the network could not be written as a graph: %s", str(error).split("\n")[0][:200])
                return
    elif has_bfloat16(device):
        packed = PackedForm.from_network(network, device, half=True) if device == "cuda" else None
        if packed is not None:
            yield packed
        yield copy.deepcopy(network).to(load_torch().bfloat16)


def quickest(forms: Iterator[Any], agreement: Callable[[Any], float]) -> tuple[Any, float]:
    """Return the first of the forms that leaves the labels as they are, None where none does, and the agreement.

    That is 999 labels of a thousand, or as many as the form itself says (`least_agreement`).

    Parameters
    ----------
    agreement : function
        Takes a form and returns the share of titles whose label is that of the network itself.
    """
    measured = float("nan")
    for form in forms:
        measured = agreement(form)
        if measured >= getattr(form, "least_agreement", MIN_AGREEMENT):
            return form, measured
    return None, measured
