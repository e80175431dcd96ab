import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile
from streamlit.testing.v1 import AppTest

from core.cli import main
from core.demonstration import MODEL, PREDICTIONS
from core.sharing.card_text import saved_card, saved_card_metadata
from core.sharing.push import write_share_bundle
from core.storage import Workspace
from dashboard import share_view
from tests.serving import ROOT

pytestmark = pytest.mark.slow

TOKEN = "hf_TypedOnThePage"


@pytest.fixture(scope="session")
def shareable(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration with an export in it."""
    root = shutil.copytree(demo_workspace.root, tmp_path_factory.mktemp("share") / "workspace")
    cuts = ["--cut", "Fiction=.9", "--cut", "Non-fiction=.9"]
    out = ["--format", "csv", "--out", str(root / "exports" / "accepted.zip")]
    said = ["--workspace", str(root), "--quiet", "export", "--predictions", PREDICTIONS, "--labels", "demo-test"]
    assert main([*said, *cuts, *out]) == 0
    return root


@pytest.fixture
def place(shareable: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(shareable, tmp_path / "workspace"))


def opened(place: Workspace, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("COLOPHON_HOME", str(place.root))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    st.cache_resource.clear()
    st.cache_data.clear()
    page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=240)
    for key, value in query.items():
        page.query_params[key] = value
    page.switch_page(str(ROOT / "pages" / "share.py")).run()
    assert not page.exception
    return page


@pytest.fixture(autouse=True)
def caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


def said(page: AppTest) -> str:
    return "\n".join(item.value for item in page.markdown)


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def test_the_card_is_shown_and_says_what_is_missing(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(place, monkeypatch)
    assert page.markdown[0].value.startswith("## “demo\\-tfidf” can be shared; ")
    assert "parts of its card are not filled in yet" in page.markdown[0].value
    assert "| Accuracy | 0." in said(page)
    assert "<!--" not in said(page)


def test_what_a_person_says_enters_the_card_and_stays(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(place, monkeypatch)
    next(box for box in page.text_input if box.label == "Library").input("Library of Examples")
    next(box for box in page.selectbox if box.label == "Licence").select("cc0-1.0")
    press(page, "Put into the card")
    assert not page.exception
    assert "**Developed by:** Library of Examples" in said(page)
    home = place.find("models", MODEL).path
    assert saved_card_metadata(home).licence == "cc0-1.0"
    again = opened(place, monkeypatch, share="How to cite")
    assert "Library of Examples" in said(again)
    assert "license: CC0-1.0" in again.code[0].value


def test_a_changed_card_is_kept_its_numbers_are_not_and_it_can_be_undone(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(place, monkeypatch)
    page.session_state["card_as"] = "As text, to change"
    page.run()
    text = page.text_area[0].value
    flattered = text.replace("| Accuracy | 0.", "| Accuracy | 1.").replace("## Uses", "## What we use it for")
    page.text_area[0].input(flattered)
    press(page, "Keep this card")
    assert not page.exception
    home = place.find("models", MODEL).path
    saved = saved_card(home)
    assert saved is not None
    assert "## What we use it for" in saved
    assert "| Accuracy | 1." not in saved
    assert page.text_area[0].value == saved
    press(page, "Begin again from the measured facts")
    assert saved_card(home) is None
    assert page.text_area[0].value == text


def test_a_card_that_the_hub_would_not_take_is_not_kept(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(place, monkeypatch)
    page.session_state["card_as"] = "As text, to change"
    page.run()
    page.text_area[0].input(page.text_area[0].value.replace("library_name: colophon", "license: CC0"))
    press(page, "Keep this card")
    assert "is no licence that the Hub knows" in page.error[0].value
    assert saved_card(place.find("models", MODEL).path) is None


def test_the_typed_token_goes_to_the_job_alone(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(share_view, "start", lambda *arguments: started.append(arguments))
    page = opened(place, monkeypatch, share="Send it")
    next(box for box in page.text_input if box.label == "Repository").input("library/genre")
    next(box for box in page.text_input if box.label.startswith("Token")).input(TOKEN)
    press(page, "Share on the Hub")
    assert not page.exception
    _, module, config, title, secrets = started[0]
    assert module == "core.sharing.push"
    assert config == {"target": "library/genre", "private": True, "model": MODEL}
    assert secrets == {"HF_TOKEN": TOKEN}
    assert TOKEN not in title
    assert all(TOKEN not in str(values) for values in page.query_params.values())
    assert not [path for path in place.root.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_without_a_token_of_ones_own_nothing_is_sent_though_the_server_has_one(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(share_view, "start", lambda *arguments: started.append(arguments))
    page = opened(place, monkeypatch, share="Send it")
    monkeypatch.setenv("HF_TOKEN", "hf_OfTheOperator")
    next(box for box in page.text_input if box.label == "Repository").input("library/genre")
    press(page, "Share on the Hub")
    assert any("Type the token" in item.value for item in page.warning)
    assert started == []


@pytest.mark.parametrize(("typed", "secrets"), [("", None), (TOKEN, {"HF_TOKEN": TOKEN})])
def test_a_token_in_an_address_is_out_of_it_before_a_job_is_written(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, typed: str, secrets: dict[str, str] | None
) -> None:
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(share_view, "start", lambda *arguments: started.append(arguments))
    page = opened(place, monkeypatch, share="Bring one in")
    monkeypatch.setenv("HF_TOKEN", "hf_OfTheOperator")
    address = "https://huggingface.co/library/genre"
    written = address.replace("//", f"//user:{typed}@") if typed else address
    next(box for box in page.text_input if box.label == "Name on the Hub").input(written)
    press(page, "Bring it in")
    assert not page.exception
    [(_, module, config, title, given)] = started
    assert (module, config) == ("core.sharing.pull", {"source": address, "name": None})
    assert title == f"Bringing in {address}"
    assert given == secrets


@pytest.mark.parametrize(
    ("target", "token", "message"),
    [("genre", TOKEN, "is no name on the Hub"), ("library/genre", "", "Type the token")],
)
def test_what_cannot_be_sent_starts_nothing(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, target: str, token: str, message: str
) -> None:
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(share_view, "start", lambda *arguments: started.append(arguments))
    page = opened(place, monkeypatch, share="Send it")
    next(box for box in page.text_input if box.label == "Repository").input(target)
    next(box for box in page.text_input if box.label.startswith("Token")).input(token)
    press(page, "Share on the Hub")
    assert any(message in item.value for item in [*page.error, *page.warning])
    assert started == []


def test_an_export_has_a_card_of_its_own(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(place, monkeypatch, share_kind="Export")
    assert "“accepted” can be shared" in page.markdown[0].value
    assert "Measured quality" in said(page)
    assert "It was made from invented records" in said(page)


def test_a_title_is_read_and_explained(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(place, monkeypatch, share="Try a title")
    page.text_input(key="try_title").input("The mystery of the old mill").run()
    assert not page.exception
    assert "says Fiction, " in said(page)
    assert "For it speak" in said(page)
    chances = next(table.value for table in page.dataframe if "probability" in table.value)
    assert chances["probability"].sum() == pytest.approx(100, abs=0.1)  # shown in per cent


def test_a_title_is_text_whatever_it_holds(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(place, monkeypatch, share="Try a title")
    page.text_input(key="try_title").input("![x](http://x.example/y.png) <script> $a$ :red[b]").run()
    assert not page.exception
    assert "![x](http" not in said(page)


def test_an_empty_workspace_can_bring_something_in(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(workspace, monkeypatch)
    assert page.markdown[0].value.startswith("## There is nothing to share yet")
    assert [button.label for button in page.button] == ["Bring it in", "Bring it in"]


def press_unpack(page: AppTest) -> None:
    [button for button in page.button if button.label == "Bring it in"][1].click()
    page.run()


def test_a_zip_that_somebody_sent_is_taken_in_and_cleared(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to the disk in blocks, is compared with what was sent, and the browser's copy is let go."""
    packed = write_share_bundle(place, tmp_path / "From a friend.zip", model=MODEL)
    released: list[str] = []
    forget = share_view.housekeeping.release_memory
    monkeypatch.setattr(
        share_view.housekeeping, "release_memory", lambda sent, key: (released.append(key), forget(sent, key))
    )
    monkeypatch.setattr(UploadedFile, "getvalue", lambda sent: pytest.fail("the whole file was copied"))
    page = opened(place, monkeypatch, share="Bring one in")
    page.file_uploader[0].upload(packed.name, packed.read_bytes(), "application/zip")
    page.text_input(key="unpack_name").input("gift")
    press_unpack(page)
    assert not page.exception
    assert "“gift” is here." in page.success[0].value
    assert place.find("models", "gift").fingerprint == place.find("models", MODEL).fingerprint
    assert released == ["unpack_file"]
    assert list((place.root / "uploads").iterdir()) == []
    page.file_uploader[0].upload("broken.zip", packed.read_bytes()[:2000], "application/zip")
    press_unpack(page)
    assert not page.exception
    assert page.error and list((place.root / "uploads").iterdir()) == []
