import io
import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from core.cli import main
from core.demonstration import MODEL
from core.errors import Cancelled, ColophonError, InputError, NotFoundError
from core.jobs import start
from core.models.registry import load
from core.sharing.card_text import CardMetadata
from core.sharing.pull import pull
from core.sharing.push import HubError, check_target, endpoint, push
from core.storage import Workspace, file_sha256
from tests.core.sharing.hub_stand_in import TOKEN, Hub
from tests.serving import ROOT

pytestmark = pytest.mark.slow

TITLES = ["The rose of the valley: a romance", "A history of the county of Kent", "Gedichte", ""]
TARGET = "library/genre-from-titles"


def files_with(text: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_there_and_back_again_the_model_says_the_same(hub: Hub, demo_copy: Workspace, workspace: Workspace) -> None:
    pushed = push(demo_copy, TARGET, TOKEN, model=MODEL, metadata=CardMetadata(licence="cc0-1.0"))
    stored = hub.repositories["model", TARGET].files
    assert sorted(stored) == [item["name"] for item in pushed.files]
    assert {"README.md", "CITATION.cff", "zenodo.json", "manifest.json", "model.safetensors"} <= set(stored)
    assert b"license: cc0-1.0" in stored["README.md"]
    assert hub.repositories["model", TARGET].commits == 1

    pulled = pull(workspace, TARGET, name="theirs")
    assert pulled.kind == "model"
    assert pulled.fingerprint == demo_copy.find("models", MODEL).fingerprint
    ours, theirs = load(demo_copy, MODEL), load(workspace, "theirs")
    assert ours.predict(TITLES).equals(theirs.predict(TITLES))
    assert (theirs.path / "card" / "README.md").read_bytes() == stored["README.md"]
    assert "commit" in theirs.manifest.pulled_from


def test_a_bundle_comes_back_byte_for_byte(hub: Hub, demo_copy: Workspace, workspace: Workspace, bundle: Path) -> None:
    pushed = push(demo_copy, "library/genre", TOKEN, bundle=bundle, private=True)
    assert pushed.private
    assert pushed.target == f"{hub.address}/datasets/library/genre"
    with pytest.raises(NotFoundError, match="neither a model nor a data set, or it is private"):
        pull(workspace, "library/genre")
    pulled = pull(workspace, "library/genre", token=TOKEN)
    assert pulled.kind == "bundle"
    for item in pulled.files:
        assert file_sha256(Path(pulled.target) / "bundle" / item["name"]) == item["sha256"]
    # The address of its page is as good as its name.
    assert pull(workspace, f"{hub.address}/datasets/library/genre", token=TOKEN).fingerprint == pulled.fingerprint


def test_pushing_again_takes_away_what_is_no_longer_part_of_it(hub: Hub, demo_copy: Workspace) -> None:
    push(demo_copy, TARGET, TOKEN, model=MODEL)
    hub.repositories["model", TARGET].files |= {"old-part.json": b"{}", ".gitattributes": b"*.bin filter=lfs"}
    push(demo_copy, TARGET, TOKEN, model=MODEL)
    assert "old-part.json" not in hub.repositories["model", TARGET].files
    assert ".gitattributes" in hub.repositories["model", TARGET].files


def test_a_repository_with_other_things_is_left_alone(hub: Hub, demo_copy: Workspace) -> None:
    created = hub.put("model", TARGET, {"thesis.pdf": b"%PDF"})
    with pytest.raises(InputError, match=r"exists and holds other files, such as 'thesis\.pdf'"):
        push(demo_copy, TARGET, TOKEN, model=MODEL)
    assert created.files == {"thesis.pdf": b"%PDF"}


def test_what_shall_be_private_is_not_put_where_all_can_see_it(hub: Hub, demo_copy: Workspace) -> None:
    created = hub.put("model", TARGET, {})
    with pytest.raises(InputError, match="exists and everybody can see it"):
        push(demo_copy, TARGET, TOKEN, model=MODEL, private=True)
    assert created.files == {}


def test_a_file_that_the_hub_lost_is_missed(hub: Hub, demo_copy: Workspace) -> None:
    hub.lose = "training.parquet"
    with pytest.raises(HubError, match=r"does not have 'training\.parquet' as it was sent"):
        push(demo_copy, TARGET, TOKEN, model=MODEL)


def test_stopped_before_the_commit_nothing_is_there(hub: Hub, demo_copy: Workspace) -> None:
    def stop(fraction: float, message: str) -> None:
        if message.startswith("Sending vocabulary"):
            raise Cancelled

    with pytest.raises(Cancelled):
        push(demo_copy, TARGET, TOKEN, model=MODEL, progress=stop)
    assert hub.repositories["model", TARGET].files == {}
    assert not list(demo_copy.root.glob(".sharing-*"))


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/repos/create", 401, "does not know this token"),
        ("/repos/create", 403, "this token has no right to write"),
        ("/commit/", 413, "a file of 'library/genre-from-titles' is too large"),
        ("/preupload/", 400, "answered with the error 400"),
        ("/validate-yaml", 404, "has no 'library/genre-from-titles'"),
    ],
)
def test_a_refusal_is_one_sentence_and_never_holds_the_token(
    hub: Hub, demo_copy: Workspace, path: str, status: int, message: str
) -> None:
    hub.fail[path] = status
    with pytest.raises(HubError, match=message) as caught:
        push(demo_copy, TARGET, TOKEN, model=MODEL)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert TOKEN not in repr(caught.value)


