"""Charts of cut-offs, of a model that learns, and of a sample held against a population."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.formatting import in_percent
from core.translation import _, noop
from dashboard.charts import LIGHT, Chart, ChartTheme, fixed, named

__all__ = [
    "cut_chart",
    "keyword_chart",
    "learning_chart",
    "learning_sentence",
    "present_run",
    "ratio_chart",
    "ratio_ticks",
    "risk_coverage_chart",
    "share_chart",
]

# --- What a cut-off does: errors among the accepted over coverage, and both over the cut-off --------------------------


# In every layer, since one layer without a title takes it from all.
WRONG_AMONG, ACCEPTED = noop("wrong among the accepted"), noop("share of the books accepted")


def risk_coverage_chart(
    curve: pd.DataFrame, here: float | None, allowed: float | None = None, chart_theme: ChartTheme = LIGHT
) -> Chart:
    """Draw the share of errors among the accepted over the share accepted, with its band and the chosen point.

    Parameters
    ----------
    curve : DataFrame
        ``coverage``, ``error_rate``, ``error_low``, ``error_high`` (0 to 1), ``cut``, ``n_accepted``.
    here : float, optional
        The coverage that the present cut-off gives.
    allowed : float, optional
        The share of errors that shall not be exceeded.
    """
    return Chart(
        spec=_risk_coverage_spec(chart_theme),
        tables={"curve": curve, "allowed": _rule("error_rate", allowed), "here": _rule("coverage", here)},
    )


def _rule(column: str, value: float | None) -> pd.DataFrame:
    """Return a table of one value, or of none: a line that is not drawn, and must not be read out (``aria=False``)."""
    return pd.DataFrame({column: [] if value is None else [value]}, dtype=float)


@fixed
def _risk_coverage_spec(chart_theme: ChartTheme) -> Any:
    x = alt.X("coverage:Q", axis=alt.Axis(format="%"), title=_(ACCEPTED))
    y = alt.Y("error_rate:Q", axis=alt.Axis(format="%"), title=_(WRONG_AMONG))
    tips = [
        alt.Tooltip("cut:Q", format=".3f", title=_("cut-off")),
        alt.Tooltip("coverage:Q", format=".1%", title=_("accepted")),
        alt.Tooltip("error_rate:Q", format=".1%", title=_("wrong")),
        alt.Tooltip("error_low:Q", format=".1%", title=_("at least")),
        alt.Tooltip("error_high:Q", format=".1%", title=_("at most")),
        alt.Tooltip("n_accepted:Q", format=",", title=_("checked among the accepted")),
    ]
    base = named("curve")
    band = base.mark_area(opacity=0.3, color=chart_theme.accent).encode(
        x=x, y=alt.Y("error_low:Q", title=_(WRONG_AMONG)), y2="error_high:Q"
    )
    line = base.mark_line(color=chart_theme.accent).encode(x=x, y=y, tooltip=tips)
    allowed = (
        named("allowed")
        .mark_rule(strokeDash=[4, 4], color=chart_theme.wrong, aria=False)
        .encode(y=alt.Y("error_rate:Q", title=_(WRONG_AMONG)))
    )
    here = (
        named("here")
        .mark_rule(color=chart_theme.neutral, strokeWidth=2, aria=False)
        .encode(x=alt.X("coverage:Q", title=_(ACCEPTED)))
    )
    return alt.layer(band, line, allowed, here).properties(height=260)


def cut_chart(curve: pd.DataFrame, cut: float | None, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw the share accepted and the share right among the accepted over the cut-off of one class.

    Parameters
    ----------
    curve : DataFrame
        ``cut``, ``coverage``, ``accuracy``, ``low``, ``high``.
    """
    long = pd.concat(
        [
            pd.DataFrame({"cut": curve["cut"], "share": curve["accuracy"], "what": _("right among the accepted")}),
            pd.DataFrame({"cut": curve["cut"], "share": curve["coverage"], "what": _("accepted")}),
        ]
    )
    return Chart(spec=_cut_spec(chart_theme), tables={"shares": long, "here": _rule("cut", cut)})


