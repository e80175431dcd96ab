"""Mutation check: plant small faults in `core`, one at a time, and count those that the tests notice.

``python tests/mutants.py --number 60 --seed 0`` works in a copy of the tree and changes nothing here. It is not part of
the checks that run at every change: sixty faults take half an hour and more.

A fault is drawn at random from all places where one can be planted. The tests that may notice it are those that mirror
the module, those that import it, those of its folder, those that import its package: the quick ones, then the slow ones
of the nearest files (none that needs a browser or the British Library files). The first failure ends them. A
failure counts only when the same test passes without the fault; when the time is up, nothing was noticed, and that is
said. It is time of the processor that is counted, of the tests and all that they start: a busy machine makes no
survivors. The demonstration is built once, without a fault: what only its building would show is not noticed either.

No fault is planted where no input could show it or where it only concerns how the work is watched: annotations and the
type in ``cast``, defaults of parameters, text (f-strings), calls of a logger, messages of ``assert``, and the keywords
QUIET. All other faults that no input can show (equivalent mutants) count as survivors; they are told by reading the
survivors, which are printed.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("core", "dashboard", "pages", "data", "tests", ".streamlit")
FILES = ("pyproject.toml", "run.py", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "requirements.txt")
OPTIONS = ["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
# The quick tests, then the slow ones of so many of the nearest files.
STAGES = (("not slow", 30), ("slow", 8))
LEFT_OUT = "not browser and not bench and not real"
# Keywords that guard or watch the work: the guard of zip(strict=), patience, the frame that a warning names.
QUIET = {"strict", "timeout", "stacklevel"}
TIME_IS_UP = "time is up"
# Tests that only wait use no processor: so many times the limit may pass by the clock.
PATIENCE = 20
FAILED = re.compile(r"^(?:FAILED|ERROR) ([^\n]+?)(?: - .*)?$", re.MULTILINE)
PRELOADED = ("altair", "hypothesis", "pandas", "playwright.sync_api", "pydantic", "pytest", "scipy.stats")
PRELOADED += ("sklearn.linear_model", "sqlalchemy", "streamlit.testing.v1")
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"}


@dataclass(frozen=True)
class Mutant:
    """A fault in one expression.

    Attributes
    ----------
    path : Path
        The module, relative to the repository.
    start, end : (int, int)
        Line, from 1, and byte in it where the expression begins and ends.
    before, after : str
    """

    path: Path
    start: tuple[int, int]
    end: tuple[int, int]
    before: str
    after: str

    def apply(self, text: str) -> str:
        """Return the module with the fault in it."""
        lines = text.encode().splitlines(keepends=True)
        first, last = lines[self.start[0] - 1], lines[self.end[0] - 1]
        lines[self.start[0] - 1 : self.end[0]] = [first[: self.start[1]], self.after.encode(), last[self.end[1] :]]
        return b"".join(lines).decode()

    def __str__(self) -> str:
        return f"{self.path}:{self.start[0]}  {self.before}  →  {self.after}"


def mutated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the expression with each fault that can be planted in it."""
    other = copy.deepcopy(node)
    if isinstance(other, ast.Compare) and type(other.ops[0]) in COMPARISONS:
        other.ops[0] = COMPARISONS[type(other.ops[0])]()
        yield other
    elif isinstance(other, ast.BinOp) and type(other.op) in ARITHMETIC:
        if not any(
            isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (other.left, other.right)
        ):
            other.op = ARITHMETIC[type(other.op)]()
            yield other
    elif isinstance(other, ast.BoolOp):
        other.op = ast.Or() if isinstance(other.op, ast.And) else ast.And()
        yield other
    elif isinstance(other, ast.UnaryOp) and isinstance(other.op, ast.Not | ast.Invert | ast.USub):
        yield other.operand
    elif isinstance(other, ast.IfExp):
        other.body, other.orelse = other.orelse, other.body
        yield other
    elif isinstance(other, ast.Constant) and isinstance(other.value, bool):
        yield ast.Constant(not other.value)
    elif isinstance(other, ast.Constant) and isinstance(other.value, int | float):
        yield ast.Constant(other.value + 1)
    elif isinstance(other, ast.Call) and (name := getattr(other.func, "id", getattr(other.func, "attr", ""))) in CALLS:
        if isinstance(other.func, ast.Name):
            other.func.id = CALLS[name]
        elif isinstance(other.func, ast.Attribute):
            other.func.attr = CALLS[name]
        yield other


