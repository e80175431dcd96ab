"""Labelling functions: rules that label books, written without code, tried, put together, and made a label set."""

import streamlit as st

from core.translation import _
from dashboard import feedback, jobs, labelling_view, people, widgets

_BUILD = "core.weak_supervision.build"

st.title(_("Labelling functions"))
jobs.announce_result()
st.markdown(
    _(
        "A labelling function is a rule: it votes for one class where its condition holds, such as a word in the title,"
        " and says nothing of other books. Several together can label many books that no person has looked at."
    )
)
functions = labelling_view.functions()
tryout_data = labelling_view.choose(functions)
widgets.mark_invented(tryout_data.corpus, tryout_data.labels)

if functions:
    tried = tryout_data.run_functions(functions)
    labelling_view.headline(tryout_data, tried)
    labelling_view.table(tryout_data, tried)
else:
    feedback.conclusion(_("There is no function yet."))
    st.markdown(_("Build one, accept a suggestion, or load a file."))

if people.allowed(_("change the functions and label with them")):
    st.header(_("Build a function"))
    with st.container(border=True):
        labelling_view.build(tryout_data, functions)

    st.header(_("Suggestions"))
    labelling_view.suggestions(tryout_data, functions)

    st.header(_("Ready-made sets"))
    labelling_view.ready_made_sets(tryout_data, functions)

    st.header(_("Keep and load"))
    with feedback.show_errors():
        labelling_view.file_of_functions(functions)

    st.header(_("Label the collection"))
    if functions:
        config = labelling_view.job_form(tryout_data, functions)
        if config:
            jobs.start_job(_BUILD, config, f"Labelling {config['corpus']} with {len(functions)} functions")
    else:
        st.markdown(_("Labelling needs at least one function."))
    jobs.show_jobs(_BUILD)
feedback.how_computed(_(labelling_view.METHOD_NOTE))
feedback.next_step("Models", _("Train a model that learns from these labels too"))
