"""A report as one HTML file: no script, nothing loaded from elsewhere, written completely or not at all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

import pandas as pd

from core.errors import InputError
from core.facets import facet_title
from core.formatting import figure, interval_count, interval_percent, percent, rate
from core.report.content import DEFINITIONS, ReportContent
from core.report.svg import MOST_CLASSES, confusion_svg, rates_svg, reliability_svg, risk_coverage_svg
from core.storage import file_sha256, write_atomically
from core.text_formats import printable
from core.thresholds.report import CLASS

__all__ = [
    "STYLE",
    "WrittenReport",
    "cell",
    "document",
    "paragraphs",
    "plain_row",
    "render",
    "section",
    "table",
    "write_report",
]

# --- The frame of a report --------------------------------------------------------------------------------------------
# Style sheet, head, small pieces of HTML. Every text is escaped here and nowhere else.


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
    return "\n".join(f"<p{class_attribute}>{escape(printable(sentence))}</p>" for sentence in sentences if sentence)


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
    return escape(printable(str(value)))


def plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with its keys as text."""
    return {str(key): value for key, value in row.items()}


# --- A report as one HTML file ----------------------------------------------------------------------------------------
# No script, nothing loaded from elsewhere, readable on screen, on paper and aloud.


def render(content: ReportContent) -> str:
    """Return the report as text. Equal content gives equal text."""
    parts = {
        "verdict": ("The verdict", _verdict(content)),
        "evaluation": ("How often it is right", _evaluation(content)),
        "classes": ("Class by class", _classes(content)),
        "groups": ("Where errors gather", _groups(content)),
        "slices": ("Slices that are truly worse", _slices(content)),
        "calibration": ("Whether its confidence can be believed", _calibration(content)),
        "cut-offs": ("What can be accepted", _cuts(content)),
        "collection": ("The whole collection", _collection(content)),
        "comparison": ("Against another model", _comparison(content)),
        "books": ("Surest and wrong", _books(content)),
        "definitions": ("What the words mean", _definitions()),
        "fingerprints": ("Fingerprints", _fingerprints(content)),
    }
    present = {name: (title, inner) for name, (title, inner) in parts.items() if inner}
    title = f"Audit of the predictions “{content.scored.name}”"
    links = "".join(f'<li><a href="#{name}">{escape(words)}</a></li>' for name, (words, _) in present.items())
    mark = paragraphs("These records are invented: this is the demonstration.", kind="invented")
    body = (
        f"<header>\n<h1>{escape(title)}</h1>\n"
        f'<p class="quiet">Colophon {escape(content.version)}, <time>{escape(content.date)}</time></p>\n'
        f'{mark if content.invented else ""}\n</header>\n<nav aria-label="Sections"><ul>{links}</ul></nav>\n<main>\n'
        + "\n".join(section(name, words, inner) for name, (words, inner) in present.items())
        + "\n</main>\n"
        + '<footer><p class="quiet">Made by Colophon. The file holds all it shows and loads nothing.</p></footer>'
    )
    return document(title, body)


def _verdict(content: ReportContent) -> str:
    return paragraphs(*content.verdict, kind="verdict") + "\n" + paragraphs(*content.scored.sentences, kind="quiet")


def _evaluation(content: ReportContent) -> str:
    result = content.evaluation
    metrics, clean = result.metrics, result.without_leaks
    rows = [
        {"what": "Right (accuracy)", "all": rate(metrics.accuracy), "clean": rate(clean.accuracy)},
        {"what": "Macro-F1", "all": figure(metrics.macro_f1), "clean": figure(clean.macro_f1)},
        {"what": "Brier score", "all": figure(metrics.brier), "clean": figure(clean.brier)},
        {"what": "Log loss", "all": figure(metrics.log_loss), "clean": figure(clean.log_loss)},
    ]
    heads = {"what": "", "all": f"all {metrics.n:,} checked books", "clean": f"without {result.leaks:,} leaks"}
    unlabelled = sum(result.unlabelled.values())
    answers = ", ".join(f"“{answer}” {n:,} times" for answer, n in result.unlabelled.items() if answer)
    sentences = [
        (
            f"{unlabelled:,} books have no usable answer"
            + (f" ({answers})" if answers else "")
            + f": if all of them were wrong or right, accuracy would be {percent(result.worst)} or"
            f" {percent(result.best)}."
            if unlabelled
            else "Every book has been checked."
        )
    ]
    return table("Figures with 95 % intervals", heads, rows) + paragraphs(*sentences)


