"""The frame around every page: settings, menu, what is looked at, and the marks that must never be missed.

The server imports this file for `app`, which guards the pages; each page runs it as its main script, which draws them.
"""

from pathlib import Path

import streamlit as st

from core.translation import _

if __name__ != "__main__":
    from dashboard import housekeeping
    from dashboard import housekeeping as guard

    guard.refuse_every_interface()
    housekeeping.skip_chart_validation()
    app = st.App(Path(__file__), middleware=guard.middleware(), lifespan=housekeeping.lifespan)
else:
    from core.translation import _
    from dashboard import (
        cache,
        feedback,
        home_view,
        language,
        loading,
        navigation,
        people,
        record_view,
        tables,
        widgets,
    )

    language.take_from_address()
    language.arrive()
    # Before the menu: a browser would fetch the icon of a menu entry from another host, had it no other by then.
    st.set_page_config(page_icon=navigation.ICON, layout="wide")
    page = navigation.navigation()
    title = navigation.entry_of(page).title
    st.set_page_config(page_title=f"{_(title)} · Colophon")
    tables.fit_the_window()
    tables.accent_text_colour()
    people.require_sign_in()  # nothing of the workspace is read before
    with st.sidebar:
        navigation.menu(cache.states_of_steps())
        people.show_person()
    with st.sidebar, feedback.show_errors():
        widgets.choose_predictions()
        record_view.search_box(title)
        language.choose_language()
    with feedback.show_errors():
        loading.unreadable()
        widgets.mark_invented()
        home_view.card(title)
        page.run()
