"""A folder ready to be shared: a model or an export unchanged, its card, how to cite it, the Zenodo metadata."""

import json
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError, ModelError
from core.export.manifest import BundleManifest
from core.formatting import printable
from core.labels import load_labels
from core.manifests import MANIFEST, ModelManifest, sealed
from core.models.registry import load
from core.progress import Progress, silent
from core.readers.container import UNPACKED_LIMIT, check_zip
from core.sharing.card_text import (
    CardKind,
    CardMetadata,
    Citation,
    deposit,
    refuse_faults,
    saved_card_metadata,
    unfilled_parts,
    with_fresh_numbers,
)
from core.sharing.cards import (
    BUNDLE,
    bundle_card,
    bundle_citation,
    is_invented,
    label_card,
    label_citation,
    model_card,
    model_citation,
)
from core.storage import Workspace, digest, file_sha256, read_json, write_atomically, write_json

__all__ = [
    "DATA_KINDS",
    "MANIFEST_LIMIT",
    "MODEL_KINDS",
    "ShareBundle",
    "VerifiedFiles",
    "bundle_home",
    "check_name",
    "check_names",
    "collect_folder",
    "collect_zip",
    "kind_of",
    "parse_bundle_manifest",
    "prepare_bundle",
    "prepare_model",
    "unverified_manifest",
    "verify",
    "verify_bundle",
    "verify_model",
    "write_card",
    "write_zip",
]


# --- What comes from outside, copied into a folder of our own and verified completely ---------------------------------
#
# Folders, zips and the Hub go through the same rules before anything is looked at: no links, no devices, no way out of
# the folder, no kinds of file that could be run, and no more than fits.

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


# --- A folder ready to be shared --------------------------------------------------------------------------------------
#
# A folder ready to be shared: a model or an export unchanged, its card, how to cite it, the Zenodo metadata.


@dataclass(frozen=True, kw_only=True)
class ShareBundle:
    """A folder that may leave the house: every file is of a kind that is shared, and the card is sound.

    Attributes
    ----------
    kind : {'model', 'dataset'}
        As the Hub calls it.
    folder : path
    created_at : str
        When what is shared was made, so that the same bundle always has the same bytes.
    """

    kind: CardKind
    folder: Path
    name: str
    created_at: str
    citation: Citation

    def files(self) -> list[dict[str, Any]]:
        """Return ``name``, ``bytes`` and ``sha256`` of each file, sorted by name."""
        return [
            {
                "name": path.relative_to(self.folder).as_posix(),
                "bytes": path.stat().st_size,
                "sha256": file_sha256(path),
            }
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        ]


def prepare_model(
    workspace: Workspace, name: str, folder: Path, *, metadata: CardMetadata | None = None
) -> ShareBundle:
    """Fill an empty folder with a model to be shared.

    Its card is the one that was kept with the model, with its numbers measured anew, else a fresh one.

    Parameters
    ----------
    metadata : CardMetadata, optional
        Else those that were kept with the model.

    Raises
    ------
    NotFoundError
        There is no such model.
    ModelError
        A file of it was altered.
    InputError
        It holds a kind of file that is not shared, or the card is not sound.
    """
    artifact = workspace.find("models", name)
    model = load(workspace, name)
    given = metadata or saved_card_metadata(artifact.path)
    _refuse_kinds(model.manifest.files, MODEL_KINDS, f"The model '{name}'")
    for file in model.manifest.files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(artifact.path / file, path)
    content = {
        key: value for key, value in artifact.manifest.as_dict().items() if key not in ("contents", "created_by")
    }
    write_json(folder / MANIFEST, sealed(_without_paths(content)))
    text = with_fresh_numbers(artifact.path, model_card(workspace, artifact, given))
    citation = model_citation(workspace, artifact, given)
    sentences = [
        "A model that reads titles of catalogue records and says how probable each class is.",
        citation.reference,
    ]
    return _finish(
        "model",
        folder,
        name=artifact.name,
        made_at=artifact.manifest.created_at,
        citation=citation,
        card=text,
        sentences=sentences,
    )


def prepare_bundle(
    workspace: Workspace, path: Path, folder: Path, *, metadata: CardMetadata | None = None
) -> ShareBundle:
    """Fill an empty folder with an export bundle (a zip) to be shared; see :func:`prepare_model`."""
    inside = folder / BUNDLE
    inside.mkdir()
    manifest = _unpacked(path, inside)
    _refuse_kinds(
        {file.relative_to(inside).as_posix(): "" for file in inside.rglob("*") if file.is_file()},
        DATA_KINDS | {"SHA256SUMS"},
        f"The bundle {path.name}",
    )
    home = bundle_home(workspace, path)
    citation = bundle_citation(workspace, manifest, metadata or saved_card_metadata(home))
    invented = is_invented(workspace, manifest)
    text = with_fresh_numbers(home, bundle_card(manifest, citation, invented=invented))
    sentences = [f"{manifest.counts.exported:,} catalogue records with a machine-assigned label.", citation.reference]
    return _finish(
        "dataset",
        folder,
        name=path.stem,
        made_at=manifest.export.created,
        citation=citation,
        card=text,
        sentences=sentences,
    )


def bundle_home(workspace: Workspace, path: Path) -> Path:
    """Return the folder where a bundle's changed card is kept: by content, so that a moved zip finds it again."""
    if not path.is_file():
        raise InputError(f"There is no file {path}; give the zip that 'colophon export' wrote.")
    return workspace.folder("exports") / f"card-{file_sha256(path)[:16]}"


def write_zip(share_bundle: ShareBundle, out: Path) -> Path:
    """Write a bundle as one zip, for a download or a deposit by hand; the same bundle gives the same bytes."""
    from core.export import zip_folder
    from core.storage import write_atomically

    with write_atomically(out) as beside:
        zip_folder(share_bundle.folder, beside, share_bundle.created_at)
    return out


