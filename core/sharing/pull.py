"""A shared model or data bundle comes back: gathered apart, every file verified, and only then taken in.

Also a job: ``python -m core.sharing.pull JOBDIR``.
"""

import logging
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.connection import split_secret
from core.errors import InputError, NotFoundError
from core.export.manifest import BundleManifest
from core.manifests import Manifest
from core.progress import Progress, silent
from core.sharing.bundle import VerifiedFiles, collect_folder, collect_zip, verify
from core.sharing.card_text import CARD_FOLDER
from core.sharing.push import TOKEN, check_target, download_repository, token_of
from core.storage import Artifact, Workspace, now, slug, user_path

__all__ = ["PullResult", "main", "pull"]

_LOG = logging.getLogger(__name__)

_ADDRESS: Final = re.compile(r"https?://[^/]+/(datasets/)?([^/]+/[^/]+)/?$")
_STORED: Final = frozenset({"kind", "fingerprint", "seal", "contents"})


@dataclass(frozen=True, kw_only=True)
class PullResult:
    """What was taken into the workspace (the keys of ``colophon pull --json``).

    Attributes
    ----------
    kind : {'model', 'bundle'}
    name : str
        How it is called here.
    fingerprint : str
    target : str
        Its folder in the workspace.
    source : str
        Where it came from, with the commit for the Hub.
    files : list of mappings
        ``name`` and ``sha256`` of every file, each verified.
    sentence : str
        What can be done with it now.
    """

    kind: str
    name: str
    fingerprint: str
    target: str
    source: str
    files: list[dict[str, str]]
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return dict(vars(self))


