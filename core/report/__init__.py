"""Small charts as SVG, drawn by hand: no script, no font, nothing from outside; readable aloud and on paper.

Colours are classes of the report's style sheet, so that they follow light, dark and print.
"""

import functools
import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import pandas as pd
from markupsafe import Markup

from core.comparison import ModelComparison, compare_models
from core.errors import InputError
from core.evaluation import (
    Evaluation,
    KnownLanguage,
    by_value,
    evaluate,
    known_languages,
    most_confident_wrong,
    most_confused,
)
from core.facets import facet_order, facet_title, facet_values
from core.formatting import (
    figure,
    in_percent,
    interval_count,
    interval_percent,
    lower_percent,
    percent,
    printable,
    rate,
    upper_percent,
)
from core.guarantees import SavedPolicy, budget_of, compared_records, report_policy, saved_policies
from core.labels import load_labels
from core.predictions import PredictionSet, Scored, load_predictions
from core.progress import Progress, silent
from core.representativeness import CollectionEstimates, collection_estimates
from core.schema import LANGUAGE, PREDICTED, TRUTH
from core.slices import SliceFindings, find_slices
from core.storage import Workspace, file_sha256, write_atomically
from core.thresholds import ALL_CLASSES, Curves, PolicyReport, PopulationCheck, compare_population
from core.thresholds.report import CLASS
from core.translation import in_english
from core.wording import thresholds as wording
from core.wording.evaluation import bases_in_words, comparison_sentences, leaks, titles_read, verdict
from core.wording.evaluation import collection as collection_sentences
from core.wording.evaluation import unknown_sentences as unknown_languages
from core.wording.help import DEFINITIONS
from core.wording.slices import sentences as slice_sentences
from core.wording.thresholds import population_warnings

__all__ = [
    "MOST_CLASSES",
    "ReportContent",
    "WrittenReport",
    "build_content",
    "confusion_svg",
    "rates_svg",
    "reliability_svg",
    "render",
    "risk_coverage_svg",
    "write_report",
]


# --- Small charts as SVG, drawn by hand: no script, no font, nothing from outside; readable aloud and on paper --------
#
# Colours are classes of the report's style sheet, so that they follow light, dark and print.

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


# --- The report: the whole audit of one set of predictions in one self-contained HTML file ----------------------------
#
# The report: the whole audit of one set of predictions in one self-contained HTML file that can be handed on.
#
# What it says is gathered once (:class:`ReportContent`) and knows no HTML; its layout and words are
# ``templates/report.html.jinja``, its look ``templates/style.css``. There is no script in it, nothing is loaded from
# elsewhere, and it is written completely or not at all.

FACETS_REPORTED: Final = ("language", "decade")
MAX_WRONG_BOOKS: Final = 25
_CURVE_POINTS = 120


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """What a report says.

    Attributes
    ----------
    scored : Scored
    date : str
        As it shall stand in the report: the only thing that differs between two reports on the same input.
    version : str
        Of Colophon.
    verdict : tuple of str
        Three sentences.
    evaluation : Evaluation
    by_facet : mapping
        Facet → errors by value, see :func:`core.evaluation.by_value`, in the facet's own order.
    languages : tuple of KnownLanguage
        Checked books of each class in each language.
    slices : SliceFindings
    policy : SavedPolicy or None
        The cut-offs the report is about, if any were asked for or kept.
    policy_report : PolicyReport or None
    population : PopulationCheck
        Whether the checked books are like the collection: its warning stands beside what is said of the accepted.
    curves : DataFrame
        Risk–coverage of all classes under one cut-off; no rows where no confidence is known.
    collection : CollectionEstimates
    comparison : ModelComparison or None
    wrong : DataFrame
        The surest wrong predictions.
    provenance : mapping
        What → fingerprint or name, in words.
    invented : bool
        Whether the records are those of the demonstration.
    """

    scored: Scored
    date: str
    version: str
    verdict: tuple[str, ...]
    evaluation: Evaluation
    by_facet: Mapping[str, pd.DataFrame]
    languages: tuple[KnownLanguage, ...]
    slices: SliceFindings
    policy: SavedPolicy | None
    policy_report: PolicyReport | None
    population: PopulationCheck
    curves: pd.DataFrame
    collection: CollectionEstimates
    comparison: ModelComparison | None
    wrong: pd.DataFrame
    provenance: Mapping[str, str]
    invented: bool


