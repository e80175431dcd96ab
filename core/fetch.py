"""Published data, downloaded with resume and checksum, and compared with what came before.

What has arrived is kept beside a small JSON file with what the server said of it; the next call asks for the rest, on
the condition that the content is still the same (RFC 9110, *HTTP Semantics*, sections 13.1.5 and 14.2). A server that
cannot do that is asked for the whole again.
"""

import contextlib
import functools
import itertools
import logging
import os
import re
import shutil
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from core.connection import UnreachableError, check_address, host_of, manual_download_hint, open_address, split_secret
from core.errors import FetchError, InputError
from core.progress import Progress, silent
from core.schema import Kind
from core.storage import Workspace, file_sha256, now, read_json, write_json

if TYPE_CHECKING:
    import httpx2

__all__ = ["FetchResult", "Source", "check_content", "download", "fetch", "main", "readable_size", "sources"]

_LOG = logging.getLogger(__name__)

# --- One published file brought to a path: resumed where it broke off, refused when it is not data --------------------


_ATTEMPTS: Final = 3  # a download that got further each time goes on by itself this often
_PAUSE: Final = 1.0  # seconds before the next attempt
_HEAD: Final = 4096
_WEB_PAGE: Final = re.compile(
    rb"\A(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S
)


class _ConnectionLostError(Exception):
    """The connection was lost or stalled after it had begun to deliver."""


def download(
    url: str,
    part: Path,
    *,
    known: Mapping[str, str] | None = None,
    progress: Progress = silent,
    timeout: float = 30.0,
    secret: str = "",
) -> dict[str, str] | None:
    """Bring the content of `url` into the file `part`.

    Parameters
    ----------
    part : path
        Where the content is gathered. When an earlier call left the beginning there (and ``<part>.json`` beside it),
        only the rest is asked for.
    known : mapping, optional
        ``etag`` and ``last_modified`` of a copy that is at hand already: asked only whether there is a newer one.
    timeout : float
        Seconds to wait for the connection, and for the next bytes after that.
    secret : str
        ``user:password`` for the server, see :func:`core.connection.split_secret`; it is written nowhere.

    Returns
    -------
    dict or None
        ``etag`` and ``last_modified`` as the server gave them, '' where it did not; None when `known` is current.

    Raises
    ------
    InputError
        The address is not http or https.
    UnreachableError
        No connection could be made.
    FetchError
        Anything else; what arrived stays in `part`.
    """
    transfer = _Transfer(url, part, known=known or {}, progress=progress, timeout=timeout, secret=secret)
    for attempt in range(1, _ATTEMPTS + 1):
        before = transfer.received
        try:
            return transfer.run()
        except _ConnectionLostError as error:
            if attempt == _ATTEMPTS or transfer.received == before or not transfer.resumable:
                goes_on = "goes on from there" if transfer.resumable else "starts again: this server cannot resume"
                raise FetchError(
                    f"{host_of(url)} {error} after {readable_size(transfer.received)} of {transfer.announced_size}. "
                    f"The next call {goes_on}."
                ) from error
            time.sleep(_PAUSE)
    raise AssertionError("the last attempt returns or raises")


def check_content(head: bytes, origin: str, advice: Mapping[str, str]) -> None:
    """Refuse content that is empty or a web page, judged by its first bytes.

    Raises
    ------
    FetchError
        With `advice`, the keyword arguments of the error that say what to do next.
    """
    if not head:
        raise FetchError(f"{origin} is empty.", **advice)
    if _WEB_PAGE.match(head):
        title = re.search(rb"<title[^>]*>(.*?)</title>", head, re.I | re.S)
        named = f" ('{' '.join(title[1].decode('utf-8', 'replace').split())[:80]}')" if title else ""
        raise FetchError(f"{origin} is a web page{named}, not data.", **advice)


def readable_size(count: int) -> str:
    """Return a number of bytes as text.

    >>> readable_size(1_250_000_000), readable_size(20_111_420), readable_size(900)
    ('1.2 GB', '20.1 MB', '900 bytes')
    """
    if count >= 1_000_000_000:
        return f"{count / 1e9:,.1f} GB"
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count:,} bytes"


