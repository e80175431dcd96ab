"""A small provider of OpenID Connect on this machine: who signs in chooses a person from a list, without a password.

It speaks the authorization code flow as a large provider does: discovery, authorization, token (with the client's
secret and a code that works once), an ID token signed with RS256, and the key set to check it by.
"""

import base64
import contextlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "colophon", "invented-client-secret"


class Provider(ThreadingHTTPServer):
    """The server, its key, the people who can sign in (subject → claims), and codes that nobody has used yet."""

    def __init__(self, people: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.people = people
        self.key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, str]] = {}

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        issuer = self.server.issuer
        if address.path == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "jwks_uri": f"{issuer}/jwks",
                    "end_session_endpoint": f"{issuer}/end",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )
        elif address.path == "/jwks":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        elif address.path == "/authorize":
            assert query["client_id"] == CLIENT
            assert query["response_type"] == "code"
            assert {"openid", "email"} <= set(query["scope"].split())
            choices = "".join(
                f'<p><a href="/approve?{html.escape(urlencode({**query, "sub": sub}))}">{claims["name"]}</a></p>'
                for sub, claims in self.server.people.items()
            )
            self._send(f"<h1>Who are you?</h1>{choices}".encode(), "text/html")
        elif address.path == "/approve":
            code = secrets.token_urlsafe()
            self.server.codes[code] = query
            self._redirect(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")
        elif address.path == "/end":
            self._redirect(query["post_logout_redirect_uri"])
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        grant = self.server.codes.pop(body["code"][0], None)
        is_client = scheme == "Basic" and base64.b64decode(credentials) == f"{CLIENT}:{SECRET}".encode()
        if not is_client or grant is None or grant["redirect_uri"] != body["redirect_uri"][0]:
            self._json({"error": "invalid_grant"}, status=400)
            return
        now = int(time.time())
        claims = {
            "iss": self.server.issuer,
            "aud": CLIENT,
            "sub": grant["sub"],
            "iat": now,
            "exp": now + 300,
            "nonce": grant["nonce"],
            **self.server.people[grant["sub"]],
        }
        token = jwt.encode({"alg": "RS256", "kid": "test"}, claims, self.server.key, algorithms=["RS256"])
        self._json({"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": token})

    def _json(self, content: Mapping[str, Any], status: int = 200) -> None:
        self._send(json.dumps(content).encode(), "application/json", status)

    def _send(self, content: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def provider(people: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Run a provider and yield its address."""
    with Provider(people) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.issuer
        finally:
            server.shutdown()
