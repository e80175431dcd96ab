"""Pickers that are the same everywhere: what is looked at, filters, downloads."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.errors import NotFoundError
from core.facets import FACETS, facet_title
from core.formatting import csv_for_people
from core.manifests import LabelManifest, Manifest
from core.predictions import TOGETHER, Scored
from core.report import build_content, render
from core.slices import Slice
from core.slices.ledger import saved_slices
from core.storage import Artifact, now, slug
from core.translation import _, noop
from dashboard import cache, feedback, language, navigation
from dashboard.feedback import escape
from dashboard.language import only
from dashboard.tables import headers_in_words

__all__ = [
    "OWN_TRUTH",
    "choose_artifact",
    "choose_facet",
    "choose_predictions",
    "chosen_slice",
    "download_report",
    "download_table",
    "follow_new_name",
    "forget_removed",
    "is_invented",
    "label_sets",
    "mark_invented",
    "pick",
    "pick_next",
    "require_known",
    "require_scored",
    "test_sets",
]

OWN_TRUTH = noop("(their own labels)")
_ALL_BOOKS = noop("(all books)")
_NO_THING = (noop("(none)"), noop("(no labels)"))  # options that stand beside names
_SPOKEN = {"corpora": noop("catalogue"), "labels": noop("label set"), "predictions": noop("set of predictions")}


def _names(kind: str) -> list[str]:
    return [artifact.name for artifact in cache.workspace().list(kind)]


def pick(
    label: str,
    options: Sequence[str],
    key: str,
    *,
    fixed: str | None = None,
    of: str = "",
    help: str | None = None,  # noqa: A002
    shown: Callable[[str], str] | None = None,
) -> str | None:
    """Draw a picker of things of the workspace whose choice always stands in the address, the default too.

    What is newest today is not newest tomorrow, so an address that leaves it out would show something else then.

    Parameters
    ----------
    options : sequence of str
        The first is chosen where neither the address nor a person says another.
    fixed : str, optional
        One more option, before them, which means the same for ever, such as "all": the address may leave it out.
    of : str
        What the options belong to, such as some predictions: with others a choice among them means nothing.
    shown : callable, optional
        How an option is shown, where it is no name that somebody gave.

    Returns
    -------
    str or None
        None where the address (or this window) names what is not among the options: nothing is shown in its stead
        until a person chooses; :func:`require_known` says so.
    """
    wanted, drawn = f"{key}_wanted", f"{key}_drawn"
    chosen, address = st.session_state.pop(f"{key}_next", None) or st.session_state.get(key), st.query_params.get(key)
    if chosen is not None and chosen != fixed and chosen not in options:
        # A thing that was shown a moment ago and is gone, or a choice among others, which means nothing here.
        if st.session_state.get(drawn) == (label, of):
            st.session_state[wanted] = chosen
        chosen = st.session_state[key] = address = None
    if chosen is None and wanted not in st.session_state:
        if address and address != fixed and address not in options:
            st.session_state[wanted] = address
        elif not fixed or address:
            chosen = address or options[0]
            with contextlib.suppress(StreamlitAPIException):  # it follows by itself a widget that was drawn before
                st.query_params[key] = chosen
    if chosen != st.session_state.get(key) or wanted in st.session_state:
        st.session_state[key] = chosen
    st.session_state[drawn] = (label, of)
    empty = not fixed or wanted in st.session_state
    picked = st.selectbox(
        label,
        [*([fixed] if fixed else []), *options],
        index=None if empty else 0,
        placeholder=_("Choose"),
        key=key,
        bind="query-params",
        help=help,
        format_func=shown or only(*_NO_THING, *([fixed] if fixed else [])),
    )
    if picked is not None:
        st.session_state.pop(wanted, None)
    elif wanted not in st.session_state:  # emptied by a person, or by going back to an address without a choice
        pick_next(key, options[0])
        st.rerun()
    return picked


def pick_next(key: str, name: str) -> None:
    """Let the picker with this key choose `name` when it is drawn next."""
    st.session_state[f"{key}_next"] = name


def follow_new_name(old: str, new: str) -> None:
    """Let every picker of this window that shows what was called `old` show it under its new name."""
    drawn = [str(key).removesuffix("_drawn") for key in st.session_state if str(key).endswith("_drawn")]
    for key in drawn:
        if old in (st.session_state.get(key), st.query_params.get(key)):
            pick_next(key, new)


def forget_removed(names: Sequence[str]) -> None:
    """Let every picker of this window that shows one of these, which a person has just removed, begin anew."""
    for key in [str(key).removesuffix("_drawn") for key in st.session_state if str(key).endswith("_drawn")]:
        if st.session_state.get(key) in names or st.query_params.get(key) in names:
            st.session_state.pop(f"{key}_drawn")
            with contextlib.suppress(StreamlitAPIException):  # it follows by itself a widget that was drawn before
                st.query_params.pop(key, None)


def require_known(key: str, what: str) -> None:
    """Stop with a sentence where the address names a thing that is not here.

    Raises
    ------
    NotFoundError
        With the name, and where to choose another.
    """
    wanted = st.session_state.get(f"{key}_wanted")
    if wanted is not None and st.session_state.get(key) is None:
        raise NotFoundError(
            _(
                "There is no {what} called “{wanted}” here: it may have been renamed or removed, or belong to another"
                " workspace. Nothing is shown in its stead; choose another above or in the sidebar.",
                what=what,
                wanted=wanted,
            )
        )


def choose_predictions() -> None:
    """Draw the sidebar's pickers: which predictions, and against which labels they are checked."""
    names = _names("predictions")
    if not names:
        st.session_state.pop(navigation.PREDICTIONS, None)  # the last ones were removed a moment ago
        st.caption(_("Nothing is loaded yet. Begin on the Catalogue page."))
        return
    pick(
        _("Predictions"),
        names,
        navigation.PREDICTIONS,
        help=_("One model's answers for many books. Import them or make them on the Models page."),
    )
    label_sets = _names("labels")
    judge = pick(
        _("Checked against"),
        label_sets,
        navigation.LABELS,
        fixed=OWN_TRUTH,
        help=_(
            "What people said of some of these books. The model is right where it says the same. Their own labels are"
            " those that came with the predictions."
        ),
    )
    if judge not in (None, OWN_TRUTH):
        _choose_further_labels([name for name in label_sets if name != judge])
    named = saved_slices(cache.workspace().database)
    if named or st.query_params.get(navigation.SLICE) or f"{navigation.SLICE}_wanted" in st.session_state:
        pick(
            _("Only the books of"),
            list(named),
            navigation.SLICE,
            fixed=_ALL_BOOKS,
            help=_(
                "A slice that was named on the Errors page. Every page then speaks of its books alone. The export"
                " looks at all books; cut-offs kept while a slice is chosen accept only the books of that slice."
            ),
        )