def quiet(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the parts of a function in which no fault is planted."""
    for node in ast.walk(function):
        if isinstance(node, ast.JoinedStr):
            yield node
        elif isinstance(node, ast.AnnAssign):
            yield node.annotation
        elif isinstance(node, ast.arguments):
            yield node
        elif isinstance(node, ast.Assert) and node.msg is not None:
            yield node.msg
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            yield node.returns
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name == "cast":
                yield node.args[0]
            elif name.startswith("_LOG."):
                yield node
            yield from (keyword for keyword in node.keywords if keyword.arg in QUIET)


def mutants_of(path: Path) -> list[Mutant]:
    """Return all faults of a module: in what its functions do, not in defaults, annotations or constants."""
    mutants: dict[Mutant, None] = {}
    for function in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        left_out = {id(child) for node in quiet(function) for child in ast.walk(node)}
        for node in (node for part in function.body for node in ast.walk(part)):
            if not isinstance(node, ast.expr) or id(node) in left_out or node.end_lineno is None:
                continue
            place = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset or 0)
            # Brackets keep the fault to its own expression.
            for after in mutated(node):
                mutants[Mutant(path, *place, ast.unparse(node), f"({ast.unparse(after)})")] = None
    return list(mutants)


def tests_of(path: Path, root: Path) -> list[str]:
    """Return the module, for its doctests, and the test files that may notice a fault in it, the likeliest first."""
    parts = path.with_suffix("").parts
    module, package, name = ".".join(parts), ".".join(parts[:2]), parts[-1]
    imported = rf"\b{re.escape(module)}\b|from {re.escape('.'.join(parts[:-1]))} import [^\n]*\b{name}\b"
    candidates = sorted((root / "tests" / "core").rglob("test_*.py")) + sorted((root / "tests/pages").glob("test_*.py"))

    def rank(file: Path) -> int:
        text = file.read_text(encoding="utf-8")
        if file.name.startswith(f"test_{name}") and (len(parts) == 2 or file.parent.name == parts[1]):
            return 0
        if re.search(imported, text):
            return 1
        if file.parent.name == parts[1] or file.name.startswith(f"test_{parts[1]}"):
            return 2
        return 3 if re.search(rf"\b{re.escape(package)}\b", text) else 4

    ranked = sorted((rank(file), str(file.relative_to(root))) for file in candidates)
    return [str(path), *[file for place, file in ranked if place < 4]]


def processor_time(process: psutil.Process) -> float:
    """Return the seconds that a process and all that it started, also what has ended, have used the processor."""
    seconds = 0.0
    for member in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            seconds += sum(member.cpu_times()[:4])  # user, system, and those of children that were waited for
    return seconds


def pytest(root: Path, options: list[str], seconds: float) -> tuple[int, str]:
    """Run pytest on a tree and return its exit status and what it printed; 0 when its processor time is up.

    It runs in a copy of this process, which has the large packages at hand: loading them takes longer than most tests.
    """
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setsid()
                os.chdir(root)
                os.dup2(printed.fileno(), 1)
                os.dup2(printed.fileno(), 2)
                os.environ["PYTHONPATH"] = str(root)
                sys.path[0] = str(root)
                main = importlib.import_module("pytest").main
                status = int(main([*OPTIONS, *options]))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        process, end = psutil.Process(child), time.monotonic() + PATIENCE * seconds
        done, state = os.waitpid(child, os.WNOHANG)
        while not done and time.monotonic() < end and processor_time(process) < seconds:
            time.sleep(0.2)
            done, state = os.waitpid(child, os.WNOHANG)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if not done:
            os.waitpid(child, 0)
            return 0, TIME_IS_UP
        printed.seek(0)
        return os.waitstatus_to_exitcode(state), printed.read().decode(errors="replace")


def killer(mutant: Mutant, root: Path, tests: list[str], seconds: float) -> str:
    """Return the test that fails with the fault; '' when there is none, and TIME_IS_UP when not all could be run."""
    target = root / mutant.path
    sound, times = target.read_text(encoding="utf-8"), target.stat()
    target.write_text(mutant.apply(sound), encoding="utf-8")
    late = False
    try:
        for marks, most in STAGES:
            options = ["-x", "-m", f"{marks} and {LEFT_OUT}", *tests[: most + 1]]
            status, output = pytest(root, options, seconds)
            late = late or output == TIME_IS_UP
            if status not in (0, 5):
                # Nothing fails by name where a module that conftest.py needs cannot be imported any more.
                return next(iter(FAILED.findall(output)), "pytest does not start")
    finally:
        target.write_text(sound, encoding="utf-8")
        # The time tells Python which of its compiled modules is of the sound one.
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    return TIME_IS_UP if late else ""


def main() -> None:
    """Plant faults and print what became of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--number", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="core", help="folders or modules, e.g. core/thresholds,core/review.py")
    parser.add_argument(
        "--timeout",
        type=float,
        default=300.0,
        help="seconds of processor time for the quick, and for the slow tests of one fault",
    )
    parser.add_argument("--files", type=int, default=30, help="most test files for one fault")
    args = parser.parse_args()
    chosen = [ROOT / name for name in args.only.split(",")]
    files = [file for place in chosen for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
    places = [mutant for file in files for mutant in mutants_of(file.relative_to(ROOT))]
    drawn = random.Random(args.seed).sample(places, min(args.number, len(places)))
    killers: dict[Mutant, str] = {}
    for name in PRELOADED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            shutil.copy(ROOT / name, root)
        os.environ["COLOPHON_TEST_DEMONSTRATION"] = str(root / "demonstration")
        pytest(root, ["tests/pages/test_home.py::test_home_says_what_is_loaded"], float("inf"))
        for number, mutant in enumerate(drawn, 1):
            start = time.monotonic()
            killers[mutant] = killer(mutant, root, tests_of(mutant.path, root)[: args.files + 1], args.timeout)
            word = "SURVIVED" if killers[mutant] in ("", TIME_IS_UP) else "killed  "
            print(f"{number:3} {word} {time.monotonic() - start:5.0f} s  {mutant}  [{killers[mutant]}]", flush=True)
        # A test that fails without the fault, too, has noticed nothing.
        named = sorted(test for test in set(killers.values()) if "::" in test)
        unsound = set(FAILED.findall(pytest(root, named, float("inf"))[1])) if named else set()
    survivors = [mutant for mutant, test in killers.items() if test in {"", TIME_IS_UP, *unsound}]
    print(*(f"fails without the fault: {test}" for test in sorted(unsound)), sep="\n")
    print(f"{len(drawn) - len(survivors)} of {len(drawn)} killed ({1 - len(survivors) / len(drawn):.0%})")
    print(*survivors, sep="\n")


if __name__ == "__main__":
    main()
