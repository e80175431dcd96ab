"""Home: the verdict, the next step, and the road with what is done on it."""

import streamlit as st

from core.road import next_step, steps
from core.translation import _
from dashboard import cache, feedback, home_view, jobs, navigation, people, widgets
from dashboard.feedback import escape

st.title("Colophon")
name = widgets.chosen_predictions()
status = cache.status()
if not name:
    feedback.conclusion(_("Which machine-made labels may enter your catalogue?"))
    st.markdown(_("Nothing to judge yet. Load your own files, or look around in an invented library first."))
    if not people.allowed(_("load something")):
        st.stop()
    left, right = st.columns(2)
    if left.button(_("Load the demonstration"), icon=":material/science:", type="primary", width="stretch"):
        jobs.start_job("core.demonstration", {}, "Making the demonstration")
    if right.button(_("Load your own files"), icon=":material/menu_book:", width="stretch"):
        navigation.go_to("Catalogue")
    jobs.show_jobs("core.demonstration", latest=1)
    home_view.road(status)
    st.stop()
scored = widgets.require_scored(with_truth=False)
with st.container(border=True):
    st.markdown(_("## The verdict on “{scored}”", scored=escape(scored.name)))
    for sentence in home_view.verdict_sentences(scored):
        st.markdown(feedback.from_core(sentence))
    with st.container(horizontal=True):
        home_view.next_button(next_step(status), steps(status))
        widgets.download_report(scored)
        home_view.button()
home_view.road(status)
home_view.loaded()