def _unpacked(path: Path, folder: Path) -> BundleManifest:
    if not path.is_file():
        raise InputError(f"There is no file {path}; give the zip that 'colophon export' wrote.")
    collect_zip(path, folder)
    verified = verify(folder, f"The bundle {path.name}")
    if not isinstance(verified.manifest, BundleManifest) or verified.root != folder:
        raise InputError(f"{path.name} is no export bundle; give the zip that 'colophon export' wrote.")
    return verified.manifest


def _finish(
    kind: CardKind, folder: Path, name: str, made_at: str, citation: Citation, card: str, sentences: list[str]
) -> ShareBundle:
    refuse_faults(card, kind)
    (folder / "README.md").write_text(card, encoding="utf-8", newline="\n")
    (folder / "CITATION.cff").write_text(citation.as_cff(), encoding="utf-8", newline="\n")
    write_json(folder / "zenodo.json", deposit(citation, sentences))
    # The end of the road is tried here: what cannot be pulled must not be pushed.
    share_bundle = ShareBundle(kind=kind, folder=folder, name=name, created_at=made_at, citation=citation)
    check_names(((file["name"], file["bytes"]) for file in share_bundle.files()), f"The parcel '{name}'")
    return share_bundle


def _refuse_kinds(files: Mapping[str, str], allowed: frozenset[str], origin: str) -> None:
    for name in sorted(files):
        if kind_of(name) not in allowed:
            raise InputError(f"{origin} holds '{name}', a kind of file that is not shared. Nothing was sent.")


def _without_paths(value: Any) -> Any:
    """Return a manifest without the paths of this machine: of each only the last part stays."""
    if isinstance(value, dict):
        return {key: _without_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_paths(item) for item in value]
    if isinstance(value, str) and "\n" not in value and " " not in value and Path(value).is_absolute():
        return Path(value).name
    return value


def unverified_manifest(path: Path) -> BundleManifest:
    """Return the manifest of a bundle without checking its files, to show what it is; it is checked before it leaves.

    Raises
    ------
    InputError
        It is no zip, or holds no manifest.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                member for member in archive.infolist() if member.filename.count("/") <= 1 and _is_manifest(member)
            ]
            if len(members) != 1 or members[0].file_size > MANIFEST_LIMIT:
                raise InputError(f"{path.name} is no export bundle; give the zip that 'colophon export' wrote.")
            manifest = json.loads(archive.read(members[0]))
    except (OSError, zipfile.BadZipFile, ValueError, RecursionError) as error:
        raise InputError(f"{path.name} cannot be read as a bundle ({type(error).__name__}). Export again.") from error
    if not isinstance(manifest, dict) or "export" not in manifest:
        raise InputError(f"{path.name} is no export bundle; give the zip that 'colophon export' wrote.")
    return parse_bundle_manifest(manifest, path.name)


def _is_manifest(member: zipfile.ZipInfo) -> bool:
    return member.filename.rsplit("/", 1)[-1] == "manifest.json"


# --- The card of a model, a bundle or a label set ---------------------------------------------------------------------
# The card of a model, a bundle or a label set, with CITATION.cff and the Zenodo metadata, in a folder.


def write_card(
    workspace: Workspace,
    out: Path,
    *,
    model: str | None = None,
    bundle: Path | None = None,
    labels: str | None = None,
    metadata: CardMetadata | None = None,
) -> tuple[list[Path], list[str]]:
    """Write README.md, CITATION.cff and zenodo.json into a folder, which is made.

    Returns
    -------
    files : list of path
    unfilled : list of str
        What the card says is not filled in yet.

    Raises
    ------
    InputError
        Not exactly one thing was named, or the kept card is not sound.
    """
    if sum(argument is not None for argument in (model, bundle, labels)) != 1:
        raise InputError(
            "Name one thing: a model, an export or labels.", command_line="(--model M, --bundle FILE.zip, --labels L)"
        )
    given = metadata or CardMetadata()
    text, citation, kind = _render_card(workspace, model, bundle, labels, given)
    refuse_faults(text, kind)
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file. Give the name of a folder.")
    out.mkdir(parents=True, exist_ok=True)
    for name, content in (("README.md", text), ("CITATION.cff", citation.as_cff())):
        with write_atomically(out / name) as beside:
            beside.write_text(content, encoding="utf-8", newline="\n")
    write_json(out / "zenodo.json", deposit(citation, [citation.title, citation.reference]))
    return [out / name for name in ("README.md", "CITATION.cff", "zenodo.json")], unfilled_parts(text)


def _render_card(
    workspace: Workspace, model: str | None, bundle: Path | None, labels: str | None, metadata: CardMetadata
) -> tuple[str, Citation, CardKind]:
    if model is not None:
        artifact = workspace.find("models", model)
        fresh = model_card(workspace, artifact, metadata)
        return with_fresh_numbers(artifact.path, fresh), model_citation(workspace, artifact, metadata), "model"
    if bundle is not None:
        with tempfile.TemporaryDirectory(prefix=".sharing-", dir=workspace.root) as place:
            manifest = _unpacked(bundle, Path(place))
        citation = bundle_citation(workspace, manifest, metadata)
        home = bundle_home(workspace, bundle)
        invented = is_invented(workspace, manifest)
        return with_fresh_numbers(home, bundle_card(manifest, citation, invented=invented)), citation, "dataset"
    label_set = load_labels(workspace, str(labels))
    fresh = label_card(workspace, label_set, metadata)
    return with_fresh_numbers(label_set.artifact.path, fresh), label_citation(workspace, label_set, metadata), "dataset"
