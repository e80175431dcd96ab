"""Labelling functions: rules that label books, written without code, tried, put together, and made a label set."""

import streamlit as st

from core.translation import _, noop
from dashboard import feedback, jobs, labelling_view, people, widgets

_BUILD = "core.weak_supervision.build"
_PARTS = (
    noop("Label the collection"),
    noop("The functions"),
    noop("Build a function"),
    noop("Suggestions"),
    noop("Keep and load"),
)

st.title(_("Labelling functions"))
jobs.announce_result()
top = st.container()  # what the functions do together is known once it is chosen on what they are tried
functions = labelling_view.functions()
tryout_data = labelling_view.choose(functions)
widgets.mark_invented(tryout_data.corpus, tryout_data.labels)

tried = tryout_data.run_functions(functions) if functions else None
with top:
    if tried:
        labelling_view.headline(tryout_data, tried)
    else:
        feedback.conclusion(_("There is no function yet."))
        st.markdown(
            _(
                "A labelling function is a rule: it votes for one class where its condition holds, such as a word in"
                " the title, and says nothing of other books. Several together can label many books that no person has"
                " looked at."
            )
        )
        st.markdown(_("Build one, accept a suggestion, or load a file."))

if people.allowed(_("change the functions and label with them")):
    parts = [_(part) for part in _PARTS]
    label, table, builder, offers, files = st.tabs(parts, default=parts[0 if tried else 2], key="parts")
    with label:
        left, right = st.columns([3, 2], gap="medium")
        with right:
            config = labelling_view.job_form(tryout_data, functions)
            if config:
                jobs.start_job(_BUILD, config, f"Labelling {config['corpus']} with {len(functions)} functions")
            jobs.show_jobs(_BUILD)
        if tried:
            with left:
                labelling_view.rates(tried)
    with table:
        if tried:
            labelling_view.table(tryout_data, tried)
    with builder:
        labelling_view.build(tryout_data, functions)
    with offers:
        labelling_view.suggestions(tryout_data, functions)
        st.header(_("Ready-made sets"))
        labelling_view.ready_made_sets(tryout_data, functions)
    with files, feedback.show_errors():
        labelling_view.file_of_functions(functions)
elif tried:
    labelling_view.rates(tried)
    labelling_view.table(tryout_data, tried)
feedback.how_computed(_(labelling_view.METHOD_NOTE))
feedback.next_step("Models", _("Train a model that learns from these labels too"))
