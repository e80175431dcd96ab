"""The workspace on disk: paths, fingerprints, atomic writes, and the names people give to things.

A *thing* (corpus, label set, set of predictions, model, export) is a folder that is complete or absent: it is written
beside its place and renamed. It is found by its fingerprint (a digest of content and settings) or by a name, which is a
pointer kept in the workspace's database, like a branch in git.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import database
from core.errors import InputError, NotFoundError
from core.plain_json import json_text

__all__ = [
    "Artifact",
    "Stored",
    "Workspace",
    "digest",
    "file_sha256",
    "now",
    "read_json",
    "slug",
    "write_atomically",
    "write_json",
]

MANIFEST = "manifest.json"
_SPOKEN = {
    "corpora": "corpus",
    "labels": "label set",
    "predictions": "set of predictions",
    "models": "model",
    "exports": "export",
}


def now() -> str:
    """Return the present moment in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(*parts: object) -> str:
    """Return a short fingerprint (16 hexadecimal digits of SHA-256) of JSON-able parts.

    >>> digest("a", {"b": 1}) == digest("a", {"b": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def slug(text: str) -> str:
    """Return a name that is safe as a file name and on a command line.

    >>> slug("Test predictions (2021).csv")
    'test-predictions-2021-csv'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "unnamed"


@contextlib.contextmanager
def write_atomically(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; on success it is renamed to `target`, on any failure it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not mkstemp: its files are for their owner alone, and what is written here is meant to be handed on.
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    beside.touch()
    try:
        yield beside
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def write_json(target: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as readable JSON, atomically; what is undefined becomes null."""
    with write_atomically(target) as beside:
        beside.write_text(json_text(content) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`.

    Raises
    ------
    InputError
        The file is missing or is not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, not a JSON object")
    return content


@dataclass(frozen=True)
class Artifact:
    """A finished thing in the workspace: its folder, what its manifest says, and the name it was asked for by."""

    kind: str
    fingerprint: str
    name: str
    path: Path
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Stored:
    """What a corpus, a label set and predictions have in common: they were kept, and are read when asked for."""

    artifact: Artifact

    @property
    def name(self) -> str:
        """The name it was asked for by."""
        return self.artifact.name

    @property
    def fingerprint(self) -> str:
        """Digest of what it was made from: equal fingerprints, equal content."""
        return self.artifact.fingerprint

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Where it comes from, what was guessed, what was counted."""
        return self.artifact.manifest


class Workspace:
    """A folder that holds everything that was imported, trained, decided and exported.

    Parameters
    ----------
    root : path, optional
        Else ``$COLOPHON_HOME``, else ``./workspace``. It is made when it does not exist.

    Raises
    ------
    InputError
        The folder cannot be made or written to.
    StorageError
        Its database is damaged or cannot be used.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        self.root = Path(root or os.environ.get("COLOPHON_HOME") or "workspace").expanduser().resolve()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The workspace {self.root} cannot be made: {error.strerror}.",
                command_line="Give another with --workspace.",
                page="Whoever runs Colophon must name another.",
            ) from error
        self.database = database.Database.at(self.root / "colophon.db")

    def folder(self, kind: str) -> Path:
        """Return the folder that holds all things of `kind` (corpora, labels, predictions, models, exports, jobs)."""
        path = self.root / kind
        path.mkdir(exist_ok=True)
        return path

    def store(self, kind: str, fingerprint: str, name: str, write: Callable[[Path], Mapping[str, Any]]) -> Artifact:
        """Write a thing completely or not at all, and point `name` at it.

        Parameters
        ----------
        write : function
            Fills the empty folder it is given and returns what the manifest shall say (JSON-able). It is not called
            when a thing with this fingerprint is there already.
        """
        home = self.folder(kind) / fingerprint
        if not (home / MANIFEST).exists():
            beside = home.with_name(f".{fingerprint}.{uuid.uuid4().hex[:8]}")
            beside.mkdir()
            try:
                said = {"kind": kind, "fingerprint": fingerprint, "created_at": now(), **write(beside)}
                write_json(beside / MANIFEST, said)
                with contextlib.suppress(OSError):  # another process may have finished the same thing just now
                    beside.rename(home)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        self.database.point(kind, name, fingerprint)
        return self.find(kind, name)

    def find(self, kind: str, name: str) -> Artifact:
        """Return the thing that `name` (as it was typed or as it is kept, or a fingerprint) points at.

        Raises
        ------
        NotFoundError
            With the names that do exist.
        """
        names = self.database.names(kind)
        fingerprint = names.get(name) or names.get(slug(name), name)
        home = self.folder(kind) / fingerprint
        if not re.fullmatch(r"[0-9A-Za-z_-]+", fingerprint) or not (home / MANIFEST).exists():
            there = ", ".join(artifact.name for artifact in self.list(kind)) or "none yet"
            raise NotFoundError(
                f"There is no {_SPOKEN.get(kind, kind)} called '{name}' in {self.root}. There are: {there}."
            )
        return Artifact(kind, fingerprint, name, home, read_json(home / MANIFEST))

    def list(self, kind: str) -> list[Artifact]:
        """Return all named things of `kind`, the newest name first."""
        found = []
        for name, fingerprint in self.database.names(kind).items():
            home = self.folder(kind) / fingerprint
            if (home / MANIFEST).exists():
                found.append(Artifact(kind, fingerprint, name, home, read_json(home / MANIFEST)))
        return found

    def free_name(self, kind: str, wanted: str) -> str:
        """Return `wanted` as a slug, with a number behind it when another thing has that name already."""
        return _first_free(slug(wanted), self.database.names(kind))


def _first_free(base: str, taken: Iterable[str]) -> str:
    names = set(taken)
    candidate, count = base, 1
    while candidate in names:
        count += 1
        candidate = f"{base}-{count}"
    return candidate
