"""Whether this machine and this workspace are fit for work: what `colophon doctor` and the Home page tell."""

import contextlib
import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import stat
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from core.errors import ColophonError, DamagedError, InputError, StorageError
from core.fetch import readable_size
from core.jobs import list_jobs
from core.manifests import MANIFEST, Manifest, ModelManifest, PredictionManifest, matches_seal, open_manifest
from core.progress import Progress, silent
from core.storage import KIND_WORDS, VERSION_FILE, Workspace, file_sha256, read_json, write_atomically

__all__ = ["HealthCheck", "examine"]

REQUIREMENTS: Final = Path(__file__).resolve().parents[1] / "requirements.txt"
_OLDEST_PYTHON: Final = (3, 11)
_MIN_FREE_BYTES: Final = (
    2_000_000_000  # bytes: a catalogue of 1.75 million records as CSV and Parquet, a model, and an export
)
_STALE_AFTER: Final = 3600.0  # seconds: what is younger may belong to work that goes on
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class HealthCheck:
    """One thing that was looked at: its name, whether it is as it should be, and what was found."""

    name: str
    ok: bool
    detail: str


def examine(workspace: Workspace, *, progress: Progress = silent) -> list[HealthCheck]:
    """Look at Python, the packages, the device for PyTorch, the disk and everything the workspace holds.

    Parameters
    ----------
    workspace : Workspace
        Also one that was opened as damaged.

    Returns
    -------
    list of HealthCheck
        In this order; what is wrong says in its detail what to do.
    """
    steps: tuple[tuple[str, Callable[[], Iterator[HealthCheck]]], ...] = (
        ("Python", _python),
        ("packages", _packages),
        ("PyTorch device", _device),
        ("language models", _language_models),
        ("disk", lambda: _disk(workspace)),
        ("workspace", lambda: _workspace(workspace)),
        ("database", lambda: _database(workspace)),
        ("decisions", lambda: _decisions(workspace)),
        ("corpora", lambda: _check_artifacts(workspace, "corpora")),
        ("label sets", lambda: _check_artifacts(workspace, "labels")),
        ("predictions", lambda: _check_artifacts(workspace, "predictions")),
        ("models", lambda: _models(workspace)),
        ("exports", lambda: _exports(workspace)),
        ("jobs", lambda: _jobs(workspace)),
        ("leftovers", lambda: _leftovers(workspace)),
        ("browser", _browser),
    )
    checks: list[HealthCheck] = []
    for number, (name, look) in enumerate(steps):
        progress(number / len(steps), f"Looking at: {name}")
        checks += look()
    progress(1.0, "Everything was looked at")
    return checks


def _python() -> Iterator[HealthCheck]:
    version = platform.python_version()
    wanted = ".".join(map(str, _OLDEST_PYTHON))
    if sys.version_info >= _OLDEST_PYTHON:
        yield HealthCheck("Python", True, f"{version} ({sys.executable})")
    else:
        yield HealthCheck(
            "Python", False, f"{version} is older than {wanted}: install a newer one and run run.py with it"
        )


def _packages() -> Iterator[HealthCheck]:
    if not REQUIREMENTS.exists():
        yield from _installed_packages()
        return
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        if pinned := re.match(r"([\w.-]+)==([\w.]+)", line):
            yield _package(*pinned.groups())


def _package(name: str, wanted: str) -> HealthCheck:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return HealthCheck(f"package {name}", False, f"not installed ({wanted} is wanted): run `python3 run.py`")
    # '2.13.0+cpu' is 2.13.0, built for a certain device
    if version.split("+")[0] == wanted:
        return HealthCheck(f"package {name}", True, version)
    return HealthCheck(f"package {name}", False, f"{version} is here, {wanted} was tested: run `python3 run.py`")


