"""What comes from outside, copied into a folder of our own and verified completely.

Folders, zips and the Hub go through the same rules before anything is looked at: no links, no devices, no way out of
the folder, no kinds of file that could be run, and no more than fits.
"""

import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError, ModelError
from core.export.manifest import BundleManifest
from core.manifests import ModelManifest
from core.progress import Progress, silent
from core.readers.container import UNPACKED_LIMIT, check_zip
from core.sharing.cards import (
    BUNDLE,
)
from core.storage import digest, file_sha256, read_json
from core.text_formats import printable

__all__ = [
    "DATA_KINDS",
    "MANIFEST_LIMIT",
    "MODEL_KINDS",
    "VerifiedFiles",
    "check_name",
    "check_names",
    "collect_folder",
    "collect_zip",
    "kind_of",
    "parse_bundle_manifest",
    "verify",
    "verify_bundle",
    "verify_model",
]

FILES_LIMIT: Final = 2_000
# What a model may consist of: numbers and text, nothing that anyone could be led to run or to unpickle.
MODEL_KINDS: Final = frozenset({".safetensors", ".onnx", ".json", ".parquet", ".txt", ".md", ".cff"})
DATA_KINDS: Final = MODEL_KINDS | {".csv", ".jsonl", ".jsonld", ".xml", ".mrc", ".xlsx"}
_FILES_WITHOUT_SUFFIX: Final = frozenset({"SHA256SUMS", "LICENSE", ".gitattributes"})
_NAME: Final = re.compile(r"[\w.+ ()-]+(/[\w.+ ()-]+)*")
_CHUNK: Final = 1 << 20


def kind_of(name: str) -> str:
    """Return the end of a file's name in lower case, or the whole of a name that says what it is without one."""
    base = name.rsplit("/", 1)[-1]
    return base if base in _FILES_WITHOUT_SUFFIX else Path(base).suffix.lower()


def check_name(name: str, origin: str) -> str:
    """Return a file's name inside its folder when it is harmless.

    Raises
    ------
    InputError
        It leads out of the folder, is absolute, hidden or too long, or is of a kind that is not taken.
    """
    parts = name.split("/")
    if (
        not _NAME.fullmatch(name)
        or ".." in parts
        or "." in parts
        or len(name) > 200
        or any(len(p) > 120 for p in parts)
    ):
        raise InputError(f"{origin} holds a file with a name that is not allowed: '{_shown(name)}'. Nothing was taken.")
    if any(part != part.strip() or (part.startswith(".") and part not in _FILES_WITHOUT_SUFFIX) for part in parts):
        raise InputError(f"{origin} holds a hidden file, '{_shown(name)}'. Nothing was taken.")
    if kind_of(name) not in DATA_KINDS | _FILES_WITHOUT_SUFFIX:
        raise InputError(
            f"{origin} holds a file of a kind that is not taken: '{_shown(name)}'. Models are safetensors, JSON and"
            " Parquet; data bundles are tables and metadata. Nothing was taken."
        )
    return name


def check_names(sized: Iterable[tuple[str, int]], origin: str) -> None:
    """Refuse a list of files (name, bytes) that is too long, too large, or names one file twice.

    Raises
    ------
    InputError
    """
    seen: set[str] = set()
    total = 0
    for name, size in sized:
        key = check_name(name, origin).casefold()
        if key in seen:
            raise InputError(f"{origin} holds two files called '{_shown(name)}'. Nothing was taken.")
        seen.add(key)
        total += size
        if len(seen) > FILES_LIMIT:
            raise InputError(f"{origin} holds more than {FILES_LIMIT:,} files. Nothing was taken.")
        if total > UNPACKED_LIMIT:
            raise InputError(f"{origin} holds more than {UNPACKED_LIMIT / 1e9:,.1f} GB. Nothing was taken.")
    if not seen:
        raise InputError(f"{origin} is empty. Give a model folder, an export bundle, or a name on the Hub.")


def collect_folder(source: Path, target: Path, progress: Progress = silent) -> None:
    """Copy a folder of plain files into an existing, empty folder.

    Raises
    ------
    InputError
        See the module; the message names the file.
    """
    origin = f"The folder {source}"
    files: list[tuple[str, int]] = []
    for place, folders, names in os.walk(source, followlinks=False):
        here = Path(place)
        for name in (*folders, *names):
            about = (here / name).lstat()
            inside = (here / name).relative_to(source).as_posix()
            if stat.S_ISLNK(about.st_mode):
                raise InputError(f"{origin} holds a link, '{_shown(inside)}'. Only plain files are taken.")
            if stat.S_ISREG(about.st_mode):
                files.append((inside, about.st_size))
            elif not stat.S_ISDIR(about.st_mode):
                raise InputError(f"{origin} holds something that is no file, '{_shown(inside)}'. Nothing was taken.")
        if len(files) > FILES_LIMIT:
            break
    check_names(files, origin)
    for count, (name, _) in enumerate(sorted(files)):
        progress(count / len(files), f"Copying {name}")
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, path, follow_symlinks=False)


