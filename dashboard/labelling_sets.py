"""The sets of functions that come with Colophon, on the Labelling functions page."""

from collections.abc import Sequence

import streamlit as st

from core.corpus import column_names
from core.translation import _, plural
from core.weak_supervision import FUNCTION_SETS, LabellingFunction, replace_functions
from dashboard import cache, feedback
from dashboard.feedback import escape
from dashboard.labelling_view import TryoutData

__all__ = ["ready_made_sets"]


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
