"""A reader is one entry and one module: a format that nobody knows is added, and imported by command and page."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.processes import module_environment
from core.storage import Workspace
from dashboard import cache

ROOT = Path(__file__).resolve().parents[3]

# Invented: a card a paragraph, its first line the mark, "key> value" a line.
READER = """
import numpy as np
import pandas as pd
from core.readers.reading import FORMATS
from core.readers.table import Reader, RejectedRows, SourceTable

def read(opened, options, progress):
    cards = [card for card in opened.stream.read().decode("utf-8").split("%CARD%\\n") if card]
    rows = [dict(line.split("> ", 1) for line in card.splitlines()) for card in cards]
    return SourceTable(
        path=opened.path, format="cards", encoding="utf-8", delimiter="", frame=pd.DataFrame(rows, dtype="str"),
        lines=np.arange(1, len(rows) + 1), rejected=RejectedRows().frame(), warnings=(),
        reasons=("Each card is a row.",),
    )

FORMATS["cards"] = Reader(
    name="cards", module="card_reader", words="Cards", kind="predictions", holds="These are cards of predictions",
    recognise=lambda name, head, begins: "It begins with a card." if begins.startswith("%CARD%") else "",
)
"""
CARDS = "".join(
    f"%CARD%\nid> {i:03}\ntitle> A tale of Pell {i}\npredicted> {'Tales' if i % 2 else 'Maps'}\nconfidence> 0.9\n"
    for i in range(1, 21)
)


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a file of cards; every Python that is started from here knows the reader of cards, and so does this."""
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "card_reader.py").write_text(READER, encoding="utf-8")
    (beside / "sitecustomize.py").write_text("import card_reader\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(beside))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(beside)]))
    import card_reader  # type: ignore[import-not-found]

    from core.readers.reading import FORMATS

    path = tmp_path / "books.cards"
    path.write_text(CARDS, encoding="utf-8")
    yield path
    del FORMATS["cards"]
    del sys.modules["card_reader"], card_reader


def _command(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "core.cli", *args]
    return subprocess.run(command, env=module_environment(), capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_line_names_and_imports_it(cards: Path, tmp_path: Path) -> None:
    assert "Cards" in _command("import", "--help").stdout
    done = _command(
        "import", str(cards), "--kind", "predictions", "--workspace", str(tmp_path / "w"), "--json", "--quiet"
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["format"], report["rows"]) == ("cards", 20)
    assert report["reasons"][:2] == ["It begins with a card.", "Each card is a row."]


@pytest.mark.slow
def test_the_page_previews_and_imports_it(cards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path / "home")
    monkeypatch.setenv("COLOPHON_HOME", str(workspace.root))
    cache.server_workspace.clear()  # type: ignore[attr-defined]
    page = AppTest.from_file(str(ROOT / "pages" / "catalogue.py"), default_timeout=240).run()
    assert ", Cards" in page.file_uploader[0].label
    page.file_uploader[0].upload(cards.name, cards.read_bytes(), "text/plain").run()
    assert not page.exception
    assert page.selectbox(key="import_kind").value == "predictions"
    assert any("It begins with a card" in caption.value for caption in page.caption)
    page.selectbox(key="import_kind").select("corpus").run()
    assert any(
        "These are cards of predictions: choose above" in warning.value.replace("\\", "") for warning in page.warning
    )
    page.selectbox(key="import_kind").select("predictions").run()
    page.button(key="import_go").click().run()
    assert not page.exception
    deadline = time.monotonic() + 120
    while not workspace.list("predictions") and time.monotonic() < deadline:
        time.sleep(0.5)
    [artifact] = workspace.list("predictions")
    assert (artifact.manifest.format, artifact.manifest.rows) == ("cards", 20)
    cache.server_workspace.clear()  # type: ignore[attr-defined]