@in_english()
def build_content(
    workspace: Workspace,
    scored: Scored,
    *,
    date: str,
    policy: SavedPolicy | None = None,
    against: Scored | None = None,
    progress: Progress = silent,
) -> ReportContent:
    """Compute all that a report says of predictions.

    Parameters
    ----------
    scored : Scored
        The predictions, joined with the truth.
    date : str
        As it shall stand in the report.
    policy : SavedPolicy, optional
        Else the newest that was kept for these predictions, if there is one.
    against : Scored, optional
        Other predictions to compare with on the same books.

    Raises
    ------
    InputError
        None of the books has been checked by a person.
    """
    if not len(scored.labelled):
        raise InputError(
            f"None of the {len(scored.table):,} books of '{scored.name}' has been checked by a person, so there is"
            " nothing to report.",
            command_line="Name a label set with --labels.",
            page="Choose labels under “Checked against” in the sidebar.",
        )
    source = load_predictions(workspace, scored.name)
    progress(0.0, "Evaluating")
    evaluation = evaluate(scored.table, scored.classes)
    labelled = scored.labelled
    by_facet = {}
    for facet in FACETS_REPORTED:
        table = by_value(labelled, facet_values(labelled, facet))
        by_facet[facet] = table.set_index("value").loc[list(facet_order(facet, table["value"]))].reset_index()
    progress(0.2, "Searching for slices")
    slices = find_slices(scored.table, scored.classes)
    progress(0.6, "Cut-offs")
    policies = saved_policies(workspace, source.fingerprint)
    chosen = policy or (policies[0] if policies else None)
    population = compare_population(compared_records(scored.table, chosen.promise if chosen else None))
    decided = report_policy(scored, chosen, budget_of(workspace, scored), population) if chosen else None
    curves = Curves(scored.table, scored.classes).table(_CURVE_POINTS)
    curves = curves[(curves["class"] == ALL_CLASSES) & curves["error_rate"].notna()].reset_index(drop=True)
    progress(0.8, "The whole collection")
    comparison = None
    if against is not None:
        classes = tuple(sorted({*scored.classes, *against.classes}))
        comparison = compare_models(scored.table, against.table, classes, names=(scored.name, against.name))
    content = ReportContent(
        scored=scored,
        date=date,
        version=importlib.metadata.version("colophon"),
        verdict=_verdict(scored, evaluation, chosen, decided, population),
        evaluation=evaluation,
        by_facet=by_facet,
        languages=known_languages(labelled[LANGUAGE], labelled[TRUTH], labelled[PREDICTED], scored.classes),
        slices=slices,
        policy=chosen,
        policy_report=decided,
        population=population,
        curves=curves,
        collection=collection_estimates(scored.table, scored.classes),
        comparison=comparison,
        wrong=most_confident_wrong(labelled).head(MAX_WRONG_BOOKS),
        provenance=_provenance(workspace, source, scored, against),
        invented=source.manifest.invented,
    )
    progress(1.0, "Gathered")
    return content


def _verdict(
    scored: Scored,
    evaluation: Evaluation,
    chosen: SavedPolicy | None,
    decided: PolicyReport | None,
    population: PopulationCheck,
) -> tuple[str, ...]:
    third = leaks(evaluation)
    if chosen is not None and decided is not None:
        third = " ".join([_decided(chosen, decided), *population_warnings(population)])
    return (titles_read(scored), verdict(evaluation), third)


