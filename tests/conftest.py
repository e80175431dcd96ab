"""What tests share: a workspace of their own, the demonstration, a browser, the British Library files where they are.

Fixtures
--------
workspace        an empty workspace
demo_workspace   the demonstration, built once a session: read it, do not change it (that is checked at the end)
demo_copy        a copy of it, to be changed
dashboard_server the address of a dashboard that runs on a copy of the demonstration
given_by_rules   turns labels that were imported into labels that rules gave
visit            opens a page of that dashboard in a browser, waits until it has settled, fails on an exception
real_data        the folder of British Library files (COLOPHON_REAL_DATA, else ../shared/data/blbooks)
"""

import contextlib
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import hypothesis
import pytest
from playwright.sync_api import Page, expect

from core import progress
from core.database import Database
from core.manifests import MANIFEST, sealed
from core.storage import Workspace, file_sha256, write_json
from tests import pictures, postgres, serving

# Taken away from what tests start, some of which is pytest: it would wait as well.
TYPES_REPORT = os.environ.pop("COLOPHON_TYPES_REPORT", "")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests on real files to the whole run, and have what tests of one file share made in one process."""
    with_tiny_base = {item.path for item in items if "tiny_base" in getattr(item, "fixturenames", ())}
    for item in items:
        if item.path in with_tiny_base:  # loading torch and transformers takes longer than most of these tests
            item.add_marker(pytest.mark.xdist_group("language models"))
        if item.get_closest_marker("real"):  # reading the files alone takes most of three minutes
            item.add_marker(pytest.mark.slow)
        if not item.get_closest_marker("xdist_group") and _shared_in_its_file(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
        group = item.get_closest_marker("xdist_group")
        # With pytest 9.2 pytest-xdist writes the group of a test where nobody reads (its issue 1386).
        if group and config.getoption("loadgroup", False) and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")


def _shared_in_its_file(item: pytest.Item) -> bool:
    """Tell whether a test uses a fixture that is made once for its file or class: two processes would make it twice."""
    fixtures = getattr(item, "_fixtureinfo", None)
    definitions = fixtures.name2fixturedefs.values() if fixtures else ()
    return any(definition[-1].scope in ("module", "class") for definition in definitions)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the person's own workspace, the network, and the speed of the machine out of the tests."""
    os.environ.pop("COLOPHON_HOME", None)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(serving.ROOT / ".pytest_cache" / "hypothesis")
    progress.silent.__code__ = _share_of_the_work.__code__  # who is not watched is watched all the same
    hypothesis.settings.register_profile("colophon", deadline=None, derandomize="CI" in os.environ)
    hypothesis.settings.load_profile("colophon")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what mypy said, which run.py has started beside the tests, so that pytest's count stays the last line."""
    if not TYPES_REPORT:
        return
    place, patience = Path(TYPES_REPORT), time.monotonic() + 900
    while not place.exists() and time.monotonic() < patience:
        time.sleep(0.2)
    terminalreporter.section("mypy")
    terminalreporter.write(place.read_text(encoding="utf-8") if place.exists() else "It has not ended.\n")


def _share_of_the_work(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1, f"{message}: {fraction} of the work is done"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the folder of the socket of a PostgreSQL server."""
    with postgres.server() as folder:
        yield folder


@pytest.fixture
def postgres_database(postgres_server: str) -> Iterator[Database]:
    """Give an empty PostgreSQL database."""
    place = Database(postgres.new_database(postgres_server, uuid.uuid4().hex))
    yield place
    place.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Give an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return Database.at(tmp_path / "a.db")
    place: Database = request.getfixturevalue("postgres_database")
    return place


@pytest.fixture
def given_by_rules() -> Callable[[Workspace, str], None]:
    def change(workspace: Workspace, name: str) -> None:
        artifact = workspace.find("labels", name)
        write_json(artifact.path / MANIFEST, sealed({**artifact.manifest.as_dict(), "source": "function"}))

    return change


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("demonstration")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    ready = Path(os.environ.get("COLOPHON_TEST_DEMONSTRATION", shared / "demonstration"))
    # The first process that needs it builds it, the others copy it.
    with filelock.FileLock(f"{ready}.lock"):
        if not ready.exists():
            pictures.build_demonstration(folder / "unfinished")
            (folder / "unfinished").rename(ready)
    created = Workspace(shutil.copytree(ready, folder / "workspace"))
    before = _content(created)
    yield created
    changed = sorted(dict(before.items() ^ _content(created).items()))
    assert not changed, f"A test changed the demonstration that all share; it must take demo_copy. Changed: {changed}"


def _content(place: Workspace) -> dict[str, str]:
    """Return what a workspace holds: the digest of each file, and each row of the database."""
    files = [path for path in place.root.rglob("*") if path.is_file() and not path.name.startswith("colophon.db")]
    with contextlib.closing(sqlite3.connect(place.root / "colophon.db")) as connection:
        rows = dict.fromkeys(connection.iterdump(), "")
    return {str(path.relative_to(place.root)): file_sha256(path) for path in files} | rows


@pytest.fixture
def demo_copy(demo_workspace: Workspace, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(demo_workspace.root, tmp_path / "demonstration"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Path(os.environ.get("COLOPHON_REAL_DATA") or serving.ROOT.parent / "shared" / "data" / "blbooks")
    if not (folder / "annotated.csv").exists():
        pytest.skip(f"the British Library files are not in {folder}; COLOPHON_REAL_DATA says where they are")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    result = serving.find_browser()
    if result is None:
        pytest.skip("no Chromium is installed, so nothing can be looked at in a browser")
    return result


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], chromium: str) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": chromium, "args": list(serving.FLAGS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}


@pytest.fixture(scope="session")
def dashboard_server(
    chromium: str, demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("dashboard")
    copy = shutil.copytree(demo_workspace.root, folder / "workspace")
    with serving.dashboard(copy, folder / "server.log") as address:
        yield address


@pytest.fixture
def page(page: Page) -> Page:
    # Two browsers and two servers share two cores: what takes a second on a desk may take a minute here.
    page.set_default_timeout(120_000)
    expect.set_options(timeout=30_000)
    return page


@pytest.fixture
def visit(page: Page, dashboard_server: str) -> Callable[[str], Page]:
    def go(path: str = "/") -> Page:
        page.goto(dashboard_server + path)
        serving.wait_until_settled(page)
        assert serving.exceptions_on(page) == []
        return page

    return go
