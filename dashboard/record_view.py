"""Records in a table, the same columns, widths and order everywhere; and why a model said so of one.

An explanation holds the words for and against, beside similar titles, for a book or for a typed title.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from core.book_record import BookRecord
from core.evaluation import most_confident_wrong
from core.facets import shown_value
from core.formatting import capitalised, lower_percent
from core.model_input import has_columns, join_fields, title_part
from core.normalise import title_key
from core.predictions import Scored, load_predictions
from core.schema import AUTHOR, CONFIDENCE, DATE, LANGUAGE, PLACE, PREDICTED, RECORD_ID, TITLE, TITLE_KEY, TRUTH
from core.text_search import find_records
from core.translation import _, language_name, plural
from core.wording.evaluation import words_for_and_against
from dashboard import cache, feedback, language, navigation, widgets
from dashboard import tables as theme
from dashboard.charts.errors import words_chart
from dashboard.feedback import count, escape, percent
from dashboard.tables import header, show_chart, show_sentences_table, show_table

__all__ = ["choose", "explain_titles", "records_table", "search_box", "show", "show_explanation", "show_title_to_try"]


_COLUMNS = (TITLE, PREDICTED, TRUTH, CONFIDENCE, AUTHOR, DATE, PLACE, LANGUAGE, RECORD_ID)
# In pixels: what is compared (the title, both answers) stands in a window of 1,280 without scrolling sideways.
_WIDTHS: Final[Mapping[str, int]] = {
    TITLE: 250,  # at 200 % zoom the answers stand beside the title too
    PREDICTED: 100,
    TRUTH: 100,
    CONFIDENCE: 70,
    AUTHOR: 130,
    DATE: 80,
    PLACE: 100,
    LANGUAGE: 90,
    RECORD_ID: 110,
}
# Fewer rows than this can be looked through; more get a box in which words are looked for.
_FEW = 20


def records_table(table: pd.DataFrame, *, name: str, alt: str, height: int | None = None) -> None:
    """Show records, look for words in all of them, and offer what is shown as a download.

    All rows can be scrolled through and sorted: those on the screen are fetched from the server.

    Parameters
    ----------
    name : str
        File name of the download, also the widget's key.
    alt : str
        What the table holds, for people who hear the page.
    """
    if table.empty:
        st.markdown(_("There is no book here."))
        return
    if len(table) > _FEW:
        table = _search_records(table, name)
        if table.empty:
            return
    noun = count(len(table), "record")
    shown_columns = [column for column in _COLUMNS if column in table]
    shown = table[shown_columns]
    if LANGUAGE in shown:
        shown = shown.assign(**{LANGUAGE: shown[LANGUAGE].map(language_name)})
    show_table(
        shown,
        shares=[CONFIDENCE],
        columns={column: st.column_config.Column(width=width) for column, width in _WIDTHS.items()},
        height=height or "auto",
        alt=alt,
        key=f"records-{name}",
        lazy=True,
    )
    widgets.download_table(
        table[shown_columns],
        name,
        plural("Download this {noun} (CSV)", "Download these {noun} (CSV)", len(table), noun=noun),
    )


def _search_records(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Draw the box for words and return the records that hold them all."""
    words = st.text_input(
        _("Find books by title, author or record number"),
        key=f"find_{name}",
        bind="query-params",
        help=_("Every word must be found, also inside longer words. Neither capitals nor accents matter."),
    )
    if not words.strip():
        return table
    matches = table[find_records(table, words)]
    st.markdown(
        plural(
            "{n:,} of {table} holds “{words}”.",
            "{n:,} of {table} hold “{words}”.",
            len(matches),
            table=count(len(table), "book"),
            words=escape(words),
        )
    )
    return matches


# --- Why did it say so: the words for and against, beside similar labelled titles -------------------------------------


