#!/usr/bin/env python3
"""Set Colophon up and open it, or set it up and check it. Needs nothing but Python; can be run again at no cost.

    python3 run.py                       the dashboard, on the demonstration collection
    python3 run.py --port 8600           ... at a port of your choice, or with --no-browser
    python3 run.py install               sets everything up and stops: for a server or a container
    python3 run.py test                  everything CI checks: style, types, architecture, tests
    python3 run.py test --fast           ... without what is slow, needs a browser or measures speed
    python3 run.py test --coverage       ... and lists the lines and branches that no test reaches
    python3 run.py test -k thresholds    ... further arguments go to pytest

Into .venv go the packages of requirements.txt (for `test` also those of tests/requirements.txt). --gpu and --cpu say
which build of PyTorch to take instead of looking for an NVIDIA GPU.
"""

# Even an old Python must be able to read this file, to say that it is too old: nothing newer than Python 3.6 in here.

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "colophon.json"
MINIMUM = (3, 11)
FIRST_PORT, LAST_PORT = 8501, 8520
TORCH_INDEX = "COLOPHON_TORCH_INDEX"
PROCESSES = "COLOPHON_TEST_PROCESSES"
TYPES_REPORT = "COLOPHON_TYPES_REPORT"

# what the checks use beside Python packages: the program to look for, and the Debian package that has it
SYSTEM_TOOLS = (
    (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    (("yaz-marcdump",), "yaz"),
    (("xmllint",), "libxml2-utils"),
    (("perl:MARC::Lint",), "libmarc-lint-perl"),
    (("perl:MARC::Schema",), "libmarc-schema-perl"),
    (("postgres", "pg_ctlcluster"), "postgresql"),
    (("soffice", "libreoffice"), "libreoffice-calc-nogui"),
)


class Problem(Exception):  # noqa: N818 - it is told, not handled
    """Something a person has to do first, in one line."""


def main(arguments):
    """Do what was asked and return the exit status."""
    try:
        check_python(sys.version_info)
        if arguments[:1] == ["test"]:
            return test(arguments[1:])
        if arguments[:1] == ["install"]:
            return install_only(arguments[1:])
        return serve(arguments)
    except Problem as problem:
        print(f"run.py: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 130


# --- set-up ---------------------------------------------------------------------------------------------------------


def check_python(version):
    """Refuse a Python that is too old, and name a newer one that is here."""
    if tuple(version[:2]) >= MINIMUM:
        return
    newer = next((name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if runs(name)), None)
    advice = f"run it with the one that is here: {newer} run.py" if newer else "install a newer one, then run it again"
    raise Problem(
        "Colophon needs Python {}.{} or newer and this is {}.{}; {}.".format(
            *(MINIMUM + tuple(version[:2]) + (advice,))
        )
    )


def set_up(with_tests, forced_torch):
    """Make .venv hold what the requirements say; return the path of its Python."""
    files = [ROOT / "requirements.txt"] + ([ROOT / "tests" / "requirements.txt"] if with_tests else [])
    stamp = {"runtime": fingerprint(files[:1]), "tests": fingerprint(files) if with_tests else None}
    installed = read_stamp()
    torch_is_right = forced_torch in (None, installed.get("torch")) or installed.get("torch") == "default"
    tests_too = not with_tests or installed.get("tests") == stamp["tests"]
    up_to_date = installed.get("runtime") == stamp["runtime"] and tests_too
    python = python_of(VENV)
    if up_to_date and torch_is_right and has_module(python, "streamlit"):
        return python
    make_venv(python)
    kind, options, reason = choose_torch(
        platform.system(), platform.machine(), has_gpu(), forced_torch, os.environ.get(TORCH_INDEX, ""), answers
    )
    print(f"PyTorch: {reason}")
    if STAMP.exists():
        STAMP.unlink()
    if not torch_is_right:
        subprocess.call([str(python), "-m", "pip", "uninstall", "--yes", "--quiet", "torch"])
    print("Installing the packages into .venv: about a minute, longer the first time ...", flush=True)
    install(python, files, options)
    STAMP.write_text(json.dumps(dict(stamp, torch=kind)), encoding="utf-8")
    return python


def fingerprint(files):
    """Return a digest of what decides which packages are installed, and where."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\n[tool.ruff")[0]
    digest.update(f"{project}\n{ROOT}".encode())
    return digest.hexdigest()


def read_stamp():
    """Return what the last complete installation wrote down; nothing when there was none."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def python_of(venv):
    """Return where the Python of a virtual environment is."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def runs(command):
    """Tell whether a command is there and works (pyenv leaves names behind that do not)."""
    path = shutil.which(command)
    return bool(path) and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0


def has_module(python, module):
    """Tell whether a Python is there and finds a module; after an upgrade of the system it may not."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)"
    return python.exists() and subprocess.call([str(python), "-I", "-c", code], stderr=subprocess.DEVNULL) == 0


def make_venv(python):
    """Make .venv unless it works already."""
    if has_module(python, "pip"):
        return
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        raise Problem(
            f"Python's module {missing[0]} is missing; on Debian and Ubuntu `sudo apt install python3-venv` brings it."
        )
    print("Making .venv with Python {}.{} ...".format(*sys.version_info[:2]), flush=True)
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if result.returncode:
        raise Problem(".venv cannot be made: {}".format(last_line(result.stdout.decode("utf-8", "replace"))))


def install(python, files, options):
    """Let pip install everything in one command, so that the pin of torch holds for all that depend on it."""
    command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    for path in files:
        command += ["-r", str(path)]
    log = VENV / "pip.log"
    lines = []
    with log.open("w", encoding="utf-8") as stream:
        with subprocess.Popen(
            command + options, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as pip:
            for raw in pip.stdout:
                line = raw.decode("utf-8", "replace").rstrip()
                stream.write(line + "\n")
                lines.append(line)
                if sys.stdout.isatty():
                    print("\r  " + line.strip()[:100].ljust(100), end="", flush=True)
    if sys.stdout.isatty():
        print("\r" + " " * 102, end="\r")
    if pip.returncode:
        raise Problem(f"pip failed: {pip_error(lines)} All of it: {log}")


def pip_error(lines):
    """Return the line of pip's output that tells most, and a guess at the reason when it is a common one."""
    output = [line.strip() for line in lines if line.strip()]
    errors = [line for line in output if line.startswith("ERROR:")] or output or ["nothing was said."]
    error = errors[-1][:300].rstrip(".") + "."
    signs = ("NewConnectionError", "name resolution", "Max retries", "ReadTimeout", "from versions: none")
    if any(sign in line for line in lines for sign in signs):
        error += " Is there a connection to the network?"
    return error


def last_line(text):
    """Return the last line that says something."""
    return ([line.strip() for line in text.splitlines() if line.strip()] or ["no reason was given."])[-1]


# --- which PyTorch --------------------------------------------------------------------------------------------------


def choose_torch(system, machine, gpu, forced, index, answering):
    """Return which build of PyTorch to take ('cpu', 'gpu' or 'default'), pip's options for it, and why in one line.

    There is a choice only on Linux PCs: the default build there brings several gigabytes for NVIDIA GPUs.
    """
    if system != "Linux" or machine not in ("x86_64", "AMD64"):
        return "default", [], f"the one build there is for {system} {machine}."
    if forced == "gpu":
        return "gpu", [], "the build for NVIDIA GPUs, as asked with --gpu."
    if gpu and forced != "cpu":
        return "gpu", [], "the build for NVIDIA GPUs, since one was found (--cpu forces the other)."
    why = "as asked with --cpu" if forced == "cpu" else "since no NVIDIA GPU was found (--gpu forces the other)"
    if not index:
        return (
            "cpu",
            [],
            f"the CPU build if pip's configuration has one, {why}; {TORCH_INDEX} may name PyTorch's CPU index.",
        )
    if not answering(index):
        return "cpu", [], f"{TORCH_INDEX} did not answer within 5 seconds, so pip takes what its own index offers."
    return "cpu", ["--extra-index-url", index], f"the CPU build from {TORCH_INDEX}, {why}."


def has_gpu():
    """Tell whether there is an NVIDIA GPU with its driver."""
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()


def answers(index):
    """Tell whether a package index answers within five seconds."""
    if not index.startswith(("https://", "http://")):
        return False
    try:
        with urllib.request.urlopen(index.rstrip("/") + "/torch/", timeout=5):
            return True
    except (OSError, ValueError):
        return False


# --- the dashboard --------------------------------------------------------------------------------------------------


def serve(arguments):
    """Set up, make the demonstration when the workspace is new, and run the dashboard until it is stopped."""
    ask = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    ask.add_argument("--port", type=int, help=f"port of the dashboard (default: the first free one from {FIRST_PORT})")
    ask.add_argument("--no-browser", action="store_true", help="do not open a browser")
    add_torch(ask)
    args = ask.parse_args(arguments)
    port = free_port(args.port)
    python = set_up(False, args.torch)
    workspace = Path(os.environ.get("COLOPHON_HOME") or ROOT / "workspace").expanduser().resolve()
    environment = dict(os.environ, COLOPHON_HOME=str(workspace))
    demonstrate(python, workspace, environment)
    return dashboard(python, port, environment, not args.no_browser and has_display())


def install_only(arguments):
    """Set up what the dashboard and the command line need, and start nothing."""
    ask = argparse.ArgumentParser(
        prog="run.py install", description="Sets everything up and starts nothing.", allow_abbrev=False
    )
    add_torch(ask)
    python = set_up(False, ask.parse_args(arguments).torch)
    print("Ready: {} is the command.".format(program_of(python, "colophon")), flush=True)
    return 0


def add_torch(ask):
    """Add --gpu and --cpu."""
    either = ask.add_mutually_exclusive_group()
    either.add_argument("--gpu", dest="torch", action="store_const", const="gpu", help="take PyTorch's GPU build")
    either.add_argument("--cpu", dest="torch", action="store_const", const="cpu", help="take PyTorch's CPU build")


def free_port(chosen):
    """Return the port to use: the one wanted, or the first that is free."""
    if chosen is not None:
        if not 0 < chosen < 65536:
            raise Problem(f"There is no port {chosen}; give one from 1024 to 65535 with --port.")
        if is_free(chosen):
            return chosen
        raise Problem(f"Port {chosen} is in use; give another with --port, or none to have one chosen.")
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if is_free(port):
            return port
    raise Problem(f"The ports {FIRST_PORT} to {LAST_PORT} are all in use; give another with --port.")


def is_free(port):
    """Tell whether a server may listen at this port of this machine."""
    with socket.socket() as probe:
        if os.name != "nt":  # there it would allow to share a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def demonstrate(python, workspace, environment):
    """Make the demonstration in a new workspace; one that people use already is left as it is."""
    unfinished = workspace / "demonstration.unfinished"
    # With COLOPHON_DATABASE there is no colophon.db: then what was loaded shows that the workspace is used.
    used = any((workspace / name).exists() for name in ("colophon.db", "corpora", "labels", "predictions"))
    if used and not unfinished.exists():
        return
    print("Making the demonstration collection (invented records) ...", flush=True)
    workspace.mkdir(parents=True, exist_ok=True)
    unfinished.write_text("`run.py` makes the demonstration again when it finds this file.\n", encoding="utf-8")
    if subprocess.call([program_of(python, "colophon"), "demo"], cwd=str(ROOT), env=environment):
        raise Problem("The demonstration could not be made (see above).")
    unfinished.unlink()


def program_of(python, name):
    """Return where a program that came with a package is."""
    return str(python.with_name(name + ".exe" if os.name == "nt" else name))


def dashboard(python, port, environment, with_browser):
    """Run the dashboard until it ends or a person stops it."""
    address = f"http://127.0.0.1:{port}"
    command = [str(python), "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py")]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--logger.hideWelcomeMessage", "true"]  # the address is told here, once
    server = subprocess.Popen(command, cwd=str(ROOT), env=environment)
    print(f"Colophon: {address} (Ctrl+C stops it)", flush=True)
    if with_browser:
        threading.Thread(target=open_when_ready, args=(address, server), daemon=True).start()
    # whoever ends this program (a service manager, `kill`) ends the dashboard: else it would go on, unseen
    signal.signal(signal.SIGTERM, lambda number, frame: server.terminate())
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        return 0


def open_when_ready(address, server):
    """Open a browser as soon as the dashboard answers."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address + "/_stcore/health", timeout=2):
                webbrowser.open(address)
                return
        except OSError:
            time.sleep(0.3)


def has_display():
    """Tell whether a browser could be seen."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# --- the checks -----------------------------------------------------------------------------------------------------


def test(arguments):
    """Set up with the test packages and run every check; pytest comes last, so that its count is the last line."""
    ask = argparse.ArgumentParser(
        prog="run.py test",
        description="Everything CI checks. Further arguments go to pytest.",
        allow_abbrev=False,
    )
    ask.add_argument("--fast", action="store_true", help="leave out what is slow, needs a browser or measures speed")
    ask.add_argument("--coverage", action="store_true", help="list the lines and branches that no test reaches")
    add_torch(ask)
    args, further = ask.parse_known_args(arguments)
    python = set_up(True, args.torch)
    if not args.fast:
        bring_system_tools()
    with tempfile.TemporaryDirectory(prefix="colophon-types-") as folder:
        types = TypeCheck(program_of(python, "mypy"), Path(folder) / "report.txt")
        failed = quick_checks(python)
        print("\n== pytest, and mypy beside it", flush=True)
        command = [str(python), "-m", "pytest", *pytest_options(args.fast, args.coverage), *further]
        # Tests start many processes: what one has compiled the next need not compile again.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment[TYPES_REPORT] = str(types.report)
        status = subprocess.call(command, cwd=str(ROOT), env=environment)
        types_failed = types.failed()  # waits, also where pytest has failed: the folder is needed until then
        return status or (1 if types_failed or failed else 0)


def quick_checks(python):
    """Run the checks that take a second or two; return the names of those that complained."""
    failed = []
    for name, command in (
        ("ruff check", ["ruff", "check", "--output-format=concise", "."]),
        ("ruff format", ["ruff", "format", "--check", "--output-format=concise", "."]),
        ("import-linter", ["lint-imports", "--no-logo"]),
    ):
        print(f"\n== {name}", flush=True)
        start = time.time()
        if subprocess.call([program_of(python, command[0]), *command[1:]], cwd=str(ROOT)):
            failed.append(name)
        print(f"   {time.time() - start:.1f} s", flush=True)
    if failed:
        print("\nFailed: {}. The tests run all the same.".format(", ".join(failed)), flush=True)
    return failed


class TypeCheck:
    """mypy, which takes a minute of one core the first time: it runs beside the other checks and the tests.

    What it prints is in the file `report` as soon as it has ended; tests/conftest.py shows it above pytest's count.
    """

    def __init__(self, program, report):
        self.report, self.status = report, 1
        self.thread = threading.Thread(target=self.check, args=(program,), daemon=True)
        self.thread.start()

    def check(self, program):
        """Run it to its end, write the report and keep the status."""
        start = time.time()
        try:
            done = subprocess.run([program], cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.status, printed = done.returncode, done.stdout.decode("utf-8", "replace")
        except OSError as error:
            printed = f"mypy does not start: {error}\n"
        unfinished = self.report.with_suffix(".unfinished")
        unfinished.write_text(f"{printed}   {time.time() - start:.1f} s\n", encoding="utf-8")
        unfinished.replace(self.report)

    def failed(self):
        """Wait for its end and tell whether it complained."""
        self.thread.join()
        return self.status != 0


def pytest_options(fast, coverage):
    """Return how pytest is called."""
    options = ["-m", "not slow and not browser and not bench"] if fast else []
    # Following every branch makes the tests half as slow again, and proves nothing more: only who asks for it waits.
    options += ["--cov", "--cov-report=term"] if coverage else []
    # Two processes halve the time; more would fight over the browser and the memory of the language models.
    processes = os.environ.get(PROCESSES, "2" if (os.cpu_count() or 1) > 1 else "0")
    return options + (["-n", processes, "--dist", "loadgroup"] if processes != "0" else [])


def bring_system_tools():
    """Install what is missing where that is ours to do (root, Debian or Ubuntu), else say how."""
    missing = [package for programs, package in SYSTEM_TOOLS if not any(map(is_installed, programs))]
    if not missing:
        return
    if getattr(os, "geteuid", lambda: 1)() == 0 and shutil.which("apt-get"):
        print("Installing Debian packages the checks use: {} ...".format(" ".join(missing)), flush=True)
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            subprocess.call(["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL)
        missing = [package for programs, package in SYSTEM_TOOLS if not any(map(is_installed, programs))]
    if missing:
        names = " ".join(missing)
        print(
            f"Not installed: {names}. Tests that need them skip; on Debian and Ubuntu: sudo apt install {names}",
            flush=True,
        )


def is_installed(program):
    """Tell whether a program, or a module of Perl, is there."""
    if not program.startswith("perl:"):
        return shutil.which(program) is not None
    perl = shutil.which("perl")
    return bool(perl) and subprocess.call([perl, "-M" + program[5:], "-e", "1"], stderr=subprocess.DEVNULL) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
