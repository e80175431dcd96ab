"""A report as one HTML file: no script, nothing loaded from elsewhere, written completely or not at all.

Its layout and its words are ``templates/report.html.jinja``, its look ``templates/style.css``.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import pandas as pd
from markupsafe import Markup

from core.errors import InputError
from core.facets import facet_title
from core.formatting import figure, interval_count, interval_percent, percent, rate
from core.report import svg
from core.report.content import DEFINITIONS, ReportContent
from core.storage import file_sha256, write_atomically
from core.text_formats import printable
from core.thresholds.report import CLASS
from core.wording import thresholds as wording
from core.wording.comparison import sentences as comparison_sentences
from core.wording.evaluation import collection as collection_sentences
from core.wording.slices import sentences as slice_sentences

__all__ = ["WrittenReport", "render", "write_report"]

_MOST_GROUPS: Final = 20  # rows of a table of acceptance rates
_MOST_BOOKS: Final = 25  # rows of a table of books


def render(content: ReportContent) -> str:
    """Return the report as text. Equal content gives equal text."""
    return _template().render(content=content) + "\n"


@functools.cache
def _template() -> jinja2.Template:
    """Return the template, in which every value is cleaned by :func:`_shown` and then escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("core.report"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimals": _decimals,
        "expected_errors": _expected_errors,
        "facet_title": facet_title,
        "figure": figure,
        "percent": percent,
        "rate": rate,
        "records": _records,
        "shown": _shown,
    }
    environment.globals |= {
        "CLASS": CLASS,
        "DEFINITIONS": DEFINITIONS,
        "MOST_BOOKS": _MOST_BOOKS,
        "MOST_CLASSES": svg.MOST_CLASSES,
        "MOST_GROUPS": _MOST_GROUPS,
        "between": interval_percent,
        "collection_sentences": collection_sentences,
        "comparison_sentences": comparison_sentences,
        "confusion_svg": svg.confusion_svg,
        "policy_sentences": wording.policy,
        "population_warnings": wording.population_warnings,
        "rates_svg": svg.rates_svg,
        "reliability_svg": svg.reliability_svg,
        "risk_coverage_svg": svg.risk_coverage_svg,
        "slice_sentences": slice_sentences,
    }
    return environment.get_template("report.html.jinja")


def _shown(value: Any) -> str | Markup:
    """Return a value as it stands in the report: printable, and a dash where it is undefined."""
    if isinstance(value, Markup):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(str(value))


def _decimals(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _expected_errors(row: Mapping[str, float]) -> str:
    if math.isnan(row["expected_errors"]):
        return "–"
    return f"{row['expected_errors']:,.0f} ({interval_count(row['expected_low'], row['expected_high'])})"


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


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
