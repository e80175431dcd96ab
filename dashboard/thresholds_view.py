"""Pieces of the Thresholds page: a slider a class (a table for many), what the cuts do, whom they drop."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.errors import StreamlitAPIException

from core.facets import facet_order, facet_title, shown_value
from core.formatting import interval_count, lower_percent
from core.guarantees import SavedPolicy, save_policy
from core.predictions import Scored
from core.review import send_to_review
from core.schema import CORRECT, TRUTH
from core.thresholds import ALL_CLASSES, Policy, PolicyReport
from core.thresholds.sample import draw_recheck
from core.translation import ENGLISH, _, current_language, inside, noop, number_text
from dashboard import cache, feedback, language, navigation, people, widgets
from dashboard import tables as theme
from dashboard.charts.errors import rates_chart
from dashboard.feedback import count, escape, interval, percent, plain_label
from dashboard.record_view import records_table
from dashboard.tables import show_chart, show_table

__all__ = [
    "METHOD_NOTE",
    "acceptance_rates",
    "behind",
    "choose_class",
    "choose_group",
    "choose_way",
    "class_table",
    "coverage_at",
    "cut_offs",
    "cut_table",
    "edited_cuts",
    "figures",
    "keep",
    "sliders",
]

WAYS: Final = (noop("By a promise"), noop("By hand"))
DEFAULT_CUT: Final = 0.9
# Above so many classes the cut-offs are a table, and a class is chosen from a list.
MOST_SLIDERS: Final = 4
MOST_BUTTONS: Final = 9

# An address leaves out what a slider begins with; no step of the slider meets this, so none is ever left out.
_NEVER = 0.0001
METHOD_NOTE = noop(
    "A prediction is **accepted** when its confidence is greater than the cut-off of its class; the others go to"
    " review. **Right among the accepted** is measured on the accepted books that people checked, with a 95 % Wilson"
    " interval. **Wrong to expect** carries the rate of each class over to all accepted books, checked or not, with the"
    " limits of the classes put together (Zou and Donner 2008). A cut-off chosen by looking at these figures makes them"
    " too good; a promise does not: its bound is exact (Clopper–Pearson) and holds however many cut-offs are tried"
    " (learn then test, Angelopoulos and others 2021). **Keep-rate**: the share of a group's books that is accepted."
)


def cut_offs(scored: Scored, start: Mapping[str, float]) -> dict[str, float]:
    """Draw a slider a class, or above four classes one table, and return the cuts."""
    return sliders(scored.classes, start) if len(scored.classes) <= MOST_SLIDERS else cut_table(scored, start)


def cut_table(scored: Scored, start: Mapping[str, float]) -> dict[str, float]:
    """Draw a table of cut-offs, one row a class, each with what it accepts; return the cuts.

    They are kept in the session: with a hundred classes they are too long for an address.
    """
    key = f"{navigation.CUT_PREFIX}table_{scored.predictions}"
    cuts: dict[str, float] = st.session_state.setdefault(key, {})
    for name in scored.classes:
        cuts.setdefault(name, start.get(name, DEFAULT_CUT))
    version = st.session_state.setdefault(f"{key}_version", 0)
    left, right = st.columns([2, 1, 3], vertical_alignment="bottom")[:2]
    every = left.number_input(
        _("One cut-off for every class"), 0.0, 1.0, DEFAULT_CUT, step=0.005, format="%.3f", key=f"{key}_every"
    )
    right.button(_("Set it for all"), on_click=_set_all, args=(key, float(every)))
    rows = cache.policy_report(scored, Policy(dict(cuts))).per_class.set_index("class")
    rows = rows.reindex(list(scored.classes), columns=["records", "accepted", "n_accepted", "errors"], fill_value=0)
    shown = pd.DataFrame(
        {
            "class": list(scored.classes),
            "cut-off": [cuts[name] for name in scored.classes],
            **{
                words: rows[column].tolist()
                for words, column in (
                    ("books", "records"),
                    ("accepted", "accepted"),
                    ("checked", "n_accepted"),
                    ("wrong", "errors"),
                )
            },
        }
    )
    st.caption(
        _("Change a cut-off in its cell: predictions of the class above it are accepted, the others go to review.")
    )
    st.data_editor(
        shown,
        hide_index=True,
        disabled=["class", "books", "accepted", "checked", "wrong"],
        column_config={
            "cut-off": st.column_config.NumberColumn(min_value=0.0, max_value=1.0, step=0.005, format="%.3f"),
            "books": st.column_config.NumberColumn(_("books predicted so"), format="localized"),
            "accepted": st.column_config.NumberColumn(format="localized"),
            "checked": st.column_config.NumberColumn(_("checked among them"), format="localized"),
        },
        key=f"{key}_{version}",
        on_change=_take_edits,
        args=(key, version, tuple(scored.classes)),
    )
    return {name: float(cuts[name]) for name in scored.classes}


def _set_all(key: str, cut: float) -> None:
    st.session_state[key] = dict.fromkeys(st.session_state[key], cut)
    st.session_state[f"{key}_version"] += 1


def _take_edits(key: str, version: int, classes: Sequence[str]) -> None:
    """Take what was typed into the cuts; the next table is a new one, since what it accepts has changed."""
    st.session_state[key] = edited_cuts(st.session_state[key], st.session_state[f"{key}_{version}"], classes)
    st.session_state[f"{key}_version"] = version + 1


def edited_cuts(cuts: Mapping[str, float], edits: Mapping[str, Any], classes: Sequence[str]) -> dict[str, float]:
    """Return the cuts with what was typed into the table; an emptied cell changes nothing.

    Parameters
    ----------
    edits : mapping
        What Streamlit's table editor keeps: ``edited_rows``, row → column → value.
    """
    typed = {classes[int(row)]: cells.get("cut-off") for row, cells in edits.get("edited_rows", {}).items()}
    return {**cuts, **{name: float(cut) for name, cut in typed.items() if cut is not None}}


def choose_class(classes: Sequence[str]) -> str:
    """Draw a picker of one class, or of all together: buttons for few classes, a list to search for many."""
    options = [*classes, ALL_CLASSES]
    if len(options) > MOST_BUTTONS:
        chosen = st.selectbox(_("Predicted as"), options, key="curve", format_func=_class_words)
    else:
        chosen = st.segmented_control(
            _("Predicted as"),
            options,
            default=options[0],
            required=True,
            key="curve",
            format_func=lambda name: plain_label(_class_words(name)),
        )
    return str(chosen)


def _class_words(name: str) -> str:
    return _("all, one cut-off") if name == ALL_CLASSES else name


def sliders(classes: Sequence[str], start: Mapping[str, float]) -> dict[str, float]:
    """Draw one slider a class and return the cuts; they are in the URL."""
    cuts = {}
    for name in classes:
        key = navigation.cut_key(name)
        _carry(key, start.get(name, DEFAULT_CUT))
        cuts[name] = st.slider(
            _("Accept {name} above", name=plain_label(name)),
            0.0,
            1.0,
            _NEVER,
            step=0.005,
            # With the decimal sign of the browser's language, which is most likely that of the page.
            format="%.3f" if current_language() == ENGLISH else "localized",
            key=key,
            bind="query-params",
            help=_("The model's confidence, from 0 to 1. Higher: fewer books, fewer wrong ones."),
        )
        if cuts[name] == _NEVER:  # somebody went back to an address from before any cut-off stood in it
            st.session_state[f"{key}_next"] = start.get(name, 0.9)
            st.rerun()
    return {name: float(cut) for name, cut in cuts.items()}


def _carry(key: str, start: float) -> None:
    """Let the address carry a cut-off that nobody touched yet: the kept ones it begins with may change tomorrow."""
    following = st.session_state.pop(f"{key}_next", None)
    if following is not None:
        st.session_state[key] = following
    elif key not in st.session_state:
        with contextlib.suppress(ValueError):
            start = float(st.query_params.get(key, start))
        st.session_state[key] = min(max(start, 0.0), 1.0)
        with contextlib.suppress(StreamlitAPIException):  # it follows by itself a slider that was drawn before
            st.query_params[key] = f"{st.session_state[key]:g}"


def choose_way() -> str:
    """Draw the choice between a promise and cut-offs by hand, and return it.

    A link that carries cut-offs, but not how they were chosen, is to cut-offs set by hand.
    """
    if "way" not in st.session_state and any(name.startswith(navigation.CUT_PREFIX) for name in st.query_params):
        st.session_state["way"] = WAYS[1]
    return str(
        language.choose(st.segmented_control, _("Choose the cut-offs"), WAYS, required=True, key="way", format_func=_)
    )


def figures(report: PolicyReport, leaving: int) -> None:
    """Show what the policy does in three figures.

    Parameters
    ----------
    leaving : int
        How many of the accepted an export gives the machine's label: people have labelled or decided the others.
    """
    share = _("{coverage} of {records:,} books", coverage=percent(report.coverage), records=report.records)
    if leaving != report.accepted:
        share += _(
            "; {leaving:,} leave, {accepted:,} are settled already", leaving=leaving, accepted=report.accepted - leaving
        )
    shown = [
        (_("Accepted"), number_text(f"{report.accepted:,}"), share),
        (_("Right"), percent(report.accuracy.value), _how_right(report)),
        (
            _("For review"),
            number_text(f"{report.review:,}"),
            _("{hours:,.0f} hours at {pace:,.0f} an hour", hours=report.hours, pace=report.pace),
        ),
    ]
    for column, (label, value, note) in zip(st.columns(len(shown)), shown, strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(label, value)
            st.caption(feedback.percent_unbroken(note))


def coverage_at(curve: pd.DataFrame, cut: float | None) -> float | None:
    """Return the share accepted at a cut-off of a curve; None without a cut-off, or below the lowest confidence."""
    at = curve[curve["cut"] <= cut]["coverage"] if cut is not None else curve["coverage"].head(0)
    return float(at.iloc[-1]) if len(at) else None


def choose_group(report: PolicyReport) -> str:
    """Draw the choice of what the accepted are counted by, and return it."""
    chosen = language.choose(
        st.segmented_control,
        _("By"),
        list(report.acceptance_rates),
        default="class",
        required=True,
        key="kept_by",
        format_func=lambda name: _("What they are") if name == "class" else facet_title(name),
    )
    return str(chosen)


def _how_right(report: PolicyReport) -> str:
    """Say between what the share right lies, or what it is at least: cut-offs are chosen on these very books."""
    if report.right_at_least > 0:
        return _(
            "at least {right_at_least} of all accepted, whatever was tried",
            right_at_least=lower_percent(report.right_at_least),
        )
    return interval(report.accuracy.low, report.accuracy.high)


def keep(predictions: str, chosen: SavedPolicy, accepted: int) -> None:
    """Draw the button that keeps the cut-offs; while a slice is chosen they are kept for its books alone.

    With nothing accepted it is no invitation.
    """
    if not people.allowed(_("keep cut-offs")):
        return
    where = chosen.policy.where
    label = _("Keep these cut-offs for the export") if where is None else _("Keep these cut-offs for these books")
    if st.button(label, type="primary" if accepted else "secondary", icon=":material/check:"):
        save_policy(cache.workspace(), predictions, chosen)
        only = (
            _(" They accept only {description}; no other book.", description=escape(where.in_words))
            if where is not None
            else ""
        )
        st.success(_("Kept. The Export page uses them.{only}", only=only), icon=":material/check_circle:")


def class_table(report: PolicyReport) -> None:
    """Show what the cuts do class by class."""
    table = pd.DataFrame(
        [
            {
                "predicted": row["class"],
                "cut-off": row["cut"],
                "books": row["records"],
                "accepted": row["accepted"],
                "checked": row["n_accepted"],
                "wrong": row["errors"],
                "right": percent(row["accuracy"]),
                "between": interval(row["low"], row["high"]),
                "wrong to expect": "–"
                if row["expected_errors"] != row["expected_errors"]
                else _(
                    "{expected_errors:,.0f} ({interval})",
                    expected_errors=row["expected_errors"],
                    interval=interval_count(row["expected_low"], row["expected_high"]),
                ),
                "for review": row["review"],
            }
            for row in report.per_class.to_dict("records")
        ]
    )
    show_table(
        table,
        columns={
            "predicted": st.column_config.TextColumn(width=180),
            "cut-off": st.column_config.NumberColumn(format="%.3f", width=62),
            "right": st.column_config.TextColumn(width=68),
            "between": st.column_config.TextColumn(width=124),
            "wrong to expect": st.column_config.TextColumn(width=120),
            "books": st.column_config.NumberColumn(width=62),
            "accepted": st.column_config.NumberColumn(width=75),
            "checked": st.column_config.NumberColumn(width=70),
            "wrong": st.column_config.NumberColumn(width=58),
            "for review": st.column_config.NumberColumn(width=80),
        },
        alt=_("What the cut-offs do, class by class"),
    )
    widgets.download_table(table, "cut-offs")


def acceptance_rates(report: PolicyReport, scored: Scored, facet: str) -> None:
    """Draw whose books are accepted and whose are not, for one facet (or by what the books really are)."""
    table = report.acceptance_rates[facet]
    title = _("what the books are") if facet == "class" else inside(facet_title(facet))
    order = list(table["value"]) if facet == "class" else facet_order(facet, table["value"])
    known = table[table["rate"].notna()]
    if known.empty:
        st.markdown(_("No group by {title} has ten books.", title=title))
        return
    shown = known.head(25)
    shown = shown.assign(value=[shown_value(facet, str(value)) for value in shown["value"]])
    order = [shown_value(facet, value) for value in order]
    show_chart(
        rates_chart(
            shown,
            value="value",
            rate="rate",
            title=_("share accepted, with 95 % interval"),
            overall=report.coverage if facet != "class" else None,
            order=[value for value in order if value in set(shown["value"])],
            chart_theme=theme.chart_theme(),
        ),
        alt=_("Share accepted by {title}", title=title),
    )
    widgets.download_table(table, f"accepted-by-{facet}")


_BEHIND: Final = (noop("Accepted and wrong"), noop("Right and left to people"))


def behind(scored: Scored, accepted: NDArray[np.bool_]) -> None:
    """List the checked books that decide what can be accepted, and let people look at them again, blind."""
    st.header(_("The checked books behind it"))
    checked = (scored.table[TRUTH] != "").to_numpy(dtype=bool)
    correct = scored.table[CORRECT].to_numpy(dtype=bool)
    wrong, lost = checked & accepted & ~correct, checked & ~accepted & correct
    feedback.show_sentences(
        _(
            "{wrong} {part} as wrong among the accepted: they are what limits how much can be"
            " accepted. {lost} the model is right about {part_2} left to people all the same.",
            wrong=count(int(wrong.sum()), "checked book"),
            part=_("counts") if wrong.sum() == 1 else _("count"),
            lost=count(int(lost.sum()), "checked book"),
            part_2=_("is") if lost.sum() == 1 else _("are"),
        )
    )
    view = language.choose(st.segmented_control, _("Show"), _BEHIND, required=True, key="behind", format_func=_)
    shown = scored.table[wrong if view == _BEHIND[0] else lost].sort_values("confidence", ascending=False)
    records_table(
        shown,
        name="accepted-wrong" if view == _BEHIND[0] else "right-below",
        alt=_("{view}: checked books", view=_(str(view))),
    )
    if not wrong.any() or not people.may():
        return
    if st.button(
        _("Have the wrong ones checked again, blind"),
        icon=":material/rate_review:",
        help=_(
            "They go to Review mixed with as many that count as right, and nobody is told which are which: so labels"
            " are not only mended where it flatters the model."
        ),
    ):
        sent = send_to_review(
            cache.workspace().database,
            scored.predictions,
            draw_recheck(scored.table, accepted),
            _("checked once more, to see whether label or model is wrong"),
            scored=scored,
        )
        st.success(_("{sent} sent to Review.", sent=count(sent, "book")), icon=":material/check_circle:")
        navigation.links_to("Review", _("Open Review"))
