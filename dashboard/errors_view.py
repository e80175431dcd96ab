"""Pieces of the Errors page: headline figures, class by class, rates by facet, filters, words."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.evaluation import Evaluation, outcome_of
from core.facets import facet_title, facet_values, facet_words
from core.schema import PREDICTED, TRUTH
from dashboard import feedback, widgets
from dashboard.text import count, escape, interval, percent, rate

__all__ = [
    "HOW",
    "class_table",
    "filters",
    "headline",
    "length_sentence",
    "only_cell",
    "per_class",
    "phrase_sentence",
    "rates_table",
    "value_sentence",
]

HOW = (
    "A book is wrong when the model and the person name different classes. Rates have 95 % Wilson intervals:"
    " the true rate"
    " lies inside in 95 of 100 such intervals. Macro-F1 (the mean of each class's F1, the harmonic mean of"
    " precision and"
    " recall) has a bootstrap interval that draws titles again, with all their editions, 1,000 times."
    " **Precision**: of the"
    " books the model calls a class, the share that is. **Recall**: of the books that are of a class, the share"
    " it finds."
    " Groups of fewer than ten books show counts and no rate. Titles equal after normalisation count as one in"
    " the leak check."
)
_FILTERS = ("language", "decade", "place", "title_length", "genre_given")


def headline(evaluation: Evaluation) -> None:
    """Show accuracy and macro-F1 with intervals, what nobody checked, and the figures without leaked books."""
    columns = st.columns(4)
    accuracy, macro = evaluation.accuracy, evaluation.metrics.macro_f1
    figures = [
        ("Right", percent(accuracy.value), f"{interval(accuracy.low, accuracy.high)}, of {accuracy.n:,}"),
        ("Macro-F1", f"{macro.value:.3f}", f"{macro.low:.3f} to {macro.high:.3f}"),
        (
            "Without leaks",
            percent(evaluation.without_leaks.accuracy.value),
            f"{count(evaluation.leaks, 'checked book is', 'checked books are')} also in training",
        ),
        (
            "If all were checked",
            f"{100 * evaluation.worst:.0f}–{100 * evaluation.best:.0f} %",
            f"{count(sum(evaluation.unlabelled.values()), 'book')} without a usable answer",
        ),
    ]
    for column, (label, value, note) in zip(columns, figures, strict=True):
        with column, st.container(border=True):
            st.metric(label, value)
            st.caption(note)
    answers = {answer: n for answer, n in evaluation.unlabelled.items() if answer}
    if answers:
        said = ", ".join(f"“{answer}” {n:,} times" for answer, n in answers.items())
        st.caption(escape(f"Answers that name no class are counted, never scored: {said}."))


def per_class(evaluation: Evaluation) -> None:
    """Say precision and recall of each class in words."""
    for one in evaluation.metrics.per_class:
        st.markdown(
            f"**{escape(one.name)}**: of {one.predicted:,} books the model calls {escape(one.name)},"
            f" {percent(one.precision.value)} are; of {one.support:,} that are, it finds {percent(one.recall.value)}."
        )


def class_table(evaluation: Evaluation) -> None:
    """Show precision, recall and F1 of each class with intervals and n."""
    table = pd.DataFrame(
        [
            {
                "class": one.name,
                "precision": rate(one.precision),
                "recall": rate(one.recall),
                "F1": f"{one.f1.value:.3f} ({one.f1.low:.3f} to {one.f1.high:.3f})",
            }
            for one in evaluation.metrics.per_class
        ]
    )
    st.dataframe(table, hide_index=True, alt="Precision, recall and F1 of each class with 95 % intervals")
    widgets.download_table(table, "per-class")


def value_sentence(table: pd.DataFrame, facet: str) -> None:
    """Say where errors gather most: the value whose interval lies furthest above the rest."""
    known = table.dropna(subset=["ratio"])
    overall = table["errors"].sum() / table["n"].sum()
    worse = known[known["low"] > overall].sort_values("ratio", ascending=False)
    if worse.empty:
        feedback.conclusion(f"No value of {escape(facet_title(facet).lower())} is clearly worse than the rest.")
        return
    first = worse.iloc[0]
    words = facet_words(facet, first["value"])
    feedback.conclusion(
        escape(
            f"{words[0].upper()}{words[1:]}: {first['errors']:,} of {first['n']:,} wrong, {first['ratio']:.1f}"
            f" times the rest."
        )
    )
    st.caption(
        "Looked at one by one. Whether a group is truly worse, and not by chance or for its mix of classes,"
        " needs a test."
    )


def rates_table(table: pd.DataFrame, facet: str) -> None:
    """Show every value with its counts, rate and interval."""
    shown = table.rename(
        columns={
            "value": facet_title(facet).lower(),
            "n": "checked",
            "errors": "wrong",
            "error_rate": "share wrong",
            "low": "at least",
            "high": "at most",
            "ratio": "times the rest",
        }
    )
    shares = {name: st.column_config.NumberColumn(format="percent") for name in ("share wrong", "at least", "at most")}
    shares["times the rest"] = st.column_config.NumberColumn(format="%.1f")
    st.dataframe(shown, hide_index=True, column_config=shares, height=420, alt=f"Errors by {facet_title(facet)}")
    widgets.download_table(shown, f"errors-by-{facet}")


def filters(labelled: pd.DataFrame) -> dict[str, list[str]]:
    """Draw one picker a facet and return what was chosen; the choices are in the URL."""
    chosen: dict[str, list[str]] = {}
    for column, facet in zip(st.columns(len(_FILTERS)), _FILTERS, strict=True):
        counts = facet_values(labelled, facet).value_counts()
        with column:
            picked = st.multiselect(
                facet_title(facet), counts.index.tolist()[:200], key=f"only_{facet}", bind="query-params"
            )
        chosen[facet] = [str(value) for value in picked]
    return chosen


def phrase_sentence(labelled: pd.DataFrame, mask: NDArray[np.bool_], phrase: str) -> None:
    """Say how often titles with these words are wrong, and the others."""
    found = outcome_of(labelled, mask)
    if not found["n"]:
        feedback.conclusion(f"No checked title has any of: {escape(phrase)}.")
        return
    said = f"Titles with {escape(phrase)}: {found['errors']:,} of {found['n']:,} wrong"
    if found["rate"].defined:
        said += f" ({percent(found['rate'].value)}, {interval(found['rate'].low, found['rate'].high)})"
    if found["rest_rate"].defined:
        said += f"; elsewhere {found['rest_errors']:,} of {found['rest_n']:,} ({percent(found['rest_rate'].value)})"
    feedback.conclusion(said + ".")


def only_cell(table: pd.DataFrame, clicked: Any, confusion: pd.DataFrame) -> pd.DataFrame:
    """Keep the books of the cell of the confusion matrix that was clicked."""
    points: list[Mapping[str, Any]] = clicked["selection"]["points"] if clicked else []
    if not points:
        return table
    truth = str(points[0]["y"]).removeprefix("is ")
    predicted = str(points[0]["x"]).removeprefix("predicted ")
    st.caption(escape(f"Only books that are {truth} and were predicted {predicted}. Click beside the cell to see all."))
    return table[(table[TRUTH] == truth) & (table[PREDICTED] == ("" if predicted == "(none)" else predicted))]


def length_sentence(lengths: pd.DataFrame) -> None:
    """Say whether wrong titles are shorter or longer."""
    means = lengths.groupby("outcome")["mean"].first()
    counts = lengths.groupby("outcome")["n"].sum()
    if counts.get("wrong", 0) == 0:
        feedback.conclusion("No title was read wrong.")
        return
    right, wrong = means["right"], means["wrong"]
    word = "shorter" if wrong < right else "longer"
    feedback.conclusion(
        f"Titles read wrong are {word}: {wrong:.0f} characters on average, those read right {right:.0f}."
    )
