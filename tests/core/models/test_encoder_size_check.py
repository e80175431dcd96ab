"""A model folder that would be built larger than its weights is refused before it is built."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import ModelError
from core.models.encoder import check_sizes, default_base, from_pretrained


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a model of two layers, 8 wide: 2 × (4 · 8 · 8) + 100 · 8 = 1,312 numbers in 9 tensors."""
    home = tmp_path / "small"
    home.mkdir()
    tensors = {f"layer.{n}.{part}": np.zeros((8, 8), dtype=np.float32) for n in range(2) for part in "qkvo"}
    save_file({**tensors, "words": np.zeros((100, 8), dtype=np.float32)}, home / "model.safetensors")
    settings(home)
    return home


def settings(home: Path, **changed: object) -> None:
    config = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 2, "vocab_size": 100, **changed}
    (home / "config.json").write_text(json.dumps(config))


def test_what_fits_its_weights_passes(folder: Path) -> None:
    check_sizes(folder)
    check_sizes(Path(default_base()))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_hidden_layers": 2_000_000}, "asks for 2,000,000 layers"),
        ({"text_config": {"num_hidden_layers": 2_000_000}}, "asks for 2,000,000 layers"),
        ({"hidden_size": 100_000}, "asks for 20,000,000,000 numbers in its layers"),
        ({"vocab_size": 10**9}, "asks for 8,000,000,000 numbers in its widest part"),
        ({"intermediate_size": 10**9}, "asks for 8,000,000,000 numbers in its widest part"),
    ],
)
def test_what_its_weights_do_not_hold_is_refused_before_it_is_built(folder: Path, changed, message: str) -> None:
    settings(folder, **changed)
    begun = time.monotonic()
    with pytest.raises(ModelError, match=message):
        from_pretrained(str(folder))
    assert time.monotonic() - begun < 5


def test_a_tokenizer_too_large_is_refused_by_its_size(folder: Path) -> None:
    with (folder / "tokenizer.json").open("wb") as stream:
        stream.truncate(166_000_000)
    with pytest.raises(ModelError, match=r"tokenizer\.json .* has 166,000,000 bytes; at most 64,000,000 are read"):
        from_pretrained(str(folder))


def test_weights_that_are_none_are_said(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(ModelError, match="is damaged"):
        check_sizes(folder)
