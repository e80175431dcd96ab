"""Thresholds: which predictions can be accepted, at which cost, and what can be promised."""

from dataclasses import replace

import streamlit as st

from core.facets import facet_title
from core.policies import SavedPolicy, saved_policies
from core.predictions import load_predictions
from core.thresholds import Policy, apply_policy
from core.wording import thresholds as wording
from dashboard import cache, export_view, feedback, guarantee_view, navigation, tables, thresholds_view, widgets
from dashboard.charts.curves import cut_chart, risk_coverage_chart

st.title("Thresholds")
scored, whole = widgets.require_scored(), widgets.require_scored(sliced=False)
predictions = load_predictions(cache.workspace(), scored.name).fingerprint
if scored.table["confidence"].isna().all():
    feedback.empty("These predictions carry no confidence, so no cut-off can be set.", "Models", "Train a model")
where = widgets.chosen_slice()
policies = [saved for saved in saved_policies(cache.workspace(), predictions) if saved.policy.where == where]
WAYS = ["By a promise", "By hand"]
if "way" not in st.session_state:
    # A link that carries cut-offs, but not how they were chosen, is to cut-offs set by hand.
    first = WAYS[any(name.startswith(navigation.CUT_PREFIX) for name in st.query_params)]
    st.session_state["way"] = way if (way := st.query_params.get("way")) in WAYS else first
way = st.segmented_control("Choose the cut-offs", WAYS, required=True, key="way", bind="query-params")


@st.fragment
def by_cut_offs() -> None:
    """Redraw only this while a slider moves."""
    promise = None
    if way == "By a promise":
        policy, promise = guarantee_view.choose(scored)
    else:
        start = dict(policies[0].policy.cuts) if policies else {}
        policy = Policy(thresholds_view.cut_offs(scored, start))
    chosen = SavedPolicy(policy=replace(policy, where=where), promise=promise, labels=scored.labels)
    report = cache.with_bound(cache.policy_report(scored, policy), scored, chosen)
    thresholds_view.headline(report)
    if way != "By a promise":  # there it stands beside the promise
        guarantee_view.warn_of_population(scored)
        guarantee_view.show_bound(scored, report)
    left, right = st.columns(2)
    with left:
        thresholds_view.keep(predictions, chosen, report.accepted)
    with right:
        export_view.accepted_button(whole, chosen)
    accepted = apply_policy(whole.table, chosen.policy)
    counted = wording.cut_scope(cache.export_cut_scope(whole), accepted, chosen.policy.where)
    feedback.show_sentences(*wording.policy(report)[1:], *([counted] if counted else []))
    thresholds_view.class_table(report)

    st.header("Errors against coverage")
    curves = cache.curves(scored)
    which = thresholds_view.choose_class(scored.classes)
    curve = curves[curves["class"] == which]
    cut = policy.cuts.get(which)
    left, right = st.columns(2)
    at = curve[curve["cut"] <= cut].tail(1)["coverage"] if cut is not None else curve.head(0)["coverage"]
    left.altair_chart(
        risk_coverage_chart(
            curve,
            float(at.iloc[0]) if len(at) else None,
            # What is promised of the whole is no share of the accepted, which this chart shows.
            promise.max_error if promise and promise.kind == "accepted" else None,
            chart_theme=tables.chart_theme(),
        ),
        alt="Share wrong among the accepted over the share accepted, with 95 % band",
    )
    right.altair_chart(
        cut_chart(curve, cut, chart_theme=tables.chart_theme()), alt="Share right and share accepted over the cut-off"
    )

    st.header("Whose books are accepted")
    facet = st.segmented_control(
        "By",
        list(report.acceptance_rates),
        default="class",
        required=True,
        key="kept_by",
        bind="query-params",
        format_func=lambda name: "What they are" if name == "class" else facet_title(name),
    )
    thresholds_view.acceptance_rates(report, scored, str(facet))


by_cut_offs()
feedback.how_computed(thresholds_view.METHOD_NOTE)
feedback.next_step("Export")