@fixed
def _cut_spec(chart_theme: ChartTheme) -> Any:
    x = alt.X("cut:Q", title=_("cut-off on the confidence"))
    colours = alt.Scale(
        domain=[_("right among the accepted"), _("accepted")], range=[chart_theme.accent, chart_theme.second]
    )
    lines = (
        named("shares")
        .mark_line(interpolate="step-after")
        .encode(
            x=x,
            y=alt.Y(
                "share:Q", axis=alt.Axis(format="%"), title=_("share of the books"), scale=alt.Scale(domain=[0, 1])
            ),
            color=alt.Color("what:N", title=None, scale=colours),
            strokeDash=alt.StrokeDash("what:N", title=None),
            tooltip=[alt.Tooltip("cut:Q", format=".3f"), "what:N", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    here = named("here").mark_rule(color=chart_theme.neutral, strokeWidth=2, aria=False).encode(x=x)
    return alt.layer(lines, here).properties(height=230)


# --- How a model learns, while it learns ------------------------------------------------------------------------------
# The loss on the titles it learns from, and on titles held out.


# One batch has few titles, so that its loss jumps; the mean of the last ten shows where it goes.
_SMOOTHED = 10
_LEARNED, _HELD = noop("titles learned from"), noop("titles held out")


def present_run(history: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Return the measurements of the run that is under way.

    Returns
    -------
    DataFrame
        ``run`` (number of the fold, 0 for all books), ``epoch``, ``loss`` (smoothed), ``validation_loss``,
        ``validation_accuracy`` (0 to 1), NaN where not measured.
    """
    columns = ["run", "epoch", "loss", "validation_loss", "validation_accuracy"]
    table = pd.DataFrame(list(history)).reindex(columns=columns).astype(float)
    table = table[table["run"].fillna(0) == (table["run"].fillna(0).iloc[-1] if len(table) else 0)]
    smoothed = table["loss"].dropna().rolling(_SMOOTHED, min_periods=1).mean()
    return table.assign(loss=smoothed.reindex(table.index)).reset_index(drop=True)


def learning_sentence(run: pd.DataFrame) -> str:
    """Say how good the model of this run is so far, on titles that it does not learn from."""
    if run.empty:
        return _("It has not begun to learn.")
    number = int(run["run"].fillna(0).iloc[-1])
    name = _("Part {number}", number=number) if number else _("All books")
    measured = run[run["validation_accuracy"].notna()]
    if len(measured):
        last = measured.iloc[-1]
        words = noop("{epoch:.0f} epochs") if last["epoch"] > 1 else noop("{epoch:.0f} epoch")
        epochs = _(words, epoch=last["epoch"])
        return _(
            "{name}: after {epochs}, {validation_accuracy} of the titles held out are right.",
            name=name,
            epochs=epochs,
            validation_accuracy=in_percent(last["validation_accuracy"]),
        )
    if number:
        return _("{name}: titles held out are asked after the first epoch.", name=name)
    return _("{name}: the last run learns from every title, so none is held out.", name=name)


def learning_chart(run: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw the loss over the epochs of one run, see :func:`present_run`."""
    losses = [
        run[["epoch", "loss"]].dropna().assign(what=_(_LEARNED)),
        run[["epoch", "validation_loss"]].dropna().rename(columns={"validation_loss": "loss"}).assign(what=_(_HELD)),
    ]
    return Chart(spec=_learning_spec(chart_theme), tables={"losses": pd.concat(losses, ignore_index=True)})


@fixed
def _learning_spec(chart_theme: ChartTheme) -> Any:
    scale = alt.Scale(domain=[_(_LEARNED), _(_HELD)], range=[chart_theme.accent, chart_theme.wrong])
    base = named("losses").encode(
        x=alt.X("epoch:Q", title=_("epochs (passes over the titles)"), axis=alt.Axis(tickMinStep=1)),
        y=alt.Y("loss:Q", title=_("loss (lower is better)"), scale=alt.Scale(zero=True)),
        color=alt.Color("what:N", title=None, scale=scale),
        tooltip=["what:N", alt.Tooltip("epoch:Q", format=".2f"), alt.Tooltip("loss:Q", format=".3f")],
    )
    lines = base.mark_line().encode(
        strokeDash=alt.StrokeDash("what:N", title=None, scale=alt.Scale(domain=[_(_LEARNED), _(_HELD)]))
    )
    dots = base.transform_filter(alt.datum["what"] == _(_HELD)).mark_point(size=70, filled=True, opacity=1)
    return alt.layer(lines, dots).properties(height=220)


# --- A sample held against a population -------------------------------------------------------------------------------
# Shares side by side, and how many times over- or under-represented.


# 0.125 is read as 1/8, and what is above 1 as so many times.
_RATIO_WORDS = (
    "datum.value < 1 ? '1/' + format(1 / datum.value, ',.0f')"
    " : format(datum.value, ',.0f') + (datum.value > 1 ? '×' : '')"
)


def share_chart(table: pd.DataFrame, sample: str, population: str, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw the share of each value in the sample (dot) and in the population (tick), joined by a line.

    Parameters
    ----------
    table : DataFrame
        ``value``, ``sample_share``, ``population_share`` (0 to 1), ``sample_n``, ``population_n``.
    """
    long = pd.concat(
        [
            table.assign(set=sample, share=table["sample_share"], n=table["sample_n"]),
            table.assign(set=population, share=table["population_share"], n=table["population_n"]),
        ]
    )[["value", "set", "share", "n"]]
    return Chart(
        spec=_share_spec(tuple(table["value"]), sample, population, chart_theme),
        tables={"pairs": table[["value", "sample_share", "population_share"]], "shares": long},
    )


@fixed
def _share_spec(order: tuple[str, ...], sample: str, population: str, chart_theme: ChartTheme) -> Any:
    y = alt.Y("value:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=240))
    lines = (
        named("pairs")
        .mark_rule(color=chart_theme.neutral)
        .encode(y=y, x=alt.X("sample_share:Q"), x2="population_share:Q")
    )
    dots = (
        named("shares")
        .mark_point(size=80, filled=True, opacity=1)
        .encode(
            y=y,
            x=alt.X("share:Q", title=_("share of the books"), axis=alt.Axis(format="%")),
            color=alt.Color(
                "set:N",
                title=None,
                scale=alt.Scale(domain=[sample, population], range=[chart_theme.accent, chart_theme.second]),
            ),
            shape=alt.Shape(
                "set:N", title=None, scale=alt.Scale(domain=[sample, population], range=["circle", "diamond"])
            ),
            tooltip=[
                "value:N",
                "set:N",
                alt.Tooltip("share:Q", format=".1%"),
                alt.Tooltip("n:Q", format=",", title=_("books")),
            ],
        )
    )
    return alt.layer(lines, dots).properties(height=alt.Step(24))


def ratio_chart(table: pd.DataFrame, sample: str, population: str, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw how many times each value is over- or under-represented, with its interval, on a doubling scale.

    Parameters
    ----------
    table : DataFrame
        ``value``, ``ratio``, ``low``, ``high``; rows with an undefined or zero ratio are left to the table.
    """
    columns = ["value", "ratio", "low", "high", "sample_n", "population_n"]
    known = table[table["ratio"].notna() & (table["ratio"] > 0) & (table["low"] > 0)][columns]
    ticks = tuple(ratio_ticks([*known["low"], *known["high"]]))
    return Chart(
        spec=_ratio_spec(tuple(table["value"]), ticks, sample, population, chart_theme),
        tables={"ratios": known, "same": _rule("ratio", 1.0)},
    )


@fixed
def _ratio_spec(
    order: tuple[str, ...], ticks: tuple[float, ...], sample: str, population: str, chart_theme: ChartTheme
) -> Any:
    y = alt.Y("value:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=240))
    scale = alt.Scale(type="log", base=2, domain=[ticks[0], ticks[-1]])
    axis = alt.Axis(values=list(ticks), labelExpr=_RATIO_WORDS)
    title = _("times as frequent in {sample} as in {population} (1 = the same)", sample=sample, population=population)
    tips: list[Any] = [
        "value:N",
        *(alt.Tooltip(f"{key}:Q", format=".2f") for key in ("ratio", "low", "high")),
        "sample_n:Q",
    ]
    base = named("ratios").encode(y=y, tooltip=tips)
    lines = base.mark_rule(strokeWidth=2, color=chart_theme.neutral).encode(
        x=alt.X("low:Q", scale=scale, title=title, axis=axis), x2="high:Q"
    )
    dots = base.mark_point(size=70, filled=True, color=chart_theme.accent, opacity=1).encode(
        x=alt.X("ratio:Q", scale=scale, title=title, axis=axis)
    )
    reference_line = (
        named("same")
        .mark_rule(strokeWidth=2, color=chart_theme.text)
        .encode(x=alt.X("ratio:Q", scale=scale, title=title, axis=axis))
    )
    return alt.layer(reference_line, lines, dots).properties(height=alt.Step(24))


_MOST_TICKS = 8  # steps of an axis of ratios


def ratio_ticks(ratios: Sequence[float]) -> list[float]:
    """Return powers of two around these ratios, 1 always among them, from the smallest to the greatest, few enough.

    >>> ratio_ticks([0.3, 5.0])
    [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
    >>> ratio_ticks([0.002, 1.5])
    [0.0009765625, 0.00390625, 0.015625, 0.0625, 0.25, 1.0, 4.0]
    """
    known = [ratio for ratio in ratios if ratio > 0 and math.isfinite(ratio)]
    low = min([0.0, *(math.floor(math.log2(ratio)) for ratio in known)])
    high = max([1.0, *(math.ceil(math.log2(ratio)) for ratio in known)])
    step = max(1, math.ceil((high - low) / _MOST_TICKS))
    first, last = -math.ceil(-low / step) * step, math.ceil(high / step) * step
    return [2.0**power for power in range(first, last + 1, step)]


def keyword_chart(table: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw how often a word stands in titles, year by year: one line a set.

    Parameters
    ----------
    table : DataFrame
        The rows of one word: ``year``, ``word``, ``set``, ``n_titles``, ``n_with_word``, ``rolling_share``.
    """
    sets = tuple(dict.fromkeys(table["set"]))
    return Chart(spec=_keyword_spec(str(table["word"].iloc[0]), sets, chart_theme), tables={"years": table})


@fixed
def _keyword_spec(word: str, sets: tuple[str, ...], chart_theme: ChartTheme) -> Any:
    return (
        named("years")
        .mark_line()
        .encode(
            x=alt.X("year:Q", axis=alt.Axis(format="d"), title=_("year of publication")),
            y=alt.Y("rolling_share:Q", axis=alt.Axis(format="%"), title=_("share of titles")),
            color=alt.Color(
                "set:N",
                title=None,
                scale=alt.Scale(domain=list(sets), range=[chart_theme.accent, chart_theme.second]),
                sort=list(sets),
            ),
            strokeDash=alt.StrokeDash("set:N", title=None, sort=list(sets)),
            tooltip=[
                "year:Q",
                "word:N",
                "set:N",
                alt.Tooltip("n_with_word:Q", title=_("titles with the word")),
                alt.Tooltip("n_titles:Q", title=_("titles that year"), format=","),
                alt.Tooltip("rolling_share:Q", format=".1%", title=_("share")),
            ],
        )
        .properties(height=280, title=word)
    )
