"""Small charts as SVG, drawn by hand: no script, no font, nothing from outside; readable aloud and on paper.

Colours are classes of the report's style sheet, so that they follow light, dark and print.
"""

import math
from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from core.evaluation import most_confused
from core.formatting import interval_percent, percent, upper_percent

__all__ = ["MOST_CLASSES", "confusion_svg", "rates_svg", "reliability_svg", "risk_coverage_svg"]

MOST_CLASSES = 20  # of a confusion matrix; more cannot be read on paper
_NARROW = 60  # where columns are narrower they have numbers for names, and cells their count alone
_WIDTH = 640
_LABEL = 190


def _chart(name: str, title: str, described: str, height: float, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg viewBox="0 0 {width} {height:g}" role="img" aria-labelledby="{name}-title {name}-desc">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{described}</desc>{parts}</svg>'
    ).format(width=_WIDTH, height=height, name=name, title=title, described=described, parts=Markup("").join(parts))


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    line = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>')
    return line.format(x1, y1, x2, y2, kind)


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> Markup:
    extra = Markup(' class="{}"').format(kind) if kind else ""
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}"{}>{}</text>').format(x, y, anchor, extra, words)


def _dot(x: float, y: float, tip: str) -> Markup:
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4.5" class="dot"><title>{}</title></circle>').format(x, y, tip)


def _ticks(top: float) -> list[float]:
    """Return round shares from 0 to at least `top`, at most six."""
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25) if s * 5 >= top or s == 0.25)
    return [i * step for i in range(math.ceil(round(top / step, 6)) + 1)]


def rates_svg(name: str, title: str, table: pd.DataFrame, overall: float) -> Markup:
    """Draw the share that is wrong of each value, with its interval and its number of books.

    Parameters
    ----------
    name : str
        Unlike any other in the document.
    table : DataFrame
        ``value``, ``n``, ``error_rate``, ``low``, ``high``; rows without a rate are left out.
    overall : float
        The rate of all books, drawn as a line.
    """
    known = table[table["error_rate"].notna()]
    right = _WIDTH - 90
    ticks = _ticks(max([overall, *known["high"].tolist()]))

    def x(share: float) -> float:
        return _LABEL + (right - _LABEL) * share / ticks[-1]

    bottom = 10 + 26.0 * len(known)
    parts = [_line(x(tick), 6, x(tick), bottom, "grid") for tick in ticks]
    parts += [_text(x(tick), bottom + 16, f"{100 * tick:.0f} %", "middle", "quiet") for tick in ticks]
    parts.append(_line(x(overall), 2, x(overall), bottom, "whole"))
    descriptions = []
    for i, row in enumerate(known.to_dict("records")):
        y = 10 + 26 * i + 13
        words = f"{row['value']}: {_rate_label(row['error_rate'], row['low'], row['high'], row['n'], 'wrong')}"
        descriptions.append(words)
        parts += [
            _text(_LABEL - 10, y + 4, _short(str(row["value"])), "end"),
            _line(x(row["low"]), y, x(row["high"]), y, "interval"),
            _dot(x(row["error_rate"]), y, words),
            _text(x(row["high"]) + 6, y + 4, f"{row['n']:,} books", "start", "quiet"),
        ]
    return _chart(name, title, "; ".join([*descriptions, f"all books: {percent(overall)}"]), bottom + 24, parts)


def _rate_label(share: float, low: float, high: float, n: int, what: str) -> str:
    return f"{percent(share)} {what} ({interval_percent(low, high)}), of {n:,} books"


def _short(words: str, most: int = 26) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _plane(
    ticks_x: Sequence[float], ticks_y: Sequence[float], label_x: str, label_y: str
) -> tuple[list[Markup], float]:
    """Draw axes of a square plane of shares; return the parts and the height."""
    parts = []
    for tick in ticks_x:
        at = _across(tick, ticks_x)
        parts += [_line(at, 24, at, 264, "grid"), _text(at, 282, f"{100 * tick:.0f} %", "middle", "quiet")]
    for tick in ticks_y:
        at = _up(tick, ticks_y)
        parts += [_line(70, at, 610, at, "grid"), _text(62, at + 4, f"{100 * tick:.0f} %", "end", "quiet")]
    parts += [_text(340, 302, label_x, "middle"), _text(70, 14, label_y, "start")]
    return parts, 312


def _across(share: float, ticks: Sequence[float]) -> float:
    return 70 + 540 * (share - ticks[0]) / (ticks[-1] - ticks[0])


def _up(share: float, ticks: Sequence[float]) -> float:
    return 264 - 240 * (min(share, ticks[-1]) - ticks[0]) / (ticks[-1] - ticks[0])


