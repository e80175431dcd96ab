"""The builder: a labelling function put together from conditions, tried while it is written."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from core.corpus import column_names
from core.errors import InputError
from core.facets import FACETS, facet_title, shown_value
from core.predicates import (
    AllOf,
    AnyOf,
    ConfidencePredicate,
    FacetPredicate,
    LengthPredicate,
    Not,
    Predicate,
    RangePredicate,
    TextPredicate,
)
from core.predictions import load_predictions
from core.schema import LABEL, LANGUAGE, TITLE, TITLE_KEY, YEAR
from core.statistics import MINIMUM_RECORDS
from core.translation import _, noop, number_text
from core.weak_supervision import (
    ABSTAIN,
    LabellingFunction,
    TrialResult,
    add_function,
    holdout_mask,
)
from dashboard import cache, feedback, labelling_view
from dashboard.feedback import count, escape, interval, percent
from dashboard.labelling_view import TryoutData
from dashboard.tables import header

__all__ = ["build"]

_ROWS: Final = "builder_rows"  # in the session: how many conditions the builder has
_EMPTY: Final = "builder_empty"  # in the session: whether a function was added just now
_TEXT = {
    noop("has the word"): "word",
    noop("contains"): "contains",
    noop("matches the pattern"): "pattern",
    noop("is longer than"): "longer",
    noop("is shorter than"): "shorter",
}
_HELP = noop(
    "Words or phrases, separated by commas; upper and lower case are one. “has the word” finds plurals too, and poet*"
    " finds every word that begins so. “contains” finds letters inside words. A pattern is a regular expression (RE2)."
)


@st.fragment
def build(tryout_data: TryoutData, present: Sequence[LabellingFunction]) -> None:
    """Draw the builder. Only this part is drawn again while a person types."""
    if st.session_state.pop(_EMPTY, False):
        _clear()
    st.session_state.setdefault(_ROWS, 1)
    number = int(st.session_state[_ROWS])
    first, second, third = st.columns([2, 2, 3])
    label = (
        first.selectbox(_("Votes for"), tryout_data.classes, key="builder_label")
        if tryout_data.classes
        else first.text_input(_("Votes for"), placeholder=_("a class"), key="builder_class")
    )
    together = "all hold"
    if number > 1:
        together = second.segmented_control(
            _("where"),
            [noop("all hold"), noop("any holds")],
            default=together,
            required=True,
            key="builder_together",
            format_func=_,
        )
    name = third.text_input(_("Name of the function"), placeholder=_("from its first condition"), key="builder_name")
    parts = [_condition(tryout_data, row) for row in range(number)]
    with st.container(horizontal=True):
        st.button(_("Another condition"), icon=":material/add:", on_click=_change, args=(1,))
        st.button(_("One fewer"), icon=":material/remove:", on_click=_change, args=(-1,), disabled=number == 1)
    whole = [part for part in parts if part is not None]
    if not whole or not label:
        st.caption(_("What the function finds is shown here as soon as it has a class and a condition."))
        return
    with feedback.show_errors():
        when = whole[0] if len(whole) == 1 else AllOf(tuple(whole)) if together == "all hold" else AnyOf(tuple(whole))
        function = LabellingFunction(name.strip() or _name(whole[0], present), str(label), when)
        _try(tryout_data, present, function)


def _clear() -> None:
    """Empty the builder once its function was added: left standing, it would only copy what it has just made."""
    blank = {"builder_value_": "", "builder_values_": [], "builder_not_": False, "builder_from_": None}
    blank |= {"builder_to_": None, "builder_name": ""}
    for key in [str(key) for key in st.session_state]:
        for start, nothing in blank.items():
            if key.startswith(start):
                st.session_state[key] = nothing
    st.session_state[_ROWS] = 1


def _change(by: int) -> None:
    st.session_state[_ROWS] = max(1, int(st.session_state[_ROWS]) + by)


def _name(condition: Predicate, present: Sequence[LabellingFunction]) -> str:
    inner = condition.part if isinstance(condition, Not) else condition
    base = inner.value[:40] if isinstance(inner, TextPredicate) else inner.kind
    taken = {function.name for function in present}
    return next(name for name in (base, *(f"{base} {n}" for n in range(2, 1000))) if name not in taken)


def _choices(tryout_data: TryoutData) -> dict[str, tuple[str, str]]:
    """Return what can be asked: words on the page → kind and name."""
    records = tryout_data.books.records
    texts = [
        TITLE,
        *(c for c in records if c not in (TITLE, TITLE_KEY) and isinstance(records[c].dtype, pd.StringDtype)),
    ]
    choices: dict[str, tuple[str, str]] = {_("title"): ("text", TITLE), _("year"): ("number", YEAR)}
    choices |= {facet_title(facet): ("facet", facet) for facet in (LANGUAGE, *FACETS)}
    choices |= {_("confidence of “{a}”", a=a.name): ("model", a.name) for a in cache.workspace().list("predictions")}
    choices |= {_("{column} (text)", column=header(str(column))): ("text", str(column)) for column in texts[1:]}
    return choices | {
        _("{c} (in the file)", c=c): ("text", c) for c in column_names(tryout_data.corpus.path) if c not in records
    }


def _condition(tryout_data: TryoutData, row: int) -> Predicate | None:
    """Draw one condition and return it; None while it is unfinished or cannot be understood."""
    choices = _choices(tryout_data)
    what, how, value, turned = st.columns([3, 3, 6, 2], vertical_alignment="bottom")
    shown = what.selectbox(_("What"), list(choices), key=f"builder_what_{row}")
    kind, name = choices[str(shown)]
    negated = turned.checkbox(_("not"), key=f"builder_not_{row}", help=_("The condition must not hold."))
    condition: Predicate | None = None
    with feedback.show_errors():
        try:
            condition = _DRAW[kind](tryout_data, name, row, how, value)
        except InputError as error:
            st.error(feedback.from_core(error.on_page), icon=":material/error:")
    return Not(condition) if condition is not None and negated else condition


def _text(tryout_data: TryoutData, column: str, row: int, how: Any, value: Any) -> Predicate | None:
    way = _TEXT[str(how.selectbox(_("How"), list(_TEXT), key=f"builder_how_{row}", format_func=_))]
    if way in ("longer", "shorter"):
        limit = value.number_input(_("Characters"), min_value=1, value=200, step=10, key=f"builder_length_{row}")
        low, high = (int(limit) + 1, None) if way == "longer" else (None, int(limit) - 1)
        return LengthPredicate(column, low, high)
    entered = value.text_input(_("Value"), key=f"builder_value_{row}", help=_(_HELP), placeholder=_("novel, romance"))
    return TextPredicate(column, way, (entered,)) if entered.strip() else None  # type: ignore[arg-type]


def _number(tryout_data: TryoutData, column: str, row: int, how: Any, value: Any) -> Predicate | None:
    least = how.number_input(_("From"), value=None, step=1, key=f"builder_from_{row}", placeholder=_("open"))
    most = value.number_input(_("To"), value=None, step=1, key=f"builder_to_{row}", placeholder=_("open"))
    return None if least is None and most is None else RangePredicate(column, least, most)


def _facet(tryout_data: TryoutData, facet: str, row: int, how: Any, value: Any) -> Predicate | None:
    how.selectbox(_("How"), [noop("is one of")], key=f"builder_is_{row}", disabled=True, format_func=_)
    values = labelling_view.values_of(tryout_data, facet)
    chosen = value.multiselect(
        _("Values"), values, format_func=partial(shown_value, facet), key=f"builder_values_{row}_{facet}"
    )
    return FacetPredicate(facet, tuple(chosen)) if chosen else None


def _model(tryout_data: TryoutData, predictions: str, row: int, how: Any, value: Any) -> Predicate | None:
    classes = load_predictions(cache.workspace(), predictions).classes
    label = how.selectbox(_("gives the class"), classes, key=f"builder_class_{row}_{predictions}")
    above = value.slider(_("a probability of at least"), 0.5, 1.0, 0.95, step=0.005, key=f"builder_above_{row}")
    return ConfidencePredicate(predictions, str(label), float(above))


_DRAW = {"text": _text, "number": _number, "facet": _facet, "model": _model}


def _try(tryout_data: TryoutData, present: Sequence[LabellingFunction], function: LabellingFunction) -> None:
    """Show what the function does beside the others, and offer to add it."""
    if any(other.name == function.name for other in present):
        st.warning(
            _(
                "There is a function called “{function}” already; give this one another name.",
                function=escape(function.name),
            )
        )
        return
    tried = tryout_data.run_functions([*present, function])
    row = tried.table.iloc[-1]
    feedback.show_sentences(_("{label} where {condition}.", label=function.label, condition=function.when.condition))
    right = (
        percent(row["accuracy"])
        if row["n"] >= MINIMUM_RECORDS
        else _("{right:g} of {n}", right=row["right"], n=row["n"])
    )
    note = interval(row["low"], row["high"]) if row["n"] >= MINIMUM_RECORDS else _("too few titles for a rate")
    for column, (label, value, caption) in zip(
        st.columns(4),
        [
            (
                _("Books"),
                number_text(f"{row['books']:,}"),
                _("{coverage} of the collection", coverage=percent(row["coverage"])),
            ),
            (_("Right"), right, _("{note}; of {n} kept back", note=note, n=count(int(row["n"]), "title"))),
            (_("Overlap"), percent(row["overlap"]), _("another function votes too")),
            (_("Conflict"), percent(row["conflict"]), _("another votes for another class")),
        ],
        strict=True,
    ):
        with column, st.container(border=True):
            st.metric(label, value)
            st.caption(caption)
    if row["copies"]:
        st.warning(
            _("It copies “{copies}” and would be left out.", copies=escape(row["copies"])),
            icon=":material/content_copy:",
        )
    if st.button(_("Add this function"), type="primary", icon=":material/add_task:"):
        add_function(cache.workspace().database, function)
        st.session_state[_EMPTY] = True
        st.rerun()
    _examples(tryout_data, tried)


def _examples(tryout_data: TryoutData, tried: TrialResult) -> None:
    """Show labelled titles the newest function finds (never those kept back), and the books on which others differ."""
    function = tried.votes.functions[-1]
    hits, against = st.tabs([_("Labelled titles it finds"), _("Books on which others differ")])
    with hits:
        shown = labelling_view.visible_books(tryout_data)
        if tried.checked is not None:
            voted = tried.checked.matrix[:, -1] != ABSTAIN
            shown = shown[voted[shown.index]]
        shown = shown.assign(right=np.where(shown[LABEL] == function.label, "yes", "no")).sort_values(
            "right", kind="stable"
        )
        wrong = int((shown["right"] == "no").sum())
        if len(shown):
            st.caption(
                _(
                    "{shown:,} labelled books that may be shown; of another class: {wrong:,}, first in the list.",
                    shown=len(shown),
                    wrong=wrong,
                )
            )
            labelling_view.titles(
                shown, columns=[TITLE, LABEL, "right"], alt=_("Labelled titles this function finds"), key="builder_hits"
            )
        else:
            st.markdown(_("It finds no labelled title that may be shown."))
    with against:
        matrix, code = tried.votes.matrix, tried.votes.polarity[-1]
        others = (matrix[:, :-1] != ABSTAIN) & (matrix[:, :-1] != code)
        apart = (matrix[:, -1] != ABSTAIN) & others.any(axis=1)
        hidden = np.zeros(len(apart), dtype=bool)
        if tryout_data.labelled is not None:
            keys = tryout_data.labelled.records[TITLE_KEY]
            hidden = tryout_data.books.records[TITLE_KEY].isin(keys[holdout_mask(keys)]).to_numpy()
        rows = np.flatnonzero(apart & ~hidden)
        if len(rows):
            names = np.array(
                [labelling_function.name for labelling_function in tried.votes.functions[:-1]], dtype=object
            )
            differing = ["; ".join(names[others[row]]) for row in rows]
            labelling_view.titles(
                tryout_data.books.records.iloc[rows][[TITLE]].assign(differ=differing),
                columns=[TITLE, "differ"],
                alt=_("Books on which other functions vote otherwise"),
                key="builder_against",
            )  # fmt: skip
        else:
            st.markdown(_("No other function votes for another class where this one votes."))
