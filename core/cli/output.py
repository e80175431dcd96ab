"""What the command line shows: one JSON object or a readable table, a progress line, a line or two of complaint."""

import argparse
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import ColophonError
from core.formatting import json_text, printable

__all__ = ["CommandResult", "ProgressLine", "add_person", "print_error", "print_result", "table", "warn"]


def add_person(parser: argparse.ArgumentParser) -> None:
    """Add the option that says who does what the command does."""
    parser.add_argument(
        "--by",
        dest="person",
        default="",
        metavar="NAME",
        help="who does this; kept with what is made, and named in an export (default: nobody is named)",
    )


@dataclass(frozen=True)
class CommandResult:
    """What a command found out.

    Attributes
    ----------
    content : mapping
        The JSON object.
    lines : sequence of str
        The same for people.
    status : int
        0, or 1 when a check or a promise does not hold.
    """

    content: Mapping[str, Any]
    lines: Sequence[str]
    status: int = 0
    warnings: Sequence[str] = field(default=())


def print_result(answer: CommandResult, *, as_json: bool) -> None:
    """Print an answer to standard output, its warnings to standard error."""
    for sentence in answer.warnings:
        warn(sentence)
    if as_json:
        print(json_text(answer.content))
    else:
        print("\n".join(printable(line) for line in answer.lines))
    sys.stdout.flush()


def table(rows: Sequence[Mapping[Any, Any]], columns: Mapping[str, str]) -> list[str]:
    """Lay rows out in columns; numbers to the right.

    Parameters
    ----------
    columns : mapping
        Key in the rows → heading.
    """
    if not rows:
        return ["(none)"]
    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    right = [all(isinstance(row.get(key), int | float | np.number | None) for row in rows) for key in columns]
    heads = list(columns.values())
    widths = [max(len(head), *(len(line[i]) for line in cells)) for i, head in enumerate(heads)]

    def lay(line: Sequence[str]) -> str:
        parts = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        )
        return "  ".join(parts).rstrip()

    return [lay(heads), lay(["─" * width for width in widths]), *(lay(line) for line in cells)]


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    text = " ".join(str(value).split())
    return text if len(text) <= 90 else text[:89] + "…"


def warn(sentence: str) -> None:
    """Print one line to standard error."""
    print(printable(f"colophon: {sentence}"), file=sys.stderr)


def print_error(error: ColophonError) -> None:
    """Print an error to standard error: one or two lines, never a traceback."""
    warn(" ".join(str(error).split()))
    for choice in getattr(error, "choices", ()):
        named = f" ({choice.label})" if choice.label != choice.value else ""
        warn(f"  {choice.value}{named}{f': {choice.sample}' if choice.sample else ''}")


class ProgressLine:
    """A listener for long work: one line that is rewritten on a terminal, or a line every few seconds in a log."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._last = 0.0
        self._written = False

    def __call__(self, fraction: float, message: str) -> None:
        """Show how far the work is."""
        if self._quiet:
            return
        moment = time.monotonic()
        if moment - self._last < (0.1 if self._terminal else 5.0):
            return
        self._last = moment
        text = printable(f"{100 * fraction:3.0f} %  {message}")
        if self._terminal:
            print(f"\r\033[K{text[:110]}", end="", file=sys.stderr, flush=True)
            self._written = True
        else:
            print(text, file=sys.stderr, flush=True)

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the terminal's line clean."""
        if self._written:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._written = False
