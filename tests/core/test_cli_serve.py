"""`colophon serve` says itself where the dashboard listens, and to whom it answers."""

from pathlib import Path
from typing import Any

import pytest

from core.cli import data, main
from core.cli.data import serve_command
from core.errors import InputError
from core.uploads import VARIABLE
from tests.serving import free_port


def _options(command: list[str]) -> dict[str, list[str]]:
    after = command[6:]
    result: dict[str, list[str]] = {}
    for name, value in zip(after[::2], after[1::2], strict=True):
        result.setdefault(name, []).append(value)
    return result


def test_it_listens_at_this_machine_alone_and_prints_no_address_of_the_network():
    options = _options(serve_command(Path("/anywhere"), 8600, ["books.example", "*.books.example"]))
    assert options["--server.address"] == ["127.0.0.1"]
    assert options["--server.port"] == ["8600"]
    assert options["--server.allowedHosts"] == ["127.0.0.1", "localhost", "books.example", "*.books.example"]
    assert options["--browser.gatherUsageStats"] == ["false"]
    assert options["--logger.hideWelcomeMessage"] == ["true"]


@pytest.mark.parametrize("name", ["*", "http://books.example", "books.example:8501", "a b", "", "-x"])
def test_what_is_no_host_name_is_refused(name):
    with pytest.raises(InputError, match="is no host name"):
        serve_command(Path("/anywhere"), 8600, [name])


def test_in_a_container_it_listens_where_it_is_told() -> None:
    options = _options(serve_command(Path("/anywhere"), 8501, ["books.example"], "0.0.0.0"))
    assert options["--server.address"] == ["0.0.0.0"]
    assert options["--server.allowedHosts"] == ["127.0.0.1", "localhost", "books.example"]
    options = _options(serve_command(Path("/anywhere"), 8501, [], "10.0.0.5"))
    assert options["--server.allowedHosts"] == ["127.0.0.1", "localhost", "10.0.0.5"]


@pytest.mark.parametrize("address", ["books.example", "0.0.0", "", "::1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="is no address to listen at"):
        serve_command(Path("/anywhere"), 8501, [], address)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    class Ended:
        def __init__(self, command: list[str], **options: Any) -> None:
            calls.append({"command": command, **options})

        def __enter__(self) -> "Ended":
            return self

        def __exit__(self, *error: object) -> None: ...

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(data.subprocess, "Popen", Ended)
    monkeypatch.delenv(VARIABLE, raising=False)
    return calls


def test_folders_of_the_server_are_open_to_the_pages_only_when_they_are_named(started, tmp_path):
    serve = ["serve", "--no-browser", "--port", str(free_port()), "--workspace", str(tmp_path / "workspace")]
    (tmp_path / "lists").mkdir()
    assert main(serve) == 0
    assert main([*serve, "--folder", str(tmp_path / "lists"), "--folder", str(tmp_path)]) == 0
    assert VARIABLE not in started[0]["env"]
    assert started[1]["env"][VARIABLE] == f"{(tmp_path / 'lists').resolve()}:{tmp_path.resolve()}"


def test_it_says_who_can_do_what_when_others_can_open_a_connection(started, tmp_path, capsys):
    serve = ["serve", "--no-browser", "--port", str(free_port()), "--workspace", str(tmp_path / "workspace")]
    assert main(serve) == 0
    assert "unless people sign in" not in capsys.readouterr().err
    assert main([*serve, "--address", "0.0.0.0"]) == 0
    text = capsys.readouterr().err
    assert "The dashboard is at http://127.0.0.1:" in text
    assert "It listens at 0.0.0.0: unless people sign in, whoever can open a connection to port" in text


def test_a_folder_that_is_not_there_is_said_and_nothing_is_started(started, tmp_path, capsys):
    words = ["serve", "--no-browser", "--port", str(free_port()), "--workspace", str(tmp_path / "workspace")]
    assert main([*words, "--folder", str(tmp_path / "none")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert started == []
