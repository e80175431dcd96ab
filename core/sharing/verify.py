"""What arrived, checked against its own list of SHA-256: nothing missing, nothing altered, nothing more."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError, ModelError
from core.readers.container import UNPACKED_LIMIT
from core.sharing.dataset_card import BUNDLE
from core.sharing.gather import MODEL_KINDS, check_name, kind_of
from core.storage import digest, file_sha256, read_json

__all__ = ["COMPANIONS", "MANIFEST_LIMIT", "VerifiedFiles", "verify", "verify_bundle", "verify_model"]

# Beside what is verified there may lie texts about it. They are not hashed: people mend a card on the Hub.
COMPANIONS: Final = frozenset(
    {"README.md", "CITATION.cff", "zenodo.json", "LICENSE", "LICENSE.txt", "LICENSE.md", ".gitattributes"}
    # In a folder taken straight from a workspace: the card that was kept there.
    | {"card/README.md", "card/details.json"}
)
_SUMS: Final = "SHA256SUMS"
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](.+)")
MANIFEST_LIMIT: Final = 20_000_000  # bytes


@dataclass(frozen=True)
class VerifiedFiles:
    """A model or a bundle whose every file is the one that was shared.

    Attributes
    ----------
    kind : {'model', 'bundle'}
    fingerprint : str
    root : path
        The folder that the names of `files` begin at.
    files : mapping
        Name → SHA-256.
    manifest : mapping
    """

    kind: Literal["model", "bundle"]
    fingerprint: str
    root: Path
    files: Mapping[str, str]
    manifest: Mapping[str, Any]


def verify(folder: Path, origin: str) -> VerifiedFiles:
    """Return what a gathered folder holds, after checking every file.

    Raises
    ------
    InputError, ModelError
        It is neither a model nor a bundle, or a file is missing, altered or unknown; the message names it.
    """
    if (folder / BUNDLE / _SUMS).is_file():
        _only(folder, origin, {f"{BUNDLE}/{name}" for name in _names(folder / BUNDLE)})
        return verify_bundle(folder / BUNDLE, origin)
    if (folder / _SUMS).is_file():
        return verify_bundle(folder, origin)
    if (folder / "manifest.json").is_file() and "model_kind" in _manifest(folder, origin):
        return verify_model(folder, origin)
    raise InputError(
        f"{origin} is neither a model of Colophon (manifest.json) nor an export bundle (SHA256SUMS). Give the whole"
        " folder or zip as it was shared."
    )


def verify_model(folder: Path, origin: str) -> VerifiedFiles:
    """Check a model's folder; it is loaded once, so that what enters the workspace is known to work."""
    from core.models.registry import load_folder

    manifest = _manifest(folder, origin)
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(checksum, str) for checksum in files.values()):
        raise ModelError(f"{origin} has no list of files in its manifest.json: fetch it again.")
    for name in files:
        if kind_of(check_name(str(name), origin)) not in MODEL_KINDS:
            raise ModelError(f"{origin} names a file of a kind that no model needs: '{name}'. Nothing was taken.")
    _only(folder, origin, {*files, "manifest.json"})
    _parquet_within_limits(folder, origin)
    model = load_folder(folder, origin)
    return VerifiedFiles("model", model.fingerprint, folder, dict(files), manifest)


def verify_bundle(root: Path, origin: str) -> VerifiedFiles:
    """Check an export bundle against its SHA256SUMS."""
    files: dict[str, str] = {}
    for number, line in enumerate((root / _SUMS).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if not match:
            raise InputError(f"{origin}: line {number} of {_SUMS} is no checksum with a file's name. Fetch it again.")
        files[check_name(match[2], origin)] = match[1]
    if "manifest.json" not in files:
        raise InputError(f"{origin} has no manifest.json in its {_SUMS}: it is no export of Colophon.")
    # The description of the export is in the list; of the shared texts only those that lie beside it are not.
    _only(root, origin, {*files, _SUMS}, COMPANIONS - {"README.md"})
    for name, sha256 in files.items():
        if not (root / name).is_file():
            raise InputError(f"{origin} is incomplete: {name} is missing. Fetch it again.")
        if file_sha256(root / name) != sha256:
            raise InputError(f"The file {name} of {origin} was altered after it was made. Nothing was taken.")
    return VerifiedFiles("bundle", digest("bundle", files), root, files, _manifest(root, origin))


def _only(folder: Path, origin: str, known: set[str], companions: frozenset[str] = COMPANIONS) -> None:
    unknown = sorted(_names(folder) - known - companions)
    if unknown:
        raise InputError(f"{origin} holds a file that its list does not name: '{unknown[0]}'. Nothing was taken.")


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _manifest(folder: Path, origin: str) -> dict[str, Any]:
    path = folder / "manifest.json"
    if path.stat().st_size > MANIFEST_LIMIT:
        raise InputError(f"The manifest.json of {origin} has {path.stat().st_size:,} bytes, too many for a manifest.")
    try:
        return read_json(path)
    except (InputError, RecursionError) as error:
        raise InputError(f"The manifest.json of {origin} is no JSON object. Fetch it again.") from error


def _parquet_within_limits(folder: Path, origin: str) -> None:
    """Refuse a table that would unpack to more than memory holds, by what its own footer says of it."""
    import pyarrow
    import pyarrow.parquet

    for path in sorted(folder.rglob("*.parquet")):
        try:
            metadata = pyarrow.parquet.read_metadata(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise ModelError(f"The file {path.name} of {origin} is no Parquet table. Fetch it again.") from error
        size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        if size > UNPACKED_LIMIT or metadata.num_rows > 20_000_000:
            raise ModelError(f"The file {path.name} of {origin} unpacks to more than is allowed. Nothing was taken.")
