"""Published data, brought into the workspace and compared with what came before.

What arrives is kept as ``downloads/<filename>``; what is remembered of it (address, SHA-256, date, licence) stands
beside it in ``downloads/<source>.json``. A new version takes the place of the old one only when a person says so.
"""

import functools
import os
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from core.connection import UnreachableError, check_address, split_secret
from core.download import check_content, download, readable_size
from core.errors import FetchError, InputError
from core.progress import Progress, silent
from core.schema import Kind
from core.storage import Workspace, file_sha256, now, read_json, write_json

__all__ = ["FetchResult", "FetchStatus", "Source", "fetch", "main", "sources"]

FetchStatus = Literal["downloaded", "copied", "unchanged", "not checked"]


@dataclass(frozen=True)
class Source:
    """One published file, as told in ``data/sources.toml``.

    `rows` is the number of records the publisher reports, None where it is not told; `doi` is '' where there is none.
    """

    name: str
    title: str
    description: str
    kind: Kind
    url: str
    filename: str
    licence: str
    citation: str
    doi: str
    rows: int | None = None


@dataclass(frozen=True)
class FetchResult:
    """A file that is now in the workspace.

    `outcome` is 'downloaded', 'copied' (from a file), 'unchanged' (the server says it has nothing newer) or 'not
    checked' (the server cannot be reached, and the copy of an earlier day is intact).
    """

    source: Source
    path: Path
    bytes: int
    sha256: str
    url: str
    fetched_at: str
    outcome: FetchStatus


@functools.cache
def sources() -> Mapping[str, Source]:
    """Return the published sources by name."""
    entries = tomllib.loads(resources.files("data").joinpath("sources.toml").read_text(encoding="utf-8"))
    return {name: Source(name=name, **about) for name, about in entries.items()}


def fetch(
    workspace: Workspace,
    source: str,
    *,
    url: str | None = None,
    from_file: Path | str | None = None,
    accept_new: bool = False,
    progress: Progress = silent,
    timeout: float = 30.0,
) -> FetchResult:
    """Bring a published source into the workspace.

    Parameters
    ----------
    source : str
        A name of :func:`sources`.
    url : str, optional
        Another address (http or https) than the published one. A name and a password in it go to that server alone and
        are written nowhere.
    from_file : path, optional
        A file somebody downloaded by hand, to be taken instead.
    accept_new : bool
        Take content that differs from what was fetched before.
    timeout : float
        Seconds to wait for the connection, and for the next bytes after that.

    Raises
    ------
    InputError
        The source is unknown, the address is not http or https, or `from_file` cannot be read.
    FetchError
        The download failed (what arrived is kept, and the next call goes on from there), or the content is not what it
        was before and `accept_new` was not given (the earlier file stays).
    """
    if source not in sources():
        raise InputError(f"There is no published source called '{source}'. There are: {', '.join(sources())}.")
    if url and from_file:
        raise InputError("Give either an address or a file, not both.", command_line="(--url, --from)")
    place = _DownloadTarget(workspace.folder("downloads"), sources()[source])
    if from_file is not None:
        return _copy(place, Path(from_file), accept_new)
    # From here on nothing holds the secret but the argument that carries it to the server.
    address, secret = split_secret(url or place.source.url)
    check_address(address)
    current = place.record if place.record.get("url") == address and place.intact() else {}
    try:
        validators = download(address, place.part, known=current, progress=progress, timeout=timeout, secret=secret)
    except UnreachableError as error:
        if current:
            return place.fetched("not checked")
        raise FetchError(
            str(error),
            command_line=(
                "Without a connection, `colophon demo` makes an invented collection to work with, and "
                f"`colophon fetch {source} --from FILE` takes a file that was downloaded elsewhere."
            ),
            page="A file that was downloaded elsewhere can be loaded under “On my computer”.",
        ) from error
    if validators is None:
        return place.fetched("unchanged")
    fetched = place.accept(place.part, "downloaded", address, accept_new, validators)
    progress(1.0, f"{source}: {readable_size(fetched.bytes)}")
    return fetched


