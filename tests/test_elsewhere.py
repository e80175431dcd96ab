"""A working folder that holds packages named like ours, as many a Django project does, disturbs nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import processes
from core.processes import module_command, module_environment
from tests.serving import ROOT

BOOKS = "id,title,label\n" + "".join(f"{n},{'A novel' if n % 2 else 'A treatise'} {n},{n % 2}\n" for n in range(60))
JOB = """
import sys
from pathlib import Path
from core import jobs
from core.readers.reading import read_first_rows
from core.storage import Workspace

print(len(read_first_rows(Path("books.csv")).frame), "rows in the preview")
config = {"path": str(Path("books.csv").resolve()), "kind": "corpus", "name": "by-a-job"}
job = jobs.start(Workspace("workspace"), "core.importing", config, "Import")
status = job.wait(240)
print("the job:", status.state, status.error, jobs.log_tail(job))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with packages of its own, each of which says so when it is loaded."""
    for name in ("core", "dashboard", "data", "pages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('the project has a package {name} too')\n")
    (tmp_path / "books.csv").write_text(BOOKS)
    return tmp_path


def run_in(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONSAFEPATH", None)  # whoever types a command does not set it
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280)


@pytest.mark.slow
def test_commands_and_their_processes_find_our_code(project: Path) -> None:
    colophon = [str(Path(sys.executable).with_name("colophon")), "--workspace", "workspace"]
    # It looks at the first rows in a process of its own.
    imported = run_in(project, *colophon, "import", "books.csv", "--kind", "labels", "--name", "books")
    assert imported.returncode == 0, imported.stderr
    doctor = run_in(project, *colophon, "doctor")
    assert "label set books: complete" in doctor.stdout, doctor.stderr


@pytest.mark.slow
def test_a_preview_and_a_job_find_our_code(project: Path) -> None:
    ended = run_in(project, sys.executable, "-P", "-c", JOB)
    assert "60 rows in the preview" in ended.stdout, ended.stderr
    assert "the job: done" in ended.stdout, ended.stdout


@pytest.mark.slow
def test_the_copies_that_ray_starts_find_our_code(project: Path) -> None:
    pytest.importorskip("ray")
    colophon = [str(Path(sys.executable).with_name("colophon")), "--workspace", "workspace"]
    for command in (
        ("import", "books.csv", "--kind", "labels", "--name", "books"),
        ("import", "books.csv", "--kind", "corpus", "--name", "books"),
        ("train", "--labels", "books", "--model", "tfidf", "--name", "words"),
        ("predict", "--model", "words", "--corpus", "books", "--engine", "ray"),
    ):
        ended = run_in(project, *colophon, *command)
        assert ended.returncode == 0, ended.stderr


def test_the_working_folder_is_not_looked_in() -> None:
    assert module_command("core.importing", "folder") == [sys.executable, "-P", "-m", "core.importing", "folder"]
    mine = os.pathsep.join(["", "lib", str(ROOT), "/opt/more"])
    environment = module_environment({"PYTHONPATH": mine, "HOME": "/nowhere"})
    assert environment == {
        "HOME": "/nowhere",
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path.cwd() / "lib"), "/opt/more"]),
    }


def test_an_installation_does_not_come_before_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "CODE_FOLDER", Path("/opt/venv/lib/python3.11/site-packages"))
    assert module_environment({"HOME": "/nowhere"}) == {"HOME": "/nowhere", "PYTHONSAFEPATH": "1"}