def _decided(chosen: SavedPolicy, decided: PolicyReport) -> str:
    """Say in one sentence what the cut-offs do, and what of it is promised."""
    where = chosen.policy.where
    books = "books" if where is None else where.description
    text = f"{decided.accepted:,} of {decided.records:,} {books} ({in_percent(decided.coverage)}) can be accepted"
    if where is not None:
        text += ", no other book by these cut-offs"
    promise = chosen.promise
    if promise and promise.promised and promise.confidence is not None and promise.max_error is not None:
        if promise.is_of_whole:
            return f"{text}. {promise.in_words}."
        each = "the accepted of each class" if promise.per == "class" else "the accepted"
        return (
            f"{text}: with {lower_percent(promise.confidence)} confidence at most {upper_percent(promise.max_error)} of"
            f" {each} are wrong, if the checked books are a random sample{'' if where is None else ' of these'}."
        )
    if promise and promise.warnings:
        return f"Nothing is promised, as the checked books are not like the others; {text} by these cut-offs."
    if promise:
        return f"Not everything that was asked for can be promised; {text}."
    if not decided.accuracy.defined:
        return f"{text} by the cut-offs; how often they are right is not known."
    return (
        f"{text} by the cut-offs, of which {decided.errors:,} of {decided.labelled_accepted:,} checked ones are wrong"
        f" ({interval_percent(decided.accuracy.low, decided.accuracy.high)} are right), but nothing is promised."
    )


def _provenance(
    workspace: Workspace, source: PredictionSet, scored: Scored, against: Scored | None
) -> Mapping[str, str]:
    manifest = source.manifest
    named = {
        "Predictions": scored.name,
        "Fingerprint of the predictions": source.fingerprint,
        "File of the predictions": manifest.file,
        "SHA-256 of that file": manifest.file_sha256,
        "Model": manifest.model,
        "Fingerprint of the model": manifest.model_fingerprint,
        "SHA-256 of its weights": manifest.model_sha256,
        "Fingerprint of the labels it learned from": manifest.trained_on,
        "Catalogue": manifest.corpus_name,
        "Fingerprint of the catalogue": manifest.corpus,
    }
    provenance = {words: value for words, value in named.items() if value}
    for part in manifest.parts:
        own = part.predictions
        provenance[f"Decided by {part.name}"] = (
            f"{part.decided:,} records, above {part.cut:g}; predictions {own.fingerprint},"
            f" model {own.model or 'unknown'} {own.model_fingerprint}".rstrip()
            + (f", built on {bases_in_words(own.bases)}" if own.bases else "")
        )
    if not manifest.parts:
        provenance["What the model reads"] = ", ".join(manifest.input_columns) or "unknown"
    if manifest.bases:
        provenance["What the model is built on"] = bases_in_words(manifest.bases)
    if scored.catalogue.match:
        provenance |= {"Catalogue": scored.catalogue.name, "Fingerprint of the catalogue": scored.catalogue.fingerprint}
    if scored.label_sets:
        sets = [load_labels(workspace, name) for name in scored.label_sets]
        provenance |= {
            "Checked against": scored.labels,
            "Fingerprint of those labels": ", ".join(labels.fingerprint for labels in sets),
        }
        files = [labels.manifest.file_sha256 for labels in sets if labels.manifest.file_sha256]
        if files:
            provenance["SHA-256 of their file"] = ", ".join(files)
    else:
        provenance["Checked against"] = "the truth that came with the predictions"
    if against is not None:
        provenance |= {
            "Compared with": against.name,
            "Fingerprint of those predictions": against.fingerprint.partition("-")[0],
        }
    return provenance


_MOST_GROUPS: Final = 20  # rows of a table of acceptance rates
_MOST_BOOKS: Final = 25  # rows of a table of books


@in_english()
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
        "MOST_CLASSES": MOST_CLASSES,
        "MOST_GROUPS": _MOST_GROUPS,
        "between": interval_percent,
        "collection_sentences": collection_sentences,
        "comparison_sentences": comparison_sentences,
        "confusion_svg": confusion_svg,
        "policy_sentences": wording.policy,
        "population_warnings": wording.population_warnings,
        "rates_svg": rates_svg,
        "reliability_svg": reliability_svg,
        "risk_coverage_svg": risk_coverage_svg,
        "slice_sentences": slice_sentences,
        "unknown_languages": unknown_languages,
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


@in_english()
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