def _choose_further_labels(names: Sequence[str]) -> None:
    """Draw the picker of label sets that judge beside the chosen one; what was renamed or removed drops out."""
    chosen = st.session_state.get(navigation.FURTHER_LABELS, [])
    if any(name not in names for name in chosen):
        st.session_state[navigation.FURTHER_LABELS] = [name for name in chosen if name in names]
    if names:
        st.multiselect(
            _("Together with"),
            names,
            key=navigation.FURTHER_LABELS,
            bind="query-params",
            placeholder=_("no other labels"),
            help=_("The answers add up; where two sets speak of the same book, the one that was imported last holds."),
        )


def chosen_predictions() -> str | None:
    """Return the name of the predictions chosen in the sidebar.

    Raises
    ------
    NotFoundError
        The address names predictions that are not here.
    """
    require_known(navigation.PREDICTIONS, _("set of predictions"))
    return st.session_state.get(navigation.PREDICTIONS)


def chosen_labels() -> str | None:
    """Return what is chosen in the sidebar to check against: the name of a label set, or several put together.

    None for the truth that came with the predictions.

    Raises
    ------
    NotFoundError
        The address names labels that are not here.
    """
    require_known(navigation.LABELS, _("label set"))
    chosen = st.session_state.get(navigation.LABELS)
    if chosen in (None, OWN_TRUTH):
        return None
    return TOGETHER.join([str(chosen), *st.session_state.get(navigation.FURTHER_LABELS, [])])


def chosen_slice() -> Slice | None:
    """Return the slice chosen in the sidebar, None for all books.

    Raises
    ------
    NotFoundError
        The address names a slice that is not here.
    """
    require_known(navigation.SLICE, _("named slice"))
    return saved_slices(cache.workspace().database).get(str(st.session_state.get(navigation.SLICE, "")))