def _classes(content: ReportContent) -> str:
    rows = [
        {
            "class": class_metrics.name,
            "support": class_metrics.support,
            "predicted": class_metrics.predicted,
            "precision": rate(class_metrics.precision),
            "recall": rate(class_metrics.recall),
            "f1": figure(class_metrics.f1),
        }
        for class_metrics in content.evaluation.metrics.per_class
    ]
    heads = {
        "class": "class", "support": "are of it ", "predicted": "predicted ", "precision": "precision",
        "recall": "recall", "f1": "F1",
    }  # fmt: skip
    confusion = content.evaluation.confusion
    sentences = (
        [
            f"Of the {len(confusion)} classes the {MOST_CLASSES} are drawn that are most often confused. Rows are what"
            " books are; the columns have the numbers of the rows."
        ]
        if len(confusion) > MOST_CLASSES
        else []
    )
    return (
        table("Precision, recall and F1", heads, rows) + paragraphs(*sentences) + confusion_svg("confusion", confusion)
    )


def _groups(content: ReportContent) -> str:
    overall = 1 - content.evaluation.accuracy.value
    parts = []
    for facet, values in content.by_facet.items():
        title = facet_title(facet)
        parts.append(f"<h3>{escape(title)}</h3>")
        if values["error_rate"].notna().any():
            parts.append(rates_svg(f"by-{facet}", f"Share wrong by {title.lower()}", values, overall))
        rows = [
            plain_row(row)
            | {"share": percent(row["error_rate"]), "between": _between(row["low"], row["high"])}
            | {"ratio": "–" if row["ratio"] != row["ratio"] else f"{row['ratio']:.1f}"}
            for row in values.to_dict("records")
        ]
        heads = {
            "value": title, "n": "checked ", "errors": "wrong ", "share": "share ", "between": "between ",
            "ratio": "times the rest ",
        }  # fmt: skip
        parts.append(table(f"Errors by {title.lower()}; below ten books no rate", heads, rows))
    return "\n".join(parts)


def _between(low: Any, high: Any) -> str:
    return interval_percent(low, high)


def _slices(content: ReportContent) -> str:
    findings = content.slices
    rows = [_slice(slice_.as_dict()) for slice_ in findings.slices]
    heads = {
        "description": "books", "n": "checked ", "errors": "wrong ", "share": "share ", "between": "between ",
        "p_adjusted": "p, adjusted ", "explains": "of all errors ", "collection_n": "in all ", "under": "explained by",
    }  # fmt: skip
    summary = paragraphs(*findings.sentences)
    return summary + (table("Slices found and confirmed", heads, rows) if rows else "")


def _slice(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "share": percent(row.get("error_rate")),
        "between": _between(row.get("low"), row.get("high")),
        "p_adjusted": f"{row['p_adjusted']:.2g}",
        "explains": percent(explains) if isinstance(explains := row.get("explains"), float) else "–",
        "under": row.get("folded_under") or "",
    }


