"""Label audit: which labels should people look at again, and whose?"""

from functools import partial

import streamlit as st

from core.label_audit import FALSE_ALARM_RATE, GROUPINGS, save_verdict
from core.labels import LabelSet
from core.translation import _
from dashboard import cache, feedback, label_audit_view, navigation, people, widgets
from dashboard.feedback import percent

st.title(_("Label audit"))
left, right = st.columns(2)
with left:
    chosen = widgets.choose_artifact(_("Label set"), ["labels"], navigation.LABEL_SET)
if chosen is None:
    feedback.empty(
        _("There are no labels yet: import what people said of some books."), "Catalogue", _("Import labels")
    )
    st.stop()
widgets.mark_invented(chosen)
rate = right.select_slider(
    _("Right labels that may be called suspect"),
    [0.01, 0.02, 0.03, 0.05, 0.1],
    value=FALSE_ALARM_RATE,
    format_func=partial(percent, digits=0),
    key="alarm",
    help=_("A lower share makes a shorter list with fewer false alarms."),
)
audit = cache.label_audit(chosen, float(rate))
save_verdict(cache.workspace(), chosen, audit)
label_audit_view.verdict(audit)
label_audit_view.findings(audit)

present = [by for by in GROUPINGS if by in set(audit.groups["by"])]
if present:
    st.header(_("Where suspect labels gather"))
    by = st.segmented_control(
        _("Group the labels by"),
        present,
        default=present[0],
        required=True,
        format_func=lambda name: _(GROUPINGS[name]),
        key="labels_by",
    )
    label_audit_view.groups(audit, str(by))

st.header(_("Labels to look at again"))
label_audit_view.suspects(audit, label_audit_view.choose_group(audit))
st.header(_("Go on without them"))
if people.allowed(_("keep a copy")):
    label_audit_view.exclude_labels(LabelSet(chosen), audit)
feedback.how_computed(_(label_audit_view.METHOD_NOTE))
feedback.next_step("Models")
