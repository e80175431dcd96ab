"""Pieces of the Errors page: headline, class by class, rates by facet, filters, words; groups that are truly worse."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.evaluation import (
    Evaluation,
    KnownLanguage,
    by_value,
    compare_with_rest,
    known_languages,
    least_confident_right,
    length_by_outcome,
    most_confident_wrong,
    wrong_first,
)
from core.facets import FACETS, facet_order, facet_title, facet_values, facet_words, filter_records, shown_value
from core.predicates import title_phrase
from core.predictions import Scored
from core.review import send_to_review
from core.schema import CORRECT, PREDICTED, RECORD_ID, TITLE, TRUTH
from core.slices import Slice, cross_table, held_back, ledger_of, look_at_words
from core.slices.ledger import save_slice
from core.statistics import Estimate
from core.text_search import phrase_mask
from core.translation import _, inside, language_name, noop, number_text, translate
from core.wording import slices as wording
from core.wording.evaluation import unknown_sentences
from dashboard import cache, feedback, language, navigation, people, widgets
from dashboard import navigation as state
from dashboard import tables as theme
from dashboard.charts.errors import CELL, PAIR, confusion_chart, heatmap_chart, length_chart, rates_chart
from dashboard.feedback import count, escape, figure, interval, percent, rate
from dashboard.record_view import records_table
from dashboard.tables import show_chart, show_table

__all__ = [
    "METHOD_NOTE",
    "headline",
    "heatmap",
    "language_table",
    "ledger",
    "lengths",
    "record_facet_looks",
    "record_phrase_look",
    "show_books",
    "show_confusion",
    "show_errors_by_facet",
    "show_found_slices",
    "show_languages",
    "without_kept_back",
]


# --- Pieces of the Errors page ----------------------------------------------------------------------------------------
#
# Pieces of the Errors page: groups of books that are truly worse, a heatmap of two facets, the ledger of looks.

_ANY_VALUE = noop("(any)")
_HEATMAP = "heatmap"
_PAIR_KEYS = ("row_is", "column_is")  # in the address: the cell of the heatmap whose books are shown
_SAVED = "saved_slice"  # in the session: which slice was named just now, and how


def show_found_slices(scored: Scored) -> None:
    """Show the slices that the search found and confirmed; each can be opened, named and sent to review."""
    findings = cache.slices(scored)
    conclusion, *further = wording.sentences(findings)
    feedback.conclusion(escape(conclusion))
    feedback.show_sentences(*further)
    if not findings.slices:
        return
    table = pd.DataFrame(
        [
            {
                "books": finding.slice.in_words,
                "checked": finding.measured.n,
                "wrong": finding.measured.errors,
                "share wrong": percent(finding.measured.rate.value),
                "between": interval(finding.measured.rate.low, finding.measured.rate.high),
                "of all errors": finding.measured.explains.value,
                "in the collection": finding.measured.collection_n,
                "p, adjusted": finding.p_adjusted,
                "explained by": translate(finding.folded_under),
                "cannot be told apart yet from": translate(finding.confounded_with),
            }
            for finding in findings.slices
        ]
    )
    show_table(
        table,
        shares=["of all errors"],
        lines=3,
        columns={
            "books": st.column_config.TextColumn(width=280),
            "p, adjusted": st.column_config.NumberColumn(format="%.2g"),
        },
        alt=_("Groups of books on which the model fails more often than on the rest of the same classes"),
    )
    widgets.download_table(table, "slices")
    names = [finding.slice.description for finding in findings.slices]
    shown = {finding.slice.description: finding.slice.in_words for finding in findings.slices}
    chosen = widgets.pick(_("Open one"), names, "open_slice", of=scored.fingerprint, shown=shown.__getitem__)
    widgets.require_known("open_slice", "group")
    _act_on(scored, findings.slices[names.index(str(chosen))].slice)


def _act_on(scored: Scored, slice_: Slice) -> None:
    books = scored.table[slice_.mask(scored.table)]
    checked = scored.labelled[slice_.mask(scored.labelled)]
    feedback.conclusion(escape(wording.how_wrong(slice_.name or slice_.in_words, checked)))
    if people.allowed(_("save groups and send books to review")):
        _save_or_send(scored, slice_, books)
    books = wrong_first(without_kept_back(scored, books))
    records_table(
        books, name="slice", alt=_("Books of the slice: {description}", description=slice_.in_words), height=300
    )


def _save_or_send(scored: Scored, slice_: Slice, books: pd.DataFrame) -> None:
    left, right = st.columns(2)
    with left, st.form(f"save-slice-{slice_.key}", border=False):
        name = st.text_input(_("Give it a name, to filter every page by it"), placeholder=_("verse")).strip()
        if st.form_submit_button(_("Save this slice"), icon=":material/bookmark:"):
            save_slice(cache.workspace().database, replace(slice_, name=name))
            st.session_state[_SAVED] = (slice_.key, name)
            st.rerun()
    with left:
        if st.session_state.get(_SAVED, ("", ""))[0] == slice_.key:
            name = st.session_state[_SAVED][1]
            st.success(
                _("Kept as “{name}”. Choose it under “Only the books of”.", name=escape(name)),
                icon=":material/bookmark:",
            )
            st.button(
                _("Show every page for “{name}” alone", name=escape(name)),
                key=f"only-{slice_.key}",
                icon=":material/filter_alt:",
                on_click=widgets.pick_next,
                args=(state.SLICE, name),
            )
    with right:
        st.markdown(
            _("{books:,} books of the collection are in it. People can look at them one by one.", books=len(books))
        )
        if st.button(
            _("Send {books:,} books to review", books=len(books)),
            key=f"send-{slice_.key}",
            icon=":material/rate_review:",
        ):
            sent = send_to_review(
                cache.workspace().database, scored.predictions, books[RECORD_ID], slice_.description, scored=scored
            )
            already = _(" {books:,} were on it already.", books=len(books) - sent) if sent < len(books) else ""
            st.success(
                _("{sent:,} books were added to the review list.{already}", sent=sent, already=already),
                icon=":material/check_circle:",
            )
            navigation.links_to("Review", _("Look at them on the Review page"))


def heatmap(scored: Scored) -> None:
    """Show the share wrong for every pair of values of two facets."""
    left, right = st.columns(2)
    with left:
        down = widgets.choose_facet(_("Rows"), "rows", tuple(FACETS), "decade")
    with right:
        across = widgets.choose_facet(_("Columns"), "columns", tuple(FACETS), "language")
    if down == across:
        st.info(_("Choose two different facets."), icon=":material/help:")
        return
    table = cross_table(scored.table, down, across)
    known = table.dropna(subset=["rate"])
    if known.empty:
        st.markdown(_("No pair of values has ten checked books."))
        return
    worst = known.sort_values("rate", ascending=False).iloc[0]
    feedback.conclusion(
        escape(
            _(
                "Most often wrong: {worst}, {worst_2}: {errors:,} of {n:,} ({low}).",
                worst=shown_value(across, str(worst[across])),
                worst_2=shown_value(down, str(worst[down])),
                errors=worst["errors"],
                n=worst["n"],
                low=interval(worst["low"], worst["high"]),
            )
        )
    )
    title = _("Share wrong by {down} and {across}", down=facet_title(down), across=facet_title(across))
    show_chart(
        heatmap_chart(table, down, across, chart_theme=theme.chart_theme()),
        alt=title,
        on_select=_pair_clicked,
        selection_mode=PAIR,
        key=_HEATMAP,
    )
    st.caption(_("Empty cells have fewer than ten checked books. Click a cell to see its books, or choose them here."))
    _books_of_pair(scored, known, down, across)
    pairs = cache.pair_slices(scored, down, across)
    _record_looks(scored, pairs.slices, pairs.p)
    widgets.download_table(table, f"errors-{down}-{across}")


def _books_of_pair(scored: Scored, known: pd.DataFrame, down: str, across: str) -> None:
    """Show the checked books of the cell that was clicked or chosen; nothing until both values are."""
    chosen = {}
    for column, facet, key in zip(st.columns(2), (down, across), _PAIR_KEYS, strict=True):
        with column:
            values = [str(value) for value in dict.fromkeys(known[facet])]
            of = f"{scored.predictions}-{facet}"
            chosen[facet] = widgets.pick(
                _("{facet} of the list", facet=facet_title(facet)),
                values,
                key,
                fixed=_ANY_VALUE,
                of=of,
                shown=functools.partial(_shown_or_any, facet),
            )
        widgets.require_known(key, _("value of this facet"))
    if any(value in (None, _ANY_VALUE) for value in chosen.values()):
        return
    books = filter_records(scored.labelled, {facet: [str(value)] for facet, value in chosen.items()})
    shown = wrong_first(without_kept_back(scored, books, "pair"))
    records_table(
        shown, name="pair", alt=_("Checked books of the cell: {str}", str=_(" and ").join(map(str, chosen.values())))
    )


def _shown_or_any(facet: str, value: str) -> str:
    return _(_ANY_VALUE) if value == _ANY_VALUE else shown_value(facet, value)


def _pair_clicked() -> None:
    """Choose the books of the cell that was clicked; a click beside the cells chooses none."""
    points = st.session_state[_HEATMAP]["selection"].get(PAIR) or [{}]
    for key, axis in zip(_PAIR_KEYS, ("down", "across"), strict=True):
        widgets.pick_next(key, str(points[0].get(axis, _ANY_VALUE)))


def record_facet_looks(scored: Scored, facet: str) -> None:
    """Write into the ledger that every value of a facet was looked at, and say which are convincing."""
    facet_slices = cache.facet_slices(scored, facet)
    _record_looks(scored, [measured.slice for measured in facet_slices.slices], facet_slices.p)


def record_phrase_look(scored: Scored, phrase: str) -> None:
    """Test titles with some words on books that the list kept back, write it into the ledger, and say what it shows."""
    book = ledger_of(cache.workspace(), scored)
    result = look_at_words(scored.table, scored.classes, Slice((title_phrase(phrase),)), book)
    st.caption(escape(wording.phrase_look(book, result)))


def without_kept_back(scored: Scored, shown: pd.DataFrame, name: str = "list") -> pd.DataFrame:
    """Return the books of a list that it does not keep back; say so, and offer to show all.

    Parameters
    ----------
    name : str
        Of the list: no other on the same page has it.
    """
    book = ledger_of(cache.workspace(), scored)
    rest = shown[~held_back(shown, book) | (shown[TRUTH] == "").to_numpy(dtype=bool)]
    if len(rest) < len(shown):
        text, button = st.columns([4, 1], vertical_alignment="center")
        text.caption(escape(wording.kept_back(len(rest), len(shown))))
        button.button(
            _("Show all"),
            help=_("Words typed afterwards are a find and no proof."),
            on_click=book.show_all,
            key=f"show-all-{name}",
        )
    return rest


def _record_looks(scored: Scored, slices: Sequence[Slice], p: Sequence[float]) -> None:
    book = ledger_of(cache.workspace(), scored)
    st.caption(escape(wording.looks(book, book.add_all(slices, p))))


def ledger(scored: Scored) -> None:
    """Say how many comparisons were made on this test set, and what the next one must reach."""
    book = ledger_of(cache.workspace(), scored)
    with st.expander(_("Looks so far, and what the next one must reach"), icon=":material/visibility:"):
        st.markdown(escape(wording.ledger(book)))
        looks = book.looks()
        if looks:
            rows = pd.DataFrame(
                [
                    {
                        "look": translate(look.description),
                        "p": look.p,
                        "had to reach": look.level,
                        "convincing": look.significant,
                    }
                    for look in looks[-200:]
                ]
            )
            show_table(
                rows,
                columns={
                    "look": st.column_config.TextColumn(width=360),
                    "p": st.column_config.NumberColumn(format="%.2g"),
                    "had to reach": st.column_config.NumberColumn(format="%.2g"),
                },
                alt=_("Every comparison that was made on this test set"),
            )


# --- Pieces of the Errors page: headline figures, class by class, rates by facet, filters, words ----------------------

METHOD_NOTE = noop(
    "A book is wrong when the model and the person name different classes. Rates have 95 % Wilson intervals: the true"
    " rate lies inside in 95 of 100 such intervals. Macro-F1 (the mean of each class's F1, the harmonic mean of"
    " precision and recall) has a bootstrap interval that draws titles again, with all their editions, 1,000 times."
    " **Precision**: of the books the model calls a class, the share that is. **Recall**: of the books that are of a"
    " class, the share it finds. Groups of fewer than ten books show counts and no rate. Titles equal after"
    " normalisation count as one in the leak check."
)
_HELP = {
    "Every class alike": noop(
        "Macro-F1: how well each class is recognised, on average over the classes, whether it has many books or few."
    )
}
# Of more classes than this, the largest are told in words.
_MOST_IN_WORDS, _LARGEST = 6, 5
_CHART = "confusion"
_ANY = noop("(all)")
_LISTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    noop("Surest and wrong"): most_confident_wrong,
    noop("Least sure and right"): least_confident_right,
    noop("All"): lambda table: table,
}
_FILTERS = ("language", "decade", "place", "title_length", "genre_given")


def headline(evaluation: Evaluation) -> None:
    """Show accuracy and macro-F1 with intervals, what nobody checked, and the figures without leaked books."""
    columns = st.columns([3, 3, 3, 4])  # the last holds an interval, which would be cut
    accuracy, macro = evaluation.accuracy, evaluation.metrics.macro_f1
    figures = [
        (
            _("Right"),
            percent(accuracy.value),
            _("{low}, of {accuracy_n:,}", low=interval(accuracy.low, accuracy.high), accuracy_n=accuracy.n),
        ),
        (
            _("Every class alike"),
            number_text(f"{macro.value:.3f}") if macro.defined else _("not known"),
            _macro_note(macro),
        ),
        (
            _("Without leaks"),
            percent(evaluation.without_leaks.accuracy.value),
            _("{leaks} also in training", leaks=count(evaluation.leaks, "checked book is", "checked books are")),
        ),
        (
            _("If all were checked"),
            interval(evaluation.worst, evaluation.best, 0),
            _("{unlabelled} without a usable answer", unlabelled=count(sum(evaluation.unlabelled.values()), "book")),
        ),
    ]
    for column, (label, value, note) in zip(columns, figures, strict=True):
        with column, st.container(border=True):
            st.metric(label, value, help=_HELP.get(label))
            st.caption(note)
    answers = {answer: n for answer, n in evaluation.unlabelled.items() if answer}
    if answers:
        answer_counts = ", ".join(f"“{answer}” {count(n, 'time')}" for answer, n in answers.items())
        st.caption(
            escape(
                _("Answers that name no class are counted, never scored: {answer_counts}.", answer_counts=answer_counts)
            )
        )


def _macro_note(macro: Estimate) -> str:
    if not macro.defined:
        return _("a class has no checked book")
    if math.isnan(macro.low):
        return _("1 is best; some classes are too small to say how sure")
    return _("{low:.3f} to {high:.3f}; 1 is best", low=macro.low, high=macro.high)


def show_confusion(evaluation: Evaluation) -> None:
    """Show which class is taken for which, and how well each is recognised."""
    st.header(_("Which class is taken for which"))
    left, right = st.columns(2)
    with left:
        show_chart(
            confusion_chart(evaluation.confusion, chart_theme=theme.chart_theme()),
            on_select=_cell_clicked,
            selection_mode=CELL,
            key=_CHART,
            alt=_("Confusion matrix: rows what the books are, columns what was predicted"),
        )
        st.caption(_("Click a cell to see its books in the list below, or choose them there."))
    with right:
        _per_class(evaluation)
    _class_table(evaluation)


def show_errors_by_facet(scored: Scored, evaluation: Evaluation) -> None:
    """Show the errors by each value of one facet."""
    st.header(_("Where errors gather"))
    facet = widgets.choose_facet(_("Group the books by"), navigation.FACET)
    table = by_value(scored.labelled, facet_values(scored.labelled, facet))
    _value_sentence(table, facet)
    order = [shown_value(facet, value) for value in facet_order(facet, table["value"])]
    table = table.assign(value=[shown_value(facet, str(value)) for value in table["value"]])
    chart, numbers = st.columns([4, 7])  # so that no column of the table is cut in a window of 1,280
    with chart:
        show_chart(
            rates_chart(
                table.dropna(subset=["error_rate"]).head(25),
                value="value",
                rate="error_rate",
                title=_("share wrong, with 95 % interval"),
                overall=1 - evaluation.accuracy.value,
                order=order,
                chart_theme=theme.chart_theme(),
            ),
            alt=_("Share wrong by {facet}, with intervals", facet=facet_title(facet)),
        )
    with numbers:
        _rates_table(table, facet)
    record_facet_looks(scored, facet)


def show_languages(scored: Scored) -> None:
    """Show how many books of each class were checked in each language, and say where that is too few."""
    checked = scored.labelled
    if not checked["language"].ne("").any():
        return
    st.header(_("What is known of each language"))
    languages = known_languages(checked["language"], checked[TRUTH], checked[PREDICTED], scored.classes)
    feedback.show_sentences(*unknown_sentences(languages))
    show_table(language_table(languages).head(100), alt=_("Checked books of each class by language"))


def language_table(languages: Sequence[KnownLanguage]) -> pd.DataFrame:
    """Return one row a language: checked books, those that are right, and the same of each class."""
    rows = [
        {
            "language": language_name(entry.language) if entry.language else _("no language"),
            "checked": entry.n,
            "right": entry.right,
            **{
                _("{part}: found", part=part.name): _("{right:,} of {part_n:,}", right=part.right, part_n=part.n)
                for part in entry.classes
            },
        }
        for entry in languages
    ]
    return pd.DataFrame(rows)


def show_books(scored: Scored, evaluation: Evaluation) -> None:
    """Show the books themselves, filtered by facets, words of the title, and the clicked cell."""
    st.header(_("Look at the books"))
    filters = _filters(scored.labelled)
    cell = _cell(scored, evaluation.confusion)
    phrase = st.text_input(
        _("Words in the title, separated by commas"),
        key=navigation.PHRASE,
        bind="query-params",
        help=_("A title is found when it holds any of them: poem finds poems too, poet* finds what begins so."),
    )
    narrowed = any(filters.values()) or any(value is not None for value in cell.values())
    if phrase:
        _phrase_sentence(scored, phrase, narrowed=narrowed)
    shown = filter_records(scored.labelled, filters, phrase or None)
    for column, value in cell.items():
        if value is not None:
            shown = shown[shown[column] == value]
    view = language.choose(
        st.segmented_control,
        _("Show"),
        list(_LISTS),
        default="Surest and wrong",
        required=True,
        key="list",
        format_func=_,
    )
    if narrowed or shown.empty:
        _shown_sentence(shown)
    rows = _LISTS[str(view)](without_kept_back(scored, shown))
    if len(rows) or shown.empty:
        records_table(
            rows, name="errors", alt=_("{view}: records with prediction, confidence and truth", view=_(str(view)))
        )
    else:
        st.markdown(_("None of these books is {part}.", part=_("wrong") if view == "Surest and wrong" else _("right")))


def lengths(scored: Scored) -> None:
    """Show how long the titles are that were read right and wrong."""
    st.header(_("Length of the title"))
    table = length_by_outcome(scored.labelled)
    _length_sentence(table)
    show_chart(length_chart(table, chart_theme=theme.chart_theme()), alt=_("Length of titles read right and wrong"))
    widgets.download_table(table, "length-by-outcome")


def _per_class(evaluation: Evaluation) -> None:
    """Say precision and recall of each class in words; of many classes, of the largest."""
    classes = evaluation.metrics.per_class
    shown = list(classes)
    if len(classes) > _MOST_IN_WORDS:
        shown = sorted(classes, key=lambda class_metrics: -class_metrics.support)[:_LARGEST]
        st.markdown(
            _(
                "The {largest} largest of {classes:,} classes; the table below has all.",
                largest=_LARGEST,
                classes=len(classes),
            )
        )
    for class_metrics in shown:
        st.markdown(
            _(
                "**{class_metrics}**: of {predicted:,} books the model calls {class_metrics}, {precision}"
                " are; of {support:,} that are, it finds {recall}.",
                class_metrics=escape(class_metrics.name),
                predicted=class_metrics.predicted,
                precision=percent(class_metrics.precision.value),
                support=class_metrics.support,
                recall=percent(class_metrics.recall.value),
            )
        )


def _class_table(evaluation: Evaluation) -> None:
    """Show precision, recall and F1 of each class with intervals and n."""
    table = pd.DataFrame(
        [
            {
                "class": class_metrics.name,
                "precision": rate(class_metrics.precision),
                "recall": rate(class_metrics.recall),
                "F1": figure(class_metrics.f1),
            }
            for class_metrics in evaluation.metrics.per_class
        ]
    )
    show_table(
        table,
        columns={
            "precision": st.column_config.TextColumn(
                _("right where it says so"), help=_("Precision: of the books the model calls this, the share that is")
            ),
            "recall": st.column_config.TextColumn(
                _("found of those that are"), help=_("Recall: of the books that are this, the share the model finds")
            ),
            "F1": st.column_config.TextColumn(
                _("both in one figure"), help=_("F1: the harmonic mean of the two before it. 1 is best.")
            ),
        },
        alt=_("How well each class is recognised, with 95 % intervals"),
    )
    widgets.download_table(table, "per-class")


def _value_sentence(table: pd.DataFrame, facet: str) -> None:
    """Say where errors gather most: the value whose interval lies furthest above the rest."""
    known = table.dropna(subset=["ratio"])
    overall = table["errors"].sum() / table["n"].sum()
    worse = known[known["low"] > overall].sort_values("ratio", ascending=False)
    if worse.empty:
        feedback.conclusion(
            _("No value of {facet} is clearly worse than the rest.", facet=escape(inside(facet_title(facet))))
        )
        return
    first = worse.iloc[0]
    words = facet_words(facet, first["value"])
    feedback.conclusion(
        escape(
            _(
                "{words}{words_2}: {errors:,} of {n:,} wrong, {ratio:.1f} times the rest.",
                words=words[0].upper(),
                words_2=words[1:],
                errors=first["errors"],
                n=first["n"],
                ratio=first["ratio"],
            )
        )
    )
    st.caption(
        _(
            "Looked at one by one. Whether a group is truly worse, and not by chance or for its mix of classes,"
            " is tested under “Groups that are truly worse”."
        )
    )


def _rates_table(table: pd.DataFrame, facet: str) -> None:
    """Show every value with its counts, rate and interval."""
    shown = table.rename(
        columns={
            "value": inside(facet_title(facet)),
            "n": "checked",
            "errors": "wrong",
            "error_rate": "share wrong",
            "low": "at least",
            "high": "at most",
            "ratio": "times the rest",
        }
    )
    show_table(
        shown,
        shares=["share wrong", "at least", "at most"],
        columns={
            inside(facet_title(facet)): st.column_config.TextColumn(width=105),
            "checked": st.column_config.NumberColumn(width=68),
            "wrong": st.column_config.NumberColumn(width=56),
            "share wrong": st.column_config.NumberColumn(width=92),
            "at least": st.column_config.NumberColumn(width=64),
            "at most": st.column_config.NumberColumn(width=66),
            "times the rest": st.column_config.NumberColumn(format="%.1f", width=102),
        },
        alt=_("Errors by {facet}", facet=facet_title(facet)),
    )
    widgets.download_table(shown, f"errors-by-{facet}")


def _filters(labelled: pd.DataFrame) -> dict[str, list[str]]:
    """Draw one picker a facet and return what was chosen; the choices are in the URL."""
    chosen: dict[str, list[str]] = {}
    for column, facet in zip(st.columns(len(_FILTERS)), _FILTERS, strict=True):
        counts = facet_values(labelled, facet).value_counts()
        with column:
            picked = language.choose(
                st.multiselect,
                facet_title(facet),
                counts.index.tolist()[:200],
                key=f"only_{facet}",
                default=[],
                format_func=functools.partial(shown_value, facet),
                placeholder=_("all"),
            )
        chosen[facet] = [str(value) for value in picked]
    return chosen


def _phrase_sentence(scored: Scored, phrase: str, *, narrowed: bool) -> None:
    """Say how often titles with these words are wrong, and the others; the look is written into the ledger."""
    outcome = compare_with_rest(scored.labelled, phrase_mask(scored.labelled[TITLE], phrase))
    if not outcome["n"]:
        feedback.conclusion(_("No checked title has any of: {phrase}.", phrase=escape(phrase)))
        return
    else_ = _(", whatever else is chosen") if narrowed else ""
    sentence = _(
        "Titles with {phrase}{else_}: {errors:,} of {n:,} wrong",
        phrase=escape(phrase),
        else_=else_,
        errors=outcome["errors"],
        n=outcome["n"],
    )
    if outcome["rate"].defined:
        sentence += f" ({percent(outcome['rate'].value)}, {interval(outcome['rate'].low, outcome['rate'].high)})"
    if outcome["rest_rate"].defined:
        sentence += _(
            "; elsewhere {rest_errors:,} of {rest_n:,} ({value})",
            rest_errors=outcome["rest_errors"],
            rest_n=outcome["rest_n"],
            value=percent(outcome["rest_rate"].value),
        )
    feedback.conclusion(sentence + ".")
    record_phrase_look(scored, phrase)


def _shown_sentence(shown: pd.DataFrame) -> None:
    """Say how many books fit all that was chosen, and how many of them are wrong."""
    wrong = int((~shown[CORRECT].astype(bool)).sum())
    if shown.empty:
        feedback.conclusion(_("No checked book fits all of these choices."))
    else:
        fit = "fits" if len(shown) == 1 else "fit"
        feedback.conclusion(
            _("{shown} {fit}: {wrong:,} wrong.", shown=count(len(shown), "checked book"), fit=fit, wrong=wrong)
        )


def _cell(scored: Scored, confusion: pd.DataFrame) -> dict[str, str | None]:
    """Draw the two pickers of a cell of the confusion matrix; they are in the URL, and a click sets them."""
    left, right = st.columns(2)
    chosen: dict[str, str | None] = {}
    for column, name, label, key, names in (
        (left, TRUTH, _("What the books are"), navigation.CELL_TRUTH, confusion.index),
        (right, PREDICTED, _("What the model predicted"), navigation.CELL_PREDICTED, confusion.columns),
    ):
        with column:
            picked = widgets.pick(
                label, [str(class_name) for class_name in names], key, fixed=_ANY, of=scored.predictions
            )
        widgets.require_known(key, "class")
        chosen[name] = None if picked in (None, _ANY) else "" if picked == "(none)" else picked
    return chosen


def _cell_clicked() -> None:
    """Choose the books of the cell that was clicked; a click beside the cells chooses all."""
    points = st.session_state[_CHART]["selection"].get(CELL) or [{}]
    widgets.pick_next(navigation.CELL_TRUTH, str(points[0].get("truth", _ANY)))
    widgets.pick_next(navigation.CELL_PREDICTED, str(points[0].get("predicted", _ANY)))


def _length_sentence(lengths: pd.DataFrame) -> None:
    """Say whether wrong titles are shorter or longer."""
    means = lengths.groupby("outcome")["mean"].first()
    counts = lengths.groupby("outcome")["n"].sum()
    if counts.get("wrong", 0) == 0:
        feedback.conclusion(_("No title was read wrong."))
        return
    right, wrong = means["right"], means["wrong"]
    word = _("shorter") if wrong < right else _("longer")
    feedback.conclusion(
        _(
            "Titles read wrong are {word}: {wrong:.0f} characters on average, those read right {right:.0f}.",
            word=word,
            wrong=wrong,
            right=right,
        )
    )
