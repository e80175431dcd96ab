"""A model or an export bundle goes to the Hub: prepared, checked without a network, then sent.

Also a job: ``python -m core.sharing.push JOBDIR``. Its token comes by the environment of the process (``HF_TOKEN``) and
is taken out of it at once; nothing on disk holds it.
"""

import contextlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from core.errors import InputError
from core.progress import Progress, silent
from core.sharing.bundle import ShareBundle, prepare_bundle, prepare_model, write_zip
from core.sharing.card_text import CardMetadata
from core.sharing.hub import PushResult, check_target, push_share_bundle
from core.storage import Workspace, slug

__all__ = ["TOKEN", "main", "open_share_bundle", "push", "write_share_bundle"]

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
    """Share a model or a bundle on the Hub; see :func:`core.sharing.hub.push_share_bundle`.

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
    from core.jobs import JobProgress, run_as_job

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