def _calibration(content: ReportContent) -> str:
    evaluation = content.evaluation
    bins = evaluation.reliability
    if evaluation.ece != evaluation.ece or bins["accuracy"].isna().all():
        return paragraphs(
            "No confidence is known, or too few books are checked, so nothing can be said of calibration."
        )
    kind = "were calibrated here" if content.scored.calibrated else "are as they came with the predictions"
    rows = [
        {
            "bin": f"{row['low']:.3f} to {row['high']:.3f}",
            "n": row["n"],
            "said": percent(row["mean_confidence"]),
            "right": percent(row["accuracy"]),
            "between": _between(row["acc_low"], row["acc_high"]),
        }
        for row in bins.to_dict("records")
    ]
    heads = {"bin": "confidence", "n": "books ", "said": "said ", "right": "right ", "between": "between "}
    return (
        paragraphs(
            f"The calibration error is {evaluation.ece:.3f} on {int(bins['n'].sum()):,} books. The confidences {kind}."
        )
        + reliability_svg("reliability", bins)
        + table("Reliability, bins of equally many books", heads, rows)
    )


def _cuts(content: ReportContent) -> str:
    report, chosen = content.policy_report, content.policy
    promised: float | None = None
    parts = []
    if report is None or chosen is None:
        parts.append(paragraphs("No cut-offs have been chosen: the curve shows what they could do."))
    else:
        if chosen.promise:
            promised = chosen.promise.get("max_error") if chosen.promise.get("promised") else None
            parts.append(paragraphs(str(chosen.promise.get("sentence", "")), str(chosen.promise.get("reason", ""))))
        guarantee = str(chosen.promise.get("sentence", ""))
        parts.append(paragraphs(*(warning for warning in content.population.warnings if warning not in guarantee)))
        parts.append(paragraphs(*report.sentences))
    if len(content.curves):
        at = report.coverage if report is not None else None
        parts.append(risk_coverage_svg("risk-coverage", content.curves, at, promised))
    if report is not None:
        rows = [
            {
                **row,
                "cut": "–" if row["cut"] != row["cut"] else f"{row['cut']:.3f}",
                "right": percent(row["accuracy"]),
                "between": _between(row["low"], row["high"]),
                "wrong": (
                    "–"
                    if row["expected_errors"] != row["expected_errors"]
                    else f"{row['expected_errors']:,.0f} ({interval_count(row['expected_low'], row['expected_high'])})"
                ),
            }
            for row in map(plain_row, report.per_class.to_dict("records"))
        ]
        heads = {
            "class": "predicted", "cut": "cut-off ", "records": "books ", "accepted": "accepted ",
            "n_accepted": "checked ", "errors": "wrong ", "right": "right ", "between": "between ",
            "wrong": "wrong to expect ",
        }  # fmt: skip
        parts.append(table("What the cut-offs do", heads, rows))
        parts += [_acceptance_rates(facet, rates) for facet, rates in report.acceptance_rates.items()]
    return "\n".join(parts)


_MOST_GROUPS = 20  # rows of a table of acceptance rates


def _acceptance_rates(facet: str, rates: pd.DataFrame) -> str:
    title = "what the books are" if facet == CLASS else facet_title(facet).lower()
    rows = [
        plain_row(row) | {"share": percent(row["rate"]), "between": _between(row["low"], row["high"])}
        for row in rates.head(_MOST_GROUPS).to_dict("records")
    ]
    heads = {"value": title, "n": "books ", "kept": "accepted ", "share": "keep-rate ", "between": "between "}
    more = f", the {_MOST_GROUPS} largest of {len(rates):,} groups" if len(rates) > _MOST_GROUPS else ""
    return table(f"Keep-rates by {title}{more}", heads, rows)


def _collection(content: ReportContent) -> str:
    estimates = content.collection
    rows = [
        {
            "class": name,
            "predicted": percent(estimates.predicted_shares[name]),
            "powered": rate(share),
            "cells": rate(estimates.post_stratified_shares[name]),
        }
        for name, share in estimates.class_shares.items()
    ]
    heads = {
        "class": "class", "predicted": "as predicted ", "powered": "prediction-powered", "cells": "post-stratified",
    }  # fmt: skip
    left = (
        f"{estimates.n_left_out:,} checked books are not used here: the model learned from them or from their titles."
    )
    return paragraphs(*estimates.sentences, left if estimates.n_left_out else "") + table(
        "Shares of classes", heads, rows
    )


