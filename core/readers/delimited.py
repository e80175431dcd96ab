"""CSV, TSV and other text with one record a line, read so that a broken line costs that line and no other."""

import csv
import io
import itertools
import re
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Literal

from core.errors import InputError, UnreadableFileError
from core.formatting import percent
from core.progress import Progress
from core.readers.container import OpenedFile
from core.readers.encoding import MARKED, Encoding, find_encoding, open_text, spell_marks
from core.readers.reading import FORMATS
from core.readers.table import ReaderOptions, RejectedRows, SourceTable, TextColumns, columns_given, unique_headers

__all__ = ["Delimiter", "delimiter_name", "doubled_quotes", "find_delimiter", "quoting", "read"]

# --- Which character parts the cells of a text table, told by how even the records come out ---------------------------


_SEPARATOR_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_NAMES = {"comma": ",", "tab": "\t", "\\t": "\t", "semicolon": ";", "pipe": "|", "bar": "|"}
_SAMPLE_RECORDS = 500
_BACKSLASHED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


@dataclass(frozen=True, kw_only=True)
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
        return Delimiter(
            character=character,
            quoted=quoted,
            reason=reason,
            skip_lines=_separator_line(sample)[1],
            backslashes=backslashes,
        )
    written, skip = _separator_line(sample)
    if written:
        return Delimiter(
            character=written,
            quoted=True,
            reason=f"Its first line says that cells are parted by {delimiter_name(written)}.",
            skip_lines=skip,
        )
    order = "\t,;|" if name.lower().endswith((".tsv", ".tab")) else ",\t;|"
    trials = [_Trial(character, _widths(sample, complete, character)) for character in order]
    wide = [trial for trial in trials if trial.header >= 2]
    if not wide:
        return Delimiter(
            character=order[0],
            quoted=True,
            reason="No delimiter was found: it has one column.",
            skip_lines=0,
            advice=_preamble(trials),
        )
    best = max(wide, key=lambda trial: (round(trial.even, 2), trial.header))
    backslashes = _backslashes_matter(sample, complete, best.character)
    if backslashes:
        best = _Trial(best.character, _widths(doubled_quotes(sample), complete, best.character))
    reason = (
        f"Cells are parted by {delimiter_name(best.character)}: {percent(best.even, 0)} of the first"
        f" {max(1, len(best.widths) - 1):,} records have {best.header} cells, as the header has."
    )
    quoted = _quotes_matter(sample, complete, best.character)
    if not quoted:
        reason += " Quotes are part of the text, for the records come out even only so."
    elif backslashes:
        reason += " Quotes inside cells have a backslash before them, as MySQL, R and Spark write them."
        return Delimiter(character=best.character, quoted=quoted, reason=reason, backslashes=True)
    return Delimiter(character=best.character, quoted=quoted, reason=reason)


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
    return _SEPARATOR_NAMES.get(character, f"'{character}'")


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


# --- CSV, TSV and other text with one record a line -------------------------------------------------------------------
# CSV, TSV and other text with one record a line, read so that a broken line costs that line and no other.


# A cell longer than this is taken for a quote that was never closed; the longest known real cell has 0.2 million.
CELL_LIMIT = 16 * 1024**2
_SAMPLE_CHARACTERS = 1024**2
# Each recovery may read up to CELL_LIMIT characters again, so a file of stray quotes must not be read over and over.
_RECOVERIES = 200
_SWALLOWED = "a quotation mark is opened and never closed"


