"""Representativeness: is the sample like the collection it should speak for?"""

import streamlit as st

from core.facets import FACETS, facet_title
from dashboard import cache, feedback, state, widgets
from dashboard.charts.representation import keyword_chart, ratio_chart, share_chart
from dashboard.text import escape, percent

st.title("Representativeness")
left, right = st.columns(2)
with left:
    sample = widgets.choose_thing("Sample", ("labels", "corpora", "predictions"), state.SAMPLE)
with right:
    population = widgets.choose_thing("Collection it should speak for", ("corpora", "predictions"), state.POPULATION)
if sample is None or population is None:
    feedback.empty("Two things are compared here: a sample and a collection. Load both.", "Catalogue", "Load a file")
widgets.mark_invented(sample, population)
if sample.fingerprint == population.fingerprint:
    st.info("Choose two different things to compare.")
    st.stop()

found = cache.representativeness(sample.kind, sample.fingerprint, sample.name, population.kind, population.fingerprint, population.name)
feedback.conclusion(escape(found.verdict))
for note in found.notes:
    feedback.say(note)
summary = found.summary()
st.dataframe(
    summary,
    hide_index=True,
    column_config={
        "facet": st.column_config.TextColumn("facet", width="small"),
        "difference": st.column_config.TextColumn("difference", width="small"),
        "sentence": st.column_config.TextColumn("what differs most", width="large"),
        "tvd": st.column_config.NumberColumn("share that would have to move", format="percent"),
    },
    alt="Difference between sample and collection per facet, in words",
)
widgets.download_table(summary, f"{sample.name}-against-{population.name}")

facet = widgets.choose_facet("Look at one facet", state.FACET, tuple(FACETS))
one = found.facet(facet)
feedback.conclusion(escape(one.sentence))
if facet == "language":
    feedback.say(*found.language_sentences)
chart, table = st.columns([3, 2])
with chart:
    shown = one.for_chart()
    kind = st.segmented_control("Show", ["Shares", "Times as frequent"], default="Shares", required=True, key="show", bind="query-params")
    draw = share_chart if kind == "Shares" else ratio_chart
    st.altair_chart(draw(shown, sample.name, population.name), alt=f"{facet_title(facet)}: {kind}")
with table:
    st.dataframe(one.table, hide_index=True, alt=f"{facet_title(facet)}: counts, shares and ratios with intervals", height=420)
    widgets.download_table(one.table, f"{sample.name}-{population.name}-{facet}")

st.subheader("Words in titles over time")
words = st.text_input("Words, separated by commas", "novel, poem, history", key=state.WORDS, bind="query-params")
over_time = cache.keywords(sample.kind, sample.fingerprint, sample.name, population.kind, population.fingerprint, population.name, words)
if over_time.empty:
    st.markdown("No title with a year holds one of these words.")
else:
    st.altair_chart(keyword_chart(over_time), alt="Share of titles with each word per year, sample and collection")
    widgets.download_table(over_time, f"{sample.name}-{population.name}-words")
feedback.how_computed(
    "For each facet the shares of sample and collection are compared. **Share that would have to move** is the total variation"
    " distance: the part of the sample that would have to be other books for the two to be alike. The ratio has a 95 % interval."
    " Missing values count as a value of their own. The difference is judged by its size, never by a p value, which only says"
    f" whether chance could have made it. Below {percent(0.05, 0)} of difference two sets are called alike."
)
feedback.next_step("Models")
