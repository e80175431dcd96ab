"""Removing and renaming what a workspace holds: corpora, label sets, predictions, models and exports.

Nothing that something else needs is taken away: predictions need the catalogue and the model they were made with, and
the labels they are checked against. What people decided stays in the database, whatever is removed.
"""

import contextlib
import logging
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import InputError, NameTakenError, NotFoundError, unknown_name
from core.formatting import listed
from core.jobs import list_jobs
from core.learned_facets import EMBEDDINGS
from core.manifests import MANIFEST, PredictionManifest, sealed
from core.predictions import saved_catalogue_choice
from core.storage import KIND_WORDS, Workspace, read_json, slug, write_json
from core.translation import noop

__all__ = ["KINDS", "KIND_NAMES", "Dependent", "Removed", "Renamed", "dependents", "remove", "rename"]

_LOG = logging.getLogger(__name__)

KIND_NAMES: Final[Mapping[str, str]] = {
    "corpora": noop("corpus"),
    "labels": noop("labels"),
    "predictions": noop("predictions"),
    "models": noop("model"),
    "exports": noop("export"),
}
KINDS: Final = {name: kind for kind, name in KIND_NAMES.items()}


@dataclass(frozen=True)
class Dependent:
    """Something that needs what is to be removed."""

    kind: str
    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was removed (the keys of ``colophon remove --json``).

    Attributes
    ----------
    kind : str
        As on the command line: 'corpus', 'labels', 'predictions', 'model', 'export'.
    also : tuple of Dependent
        What needed it, and was removed with it.
    kept : bool
        Whether its files stay, since another name stands for them.
    sentence : str
    """

    kind: str
    name: str
    fingerprint: str
    also: tuple[Dependent, ...]
    kept: bool
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """What was renamed (the keys of ``colophon rename --json``)."""

    kind: str
    name: str
    new_name: str
    fingerprint: str
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


@dataclass(frozen=True)
class _Target:
    """Where a thing is: its name (or '' for one without), and its folder or, for an export, its zip."""

    kind: str
    name: str
    fingerprint: str
    path: Path

    @property
    def display_name(self) -> str:
        return self.name or self.fingerprint


def dependents(workspace: Workspace, kind: str, name: str) -> tuple[Dependent, ...]:
    """Return what could not be used any more without the thing called `name`, readable or not.

    Parameters
    ----------
    kind : str
        'corpora', 'labels', 'predictions', 'models' or 'exports'.

    Raises
    ------
    NotFoundError
        There is no such thing.
    """
    return _dependents(workspace, _target(workspace, kind, name))


def remove(workspace: Workspace, kind: str, name: str, *, dependents_too: bool = False) -> Removed:
    """Remove the thing called `name` (or with this fingerprint), readable or not.

    Parameters
    ----------
    kind : str
        'corpora', 'labels', 'predictions', 'models' or 'exports'.
    dependents_too : bool
        Also remove what needs it.

    Raises
    ------
    NotFoundError
        There is no such thing.
    InputError
        Something needs it, or a job is at work with it. Nothing is removed then.
    StorageError
        Nothing can be written here.
    """
    target = _target(workspace, kind, name)
    workspace.require_writable("removed")
    needed_by = _dependents(workspace, target)
    if needed_by and not dependents_too:
        needs = "; ".join(
            f"{KIND_NAMES[dependent.kind]} '{dependent.name}' ({dependent.why})" for dependent in needed_by
        )
        raise InputError(f"'{target.display_name}' was not removed, since something needs it: {needs}.")
    others = [_target(workspace, dependent.kind, dependent.name) for dependent in needed_by]
    for each in (target, *others):
        _refuse_at_work(workspace, each)
    joined = _joined_with(workspace, target)
    for each in others:
        _delete_artifact(workspace, each)
    files_stay = _delete_artifact(workspace, target)
    if kind == "corpora" and not files_stay:
        _delete_embeddings(workspace, target.fingerprint)
    what = f"The {KIND_WORDS[kind]} '{target.display_name}' was removed"
    sentence = f"{what}; its files stay, since another name stands for them." if files_stay else f"{what}."
    if needed_by:
        sentence += f" With it: {', '.join(dependent.name for dependent in needed_by)}."
    if joined and not files_stay:
        sentence += f" It was the catalogue chosen for {listed(joined)}: choose another for them, or none."
    if kind == "predictions" or needed_by:
        sentence += " What people decided about them is kept, and holds again if they are made again."
    also = f", with {len(needed_by)} that needed it" if needed_by else ""
    _LOG.info("removed %s '%s' (%s)%s", KIND_NAMES[kind], target.display_name, target.fingerprint, also)
    return Removed(
        kind=KIND_NAMES[kind],
        name=target.display_name,
        fingerprint=target.fingerprint,
        also=needed_by,
        kept=files_stay,
        sentence=sentence,
    )


def rename(workspace: Workspace, kind: str, old: str, new: str) -> Renamed:
    """Give the thing called `old` another name; predictions that speak of it by its name speak of the new one.

    Raises
    ------
    NotFoundError
        There is no such thing, or it has no name.
    NameTakenError
        Another thing has the new name.
    InputError
        The new name is empty, or a job is at work with the thing.
    StorageError
        Nothing can be written here.
    """
    target = _target(workspace, kind, old)
    if not new.strip():
        raise InputError("The new name is empty: give one with letters or digits.")
    workspace.require_writable("renamed")
    _refuse_at_work(workspace, target)
    name = slug(new)
    if target.path.suffix == ".zip":
        name = slug(new.removesuffix(".zip"))
        _rename_zip(target.path, target.path.with_name(f"{name}.zip"))
    else:
        workspace.refuse_taken(kind, name, target.fingerprint)
        if not target.name:
            workspace.database.assign_name(kind, name, target.fingerprint)
        elif name != target.name:
            _update_dependents(workspace, target, name)
            workspace.database.rename(kind, target.name, name)
    sentence = f"The {KIND_WORDS[kind]} '{target.display_name}' is called '{name}' now."
    _LOG.info("renamed %s '%s' (%s): '%s'", KIND_NAMES[kind], target.display_name, target.fingerprint, name)
    return Renamed(
        kind=KIND_NAMES[kind],
        name=target.display_name,
        new_name=name,
        fingerprint=target.fingerprint,
        sentence=sentence,
    )


def _target(workspace: Workspace, kind: str, name: str) -> _Target:
    if kind not in KIND_NAMES:
        raise InputError(f"'{kind}' is no kind of thing. There are: {', '.join(KIND_NAMES.values())}.")
    home = workspace.root / kind
    names = workspace.database.names(kind)
    for key in (name, slug(name)):
        if key in names:
            return _Target(kind, key, names[key], home / names[key])
    if kind == "exports":
        zips = {path.name: path for path in home.glob("[!.]*.zip")}
        path = zips.get(name) or zips.get(f"{name}.zip") or zips.get(f"{slug(name)}.zip")
        if path:
            return _Target(kind, path.name, "", path)
    if re.fullmatch(r"[0-9A-Za-z_-]{1,100}", name) and (home / name).is_dir():
        return _Target(kind, "", name, home / name)
    known = [*names, *(path.name for path in home.glob("[!.]*.zip"))]
    raise NotFoundError(unknown_name(KIND_WORDS[kind], name, known))


def _dependents(workspace: Workspace, target: _Target) -> tuple[Dependent, ...]:
    if target.kind not in _NEEDS or target.path.suffix == ".zip":
        return ()
    key, by_name, why = _NEEDS[target.kind]
    if not by_name and _other_names(workspace, target):
        return ()
    wanted = target.name if by_name else target.fingerprint
    if not wanted:
        return ()
    return tuple(
        Dependent("predictions", name, why)
        for name, _, manifest in _predictions(workspace)
        if wanted in [getattr(each, key) for each in (manifest, *(part.predictions for part in manifest.parts))]
    )


# Kind → the key of the predictions' manifest that speaks of it, whether by name, and why they need it.
_NEEDS: Final[Mapping[str, tuple[str, bool, str]]] = {
    "corpora": ("corpus", False, "made from it, and only it holds their titles"),
    "models": ("model_fingerprint", False, "made with it, and only it knows which books it learned from"),
    "labels": ("labels", True, "checked against it"),
}
_NAME_FIELDS: Final[Mapping[str, str]] = {"corpora": "corpus_name", "models": "model", "labels": "labels"}


def _predictions(workspace: Workspace) -> Iterator[tuple[str, Path, PredictionManifest]]:
    for name, fingerprint in workspace.database.names("predictions").items():
        home = workspace.root / "predictions" / fingerprint
        with contextlib.suppress(InputError):
            yield name, home, PredictionManifest.parse(read_json(home / MANIFEST))


def _joined_with(workspace: Workspace, target: _Target) -> list[str]:
    """Return the predictions made elsewhere for which a person chose this catalogue; they can be used without it."""
    if target.kind != "corpora":
        return []
    names = workspace.database.names("predictions").items()
    return [
        f"'{name}'"
        for name, fingerprint in names
        if saved_catalogue_choice(workspace, fingerprint) in (target.name or None, target.fingerprint)
    ]


def _other_names(workspace: Workspace, target: _Target) -> list[str]:
    names = workspace.database.names(target.kind)
    return [name for name, fingerprint in names.items() if fingerprint == target.fingerprint and name != target.name]


def _refuse_at_work(workspace: Workspace, target: _Target) -> None:
    for job in list_jobs(workspace):
        spoken_of = {str(value) for value in _values(job.config)}
        if ({target.name, target.fingerprint} - {""}) & spoken_of and not job.status().finished:
            raise InputError(f"'{target.display_name}' is at work in '{job.title}': wait for it, or cancel it first.")


def _values(config: Any) -> Iterator[Any]:
    if isinstance(config, Mapping):
        for value in config.values():
            yield from _values(value)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from _values(value)
    else:
        yield config


def _delete_artifact(workspace: Workspace, target: _Target) -> bool:
    """Take away a name, and the files when no other name stands for them; return whether the files stay."""
    if target.path.suffix == ".zip":
        target.path.unlink(missing_ok=True)
        return False
    others = _other_names(workspace, target)
    if target.name:
        workspace.database.delete_name(target.kind, target.name)
    if others:
        return True
    # Hidden first, in one step: whoever looks meanwhile finds all of it or nothing.
    hidden = target.path.with_name(f".{target.fingerprint}.removed-{uuid.uuid4().hex[:8]}")
    with contextlib.suppress(FileNotFoundError):
        target.path.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)
    return False


def _delete_embeddings(workspace: Workspace, corpus: str) -> None:
    """Take away what a language model read of a corpus: nothing else needs it, and it can be read again."""
    for artifact in workspace.list(EMBEDDINGS):
        if (artifact.manifest.model_extra or {}).get("corpus") == corpus:
            _delete_artifact(workspace, _Target(EMBEDDINGS, artifact.name, artifact.fingerprint, artifact.path))


def _rename_zip(old: Path, new: Path) -> None:
    if new.exists() and not new.samefile(old):
        raise NameTakenError(f"'{new.name}' is the name of another export here. Give another name.")
    old.rename(new)


def _update_dependents(workspace: Workspace, target: _Target, new: str) -> None:
    """Write the new name into the manifests of the predictions that speak of the thing by its name."""
    key = _NAME_FIELDS.get(target.kind)
    if key is None:
        return
    own = {"corpora": "corpus", "models": "model_fingerprint"}.get(target.kind)
    for _, home, manifest in _predictions(workspace):
        if getattr(manifest, key) == target.name and (own is None or getattr(manifest, own) == target.fingerprint):
            write_json(home / MANIFEST, sealed({**manifest.as_dict(), key: new}))
