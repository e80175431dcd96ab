"""A model or an export bundle goes to the Hugging Face Hub: prepared, checked without a network, sent in one commit.

A repository comes down file by file (:func:`download_repository`). Also a job: ``python -m core.sharing.push JOBDIR``.
Its token comes by the environment of the process (``HF_TOKEN``) and is taken out of it at once; nothing on disk holds
it.
"""

import contextlib
import logging
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from core.errors import ColophonError, InputError
from core.progress import Progress, silent
from core.sharing.bundle import (
    DATA_KINDS,
    MODEL_KINDS,
    ShareBundle,
    check_names,
    kind_of,
    prepare_bundle,
    prepare_model,
    write_zip,
)
from core.sharing.card_text import CardKind, CardMetadata
from core.storage import Workspace, slug

__all__ = [
    "TOKEN",
    "HubError",
    "PushResult",
    "check_target",
    "download_repository",
    "endpoint",
    "main",
    "open_share_bundle",
    "push",
    "push_share_bundle",
    "token_of",
    "translate_hub_errors",
    "write_share_bundle",
]

# --- Where the Hub is, and what it or the library says in an error: one sentence, without the token -------------------


_DEFAULT: Final = "https://huggingface.co"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class HubError(ColophonError):
    """The Hub refused, or cannot be reached."""


def endpoint() -> str:
    """Return the address of the Hub ($HF_ENDPOINT, else huggingface.co).

    Raises
    ------
    InputError
        It would carry a token over a network in the clear.
    """
    address = (os.environ.get("HF_ENDPOINT") or _DEFAULT).rstrip("/")
    url = urlsplit(address)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
        raise InputError(f"HF_ENDPOINT is '{address[:80]}': only https is allowed, so that no token can be overheard.")
    if url.username or url.password:
        raise InputError("HF_ENDPOINT holds a name or a password. Give the token as HF_TOKEN instead.")
    return address


@contextlib.contextmanager
def translate_hub_errors(token: str, what: str) -> Iterator[None]:
    """Translate what the library raises into a sentence without the token, and without the request that carried it."""
    try:
        yield
    except ColophonError:
        raise
    except Exception as error:
        raise _translated(error, what, token) from None


def _translated(error: Exception, what: str, token: str) -> ColophonError:
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled

    status = _status_of(error)
    host = urlsplit(endpoint()).hostname or "the Hub"
    if isinstance(error, OfflineModeIsEnabled):
        return HubError("HF_HUB_OFFLINE is set, so nothing is sent or fetched. Unset it and try again.")
    if isinstance(error, HFValidationError):
        return InputError(f"{what} is no name that the Hub allows. It has the form USER/NAME.")
    words: dict[int, str] = {
        401: f"{host} does not know this token, or {what} is not yours to see. Make a token with the right to write in"
        " the Hub's settings.",
        403: f"{host} refused: this token has no right to write to {what}. Make a token with the right to write.",
        404: f"{host} has no {what}, or it is not yours to see.",
        409: f"{host} is busy with another change to {what}. Try again in a minute.",
        413: f"{host} says that a file of {what} is too large.",
        429: f"{host} asks for patience: too many requests. Try again in some minutes.",
    }
    if status in words:
        return HubError(words[status])
    if status:
        return HubError(f"{host} answered with the error {status} for {what}. Try again later.")
    if _is_unreachable(error):
        return HubError(f"{host} cannot be reached. Check the connection, then try again; nothing was changed.")
    message = " ".join(str(error).split())[:200]
    shown = message.replace(token, "[token]") if token else message
    return HubError(f"{what} could not be shared or fetched ({type(error).__name__}: {shown}). Try again.")


def _status_of(error: BaseException | None) -> int:
    """Return the HTTP status behind an error or its causes, 0 when there is none."""
    while error is not None:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        error = error.__cause__ or error.__context__
    return 0


def _is_unreachable(error: BaseException | None) -> bool:
    import httpx2

    while error is not None:
        if isinstance(error, httpx2.TransportError | ConnectionError | TimeoutError):
            return True
        error = error.__cause__ or error.__context__
    return False


# --- The Hugging Face Hub: a bundle goes up in one commit, a repository comes down file by file -----------------------
# The token is an argument of each call. It is not written anywhere, and whatever the Hub or a library says in an error
# is passed on without it.


_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_ADMIN: Final = frozenset({".gitattributes", "README.md", "LICENSE", "LICENSE.txt", "LICENSE.md"})


@dataclass(frozen=True)
class PushResult:
    """What went up (the keys of ``colophon push --json``).

    Attributes
    ----------
    target : str
        Address of the repository.
    commit : str
    private : bool
    files : list of mappings
        ``name``, ``bytes``, ``sha256``.
    """

    target: str
    commit: str
    private: bool
    files: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"target": self.target, "commit": self.commit, "private": self.private, "files": self.files}


def check_target(target: str) -> str:
    """Return the name of a repository on the Hub when it has the form USER/NAME.

    Raises
    ------
    InputError
    """
    parts = target.strip().split("/")
    if len(parts) != 2 or not all(_PART.fullmatch(part) and ".." not in part and "--" not in part for part in parts):
        raise InputError(
            f"'{target[:80]}' is no name on the Hub. It has the form USER/NAME, of letters, digits, '-', '_' and '.',"
            " such as my-library/genre-from-titles."
        )
    return "/".join(parts)


