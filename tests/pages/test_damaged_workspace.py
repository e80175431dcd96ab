"""A workspace of which something is damaged: the pages say so, show the rest, and show no traceback."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.storage import Workspace
from core.thresholds import Policy
from dashboard.navigation import PAGES
from tests import disks
from tests.pages.conftest import Open
from tests.serving import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("file", [stop.file for stop in PAGES])
def test_a_damaged_database_is_a_message(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "colophon.db").write_text("no database", encoding="utf-8")
    monkeypatch.setenv("COLOPHON_HOME", str(tmp_path))
    st.cache_resource.clear()
    page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=240)
    page.switch_page(str(ROOT / "pages" / file)).run()
    assert not page.exception
    assert page.error
    for message in page.error:
        text = message.value.replace("\\", "")
        assert text.startswith("The workspace's database colophon.db is damaged")
        assert "Stop the server first, if one runs. Put a copy of an earlier day in its place" in text


def texts(page: AppTest) -> str:
    shown = [*page.markdown, *page.expander, *page.info, *page.warning]
    return "\n".join(str(getattr(item, "value", None) or getattr(item, "label", "")) for item in shown).replace(
        "\\", ""
    )


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


SEEN = ("home.py", "catalogue.py", "errors.py", "review.py", "models.py", "share.py", "export.py")
HARM: tuple[tuple[str, str, str, Callable[[Path], None]], ...] = (
    ("corpora", "demo-catalogue", "records.parquet", Path.unlink),
    ("labels", "demo-annotated", "labels.parquet", cut),
    ("models", "second", "metrics.json", lambda path: path.write_text('{"test": [1]}') and None),
    ("predictions", "others", "manifest.json", emptied),
)


@pytest.fixture
def harmed(demo_copy: Workspace) -> Workspace:
    """Return a workspace of which something of each kind cannot be read."""
    table = demo_copy.root / "others.csv"
    table.write_text("id,title,predicted,truth\n1,A tale,Fiction,Fiction\n2,A map,Poetry,Fiction\n", encoding="utf-8")
    import_file(demo_copy, table, "predictions", name="others")
    model = demo_copy.find("models", "demo-tfidf")
    shutil.copytree(model.path, model.path.with_name("0123456789abcdef"))
    demo_copy.database.assign_name("models", "second", "0123456789abcdef")
    predictions = demo_copy.find("predictions", "demo-predictions")
    demo_copy.database.assign_name("predictions", "demo-predictions", predictions.fingerprint)  # the newest again
    cuts = dict.fromkeys(predictions.manifest.classes, 0.9)
    save_policy(demo_copy, predictions.fingerprint, SavedPolicy(policy=Policy(cuts)))
    for kind, name, file, harm in HARM:
        harm(demo_copy.find(kind, name).path / file)
    return demo_copy


@pytest.mark.parametrize("file", SEEN)
def test_the_rest_is_shown_and_the_odd_is_named(open_page: Open, harmed: Workspace, file: str) -> None:
    page = open_page(harmed, file).run()
    assert not page.exception
    assert not page.error
    text = texts(page)
    assert "4 things of this workspace cannot be read. Everything else is shown as usual." in text
    for name, why in (
        ("“demo-catalogue” (corpus)", "its records.parquet is missing"),
        ("“demo-annotated” (labels)", "its labels.parquet is cut short"),
        ("“second” (model)", "in its metrics.json, 'test' is not what it should be"),
        ("“others” (predictions)", "its manifest.json is empty"),
    ):
        assert f"{name}: {why}" in text
    assert page.sidebar.selectbox[0].options == ["demo-predictions"]


def test_a_model_that_cannot_be_read_leaves_its_predictions_to_be_looked_at(
    open_page: Open, demo_copy: Workspace
) -> None:
    emptied(demo_copy.find("models", "demo-tfidf").path / "manifest.json")
    page = open_page(demo_copy, "home.py").run()
    assert not page.exception
    assert not page.error
    assert "The verdict on “demo-predictions”" in texts(page)


def test_the_odd_one_is_removed_on_the_page(open_page: Open, demo_copy: Workspace) -> None:
    emptied(demo_copy.find("models", "demo-tfidf").path / "manifest.json")
    page = open_page(demo_copy, "models.py").run()
    page.checkbox(key="remove-sure-models-demo-tfidf").check().run()
    assert "demo-predictions: made with it" in texts(page)
    page.button(key="remove-go-models-demo-tfidf").click().run()
    assert not page.exception
    assert page.success[0].value.replace("\\", "").startswith("The model 'demo-tfidf' was removed.")
    assert demo_copy.unreadable("models") == []
    assert demo_copy.list("predictions") == []


def test_decisions_of_another_version_are_counted_and_the_others_hold(open_page: Open, demo_copy: Workspace) -> None:
    fingerprint = demo_copy.find("predictions", "demo-predictions").fingerprint
    demo_copy.database.add("decision", fingerprint, {"record": "7", "verdict": "Fiction"})
    for file in ("home.py", "review.py", "export.py"):
        page = open_page(demo_copy, file).run()
        assert not page.exception
        assert not page.error
        assert "1 decision: written by another version of Colophon" in texts(page)


@pytest.mark.parametrize("file", SEEN)
def test_a_read_only_workspace_can_be_looked_at(
    open_page: Open, demo_copy: Workspace, tmp_path: Path, file: str
) -> None:
    with disks.read_only(demo_copy.root, tmp_path / "view") as view:
        page = open_page(Workspace(view), file).run()
        assert not page.exception
        assert not page.error
        assert "You can look at everything here, and change nothing" in texts(page)


def test_a_replaced_database_is_said_on_the_next_page(open_page: Open, demo_copy: Workspace) -> None:
    app = open_page(demo_copy, "review.py").run()
    other = demo_copy.root / "other.db"
    other.write_bytes((demo_copy.root / "colophon.db").read_bytes())
    other.replace(demo_copy.root / "colophon.db")
    app.run()
    assert not app.exception
    assert "Stop the server first" in app.error[0].value
