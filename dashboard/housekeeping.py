"""What the server does once, or once in a while: the guard at its door, garbage, and memory given back.

A page of a stranger, open in the same browser, must not use the dashboard: not under a host name that the stranger has
pointed at this computer (DNS rebinding), not from another origin, and not inside a frame. And no page may load anything
from another host, whatever a title or a library brings with it.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import altair as alt
import streamlit as st
from altair.utils import schemapi
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.progress import VARIABLE, log_to

__all__ = [
    "SameOrigin",
    "SecurityHeaders",
    "allowed_hosts",
    "collect_garbage",
    "lifespan",
    "middleware",
    "refuse_every_interface",
    "release_memory",
    "skip_chart_validation",
]

# --- What stands between the network and the pages --------------------------------------------------------------------


_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY: Final = {
    "default-src": "'self'",
    # Streamlit and Vega build functions from text; their scripts come from this server all the same.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "connect-src": "'self' data: blob:",
    "frame-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS: Final = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a link to a digitised book does not tell which workspace it stands in
    "Cross-Origin-Resource-Policy": "same-origin",
}


def middleware() -> list[Middleware]:
    """Return what every request passes, the outermost first."""
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(), www_redirect=False),
        Middleware(SameOrigin, origins=list(st.get_option("server.corsAllowedOrigins") or ())),
        Middleware(SecurityHeaders),
    ]


def allowed_hosts() -> list[str]:
    """Return the host names that are answered: Streamlit's `server.allowedHosts`, which holds for its websocket too."""
    return [str(name).strip() for name in st.get_option("server.allowedHosts") or ()]


def refuse_every_interface() -> None:
    """End the program when nobody has said at which address it listens: Streamlit would take all there are."""
    if st.get_option("server.address") is None:
        raise SystemExit(
            "Colophon would be open to the whole network: no address was given, and the settings beside"
            " dashboard/app.py were not found. Start it with `colophon serve`, or give --server.address 127.0.0.1."
        )


class SameOrigin:
    """Refuse the websocket, and whatever changes something, to pages of another origin.

    Streamlit lets any page of ``localhost`` in, and asks an address on the internet what its own is before it refuses.
    """

    def __init__(self, app: ASGIApp, origins: list[str]) -> None:
        self.app = app
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with status 403."""
        if scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in _SAFE_METHODS):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            # A program that is no browser sends none, and could send any.
            if origin is not None and origin not in self.origins and urlsplit(origin).netloc != headers.get("host"):
                await PlainTextResponse("A page of another origin may not use Colophon.", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Add :data:`HEADERS` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


# --- What the server does once, or once in a while --------------------------------------------------------------------
# What the server does once, or once in a while, so that a page need not do it at every move of a slider.


EVERY: Final = 60.0  # seconds
_CHARTS: Final = (alt.Chart, alt.LayerChart, alt.ConcatChart, alt.HConcatChart, alt.VConcatChart, alt.FacetChart)


@contextlib.asynccontextmanager
async def collect_garbage(app: Any) -> AsyncIterator[dict[str, Any] | None]:
    """Collect garbage every minute while the server runs.

    Streamlit would do it after each run of a page (``runner.postScriptGC``), which costs a quarter of a second of
    processor time, as much as all the rest. Python collects by itself where many objects are made, but not where few
    large ones are: the tables of a page that was closed stand in circles with its session.
    """

    async def again_and_again() -> None:
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(gc.collect)

    task = asyncio.create_task(again_and_again())
    try:
        yield None
    finally:
        task.cancel()


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any] | None]:
    """Do what lasts as long as the server runs: write the log to standard error, and collect garbage."""
    with log_to(sys.stderr, verbose=VARIABLE in os.environ):
        async with collect_garbage(app) as state:
            yield state


def skip_chart_validation() -> None:
    """Draw charts without comparing each with Vega-Lite's schema first, which is nearly half of building one.

    The schema finds mistakes of whoever writes a chart, not of data. The tests, in whose process this is not called,
    compare every chart.
    """
    schemapi.disable_debug_mode()
    for kind in _CHARTS:
        setattr(kind, "validate", classmethod(_skip_validation))  # noqa: B010 - to a type checker it is another method


def _skip_validation(cls: type, instance: Any, schema: Any = None) -> None:
    """Take the place of a chart's own ``validate``."""


# --- Giving memory back -----------------------------------------------------------------------------------------------
# What a browser sent is on the disk, and need not be held by the server as well.


def release_memory(sent: UploadedFile, key: str) -> None:
    """Forget a file that was sent, and hand the memory it took back to the system, where the system lets us.

    Parameters
    ----------
    key : str
        Of the widget that asked for it: its state holds a second copy, for as long as the session lives.
    """
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if context and remove:
        remove(session_id=context.session_id, file_id=sent.file_id)
    sent.close()
    with contextlib.suppress(KeyError):
        del st.session_state[key]
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # GNU's C library keeps freed memory until it is asked
        ctypes.CDLL(None).malloc_trim(0)
