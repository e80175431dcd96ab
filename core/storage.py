"""The workspace on disk: paths, fingerprints, atomic writes, and the names people give to things.

A *thing* (corpus, label set, set of predictions, model, export) is a folder that is complete or absent: it is written
beside its place and renamed. It is found by its fingerprint (a digest of content and settings) or by a name, which is a
pointer kept in the workspace's database, like a branch in git.
"""

import contextlib
import copy
import errno
import hashlib
import json
import os
import re
import shutil
import unicodedata
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar, overload

from core import database
from core.errors import (
    DamagedError,
    InputError,
    NameTakenError,
    NotFoundError,
    StorageError,
    describe_system_error,
    unknown_name,
)
from core.formatting import json_text, listed, plain, read_json
from core.manifests import (
    MANIFEST,
    SCHEMA_VERSION,
    LabelManifest,
    Manifest,
    ModelManifest,
    PredictionManifest,
    open_manifest,
    parse_manifest,
    sealed,
)
from core.people import Person

__all__ = [
    "KIND_WORDS",
    "MANIFEST",
    "Artifact",
    "StoredArtifact",
    "Workspace",
    "digest",
    "file_sha256",
    "now",
    "plain_slug",
    "read_json",
    "slug",
    "user_path",
    "write_atomically",
    "write_json",
]

