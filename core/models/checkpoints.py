"""Half-trained networks on disk, so that a training that was stopped goes on where it was.

A checkpoint belongs to one training: the same titles, labels, settings and seed. Its folder is named by a digest of
all of these, and only safetensors and JSON are in it.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.storage import write_atomically

__all__ = ["Checkpoint"]

FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of one training is kept.

    Attributes
    ----------
    folder : path
        Made when something is first written.
    """

    folder: Path

    def write(self, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Keep a state instead of the one before. Tensors and facts are one file: they always belong together."""
        from safetensors.torch import save_file

        self.folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(self.folder / FILE) as beside:
            flat = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
            save_file(flat, beside, metadata={"facts": json.dumps(facts)})

    def read(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return tensors and facts as they were last written; None where nothing whole is there."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.folder / FILE, framework="pt") as stored:
                facts = json.loads(stored.metadata()["facts"])
                return {name: stored.get_tensor(name) for name in stored.keys()}, facts  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            return None

    def remove(self) -> None:
        """Forget the state."""
        shutil.rmtree(self.folder, ignore_errors=True)
