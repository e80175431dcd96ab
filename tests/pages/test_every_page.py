"""Every page opens on a small workspace: quick, so that no page goes unrun where slow tests are left out."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.predictions import load_predictions
from core.storage import Workspace
from core.thresholds import Policy
from tests.serving import ROOT

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
VIEWS = [
    *((name, {}) for name in PAGES),
    *(("thresholds.py", {"way": way}) for way in ("By a promise", "By hand")),
    ("representativeness.py", {"show": "Times as frequent"}),
    ("export.py", {"look": "Where each book goes"}),
]
# A word that stands on the page only when what it is about has been computed.
WORDS = {
    "catalogue.py": "library",
    "representativeness.py": "All facets",
    "review.py": "42 waiting",
    "thresholds.py": "accept",
    "home.py": "What is loaded",
    "help.py": "About these numbers",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A catalogue of 80 books, 40 of which people labelled, what a tool elsewhere said of all of them, and cut-offs."""
    folder = tmp_path_factory.mktemp("small")
    workspace = Workspace(folder / "workspace")
    rows = range(80)
    books = pd.DataFrame(
        {
            "record_id": [f"b{i:04}" for i in rows],
            "title": [f"{'A tale of' if i % 2 else 'On the nature of'} number {i}" for i in rows],
            "year": [str(1800 + i) for i in rows],
            "language": ["English" if i % 4 else "German" for i in rows],
        }
    )
    genre = pd.Series(["Fiction" if i % 2 else "Essay" for i in rows])
    wrong = pd.Series([i % 10 == 0 for i in rows])
    tables = {
        "library": ("corpus", books),
        "checked": ("labels", books.head(40).assign(label=genre)),
        "tool": (
            "predictions",
            books.assign(
                predicted=genre.where(~wrong, "Fiction"),
                confidence=[0.6 + (i % 40) / 100 for i in rows],
                truth=genre.where(pd.Series(rows) < 40, ""),
            ),
        ),
    }
    for name, (kind, table) in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
        import_file(workspace, folder / f"{name}.csv", kind, name=name)
    policy = SavedPolicy(policy=Policy({"Fiction": 0.8, "Essay": 0.8}))
    save_policy(workspace, load_predictions(workspace, "tool").fingerprint, policy)
    return workspace


@pytest.fixture
def small(library: Workspace, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(library.root, tmp_path / "workspace"))


@pytest.mark.parametrize(("name", "query"), VIEWS, ids=str)
def test_it_opens(name: str, query: dict[str, str], small: Workspace, open_page: Callable[..., AppTest]) -> None:
    page = open_page(small, name)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    assert len(page.title) == 1
    shown = " ".join(str(block.value) for kind in (page.header, page.markdown, page.caption) for block in kind)
    assert WORDS.get(name, "") in shown


@pytest.mark.parametrize("way", ["By hand", "Von Hand"], ids=["by its key", "as addresses named it in German before"])
def test_an_address_of_any_language_shows_the_same(
    way: str, small: Workspace, open_page: Callable[..., AppTest]
) -> None:
    for language in ("de", "en"):
        page = open_page(small, "thresholds.py")
        page.query_params["lang"], page.query_params["way"], page.query_params["kept_by"] = language, way, "decade"
        page.run()
        assert (page.session_state["way"], page.session_state["kept_by"]) == ("By hand", "decade")
        assert (page.query_params["way"], page.query_params["kept_by"]) == ("By hand", "decade")


def test_a_choice_survives_a_change_of_language(small: Workspace, open_page: Callable[..., AppTest]) -> None:
    page = open_page(small, "catalogue.py").run()
    page.segmented_control(key="view").set_value("Records").run()
    page.segmented_control(key="lang").set_value("de").run()
    assert not page.exception
    assert page.segmented_control(key="view").value == "Records"
    assert page.title[0].value == "Katalog"
