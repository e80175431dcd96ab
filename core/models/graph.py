"""A network as an ONNX graph, which ONNX Runtime calculates on a CPU faster than torch does.

The graph is made of a network's weights when the network has learned, and kept beside them. Layers of BERT's kind are
fused by the runtime's own optimiser; weights become whole numbers of 8 bits, scaled for each channel, where that leaves
the labels as they are (:func:`quickest`). A graph is data: it holds numbers and names of operators, and one that names
an operator beyond those of ONNX and of the fused layers, or numbers in another file, is not read.

References
----------
Dettmers, Lewis, Belkada and Zettlemoyer, "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale", NeurIPS
2022 (scales for each channel).
"""

import contextlib
import copy
import importlib
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.models.packed import PackedForm
from core.models.runtime import MIN_AGREEMENT, has_bfloat16, load_torch

__all__ = ["Graph", "export", "quick_forms", "quickest", "read_graph"]

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
    """

    def __init__(self, content: bytes, *, whole_numbers: bool) -> None:
        runtime = importlib.import_module("onnxruntime")
        runtime.disable_telemetry_events()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.content = content
        self.whole_numbers = whole_numbers
        self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def __call__(self, tokens: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the network gives for a batch, shape (b, width)."""
        (answers,) = self._session.run([OUTPUT], dict(zip(INPUTS, (tokens, mask), strict=True)))
        return np.asarray(answers, dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write the graph beside the weights it was made of."""
        (folder / FILE).write_bytes(self.content)


def export(network: Any, *, whole_numbers: bool) -> Graph:
    """Return a network as a graph.

    Parameters
    ----------
    network : torch module
        ``network(tokens, mask)`` gives answers, shape (b, width).
    whole_numbers : bool
        Whether weights become numbers of 8 bits.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    torch = load_torch()
    replica = copy.deepcopy(network).to("cpu").eval()
    config: Any = None
    for part in replica.modules():
        if hasattr(part, "set_attn_implementation"):
            config = config or part.config
            part.set_attn_implementation("eager")  # the optimiser knows attention by its single steps
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = str(Path(folder) / FILE)
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
        heads, width = (int(getattr(config, name, 0) or 0) for name in ("num_attention_heads", "hidden_size"))
        fused = optimizer.optimize_model(path, model_type="bert", num_heads=heads, hidden_size=width, opt_level=0)
        if whole_numbers:
            # Without the note that the graph was prepared, the quantiser gives advice on the root logger.
            onnx.helper.set_model_props(fused.model, {"onnx.quant.pre_process": "onnxruntime.quant"})
        fused.save_model_to_file(path)
        if whole_numbers:
            # Without AVX-512 VNNI products of 8 bits may overflow: one bit less of the weights, and they do not.
            quantize_dynamic(
                path,
                path,
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
        return Graph(Path(path).read_bytes(), whole_numbers=whole_numbers)


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
        for whole_numbers in (True, False):
            try:
                yield export(network, whole_numbers=whole_numbers)
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

    Parameters
    ----------
    agreement : function
        Takes a form and returns the share of titles whose label is that of the network itself.
    """
    measured = float("nan")
    for form in forms:
        measured = agreement(form)
        if measured >= MIN_AGREEMENT:
            return form, measured
    return None, measured