def token_of(secret: str) -> str:
    """Return the token in what :func:`core.connection.split_secret` took out of an address.

    >>> token_of("user:hf_a"), token_of("hf_a"), token_of("")
    ('hf_a', 'hf_a', '')
    """
    return secret.rpartition(":")[2]


def push_share_bundle(
    share_bundle: ShareBundle, target: str, token: str, *, private: bool = False, progress: Progress = silent
) -> PushResult:
    """Upload a bundle to the Hub in one commit: all of it becomes visible, or nothing.

    Parameters
    ----------
    target : str
        USER/NAME. The repository is made when it does not exist.
    token : str
        Of a user who may write there.
    private : bool
        Only the user sees it.

    Raises
    ------
    InputError
        The name or the token cannot be right, or the repository holds other things that would be mixed with these.
    HubError
        The Hub refused, cannot be reached, or did not keep what was sent. Nothing was changed there, or what changed is
        said.
    Cancelled
        Raised by the listener before the commit; nothing was changed.
    """
    repository, files = check_target(target), share_bundle.files()
    if not token.strip():
        raise InputError("Uploading needs a token of the Hub. Set HF_TOKEN, or type it when asked.")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError("The token holds a sign that no token has. Copy it again from the Hub's settings.")
    api = _api(token)
    with translate_hub_errors(token, f"'{repository}'"), _quiet():
        progress(0.02, "Making the repository")
        where = api.create_repo(repository, repo_type=share_bundle.kind, private=private, exist_ok=True)
        info = api.repo_info(repository, repo_type=share_bundle.kind)
        if private and not info.private:
            raise InputError(
                f"'{repository}' exists and everybody can see it. Choose another name, or make it private on the Hub."
            )
        stale = _stale(repository, share_bundle, [sibling.rfilename for sibling in info.siblings or []])
        commit = _commit(api, repository, share_bundle=share_bundle, files=files, stale=stale, progress=progress)
        progress(0.97, "Checking what arrived")
        _compare(api, repository, share_bundle.kind, commit, files)
    progress(1.0, "Done")
    return PushResult(str(where), commit, bool(info.private), files)