def _copy(place: "_DownloadTarget", given: Path, accept_new: bool) -> FetchResult:
    if not given.is_file():
        raise InputError(f"There is no file {given}. Give the downloaded file with its folder.")
    beside = place.folder / f".{place.source.filename}.copy"
    try:
        with given.open("rb") as stream:
            advice = "Download the file itself, not the page that links to it."
            check_content(stream.read(4096), str(given), {"command_line": advice, "page": advice})
        shutil.copyfile(given, beside)
        return place.accept(beside, "copied", given.resolve().as_uri(), accept_new)
    except OSError as error:
        raise InputError(f"{given} cannot be copied into {place.folder}: {error.strerror or error}.") from error
    finally:
        beside.unlink(missing_ok=True)


@dataclass
class _DownloadTarget:
    """Where one source lies in the workspace, and what is remembered of it."""

    folder: Path
    source: Source
    record: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.record = read_json(self.memory) if self.memory.exists() else {}

    @property
    def memory(self) -> Path:
        return self.folder / f"{self.source.name}.json"

    @property
    def target(self) -> Path:
        return self.folder / self.source.filename

    @property
    def part(self) -> Path:
        return self.folder / f".{self.source.filename}.part"

    def intact(self) -> bool:
        """Whether the file that is remembered is there, byte for byte."""
        return bool(self.record) and self.target.exists() and file_sha256(self.target) == self.record["sha256"]

    def accept(
        self,
        arrived: Path,
        outcome: FetchStatus,
        url: str,
        accept_new: bool,
        validators: Mapping[str, str] | None = None,
    ) -> FetchResult:
        """Put what arrived in its place, unless it is not what was there before."""
        sha256, size, before = file_sha256(arrived), arrived.stat().st_size, self.record
        if before and sha256 != before["sha256"] and not accept_new:
            raise FetchError(
                f"'{self.source.name}' is not what it was: {readable_size(size)} with SHA-256 {sha256} now, but "
                f"{readable_size(before['bytes'])} with SHA-256 {before['sha256']} when it was fetched at "
                f"{before['fetched_at']}. The earlier file stays at {self.target}.",
                command_line="If the publisher brought out a new version, take it with --accept-new.",
                page="If the publisher brought out a new version, whoever runs Colophon can accept it.",
            )
        with arrived.open("rb+") as stream:
            os.fsync(stream.fileno())
        arrived.replace(self.target)
        self.record = {
            "source": self.source.name,
            "filename": self.source.filename,
            "url": url,
            "bytes": size,
            "sha256": sha256,
            "fetched_at": now(),
            "etag": (validators or {}).get("etag", ""),
            "last_modified": (validators or {}).get("last_modified", ""),
            "licence": self.source.licence,
            "citation": self.source.citation,
            "doi": self.source.doi,
        }
        write_json(self.memory, self.record)
        for leftover in (self.part, self.part.with_name(self.part.name + ".json")):
            leftover.unlink(missing_ok=True)
        return self.fetched(outcome)

    def fetched(self, outcome: FetchStatus) -> FetchResult:
        record = self.record
        return FetchResult(
            self.source, self.target, record["bytes"], record["sha256"], record["url"], record["fetched_at"], outcome
        )


def main() -> int:
    """Fetch a source and import it, as a job: its config names the source."""
    from core.importing import import_file
    from core.jobs import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        got = fetch(workspace, config["source"], progress=lambda fraction, message: progress(fraction * 0.7, message))
        report = import_file(
            workspace,
            got.path,
            got.source.kind,
            name=config.get("name") or got.source.name,
            progress=lambda fraction, message: progress(0.7 + fraction * 0.3, message),
        )
        return {"path": str(got.path), "sha256": got.sha256, "name": report.name, "rows": report.rows}

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
