"""The decisions of run.py; what it does to a machine is tried by CI, which starts with it."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A run.py of its own, whose root is an empty copy of the project."""
    result = importlib.util.spec_from_file_location("run_under_test", ROOT / "run.py")
    assert result and result.loader
    module = importlib.util.module_from_spec(result)
    result.loader.exec_module(module)
    (tmp_path / "tests").mkdir()
    (tmp_path / "requirements.txt").write_text("pandas==3.1.1\n")
    (tmp_path / "tests" / "requirements.txt").write_text("pytest==9.2.0\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "colophon"\n\n[tool.ruff]\nline-length = 120\n')
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "colophon.json")
    return module


@pytest.fixture
def installed(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let installing only be written down: the file names and options of each call."""
    calls: list[list[str]] = []

    def note(python: Path, files: list[Path], options: list[str]) -> None:
        calls.append([str(path.relative_to(run.ROOT)) for path in files] + options)

    monkeypatch.setattr(run, "make_venv", lambda python: run.VENV.mkdir(exist_ok=True))
    monkeypatch.setattr(run, "has_module", lambda python, module: run.VENV.exists())
    monkeypatch.setattr(run, "has_gpu", lambda: False)
    monkeypatch.setattr(run, "install", note)
    monkeypatch.setattr(run.platform, "system", lambda: "Linux")
    monkeypatch.setattr(run.platform, "machine", lambda: "x86_64")
    monkeypatch.delenv(run.TORCH_INDEX, raising=False)
    return calls


# --- Python ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 18), (3, 10, 13)])
def test_an_old_python_is_told_in_one_line(run, monkeypatch, version):
    monkeypatch.setattr(run, "runs", lambda name: False)
    with pytest.raises(
        run.Problem, match=f"needs Python 3.11 or newer and this is {version[0]}.{version[1]}; install a"
    ) as message:
        run.check_python(version)
    assert "\n" not in str(message.value)


def test_a_newer_python_that_is_here_is_named(run, monkeypatch):
    monkeypatch.setattr(run, "runs", lambda name: name == "python3.12")
    with pytest.raises(run.Problem, match="run it with the one that is here: python3.12 run.py"):
        run.check_python((3, 9, 1))


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 2)])
def test_a_python_that_is_new_enough_is_taken(run, version):
    assert run.check_python(version) is None


def test_old_pythons_can_read_the_file():
    """Nothing in it may be newer than Python 3.6 (checked as far as ast knows older grammars)."""
    import ast

    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_a_missing_module_names_the_package_that_brings_it(run, monkeypatch):
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(run.Problem, match="module ensurepip is missing; .* `sudo apt install python3-venv`"):
        run.make_venv(run.python_of(run.VENV))


def test_a_problem_is_one_line_and_status_1(run, monkeypatch, capsys):
    monkeypatch.setattr(run, "check_python", lambda version: (_ for _ in ()).throw(run.Problem("Too old.")))
    assert run.main([]) == 1
    assert capsys.readouterr().err == "run.py: Too old.\n"


# --- the stamp ------------------------------------------------------------------------------------------------------


def test_a_second_set_up_installs_nothing(run, installed):
    run.set_up(False, None)
    run.set_up(False, None)
    assert installed == [["requirements.txt"]]


def test_checking_adds_the_test_packages_and_opening_is_content_with_them(run, installed):
    run.set_up(False, None)
    run.set_up(True, None)
    run.set_up(True, None)
    run.set_up(False, None)
    assert installed == [["requirements.txt"], ["requirements.txt", "tests/requirements.txt"]]


@pytest.mark.parametrize(
    ("file", "content", "again"),
    [
        ("requirements.txt", "pandas==3.1.2\n", True),
        ("pyproject.toml", '[project]\nname = "colophon"\nversion = "2"\n\n[tool.ruff]\nline-length = 120\n', True),
        ("pyproject.toml", '[project]\nname = "colophon"\n\n[tool.ruff]\nline-length = 100\n', False),
        ("tests/requirements.txt", "pytest==9.3.0\n", False),
    ],
)
def test_it_is_installed_again_when_what_is_installed_changed(run, installed, file, content, again):
    run.set_up(False, None)
    (run.ROOT / file).write_text(content)
    run.set_up(False, None)
    assert len(installed) == (2 if again else 1)


def test_an_installation_that_failed_is_not_taken_for_a_complete_one(run, installed, monkeypatch):
    run.set_up(False, None)
    (run.ROOT / "requirements.txt").write_text("pandas==0\n")

    def fail(python: Path, files: list[Path], options: list[str]) -> None:
        raise run.Problem("pip failed: no.")

    with monkeypatch.context() as patched:
        patched.setattr(run, "install", fail)
        with pytest.raises(run.Problem):
            run.set_up(False, None)
    assert run.read_stamp() == {}
    run.set_up(False, None)
    assert len(installed) == 2


def test_a_python_that_lost_its_packages_is_set_up_again(run, installed, monkeypatch):
    run.set_up(False, None)
    monkeypatch.setattr(run, "has_module", lambda python, module: False)
    run.set_up(False, None)
    assert len(installed) == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["Collecting a", "ERROR: No matching distribution found for a==9"],
            "ERROR: No matching distribution found for a==9.",
        ),
        (
            ["WARNING: Retrying ... NewConnectionError ...", "ERROR: No matching distribution found for a"],
            "ERROR: No matching distribution found for a. Is there a connection to the network?",
        ),
        (["Killed", ""], "Killed."),
        ([], "nothing was said."),
    ],
)
def test_the_line_of_pip_that_tells_most_is_shown(run, lines, said):
    assert run.pip_error(lines) == said


@pytest.mark.slow
def test_pip_that_fails_is_told_in_one_line_with_its_log(run):
    run.VENV.mkdir()
    (run.ROOT / "requirements.txt").write_text("not a requirement !\n")
    with pytest.raises(run.Problem, match=r"pip failed: ERROR: Invalid requirement.*All of it: .*pip\.log") as message:
        run.install(Path(sys.executable), [run.ROOT / "requirements.txt"], ["--no-index"])
    assert "\n" not in str(message.value)


# --- which PyTorch --------------------------------------------------------------------------------------------------

INDEX = "https://index.example/cpu"


@pytest.mark.parametrize(
    ("system", "machine", "gpu", "forced", "index", "reachable", "kind", "options", "said"),
    [
        ("Darwin", "arm64", False, None, INDEX, True, "default", [], "the one build there is for Darwin arm64"),
        ("Windows", "AMD64", True, "cpu", INDEX, True, "default", [], "the one build there is for Windows AMD64"),
        ("Linux", "aarch64", False, None, INDEX, True, "default", [], "the one build there is for Linux aarch64"),
        ("Linux", "x86_64", True, None, INDEX, True, "gpu", [], "since one was found"),
        ("Linux", "x86_64", False, "gpu", INDEX, True, "gpu", [], "as asked with --gpu"),
        ("Linux", "x86_64", True, "cpu", INDEX, True, "cpu", ["--extra-index-url", INDEX], "as asked with --cpu"),
        ("Linux", "x86_64", False, None, INDEX, True, "cpu", ["--extra-index-url", INDEX], "no NVIDIA GPU was found"),
        ("Linux", "x86_64", False, None, INDEX, False, "cpu", [], "did not answer within 5 seconds"),
        ("Linux", "x86_64", False, None, "", True, "cpu", [], "the CPU build if pip's configuration has one, since no"),
    ],
)
def test_which_build_of_pytorch(run, system, machine, gpu, forced, index, reachable, kind, options, said):
    chosen = run.choose_torch(system, machine, gpu, forced, index, lambda requested: reachable)
    assert chosen[:2] == (kind, options)
    assert said in chosen[2]
    assert "\n" not in chosen[2]


def test_the_other_build_is_installed_when_it_is_asked_for(run, installed, monkeypatch):
    removed = []
    monkeypatch.setattr(run.subprocess, "call", lambda command, **options: removed.append(command[1:]) or 0)
    run.set_up(False, None)
    run.set_up(False, "cpu")
    assert len(installed) == 1, "it was the CPU build already"
    run.set_up(False, "gpu")
    run.set_up(False, "gpu")
    run.set_up(False, None)
    assert len(installed) == 2
    assert removed == [["-m", "pip", "uninstall", "--yes", "--quiet", "torch"]]
    assert json.loads(run.STAMP.read_text())["torch"] == "gpu"


@pytest.mark.parametrize("index", ["file:///simple", "ftp://index.example", "no address"])
def test_an_index_that_is_no_web_address_does_not_answer(run, index):
    assert run.answers(index) is False


# --- ports and the demonstration ------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_told_in_one_line(run, taken):
    with pytest.raises(run.Problem, match=f"Port {taken} is in use; give another with --port"):
        run.free_port(taken)


def test_without_a_wish_the_next_free_port_is_taken(run, taken, monkeypatch):
    monkeypatch.setattr(run, "FIRST_PORT", taken)
    monkeypatch.setattr(run, "LAST_PORT", taken + 50)
    assert taken < run.free_port(None) <= taken + 50


def test_when_all_ports_are_taken_it_is_said(run, taken, monkeypatch):
    monkeypatch.setattr(run, "FIRST_PORT", taken)
    monkeypatch.setattr(run, "LAST_PORT", taken)
    with pytest.raises(run.Problem, match="are all in use"):
        run.free_port(None)


@pytest.mark.parametrize("number", [0, -1, 70000])
def test_a_number_that_is_no_port_is_told(run, number):
    with pytest.raises(run.Problem, match=f"There is no port {number}; "):
        run.free_port(number)


def test_the_demonstration_is_made_once_and_again_when_it_was_interrupted(run, tmp_path, monkeypatch):
    workspace, calls, status = tmp_path / "workspace", [], [1]

    def build(command: list[str], **options: object) -> int:
        calls.append(command[-1])
        (workspace / "colophon.db").touch()
        return status[0]

    monkeypatch.setattr(run.subprocess, "call", build)
    with pytest.raises(run.Problem, match="could not be made"):
        run.demonstrate(Path(sys.executable), workspace, {})
    status[0] = 0
    run.demonstrate(Path(sys.executable), workspace, {})
    run.demonstrate(Path(sys.executable), workspace, {})
    assert calls == ["demo", "demo"]


@pytest.mark.parametrize("name", ["colophon.db", "corpora"])  # the second alone where names stand in PostgreSQL
def test_a_workspace_that_people_use_is_left_as_it_is(run, tmp_path, monkeypatch, name):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / name).mkdir()
    monkeypatch.setattr(run.subprocess, "call", lambda *arguments, **options: pytest.fail("nothing is to be run"))
    run.demonstrate(Path(sys.executable), workspace, {})
    assert sorted(path.name for path in workspace.iterdir()) == [name]


# --- the checks -----------------------------------------------------------------------------------------------------


def test_fast_leaves_out_what_is_slow(run, monkeypatch):
    monkeypatch.setenv(run.PROCESSES, "0")
    assert run.pytest_options(True, False) == ["-m", "not slow and not browser and not bench"]
    assert run.pytest_options(False, False) == []


def test_lines_are_followed_for_who_asks(run, monkeypatch):
    monkeypatch.setenv(run.PROCESSES, "0")
    assert run.pytest_options(False, True) == ["--cov", "--cov-report=term"]
    assert run.pytest_options(True, True)[-2:] == ["--cov", "--cov-report=term"]


def test_two_processes_where_there_are_cores_for_them(run, monkeypatch):
    monkeypatch.setenv(run.PROCESSES, "2")
    assert run.pytest_options(False, False) == ["-n", "2", "--dist", "loadgroup"]
    monkeypatch.delenv(run.PROCESSES)
    monkeypatch.setattr(run.os, "cpu_count", lambda: 8)
    assert run.pytest_options(False, False) == ["-n", "2", "--dist", "loadgroup"]
    monkeypatch.setattr(run.os, "cpu_count", lambda: 1)
    assert run.pytest_options(False, False) == []


def test_who_ends_the_program_ends_the_dashboard(run, monkeypatch):
    ended = []

    class Server:
        def wait(self) -> int:
            os.kill(os.getpid(), signal.SIGTERM)
            return 0

        def terminate(self) -> None:
            ended.append(True)

    monkeypatch.setattr(run.subprocess, "Popen", lambda command, **options: Server())
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert run.dashboard(Path("python"), 8501, {}, False) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended == [True]


@pytest.mark.parametrize("complains", ["ruff", "mypy", "lint-imports", "python", ""])
def test_all_checks_run_and_pytest_runs_last(run, monkeypatch, capsys, complains):
    calls, reports = [], []

    def call(command: list[str], **options: dict[str, str]) -> int:
        calls.append([Path(command[0]).stem, *command[1:]])
        reports.append(options.get("env", {}).get(run.TYPES_REPORT))
        return 1 if calls[-1][0] == complains else 0

    def check(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        assert Path(command[0]).stem == "mypy"
        time.sleep(0.2)  # the tests may end first, and mypy is waited for all the same
        return subprocess.CompletedProcess(command, 1 if complains == "mypy" else 0, b"what mypy says\n")

    monkeypatch.setattr(run, "set_up", lambda with_tests, torch: Path("bin") / "python")
    monkeypatch.setattr(run.subprocess, "call", call)
    monkeypatch.setattr(run.subprocess, "run", check)
    assert run.test(["--fast", "-k", "fetch"]) == (1 if complains else 0)
    assert [command[0] for command in calls] == ["ruff", "ruff", "lint-imports", "python"]
    assert calls[-1][-2:] == ["-k", "fetch"]
    # Of pytest alone is asked that it shows what mypy says.
    assert [bool(report) for report in reports] == [False, False, False, True]
    assert ("Failed: ruff check" in capsys.readouterr().out) == (complains == "ruff")


@pytest.mark.parametrize(("exit_status", "failed"), [(0, False), (1, True), (None, True)])
def test_what_mypy_says_is_written_once_it_has_ended(run, tmp_path, exit_status, failed):
    program = tmp_path / "mypy"
    if exit_status is not None:
        program.write_text(f"#!/bin/sh\necho said by mypy\nexit {exit_status}\n")
        program.chmod(0o755)
    check = run.TypeCheck(str(program), tmp_path / "report.txt")
    assert check.failed() == failed
    text = "mypy does not start: " if exit_status is None else "said by mypy\n   0."
    assert check.report.read_text().startswith(text)


def test_what_mypy_says_stands_above_the_count_of_pytest(tmp_path):
    (tmp_path / "report.txt").write_text("Success: no issues\n")
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir=."]
    done = subprocess.run(
        [*command, "test_one.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLOPHON_TYPES_REPORT": str(tmp_path / "report.txt")},
        capture_output=True,
        text=True,
    )
    assert [line.strip("= ") for line in done.stdout.splitlines() if line][-3:-1] == ["mypy", "Success: no issues"]
    assert "1 passed" in done.stdout.splitlines()[-1]


def test_what_is_compiled_for_one_test_is_there_for_the_next(run, monkeypatch):
    environments = []
    monkeypatch.setattr(run.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, b""))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(run, "set_up", lambda with_tests, torch: Path("bin") / "python")
    monkeypatch.setattr(run.subprocess, "call", lambda command, **options: environments.append(options.get("env")) or 0)
    assert run.test(["--fast"]) == 0
    assert environments[-1].pop(run.TYPES_REPORT)
    assert environments[-1] == {name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"}


def test_missing_tools_are_installed_by_root_and_told_to_others(run, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(run, "is_installed", lambda program: program == "xmllint" or len(calls) == 2)
    monkeypatch.setattr(run.shutil, "which", lambda name: "apt-get")
    monkeypatch.setattr(run.subprocess, "call", lambda command, **options: calls.append(command) or 0)
    monkeypatch.setattr(run.os, "geteuid", lambda: 1000, raising=False)
    run.bring_system_tools()
    assert calls == []
    packages = ["chromium", "yaz", "libmarc-lint-perl", "libmarc-schema-perl", "postgresql", "libreoffice-calc-nogui"]
    assert f"sudo apt install {' '.join(packages)}" in capsys.readouterr().out
    monkeypatch.setattr(run.os, "geteuid", lambda: 0, raising=False)
    run.bring_system_tools()
    assert calls[1][-6:] == packages
    assert "Installing Debian packages the checks use: chromium yaz" in capsys.readouterr().out


def test_the_tools_on_this_machine_are_looked_for(run):
    assert run.is_installed("no-such-program") is False
    assert run.is_installed("perl:No::Such::Module") is False
