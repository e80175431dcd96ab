"""What holds the house together: who imports whom, what a module offers, where files lie, what no file may name."""

import ast
import fnmatch
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".streamlit",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "core",
    "dashboard",
    "data",
    "pages",
    "pyproject.toml",
    "requirements.txt",
    "run.py",
    "tests",
}
MODULES = sorted(
    info.name for info in pkgutil.walk_packages(core.__path__, prefix="core.") if not info.name.endswith("__main__")
)
HEAVY = {"ray", "scipy.optimize", "scipy.stats", "shap", "sklearn", "streamlit", "torch", "transformers"}


def ignored(name: str) -> bool:
    patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return name == ".git" or any(fnmatch.fnmatch(name, pattern.rstrip("/")) for pattern in patterns)


def files_of_the_repository() -> list[Path]:
    items = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if not ignored(name))
        items += [Path(folder) / name for name in sorted(names) if not ignored(name)]
    return items


def loaded_by(*statements: str) -> set[str]:
    """Return which heavy packages a fresh process has loaded after these statements."""
    code = "; ".join(["import json, sys", *statements, f"print(json.dumps(sorted({HEAVY!r} & set(sys.modules))))"])
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_no_module_of_core_loads_streamlit() -> None:
    assert "streamlit" not in loaded_by("import importlib", f"[importlib.import_module(name) for name in {MODULES!r}]")


@pytest.mark.slow
def test_the_command_line_starts_without_heavy_packages() -> None:
    assert loaded_by("import core.cli") == set()


@pytest.mark.slow
def test_the_tables_and_the_statistics_load_nothing_heavy() -> None:
    light = [
        name for name in MODULES if name.split(".")[1] not in {"models", "explain", "scale", "sharing", "label_audit"}
    ]
    assert loaded_by("import importlib", f"[importlib.import_module(name) for name in {light!r}]") == set()


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_offers_is_said_in_its_all(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__
    offered = getattr(module, "__all__", None)
    assert offered is not None, f"{name} has no __all__"
    assert len(offered) == len(set(offered)), "a name is listed twice"
    assert [entry for entry in offered if not hasattr(module, entry)] == []
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    public = {node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")}
    assert public - set(offered) == set(), "begin the name with an underscore, or add it to __all__"


def test_the_top_of_the_repository_is_as_agreed() -> None:
    assert {path.name for path in ROOT.iterdir() if not ignored(path.name)} <= TOP_LEVEL


@pytest.mark.parametrize("page", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_a_page_only_arranges(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150, "a page arranges: core computes, dashboard draws"
    imported = {
        name
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")]
        )
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not {name for name in imported if name and name.split(".")[0] == "pages"}, "pages do not import pages"


# Written in pieces, so that this file does not name what it forbids.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("download", "pytorch", "org"),
        ("registry", "npmjs", "org"),
        ("anaconda", "org"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("proxy", "golang", "org"),
    )
]
MACHINE_PATH = re.compile(
    r"(?<![\w./-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", r"home/\w+", r"Users/\w+"]) + r")/[\w.]"
)


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    items = []
    for path in files_of_the_repository():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or another binary file
        named = [host for host in REGISTRIES if host in text] + MACHINE_PATH.findall(text)
        items += [f"{path.relative_to(ROOT)}: {name}" for name in named]
    assert items == []


# What a curator reads of a value object is a function of core.wording. These stand below it, and what they say is kept
# in a file when it is written: whoever reads the file later has the words of that day.
KEPT_IN_FILES = {
    "core/classes.py": "the import's warnings: which answers became one class",
    "core/joins.py": "warnings of predictions and a training's report: which books were found among others",
    "core/labels.py": "the import's warnings: how many rows speak of one book",
    "core/models/cascade.py": "a training's report and a model's manifest: what the quick student may decide",
    "core/models/preparation.py": "a training's report: which books were left out",
    "core/weak_supervision/functions.py": "a manifest: which functions abstained, copy others or tell nothing",
}
SPEAKING = {"caveats", "headline", "sentence", "sentence_on", "sentences", "verdict"}


def test_value_objects_carry_numbers_and_wording_makes_sentences_of_them() -> None:
    speaking, named = set(), []
    for path in sorted((ROOT / "core").rglob("*.py")) + sorted((ROOT / "dashboard").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(ROOT).as_posix()
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        methods = {item.name for node in classes for item in node.body if isinstance(item, ast.FunctionDef)}
        if methods & SPEAKING:
            speaking.add(name)
        named += [
            f"{name}: {node.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name.strip("_") in ("percent", "rate", "listed", "printable")
        ]
    assert speaking == set(KEPT_IN_FILES)
    expected = [f"core/formatting.py: {name}" for name in ("listed", "percent", "printable", "rate")]
    assert sorted(named) == expected
