"""Whether a model folder is what its weights say it is, looked at before anything of it is built.

A configuration is a few numbers, from which the library builds layers before it reads any weight: one that names two
million layers takes all memory. What is built must therefore have weights in the folder.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from core.errors import ModelError

__all__ = ["check_sizes"]

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
