"""One published file brought to a path: resumed where it broke off, refused when it is not data.

What has arrived is kept beside a small JSON file with what the server said of it; the next call asks for the rest, on
the condition that the content is still the same (RFC 9110, *HTTP Semantics*, sections 13.1.5 and 14.2). A server that
cannot do that is asked for the whole again.
"""

import contextlib
import http.client
import itertools
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from core.connection import HttpResponse, host_of, manual_download_hint, open_address
from core.errors import FetchError, InputError
from core.progress import Progress, silent
from core.storage import read_json, write_json

__all__ = ["check_content", "download", "readable_size"]

_ATTEMPTS: Final = 3  # a download that got further each time goes on by itself this often
_PAUSE: Final = 1.0  # seconds before the next attempt
_HEAD: Final = 4096
_CHUNK: Final = 1 << 20
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
    transfer = _Transfer(url, part, known or {}, progress, timeout, secret)
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
        self, url: str, part: Path, known: Mapping[str, str], progress: Progress, timeout: float, secret: str
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
        with contextlib.closing(
            open_address(
                self.url, wanted, timeout=self.timeout, expected=(416,) if start else (304,), secret=self._secret
            )
        ) as answer:
            if answer.status == 304:
                return None
            if answer.status == 416 and answer.headers.get("Content-Range", "").strip() == f"bytes */{start}":
                return self.validators  # everything was here already
            if not start or self._is_continuation(answer, start):
                return self._write(answer, start)
            self.start_again()
            if answer.status == 200:
                return self._write(answer, 0)
        return self.run()

    def _is_continuation(self, answer: HttpResponse, start: int) -> bool:
        """Whether this answer is the rest of the very content whose beginning is here."""
        fits = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        return fits and _if_range(_validators(answer)) in ("", _if_range(self.validators))

    def start_again(self) -> None:
        """Forget what has arrived."""
        self.part.unlink(missing_ok=True)
        self.sidecar.unlink(missing_ok=True)
        self.validators = {}

    def _write(self, answer: HttpResponse, start: int) -> dict[str, str]:
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

    def _chunks(self, answer: HttpResponse) -> Iterator[bytes]:
        try:
            yield answer.read(_HEAD)
            while chunk := answer.read1(_CHUNK):
                yield chunk
        except TimeoutError as error:
            raise _ConnectionLostError(f"sent nothing for {self.timeout:g} seconds") from error
        except (OSError, http.client.HTTPException) as error:
            raise _ConnectionLostError("broke off the connection") from error

    def _report(self, received: int) -> None:
        share = received / self.size if self.size else 0.0
        self.progress(min(share, 1.0), f"{readable_size(received)} of {self.announced_size}")


def _validators(answer: HttpResponse) -> dict[str, str]:
    return {"etag": answer.headers.get("ETag", ""), "last_modified": answer.headers.get("Last-Modified", "")}


def _if_range(validators: Mapping[str, str]) -> str:
    """Return what If-Range may carry: a strong ETag, else the date; '' when there is neither."""
    etag = validators.get("etag", "")
    return etag if etag and not etag.startswith("W/") else validators.get("last_modified", "")
