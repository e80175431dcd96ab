"""Why a server cannot be reached, in words; the rest of the connection is tried in test_fetch.py."""

import http.client
import socket
import ssl
import urllib.error
import urllib.request

import pytest

from core import connection
from core.connection import UnreachableError, open_address
from core.errors import FetchError

UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed")
UNTRUSTED.verify_message = "self-signed certificate"


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (urllib.error.URLError(TimeoutError("timed out")), "it did not answer within 2.5 seconds"),
        (TimeoutError("timed out"), "it did not answer within 2.5 seconds"),
        (urllib.error.URLError(UNTRUSTED), r"its certificate is not trusted \(self-signed certificate\)"),
        (urllib.error.URLError(socket.gaierror(-3, "Temporary failure")), "its name cannot be looked up"),
        (urllib.error.URLError(ConnectionRefusedError(111, "refused")), "it refused the connection"),
        (urllib.error.URLError(OSError(101, "Network is unreachable")), "network is unreachable"),
        (urllib.error.URLError("proxy says no"), "proxy says no"),
        (http.client.BadStatusLine("nonsense"), "nonsense"),
    ],
)
def test_each_reason_has_its_words(monkeypatch, cause, said):
    class Opener:
        def open(self, request: object, timeout: float) -> None:
            raise cause

    monkeypatch.setattr(connection, "_opener", Opener)
    with pytest.raises(UnreachableError, match=f"^example.org cannot be reached: {said}"):
        open_address("https://example.org/x.csv", {}, timeout=2.5)


def test_no_redirect_leads_from_https_back_to_http():
    asked = urllib.request.Request("https://example.org/x.csv")
    with pytest.raises(FetchError, match="example.org points on to an address that is not safe"):
        connection._Redirects().redirect_request(asked, None, 302, "Found", {}, "http://example.org/x.csv")


def test_a_redirect_to_https_is_followed():
    asked = urllib.request.Request("http://example.org/x.csv", headers={"Range": "bytes=5-"})
    followed = connection._Redirects().redirect_request(asked, None, 302, "Found", {}, "https://example.org/y.csv")
    assert followed.full_url == "https://example.org/y.csv"
    assert followed.headers["Range"] == "bytes=5-"
