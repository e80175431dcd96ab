"""Why a server cannot be reached, in words; the rest of the connection is tried in test_fetch.py."""

import http.client
import socket
import ssl
import urllib.error
import urllib.request

import pytest

from core import connection
from core.connection import UnreachableError, open_address, split_secret
from core.errors import FetchError, InputError

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


@pytest.mark.parametrize(
    ("url", "address", "secret"),
    [
        ("https://user:token@example.org/a?b=c@d#e@f", "https://example.org/a?b=c@d#e@f", "user:token"),
        ("https://token@example.org:8080", "https://example.org:8080", "token"),
        ("https://a%40b:p%3Aw@example.org/", "https://example.org/", "a@b:p:w"),
        ("https://a:b@c@example.org/", "https://example.org/", "a:b@c"),
        ("http://user:token@127.0.0.1:9/x", "http://127.0.0.1:9/x", "user:token"),
        ("https://example.org/user:token@x", "https://example.org/user:token@x", ""),
        ("library/genre", "library/genre", ""),
    ],
)
def test_the_secret_is_taken_out_of_an_address(url, address, secret):
    assert split_secret(url) == (address, secret)


def test_a_secret_does_not_go_over_a_network_in_the_clear():
    with pytest.raises(InputError, match="must begin with https://") as refused:
        split_secret("http://user:token@example.org/x")
    assert "token" not in str(refused.value)


def test_the_secret_goes_to_its_own_host_and_after_no_redirect(monkeypatch):
    asked = []

    class Opener:
        def open(self, request: urllib.request.Request, timeout: float) -> None:
            asked.append(request)
            raise TimeoutError

    monkeypatch.setattr(connection, "_opener", Opener)
    with pytest.raises(UnreachableError):
        open_address("https://example.org/x.csv", {}, timeout=1.0, secret="user:token")
    assert asked[0].get_header("Authorization") == "Basic dXNlcjp0b2tlbg=="
    followed = connection._Redirects().redirect_request(asked[0], None, 302, "Found", {}, "https://elsewhere.org/")
    assert followed.get_header("Authorization") is None
