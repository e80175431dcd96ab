"""What a model can say of where it comes from: what it reads of a record, and the digest of its weights.

Read from manifests alone, so that nothing has to be loaded.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.schema import TITLE

__all__ = ["NOT_WEIGHTS", "columns_read", "provenance_of", "weights_digest", "weights_of"]

# Files of a model's folder that no answer depends on: what was measured, and the books it was made with.
NOT_WEIGHTS: Final = frozenset({"metrics.json", "training.parquet", "manifest.json", "README.md"})


def columns_read(reads: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what a model of ours reads of a record: its title, then further columns by their names in the file."""
    return (TITLE, *reads)


def weights_of(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that the answers of a model depend on, sorted by path: numbers, rules, tokenizer, calibration.

    Parameters
    ----------
    files : mapping
        Path within the model's folder → SHA-256, as its manifest lists them.
    """
    return {name: files[name] for name in sorted(files) if name not in NOT_WEIGHTS}


def weights_digest(files: Mapping[str, str]) -> str:
    """Return one SHA-256 over all files of :func:`weights_of`; '' where there are none.

    It is that of the text ``sha256sum`` prints for these files, sorted by path: one line a file, the digest, two
    spaces, the path. So anybody who has the model can check it with two commands.

    >>> weights_digest({"metrics.json": "ab"})
    ''
    >>> weights_digest({"b": "22", "a": "11"}) == weights_digest({"a": "11", "b": "22", "metrics.json": "33"})
    True
    """
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in weights_of(files).items())
    return hashlib.sha256(lines.encode()).hexdigest() if lines else ""


def provenance_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``input_columns`` and ``weights_sha256`` of a model's manifest; an older one says them by other words."""
    reads = manifest.get("input_columns") or columns_read(manifest.get("reads") or ())
    return {
        "input_columns": [str(name) for name in reads],
        # Computed from the list that is checked whenever the model is loaded, never believed.
        "weights_sha256": weights_digest(manifest.get("files") or {}),
    }