def collect_zip(source: Path, target: Path, progress: Progress = silent) -> None:
    """Unpack a zip of plain files into an existing, empty folder; one folder around everything is taken off.

    Raises
    ------
    InputError
        See the module; also a zip that is damaged, locked, or made to fill a disk.
    """
    origin = f"The zip {source.name}"
    try:
        with zipfile.ZipFile(source) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > FILES_LIMIT:
                raise InputError(f"{origin} holds more than {FILES_LIMIT:,} files. Nothing was taken.")
            check_zip(archive, source, UNPACKED_LIMIT)
            for member in members:
                if member.flag_bits & 1:
                    raise InputError(f"{origin} has a password. Unpack it yourself and give the folder.")
                # The upper half of these bits is the file mode that Unix programs store.
                if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
                    raise InputError(f"{origin} holds a link, '{_shown(member.filename)}'. Only plain files are taken.")
                if "\\" in member.orig_filename or "\0" in member.orig_filename:
                    raise InputError(
                        f"{origin} holds a file with a name that is not allowed: '{_shown(member.orig_filename)}'."
                        " Nothing was taken."
                    )
            around = _common_folder([member.filename for member in members])
            named = {member.filename[len(around) :]: member for member in members}
            if len(named) != len(members):
                raise InputError(f"{origin} holds two files with the same name. Nothing was taken.")
            check_names(((name, member.file_size) for name, member in named.items()), origin)
            left = UNPACKED_LIMIT
            for count, (name, member) in enumerate(sorted(named.items())):
                progress(count / len(named), f"Unpacking {name}")
                left -= _unpack(archive, member, target / name, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{origin} is damaged or packed in an unknown way ({error}). Fetch it again.") from error
    except OSError as error:
        raise InputError(f"{origin} cannot be unpacked: {error.strerror or error}.") from error


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, left: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member) as packed, path.open("xb") as sink:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise InputError(f"The zip unpacks to more than {UNPACKED_LIMIT / 1e9:,.1f} GB. Nothing was taken.")
            sink.write(chunk)
    return written


def _common_folder(names: list[str]) -> str:
    """Return the folder that everything lies in, with its slash; '' when there is none."""
    first = {name.split("/", 1)[0] if "/" in name else "" for name in names}
    around = first.pop() if len(first) == 1 else ""
    # The folder 'bundle' says what is in it, and stays.
    return f"{around}/" if around and around not in ("bundle", "..", ".") else ""


def _shown(name: str) -> str:
    return printable(name, keep="")[:100]


# --- What arrived, checked against its own list of SHA-256 ------------------------------------------------------------
# Nothing missing, nothing altered, nothing more.


# Beside what is verified there may lie texts about it. They are not hashed: people mend a card on the Hub.
COMPANIONS: Final = frozenset(
    {"README.md", "CITATION.cff", "zenodo.json", "LICENSE", "LICENSE.txt", "LICENSE.md", ".gitattributes"}
    # In a folder taken straight from a workspace: the card that was kept there.
    | {"card/README.md", "card/details.json"}
)
_SUMS: Final = "SHA256SUMS"
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](.+)")
MANIFEST_LIMIT: Final = 20_000_000  # bytes


@dataclass(frozen=True, kw_only=True)
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
    manifest : ModelManifest or BundleManifest
    """

    kind: Literal["model", "bundle"]
    fingerprint: str
    root: Path
    files: Mapping[str, str]
    manifest: ModelManifest | BundleManifest


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
    if (folder / "manifest.json").is_file() and "model_kind" in _manifest_json(folder, origin):
        return verify_model(folder, origin)
    raise InputError(
        f"{origin} is neither a model of Colophon (manifest.json) nor an export bundle (SHA256SUMS). Give the whole"
        " folder or zip as it was shared."
    )


def verify_model(folder: Path, origin: str) -> VerifiedFiles:
    """Check a model's folder; it is loaded once, so that what enters the workspace is known to work."""
    from core.models.registry import load_folder

    files = _manifest_json(folder, origin).get("files")
    if not isinstance(files, dict) or not all(isinstance(checksum, str) for checksum in files.values()):
        raise ModelError(f"{origin} has no list of files in its manifest.json: fetch it again.")
    for name in files:
        if kind_of(check_name(str(name), origin)) not in MODEL_KINDS:
            raise ModelError(f"{origin} names a file of a kind that no model needs: '{name}'. Nothing was taken.")
    _only(folder, origin, {*files, "manifest.json"})
    _parquet_within_limits(folder, origin)
    model = load_folder(folder, origin)
    return VerifiedFiles(kind="model", fingerprint=model.fingerprint, root=folder, files=files, manifest=model.manifest)


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
    manifest = parse_bundle_manifest(_manifest_json(root, origin), origin)
    return VerifiedFiles(kind="bundle", fingerprint=digest("bundle", files), root=root, files=files, manifest=manifest)


def parse_bundle_manifest(content: Mapping[str, Any], origin: str) -> BundleManifest:
    """Return the record of an export's manifest; `origin` names the export in the error of what is none."""
    try:
        return BundleManifest.parse(content, f"The manifest.json of {origin}")
    except InputError as error:
        raise InputError(f"{error}: it is not that of an export. Export or fetch it again.") from error


def _only(folder: Path, origin: str, known: set[str], companions: frozenset[str] = COMPANIONS) -> None:
    unknown = sorted(_names(folder) - known - companions)
    if unknown:
        raise InputError(f"{origin} holds a file that its list does not name: '{unknown[0]}'. Nothing was taken.")


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _manifest_json(folder: Path, origin: str) -> dict[str, Any]:
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
