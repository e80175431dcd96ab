"""The frame of a report: style sheet, head, small pieces of HTML. Every text is escaped here and nowhere else."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from core.statistics import Estimate, interval_percent, share_percent

__all__ = [
    "STYLE",
    "cell",
    "clean",
    "document",
    "number",
    "paragraphs",
    "percent",
    "plain_row",
    "rate",
    "section",
    "table",
]

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fffdf8;--ink:#1f1d1a;--quiet:#5f5a52;--line:#ddd6c9;--accent:#0072B2;
--wrong:#B34700}
@media(prefers-color-scheme:dark){:root{--paper:#1b1a18;--ink:#ece7dd;--quiet:#aaa397;--line:#403c35;--accent:#56B4E9;
--wrong:#E69F00}}
@media print{:root{--paper:#fff;--ink:#000;--quiet:#444;--line:#bbb;--accent:#0072B2;--wrong:#B34700}
tr,svg,h2,h3{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit}}
body{background:var(--paper);color:var(--ink);font:1rem/1.55 Georgia,'Times New Roman',serif;margin:0}
main,header,footer,nav{max-width:54rem;margin:0 auto;padding:0 1.25rem}p,dd{max-width:42rem}
h1,h2,h3,th,nav,svg text,.quiet{font-family:system-ui,sans-serif}
h1{font-size:1.9rem;margin:2.5rem 0 .25rem}h2{font-size:1.3rem;margin:2.5rem 0 .5rem;border-top:1px solid var(--line);
padding-top:1.25rem}h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
.verdict{font-size:1.15rem;border-left:4px solid var(--accent);padding:.3rem 0 .3rem 1rem;margin:0}
.quiet,caption{color:var(--quiet);font-size:.875rem}.invented{border:1px solid var(--wrong);padding:.5rem 1rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.875rem;margin:.75rem 0}
caption{text-align:left;padding:.25rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;
border-bottom:1px solid var(--line)}
td:first-child{min-width:7rem}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font-size:.85em;overflow-wrap:anywhere}dt{font-weight:600;margin-top:.6rem}dd{margin:0 0 0 1rem}
nav ul{columns:2;padding-left:1.1rem;font-size:.9rem}a{color:var(--accent)}
svg{width:100%;height:auto;margin:.75rem 0}svg text{font-size:12px;fill:var(--ink)}
svg .quiet{fill:var(--quiet);font-size:11px}
svg .count{font-size:15px;font-weight:600}.grid{stroke:var(--line)}.whole{stroke:var(--quiet);stroke-dasharray:4 4}
.interval{stroke:var(--quiet);stroke-width:2}.dot{fill:var(--accent)}.curve{fill:none;stroke:var(--accent);stroke-width:2}
.band{fill:var(--accent);fill-opacity:.18}rect.right{fill:var(--accent)}rect.wrong{fill:var(--wrong)}
"""


def document(title: str, body: str) -> str:
    """Return a whole document. Nothing in it may be loaded from elsewhere: its policy says so to the browser."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def section(name: str, title: str, *parts: str) -> str:
    """Return a section with its heading."""
    inner = "\n".join(part for part in parts if part)
    return (
        f'<section id="{name}" aria-labelledby="{name}-h">\n<h2 id="{name}-h">{escape(title)}</h2>\n{inner}\n</section>'
    )


def paragraphs(*sentences: str, kind: str = "") -> str:
    """Return one paragraph a sentence, escaped."""
    class_attribute = f' class="{kind}"' if kind else ""
    return "\n".join(f"<p{class_attribute}>{escape(clean(sentence))}</p>" for sentence in sentences if sentence)


def clean(text: str) -> str:
    """Replace what is no printable character: a title from a file must not steer whatever shows the report."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def table(caption: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table.

    Parameters
    ----------
    columns : mapping
        Key in the rows → heading. Numbers (and text of :func:`percent` and its like, marked by a heading that ends in a
        space) stand to the right.
    """
    if not rows:
        return paragraphs(f"{caption}: none.", kind="quiet")
    heads = "".join(f'<th scope="col"{_side(words)}>{escape(words.strip())}</th>' for words in columns.values())
    lines = "".join(
        "<tr>" + "".join(f"<td{_side(words)}>{cell(row.get(key))}</td>" for key, words in columns.items()) + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody></table></div>"
    )


def _side(heading: str) -> str:
    return ' class="number"' if heading.endswith(" ") else ""


def cell(value: Any) -> str:
    """Return a value as it stands in a table, escaped; what is undefined is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return escape(f"{value:,.4g}")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(clean(str(value)))


def percent(share: float | None) -> str:
    """Return a share with one decimal, or a dash."""
    return share_percent(share)


def rate(estimate: Estimate) -> str:
    """Return a share with its interval and its n, or why there is none."""
    if not estimate.defined:
        return f"not known: {estimate.reason}"
    return f"{percent(estimate.value)} ({interval_percent(estimate.low, estimate.high)}, n = {estimate.n:,})"


def number(estimate: Estimate) -> str:
    """Return a number that is no share with its interval, or why there is none."""
    if not estimate.defined:
        return f"not known: {estimate.reason}"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with its keys as text."""
    return {str(key): value for key, value in row.items()}