def _installed_packages() -> Iterator[HealthCheck]:
    """Compare with the oldest versions that an installed Colophon asks for: the tested set is in its repository."""
    try:
        declared = importlib.metadata.requires("colophon") or []
    except importlib.metadata.PackageNotFoundError:
        yield HealthCheck(
            "packages", False, f"{REQUIREMENTS} is missing: the versions that belong together are not known"
        )
        return
    for requirement in map(Requirement, declared):
        if requirement.marker is not None:  # an extra
            continue
        name = f"package {requirement.name}"
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield HealthCheck(name, False, f"not installed ({requirement.specifier} is wanted): install Colophon again")
            continue
        fits = requirement.specifier.contains(version, prereleases=True)
        advice = "" if fits else f" is here, {requirement.specifier} is wanted: install Colophon again"
        yield HealthCheck(name, fits, f"{version}{advice}")


def _device() -> Iterator[HealthCheck]:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of the GPU build is missing
        yield HealthCheck("PyTorch device", False, f"PyTorch cannot be loaded ({error}): run `python3 run.py --cpu`")
        return
    if torch.cuda.is_available():
        yield HealthCheck("PyTorch device", True, f"cuda: {torch.cuda.get_device_name()}")
    elif torch.backends.mps.is_available():
        yield HealthCheck("PyTorch device", True, "mps: the GPU of this Mac")
    else:
        yield HealthCheck("PyTorch device", True, f"cpu: no GPU was found; {os.cpu_count()} cores")


def _language_models() -> Iterator[HealthCheck]:
    # Only here: whoever imports this module does not load what models need.
    from core.models import KINDS
    from core.models.language_models import MissingLanguageModelError, installed, multilingual, packaged

    for model in installed():
        version = f", package version {model.version}" if model.version else ", fetched from the Hugging Face Hub"
        licence = f"licence {model.licence}" if model.licence else "licence not stated: see its page on the Hub"
        yield HealthCheck(f"language model {model.name}", True, f"{readable_size(model.bytes)}, {licence}{version}")
    try:
        packaged()
    except MissingLanguageModelError as error:
        without = [f"'{kind.name}'" for kind in KINDS.values() if not kind.takes_base]
        which = f"kind{'s' if len(without) > 1 else ''} {', '.join(without)}"
        yield HealthCheck(
            "language model MiniLM", False, f"{error} Until then, only the {which} can be trained with it"
        )
    try:
        multilingual()
    except MissingLanguageModelError as error:
        with_it = [f"'{kind.name}'" for kind in KINDS.values() if kind.own_base]
        yield HealthCheck(
            "multilingual language model", False, f"{error} Until then, the kind {', '.join(with_it)} cannot be used"
        )


def _disk(workspace: Workspace) -> Iterator[HealthCheck]:
    free = shutil.disk_usage(workspace.root).free
    enough = free >= _MIN_FREE_BYTES
    advice = (
        ""
        if enough
        else f"; make room for at least {readable_size(_MIN_FREE_BYTES)}, or give a workspace on another disk"
    )
    yield HealthCheck("disk", enough, f"{readable_size(free)} free{advice}")


def _workspace(workspace: Workspace) -> Iterator[HealthCheck]:
    probe = workspace.root / "doctor.probe"
    try:
        with write_atomically(probe) as beside:
            beside.write_bytes(b"?")
        probe.unlink()
    except OSError as error:
        yield HealthCheck("workspace", False, f"{workspace.root} cannot be written to: {error.strerror}")
    else:
        yield HealthCheck("workspace", True, f"{workspace.root} can be written to")
    if (workspace.root / VERSION_FILE).exists():
        try:
            version = read_json(workspace.root / VERSION_FILE)["version"]
        except (InputError, KeyError):
            yield HealthCheck(
                "workspace version", False, f"{VERSION_FILE} cannot be read: remove it, and it is written anew"
            )
        else:
            yield HealthCheck("workspace version", True, f"{version}")