# Of the workspace's files; raised when an older Colophon would misread them. Since 2 decisions have their own table.
VERSION: Final = 2
VERSION_FILE: Final = "workspace.json"
DATABASE_FILE: Final = "colophon.db"
# The URL of a PostgreSQL database in place of colophon.db, for a team; each workspace has one of its own.
DATABASE: Final = "COLOPHON_DATABASE"
KIND_WORDS: Final[Mapping[str, str]] = {
    "corpora": "corpus",
    "labels": "label set",
    "predictions": "set of predictions",
    "models": "model",
    "exports": "export",
}
_NAME_BYTES: Final = 180  # a file name may have 255, and other words are put around a name


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
    """Return a name that is safe as a file name and on a command line: letters and digits of every script, in NFC.

    A name without any letter or digit, such as a single emoji, becomes what Unicode calls its signs.

    >>> slug("Test predictions (2021).csv"), slug("Журналы — Каталог"), slug("नाटक")
    ('test-predictions-2021-csv', 'журналы-каталог', 'नाटक')
    >>> slug("💥"), slug("")
    ('collision-symbol', 'unnamed')
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    name = "".join(sign if unicodedata.category(sign)[0] in "LNM" else "-" for sign in folded)
    # A mark alone is no letter: it would join the sign before it.
    if not any(unicodedata.category(sign)[0] in "LN" for sign in name):
        signs = [sign for sign in text if not sign.isspace()][:4]
        sign_names = " ".join(unicodedata.name(sign, f"u{ord(sign):04x}") for sign in signs).lower()
        name = re.sub(r"[^a-z0-9]+", "-", sign_names)
    name = re.sub("-+", "-", name).strip("-")[:60]
    while len(name.encode()) > _NAME_BYTES:
        name = name[:-1]
    return name.strip("-") or "unnamed"


def plain_slug(text: str) -> str:
    """Return the same in the letters a to z and digits alone, for addresses and formats that know no others.

    What has none of these is told by a digest, so that two such texts differ.

    >>> plain_slug("Test predictions (2021).csv"), plain_slug("Zürich"), plain_slug("Каталог")
    ('test-predictions-2021-csv', 'zurich', 'x-b63c801f')
    """
    bare = unicodedata.normalize("NFKD", text.lower())
    name = re.sub(r"[^a-z0-9]+", "-", "".join(sign for sign in bare if not unicodedata.combining(sign)))
    return name.strip("-")[:60] or f"x-{digest(text)[:8]}"


def user_path(text: str | Path) -> Path:
    """Return the path a person typed, with their home folder in the place of ``~``.

    Raises
    ------
    InputError
        It names the home of somebody who is unknown here, or is longer than any path can be.
    """
    try:
        path = Path(text).expanduser()
        path.exists()
    except RuntimeError:
        raise InputError(f"'{str(text)[:80]}' begins in the home folder of somebody who is unknown here.") from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            sentence = describe_system_error(OSError(errno.ENAMETOOLONG, "", str(text)))
            raise InputError(str(sentence)) from error
        if isinstance(error, ValueError):
            raise InputError(f"'{str(text)[:80]!r}' is no path.") from error
        raise InputError(f"'{str(text)[:80]}' cannot be looked at: {error.strerror}.") from error
    return path


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


M_co = TypeVar("M_co", bound=Manifest, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Artifact(Generic[M_co]):
    """A finished thing in the workspace: its folder, what its manifest says, and the name it was asked for by."""

    kind: str
    fingerprint: str
    name: str
    path: Path
    manifest: M_co


@dataclass(frozen=True)
class StoredArtifact(Generic[M_co]):
    """What a corpus, a label set and predictions have in common: they were kept, and are read when asked for."""

    artifact: Artifact[M_co]

    @property
    def name(self) -> str:
        """The name it was asked for by."""
        return self.artifact.name

    @property
    def fingerprint(self) -> str:
        """Digest of what it was made from: equal fingerprints, equal content."""
        return self.artifact.fingerprint

    @property
    def manifest(self) -> M_co:
        """Where it comes from, what was guessed, what was counted."""
        return self.artifact.manifest


class Workspace:
    """A folder that holds everything that was imported, trained, decided and exported.

    Parameters
    ----------
    root : path, optional
        Else ``$COLOPHON_HOME``, else ``./workspace``. It is made when it does not exist, for its owner alone.
    damaged : bool
        True opens a workspace whose database or version forbids any use, so that what is wrong can be looked at.
    by : str
        Name of whoever does what is done with it: all that is made and chosen names them. '' names nobody.

    Raises
    ------
    InputError
        The folder cannot be made or read.
    StorageError
        Its database is damaged or cannot be used, or a newer Colophon made it.
    """

    def __init__(self, root: Path | str | None = None, *, damaged: bool = False, by: str = "") -> None:
        given = user_path(root or os.environ.get("COLOPHON_HOME") or "workspace")
        try:
            self.root = given.resolve()
            if not self.root.is_dir():
                self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise InputError(
                f"The workspace {given} cannot be made: {'the disk is full' if full else error.strerror}.",
                command_line="Give another with --workspace.",
                page="Whoever runs Colophon must name another.",
            ) from error
        try:
            self._refuse_newer()
            self.database = self._database()
        except StorageError as error:
            if not damaged:
                raise
            self.database = database.Database.broken(error, self.root / DATABASE_FILE if not _database_url() else None)
        else:
            self._write_version()
        self.person = Person(name=by.strip())
        self.database = self.database.acting_as(self.person)

    def acting_as(self, person: Person) -> "Workspace":
        """Return the same workspace for what one person does: it allows what their role does, and names them."""
        workspace = copy.copy(self)
        workspace.person, workspace.database = person, self.database.acting_as(person)
        return workspace

    def require_writable(self, what: str = "written") -> None:
        """Refuse a change where nothing can be changed, or not by this person.

        Raises
        ------
        StorageError
        """
        self.person.require()
        if self.read_only_reason:
            raise StorageError(f"Nothing was {what}: {self.read_only_reason}.")

    @property
    def read_only_reason(self) -> str:
        """Why nothing can be written here, as a part of a sentence; '' when it can."""
        return self.database.read_only_reason

    def folder(self, kind: str) -> Path:
        """Return the folder that holds all things of `kind` (corpora, labels, predictions, models, exports, jobs).

        It is made when it is not there yet, unless nothing can be written.
        """
        path = self.root / kind
        if not path.is_dir():
            with contextlib.nullcontext() if not self.read_only_reason else contextlib.suppress(OSError):
                path.mkdir(exist_ok=True)
        return path

    def store(
        self, kind: str, fingerprint: str, name: str, write: Callable[[Path], Mapping[str, Any]]
    ) -> Artifact[Manifest]:
        """Write a thing completely or not at all, and point `name` at it; see :meth:`name_for` for what to ask first.

        Parameters
        ----------
        write : function
            Fills the empty folder it is given and returns what the manifest shall say (JSON-able). It is not called
            when a sound thing with this fingerprint is there already; a damaged one is replaced.

        Raises
        ------
        StorageError
            Nothing can be written here.
        """
        self.require_writable()
        home = self.folder(kind) / fingerprint
        if not self._is_sound(kind, home):
            beside = home.with_name(f".{fingerprint}.{uuid.uuid4().hex[:8]}")
            beside.mkdir()
            try:
                content = {"kind": kind, "fingerprint": fingerprint, "created_at": now(), **write(beside)}
                if self.person.name:
                    content["created_by"] = self.person.name
                content["schema_version"] = SCHEMA_VERSION
                content["contents"] = {
                    path.relative_to(beside).as_posix(): file_sha256(path)
                    for path in sorted(beside.rglob("*"))
                    if path.is_file()
                }
                parse_manifest(kind, plain(content))  # what could not be opened again is not written
                write_json(beside / MANIFEST, sealed(content))
                _put_in_place(beside, home, lambda: self._is_sound(kind, home))
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        self.database.assign_name(kind, name, fingerprint)
        return self.find(kind, name)

    @overload
    def find(self, kind: Literal["labels"], name: str) -> Artifact[LabelManifest]: ...
    @overload
    def find(self, kind: Literal["predictions"], name: str) -> Artifact[PredictionManifest]: ...
    @overload
    def find(self, kind: Literal["models"], name: str) -> Artifact[ModelManifest]: ...
    @overload
    def find(self, kind: str | Sequence[str], name: str) -> Artifact[Manifest]: ...
    def find(self, kind: str | Sequence[str], name: str) -> Artifact[Manifest]:
        """Return the thing that `name` (as it was typed or as it is kept, or a fingerprint) points at.

        Parameters
        ----------
        kind : str or sequence of str
            Of several kinds, such as ``("labels", "predictions")``, the first that has the name.

        Raises
        ------
        NotFoundError
            With the names that do exist.
        DamagedError
            It is there, and cannot be read.
        """
        kinds = [kind] if isinstance(kind, str) else list(kind)
        for each in kinds:
            fingerprint = self.fingerprint_of(each, name)
            if fingerprint is not None:
                home = self.root / each / fingerprint
                manifest = self._manifest(each, home, name)
                return Artifact(kind=each, fingerprint=fingerprint, name=name, path=home, manifest=manifest)
        what = listed((KIND_WORDS.get(each, each) for each in kinds), last=" or ")
        known = [artifact.name for each in kinds for artifact in self.list(each)]
        raise NotFoundError(unknown_name(what, name, known), command_line=f"Looked for in {self.root}.")

    def fingerprint_of(self, kind: str, name: str) -> str | None:
        """Return the fingerprint of what `name` (as typed, as kept, or a fingerprint) points at, None without a folder.

        Whether the folder's content can be read is not asked.
        """
        names = self.database.names(kind)
        fingerprint = names.get(name) or names.get(slug(name)) or names.get(_former_slug(name), name)
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,100}", fingerprint) or not (self.root / kind / fingerprint).is_dir():
            return None
        return fingerprint

    @overload
    def list(self, kind: Literal["labels"]) -> Sequence[Artifact[LabelManifest]]: ...
    @overload
    def list(self, kind: Literal["predictions"]) -> Sequence[Artifact[PredictionManifest]]: ...
    @overload
    def list(self, kind: Literal["models"]) -> Sequence[Artifact[ModelManifest]]: ...
    @overload
    def list(self, kind: str) -> Sequence[Artifact[Manifest]]: ...
    def list(self, kind: str) -> Sequence[Artifact[Manifest]]:
        """Return all named things of `kind` that can be read, the newest name first; see :meth:`unreadable`."""
        return [thing for thing in self._named(kind) if isinstance(thing, Artifact)]

    def unreadable(self, kind: str) -> Sequence[DamagedError]:
        """Return why each of the named things of `kind` that cannot be read cannot be."""
        return [thing for thing in self._named(kind) if isinstance(thing, DamagedError)]

    def name_for(self, kind: str, given: str | None, derived: str, fingerprint: str) -> tuple[str, str]:
        """Return the name a new thing gets, and a sentence when it is not the one that was to be expected ('' else).

        A name that a person gave is never turned into another and never taken from another thing; one that was
        derived gets a number. The same thing made again has its name already.

        Raises
        ------
        NameTakenError
            Another thing has the name that was given.
        """
        names = self.database.names(kind)
        if given:
            self.refuse_taken(kind, given, fingerprint)
            return slug(given), ""
        base = slug(derived)
        own = [
            name
            for name, other_fingerprint in names.items()
            if other_fingerprint == fingerprint and re.fullmatch(rf"{re.escape(base)}(-\d+)?", name)
        ]
        if own:
            return (base if base in own else own[0]), ""
        name = _first_free(base, names)
        sentence = f"Another {KIND_WORDS.get(kind, kind)} is called '{base}', so this one is called '{name}'."
        return name, "" if name == base else sentence

    def refuse_taken(self, kind: str, name: str, fingerprint: str = "") -> None:
        """Refuse a name that another thing has.

        Raises
        ------
        NameTakenError
            A thing of this kind with another fingerprint has the name.
        """
        wanted = slug(name)
        if self.database.names(kind).get(wanted, fingerprint) != fingerprint:
            raise NameTakenError(
                f"'{wanted}' is the name of another {KIND_WORDS.get(kind, kind)} here. Give another name, or rename or"
                " remove that one first."
            )

    def free_name(self, kind: str, wanted: str) -> str:
        """Return `wanted` as a slug, with a number behind it when another thing has that name already."""
        return _first_free(slug(wanted), self.database.names(kind))

    def _named(self, kind: str) -> Sequence[Artifact[Manifest] | DamagedError]:
        things: deque[Artifact[Manifest] | DamagedError] = deque()
        for name, fingerprint in self.database.names(kind).items():
            home = self.root / kind / fingerprint
            try:
                things.append(
                    Artifact(
                        kind=kind,
                        fingerprint=fingerprint,
                        name=name,
                        path=home,
                        manifest=self._manifest(kind, home, name),
                    )
                )
            except DamagedError as error:
                things.append(error)
        return things

    def _manifest(self, kind: str, home: Path, name: str) -> Manifest:
        manifest = open_manifest(kind, home, name)
        if isinstance(manifest, PredictionManifest) and manifest.corpus:
            self._check_corpus(manifest.corpus, manifest.corpus_name or manifest.corpus, name)
        return manifest

    def _check_corpus(self, corpus: str, called: str, name: str) -> None:
        """Check the catalogue that predictions were made from, since their records are kept with it alone."""
        fingerprint = self.fingerprint_of("corpora", corpus)
        if fingerprint is None:
            raise DamagedError("predictions", name, f"the catalogue they were made from, “{called}”, is not here")
        try:
            open_manifest("corpora", self.root / "corpora" / fingerprint)
        except DamagedError as error:
            why = f"the catalogue they were made from, “{called}”, cannot be read ({error.reason})"
            raise DamagedError(
                "predictions", name, why, "Import the catalogue's file again, or remove both."
            ) from error

    def _is_sound(self, kind: str, home: Path) -> bool:
        try:
            open_manifest(kind, home)
        except DamagedError:
            return False
        return True

    def _database(self) -> database.Database:
        url = _database_url()
        return database.Database(url) if url else database.Database.at(self.root / DATABASE_FILE)

    def _refuse_newer(self) -> None:
        version = self._version()
        if version > VERSION:
            raise StorageError(
                f"The workspace {self.root} was made by a newer Colophon (its version is {version}, this one knows"
                f" {VERSION}). Use the newer Colophon, or give another workspace."
            )

    def _version(self) -> int:
        """Return the version written down; 0 without one, or an unreadable one, of which the doctor tells."""
        try:
            version = read_json(self.root / VERSION_FILE).get("version")
        except InputError:
            return 0
        return version if isinstance(version, int) else 0

    def _write_version(self) -> None:
        """Write down the version where none or a lower one is, so that an older Colophon does not misread the files."""
        path = self.root / VERSION_FILE
        if not self.read_only_reason and (not path.exists() or 0 < self._version() < VERSION):
            with contextlib.suppress(OSError):  # no room: nothing else is lost by that
                write_json(path, {"version": VERSION})


def _database_url() -> str:
    return os.environ.get(DATABASE, "").strip()


def _put_in_place(beside: Path, home: Path, is_sound: Callable[[], bool]) -> None:
    """Rename a complete folder to its place; a damaged one that is there makes room."""
    for _ in range(2):
        try:
            beside.rename(home)
        except OSError:
            if is_sound():  # another process has finished the same thing just now
                return
            damaged = home.with_name(f".{home.name}.damaged-{uuid.uuid4().hex[:8]}")
            with contextlib.suppress(OSError):
                home.rename(damaged)
            shutil.rmtree(damaged, ignore_errors=True)
        else:
            return
    raise StorageError(f"The folder {home.name} in '{home.parent.name}' cannot be written: look at its permissions.")


def _former_slug(text: str) -> str:
    """Return the name that an earlier version made of a text, so that what was named then is found as it was typed."""
    former = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
    return former or text


def _first_free(base: str, taken: Iterable[str]) -> str:
    names = set(taken)
    candidate, count = base, 1
    while candidate in names:
        count += 1
        candidate = f"{base}-{count}"
    return candidate
