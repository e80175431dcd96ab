"""Open an address over HTTP, and say in words what stood in the way.

Nothing but http and https is opened, also after a redirect, and no redirect leads from https back to http.
"""

import contextlib
import re
import socket
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from core.errors import FetchError, InputError

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "UnreachableError",
    "check_address",
    "host_of",
    "manual_download_hint",
    "open_address",
    "split_secret",
    "without_secret",
]

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_REQUEST_HEADERS: Final = {"User-Agent": "Colophon/0.1", "Accept-Encoding": "identity"}
_REDIRECTS: Final = 10

_REFUSED: Final = "{host} answered with status {code} instead of the file. Try again later."
_NOT_FOUND: Final = "There is no file at {url} (status {code}): the publisher may have moved it."
_FORBIDDEN: Final = "{host} does not give the file to programs (status {code})."
_BUSY: Final = "{host} is busy (status {code}). Try again in a few minutes."
_UNSAFE_REDIRECT: Final = "{host} points on to an address that is not safe, so it was not followed (status {code})."
_REFUSALS: Final = {
    **dict.fromkeys((401, 403), _FORBIDDEN),
    **dict.fromkeys((404, 410), _NOT_FOUND),
    **dict.fromkeys((429, 503), _BUSY),
    **dict.fromkeys((301, 302, 303, 307, 308), _UNSAFE_REDIRECT),
}


class UnreachableError(FetchError):
    """No connection to the server could be made: no network, no such host, or nobody answers."""


@contextlib.contextmanager
def open_address(
    url: str, headers: Mapping[str, str], *, timeout: float, expected: tuple[int, ...] = (), secret: str = ""
) -> "Iterator[httpx2.Response]":
    """Ask for `url` and give the response, of which nothing but the head has been read; it is closed at the end.

    Parameters
    ----------
    timeout : float
        Seconds to wait for the connection and, later, for each next piece.
    expected : tuple of int
        Status codes beside success that the caller understands.
    secret : str
        ``user:password``, as :func:`split_secret` took it out of the address. It goes to that host alone, after no
        redirect.

    Raises
    ------
    InputError
        The address is not http or https.
    UnreachableError
        No connection could be made.
    FetchError
        The server refuses, in a sentence that says what to do.
    """
    import httpx2  # here, since most commands open no address

    check_address(url)
    user, _, password = secret.partition(":")
    with contextlib.ExitStack() as opened:
        try:
            client = opened.enter_context(httpx2.Client(headers=_REQUEST_HEADERS, timeout=timeout))
        except (ImportError, ValueError) as error:  # what httpx raises of a proxy that it cannot speak to
            raise UnreachableError(
                f"{host_of(url)} cannot be reached: the proxy that is set for this computer must be http or https."
            ) from error
        try:
            # As bytes, since an ETag need not be ASCII.
            conditions = {name.encode(): value.encode() for name, value in headers.items()}
            request = client.build_request("GET", url, headers=conditions)
            response = client.send(request, stream=True, auth=(user, password) if secret else None)
            for _ in range(_REDIRECTS):
                redirected = response.next_request
                schemes = ("https",) if response.url.scheme == "https" else ("http", "https")
                if redirected is None or redirected.url.scheme not in schemes:
                    break
                response.close()
                redirected.headers.pop("Authorization", None)  # httpx keeps it for another path of the same host
                response = client.send(redirected, stream=True)
            opened.callback(response.close)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise UnreachableError(f"{host_of(url)} cannot be reached: {_reason(error, timeout)}.") from error
        if not response.is_success and response.status_code not in expected:
            raise _refusal(response.status_code, url)
        yield response


def check_address(url: str) -> None:
    """Refuse every address that is not http or https.

    Raises
    ------
    InputError
        It is another scheme, or no complete address.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = without_secret(url)
        raise InputError(
            f"'{shown}' is not an address to fetch from: it must begin with https:// or http:// and a host."
        )


def split_secret(url: str) -> tuple[str, str]:
    """Return an address without what stands before an @ in it, and that: a name with a password or a token.

    Nothing that is written or shown may hold the second part.

    Raises
    ------
    InputError
        The secret would go over a network in the clear.

    Examples
    --------
    >>> split_secret("https://user:token@example.org:8080/a@b")
    ('https://example.org:8080/a@b', 'user:token')
    >>> split_secret("https://example.org/a@b"), split_secret("USER/NAME")
    (('https://example.org/a@b', ''), ('USER/NAME', ''))
    """
    scheme, slashes, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0] if slashes else ""
    if "@" not in authority:
        return url, ""
    secret, _, host = authority.rpartition("@")
    if scheme.lower() == "http" and urllib.parse.urlsplit(f"//{host}").hostname not in _LOOPBACK:
        raise InputError(
            "An address with a name or a password must begin with https://, so that nobody can overhear it."
        )
    return f"{scheme}://{host}{rest[len(authority) :]}", urllib.parse.unquote(secret)


def without_secret(text: str) -> str:
    """Return a text in which no address holds a name, a password or a token, for messages.

    >>> without_secret("htps://user:token@example.org/x is no address")
    'htps://example.org/x is no address'
    """
    return re.sub(r"(?<=://)[^/?#\s]*@", "", text)


def host_of(url: str) -> str:
    """Return the name of the server in an address.

    >>> host_of("https://example.org:8080/a?b")
    'example.org'
    """
    return urllib.parse.urlsplit(url).hostname or url


def manual_download_hint(url: str) -> dict[str, str]:
    """Return what to do instead of a download, as a :class:`~core.errors.FetchError` takes it."""
    saved = f"Open {url} in a browser, save the file, and"
    return {"command_line": f"{saved} give it with --from FILE.", "page": f"{saved} load it under “On my computer”."}


def _refusal(code: int, url: str) -> FetchError:
    message = _REFUSALS.get(code, _REFUSED).format(url=url, code=code, host=host_of(url))
    if code in (404, 410):
        moved = "Give its new address with --url, or download it by hand and give it with --from FILE."
        return FetchError(message, command_line=moved, page="Ask the publisher where it is now.")
    return FetchError(message) if code in (429, 503) else FetchError(message, **manual_download_hint(url))


def _reason(error: Exception, timeout: float) -> str:
    cause: BaseException = error
    while inner := cause.__cause__ or cause.__context__:  # httpx wraps what the operating system said
        cause = inner
    match cause:
        case TimeoutError():
            return f"it did not answer within {timeout:g} seconds"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({cause.verify_message})"
        case socket.gaierror():
            return "its name cannot be looked up; there seems to be no network"
        case ConnectionRefusedError():
            return "it refused the connection"
        case OSError():
            return (cause.strerror or str(cause)).lower()
        case _:
            return str(cause)
