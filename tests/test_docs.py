"""The documentation is read by the tests: what the program can do, the README tells."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import cli

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


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
