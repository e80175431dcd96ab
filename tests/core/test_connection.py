"""Why a server cannot be reached, in words; the rest of the connection is tried in test_fetch.py."""

import socket
import ssl
from collections.abc import Callable

import httpx2
import pytest

from core.connection import UnreachableError, open_address, split_secret
from core.errors import FetchError, InputError

UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed")
UNTRUSTED.verify_message = "self-signed certificate"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[httpx2.Request]]:
    """Give the responses of an invented network in turn; what is raised or redirected to, and return what was sent."""

    def answer_with(*responses: Exception | str) -> list[httpx2.Request]:
        requests: list[httpx2.Request] = []
        coming = iter(responses)

        def handle(transport: object, request: httpx2.Request) -> httpx2.Response:
            requests.append(request)
            response = next(coming, None)
            if isinstance(response, Exception):
                raise httpx2.ConnectError("wrapped") from response
            return httpx2.Response(302, headers={"Location": response}) if response else httpx2.Response(200)

        monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", handle)
        return requests

    return answer_with


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (TimeoutError("timed out"), "it did not answer within 2.5 seconds"),
        (UNTRUSTED, r"its certificate is not trusted \(self-signed certificate\)"),
        (socket.gaierror(-3, "Temporary failure"), "its name cannot be looked up"),
        (ConnectionRefusedError(111, "refused"), "it refused the connection"),
        (OSError(101, "Network is unreachable"), "network is unreachable"),
        (httpx2.ProxyError("proxy says no"), "proxy says no"),
        (httpx2.RemoteProtocolError("nonsense"), "nonsense"),
    ],
)
def test_each_reason_has_its_words(network, cause, said):
    network(cause)
    with (
        pytest.raises(UnreachableError, match=f"^example.org cannot be reached: {said}"),
        open_address("https://example.org/x.csv", {}, timeout=2.5),
    ):
        pass


def test_a_proxy_of_another_kind_is_said(monkeypatch):
    monkeypatch.setenv("all_proxy", "ftp://127.0.0.1:9")
    with (
        pytest.raises(UnreachableError, match="example.org cannot be reached: the proxy .* must be http or https"),
        open_address("https://example.org/x.csv", {}, timeout=2.5),
    ):
        pass


@pytest.mark.parametrize("target", ["http://example.org/x.csv", "ftp://example.org/x.csv"])
def test_no_redirect_leads_from_https_back_to_http(network, target):
    requests = network(target)
    with (
        pytest.raises(FetchError, match="example.org points on to an address that is not safe"),
        open_address("https://example.org/x.csv", {}, timeout=1.0),
    ):
        pass
    assert len(requests) == 1


def test_a_circle_of_redirects_is_left(network):
    requests = network(*["https://example.org/x.csv"] * 100)
    with pytest.raises(FetchError, match="status 302"), open_address("https://example.org/x.csv", {}, timeout=1.0):
        pass
    assert len(requests) == 11


def test_a_redirect_to_https_is_followed(network):
    requests = network("https://example.org/y.csv")
    with open_address("http://example.org/x.csv", {"Range": "bytes=5-"}, timeout=1.0) as response:
        assert response.status_code == 200
    assert str(requests[1].url) == "https://example.org/y.csv"
    assert requests[1].headers["Range"] == "bytes=5-"


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


@pytest.mark.parametrize("target", ["https://elsewhere.org/", "https://example.org/y.csv", "/y.csv"])
def test_the_secret_goes_to_its_own_host_and_after_no_redirect(network, target):
    requests = network(target)
    with open_address("https://example.org/x.csv", {}, timeout=1.0, secret="user:token"):
        pass
    assert [request.headers.get("Authorization") for request in requests] == ["Basic dXNlcjp0b2tlbg==", None]
