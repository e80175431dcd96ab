"""Which character parts the cells of a text table, told by how even the records come out."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import InputError

__all__ = ["Delimiter", "delimiter_name", "doubled_quotes", "find_delimiter", "quoting"]

_SPOKEN = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_NAMES = {"comma": ",", "tab": "\t", "\\t": "\t", "semicolon": ";", "pipe": "|", "bar": "|"}
_SAMPLE_RECORDS = 500
_BACKSLASHED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


@dataclass(frozen=True)
class Delimiter:
    """A delimiter, whether quotes around cells mean anything, why, and how many lines stand before the header."""

    character: str
    quoted: bool
    reason: str
    skip_lines: int = 0
    advice: str = ""  # what is odd about the first line, '' when nothing is
    backslashes: bool = False  # a quote inside a cell is written with a backslash before it, not doubled


@dataclass(frozen=True)
class _Trial:
    character: str
    widths: Sequence[int]

    @property
    def header(self) -> int:
        return self.widths[0] if self.widths else 0

    @property
    def even(self) -> float:
        """Share of the records below the header that have as many cells as it."""
        below = self.widths[1:]
        return sum(width == self.header for width in below) / len(below) if below else 1.0


def find_delimiter(sample: str, complete: bool, given: str | None, name: str) -> Delimiter:
    """Return the delimiter of a text table: the one given, else told from its first records.

    Each candidate is tried with quotes respected; the one wins that cuts the greatest share of records into as many
    cells as the header has, then the one that gives more cells.

    Parameters
    ----------
    sample : str
        The beginning of the file; its last record is left out unless `complete`.
    given : str or None
        One character, or a name such as ``tab``.
    name : str
        File name: ``.tsv`` and ``.tab`` favour the tab where all else is equal.

    Raises
    ------
    InputError
        `given` is not one usable character.
    """
    if given is not None:
        character = _checked(given)
        reason = f"The delimiter was given: {delimiter_name(character)}."
        quoted = _quotes_matter(sample, complete, character)
        backslashes = quoted and _backslashes_matter(sample, complete, character)
        return Delimiter(character, quoted, reason, _separator_line(sample)[1], backslashes=backslashes)
    written, skip = _separator_line(sample)
    if written:
        return Delimiter(
            written, True, f"Its first line says that cells are parted by {delimiter_name(written)}.", skip
        )
    order = "\t,;|" if name.lower().endswith((".tsv", ".tab")) else ",\t;|"
    trials = [_Trial(character, _widths(sample, complete, character)) for character in order]
    wide = [trial for trial in trials if trial.header >= 2]
    if not wide:
        return Delimiter(order[0], True, "No delimiter was found: it has one column.", 0, _preamble(trials))
    best = max(wide, key=lambda trial: (round(trial.even, 2), trial.header))
    backslashes = _backslashes_matter(sample, complete, best.character)
    if backslashes:
        best = _Trial(best.character, _widths(doubled_quotes(sample), complete, best.character))
    reason = (
        f"Cells are parted by {delimiter_name(best.character)}: {100 * best.even:.0f} % of the first"
        f" {max(1, len(best.widths) - 1):,} records have {best.header} cells, as the header has."
    )
    quoted = _quotes_matter(sample, complete, best.character)
    if not quoted:
        reason += " Quotes are part of the text, for the records come out even only so."
    elif backslashes:
        reason += " Quotes inside cells have a backslash before them, as MySQL, R and Spark write them."
        return Delimiter(best.character, quoted, reason, backslashes=True)
    return Delimiter(best.character, quoted, reason)


def doubled_quotes(line: str) -> str:
    r"""Return a line in which quotes with a backslash before them are written as the csv module knows them.

    >>> doubled_quotes(r'1,"6\" guns"')
    '1,"6"" guns"'
    """
    return _BACKSLASHED.sub(r'\1""', line) if "\\" in line else line


def quoting(quoted: bool) -> Literal[0, 3]:
    """Return the csv module's constant for quotes that enclose cells, or for quotes that are text."""
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def delimiter_name(character: str) -> str:
    """Return the plural a person would use.

    >>> delimiter_name(";"), delimiter_name("~")
    ('semicolons', "'~'")
    """
    return _SPOKEN.get(character, f"'{character}'")


def _checked(given: str) -> str:
    character = _NAMES.get(given.lower(), given)
    if len(character) != 1 or character in '"\r\n\0' or character.isalnum():
        raise InputError(
            f"'{given}' cannot part cells; give one character, such as ',' or ';', or the word tab, comma, semicolon "
            "or pipe."
        )
    return character


def _separator_line(sample: str) -> tuple[str, int]:
    """Excel writes and reads a first line such as ``sep=;``."""
    match = re.match(r'"?sep=([^"\r\n])"?(\r\n|\n|\r)', sample, re.IGNORECASE)
    return (match[1], 1) if match else ("", 0)


def _records(sample: str, complete: bool, character: str, quoted: bool, strict: bool = False) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=character, quoting=quoting(quoted), strict=strict)
    held: list[str] | None = None
    try:
        for record in reader:
            if len(record) <= 1 and not "".join(record).strip():
                continue
            if held is not None:
                yield held
            held = record
    except csv.Error:
        if strict:
            raise
    if held is not None and complete:
        yield held


def _widths(sample: str, complete: bool, character: str, quoted: bool = True) -> list[int]:
    records = itertools.islice(_records(sample, complete, character, quoted), _SAMPLE_RECORDS)
    return [len(record) for record in records]


def _quotes_matter(sample: str, complete: bool, character: str) -> bool:
    """Tab-separated files are often written without quoting, and then a title may begin with a quote."""
    if character not in "\t|" or '"' not in sample:
        return True
    try:
        for _ in itertools.islice(_records(sample, complete, character, True, strict=True), _SAMPLE_RECORDS):
            pass
    except csv.Error:
        return len(set(_widths(sample, complete, character, quoted=False))) != 1
    return True


def _backslashes_matter(sample: str, complete: bool, character: str) -> bool:
    """Whether the records hang together only when a backslash before a quote makes it a part of the cell."""
    if '\\"' not in sample or _strictly_even(sample, complete, character):
        return False
    return _strictly_even(doubled_quotes(sample), complete, character)


def _strictly_even(sample: str, complete: bool, character: str) -> bool:
    records = itertools.islice(_records(sample, complete, character, True, strict=True), _SAMPLE_RECORDS)
    try:
        return len({len(record) for record in records}) == 1
    except csv.Error:
        return False


def _preamble(trials: Sequence[_Trial]) -> str:
    for trial in trials:
        below = trial.widths[1:]
        usual = max(set(below), key=below.count) if below else 0
        if usual >= 2 and below.count(usual) >= 0.9 * len(below):
            return (
                f"the first line has one cell but most lines below have {usual}, parted by"
                f" {delimiter_name(trial.character)}: delete the lines above the header"
            )
    return ""
