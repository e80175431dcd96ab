"""Where the Hub is, and what it or the library says in an error: one sentence, without the token."""

import contextlib
import os
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from core.errors import ColophonError, InputError

__all__ = ["HubError", "endpoint", "translate_hub_errors"]

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
