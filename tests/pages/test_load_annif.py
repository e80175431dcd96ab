"""Loading Annif's suggestions on the Catalogue page: a zip that is sent, a folder on the server."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.importing import ReadOptions, import_file
from core.storage import Workspace
from dashboard import cache
from tests.serving import ROOT

FILES = {"0012.annif": "<http://x/1>\tMap\t0.2000\n<http://x/2>\tPlay\t0.8000\n", "0013.annif": "", "0012.txt": "a map"}


@pytest.fixture
def page(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AppTest]:
    monkeypatch.setenv("COLOPHON_HOME", str(workspace.root))
    monkeypatch.setenv("COLOPHON_SERVER_FOLDERS", str(tmp_path))
    cache.server_workspace.clear()  # type: ignore[attr-defined]
    yield AppTest.from_file(str(Path(ROOT, "pages", "catalogue.py")), default_timeout=240).run()
    cache.server_workspace.clear()  # type: ignore[attr-defined]


def imported(page: AppTest, workspace: Workspace, started: list[dict[str, Any]]) -> None:
    """Choose predictions, press Import, and do what the page asked for."""
    page.selectbox(key="import_kind").select("predictions").run()
    assert not page.exception
    assert not any("choose above" in warning.value for warning in page.warning)
    assert page.dataframe[0].value["document_id"].tolist() == ["0012", "0013"]
    page.button(key="import_go").click().run()
    assert not page.exception
    (config,) = started
    report = import_file(
        workspace,
        Path(config["path"]),
        config["kind"],
        name=config["name"],
        overrides=config["overrides"],
        reading=ReadOptions(**config["reading"]),
    )
    assert (report.name, report.format, report.rows) == ("docs", "annif", 2)
    assert report.mapping == {"document_id": "record_id", "predicted": "predicted", "confidence": "confidence"}


@pytest.mark.slow
def test_a_zip_that_is_sent(page: AppTest, workspace: Workspace, started: list[dict[str, Any]]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(f"docs/{name}", content)
    page.file_uploader[0].upload("docs.zip", packed.getvalue(), "application/zip").run()
    assert not page.exception
    assert page.selectbox(key="import_kind").value == "predictions"
    page.selectbox(key="import_kind").select("corpus").run()
    assert any("choose above that the file holds predictions" in warning.value for warning in page.warning)
    imported(page, workspace, started)


def test_a_folder_on_the_server(
    page: AppTest, workspace: Workspace, started: list[dict[str, Any]], tmp_path: Path
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    page.segmented_control(key="way").set_value("On this server").run()
    page.text_input[0].input("docs").run()
    assert not page.exception
    imported(page, workspace, started)


def test_a_folder_of_other_files_is_refused_in_words(page: AppTest, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    page.segmented_control(key="way").set_value("On this server").run()
    page.text_input[0].input("others").run()
    assert not page.exception
    assert "no file directly in it ends in" in page.error[0].value.replace("\\", "")