def pull(
    workspace: Workspace,
    source: str,
    *,
    name: str | None = None,
    token: str = "",
    progress: Progress = silent,
    scratch: Path | None = None,
) -> PullResult:
    """Take a shared model or bundle into the workspace.

    Parameters
    ----------
    source : str
        A folder, a zip, USER/NAME on the Hub, datasets/USER/NAME, or the address of its page.
    name : str, optional
        How it is called here; else made of the source.
    token : str
        Only for what is private on the Hub; else the password of an address such as ``https://user:TOKEN@…``.

    Raises
    ------
    NotFoundError
        There is nothing under that name.
    InputError, ModelError
        A file is missing, altered, unknown, or of a kind that is not taken. Nothing is changed then.
    HubError
        The Hub cannot be reached, or refused.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=".pulling-", dir=scratch or workspace.root) as place:
        folder = Path(place) / "arrived"
        folder.mkdir()
        source, secret = split_secret(source)
        token = token or token_of(secret)
        origin, called = _collect_files(source, folder, token, lambda share, message: progress(0.8 * share, message))
        progress(0.82, "Checking every file")
        verified = verify(folder, origin)
        progress(0.95, "Taking it in")
        kind = "models" if verified.kind == "model" else "exports"
        wanted = _unused_name(workspace, kind, verified.fingerprint, name, called)
        card = folder / "README.md"
        artifact = _store(
            workspace, kind, name=wanted, verified=verified, origin=origin, card=card if card.is_file() else None
        )
    progress(1.0, "Done")
    _LOG.info(
        "pulled %s '%s' (%s): %d files verified, %.1f s",
        verified.kind,
        artifact.name,
        verified.fingerprint,
        len(verified.files),
        time.monotonic() - started,
    )
    return PullResult(
        kind=verified.kind,
        name=artifact.name,
        fingerprint=verified.fingerprint,
        target=str(artifact.path),
        source=origin,
        files=[{"name": file, "sha256": sha256} for file, sha256 in sorted(verified.files.items())],
        sentence=_sentence(verified, artifact),
    )


def _collect_files(source: str, folder: Path, token: str, progress: Progress) -> tuple[str, str]:
    """Copy the source into a folder; return what to call it in messages, and what to call the thing."""
    path = user_path(source)
    if path.is_dir():
        collect_folder(path, folder, progress)
        return f"The folder {path}", path.resolve().name
    if path.is_file():
        if path.suffix.lower() != ".zip":
            raise InputError(f"{path.name} is no zip. Give a zip, a folder, or USER/NAME on the Hub.")
        collect_zip(path, folder, progress)
        return f"The zip {path.name}", path.stem
    page = _ADDRESS.match(source)
    wanted = page[2] if page else source
    as_data = bool(page and page[1]) or wanted.startswith("datasets/")
    wanted = wanted.removeprefix("datasets/")
    if wanted.count("/") != 1 or wanted.startswith((".", "/", "~")) or wanted.endswith(".zip"):
        raise NotFoundError(f"There is no file or folder {source[:200]}, and it is no name on the Hub (USER/NAME).")
    check_target(wanted)
    for kind in ("dataset",) if as_data else ("model", "dataset"):
        commit = download_repository(wanted, kind, folder, token=token, progress=progress)  # type: ignore[arg-type]
        if commit is not None:
            shutil.rmtree(folder / ".cache", ignore_errors=True)  # the library's notes on what it fetched
            return f"'{wanted}' (commit {commit[:8]})", wanted.split("/")[1]
    raise NotFoundError(
        f"There is no '{wanted}' on the Hub, neither a model nor a data set, or it is private: then set HF_TOKEN."
    )


def _unused_name(workspace: Workspace, kind: str, fingerprint: str, given: str | None, called: str) -> str:
    """Return a name that no other thing has; a name that was asked for is never turned into another."""
    names = workspace.database.names(kind)
    wanted = slug(given or called)
    if names.get(wanted) in (None, fingerprint):
        return wanted
    if given:
        raise InputError(
            f"'{wanted}' is the name of another {_KIND_NAMES[kind]} here.",
            command_line="Give another with --as.",
            page="Give another name.",
        )
    return workspace.free_name(kind, wanted)


_KIND_NAMES: Final[Mapping[str, str]] = {"models": "model", "exports": "bundle"}


def _store(
    workspace: Workspace, kind: str, name: str, verified: VerifiedFiles, origin: str, card: Path | None
) -> Artifact[Manifest]:
    def write(home: Path) -> Mapping[str, Any]:
        inside = home if verified.kind == "model" else home / "bundle"
        names = [*verified.files, *(() if verified.kind == "model" else ("SHA256SUMS",))]
        for file in names:
            path = inside / file
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(verified.root / file, path)
        if card is not None and verified.kind == "model":
            (home / CARD_FOLDER).mkdir()
            shutil.copyfile(card, home / CARD_FOLDER / "README.md")
        provenance = {"pulled_from": origin, "pulled_at": now(), "files": dict(verified.files)}
        manifest = verified.manifest
        if isinstance(manifest, BundleManifest):
            return {**provenance, "export": manifest.export.as_dict(), "counts": manifest.counts.as_dict()}
        return {**{key: value for key, value in manifest.as_dict().items() if key not in _STORED}, **provenance}

    return workspace.store(kind, verified.fingerprint, name, write)


def _sentence(verified: VerifiedFiles, artifact: Artifact[Manifest]) -> str:
    if verified.kind == "model":
        return (
            f"{len(verified.files)} files verified. Score a catalogue with: colophon predict --model {artifact.name}"
            " --corpus CATALOGUE. Its figures were measured on other books than yours: check it on your own."
        )
    return (
        f"{len(verified.files)} files verified. The records are in {artifact.path / 'bundle' / 'data'}; bring them in"
        " with: colophon import FILE --kind predictions."
    )


def main() -> int:
    """Pull as a job: its config holds the arguments of :func:`pull` but for the token, which the environment has."""
    from core.jobs.worker import JobProgress, run_as_job

    token = os.environ.pop(TOKEN, "")

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        return pull(
            workspace,
            config["source"],
            name=config.get("name") or None,
            token=token,
            progress=progress,
            scratch=progress.scratch,
        ).as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