def risk_coverage_svg(name: str, curve: pd.DataFrame, at: float | None = None, promised: float | None = None) -> Markup:
    """Draw the share wrong among the accepted over the share accepted, with its 95 % band.

    Parameters
    ----------
    curve : DataFrame
        ``coverage``, ``error_rate``, ``error_low``, ``error_high``, ``n_accepted``.
    at : float, optional
        Coverage of the cut-offs chosen.
    promised : float, optional
        Share that is promised not to be passed.
    """
    known = curve.sort_values("coverage")
    across = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    ticks = _ticks(max([promised or 0.0, *known["error_high"].tolist()]))
    parts, height = _plane(across, ticks, "share of all books that is accepted", "share wrong among the accepted")

    def points(column: str) -> list[str]:
        pairs = zip(known["coverage"].tolist(), known[column].tolist(), strict=True)
        return [f"{_across(x, across):.1f},{_up(y, ticks):.1f}" for x, y in pairs]

    band = " ".join(points("error_high") + points("error_low")[::-1])
    parts.append(Markup('<polygon points="{}" class="band"/>').format(band))
    parts.append(Markup('<polyline points="{}" class="curve"/>').format(" ".join(points("error_rate"))))
    descriptions = ["One cut-off for all classes, from strict (left) to none (right)."]
    if promised is not None:
        y = _up(promised, ticks)
        parts += [
            _line(70, y, 610, y, "whole"),
            _text(606, y - 5, f"promised: {upper_percent(promised)}", "end", "quiet"),
        ]
    if at is not None:
        x = _across(at, across)
        parts += [_line(x, 24, x, 264, "whole"), _text(x + 5, 36, "chosen", "start", "quiet")]
    if len(known):
        last = known.iloc[-1]
        descriptions.append(f"With everything accepted {percent(last['error_rate'])} are wrong.")
        half = known[known["coverage"] <= 0.5]
        if len(half):
            middle = half.iloc[-1]
            descriptions.append(
                f"With {percent(middle['coverage'], 0)} accepted {percent(middle['error_rate'])} are wrong."
            )
    return _chart(name, "Errors against coverage", " ".join(descriptions), height, parts)


def reliability_svg(name: str, bins: pd.DataFrame) -> Markup:
    """Draw how often the model is right where it says it is so many per cent sure.

    Parameters
    ----------
    bins : DataFrame
        From :func:`core.calibration.reliability_table`.
    """
    known = bins[bins["accuracy"].notna()]
    lowest = min([0.9, *known["mean_confidence"].tolist(), *known["acc_low"].tolist()])
    start = math.floor(lowest * 10) / 10
    ticks = [round(start + i * 0.1, 1) for i in range(round((1 - start) * 10) + 1)]
    parts, height = _plane(ticks, ticks, "how sure the model said it was", "how often it was right")
    parts.append(_line(_across(start, ticks), _up(start, ticks), _across(1, ticks), _up(1, ticks), "whole"))
    descriptions = []
    for row in known.to_dict("records"):
        x = _across(row["mean_confidence"], ticks)
        words = f"{percent(row['mean_confidence'])} sure: "
        words += _rate_label(row["accuracy"], row["acc_low"], row["acc_high"], row["n"], "right")
        descriptions.append(words)
        parts += [
            _line(x, _up(row["acc_low"], ticks), x, _up(row["acc_high"], ticks), "interval"),
            _dot(x, _up(row["accuracy"], ticks), words),
        ]
    return _chart(name, "Stated confidence against what came true", "; ".join(descriptions), height, parts)


def confusion_svg(name: str, confusion: pd.DataFrame) -> Markup:
    """Draw the confusion matrix: rows what books are, columns what was predicted, shade the share of the row.

    Of more than :data:`MOST_CLASSES` classes those are drawn that are most often confused, and that is said.
    """
    all_classes, drawn = len(confusion), most_confused(confusion, MOST_CLASSES)
    confusion = confusion.loc[
        drawn, [name for name in confusion.columns if name in drawn or name not in confusion.index]
    ]
    k, columns = len(confusion), len(confusion.columns)
    wide = (_WIDTH - _LABEL) / max(columns, 1)
    parts = [
        _text(
            _LABEL + wide * (j + 0.5),
            18,
            _short(f"predicted {name}", int(wide // 7)) if wide >= _NARROW else str(j + 1) if j < k else "none",
            "middle",
        )
        for j, name in enumerate(map(str, confusion.columns))
    ]
    descriptions = []
    for i, (truth, row) in enumerate(confusion.iterrows()):
        y = 28 + 46 * i
        total = int(row.sum())
        parts.append(
            _text(_LABEL - 10, y + 27, _short(f"is {truth}" if wide >= _NARROW else f"{i + 1} {truth}"), "end")
        )
        for j, (predicted, count) in enumerate(row.items()):
            share = count / total if total else 0.0
            x = _LABEL + wide * j
            kind = "right" if truth == predicted else "wrong"
            square = Markup('<rect x="{:.1f}" y="{}" width="{:.1f}" height="44" class="{}" fill-opacity="{:.2f}"/>')
            parts.append(square.format(x + 1, y + 1, wide - 2, kind, 0.06 + 0.5 * share))
            parts.append(_text(x + wide / 2, y + 20, f"{count:,}", "middle", "count"))
            if wide >= _NARROW:
                words = f"{percent(share, 0)} of the row" if total else "–"
                parts.append(_text(x + wide / 2, y + 37, words, "middle", "quiet"))
            descriptions.append(f"is {truth}, predicted {predicted}: {count:,}")
    title = "Which class is taken for which"
    if k < all_classes:
        title += f": the {k} of {all_classes} classes that are most often confused"
    return _chart(name, title, "; ".join(descriptions), 34 + 46 * k, parts)
