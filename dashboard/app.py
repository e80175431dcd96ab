"""The frame around every page: settings, menu, what is looked at, and the marks that must never be missed."""

import streamlit as st

from dashboard import feedback, navigation, widgets

st.set_page_config(page_title="Colophon", page_icon=":material/menu_book:", layout="wide")
page = navigation.navigation()
with st.sidebar, feedback.errors_in_words():
    widgets.choose_predictions()
with feedback.errors_in_words():
    widgets.mark_invented()
    page.run()
