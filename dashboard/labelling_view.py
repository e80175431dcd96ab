"""Pieces of the Labelling functions page: what is tried on what, the table, suggestions, the file, the job's form."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from core.corpus import column_names
from core.errors import InputError
from core.facets import FACETS, facet_title, facet_values, shown_value
from core.formatting import capitalised
from core.labels import LabelSet
from core.manifests import LabelManifest, Manifest
from core.predicates import (
    AllOf,
    AnyOf,
    Books,
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
from core.storage import Artifact, digest, slug
from core.translation import _, noop, number_text, plural, translate
from core.weak_supervision import (
    ABSTAIN,
    FUNCTION_SETS,
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
from dashboard import cache, feedback, navigation, people, widgets
from dashboard import tables as theme
from dashboard.charts.errors import rates_chart
from dashboard.feedback import count, escape, interval, percent
from dashboard.tables import header, show_chart, show_table

__all__ = [
    "METHOD_NOTE",
    "TryoutData",
    "add",
    "build",
    "choose",
    "file_of_functions",
    "functions",
    "headline",
    "job_form",
    "rates",
    "ready_made_sets",
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
    given = LabelSet(labels)
    truth = given.table()[LABEL].reset_index(drop=True)
    labelled = books_of(place, cache.records("labels", labels.fingerprint), labels.path, chosen)
    return TryoutData(
        corpus=corpus,
        labels=labels,
        books=books,
        labelled=labelled,
        truth=truth,
        classes=given.classes,
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


def rates(tried: TrialResult) -> None:
    """Show how often each function is right, and what stands against believing it."""
    if tried.table["accuracy"].notna().any():
        show_chart(
            rates_chart(
                tried.table,
                value="name",
                rate="accuracy",
                title=_("share right on titles kept back, 95 % interval"),
                chart_theme=theme.chart_theme(),
            ),
            alt=_("How often each function is right, with intervals"),
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
                interval(low, high) + _(", of ") + f"{n:,}"
                if n >= MINIMUM_RECORDS
                else _("{right:g} of {n}: too few", right=right, n=n)
                for low, high, right, n in zip(rows["low"], rows["high"], rows["right"], rows["n"], strict=True)
            ],
            "overlap": rows["overlap"],
            "conflict": rows["conflict"],
            "copies": rows["copies"],
        }
    )
    if not rows["copies"].any():
        shown = shown.drop(columns="copies")
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
            "function": st.column_config.TextColumn(width=92),
            "where": st.column_config.TextColumn(width=150),
            "votes for": st.column_config.TextColumn(width=100),
            "books": st.column_config.NumberColumn(width=62),
            "coverage": st.column_config.NumberColumn(width=86),
            "right": st.column_config.NumberColumn(width=66),
            "between": st.column_config.TextColumn(width=105, help=_("Labelled titles kept back on which it votes")),
            "overlap": st.column_config.NumberColumn(width=105),
            "conflict": st.column_config.NumberColumn(width=95),
        },
        alt=_("One row a labelling function: its class, coverage, accuracy with interval and n, overlap, conflict"),
    )
    chosen = set(picked["selection"]["rows"])
    with st.container(horizontal=True):
        if people.may():
            st.button(
                _("Remove the ticked"),
                disabled=not chosen,
                icon=":material/delete:",
                on_click=_remove,
                args=([ids[row] for row in sorted(chosen) if row < len(ids)],),
            )
        widgets.download_table(shown, "labelling-functions")
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
    if not present:
        st.markdown(_("Labelling needs at least one function."))
        return None
    place = cache.workspace()
    own = tryout_data.labels.name if tryout_data.labels else ""
    others = [a.name for kind in ("labels", "predictions") for a in place.list(kind) if a.name != own]
    with st.form("label", border=False):
        without = st.multiselect(
            _("Leave these books out (test sets)"),
            others,
            default=[test_set for test_set in widgets.test_sets() if test_set in others],
            help=_(
                "Books in these sets, found by identifier or by title, get no label, so that they stay a fair test."
            ),
        )
        with st.expander(_("More settings")):
            method = st.radio(
                _("Put the votes together by"), METHODS, horizontal=True, format_func=lambda name: capitalised(_(name))
            )
            name = st.text_input(_("Name of the label set"), placeholder=_("from the collection"))
        sent = st.form_submit_button(_("Label the collection"), type="primary", icon=":material/label:")
        st.caption(
            _(
                "The result is a label set like any other: it can be audited, and a model can learn from it beside"
                " people's labels. Books that people labelled are left out, since a person's word counts more."
            )
        )
        if not sent:
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


# --- The sets of functions that come with Colophon, on the Labelling functions page -----------------------------------


def ready_made_sets(tryout_data: TryoutData, present: Sequence[LabellingFunction]) -> None:
    """Offer each set with what it does and for whom it is not; one press adds its functions to those present."""
    name = str(
        st.selectbox(_("Set"), list(FUNCTION_SETS), format_func=lambda name: _(FUNCTION_SETS[name].title), key="set")
    )
    chosen = FUNCTION_SETS[name]
    st.markdown(escape(_(chosen.description)))
    st.warning(escape(_(chosen.warning)), icon=":material/warning:")
    functions = chosen.functions()
    names = {function.name for function in present}
    more = [function for function in functions if function.name not in names]
    columns = (*tryout_data.books.records.columns, *column_names(tryout_data.corpus.path))
    why_not = _why_not(functions, tryout_data.classes, chosen.missing_columns(columns))
    for sentence in why_not:
        st.markdown(escape(sentence))
    if not more:
        st.markdown(_("All functions of this set are among those above."))
    st.button(
        plural(
            "Add the {n:,} function of this set", "Add the {n:,} functions of this set", len(more) or len(functions)
        ),
        disabled=bool(why_not) or not more,
        on_click=_add,
        args=(more,),
        icon=":material/library_add:",
        key=f"add_set_{name}",
    )


def _why_not(functions: Sequence[LabellingFunction], classes: Sequence[str], missing: Sequence[str]) -> list[str]:
    """Return what keeps a set from being of use here, a sentence each."""
    sentences = [
        _("This collection has no column “{column}”, at which the set looks.", column=column) for column in missing
    ]
    unknown = sorted({function.label for function in functions} - set(classes))
    if classes and unknown:
        sentences.append(_("No label of the people you compare with is “{label}”.", label=unknown[0]))
    return sentences


def _add(functions: Sequence[LabellingFunction]) -> None:
    with feedback.show_errors():
        replace_functions(cache.workspace().database, (), functions)


# --- The builder: a labelling function put together from conditions, tried while it is written ------------------------

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
    values = values_of(tryout_data, facet)
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
        shown = visible_books(tryout_data)
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
            titles(
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
            titles(
                tryout_data.books.records.iloc[rows][[TITLE]].assign(differ=differing),
                columns=[TITLE, "differ"],
                alt=_("Books on which other functions vote otherwise"),
                key="builder_against",
            )  # fmt: skip
        else:
            st.markdown(_("No other function votes for another class where this one votes."))
