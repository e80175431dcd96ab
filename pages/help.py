"""Help: how things are done, what was measured, what the words mean, and what is otherwise than in the notebooks."""

import streamlit as st

from core.translation import _
from core.wording.help import ABOUT_THE_NUMBERS, DEFINITIONS, FIGURES, TOPICS
from dashboard import feedback, home_view, navigation

st.title(_("Help"))
feedback.conclusion(_("A model reads titles and proposes labels. Here you find out which of them to accept."))
home_view.button()
st.markdown(_("The road has five parts. Walk them from top to bottom, and come back to any of them."))
for part in navigation.PARTS:
    st.markdown(f"**{_(part)}**")
    for entry in navigation.pages_of(part):
        navigation.links_to(entry.title)

st.header(_("How it is done"))
for topic, steps in TOPICS.items():
    with st.expander(_(topic), icon=":material/menu_book:"):
        st.markdown("\n".join(f"1. {_(step)}" for step in steps))

st.header(_("What was measured"))
for topic, points in FIGURES.items():
    with st.expander(_(topic), icon=":material/menu_book:"):
        st.markdown(feedback.percent_unbroken("\n".join(f"- {_(point)}" for point in points)))

st.header(_("What the words mean"))
words = st.text_input(_("Look for a word"), key="word", bind="query-params").casefold().split()
matches = {
    _(word): _(meaning)
    for word, meaning in DEFINITIONS.items()
    if all(part in f"{_(word)} {_(meaning)}".casefold() for part in words)
}
if not matches:
    st.markdown(_("No word here fits."))
for word, meaning in matches.items():
    st.markdown(f"**{feedback.escape(word)}**: {feedback.escape(meaning)}")

st.header(_("About these numbers"))
st.markdown(_("What is done otherwise than in the notebooks that the British Library published, and why."))
for difference, why in ABOUT_THE_NUMBERS.items():
    st.markdown(f"**{feedback.escape(_(difference))}.** {feedback.escape(_(why))}")