def test_a_wrong_token_and_none(hub: Hub, demo_copy: Workspace) -> None:
    with pytest.raises(HubError, match="does not know this token"):
        push(demo_copy, TARGET, "hf_wrong", model=MODEL)
    for token, message in (("", "needs a token"), ("hf_a b", "a sign that no token has"), ("hf_ü", "a sign")):
        with pytest.raises(InputError, match=message) as caught:
            push(demo_copy, TARGET, token, model=MODEL)
        assert not token or token not in str(caught.value)
    assert hub.repositories == {}


def test_a_hub_that_cannot_be_reached(
    hub: Hub, demo_copy: Workspace, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match=r"127\.0\.0\.1 cannot be reached"):
        push(demo_copy, TARGET, TOKEN, model=MODEL)


def test_offline_is_said(hub: Hub, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        pull(workspace, TARGET)


@pytest.mark.parametrize("address", ["http://hub.example", "ftp://127.0.0.1", "https://name:secret@hub.example"])
def test_no_token_goes_over_a_network_in_the_clear(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(InputError, match="HF_ENDPOINT") as caught:
        endpoint()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["genre", "a/b/c", "a/../b", "a/b c", "/etc", "a/", "a/b--c", "a/.b"])
def test_names_that_the_hub_does_not_have(name: str) -> None:
    with pytest.raises(InputError, match="is no name on the Hub"):
        check_target(name)


def test_the_command_pushes_with_the_token_of_the_environment_and_never_shows_it(
    hub: Hub,
    demo_copy: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    place = ["--workspace", str(demo_copy.root), "--json"]
    assert main([*place, "push", "--model", MODEL, "--to", TARGET]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["target"] == f"{hub.address}/{TARGET}"
    assert main([*place, "pull", TARGET, "--as", "back"]) == 0
    again = capsys.readouterr()
    assert json.loads(again.out)["name"] == "back"
    hub.fail["/commit/"] = 403
    assert main([*place, "push", "--model", MODEL, "--to", "library/other"]) == 1
    refused = capsys.readouterr()
    assert "no right to write" in refused.err
    shown = output.out + output.err + again.out + again.err + refused.out + refused.err + caplog.text
    assert TOKEN not in shown
    assert files_with(TOKEN, tmp_path) == []


def test_without_a_terminal_the_command_does_not_ask(
    demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["--workspace", str(demo_copy.root), "push", "--model", MODEL, "--to", TARGET]) == 2
    assert "Set HF_TOKEN" in capsys.readouterr().err


@pytest.mark.slow
def test_a_job_gets_the_token_by_its_environment_and_nothing_on_disk_holds_it(
    hub: Hub, demo_copy: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("HF_HUB_OFFLINE", "0"), ("HF_HUB_DISABLE_XET", "1")):
        monkeypatch.setenv(name, value)
    for token, state in ((TOKEN, "done"), ("hf_wrongButSecretToo", "failed")):
        config = {"target": TARGET, "model": MODEL, "private": True}
        job = start(demo_copy, "core.sharing.push", config, "Sharing", secrets={"HF_TOKEN": token})
        wait_for(lambda job=job: job.status().finished)  # type: ignore[misc]
        assert job.status().state == state, job.status().error
        assert files_with(token, demo_copy.root) == []
    assert os.environ.get("HF_TOKEN") is None
    assert hub.repositories["model", TARGET].private


def wait_for(happened: Callable[[], bool]) -> None:
    import time

    end = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@pytest.mark.slow
def test_importing_the_package_loads_no_hub() -> None:
    code = "import sys, core.sharing, core.cli.export, core.sharing.push; print('huggingface_hub' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_errors_of_the_hub_are_meant_for_people() -> None:
    assert issubclass(HubError, ColophonError)
