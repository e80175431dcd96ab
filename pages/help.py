"""Help: what the words mean, and how the numbers here differ from those of the published notebooks."""

import streamlit as st

from core.wording.glossary import ABOUT_THE_NUMBERS, DEFINITIONS
from dashboard import feedback, navigation, tour_view

st.title("Help")
feedback.conclusion("A model reads titles and proposes labels. Here you find out which of them to accept.")
tour_view.button()
st.markdown("The road has five parts. Walk them from top to bottom, and come back to any of them.")
for part in navigation.PARTS:
    st.markdown(f"**{part}**")
    for entry in navigation.pages_of(part):
        navigation.links_to(entry.title)

st.header("What the words mean")
words = st.text_input("Look for a word", key="word", bind="query-params").casefold().split()
matches = {
    word: meaning
    for word, meaning in DEFINITIONS.items()
    if all(part in f"{word} {meaning}".casefold() for part in words)
}
if not matches:
    st.markdown("No word here fits.")
for word, meaning in matches.items():
    st.markdown(f"**{feedback.escape(word)}**: {feedback.escape(meaning)}")

st.header("About these numbers")
st.markdown("What is done otherwise than in the notebooks that the British Library published, and why.")
for difference, why in ABOUT_THE_NUMBERS.items():
    st.markdown(f"**{feedback.escape(difference)}.** {feedback.escape(why)}")