class _Transfer:
    """One file on its way: how much has arrived, and what the server said of it."""

    def __init__(
        self, url: str, part: Path, *, known: Mapping[str, str], progress: Progress, timeout: float, secret: str
    ) -> None:
        self._secret = secret
        self.url, self.part, self.known, self.progress, self.timeout = url, part, known, progress, timeout
        self.sidecar = part.with_name(part.name + ".json")
        self.size: int | None = None
        self.validators = self._saved_validators()

    def _saved_validators(self) -> dict[str, str]:
        with contextlib.suppress(InputError):
            validators = read_json(self.sidecar)
            if self.part.exists() and validators.get("url") == self.url and _if_range(validators):
                return validators
        return {}

    @property
    def received(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    @property
    def resumable(self) -> bool:
        return bool(_if_range(self.validators))

    @property
    def announced_size(self) -> str:
        return "an unknown size" if self.size is None else readable_size(self.size)

    def run(self) -> dict[str, str] | None:
        """Ask for what is missing and write it down; None when the copy at hand is current."""
        start = self.received if self.validators else 0
        if start:
            conditions = {"Range": f"bytes={start}-", "If-Range": _if_range(self.validators)}
        else:
            conditions = {
                "If-None-Match": self.known.get("etag", ""),
                "If-Modified-Since": self.known.get("last_modified", ""),
            }
        wanted = {name: value for name, value in conditions.items() if value}
        expected = (416,) if start else (304,)
        with open_address(self.url, wanted, timeout=self.timeout, expected=expected, secret=self._secret) as answer:
            if answer.status_code == 304:
                return None
            if answer.status_code == 416 and answer.headers.get("Content-Range", "").strip() == f"bytes */{start}":
                return self.validators  # everything was here already
            if not start or self._is_continuation(answer, start):
                return self._write(answer, start)
            self.start_again()
            if answer.status_code == 200:
                return self._write(answer, 0)
        return self.run()

    def _is_continuation(self, answer: "httpx2.Response", start: int) -> bool:
        """Whether this answer is the rest of the very content whose beginning is here."""
        fits = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        return fits and _if_range(_validators(answer)) in ("", _if_range(self.validators))

    def start_again(self) -> None:
        """Forget what has arrived."""
        self.part.unlink(missing_ok=True)
        self.sidecar.unlink(missing_ok=True)
        self.validators = {}

    def _write(self, answer: "httpx2.Response", start: int) -> dict[str, str]:
        length = answer.headers.get("Content-Length", "")
        self.size = start + int(length) if length.isdigit() else None
        if self.size is not None and shutil.disk_usage(self.part.parent).free < self.size - start:
            raise FetchError(
                f"{self.url} is {self.announced_size}, more than is free on the disk of {self.part.parent}. Make room.",
                command_line="Or give a workspace on another disk with --workspace.",
            )
        chunks: Iterator[bytes] = self._chunks(answer)
        if not start:
            head = next(chunks)
            check_content(head, f"What {self.url} sends", manual_download_hint(self.url))
            self.validators = {"url": self.url, **_validators(answer)}
            chunks = itertools.chain([head], chunks)
        try:
            write_json(self.sidecar, self.validators)
            with self.part.open("ab" if start else "wb") as stream:
                for chunk in chunks:
                    stream.write(chunk)
                    self._report(stream.tell())
        except OSError as error:
            raise FetchError(
                f"{self.part} cannot be written: {error.strerror or error}. Make room, then start again."
            ) from error
        if self.size is not None and self.received < self.size:
            raise _ConnectionLostError("broke off the connection")
        if self.size is not None and self.received > self.size:
            self.start_again()
            raise FetchError(
                f"More bytes of {self.url} arrived than were announced: another download of it was running at the same "
                f"time. Wait until it has ended, then start again."
            )
        return self.validators

    def _chunks(self, answer: "httpx2.Response") -> Iterator[bytes]:
        """Yield what arrives, as it arrives; the first piece is long enough to be judged, or all there is."""
        import httpx2

        try:
            arriving = answer.iter_raw()
            head = b""
            while len(head) < _HEAD and (chunk := next(arriving, b"")):
                head += chunk
            yield head
            yield from arriving
        except httpx2.TimeoutException as error:
            raise _ConnectionLostError(f"sent nothing for {self.timeout:g} seconds") from error
        except httpx2.TransportError as error:
            raise _ConnectionLostError("broke off the connection") from error

    def _report(self, received: int) -> None:
        share = received / self.size if self.size else 0.0
        self.progress(min(share, 1.0), f"{readable_size(received)} of {self.announced_size}")


def _validators(answer: "httpx2.Response") -> dict[str, str]:
    return {"etag": answer.headers.get("ETag", ""), "last_modified": answer.headers.get("Last-Modified", "")}


def _if_range(validators: Mapping[str, str]) -> str:
    """Return what If-Range may carry: a strong ETag, else the date; '' when there is neither."""
    etag = validators.get("etag", "")
    return etag if etag and not etag.startswith("W/") else validators.get("last_modified", "")


# --- Published data, brought into the workspace and compared with what came before ------------------------------------
# What arrives is kept as ``downloads/<filename>``; what is remembered of it (address, SHA-256, date, licence) stands
# beside it in ``downloads/<source>.json``. A new version takes the place of the old one only when a person says so.


FetchStatus = Literal["downloaded", "copied", "unchanged", "not checked"]


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
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
    started = time.monotonic()
    place = _DownloadTarget(workspace.folder("downloads"), sources()[source])
    if from_file is not None:
        return _logged(_copy(place, Path(from_file), accept_new), started)
    # From here on nothing holds the secret but the argument that carries it to the server.
    address, secret = split_secret(url or place.source.url)
    check_address(address)
    current = place.record if place.record.get("url") == address and place.intact() else {}
    try:
        validators = download(address, place.part, known=current, progress=progress, timeout=timeout, secret=secret)
    except UnreachableError as error:
        if current:
            return _logged(place.fetched("not checked"), started)
        raise FetchError(
            str(error),
            command_line=(
                "Without a connection, `colophon demo` makes an invented collection to work with, and "
                f"`colophon fetch {source} --from FILE` takes a file that was downloaded elsewhere."
            ),
            page="A file that was downloaded elsewhere can be loaded under “On my computer”.",
        ) from error
    if validators is None:
        return _logged(place.fetched("unchanged"), started)
    fetched = place.accept(place.part, "downloaded", address, accept_new, validators)
    progress(1.0, f"{source}: {readable_size(fetched.bytes)}")
    return _logged(fetched, started)


def _logged(fetched: "FetchResult", started: float) -> "FetchResult":
    seconds = time.monotonic() - started
    _LOG.info(
        "fetched '%s': %s, %s, %.1f s", fetched.source.name, fetched.outcome, readable_size(fetched.bytes), seconds
    )
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
            source=self.source,
            path=self.target,
            bytes=record["bytes"],
            sha256=record["sha256"],
            url=record["url"],
            fetched_at=record["fetched_at"],
            outcome=outcome,
        )


def main() -> int:
    """Fetch a source and import it, as a job: its config names the source."""
    from core.importing import import_file
    from core.jobs.worker import JobProgress, run_as_job

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
