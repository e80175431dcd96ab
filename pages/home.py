"""Home: what is loaded, the verdict in three sentences, what to do next."""

import streamlit as st

from dashboard import cache, guarantee_view, jobs, navigation, widgets
from dashboard.feedback import count, escape

st.title("Colophon")
st.markdown(
    "Which machine-made labels may enter your catalogue? Walk the pages from top to bottom; each answers one question."
)
place = cache.workspace()
corpora, labels = place.list("corpora"), place.list("labels")
models, predictions = place.list("models"), place.list("predictions")

name = widgets.chosen_predictions()
if not name:
    st.markdown("Nothing to judge yet. Load your own files, or look around in an invented library first.")
    if st.button("Load the demonstration", icon=":material/science:", type="primary"):
        jobs.start_job("core.demonstration", {}, "Making the demonstration")
    jobs.show_jobs("core.demonstration", latest=1)
    navigation.links_to("Catalogue", "Load a file")
    st.stop()
scored = widgets.require_scored(with_truth=False)
with st.container(border=True):
    st.markdown(f"## The verdict on “{escape(scored.name)}”")
    for sentence in guarantee_view.sentences(scored):
        st.markdown(escape(sentence))

widgets.download_report(scored)

st.header("What to do next")
for title in ("Representativeness", "Errors", "Thresholds", "Export"):
    navigation.links_to(title)

st.header("What is loaded")
columns = st.columns(4)
for column, (label, things) in zip(
    columns,
    {"Catalogues": corpora, "Label sets": labels, "Models": models, "Predictions": predictions}.items(),
    strict=True,
):
    with column, st.container(border=True):
        st.markdown(f"**{label}**")
        for thing in things:
            rows = thing.manifest.rows
            st.markdown(escape(thing.name) + (f": {count(rows, 'record')}" if rows else ""))
        if not things:
            st.caption("none yet")
