"""Thresholds: which predictions can be accepted, at which cost, and what can be promised."""

from dataclasses import replace

import streamlit as st

from core.guarantees import SavedPolicy, saved_policies
from core.predictions import load_predictions
from core.thresholds import Policy, apply_policy
from core.translation import _
from core.wording import thresholds as wording
from dashboard import cache, export_view, feedback, guarantee_view, tables, thresholds_view, widgets
from dashboard.charts.curves import cut_chart, risk_coverage_chart
from dashboard.feedback import escape

st.title(_("Thresholds"))
scored, whole = widgets.require_scored(), widgets.require_scored(sliced=False)
predictions = load_predictions(cache.workspace(), scored.name).fingerprint
if scored.table["confidence"].isna().all():
    feedback.empty(_("These predictions carry no confidence, so no cut-off can be set."), "Models", _("Train a model"))
where = widgets.chosen_slice()
if scored.sources:
    guarantee_view.show_combined(whole, saved_policies(cache.workspace(), predictions))
    feedback.next_step("Export")
    st.stop()
policies = [saved for saved in saved_policies(cache.workspace(), predictions) if saved.policy.where == where]


@st.fragment
def by_cut_offs() -> None:
    """Redraw only this while a slider moves: what steers on the left, what comes of it on the right."""
    head = st.container()
    controls, effect = st.columns([2, 3], gap="medium")
    details = st.container()
    promise = None
    with controls:
        by_promise = thresholds_view.choose_way() == "By a promise"
        second = guarantee_view.choose_second(whole) if by_promise and where is None else None
        if second:
            guarantee_view.show(whole, second, head, effect, details)
            return
        if by_promise:
            policy, promise = guarantee_view.choose(scored, head, details)
        else:
            policy = Policy(thresholds_view.cut_offs(scored, dict(policies[0].policy.cuts) if policies else {}))
    chosen = SavedPolicy(policy=replace(policy, where=where), promise=promise, labels=scored.labels)
    report = cache.with_bound(cache.policy_report(scored, policy), scored, chosen)
    first, *others = wording.policy(report)
    left, accepted = cache.export_cut_scope(whole), apply_policy(whole.table, chosen.policy)
    if not by_promise:
        with head:
            feedback.conclusion(escape(first))
            guarantee_view.warn_of_population(scored)
    with controls:
        thresholds_view.keep(predictions, chosen, report.accepted)
        export_view.accepted_button(whole, chosen)
    with effect:
        thresholds_view.figures(report, int((accepted & left).sum()))
        which = thresholds_view.choose_class(scored.classes)
        curves = cache.curves(scored)
        curve, cut = curves[curves["class"] == which], policy.cuts.get(which)
        # What is promised of the whole is no share of the accepted, which this chart shows.
        allowed = promise.max_error if promise and promise.kind == "accepted" else None
        tables.show_chart(
            risk_coverage_chart(
                curve, thresholds_view.coverage_at(curve, cut), allowed, chart_theme=tables.chart_theme()
            ),
            alt=_("Share wrong among the accepted over the share accepted, with 95 % band"),
        )
    with details:
        if not by_promise:
            guarantee_view.show_bound(scored, report)
        counted = wording.cut_scope(left, accepted, where)
        feedback.show_sentences(*([first] if by_promise else []), *others, *([counted] if counted else []))
        thresholds_view.class_table(report)
        thresholds_view.behind(scored, apply_policy(scored.table, policy))
        st.header(_("What a cut-off does"))
        tables.show_chart(
            cut_chart(curve, cut, chart_theme=tables.chart_theme()),
            alt=_("Share right and share accepted over the cut-off"),
        )
        st.header(_("Whose books are accepted"))
        thresholds_view.acceptance_rates(report, scored, thresholds_view.choose_group(report))


by_cut_offs()
feedback.how_computed(_(thresholds_view.METHOD_NOTE))
feedback.next_step("Export")
