"""Mutation check: plant small faults in `core`, one at a time, and count those that the tests notice.

``python tests/mutants.py --number 60 --seed 0`` works in a copy of the tree and changes nothing here. It is not part of
the checks that run at every change: sixty faults take half an hour and more.

A fault is drawn at random from all places where one can be planted. The tests that may notice it are those of the
module itself, then those that import its package; the first failure ends them. Faults that no input can show
(equivalent mutants) are told by reading the survivors, which are printed.
"""

import argparse
import ast
import copy
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("core", "dashboard", "pages", "data", "tests", ".streamlit")
FILES = ("pyproject.toml", "run.py", "README.md", "CONTRIBUTING.md", "requirements.txt")
MOST_TEST_FILES = 30
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


def mutants_of(path: Path) -> list[Mutant]:
    """Return all faults of a module: in what its functions do, not in defaults, annotations or constants."""
    text = (ROOT / path).read_text(encoding="utf-8")
    mutants = []
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef):
            continue
        inside = {
            id(child) for node in ast.walk(function) for child in ast.walk(node) if isinstance(node, ast.JoinedStr)
        }
        for statement in function.body:
            for node in ast.walk(statement):
                if not isinstance(node, ast.expr) or id(node) in inside or node.end_lineno is None:
                    continue
                place = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset or 0)
                before = ast.unparse(node)
                # Brackets keep the fault to its own expression.
                mutants += [Mutant(path, *place, before, f"({ast.unparse(after)})") for after in mutated(node)]
    return list(dict.fromkeys(mutants))


def tests_of(path: Path) -> list[str]:
    """Return the test files that may notice a fault in a module, the likeliest first."""
    parts = path.with_suffix("").parts
    package, name = ".".join(parts[:2]), parts[-1]
    candidates = sorted((ROOT / "tests").glob("core/**/test_*.py")) + sorted((ROOT / "tests").glob("pages/test_*.py"))

    def rank(file: Path) -> int:
        text = file.read_text(encoding="utf-8")
        if file.name.startswith(f"test_{name}") and (len(parts) == 2 or file.parent.name == parts[1]):
            return 0
        if re.search(rf"\b{re.escape('.'.join(parts))}\b", text):
            return 1
        if file.parent.name == parts[1]:
            return 2
        return 3 if re.search(rf"\b{re.escape(package)}\b", text) else 4

    ranked = sorted((rank(file), str(file.relative_to(ROOT))) for file in candidates)
    return [str(path), *[file for place, file in ranked if place < 4][:MOST_TEST_FILES]]


def is_killed(mutant: Mutant, copy_root: Path, timeout: float) -> bool:
    """Say whether a test fails (or never ends) with the fault in place."""
    target = copy_root / mutant.path
    sound = target.read_text(encoding="utf-8")
    target.write_text(mutant.apply(sound), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--doctest-modules",
    ]
    command += ["-m", "not slow and not browser and not real", *tests_of(mutant.path)]
    try:
        environment = {**os.environ, "PYTHONPATH": str(copy_root), "PYTHONDONTWRITEBYTECODE": "1"}
        run = subprocess.run(command, cwd=copy_root, env=environment, capture_output=True, timeout=timeout, check=False)
        return run.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_text(sound, encoding="utf-8")


def main() -> None:
    """Plant faults and print what became of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--number", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="core", help="folder or module, e.g. core/thresholds")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds for the tests of one fault")
    args = parser.parse_args()
    chosen = ROOT / args.only
    files = [chosen] if chosen.is_file() else sorted(chosen.rglob("*.py"))
    places = [mutant for file in files for mutant in mutants_of(file.relative_to(ROOT))]
    drawn = random.Random(args.seed).sample(places, min(args.number, len(places)))
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy_root = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, copy_root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            shutil.copy(ROOT / name, copy_root)
        for number, mutant in enumerate(drawn, 1):
            start = time.monotonic()
            killed = is_killed(mutant, copy_root, args.timeout)
            survivors += [] if killed else [mutant]
            word = "killed  " if killed else "SURVIVED"
            print(f"{number:3} {word} {time.monotonic() - start:5.0f} s  {mutant}", flush=True)
    print(f"{len(drawn) - len(survivors)} of {len(drawn)} killed ({1 - len(survivors) / len(drawn):.0%})")


if __name__ == "__main__":
    main()