def read(opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    """Read delimited text. See :func:`core.readers.read_table`."""
    csv.field_size_limit(max(csv.field_size_limit(), CELL_LIMIT))  # one limit for the process: only ever raised
    encoding = find_encoding(opened, options.encoding, progress)
    text = open_text(opened, encoding)
    sample = text.read(_SAMPLE_CHARACTERS)
    complete = not text.read(1)
    text.detach()
    delimiter = find_delimiter(sample, complete, options.delimiter, opened.name)
    if delimiter.advice:
        raise UnreadableFileError(f"{opened.path} cannot be read as a table: {delimiter.advice}.")
    text = open_text(opened, encoding)
    try:
        parse = _Parse(opened, text, encoding=encoding, delimiter=delimiter, options=options, progress=progress)
        parse.header()
        parse.records()
    finally:
        text.detach()
    return parse.table()


class _Lines:
    """Physical lines, remembered until the record they belong to is done with, and able to be given again."""

    def __init__(self, text: IO[str], look_for_marks: bool) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._search = re.compile("[\0\udc00-\udcff]").search if look_for_marks else None
        self.held: list[str] = []
        self.odd = False  # something in the held lines needs a closer look
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        search, again = self._search, self._again
        while True:
            if again:
                line = again.popleft()
            else:
                try:
                    line = next(self._text)
                except StopIteration:
                    self.ended = self.odd = True
                    return
            self.held.append(line)
            if "\0" in line or (search and not line.isascii() and search(line)):
                self.odd = True
            yield line

    def done(self) -> None:
        self.held.clear()
        self.odd = False

    def give_again(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.ended = False
        self.done()


class _Parse:
    """One pass over a file: the state that the steps share."""

    def __init__(
        self,
        opened: OpenedFile,
        text: IO[str],
        *,
        encoding: Encoding,
        delimiter: Delimiter,
        options: ReaderOptions,
        progress: Progress,
    ) -> None:
        self._opened, self._encoding, self._delimiter, self._progress = opened, encoding, delimiter, progress
        self._options = options
        self._complete = True
        self._lines = _Lines(text, encoding.may_break)
        self._seen = delimiter.skip_lines  # physical lines that are done with
        for _ in islice(iter(self._lines), delimiter.skip_lines):
            self._lines.done()
        self._names: list[str] = []
        self._columns = TextColumns()
        self._rejected = RejectedRows()
        self._warnings: list[str] = [encoding.warning] if encoding.warning else []
        self._blank = self._blank_inside = self._recoveries = 0

    def header(self) -> None:
        for row in self._reader():
            held = list(self._lines.held)
            self._seen += len(held)
            raw = "".join(held)
            self._lines.done()
            if not "".join(row).strip():
                continue
            if self._options.columns:
                self._names = columns_given(self._options.columns, row, self._opened.path)
                self._columns = TextColumns(self._names)
                self._lines.give_again(held)
                self._seen -= len(held)
                return
            self._names, warnings = unique_headers([spell_marks(cell) for cell in row])
            if len(held) > 1 and self._strictly_broken(held):
                raise UnreadableFileError(f"{self._opened.path} cannot be read as a table: in its header {_SWALLOWED}.")
            self._warnings += warnings
            if any(re.fullmatch(r"\d{5,}", name) for name in self._names):
                self._warnings.append(
                    f"The first line holds a long number ('{raw.strip()[:60]}'): if it is a record and not a header, "
                    "name the columns, or add a line with their names above it."
                )
            self._columns = TextColumns(self._names)
            return
        raise UnreadableFileError(f"{self._opened.path} holds blank lines only.")

    def records(self) -> None:
        while self._pass():
            if self._enough():
                break
        self._complete = not self._enough() or next(iter(self._lines), None) is None

    def table(self) -> SourceTable:
        rejected = len(self._rejected)
        records = len(self._columns) + rejected
        if records == rejected:
            why = f"none of its {rejected:,} records can be used; {self._rejected.first()}" if rejected else ""
            raise UnreadableFileError(
                f"{self._opened.path} holds no record: {why or 'it has a header and nothing else'}."
            )
        frame, lines = self._columns.frame()
        gathered = ""
        for reader in FORMATS.values():
            if reader.gather is not None and not gathered:
                frame, lines, gathered = reader.gather(frame, lines, self._rejected)
        if not len(frame):
            raise UnreadableFileError(
                f"{self._opened.path} holds suggestions without a usable score; {self._rejected.first()}."
            )
        rejected = len(self._rejected)
        if rejected:
            self._warnings.append(
                f"{rejected:,} of {records:,} records could not be used and were set aside, the first on "
                f"{self._rejected.first()}."
            )
        if self._blank_inside:
            self._warnings.append(f"{self._blank_inside:,} blank lines between records were passed over.")
        return SourceTable(
            path=self._opened.path,
            format="tsv" if self._delimiter.character == "\t" else "csv",
            encoding=self._encoding.name,
            delimiter=self._delimiter.character,
            frame=frame,
            lines=lines,
            rejected=self._rejected.frame(),
            reasons=(
                *self._opened.reasons,
                self._encoding.reason,
                self._delimiter.reason,
                *([gathered] if gathered else []),
            ),
            warnings=tuple(self._warnings),
            complete=self._complete,
        )

    def _enough(self) -> bool:
        return self._options.enough(len(self._columns) + len(self._rejected))

    def _reader(self, strict: bool = False) -> "Iterator[list[str]]":
        return self._csv(iter(self._lines), strict)

    def _csv(self, lines: Iterator[str], strict: bool) -> "Iterator[list[str]]":
        quotes = quoting(self._delimiter.quoted)
        if self._delimiter.backslashes:
            lines = map(doubled_quotes, lines)
        return csv.reader(lines, delimiter=self._delimiter.character, quoting=quotes, strict=strict)

    def _pass(self) -> bool:
        """Read records until the end or until lines must be given again; return True in the second case."""
        lines, width, held = self._lines, len(self._names), self._lines.held
        rows: list[list[str]] = []
        starts = array("q")
        again = False
        chunk = self._options.chunk
        reader = self._reader()
        while True:
            try:
                for row in reader:
                    plain = len(row) == width and len(held) == 1 and not lines.odd
                    if plain or self._accept_or_retry(row, width):
                        rows.append(row)
                        starts.append(self._seen + 1)
                        self._blank_inside = self._blank
                    elif not held:
                        again = True
                        break
                    self._seen += len(held)
                    held.clear()
                    lines.odd = False
                    if len(rows) >= chunk:
                        self._flush(rows, starts)
                        if self._enough():
                            return False
                    elif not plain and self._options.enough(len(self._rejected)):
                        break
                break
            except csv.Error as error:
                self._set_aside(_SWALLOWED if "field limit" in str(error) else str(error))
                again = True
                break
        self._flush(rows, starts)
        return again

    def _flush(self, rows: list[list[str]], starts: "array[int]") -> None:
        self._columns.extend(rows, starts)
        rows.clear()
        del starts[:]
        done = self._opened.stream.tell() / self._opened.size
        self._progress(
            0.1 + 0.9 * min(1.0, done), f"Reading {len(self._columns):,} records of {self._opened.path.name}"
        )

    def _accept_or_retry(self, row: list[str], width: int) -> bool:
        """Judge a record that is not plainly good; False without held lines means that lines are to be read again."""
        lines = self._lines
        raw = "".join(lines.held)
        if len(row) <= 1 and width > 1 and not raw.strip():
            self._blank += len(lines.held)
            return False
        if not row:
            self._blank += 1
            return False
        if (len(lines.held) > 1 or lines.ended) and self._delimiter.quoted and self._strictly_broken(lines.held):
            self._set_aside(_SWALLOWED)
            return False
        reason = self._fault(row, width, raw)
        if reason:
            self._rejected.add(self._seen + 1, reason, _shorten(raw))
        return not reason

    def _fault(self, row: list[str], width: int, raw: str) -> str:
        if "\0" in raw:
            return "it holds a NUL character, which no text has"
        marks = MARKED.findall(raw) if self._encoding.may_break else []
        if marks:
            some = ", ".join(f"0x{ord(mark) - 0xDC00:02X}" for mark in marks[:3])
            return f"it holds bytes that are not valid {self._encoding.name.upper()} ({some})"
        if len(row) != width:
            return f"it has {_cells(len(row))} where the header has {width}"
        return ""

    def _set_aside(self, reason: str) -> None:
        """Set the first line of the held record aside and let the lines it swallowed be read again."""
        held = list(self._lines.held)
        lost = 1
        if self._recoveries >= _RECOVERIES and len(held) > 1:
            lost = len(held)
            reason += f"; the {lost:,} lines it swallowed were set aside with it, for the file has too many such lines"
        self._recoveries += 1
        self._rejected.add(self._seen + 1, reason, _shorten("".join(held[:lost])))
        self._seen += lost
        self._lines.give_again(held[lost:])

    def _strictly_broken(self, held: list[str]) -> bool:
        """Tell whether the record only hangs together because the parser forgives stray quotes."""
        try:
            for _ in self._csv(iter(held), True):
                pass
        except csv.Error:
            return True
        return False


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _shorten(raw: str) -> str:
    return spell_marks(raw[:2000].rstrip("\r\n"))
