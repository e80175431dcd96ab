"""The fetching of published data, against a small server on this machine that behaves well or badly on demand."""

import base64
import hashlib
import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import fetch as transport
from core.connection import UnreachableError
from core.errors import Cancelled, FetchError, InputError
from core.fetch import fetch, sources
from core.storage import Workspace

pytestmark = pytest.mark.slow

CONTENT = b"BL record ID,Title\n" + b"".join(b"%09d,A title\n" % number for number in range(40_000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NEWER = CONTENT + b"999999999,One more\n"


class Publisher:
    """What the server shall do, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.content = CONTENT
        self.headers = {"ETag": '"first"'}
        self.ranges = True
        self.status = 200
        self.location = ""
        self.break_after: int | None = None  # bytes of one answer; then the connection is cut
        self.stall_after: int | None = None  # bytes of one answer; then silence
        self.announce_length = True
        self.asked: list[dict[str, str]] = []
        self.closing = threading.Event()

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        self.asked.append(dict(handler.headers))
        if self.location:
            self._head(handler, 302, {"Location": self.location, "Content-Length": "0"})
        elif self.status != 200:
            self._head(handler, self.status, {"Content-Length": "0"})
        elif "ETag" in self.headers and handler.headers.get("If-None-Match") == self.headers["ETag"]:
            self._head(handler, 304, {})
        else:
            self._deliver(handler, *self._range(handler))

    def _range(self, handler: http.server.BaseHTTPRequestHandler) -> tuple[int, int]:
        wanted = handler.headers.get("Range", "")
        same = handler.headers.get("If-Range") in (self.headers.get("ETag"), self.headers.get("Last-Modified"))
        if not (self.ranges and wanted and same):
            return 200, 0
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        return (416 if start >= len(self.content) else 206), start

    def _deliver(self, handler: http.server.BaseHTTPRequestHandler, status: int, start: int) -> None:
        size = len(self.content)
        if status == 416:
            self._head(handler, 416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
            return
        body = self.content[start:]
        headers = dict(self.headers)
        if self.announce_length:
            headers["Content-Length"] = str(len(body))
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        self._head(handler, status, headers)
        limit = self.break_after if self.break_after is not None else self.stall_after
        handler.wfile.write(body if limit is None else body[:limit])
        if self.stall_after is not None:
            handler.wfile.flush()
            self.closing.wait(20)

    @staticmethod
    def _head(handler: http.server.BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(transport, "_PAUSE", 0.0)
    message = Publisher()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            message.answer(self)

        def log_message(self, *args: object) -> None:
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that hangs up is what some tests are about

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    message.url = f"http://127.0.0.1:{server.server_port}/downloads/digitised?locale=en"
    yield message
    message.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def get(publisher: Publisher, workspace: Workspace) -> Callable[..., object]:
    def ask(**options: object) -> object:
        return fetch(workspace, "digitised", **{"url": publisher.url, "timeout": 5.0, **options})

    return ask


def hidden(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.root / "downloads").iterdir() if path.name.startswith("."))


def test_a_download_is_kept_with_what_is_known_of_it(publisher, workspace, get):
    heard = []
    fetched = get(progress=lambda share, message: heard.append((share, message)))
    assert fetched.path == workspace.root / "downloads" / "digitised.csv"
    assert fetched.path.read_bytes() == CONTENT
    assert (fetched.bytes, fetched.sha256, fetched.outcome) == (len(CONTENT), SHA256, "downloaded")
    remembered = json.loads((workspace.root / "downloads" / "digitised.json").read_text())
    assert remembered["sha256"] == SHA256
    assert remembered["url"] == publisher.url
    assert remembered["etag"] == '"first"'
    assert remembered["licence"] == sources()["digitised"].licence
    assert publisher.asked[0]["User-Agent"] == "Colophon/0.1"
    assert heard[-1][0] == 1.0
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)
    assert hidden(workspace) == []


def test_a_second_download_asks_only_whether_there_is_something_newer(publisher, get):
    first = get()
    again = get()
    assert again.outcome == "unchanged"
    assert publisher.asked[1]["If-None-Match"] == '"first"'
    assert (again.sha256, again.fetched_at) == (first.sha256, first.fetched_at)


def test_a_damaged_copy_is_fetched_again(publisher, get):
    get().path.write_bytes(b"damaged")
    again = get()
    assert again.outcome == "downloaded"
    assert again.path.read_bytes() == CONTENT
    assert "If-None-Match" not in publisher.asked[1]


def test_without_a_length_the_whole_is_taken(publisher, get):
    publisher.announce_length = False
    assert get().sha256 == SHA256


# --- breaks ---------------------------------------------------------------------------------------------------------


def test_a_broken_download_goes_on_by_itself_where_it_stopped(publisher, get):
    publisher.break_after = 400_000
    assert get().sha256 == SHA256
    assert [requested.get("Range") for requested in publisher.asked] == [None, "bytes=400000-"]
    assert publisher.asked[1]["If-Range"] == '"first"'


def test_a_download_that_keeps_breaking_is_given_up_and_resumed_by_the_next_call(publisher, workspace, get):
    publisher.break_after = 200_000
    with pytest.raises(FetchError, match=r"^127\.0\.0\.1 broke off the connection after 0\.6 MB of 0\.7 MB\. The next"):
        get()
    assert hidden(workspace) == [".digitised.csv.part", ".digitised.csv.part.json"]
    assert not (workspace.root / "downloads" / "digitised.csv").exists()
    publisher.break_after = None
    assert get().sha256 == SHA256
    assert publisher.asked[-1]["Range"] == "bytes=600000-"
    assert hidden(workspace) == []


def test_a_server_that_ignores_ranges_is_asked_for_the_whole(publisher, get):
    publisher.break_after = 200_000
    with pytest.raises(FetchError, match="broke off"):
        get()
    publisher.ranges, publisher.break_after = False, None
    assert get().path.read_bytes() == CONTENT


def test_content_that_changed_in_between_is_not_glued_to_the_old_beginning(publisher, get):
    publisher.break_after = 200_000
    with pytest.raises(FetchError, match="broke off"):
        get()
    publisher.content, publisher.headers, publisher.break_after = NEWER, {"ETag": '"second"'}, None
    assert get().path.read_bytes() == NEWER


def test_content_that_became_shorter_is_asked_for_anew(publisher, get):
    publisher.break_after = 200_000
    with pytest.raises(FetchError, match="broke off"):
        get()
    publisher.content, publisher.break_after = CONTENT[:1000], None
    assert get().path.read_bytes() == CONTENT[:1000]
    assert ["Range" in requested for requested in publisher.asked[-2:]] == [True, False]


def test_a_part_that_is_rewritten_by_a_careless_server_is_not_glued(publisher, get):
    """The server answers the range although its content is another one, and says so in its ETag."""
    publisher.break_after = 200_000
    with pytest.raises(FetchError, match="broke off"):
        get()
    publisher.content, publisher.headers, publisher.break_after = NEWER, {"ETag": '"second"'}, None
    publisher._range = lambda handler: (206, 600_000) if "Range" in handler.headers else (200, 0)  # type: ignore[method-assign]
    assert get().path.read_bytes() == NEWER


def test_without_an_etag_or_a_date_nothing_is_resumed(publisher, get):
    publisher.headers, publisher.break_after = {}, 200_000
    with pytest.raises(FetchError, match="The next call starts again: this server cannot resume"):
        get()
    publisher.break_after = None
    assert get().sha256 == SHA256
    assert all("Range" not in requested for requested in publisher.asked)


def test_a_weak_etag_does_not_allow_to_resume_but_a_date_does(publisher, get):
    publisher.headers = {"ETag": 'W/"first"', "Last-Modified": "Wed, 01 Sep 2021 12:00:00 GMT"}
    publisher.break_after = 400_000
    assert get().sha256 == SHA256
    assert publisher.asked[1]["If-Range"] == "Wed, 01 Sep 2021 12:00:00 GMT"


def test_silence_is_not_waited_for(publisher, get):
    publisher.stall_after = 100_000
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 sent nothing for 0\.3 seconds after 0\.3 MB of 0\.7 MB"):
        get(timeout=0.3)


def test_two_downloads_at_once_are_found_out(publisher, workspace, get):
    def somebody_else(share: float, message: str) -> None:
        with (workspace.root / "downloads" / ".digitised.csv.part").open("ab") as stream:
            stream.write(CONTENT)  # as long as all of it: what lies in our buffer yet does not write over its end

    with pytest.raises(FetchError, match="another download of it was running at the same time"):
        get(progress=somebody_else)
    assert hidden(workspace) == []
    assert get().sha256 == SHA256


def test_a_person_can_stop_and_go_on_later(publisher, workspace, get):
    def stop(share: float, message: str) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        get(progress=stop)
    assert ".digitised.csv.part" in hidden(workspace)
    assert get().sha256 == SHA256


# --- another content ------------------------------------------------------------------------------------------------


def test_new_content_is_refused_until_it_is_accepted(publisher, workspace, get):
    get()
    publisher.content, publisher.headers = NEWER, {"ETag": '"second"'}
    newer = hashlib.sha256(NEWER).hexdigest()
    with pytest.raises(FetchError, match=f"{newer} now, but .*{SHA256} when .* take it with --accept-new"):
        get()
    assert (workspace.root / "downloads" / "digitised.csv").read_bytes() == CONTENT
    accepted = get(accept_new=True)
    assert (accepted.sha256, accepted.path.read_bytes()) == (newer, NEWER)
    assert publisher.asked[-1]["Range"] == f"bytes={len(NEWER)}-", "what was refused is not sent a second time"
    assert get().outcome == "unchanged"


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html>\n<html><head><title>Sign\n in </title></head></html>",
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- page --><html><title>Sign in</title></html>',
    ],
)
def test_a_web_page_is_not_data(publisher, workspace, get, page):
    publisher.content = page
    with pytest.raises(FetchError, match=r"is a web page \('Sign in'\), not data\. Open http.* with --from FILE"):
        get()
    assert not (workspace.root / "downloads" / "digitised.csv").exists()


def test_marcxml_is_not_taken_for_a_web_page(publisher, get):
    publisher.content = b'<?xml version="1.0"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim"></collection>'
    assert get().bytes == len(publisher.content)


def test_an_empty_answer_is_not_data(publisher, get):
    publisher.content = b""
    with pytest.raises(FetchError, match="is empty"):
        get()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "There is no file at http://127.*status 404.*--url"),
        (410, "There is no file at"),
        (403, r"127\.0\.0\.1 does not give the file to programs \(status 403\)"),
        (503, "is busy"),
        (500, "answered with status 500"),
    ],
)
def test_a_refusal_is_said_in_one_sentence(publisher, get, status, said):
    publisher.status = status
    with pytest.raises(FetchError, match=said):
        get()


def test_a_full_disk_is_said_before_anything_is_written(publisher, workspace, get, monkeypatch):
    monkeypatch.setattr(transport.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(FetchError, match=r"is 0\.7 MB, more than is free on the disk"):
        get()


def test_a_place_that_cannot_be_written_is_said(workspace, get):
    (workspace.folder("downloads") / ".digitised.csv.part").mkdir()
    with pytest.raises(FetchError, match=r"\.digitised\.csv\.part cannot be written"):
        get()


# --- no connection, wrong addresses ---------------------------------------------------------------------------------


def unused_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/x"


def test_without_a_connection_the_demonstration_is_offered(workspace):
    with pytest.raises(
        FetchError, match=r"127\.0\.0\.1 cannot be reached: it refused the connection\..*`colophon demo`"
    ):
        fetch(workspace, "digitised", url=unused_address(), timeout=2)


def test_an_unknown_host_is_told_apart(workspace):
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(workspace, "digitised", url="http://no-such-host.invalid/x", timeout=2)


def test_without_a_connection_an_intact_copy_is_good_enough(publisher, workspace, get, monkeypatch):
    first = get()

    def unreachable(*args: object, **options: object) -> None:
        raise UnreachableError("127.0.0.1 cannot be reached: no network.")

    monkeypatch.setattr("core.fetch.download", unreachable)
    again = get()
    assert (again.outcome, again.sha256) == ("not checked", first.sha256)


@pytest.mark.parametrize(
    "address", ["ftp://example.org/x.csv", "file:///x.csv", "data:text/csv,a", "x.csv", "https:///x"]
)
def test_only_http_and_https_are_opened(workspace, address):
    with pytest.raises(InputError, match="must begin with https:// or http://"):
        fetch(workspace, "digitised", url=address)


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x.csv", "file:///x.csv"])
def test_a_redirect_to_another_scheme_is_not_followed(publisher, get, location):
    publisher.location = location
    with pytest.raises(FetchError, match="points on to .* not followed"):
        get()


def test_an_unknown_source_names_the_known_ones(workspace):
    with pytest.raises(InputError, match="called 'books'. There are: digitised, annotations, catalogue"):
        fetch(workspace, "books")


# --- a file downloaded by hand --------------------------------------------------------------------------------------


def test_a_file_is_taken_as_if_it_had_been_downloaded(workspace, tmp_path):
    given = tmp_path / "saved.csv"
    given.write_bytes(CONTENT)
    fetched = fetch(workspace, "digitised", from_file=given)
    assert (fetched.outcome, fetched.sha256, fetched.path.read_bytes()) == ("copied", SHA256, CONTENT)
    assert given.exists()


def test_a_file_with_another_content_is_refused_until_it_is_accepted(workspace, tmp_path):
    given = tmp_path / "saved.csv"
    given.write_bytes(CONTENT)
    fetch(workspace, "digitised", from_file=given)
    given.write_bytes(NEWER)
    with pytest.raises(FetchError, match="is not what it was"):
        fetch(workspace, "digitised", from_file=given)
    assert hidden(workspace) == []
    assert fetch(workspace, "digitised", from_file=given, accept_new=True).bytes == len(NEWER)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "There is no file"), (b"", "is empty"), (b"<html>", "is a web page")]
)
def test_a_file_that_cannot_be_it_is_refused(workspace, tmp_path, content, said):
    given = tmp_path / "saved.csv"
    if content is not None:
        given.write_bytes(content)
    with pytest.raises((InputError, FetchError), match=said):
        fetch(workspace, "digitised", from_file=given)


def test_address_and_file_together_are_one_too_many(workspace):
    with pytest.raises(InputError, match="not both"):
        fetch(workspace, "digitised", url="https://example.org/x", from_file="x.csv")


def test_the_published_sources_are_complete():
    known = sources()
    assert list(known) == ["digitised", "annotations", "catalogue"]
    assert {name: source.rows for name, source in known.items()} == {
        "digitised": 52_695,
        "annotations": None,
        "catalogue": 1_752_078,
    }
    for source in known.values():
        assert source.url.startswith("https://")
        assert source.kind in ("corpus", "labels")
        assert Path(source.filename).name == source.filename
        assert source.licence and source.citation and source.title and source.description
    assert known["annotations"].doi == "10.23636/BKHQ-0312"


SECRET = "7oken-0f-a-person"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _with_secret(url: str) -> str:
    return url.replace("http://", f"http://reader:{SECRET}@")


def test_a_secret_in_the_address_goes_to_the_server_and_is_written_nowhere(publisher, workspace, get):
    publisher.break_after = 5
    with pytest.raises(FetchError) as broken:
        get(url=_with_secret(publisher.url))
    publisher.break_after = None
    got = get(url=_with_secret(publisher.url))
    assert {requested["Authorization"] for requested in publisher.asked} == {"Basic " + encoded(f"reader:{SECRET}")}
    assert got.url == publisher.url
    assert SECRET not in str(broken.value) + repr(got)
    everything = b"".join(path.read_bytes() for path in workspace.root.rglob("*") if path.is_file())
    assert SECRET.encode() not in everything
    # the copy is known by its address alone
    assert get(url=publisher.url).outcome == "unchanged"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_refusal_does_not_show_the_secret(publisher, get, status):
    publisher.status = status
    with pytest.raises(FetchError) as refused:
        get(url=_with_secret(publisher.url))
    assert SECRET not in str(refused.value) + refused.value.on_page


@pytest.mark.parametrize("url", [f"ftp://reader:{SECRET}@example.org/x", f"http://reader:{SECRET}@example.org/x"])
def test_an_address_that_is_refused_is_shown_without_its_secret(get, url):
    with pytest.raises(InputError) as refused:
        get(url=url)
    assert SECRET not in str(refused.value)
