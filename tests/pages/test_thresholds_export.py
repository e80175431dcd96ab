"""The Thresholds page: the accepted at one press, the counts of the export, cut-offs kept for a slice alone."""

import pytest
from streamlit.testing.v1 import AppTest

from core.export.release import Release, accepted_file, cut_scope, decide_all
from core.export.tabular import accepted_for_people
from core.guarantees import SavedPolicy, saved_policies
from core.predicates import RangePredicate
from core.predictions import load_predictions, load_scored
from core.slices import Slice
from core.slices.ledger import save_slice
from core.storage import Workspace
from core.thresholds import Policy, apply_policy
from core.wording import thresholds as wording
from tests.pages.conftest import Open, by_hand

CUTS = {"Fiction": 0.9, "Non-fiction": 0.9}
EARLY = Slice((RangePredicate("year", None, 1849),), name="early")


def shown(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.success]
    return "\n".join(str(one.value).replace("\\", "") for one in parts)


@pytest.mark.slow
def test_the_accepted_can_be_had_at_once_and_are_those_of_the_export(demo_copy: Workspace, open_page: Open) -> None:
    page = by_hand(open_page(demo_copy, "thresholds.py"))
    page.query_params["predictions"] = "demo-predictions"
    page.run()
    assert not page.exception
    assert next(button.label for button in page.get("download_button")) == "Download the accepted predictions (CSV)"
    scored = load_scored(demo_copy, "demo-predictions")
    chosen = SavedPolicy(policy=Policy(CUTS), labels=scored.labels)
    prepared = Release.prepare(demo_copy, "demo-predictions", chosen, scored=scored)
    here = accepted_for_people(decide_all(demo_copy, scored, chosen))
    assert len(here) == prepared.decided.counts.exported
    assert here["Identifier"].tolist() == prepared.decided.records["record_id"].iloc[prepared.decided.accepted].tolist()
    counts = prepared.decided.counts.by_decision
    said = f"The export counts {counts['accepted']:,} accepted by the machine and {counts['abstained']:,} for review"
    assert said in shown(page)
    assert accepted_file(scored, Policy(CUTS)) != accepted_file(scored, Policy({"Fiction": 0.8}))


@pytest.mark.slow
def test_cut_offs_kept_for_a_slice_accept_nothing_else(demo_copy: Workspace, open_page: Open) -> None:
    save_slice(demo_copy.database, EARLY)
    page = by_hand(open_page(demo_copy, "thresholds.py"))
    page.query_params["predictions"] = "demo-predictions"
    page.query_params["only"] = "early"
    page.run()
    assert not page.exception
    button = next(one for one in page.button if one.label.startswith("Keep these cut-offs"))
    assert button.label == "Keep these cut-offs for these books"
    button.click().run()
    assert "They accept only books dated before 1850; no other book." in shown(page)
    predictions = load_predictions(demo_copy, "demo-predictions").fingerprint
    (kept, *_) = saved_policies(demo_copy, predictions)
    assert kept.policy == Policy(CUTS, where=EARLY)
    scored = load_scored(demo_copy, "demo-predictions")
    prepared = Release.prepare(demo_copy, "demo-predictions", kept, scored=scored)
    counts = prepared.decided.counts.by_decision
    years = prepared.decided.records["year"].iloc[prepared.decided.accepted]
    assert counts["accepted"]
    assert (years < 1850).all()
    said = wording.cut_scope(cut_scope(demo_copy, scored), apply_policy(scored.table, kept.policy), EARLY)
    assert said.startswith(
        f"The export counts {counts['accepted']:,} accepted by the machine and {counts['abstained']:,}"
    )
    assert "not only those of the slice" in said
    assert said in shown(page)
    export = open_page(demo_copy, "export.py")
    export.query_params["predictions"] = "demo-predictions"
    export.run()
    assert not export.exception
    assert "These cut-offs were kept for books dated before 1850" in shown(export)
    assert f"{counts['accepted']:,} of {len(scored.table):,} records leave with a machine label" in shown(export)