def explain_titles(scored: Scored) -> None:
    """Explain a wrong title, or one that is typed."""
    models = [model.name for model in cache.models()]
    if not models:
        st.markdown(
            _("Explanations ask a model. These predictions were made elsewhere; train a model to see its words.")
        )
        navigation.links_to("Models", _("Train a model"))
        return
    own = load_predictions(cache.workspace(), scored.name).manifest.model
    model = st.selectbox(_("Model"), models, index=models.index(own) if own in models else 0, key="why_model")
    if own != model:
        st.caption(
            _("These predictions were made by another model; what follows is how the chosen one reads the title.")
        )
    wrong = most_confident_wrong(scored.labelled).head(200)
    titles = dict(zip(wrong[RECORD_ID], wrong[TITLE], strict=True))
    left, right = st.columns(2)
    picked = left.selectbox(
        _("A title that was read wrong (the surest first)"),
        list(titles),
        format_func=titles.__getitem__,
        key="why_title",
    )
    typed = right.text_input(_("or type your own and watch it change"), key="why_typed", max_chars=1000)
    title = typed or titles.get(picked, "")
    if not title:
        st.markdown(_("Type a title to see which words speak for which class."))
        return
    if not typed:
        row = wrong[wrong[RECORD_ID] == picked].iloc[0]
        title = cache.text_of(str(model), scored.name, str(row[RECORD_ID]), str(row[TITLE]))
        feedback.show_sentences(
            _("The predictions say {row}; people say {row_2}.", row=row[PREDICTED], row_2=row[TRUTH])
        )
    show_explanation(str(model), title)


def show_explanation(model: str, title: str) -> None:
    """Say what a model makes of a title (or a text with further columns), why, and show similar labelled titles."""
    explanation = cache.explanation(model, title)
    feedback.conclusion(
        escape(
            _(
                "“{model}” says {class_name}, {probability} sure.",
                model=model,
                class_name=explanation.class_name,
                probability=percent(explanation.probability),
            )
        )
    )
    feedback.show_sentences(words_for_and_against(explanation))
    reads = cache.model(model).reads
    if reads and not has_columns([title])[0]:
        st.caption(
            escape(_("“{model}” also reads {reads}; here it has the title alone.", model=model, reads=", ".join(reads)))
        )
    table = explanation.table[["word", "contribution"]]
    left, right = st.columns(2)
    with left:
        show_chart(
            words_chart(table, explanation.class_name, chart_theme=theme.chart_theme()),
            alt=_("What each word contributes for and against {class_name}", class_name=explanation.class_name),
        )
        st.caption(feedback.from_core(explanation.note))
        widgets.download_table(table, "words")
        if st.toggle(_("Ask SHAP too (some seconds)"), key="why_shap"):
            shap = cache.shap_explanation(model, title)
            show_chart(
                words_chart(shap.table[["word", "contribution"]], shap.class_name, chart_theme=theme.chart_theme()),
                alt=_("SHAP values by word"),
            )
            st.caption(feedback.from_core(shap.note))
    with right:
        st.markdown(_("**Similar titles that people labelled**"))
        similar = cache.similar_titles(model, title_part(title))
        if similar.empty:
            st.caption(_("The labels this model learned from are not in this workspace."))
        else:
            show_table(
                similar[["title", "label", "similarity"]],
                shares=["similarity"],
                columns={"title": st.column_config.TextColumn(width=230)},
                alt=_("Labelled titles most like this one"),
            )


# --- Try a title: what a model says of any title a person types -------------------------------------------------------
# Try a title: what a model says of any title a person types, and which words speak for and against it.


def show_title_to_try(models: Sequence[str], *, model: str | None = None) -> None:
    """Draw the box and the answer.

    Parameters
    ----------
    models : sequence of str
        Names to choose from.
    model : str, optional
        The one to ask, when the page has chosen it already.
    """
    model_name = model or str(widgets.pick(_("Ask this model"), models, "try_model"))
    if model is None:
        widgets.require_known("try_model", "model")
    title = st.text_input(
        _("Type a title"),
        key="try_title",
        max_chars=1000,
        placeholder=_("The mystery of the old mill"),
        help=_("It is read as it stands here and is not kept."),
    )
    loaded = cache.model(model_name)
    fields = {
        name: st.text_input(_("{name}, if it is known", name=name), key=f"try_{name}", max_chars=200)
        for name in loaded.reads
    }
    if not title.strip():
        st.caption(_("The answer, how sure the model is, and the words that decided appear here."))
        return
    text = join_fields(pd.Series([title]), {name: pd.Series([value]) for name, value in fields.items()}).iloc[0]
    show_explanation(model_name, text)
    chances = pd.DataFrame({"class": loaded.classes, "probability": loaded.probabilities([text])[0]})
    with st.expander(_("The probability of each class"), icon=":material/table:"):
        show_table(
            chances.sort_values("probability", ascending=False),
            shares=["probability"],
            alt=_("Probability of each class for the title that was typed"),
        )
    if title_key(title) in set(loaded.training[TITLE_KEY]):
        st.caption(
            _(
                "“{model_name}” learned from a book with this title, so that it knows the answer by heart.",
                model_name=escape(model_name),
            )
        )


