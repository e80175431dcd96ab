"""Numbers, shares, estimates and lists as text: each written one way, on page, command line, report and export."""

import ast
import json
import math
import re
import warnings
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any, Final, Protocol

import pandas as pd

from core.errors import InputError
from core.translation import _, number_text

__all__ = [
    "Estimated",
    "Number",
    "as_text",
    "capitalised",
    "counts_listed",
    "csv_for_people",
    "figure",
    "in_percent",
    "inline",
    "interval_count",
    "interval_percent",
    "json_text",
    "largest_listed",
    "listed",
    "lower_percent",
    "number",
    "over_or_under",
    "parse_literal",
    "percent",
    "plain",
    "printable",
    "rate",
    "read_json",
    "safe_cell",
    "unsafe_cell",
    "unsafe_table",
    "upper_percent",
]


# --- Text from files that stays text: on a terminal, in a log, a report, a Markdown document --------------------------


_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>|#!])")


def printable(text: str, keep: str = "\t\n") -> str:
    r"""Return text in which what is no printable character, nor one of `keep`, is a visible replacement character.

    A title from a file must not steer the terminal, the log, or whatever shows the report.

    >>> printable("\x1b[2Jgone\n"), printable("gone\n", keep="")
    ('�[2Jgone\n', 'gone�')
    """
    return "".join(sign if sign.isprintable() or sign in keep else "\N{REPLACEMENT CHARACTER}" for sign in text)


def inline(text: object) -> str:
    r"""Return text from a file so that it stays one line of plain text in Markdown: what could act gets a backslash.

    >>> print(inline("A <b>novel</b>\n# [x](y)"))
    A \<b\>novel\</b\> \# \[x\](y)
    """
    line = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return _ACTIVE.sub(r"\\\1", " ".join(line.split()))


# --- JSON as Colophon writes it ---------------------------------------------------------------------------------------
# What is undefined is null, since JSON has no word for NaN, and null is NaN again.


def plain(value: Any) -> Any:
    """Return `value` in the types JSON has.

    What is undefined (NaN, an infinite number, ``<NA>``) becomes None, NumPy's numbers and arrays Python's, a set a
    sorted list, a key a text; whatever else it is becomes its text.

    >>> plain({"a": (float("nan"), 1), "b": {"y", "x"}, 3: pd.NA})
    {'a': [None, 1], 'b': ['x', 'y'], '3': None}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # a NumPy number or array, a column of a table
        return plain(value.tolist())
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool) else str(value)


def number(value: float | None) -> float:
    """Return a number that was read from JSON: NaN for null.

    >>> number(0.5), number(None)
    (0.5, nan)
    """
    return math.nan if value is None else float(value)


def json_text(value: Any, indent: int | None = 2) -> str:
    """Return `value` as JSON (see :func:`plain`), over several lines unless `indent` is None."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`.

    Raises
    ------
    InputError
        The file is missing or is not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, not a JSON object")
    return content


# --- CSV for people ---------------------------------------------------------------------------------------------------
# What opens in a spreadsheet program by a double click shows every sign and runs nothing.
# Two files, two purposes. For machines the export writes every string exactly (:mod:`core.export.tabular`); for people
# this module writes a byte order mark, by which Excel knows UTF-8, and puts an apostrophe before text that a
# spreadsheet program would take for a formula.


# OWASP, "CSV Injection": these begin a formula, or part cells so that what follows begins one. Full-width forms count.
_FORMULA: Final = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# A number is no formula, with a sign or without: a class called -1 and a negative number stay what they are.
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*(e[+-]?[0-9]+)?", re.IGNORECASE)


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula: one that could be gets an apostrophe before it.

    >>> safe_cell("=HYPERLINK(0)"), safe_cell("-1"), safe_cell("A novel")
    ("'=HYPERLINK(0)", '-1', 'A novel')
    """
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unsafe_cell(cell: str) -> str:
    """Return what :func:`safe_cell` was given.

    >>> unsafe_cell("'=1"), unsafe_cell("'tis true")
    ('=1', "'tis true")
    """
    text = cell.removeprefix("'")
    return text if safe_cell(text) == cell else cell


def unsafe_table(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return a table of text as it was before :func:`csv_for_people`, and how many cells lost an apostrophe.

    >>> frame, count = unsafe_table(pd.DataFrame({"title": ["'-and other tales", "'tis true"]}, dtype="str"))
    >>> frame["title"].tolist(), count
    (['-and other tales', "'tis true"], 1)
    """
    changed: dict[str, pd.Series] = {}
    count = 0
    for name in frame.columns:
        # Before a tab or a line end it stays: blanks are no part of a title, and quotes are often opened there.
        rows = frame[name].str.match("'[=+\\-@\uff1d\uff0b\uff0d\uff20]").to_numpy(dtype=bool)
        if not rows.any():
            continue
        cells = frame[name].where(~rows, frame[name].map(unsafe_cell)).astype("str")
        differ = int((cells != frame[name]).sum())
        if differ:
            changed[name], count = cells, count + differ
    return (frame.assign(**changed) if changed else frame), count


