"""Share: the card, the way out, how to cite it, and the way in for what others made."""

import streamlit as st

from dashboard import cache, feedback, navigation, people, record_view, share_view

st.title("Share")
shared = share_view.choose()
if shared is None:
    feedback.conclusion("There is nothing to share yet, but what others shared can be brought in.")
    navigation.links_to("Models", "Train a model")
    if people.allowed("bring things in"):
        share_view.show_pull()
    st.stop()

share_view.conclusion(shared)
section = st.segmented_control(
    "Look at",
    ["The card", "Send it", "How to cite", "Try a title", "Bring one in"],
    default="The card",
    required=True,
    key="share",
    bind="query-params",
)
if section == "The card":
    share_view.edit_card(shared)
elif section == "Send it":
    if people.allowed("share"):
        share_view.send(shared)
elif section == "How to cite":
    share_view.cite(shared)
elif section == "Try a title":
    models = [model.name for model in cache.models()]
    if models:
        record_view.show_title_to_try(models, model=shared.name if shared.kind == "model" else None)
    else:
        st.markdown("A title is read by a model, and there is none here yet.")
        navigation.links_to("Models", "Train a model")
elif people.allowed("bring things in"):
    share_view.show_pull()
feedback.how_computed(share_view.METHOD_NOTE)
feedback.next_step("Home", "Home: what is loaded, and what to do next?")
