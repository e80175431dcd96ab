"""The card of a model, a bundle or a label set, with CITATION.cff and the Zenodo metadata, in a folder."""

import tempfile
from pathlib import Path

from core.errors import InputError
from core.labels import load_labels
from core.sharing.check import CardKind, refuse_faults
from core.sharing.citation import Citation
from core.sharing.dataset_card import bundle_card, bundle_citation, is_invented
from core.sharing.details import CardMetadata
from core.sharing.kept import with_fresh_numbers
from core.sharing.label_card import label_card, label_citation
from core.sharing.model_card import model_card, model_citation
from core.sharing.parcel import bundle_home, bundle_manifest
from core.sharing.text import unfilled_parts
from core.sharing.zenodo import deposit
from core.storage import Workspace, write_atomically, write_json

__all__ = ["write_card"]


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
    write_json(out / "zenodo.json", deposit(citation, [citation.title, citation.sentence]))
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
            manifest = bundle_manifest(bundle, Path(place))
        citation = bundle_citation(workspace, manifest, metadata)
        home = bundle_home(workspace, bundle)
        invented = is_invented(workspace, manifest)
        return with_fresh_numbers(home, bundle_card(manifest, citation, invented=invented)), citation, "dataset"
    label_set = load_labels(workspace, str(labels))
    fresh = label_card(workspace, label_set, metadata)
    return with_fresh_numbers(label_set.artifact.path, fresh), label_citation(workspace, label_set, metadata), "dataset"
