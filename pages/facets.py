"""Facets: a curator marks titles that fit, such as travel or poetry, and finds more like them."""

import streamlit as st

from core.translation import _
from dashboard import cache, facets_view, feedback, navigation, people, widgets
from dashboard.feedback import escape

st.title(_("Facets"))
notice = st.session_state.pop(navigation.FACET_NOTICE, "")
if notice:
    st.info(escape(notice), icon=":material/info:")
st.markdown(_("Mark titles that fit and titles that do not, and see more like them: travel, say, or poetry."))
corpus = widgets.choose_artifact(_("Collection"), ["corpora"], navigation.CORPUS)
if corpus is None:
    feedback.empty(_("There is no collection yet to look for titles in."), "Catalogue", _("Import a catalogue"))
else:
    cache.begin_facets()
    widgets.mark_invented(corpus)
    facet = facets_view.choose(corpus)
    if facet is None:
        feedback.conclusion(_("There is no facet yet."))
    else:
        opened = facets_view.open_facet(corpus, facet)
        facets_view.headline(opened)
        facets_view.side_by_side(corpus)
        if people.allowed(_("mark titles and make classifiers")):
            facets_view.titles(opened)
            facets_view.marks(opened)
            facets_view.reading(opened)
            st.header(_("Make it a classifier"))
            facets_view.finish(opened)
        feedback.how_computed(_(facets_view.METHOD_NOTE))
        feedback.next_step("Errors")
