"""A folder ready to be shared: the model or bundle unchanged, its card, how to cite it, and the Zenodo metadata."""

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.models.registry import load
from core.sharing.check import CardKind, refuse_faults
from core.sharing.citation import Citation
from core.sharing.dataset_card import BUNDLE, bundle_card, bundle_citation, is_invented
from core.sharing.details import CardMetadata
from core.sharing.gather import DATA_KINDS, MODEL_KINDS, check_names, collect_zip, kind_of
from core.sharing.kept import saved_card_metadata, with_fresh_numbers
from core.sharing.model_card import model_card, model_citation
from core.sharing.verify import MANIFEST_LIMIT, verify
from core.sharing.zenodo import deposit
from core.soundness import CONTENTS, SEAL, seal_of
from core.storage import Workspace, file_sha256, read_json, write_json

__all__ = [
    "ShareBundle",
    "bundle_home",
    "bundle_manifest",
    "prepare_bundle",
    "prepare_model",
    "read_deposit",
    "read_manifest",
    "write_zip",
]


@dataclass(frozen=True)
class ShareBundle:
    """A folder that may leave the house: every file is of a kind that is shared, and the card is sound.

    Attributes
    ----------
    kind : {'model', 'dataset'}
        As the Hub calls it.
    folder : path
    created_at : str
        When what is shared was made, so that the same parcel always has the same bytes.
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
    workspace: Workspace, name: str, folder: Path, *, metadata: CardMetadata | None = None, card: str | None = None
) -> ShareBundle:
    """Fill an empty folder with a model to be shared.

    Parameters
    ----------
    metadata : CardMetadata, optional
        Else those that were kept with the model.
    card : str, optional
        Else the card that was kept with the model, with its numbers measured anew, else a fresh one.

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
    _refuse_kinds(model.manifest["files"], MODEL_KINDS, f"The model '{name}'")
    for file in model.manifest["files"]:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(artifact.path / file, path)
    content = _without_paths({key: value for key, value in artifact.manifest.items() if key != CONTENTS})
    write_json(folder / "manifest.json", {**content, SEAL: seal_of(content)})
    text = card or with_fresh_numbers(artifact.path, model_card(workspace, artifact, given))
    citation = model_citation(workspace, artifact, given)
    sentences = [
        "A model that reads titles of catalogue records and says how probable each class is.",
        citation.sentence,
    ]
    return _finish("model", folder, artifact.name, str(artifact.manifest["created_at"]), citation, text, sentences)


def prepare_bundle(
    workspace: Workspace, path: Path, folder: Path, *, metadata: CardMetadata | None = None, card: str | None = None
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
    text = card or with_fresh_numbers(home, bundle_card(manifest, citation, invented=invented))
    sentences = [
        f"{int(manifest['counts']['exported']):,} catalogue records with a machine-assigned label.",
        citation.sentence,
    ]
    created = str(manifest["export"]["created"])
    return _finish("dataset", folder, path.stem, created, citation, text, sentences)


def bundle_manifest(path: Path, scratch: Path) -> dict[str, Any]:
    """Return the manifest of a bundle (a zip) after all of it was checked; `scratch` is an empty folder.

    Raises
    ------
    InputError
        There is no such zip, it is no bundle of Colophon, or a file in it was altered.
    """
    return _unpacked(path, scratch)


def bundle_home(workspace: Workspace, path: Path) -> Path:
    """Return the folder where a bundle's changed card is kept: by content, so that a moved zip finds it again."""
    if not path.is_file():
        raise InputError(f"There is no file {path}; give the zip that 'colophon export' wrote.")
    return workspace.folder("exports") / f"card-{file_sha256(path)[:16]}"


def write_zip(share_bundle: ShareBundle, out: Path) -> Path:
    """Write a parcel as one zip, for a download or a deposit by hand; the same parcel gives the same bytes."""
    from core.export.bundle import zip_folder
    from core.storage import write_atomically

    with write_atomically(out) as beside:
        zip_folder(share_bundle.folder, beside, share_bundle.created_at)
    return out


def _unpacked(path: Path, folder: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"There is no file {path}; give the zip that 'colophon export' wrote.")
    collect_zip(path, folder)
    verified = verify(folder, f"The bundle {path.name}")
    if verified.kind != "bundle" or verified.root != folder:
        raise InputError(f"{path.name} is no export bundle; give the zip that 'colophon export' wrote.")
    return dict(verified.manifest)


def _finish(
    kind: CardKind, folder: Path, name: str, made_at: str, citation: Citation, card: str, sentences: list[str]
) -> ShareBundle:
    refuse_faults(card, kind)
    (folder / "README.md").write_text(card, encoding="utf-8", newline="\n")
    (folder / "CITATION.cff").write_text(citation.as_cff(), encoding="utf-8", newline="\n")
    write_json(folder / "zenodo.json", deposit(citation, sentences))
    # The end of the road is tried here: what cannot be pulled must not be pushed.
    share_bundle = ShareBundle(kind, folder, name, made_at, citation)
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


def read_deposit(share_bundle: ShareBundle) -> dict[str, Any]:
    """Return the Zenodo metadata of a parcel."""
    return read_json(share_bundle.folder / "zenodo.json")


def read_manifest(path: Path) -> dict[str, Any]:
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
    return manifest


def _is_manifest(member: zipfile.ZipInfo) -> bool:
    return member.filename.rsplit("/", 1)[-1] == "manifest.json"