def csv_for_people(table: pd.DataFrame) -> bytes:
    """Return a table as CSV for a spreadsheet program: UTF-8 with a byte order mark, CRLF, commas, no formulas.

    Text (headers too) goes through :func:`safe_cell`; what is missing is an empty cell; numbers stay as they are.
    """
    shown = table.rename(columns=lambda name: safe_cell(str(name)))
    columns = {}
    for place, name in enumerate(shown.columns):
        values = shown.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            values = values.map(lambda cell: safe_cell(cell) if isinstance(cell, str) else cell)
        columns[place] = values.rename(name)
    frame = pd.concat(columns.values(), axis=1) if columns else shown
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


_LONGEST = 100_000  # characters of a cell that is parsed


class Number(str):
    """A number as it was written, so that 014 or 1.10 or a long identifier is never rounded."""

    __slots__ = ()


def as_text(value: object) -> str:
    """Return a value as it stands in a cell: null is '', true and false are words, lists and objects compact JSON.

    >>> as_text([{"label": "Map", "score": Number("0.2000")}])
    '[{"label":"Map","score":0.2000}]'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    return _compact(value)


def _compact(value: object) -> str:
    """Write nested JSON without spaces, its numbers as they came."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_compact(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_compact(str(key))}:{_compact(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def parse_literal(cell: str) -> object | None:
    """Return the list or dictionary that is written in a cell, None where there is none.

    Cells are untrusted, so they are parsed as literals of Python or JSON, never evaluated, and bounded in length and
    depth.
    """
    if len(cell) > _LONGEST:
        return None
    for parse in (ast.literal_eval, json.loads):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a backslash in a title is no concern of the parser's
                value = parse(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        if isinstance(value, list | tuple | dict):
            return value
    return None


# --- Numbers, shares, estimates and lists as text ---------------------------------------------------------------------
#
# Numbers, shares, estimates and lists as text: each written one way, on page, command line, report and export.

# Float noise below this is no digit: 0.1 + 0.2 is 30 per cent, not a hair more.
_NOISE = 12


def capitalised(words: str) -> str:
    """Return words with a capital letter at the beginning, as a sentence opens.

    >>> capitalised("books from The Hague")
    'Books from The Hague'
    """
    return words[:1].upper() + words[1:]


def listed(parts: Iterable[str], most: int | None = None, *, last: str | None = None) -> str:
    """Return "a, b and c"; of more than `most` parts the first ones, and how many more there are.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed(["a", "b", "c"], most=2), listed(["a", "b"], 2, last=", ")
    ('a, b and c', 'a', 'a, b and 1 more', 'a, b')
    """
    shown, last = list(parts), _(" and ") if last is None else last
    if most is not None and len(shown) > most:
        shown[most:], last = [_("{n:,} more", n=len(shown) - most)], _(" and ")
    return last.join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def counts_listed(counts: Mapping[str, int], most: int = 5) -> str:
    """Return how many there are of each class: all of them in their order, or the largest "and 95 more" of many.

    One more than `most` is still listed: "and 1 more" would be no shorter.

    >>> counts_listed({"Fiction": 1200, "Poetry": 3})
    '1,200 Fiction, 3 Poetry'
    >>> counts_listed({"A": 1, "B": 5, "C": 0, "D": 7}, most=2)
    '7 D, 5 B and 2 more classes'
    """
    names = list(counts)
    rest = len(names) - most
    if rest > 1:
        names = sorted(names, key=lambda name: -counts[name])[:most]  # of equal counts the first in the order given
    listing = ", ".join(_("{n:,} {name}", n=counts[name], name=name) for name in names)
    return _("{listing} and {rest:,} more classes", listing=listing, rest=rest) if rest > 1 else listing


def largest_listed(parts: Mapping[str, float], words: Mapping[str, str], most: int = 5) -> str:
    """Return the words of all classes in their order, or of the largest "and 95 more classes" of many.

    >>> largest_listed({"A": 0.1, "B": 0.6, "C": 0.3}, {"A": "A 10 %", "B": "B 60 %", "C": "C 30 %"}, most=1)
    'B 60 % and 2 more classes'
    """
    rest = len(parts) - most
    if rest <= 1:
        return listed([words[name] for name in parts])
    names = sorted(parts, key=lambda name: -parts[name])[:most]
    listing = ", ".join(words[name] for name in names)
    return _("{listing} and {rest:,} more classes", listing=listing, rest=rest)


def in_percent(share: float) -> str:
    """Return a share as a percentage for a sentence: whole, or with one decimal near 0 and 100.

    >>> [in_percent(share) for share in (0.1904, 0.0312, 0.0042, 0.0001, 0, 0.998, 1)]
    ['19 %', '3 %', '0.4 %', 'under 0.1 %', '0 %', '99.8 %', '100 %']
    """
    if math.isnan(share):
        return _("an unknown share")
    if 0 < share < 0.0005:
        return _("under {share}", share=number_text("0.1 %"))
    if 0.9995 <= share < 1:
        return _("over {share}", share=number_text("99.9 %"))
    if 0 < share < 0.00995 or 0.99 < share < 1:
        return number_text(f"{100 * share:.1f} %")
    return f"{100 * share:.0f} %"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage with a fixed number of decimals, for tables; a dash when it is undefined.

    Only 0 is shown as 0 and only 1 as 100: nobody is to read "100.0 % sure" of what is not certain.

    >>> [percent(share) for share in (0.8929, 0.99996, 1, 0.0001, 0, None)]
    ['89.3 %', 'over 99.9 %', '100.0 %', 'under 0.1 %', '0.0 %', '–']
    """
    if share is None or math.isnan(share):
        return "–"
    least = 10.0**-digits
    if share < 1 and round(100 * share, digits) >= 100:
        return _("over {share}", share=number_text(f"{100 - least:.{digits}f} %"))
    if share > 0 and round(100 * share, digits) <= 0:
        return _("under {share}", share=number_text(f"{least:.{digits}f} %"))
    return number_text(f"{100 * share:.{digits}f} %")


class Estimated(Protocol):
    """What has an estimated value: its `value`, `low`, `high`, `n` and `reason`."""

    def as_dict(self) -> dict[str, Any]:
        """Return the values by their names."""


def rate(
    estimate: Estimated | Mapping[str, Any], *, bounds: str = "", n: str = ", n = ", unknown: str | None = None
) -> str:
    """Return an estimated share with its interval and the number of records it rests on, or why there is none.

    Parameters
    ----------
    estimate : Estimate or mapping
        ``value``, ``low``, ``high`` between 0 and 1, ``n``, ``reason``, as :meth:`core.statistics.Estimate.as_dict`
        has them. Without a value it is undefined; what else is missing is left out.
    bounds, n : str
        What stands before the interval and before the number of records.
    unknown : str
        What is returned where the value is undefined.

    Examples
    --------
    >>> rate({"value": 0.893, "low": 0.87, "high": 0.912, "n": 850})
    '89.3 % (87.0 to 91.2 %, n = 850)'
    >>> rate({"value": 0.5, "n": 9}), rate({"value": 0.5}), rate({"value": None, "reason": "too few books"})
    ('50.0 % (n = 9)', '50.0 %', 'not known: too few books')
    """
    values = estimate if isinstance(estimate, Mapping) else estimate.as_dict()
    value, low, high, size = (_defined(values.get(key)) for key in ("value", "low", "high", "n"))
    if value is None:
        reason = _(values.get("reason") or "no labelled books")
        return (_("not known: {reason}") if unknown is None else unknown).format(reason=reason)
    between = "" if low is None or high is None else f"{bounds}{interval_percent(low, high)}"
    inside = f"{between}{'' if size is None else n + number_text(f'{size:,}')}".removeprefix(n[:2])
    return f"{percent(value)} ({inside})" if inside else percent(value)


def _defined(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def figure(estimate: Estimated, unknown: str | None = None) -> str:
    """Return an estimated number that is no share, such as macro-F1, with its interval: "0.874 (0.850 to 0.897)"."""
    values = estimate.as_dict()
    value, low, high = (values[key] for key in ("value", "low", "high"))
    if value is None:
        return (_("not known: {reason}") if unknown is None else unknown).format(reason=_(str(values.get("reason"))))
    if low is None:
        return number_text(f"{value:.3f}")
    return _("{value:.3f} ({low:.3f} to {high:.3f})", value=value, low=low, high=high)


def upper_percent(share: float) -> str:
    """Return an upper limit as a percentage that is never below it: exact to two decimals, else rounded up.

    Below 0.1 per cent there are so many decimals that two figures are shown.

    >>> [upper_percent(share) for share in (0.05, 0.025, 0.045, 1 / 30, 0.0000123, 0)]
    ['5 %', '2.5 %', '4.5 %', '3.34 %', '0.0013 %', '0 %']
    """
    return _("an unknown share") if math.isnan(share) else f"{_limit(share, ROUND_CEILING)} %"


def lower_percent(share: float) -> str:
    """Return a lower limit, or a confidence, as a percentage that is never above it: as :func:`upper_percent`, down.

    >>> [lower_percent(share) for share in (0.95, 0.975, 0.99999, 2 / 3)]
    ['95 %', '97.5 %', '99.99 %', '66.66 %']
    """
    return _("an unknown share") if math.isnan(share) else f"{_limit(share, ROUND_FLOOR)} %"


def _limit(share: float, rounding: str) -> str:
    exact = 100 * Decimal(repr(float(share)))
    # `adjusted` is the place of the first figure: −2 in 0.0123, of which 0.013 is shown.
    places = max(2, 1 - exact.adjusted()) if exact else 0
    shown = exact.quantize(Decimal(1).scaleb(-places), rounding=rounding)
    text = f"{shown:f}"
    return number_text(text.rstrip("0").rstrip(".") if "." in text else text)


def interval_percent(low: float | None, high: float | None, digits: int = 1) -> str:
    """Return the ends of an interval as percentages, the low end rounded down and the high end up; a dash if undefined.

    >>> interval_percent(0.8704, 0.9121), interval_percent(0.8704, 0.9121, digits=0), interval_percent(None, None)
    ('87.0 to 91.3 %', '87 to 92 %', '–')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "–"
    place = Decimal(1).scaleb(-digits)
    ends = [
        (100 * Decimal(repr(round(float(end), _NOISE)))).quantize(place, rounding=rounding)
        for end, rounding in ((low, ROUND_FLOOR), (high, ROUND_CEILING))
    ]
    return _("{low:f} to {high:f} %", low=ends[0], high=ends[1])


def interval_count(low: float, high: float) -> str:
    """Return the ends of an interval as whole numbers of things, the low end rounded down and the high end up.

    >>> interval_count(1023.6, 1100.2)
    '1,023 to 1,101'
    """
    return _("{low:,} to {high:,}", low=math.floor(round(low, _NOISE)), high=math.ceil(round(high, _NOISE)))


def over_or_under(ratio: float) -> str:
    """Say how many times over- or under-represented something is.

    >>> [over_or_under(ratio) for ratio in (6.1, 1.5, 0.5)]
    ['6 times over-represented', '1.5 times over-represented', '2 times under-represented']
    >>> [over_or_under(ratio) for ratio in (1.04, 0)]
    ['about their share', 'missing']
    """
    if math.isnan(ratio):
        return _("found in one of the two only")
    if ratio == 0:
        return _("missing")
    if 0.95 < ratio < 1.05:
        return _("about their share")
    times = max(ratio, 1 / ratio)
    amount = number_text(f"{times:,.0f}" if times >= 4.95 or abs(times - round(times)) < 0.05 else f"{times:.1f}")
    if ratio > 1:
        return _("{amount} times over-represented", amount=amount)
    return _("{amount} times under-represented", amount=amount)