def _database(workspace: Workspace) -> Iterator[HealthCheck]:
    path = workspace.database.path
    if path is None:
        try:
            notes = workspace.database.count_notes()
        except StorageError as error:
            yield HealthCheck("database", False, str(error))
        else:
            yield HealthCheck("database", True, f"it answers; {notes:,} notes of what people decided")
        return
    if not path.exists() and workspace.read_only_reason:
        yield HealthCheck("database", True, "none, and none can be written here: nothing has been decided yet")
        return
    try:
        # In a folder that may not be written to, the files that SQLite puts beside it cannot be made.
        more = "&immutable=1" if workspace.read_only_reason else ""
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro{more}", uri=True)
        try:
            messages = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            connection.execute("SELECT 1 FROM notes LIMIT 1")
        finally:
            connection.close()
    except sqlite3.Error as error:
        messages = [str(error)]
    if messages == ["ok"]:
        try:
            notes = workspace.database.count_notes()
        except StorageError as error:
            yield HealthCheck("database", False, str(error))
        else:
            yield HealthCheck("database", True, f"{path.name} opens; {notes:,} notes of what people decided")
    else:
        detail = "; ".join(" ".join(line.split()) for line in messages)
        yield HealthCheck(
            "database",
            False,
            f"{path} is damaged ({detail}): stop the server first, then put a copy of an earlier day in its place and"
            f" remove {path.name}-wal and {path.name}-shm beside it",
        )


def _decisions(workspace: Workspace) -> Iterator[HealthCheck]:
    try:
        odd = workspace.database.count_unreadable_notes()
    except StorageError as error:
        yield HealthCheck("decisions", False, str(error))
        return
    if odd:
        counted = ", ".join(f"{count:,} of the kind '{kind}'" for kind, count in odd.items())
        yield HealthCheck(
            "decisions",
            False,
            f"{counted} were written by another version of Colophon and are left out here: they are kept, and are read"
            " again by the version that wrote them",
        )
    else:
        yield HealthCheck("decisions", True, "every note can be read")


def _artifact_folders(workspace: Workspace, kind: str) -> dict[Path, str]:
    """Return the folder of each thing of a kind → its name, or its fingerprint where it has none; names come first."""
    folder = workspace.root / kind
    try:
        homes = {folder / fingerprint: name for name, fingerprint in workspace.database.names(kind).items()}
    except StorageError:
        homes = {}
    stray = sorted(path for path in folder.glob("[!.]*") if path.is_dir()) if folder.exists() else []
    cards = "card-"  # beside exports: cards that people changed
    return homes | {path: path.name for path in stray if path not in homes and not path.name.startswith(cards)}


def _check_artifacts(workspace: Workspace, kind: str) -> Iterator[HealthCheck]:
    for home, name in _artifact_folders(workspace, kind).items():
        try:
            manifest = open_manifest(kind, home, name)
            if isinstance(manifest, PredictionManifest) and manifest.corpus:
                workspace.find("corpora", manifest.corpus)
            fault = _altered_file(home, manifest)
        except DamagedError as error:
            fault = f"{error.reason}. {error.mend}"
        except (InputError, OSError) as error:
            fault = f"{error} {_REPAIR_HINTS[kind]}"
        yield HealthCheck(f"{KIND_WORDS[kind]} {name}", not fault, fault or "complete, and as it was when it was saved")


_REPAIR_HINTS: Final = {
    "corpora": "Import its file again, or remove it.",
    "labels": "Import its file again, or remove it.",
    "predictions": "Import the catalogue they were made from again, or remove them.",
    "exports": "Bring it in again, or remove it.",
}


def _altered_file(home: Path, manifest: Manifest) -> str:
    """Return which file is not what it was when the thing was saved, '' when none is; older things cannot tell."""
    altered = [name for name, sha256 in (manifest.contents or {}).items() if file_sha256(home / name) != sha256]
    if not matches_seal(read_json(home / MANIFEST)):
        altered.append(MANIFEST)
    return (
        f"{', '.join(altered)} in {home} was altered after it was saved: make it again, or remove it" if altered else ""
    )