def download_repository(
    target: str, kind: CardKind, folder: Path, *, token: str = "", progress: Progress = silent
) -> str | None:
    """Bring the files of a repository into an existing, empty folder; return the commit they are of.

    Only kinds of file that Colophon shares are asked for; what else is there stays there.

    Returns
    -------
    str or None
        None when there is no such repository of this kind (or it is not ours to see).
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import RepositoryNotFoundError

    repository = check_target(target)
    with translate_hub_errors(token, f"'{repository}'"), _quiet():
        try:
            info = _api(token).repo_info(repository, repo_type=kind, files_metadata=True)
        except RepositoryNotFoundError:
            return None
        allowed = MODEL_KINDS | {"LICENSE"} if kind == "model" else DATA_KINDS | {"SHA256SUMS", "LICENSE"}
        wanted = [
            (sibling.rfilename, int(sibling.size or 0))
            for sibling in info.siblings or []
            if kind_of(sibling.rfilename) in allowed
        ]
        check_names(wanted, f"'{repository}'")
        total, done = sum(size for _, size in wanted) or 1, 0
        for name, size in sorted(wanted):
            progress(done / total, f"Fetching {name}")
            hf_hub_download(
                repository,
                name,
                repo_type=kind,
                revision=info.sha,
                local_dir=folder,
                token=token or False,
                endpoint=endpoint(),
            )
            done += size
        return str(info.sha)


def _api(token: str) -> Any:
    from huggingface_hub import HfApi

    # False, not None: with None the library would look for a token that somebody stored on this machine.
    return HfApi(endpoint=endpoint(), token=token or False, library_name="colophon")


def _stale(repository: str, share_bundle: ShareBundle, remote_names: list[str]) -> list[str]:
    """Return what an earlier push left that is not in the bundle; refuse a repository that holds something else."""
    ours = {
        path.relative_to(share_bundle.folder).as_posix() for path in share_bundle.folder.rglob("*") if path.is_file()
    }
    other = sorted(set(remote_names) - ours - _ADMIN)
    mark = "manifest.json" if share_bundle.kind == "model" else "bundle/manifest.json"
    if other and mark not in remote_names:
        raise InputError(
            f"'{repository}' exists and holds other files, such as '{other[0][:80]}'. Choose a new name, so that"
            " nothing is mixed."
        )
    return other


def _commit(
    api: Any,
    repository: str,
    share_bundle: ShareBundle,
    files: list[dict[str, Any]],
    stale: list[str],
    progress: Progress,
) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    total, done = sum(file["bytes"] for file in files) or 1, 0
    added = []
    for file in files:
        progress(0.05 + 0.85 * done / total, f"Sending {file['name']}")
        operation = CommitOperationAdd(file["name"], str(share_bundle.folder / file["name"]))
        api.preupload_lfs_files(repository, [operation], repo_type=share_bundle.kind, free_memory=False)
        added.append(operation)
        done += file["bytes"]
    progress(0.92, "Committing")
    operations = [*added, *(CommitOperationDelete(name) for name in stale)]
    message = f"Share {share_bundle.name} {share_bundle.citation.version}"
    return str(api.create_commit(repository, operations, commit_message=message, repo_type=share_bundle.kind).oid)


def _compare(api: Any, repository: str, kind: CardKind, commit: str, files: list[dict[str, Any]]) -> None:
    info = api.repo_info(repository, repo_type=kind, revision=commit, files_metadata=True)
    remote_files = {file.rfilename: file for file in info.siblings or []}
    for file in files:
        remote_file = remote_files.get(file["name"])
        stored = remote_file.lfs.sha256 if remote_file is not None and remote_file.lfs else file["sha256"]
        if (
            remote_file is None
            or (remote_file.size is not None and remote_file.size != file["bytes"])
            or stored != file["sha256"]
        ):
            raise HubError(
                f"The Hub does not have '{file['name']}' as it was sent, though it took the commit {commit[:8]}. Push"
                " again; until then do not use what is there."
            )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's bars and its advice on Parquet files out of the way; ours are shown instead."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    before = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="It seems that you are about to commit a data file")
            # The library (2.4) hands files to its HTTP client in a way that the client calls outdated.
            warnings.filterwarnings("ignore", message="Use 'content=", category=DeprecationWarning)
            yield
    finally:
        if not before:
            enable_progress_bars()


_LOG = logging.getLogger(__name__)

TOKEN: Final = "HF_TOKEN"  # noqa: S105 - the name of the variable, not a token


@contextlib.contextmanager
def open_share_bundle(
    workspace: Workspace,
    *,
    model: str | None = None,
    bundle: Path | None = None,
    metadata: CardMetadata | None = None,
    scratch: Path | None = None,
) -> Iterator[ShareBundle]:
    """Give a model or a bundle as a folder ready to be shared; the folder goes when the block ends.

    Raises
    ------
    InputError
        Not exactly one of both was named; see also :func:`core.sharing.bundle.prepare_model`.
    """
    if (model is None) == (bundle is None):
        raise InputError("Name either a model or an export bundle.", command_line="(--model M, --bundle FILE.zip)")
    with tempfile.TemporaryDirectory(prefix=".sharing-", dir=scratch or workspace.root) as place:
        folder = Path(place) / slug(model or Path(str(bundle)).stem)
        folder.mkdir()
        if model is not None:
            yield prepare_model(workspace, model, folder, metadata=metadata)
        else:
            yield prepare_bundle(workspace, Path(str(bundle)), folder, metadata=metadata)


def push(
    workspace: Workspace,
    target: str,
    token: str,
    *,
    model: str | None = None,
    bundle: Path | None = None,
    private: bool = False,
    metadata: CardMetadata | None = None,
    progress: Progress = silent,
    scratch: Path | None = None,
) -> PushResult:
    """Share a model or a bundle on the Hub; see :func:`core.sharing.push.push_share_bundle`.

    Parameters
    ----------
    target : str
        USER/NAME.
    token : str
    model : str, optional
        Name of a model in the workspace.
    bundle : path, optional
        A zip that ``colophon export`` wrote.
    metadata : CardMetadata, optional
        Else those kept with it.
    """
    started = time.monotonic()
    check_target(target)
    progress(0.0, "Checking the files and the card")
    with open_share_bundle(workspace, model=model, bundle=bundle, metadata=metadata, scratch=scratch) as share_bundle:
        result = push_share_bundle(share_bundle, target, token, private=private, progress=progress)
    _LOG.info(
        "pushed %s to '%s': %d files, %s, %.1f s",
        _display_name(model, bundle),
        target,
        len(result.files),
        "private" if result.private else "public",
        time.monotonic() - started,
    )
    return result


def write_share_bundle(
    workspace: Workspace,
    out: Path,
    *,
    model: str | None = None,
    bundle: Path | None = None,
    metadata: CardMetadata | None = None,
) -> Path:
    """Write what would be shared as one zip: for a colleague, or for a deposit by hand (Zenodo)."""
    started = time.monotonic()
    with open_share_bundle(workspace, model=model, bundle=bundle, metadata=metadata) as share_bundle:
        path = write_zip(share_bundle, out)
    _LOG.info("packed %s as '%s': %.1f s", _display_name(model, bundle), path.name, time.monotonic() - started)
    return path


def _display_name(model: str | None, bundle: Path | None) -> str:
    return f"model '{model}'" if bundle is None else f"bundle '{bundle.name}'"


def main() -> int:
    """Push as a job: its config holds the arguments of :func:`push` but for the token."""
    from core.jobs.worker import JobProgress, run_as_job

    token = os.environ.pop(TOKEN, "")

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        bundle = config.get("bundle")
        return push(
            workspace,
            config["target"],
            token,
            model=config.get("model"),
            bundle=Path(bundle) if bundle else None,
            private=bool(config.get("private")),
            progress=progress,
            scratch=progress.scratch,
        ).as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
