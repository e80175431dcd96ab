"""What stands between the network and the pages.

A page of a stranger, open in the same browser, must not use the dashboard: not under a host name that the stranger has
pointed at this computer (DNS rebinding), not from another origin, and not inside a frame. And no page may load anything
from another host, whatever a title or a library brings with it.
"""

from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "SameOrigin", "SecurityHeaders", "allowed_hosts", "middleware", "refuse_every_interface"]

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