def _models(workspace: Workspace) -> Iterator[HealthCheck]:
    homes = _artifact_folders(workspace, "models")
    if not homes:
        yield HealthCheck("models", True, "none yet")
    for home, name in homes.items():
        fault = _model_error(home)
        yield HealthCheck(f"model {name}", not fault, fault or "complete, and as it was when it was saved")


def _exports(workspace: Workspace) -> Iterator[HealthCheck]:
    yield from _check_artifacts(workspace, "exports")
    for path in sorted((workspace.root / "exports").glob("[!.]*.zip")):
        try:
            with zipfile.ZipFile(path) as archive:
                broken = archive.testzip()
            fault = f"{broken} in it is damaged" if broken else ""
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            fault = f"it is no zip that can be read ({error})"
        yield HealthCheck(
            f"export {path.name}", not fault, f"{fault}: remove it and export again" if fault else "whole"
        )


def _jobs(workspace: Workspace) -> Iterator[HealthCheck]:
    home = workspace.root / "jobs"
    folders = {path.name for path in home.glob("[!.]*") if path.is_dir()} if home.exists() else set()
    unread = []
    for job in list_jobs(workspace):
        try:
            job.status()
        except ColophonError:
            unread.append(job.id)
        folders.discard(job.id)
    odd = sorted([*folders, *unread])
    if odd:
        where = ", ".join(f"jobs/{name}" for name in odd[:5])
        yield HealthCheck(
            "jobs", False, f"{len(odd)} without a readable status: {where}; delete them while nothing runs"
        )
    else:
        yield HealthCheck("jobs", True, "each can be read")


def _model_error(home: Path) -> str:
    """Return what is wrong with a model's files, '' when nothing is."""
    try:
        manifest = open_manifest("models", home)
        files = manifest.files if isinstance(manifest, ModelManifest) else {}
        missing = [name for name in files if not (home / name).is_file()]
        altered = [name for name in files if name not in missing and file_sha256(home / name) != files[name]]
        if not missing and not altered and not matches_seal(read_json(home / MANIFEST)):
            altered = [MANIFEST]
    except DamagedError as error:
        return f"{error.reason} ({home}). {error.mend}"
    faults = [f"{name} is missing" for name in missing] + [f"{name} was altered" for name in altered]
    return f"{', '.join(faults)} in {home}: fetch or train the model again" if faults else ""


def _leftovers(workspace: Workspace) -> Iterator[HealthCheck]:
    """Look for hidden entries: work is written into them beside its place, and renamed when it is complete."""
    hidden = [path for pattern in (".*", "*/.*") for path in workspace.root.glob(pattern)]
    waiting = sorted(workspace.root.glob("downloads/.*.part"))
    resumable_paths = {*waiting, *workspace.root.glob("downloads/.*.part.json")}
    old = [path for path in hidden if path not in resumable_paths and time.time() - _changed(path) > _STALE_AFTER]
    resumable = "".join(
        f"; {path.name[1:-5]} can be fetched further ({readable_size(_size(path))})" for path in waiting
    )
    if old:
        where = ", ".join(str(path.relative_to(workspace.root)) for path in sorted(old)[:5])
        yield HealthCheck(
            "leftovers",
            False,
            f"{len(old)} of interrupted work ({readable_size(sum(map(_size, old)))}): {where}; delete them while "
            f"nothing runs{resumable}",
        )
    else:
        yield HealthCheck("leftovers", True, f"none of interrupted work{resumable}")


def _changed(path: Path) -> float:
    """Return when something in a path was changed last, in seconds since 1970."""
    return max((status.st_mtime for status in _statuses(path)), default=time.time())


def _size(path: Path) -> int:
    return sum(status.st_size for status in _statuses(path) if stat.S_ISREG(status.st_mode))


def _statuses(path: Path) -> Iterator[os.stat_result]:
    for part in [path, *path.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # whoever is at work may have finished just now
            yield part.lstat()


def _browser() -> Iterator[HealthCheck]:
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    yield HealthCheck("browser", True, f"{browser}" if browser else "no Chromium; only the browser tests need one")
