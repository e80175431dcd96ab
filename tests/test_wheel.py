"""What installing the wheel brings is whole: built, installed into a new environment, used outside the repository.

The new environment sees the packages of this one, so that nothing is downloaded, but not the Colophon of this one.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving import ROOT, free_port, wait_until_healthy

# One process does them all: each other would build and install a wheel of its own.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("wheel")]

PACKAGES = ("core", "dashboard", "data", "pages")
PREDICTIONS = "id,title,predicted,Fiction,Poetry,truth\n" + "".join(
    f"{n},{'Verses' if n % 3 else 'A novel'} {n},{'Poetry' if n % 3 else 'Fiction'},"
    f"{0.1 if n % 3 else 0.8},{0.9 if n % 3 else 0.2},{'Poetry' if n % 3 or n % 5 == 0 else 'Fiction'}\n"
    for n in range(90)
)
OPEN_EVERY_PAGE = """
import json
from pathlib import Path
from streamlit.testing.v1 import AppTest
import dashboard.navigation

pages = Path(dashboard.navigation.__file__).parents[1] / "pages"
opened = {}
for stop in dashboard.navigation.PAGES:
    page = AppTest.from_file(str(pages / stop.file), default_timeout=240).run()
    opened[stop.file] = [element.message for element in page.exception]
print(json.dumps(opened))
"""


@dataclass(frozen=True)
class Installed:
    """A new environment with Colophon in it, and the wheel that it came from."""

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    @property
    def environment(self) -> dict[str, str]:
        content = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COLOPHON_HOME")}
        return {**content, "HF_HUB_OFFLINE": "1", "COLOPHON_HOME": str(self.folder / "workspace")}

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [str(self.python.with_name(command[0])), *command[1:]],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    # A copy: a `build` folder of an earlier day would bring modules that are there no more.
    source = folder / "source"
    source.mkdir()
    for name in (*PACKAGES, ".streamlit"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("colophon-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    place = Installed(folder, wheel)
    packages = Path(place.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (packages / "packages_of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [*pip, "--python", str(place.python), "install", "--no-deps", "--no-index", "--force-reinstall", str(wheel)],
        check=True,
    )
    return place


def test_every_module_page_and_setting_is_in_the_wheel(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = set(archive.namelist())
    code = {path.relative_to(ROOT).as_posix() for room in PACKAGES for path in (ROOT / room).rglob("*.py")}
    more = {"dashboard/.streamlit/config.toml", "dashboard/pictures/icon.png", "data/sources.toml", "core/py.typed"}
    assert code | more <= names
    beside = {name.split("/")[0] for name in names} - set(PACKAGES)
    assert {name.rsplit(".", 1)[-1] for name in beside} == {"dist-info"}


def test_it_is_the_wheel_that_is_used(installed: Installed) -> None:
    where = installed.run("python", "-c", "import core, data, dashboard; print(core.__file__, data.__file__)")
    assert str(ROOT) not in where
    assert where.count(str(installed.folder / "venv")) == 2


def test_commands_work_outside_the_repository(installed: Installed) -> None:
    (installed.folder / "predictions.csv").write_text(PREDICTIONS)
    installed.run("colophon", "import", "predictions.csv", "--kind", "predictions", "--name", "small")
    # 90 titles; wrong are those that 3 and 5 divide: 0, 15, 30, 45, 60, 75.
    content = json.loads(installed.run("colophon", "evaluate", "--predictions", "small", "--json"))
    assert content["accuracy"]["value"] == pytest.approx(84 / 90)
    checks = json.loads(installed.run("colophon", "doctor", "--json"))["checks"]
    assert {"package streamlit", "package pandas", "package torch"} <= {check["name"] for check in checks}
    assert [check for check in checks if not check["ok"]] == []


def test_every_page_opens(installed: Installed) -> None:
    opened = json.loads(installed.run("python", "-P", "-c", OPEN_EVERY_PAGE).splitlines()[-1])
    assert opened == {path.name: [] for path in (ROOT / "pages").glob("*.py")}


@contextlib.contextmanager
def served(installed: Installed) -> Iterator[int]:
    port = free_port()
    command = [str(installed.python.with_name("colophon")), "serve", "--no-browser", "--port", str(port)]
    log = installed.folder / "server.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command,
            cwd=installed.folder,
            env=installed.environment,
            stdout=stream,
            stderr=stream,
        )
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", server, log, 120)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=60)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the dashboard goes on though its command was ended"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's list of listening sockets")
def test_the_dashboard_answers_at_this_machine_alone(installed: Installed) -> None:
    with served(installed) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/thresholds", timeout=30) as answer:
            assert answer.status == 200
            assert answer.headers["X-Frame-Options"] == "DENY"
        tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
        rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
        # 0A: it listens
        own = [row[1] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
        assert own == [f"0100007F:{port:04X}"]