# --- One book: what the catalogue says, what each model says, who decided what ----------------------------------------
#
# One book: what the catalogue says, what each model says, who decided what; and the box in which it is looked for.

_LISTED = 200
_SEEN_AT_ONCE = 10  # so many are chosen with one click
_SEARCHED = "search_box"


def search_box(title: str) -> None:
    """Draw the box of the sidebar; what is typed opens the page of the book, unless it is open: then it is its words.

    Parameters
    ----------
    title : str
        Title of the page that is open.
    """
    words = st.text_input(
        _("Find a book"),
        key=_SEARCHED,
        placeholder=_("Title, author or number"),
        help=_("Among the books of the predictions chosen above. Neither capitals nor accents matter."),
        on_change=_search,
    )
    if words.strip() and st.session_state.pop(f"{_SEARCHED}_go", False):
        st.session_state[navigation.FIND] = words
        if title != "Book":
            navigation.go_to("Book", **{navigation.FIND: words})


def _search() -> None:
    st.session_state[f"{_SEARCHED}_go"] = True


def choose(matches: pd.DataFrame, words: str) -> str:
    """Let a person choose one of the books, and return its number; stops the page where there is none."""
    if matches.empty:
        feedback.conclusion(_("No book holds “{words}” in its title, author or number.", words=escape(words)))
        st.stop()
    rows = matches.head(_LISTED)
    names = {
        str(row[RECORD_ID]): " · ".join(str(row[key]) for key in (TITLE, AUTHOR, DATE) if str(row.get(key) or ""))
        for row in rows.to_dict("records")
    }
    if len(matches) == 1:
        return next(iter(names))
    label = _("{matches} fit", matches=count(len(matches), "book")) + (
        _("; the first {listed} are listed", listed=_LISTED) if len(matches) > _LISTED else ""
    )
    if len(names) <= _SEEN_AT_ONCE:
        escaped = {record_id: escape(name) for record_id, name in names.items()}
        return str(language.choose(st.radio, label, list(names), format_func=escaped.__getitem__, key="book"))
    return str(language.choose(st.selectbox, label, list(names), format_func=names.__getitem__, key="book"))


def show(book: BookRecord) -> None:
    """Show a book: its record, what was said of it and by whom."""
    feedback.conclusion(escape(book.title) or _("(no title)"))
    facts = " · ".join(f"{capitalised(header(name))}: {shown_value(name, value)}" for name, value in book.facts.items())
    st.caption(
        escape(
            _("{facts} · record {record_id}", facts=facts, record_id=book.record_id)
            if facts
            else _("record {record_id}", record_id=book.record_id)
        )
    )
    if book.link:
        st.link_button(
            _("Read it at {hostname}", hostname=escape(urlsplit(book.link).hostname or "")),
            book.link,
            icon=":material/open_in_new:",
        )
    left, right = st.columns(2)
    with left:
        st.header(_("What was said of it"))
        _show_answers(book)
    with right:
        st.header(_("Its record"))
        record = pd.DataFrame({"column": list(book.columns), "in the file": list(book.columns.values())})
        show_sentences_table(record, alt=_("The columns of the record that are filled, as they came"))


def _show_answers(book: BookRecord) -> None:
    for answer in book.predictions:
        sure = (
            _(", {confidence} sure", confidence=feedback.percent_unbroken(lower_percent(answer.confidence)))
            if answer.confidence == answer.confidence
            else ""
        )
        state = {True: _(" Accepted."), False: _(" Left to people."), None: ""}[answer.is_accepted]
        st.markdown(
            _(
                "**{predictions}** says {label}{sure}.{state}",
                predictions=escape(answer.predictions),
                label=escape(answer.label) or _("nothing"),
                sure=sure,
                state=state,
            )
        )
    for label in book.labels:
        by = _(" by {annotator}", annotator=label.annotator) if label.annotator else ""
        note = f" “{label.note}”" if label.note else ""
        st.markdown(f"**{escape(label.label_set)}**: {escape((label.label or _('undecided')) + by + '.' + note)}")
    for row in book.decisions:
        who = row.by or _("somebody without a name")
        what = _("taken back") if row.undoes else _("decided “{label}”", label=row.label)
        st.markdown(
            _("**Review**: {what}", what=escape(_("{what} by {who}, {when}.", what=what, who=who, when=row.when)))
        )
    if not (book.labels or book.decisions):
        st.markdown(_("No person has said anything of it."))
    if book.slices:
        st.markdown(_("It belongs to: {slices}.", slices=escape(", ".join(book.slices))))