def _comparison(content: ReportContent) -> str:
    comparison = content.comparison
    if comparison is None:
        return ""
    first, second = comparison.names
    rows: list[dict[str, Any]] = [
        {"what": "Right (accuracy)", "first": rate(comparison.accuracy[0]), "second": rate(comparison.accuracy[1])},
        {"what": "Macro-F1", "first": figure(comparison.macro_f1[0]), "second": figure(comparison.macro_f1[1])},
        {"what": "Right alone", "first": comparison.only_first, "second": comparison.only_second},
    ]
    differ = [
        {
            **row,
            "facet": facet_title(str(row["facet"])),
            "difference": percent(row["difference"]),
            "between": _between(row["low"], row["high"]),
        }
        for row in map(plain_row, comparison.by_value[comparison.by_value["p_adjusted"].notna()].to_dict("records"))
    ]
    heads = {
        "facet": "facet", "value": "value", "n": "books ", "first_errors": f"wrong, {first} ",
        "second_errors": f"wrong, {second} ", "difference": "difference ", "between": "between ", "verdict": "verdict",
    }  # fmt: skip
    listed = {
        "title": "title", "truth": "people say", "first": first, "second": second, "outcome": "outcome",
        "record_id": "record",
    }  # fmt: skip
    shown = [plain_row(row) for row in comparison.disagreements.head(25).to_dict("records")]
    return (
        paragraphs(*comparison.sentences)
        + table(f"On the same {comparison.n:,} books", {"what": "", "first": first, "second": second}, rows)
        + (table(f"Where “{second}” is better or worse", heads, differ) if differ else "")
        + table(f"Where they disagree: {len(shown)} of {len(comparison.disagreements):,} books", listed, shown)
    )


def _books(content: ReportContent) -> str:
    rows = [plain_row(row) for row in content.wrong.to_dict("records")]
    rows = [row | {"sure": percent(row["confidence"])} for row in rows]
    heads = {
        "title": "title", "date": "date", "predicted": "model says", "sure": "sure ", "truth": "people say",
        "record_id": "record",
    }  # fmt: skip
    introduction = paragraphs("Mistakes of the model, or of the label: look at these first. Nothing was corrected.")
    return introduction + table(f"The {len(rows)} surest wrong predictions", heads, rows)


def _definitions() -> str:
    return (
        "<dl>\n"
        + "\n".join(f"<dt>{escape(word)}</dt><dd>{escape(definition)}</dd>" for word, definition in DEFINITIONS.items())
        + "\n</dl>"
    )


def _fingerprints(content: ReportContent) -> str:
    lines = "\n".join(
        f"<dt>{escape(what)}</dt><dd><code>{escape(name)}</code></dd>" for what, name in content.provenance.items()
    )
    return f"<dl>\n{lines}\n<dt>Colophon</dt><dd><code>{escape(content.version)}</code></dd>\n</dl>"


# --- Writing a report to a file, completely or not at all -------------------------------------------------------------


@dataclass(frozen=True)
class WrittenReport:
    """A report that was written: where, and the SHA-256 of its bytes."""

    file: Path
    sha256: str


def write_report(content: ReportContent, out: Path) -> WrittenReport:
    """Write a report.

    Raises
    ------
    InputError
        The name does not end in .html, or the file cannot be written.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"A report is an HTML file; '{out.name}' does not end in .html.")
    try:
        with write_atomically(out) as beside:
            beside.write_bytes(render(content).encode("utf-8"))
    except OSError as error:
        raise InputError(f"The report cannot be written to {out}: {error.strerror}. Choose another place.") from error
    return WrittenReport(out, file_sha256(out))
