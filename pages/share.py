"""Share: the card, the way out, how to cite it, and the way in for what others made."""

import streamlit as st

from core.translation import _, noop
from dashboard import cache, feedback, language, navigation, people, record_view, share_view

st.title(_("Share"))
shared = share_view.choose()
if shared is None:
    feedback.conclusion(_("There is nothing to share yet, but what others shared can be brought in."))
    navigation.links_to("Models", _("Train a model"))
    if people.allowed(_("bring things in")):
        share_view.show_pull()
    st.stop()

share_view.conclusion(shared)
section = language.choose(
    st.segmented_control,
    _("Look at"),
    [noop("The card"), noop("Send it"), noop("How to cite"), noop("Try a title"), noop("Bring one in")],
    default="The card",
    required=True,
    key="share",
    format_func=_,
)
if section == "The card":
    share_view.edit_card(shared)
elif section == "Send it":
    if people.allowed(_("share things")):
        share_view.send(shared)
elif section == "How to cite":
    share_view.cite(shared)
elif section == "Try a title":
    models = [model.name for model in cache.models()]
    if models:
        record_view.show_title_to_try(models, model=shared.name if shared.kind == "model" else None)
    else:
        st.markdown(_("A title is read by a model, and there is none here yet."))
        navigation.links_to("Models", _("Train a model"))
elif people.allowed(_("bring things in")):
    share_view.show_pull()
feedback.how_computed(_(share_view.METHOD_NOTE))
feedback.next_step("Home", _("Home: what is loaded, and what to do next?"))
