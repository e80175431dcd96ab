"""Pieces of the Labelling functions page: what is tried on what, the table, suggestions, the file, the job's form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.facets import facet_values
from core.formatting import capitalised
from core.labels import LabelSet
from core.manifests import LabelManifest, Manifest
from core.predicates import Books
from core.schema import LABEL, TITLE, TITLE_KEY
from core.statistics import MINIMUM_RECORDS
from core.storage import Artifact, digest, slug
from core.translation import _, noop
from core.translation.sentences import translate
from core.weak_supervision import (
    METHODS,
    LabellingFunction,
    TrialResult,
    add_function,
    agreements,
    books_of,
    functions_from_toml,
    functions_to_toml,
    holdout_mask,
    remove_functions,
    replace_functions,
    saved_functions,
    suggest_functions,
    try_functions,
)
from dashboard import cache, feedback, navigation, widgets
from dashboard import tables as theme
from dashboard.charts.errors import rates_chart
from dashboard.feedback import count, escape, interval, percent
from dashboard.tables import show_chart, show_table

__all__ = [
    "METHOD_NOTE",
    "TryoutData",
    "add",
    "choose",
    "file_of_functions",
    "functions",
    "headline",
    "job_form",
    "suggestions",
    "table",
    "visible_books",
]

PEOPLE: Final = "people"  # in the URL: the labels they are checked against
_TRYOUT_RECORDS = 100_000  # books; larger collections are tried on a sample of this size
_NOBODY = noop("(no labels)")

METHOD_NOTE = noop(
    "A function **votes** for its class where its condition holds and **abstains** elsewhere. **Coverage**: share of"
    " the collection's books on which it votes. **Overlap**: share on which another function votes too. **Conflict**:"
    " share on which another votes for another class. **Right**: of the titles it votes on that people labelled, the"
    " share with its class, each title once, with a 95 % Wilson interval. It is measured only on the half of the"
    " labelled titles that this page never shows, neither as examples nor in suggestions, so that functions written"
    " while looking at the other half cannot flatter themselves; below ten titles there is no rate. Looking often at"
    " these figures while changing functions wears the fairness down.\n\nThe functions are put together by the **label"
    " model** of Dawid and Skene (1979): it learns how often each is right from where they agree and contradict one"
    " another, and from the labelled titles that may be shown. An abstention is an answer too: a class whose functions"
    " are all silent is less likely. **Majority vote** is the plain alternative. A function that **copies** an earlier"
    " one (on 90 % of the books on which either votes, both vote alike) is left out: no evidence may count twice. A"
    " model's opinion is not heard on titles the model learned from."
)


@dataclass(frozen=True, kw_only=True)
class TryoutData:
    """What functions are tried on: the books of a collection, and the books that people labelled."""

    corpus: Artifact[Manifest]
    labels: Artifact[LabelManifest] | None
    books: Books
    labelled: Books | None
    truth: pd.Series | None
    classes: tuple[str, ...]
    of: int

    def run_functions(self, chosen: Sequence[LabellingFunction]) -> TrialResult:
        """Let functions vote, and measure them."""
        return try_functions(chosen, self.books, self.labelled, self.truth)


def choose(chosen: Sequence[LabellingFunction]) -> TryoutData:
    """Draw the two pickers and return what they mean; where there is no corpus, say so and stop the page."""
    place = cache.workspace()
    left, right = st.columns(2)
    with left:
        corpus = widgets.choose_artifact(_("Collection to label"), ["corpora"], navigation.CORPUS)
    if corpus is None:
        feedback.empty(_("There is no collection yet for functions to look at."), "Catalogue", _("Import a catalogue"))
    sets = {thing.name: thing for thing in widgets.label_sets() if not thing.manifest.by_rules}
    with right:
        name = widgets.pick(
            _("Checked against what people said"),
            [*sets, _NOBODY],
            PEOPLE,
            help=_(
                "Its classes are what functions can vote for. Half of its titles are kept back to measure functions."
            ),
        )
    widgets.require_known(PEOPLE, _("label set"))
    labels = sets.get(str(name))
    assert corpus is not None
    records = cache.records("corpora", corpus.fingerprint)
    tried = records if len(records) <= _TRYOUT_RECORDS else records.sample(_TRYOUT_RECORDS, random_state=0).sort_index()
    books = books_of(place, records, corpus.path, chosen)
    if tried is not records:
        originals = None if books.originals is None else books.originals.loc[tried.index]
        books = Books(tried, originals, books.opinion)
    if labels is None:
        return TryoutData(
            corpus=corpus, labels=None, books=books, labelled=None, truth=None, classes=(), of=len(records)
        )
    people = LabelSet(labels)
    truth = people.table()[LABEL].reset_index(drop=True)
    labelled = books_of(place, cache.records("labels", labels.fingerprint), labels.path, chosen)
    return TryoutData(
        corpus=corpus,
        labels=labels,
        books=books,
        labelled=labelled,
        truth=truth,
        classes=people.classes,
        of=len(records),
    )


def functions() -> tuple[LabellingFunction, ...]:
    """Return the functions being worked on: they are kept in the workspace, for all who work there."""
    return tuple(entry.function for entry in saved_functions(cache.workspace().database))


def add(*chosen: LabellingFunction) -> None:
    """Keep more functions, and draw the page again."""
    for function in chosen:
        add_function(cache.workspace().database, function)
    st.rerun()


def _ids(present: Sequence[LabellingFunction]) -> tuple[int, ...]:
    """Return the numbers of functions that are kept, in their order."""
    by_name = {entry.function.name: entry.id for entry in saved_functions(cache.workspace().database)}
    return tuple(by_name[function.name] for function in present if function.name in by_name)


def headline(tryout_data: TryoutData, tried: TrialResult) -> None:
    """Say what the functions do together."""
    answered = int((tried.answers != "").sum())
    share = percent(answered / len(tryout_data.books)) if len(tryout_data.books) else "–"
    single = len(tried.used) == 1
    summary = _(
        "{used} {part} {share} of “{corpus}”",
        used=len(tried.used),
        part=_("function labels") if single else _("functions label"),
        share=share,
        corpus=tryout_data.corpus.name,
    )
    if tried.accuracy.defined:
        summary += _(
            " and {part} right on {accuracy} of the titles kept back",
            part=_("is") if single else _("are"),
            accuracy=percent(tried.accuracy.value),
        )
        summary += _(
            " ({low}, of {accuracy_n:,} that they answer)",
            low=interval(tried.accuracy.low, tried.accuracy.high),
            accuracy_n=tried.accuracy.n,
        )
    feedback.conclusion(escape(f"{summary}."))
    if not tried.accuracy.defined:
        feedback.show_sentences(
            _("How often they are right is unknown: {reason}.", reason=translate(tried.accuracy.reason))
        )
    if tryout_data.of > len(tryout_data.books):
        feedback.show_sentences(
            _(
                "Tried on {books:,} of the {of:,} books, drawn at random.",
                books=len(tryout_data.books),
                of=tryout_data.of,
            )
        )
    for sentence in tried.sentences:
        st.warning(
            feedback.from_core(sentence), icon=":material/content_copy:" if "copies" in sentence else ":material/info:"
        )


def table(tryout_data: TryoutData, tried: TrialResult) -> None:
    """Show one row a function; chosen rows can be removed."""
    rows = tried.table
    shown = pd.DataFrame(
        {
            "function": rows["name"],
            "where": [function.when.condition for function in tried.votes.functions],
            "votes for": rows["polarity"],
            "books": rows["books"],
            "coverage": rows["coverage"],
            "right": rows["accuracy"],
            "between": [
                interval(low, high) if n >= MINIMUM_RECORDS else _("{right:g} of {n}: too few", right=right, n=n)
                for low, high, right, n in zip(rows["low"], rows["high"], rows["right"], rows["n"], strict=True)
            ],
            "titles": rows["n"],
            "overlap": rows["overlap"],
            "conflict": rows["conflict"],
            "copies": rows["copies"],
        }
    )
    ids = _ids(tried.votes.functions)
    picked = show_table(
        shown,
        shares=["coverage", "overlap", "conflict", "right"],
        lines=3,
        on_select="rerun",
        selection_mode="multi-row",
        # Ticks are places in this list: another list is another table, in which nothing is ticked.
        key=f"functions_picked_{digest(ids)}",
        columns={
            "function": st.column_config.TextColumn(width=120),
            "where": st.column_config.TextColumn(width=190),
            "votes for": st.column_config.TextColumn(width=100),
            "books": st.column_config.NumberColumn(width=62),
            "coverage": st.column_config.NumberColumn(width=80),
            "right": st.column_config.NumberColumn(width=70),
            "between": st.column_config.TextColumn(width=120),
            "titles": st.column_config.NumberColumn(width=60, help=_("Labelled titles kept back on which it votes")),
        },
        alt=_("One row a labelling function: its class, coverage, accuracy with interval and n, overlap, conflict"),
    )
    chosen = set(picked["selection"]["rows"])
    with st.container(horizontal=True):
        st.button(
            _("Remove the ticked"),
            disabled=not chosen,
            icon=":material/delete:",
            on_click=_remove,
            args=([ids[row] for row in sorted(chosen) if row < len(ids)],),
        )
        widgets.download_table(shown, "labelling-functions")
    if rows["accuracy"].notna().any():
        show_chart(
            rates_chart(
                rows,
                value="name",
                rate="accuracy",
                title=_("share right on titles kept back, 95 % interval"),
                chart_theme=theme.chart_theme(),
            ),
            alt=_("How often each function is right, with intervals"),
        )
    close = agreements(tried.votes)
    close = close[close["share"] >= 0.5]
    if len(close):
        names = [function.name for function in tried.votes.functions]
        st.caption(_("Functions that mostly vote alike (on half or more of the books on which either votes):"))
        for first, second, alike, books in close.itertuples(index=False):
            feedback.show_sentences(
                _(
                    "“{names}” and “{names_2}”: {alike} of {books:,} books.",
                    names=names[first],
                    names_2=names[second],
                    alike=percent(alike),
                    books=books,
                )
            )


def _remove(ids: Sequence[int]) -> None:
    with feedback.show_errors():
        remove_functions(cache.workspace().database, ids)


def visible_books(tryout_data: TryoutData) -> pd.DataFrame:
    """Return the labelled books that may be shown: records and ``label``, without the titles kept back."""
    if tryout_data.labelled is None or tryout_data.truth is None:
        return tryout_data.books.records.head(0).assign(**{LABEL: ""})
    table = tryout_data.labelled.records.assign(**{LABEL: tryout_data.truth.to_numpy()})
    return table[(table[LABEL] != "") & ~holdout_mask(table[TITLE_KEY])]


def suggestions(tryout_data: TryoutData, present: Sequence[LabellingFunction]) -> None:
    """Offer words that separate the classes in the labelled titles that may be shown."""
    if tryout_data.labels is None:
        st.markdown(_("Words are suggested where there are labels to learn them from."))
        return
    suggested = suggest_functions(visible_books(tryout_data), present)
    if not suggested:
        st.markdown(_("No further word separates the classes clearly in the labelled titles that may be shown."))
        return
    st.markdown(
        _("Words that stand in titles of one class far more often than in the others. Tick those that make sense.")
    )
    picked = show_table(
        pd.DataFrame(
            {
                "word": [suggestion.function.name for suggestion in suggested],
                "votes for": [suggestion.function.label for suggestion in suggested],
                "shown titles": [suggestion.titles for suggestion in suggested],
                "with this class": [suggestion.right for suggestion in suggested],
                "strength": [suggestion.strength for suggestion in suggested],
            }
        ),
        on_select="rerun",
        selection_mode="multi-row",
        key=f"suggested_{digest([suggestion.function.name for suggestion in suggested])}",
        columns={
            "strength": st.column_config.NumberColumn(
                format="%.1f", help=_("Log-odds of the word in its class against the others, in standard errors")
            )
        },
        alt=_("Words that separate the classes, with the titles they stand in"),
    )
    chosen = picked["selection"]["rows"]
    if st.button(_("Add the ticked as functions"), disabled=not chosen, icon=":material/add:"):
        add(*(suggested[row].function for row in chosen))


def file_of_functions(present: Sequence[LabellingFunction]) -> None:
    """Offer the functions as a TOML file, and take such a file or text."""
    ids = _ids(present)
    left, right = st.columns(2)
    with left:
        sent = st.file_uploader(_("Load functions from a TOML file"), type="toml", max_upload_size=1)
        if sent is not None:
            content = sent.getvalue().decode("utf-8", errors="replace")
            loaded = functions_from_toml(content, sent.name)
            if loaded != tuple(present):
                held = count(len(loaded), "function")
                instead = _(" in place of the {present:,} above", present=len(present)) if present else ""
                st.button(
                    _("Use the {held} of this file{instead}", held=held, instead=instead),
                    type="primary",
                    icon=":material/upload_file:",
                    on_click=_replace,
                    args=(ids, content, sent.name),
                )
    with right:
        st.download_button(
            _("Save these functions (TOML)"),
            data=functions_to_toml(present),
            file_name="functions.toml",
            mime="application/toml",
            on_click="ignore",
            disabled=not present,
            icon=":material/download:",
        )
        st.caption(_("A colleague can load the file here; the command line of Colophon reads it too."))
    with st.expander(_("Write them as text"), icon=":material/edit_note:"), st.form("toml", border=False):
        key = f"functions_text_{digest(ids)}"
        st.text_area(_("Functions as TOML"), functions_to_toml(present) if present else "", height=320, key=key)
        st.form_submit_button(_("Use this text"), on_click=_use_text, args=(ids, key))


def _use_text(ids: Sequence[int], key: str) -> None:
    _replace(ids, str(st.session_state[key]), _("The text"))


def _replace(ids: Sequence[int], content: str, source: str) -> None:
    """Put functions in the place of those that were shown; what a colleague added meanwhile stays."""
    with feedback.show_errors():
        replace_functions(cache.workspace().database, ids, functions_from_toml(content, source))


def job_form(tryout_data: TryoutData, present: Sequence[LabellingFunction]) -> dict[str, Any] | None:
    """Draw the form and return what to label, once it is sent."""
    place = cache.workspace()
    own = tryout_data.labels.name if tryout_data.labels else ""
    others = [a.name for kind in ("labels", "predictions") for a in place.list(kind) if a.name != own]
    with st.form("label", border=False):
        st.markdown(
            _(
                "The result is a label set like any other: it can be audited, and a model can learn from it beside"
                " people's labels. Books that people labelled are left out, since a person's word counts more."
            )
        )
        without = st.multiselect(
            _("Leave these books out (test sets)"),
            others,
            default=[test_set for test_set in widgets.test_sets() if test_set in others],
            help=_(
                "Books in these sets, found by identifier or by title, get no label, so that they stay a fair test."
            ),
        )
        method = st.radio(
            _("Put the votes together by"), METHODS, horizontal=True, format_func=lambda name: capitalised(_(name))
        )
        name = st.text_input(_("Name of the label set"), placeholder=_("from the collection"))
        if not st.form_submit_button(_("Label the collection"), type="primary", icon=":material/label:"):
            return None
    config: dict[str, Any] = {
        "functions": functions_to_toml(present),
        "corpus": tryout_data.corpus.name,
        "method": method,
    }
    config |= {"labels": own or None, "without": without, "name": slug(name) if name else None}
    return config


def values_of(tryout_data: TryoutData, facet: str) -> list[str]:
    """Return the values of a facet in the collection, the commonest first."""
    return [str(value) for value in facet_values(tryout_data.books.records, facet).value_counts().index[:300]]


def titles(table: pd.DataFrame, *, columns: Sequence[str], alt: str, key: str) -> None:
    """Show some titles."""
    show_table(
        table[list(columns)].head(100),
        columns={TITLE: st.column_config.TextColumn(width="large")},
        height=250,
        alt=alt,
        key=key,
    )