def require_scored(*, with_truth: bool = True, sliced: bool = True) -> Scored:
    """Return the chosen predictions joined with the truth, or say what is missing and stop the page."""
    name = chosen_predictions()
    if not name:
        feedback.empty(
            _("There are no predictions yet. Train a model, or import what another tool predicted."),
            "Models",
            _("Train a model or import predictions"),
        )
    scored = cache.scored(str(name), chosen_labels())
    if sliced:
        scored = _only_slice(scored)
    if with_truth and not len(scored.labelled):
        feedback.empty(
            _(
                "None of the {table:,} books in “{scored}” has been checked by a person, so nothing can be said about"
                " errors. Choose labels under “Checked against” in the sidebar, or import some.",
                table=len(scored.table),
                scored=escape(scored.name),
            ),
            "Catalogue",
            _("Import labels"),
        )
    return scored


def _only_slice(scored: Scored) -> Scored:
    """Return the books of the slice chosen in the sidebar, and say so; all books when none is chosen."""
    slice_ = chosen_slice()
    if slice_ is None:
        return scored
    table = scored.table[slice_.mask(scored.table)]
    st.info(
        _(
            "Only {description}: {table:,} of {table_2:,} books.",
            description=escape(slice_.in_words),
            table=len(table),
            table_2=len(scored.table),
        ),
        icon=":material/filter_alt:",
    )
    return replace(scored, table=table, fingerprint=f"{scored.fingerprint}-{slice_.key}")


def choose_artifact(label: str, kinds: Sequence[str], key: str) -> Artifact[Manifest] | None:
    """Draw a picker of things of several kinds; None when there is none.

    Raises
    ------
    NotFoundError
        The address names a thing that is not here.
    """
    listed = [label_sets() if kind == "labels" else cache.workspace().list(kind) for kind in kinds]
    things = {artifact.name: artifact for kind in listed for artifact in kind}
    if not things:
        return None
    chosen = pick(label, list(things), key)
    require_known(key, _(" or ").join(_(_SPOKEN[kind]) for kind in kinds))
    return things.get(str(chosen))


def label_sets() -> list[Artifact[LabelManifest]]:
    """Return the label sets, newest first, those that predictions are checked against last.

    To learn from a test set, or to audit it first, is what nobody means to do.
    """
    tests = test_sets()
    return sorted(cache.workspace().list("labels"), key=lambda label_set: label_set.name in tests)


def test_sets() -> list[str]:
    """Return the names of what predictions are checked against, and must not be learned from.

    These are label sets, and predictions that came with a truth of their own.
    """
    place = cache.workspace()
    predictions = place.list("predictions")
    checked = {artifact.manifest.labels for artifact in predictions}
    own = [artifact.name for artifact in predictions if artifact.manifest.summary.get("with_truth")]
    return [*(artifact.name for artifact in place.list("labels") if artifact.name in checked), *own]


def choose_facet(label: str, key: str, facets: Sequence[str] = tuple(FACETS), default: str = "language") -> str:
    """Draw a picker of facets and return the chosen one."""
    chosen = language.choose(st.selectbox, label, list(facets), default=default, format_func=facet_title, key=key)
    return str(chosen)


def is_invented() -> bool:
    """Tell whether the records of the chosen predictions are invented: the demonstration is looked at."""
    chosen = st.session_state.get(navigation.PREDICTIONS)
    return chosen in _names("predictions") and cache.workspace().find("predictions", str(chosen)).manifest.invented


def mark_invented(*things: Artifact[Manifest] | None) -> None:
    """Say on every page that the records are invented, when they are."""
    marked = is_invented()
    # The frame marks every page by the chosen predictions; a page that looks at other things marks those, once.
    looked_at = [thing is not None and thing.manifest.invented for thing in things]
    if marked if not things else any(looked_at) and not marked:
        st.info(_("These records are invented: this is the demonstration."), icon=":material/science:")


def download_table(table: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str | None = None) -> None:
    """Draw a button that downloads a table for a spreadsheet program; the file is made when it is clicked."""
    st.download_button(
        label or _("Download this table (CSV)"),
        data=lambda: csv_for_people(headers_in_words(table() if callable(table) else table)),
        file_name=f"{name}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        key=f"download-{name}",
    )


def download_report(scored: Scored) -> None:
    """Draw a button that downloads the report on predictions; it takes some seconds to make, when it is clicked."""
    if not len(scored.labelled):
        st.caption(_("A report can be made as soon as some of these books have been checked by a person."))
        return
    place, date = cache.workspace(), now()[:10]
    st.download_button(
        _("Download the report (HTML)"),
        data=lambda: render(build_content(place, scored, date=date)).encode("utf-8"),
        file_name=f"report-{slug(scored.name)}.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/description:",
        help=_("One file with the verdict, the figures, the charts and the definitions; it opens without a network."),
        key="download-report",
    )
