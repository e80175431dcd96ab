"""A folder ready to be shared: a model or an export unchanged, its card, how to cite it, the Zenodo metadata."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.export.manifest import BundleManifest
from core.labels import load_labels
from core.manifests import MANIFEST, sealed
from core.models.registry import load
from core.sharing.card_text import (
    CardKind,
    CardMetadata,
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
from core.sharing.citation import Citation, deposit
from core.sharing.verification import (
    DATA_KINDS,
    MANIFEST_LIMIT,
    MODEL_KINDS,
    check_names,
    collect_zip,
    kind_of,
    parse_bundle_manifest,
    verify,
)
from core.storage import Workspace, file_sha256, write_atomically, write_json

__all__ = [
    "ShareBundle",
    "bundle_home",
    "prepare_bundle",
    "prepare_model",
    "unverified_manifest",
    "write_card",
    "write_zip",
]


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
    sentences = [
        f"{manifest.counts.exported:,} catalogue records with a machine-assigned label.",
        citation.reference,
    ]
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
