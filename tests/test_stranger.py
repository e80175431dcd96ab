"""A stranger's page, open in the same browser, must not use the dashboard: tried against the running server."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that was started from another folder, without a word about its address."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with serving.dashboard(folder / "workspace", folder / "server.log", start_in=folder) as address:
        yield address


def _opens(address: str, **headers: str) -> int:
    """Return the status with which the websocket of the pages answers; 101 is an open door."""
    ours = address.removeprefix("http://")
    host, port = ours.split(":")
    target = f"ws://{headers.get('Host', ours)}/_stcore/stream"
    try:
        # The connection goes to the server whatever the address says, as that of a browser whose DNS was rebound.
        reached = socket.create_connection((host, int(port)))
        with connect(target, sock=reached, origin=headers["Origin"], subprotocols=["streamlit"], proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_our_own_page_opens_the_websocket(server):
    assert _opens(server, Origin=server) == 101


@pytest.mark.parametrize("host", ["evil.example:{port}", "evil.example", "127.0.0.1.evil.example:{port}"])
def test_a_host_name_that_was_pointed_here_does_not(server, host):
    rebound = host.format(port=server.rsplit(":", 1)[1])
    assert _opens(server, Host=rebound, Origin=f"http://{rebound}") == 400


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:3000", "http://127.0.0.1:3000", "null"])
def test_a_page_of_another_origin_does_not(server, origin):
    assert _opens(server, Origin=origin) == 403


def _get(address: str, **headers: str) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers)


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/media/0.csv"])
def test_nothing_is_answered_under_a_foreign_host_name(server, path):
    assert _get(server + path, Host="evil.example")[0] == 400


@pytest.mark.parametrize("path", ["/", "/thresholds", "/_stcore/health"])
def test_no_page_can_be_put_into_a_frame_or_load_from_elsewhere(server, path):
    status, headers = _get(server + path)
    headers = {name.lower(): value for name, value in headers.items()}
    assert status == 200
    assert headers["x-frame-options"] == "DENY"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == policy["frame-src"] == "'self'"
    assert not [value for value in policy.values() if "*" in value or "http" in value]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's list of listening sockets")
def test_it_listens_at_this_machine_alone_wherever_it_is_started(server):
    port = int(server.rsplit(":", 1)[1])
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
    own = [row[1] for row in listening if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
    assert own == [f"0100007F:{port:04X}"]


def test_a_server_without_an_address_is_refused_in_a_sentence(tmp_path):
    alone = tmp_path / "app.py"
    alone.write_text((serving.ROOT / "dashboard" / "app.py").read_text(encoding="utf-8"), encoding="utf-8")
    port = serving.free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(alone), "--server.port", str(port)]
    command += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    environment = {**serving.environment(tmp_path / "workspace"), "PYTHONPATH": str(serving.ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode != 0
    assert "Colophon would be open to the whole network" in ended.stderr
    assert "Traceback" not in ended.stderr
