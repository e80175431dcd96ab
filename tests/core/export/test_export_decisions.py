"""Who decides: each rule of the order by hand, and the sums that must hold whatever comes in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.export.decisions import DECISIONS, count_decisions, count_flows, decide, form_labels, shown_confidence
from core.export.sentences import counts_sentence
from core.thresholds import Policy, apply_policy

CUTS = {"Fiction": 0.9, "Non-fiction": 0.97}


def scored(**columns: list[object]) -> pd.DataFrame:
    base = {"record_id": ["a"], "predicted": ["Fiction"], "confidence": [0.95]}
    return pd.DataFrame({**base, **columns})


def table_of(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def one(**arguments: object) -> pd.Series:
    frame = arguments.pop("table", scored())
    return decide(frame, CUTS, **arguments).iloc[0]


def test_over_the_cut_and_nobody_spoke_is_accepted():
    row = one()
    assert (row["pred_decision"], row["pred_label"], row["pred_confidence"]) == ("accepted", "Fiction", 0.95)
    assert row["human_label"] == ""
    assert row["agrees_with_human"] is pd.NA


@pytest.mark.parametrize("confidence", [0.9, 0.8999999, 0.0, float("nan")])
def test_at_the_cut_under_it_or_unknown_is_abstained_without_a_label(confidence):
    row = one(table=scored(confidence=[confidence]))
    assert (row["pred_decision"], row["pred_label"]) == ("abstained", "")
    assert row["pred_suggested_label"] == "Fiction"


def test_a_class_without_a_cut_is_never_accepted():
    table = scored(record_id=["a", "b"], predicted=["Poetry", "Fiction"], confidence=[1.0, 1.0])
    row = one(table=table)
    assert row["pred_decision"] == "abstained"
    assert np.isnan(row["pred_threshold"])


def test_cuts_may_differ_by_a_facet():
    table = scored(
        record_id=["a", "b", "c"],
        predicted=["Fiction"] * 3,
        confidence=[0.8] * 3,
        language=["English", "German", ""],
    )
    policy = Policy(stratum="language", by_stratum={"English": {"Fiction": 0.7}, "German": {"Fiction": 0.9}})
    decisions = decide(table, policy)
    assert decisions["pred_decision"].tolist() == ["accepted", "abstained", "abstained"]
    assert decisions["pred_threshold"].tolist()[:2] == [0.7, 0.9]
    assert np.isnan(decisions["pred_threshold"].iloc[2])


def test_what_the_cuts_alone_accept_is_counted_whatever_people_said():
    human = table_of(record_id=["a"], label=["Fiction"], source=["person"])
    decisions = decide(scored(), CUTS, human=human)
    assert count_decisions(decisions).above_cut == 1
    assert count_decisions(decisions).by_decision["accepted"] == 0


@pytest.mark.parametrize(
    ("label", "agrees"),
    [("Fiction", True), ("fiction", True), ("non_fiction", False), ("Non-fiction", False), ("both", pd.NA)],
)
def test_a_human_label_blocks_the_machine_and_says_whether_they_agree(label, agrees):
    human = table_of(record_id=["a"], label=[label], source=["person"])
    row = one(human=human)
    assert (row["pred_decision"], row["pred_label"]) == ("human-label-kept", "")
    assert row["agrees_with_human"] is agrees or row["agrees_with_human"] == agrees
    assert row["human_label_source"] == "person"


def test_an_answer_that_is_no_class_stands_as_given():
    human = table_of(record_id=["a"], label=[""], label_given=["can't tell"], source=["person"])
    row = one(human=human)
    assert (row["human_label"], row["pred_decision"]) == ("can't tell", "human-label-kept")


def test_a_blank_answer_is_no_label():
    human = table_of(record_id=["a"], label=[""], label_given=[""], source=["person"])
    assert one(human=human)["pred_decision"] == "accepted"


def test_a_model_beats_a_labelling_function():
    human = table_of(record_id=["a"], label=["Non-fiction"], source=["function"])
    assert one(human=human)["pred_decision"] == "accepted"


def test_a_person_beats_the_catalogue():
    human = table_of(record_id=["a"], label=["Fiction"], source=["person"])
    row = one(table=scored(genre_given=["Non-fiction"]), human=human)
    assert (row["human_label"], row["human_label_source"]) == ("Fiction", "person")


@pytest.mark.parametrize("genre", ["Fiction", "fiction.", "Catalogues. ; Fiction", "Fiction|Catalogues"])
def test_the_catalogues_genre_blocks_when_it_names_a_label(genre):
    row = one(table=scored(genre_given=[genre]))
    assert (row["pred_decision"], row["human_label"], row["human_label_source"]) == (
        "human-label-kept",
        "Fiction",
        "catalogue",
    )


def test_another_genre_does_not_block_unless_it_is_mapped():
    table = scored(genre_given=["Poetry or verse"])
    assert one(table=table)["pred_decision"] == "accepted"
    assert one(table=table, genre_terms={"Poetry or verse": "Fiction"})["pred_decision"] == "human-label-kept"


def test_people_who_disagree_leave_a_disputed_label_that_blocks():
    human = table_of(record_id=["a", "a"], label=["Fiction", "Non-fiction"], source=["person", "person"])
    row = one(human=human)
    assert row["human_label"] == "Fiction | Non-fiction"
    assert row["agrees_with_human"] is pd.NA


def test_hand_checked_labels_of_the_predictions_file_only_measure_unless_kept():
    table = scored(truth=["Non-fiction"], truth_given=["non_fiction"])
    assert one(table=table)["pred_decision"] == "accepted"
    saved = one(table=table, human_labels="keep")
    assert (saved["pred_decision"], saved["human_label_source"]) == ("human-label-kept", "test label")


def test_kept_test_labels_that_are_no_class_block_too():
    table = scored(truth=[""], truth_given=["both"])
    assert one(table=table, human_labels="keep")["pred_decision"] == "human-label-kept"


def test_a_curator_who_agrees_confirms_whatever_the_cut():
    reviews = table_of(record_id=["a"], label=["Fiction"])
    row = one(table=scored(confidence=[0.3]), reviews=reviews)
    assert (row["pred_decision"], row["pred_label"], row["pred_confidence"]) == ("curator", "Fiction", 0.3)
    assert row["reviewed_by_role"] == "curator"


def test_a_curator_who_overrules_leaves_no_confidence():
    row = one(reviews=table_of(record_id=["a"], label=["Non-fiction"], role=["head of cataloguing"], note=["a diary"]))
    assert (row["pred_decision"], row["pred_label"]) == ("curator", "Non-fiction")
    assert np.isnan(row["pred_confidence"])
    assert (row["reviewed_by_role"], row["review_note"]) == ("head of cataloguing", "a diary")


@pytest.mark.parametrize(("answer", "note"), [("", ""), ("can't tell", "can't tell"), ("both", "both")])
def test_a_curator_who_gives_no_class_rejects(answer, note):
    row = one(reviews=table_of(record_id=["a"], label=[answer]))
    assert (row["pred_decision"], row["pred_label"], row["review_note"]) == ("rejected", "", note)


def test_a_curator_beats_a_human_label_and_a_missing_prediction():
    human = table_of(record_id=["a"], label=["Non-fiction"], source=["person"])
    reviews = table_of(record_id=["a"], label=["Fiction"])
    assert one(human=human, reviews=reviews)["pred_label"] == "Fiction"
    unseen = scored(predicted=[""], confidence=[float("nan")])
    assert one(table=unseen, reviews=reviews)["pred_decision"] == "curator"


def test_of_several_reviews_the_last_holds():
    reviews = table_of(record_id=["a", "a"], label=["Non-fiction", "Fiction"])
    assert one(reviews=reviews)["pred_label"] == "Fiction"


def test_without_a_prediction_a_record_is_not_matched():
    row = one(table=scored(predicted=[""], confidence=[float("nan")]))
    assert (row["pred_decision"], row["pred_label"]) == ("not-matched", "")


def test_a_repeated_id_is_refused():
    with pytest.raises(InputError, match=r"record id 'a' occurs more than once \(1 such rows\)"):
        decide(scored(record_id=["a", "a"], predicted=["F", "F"], confidence=[1.0, 1.0]), {"F": 0.5})


def test_a_cut_for_an_unknown_class_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="cut for 'Fictoin', but the labels are: Fiction, Non-fiction"):
        decide(scored(), {"Fictoin": 0.9}, classes=["Fiction", "Non-fiction"])


def test_the_example_meets_every_decision(example):
    decisions = example.table().decisions
    assert decisions.columns.tolist() == [
        "record_id",
        "pred_label",
        "pred_confidence",
        "pred_decision",
        "pred_threshold",
        "pred_suggested_label",
        "human_label",
        "human_label_source",
        "agrees_with_human",
        "reviewed_by_role",
        "review_note",
        "reviewed_at",
        "over_cut",
    ]
    assert decisions["pred_decision"].tolist() == [
        "accepted",
        "accepted",
        "human-label-kept",
        "accepted",
        "abstained",
        "human-label-kept",
        "curator",
        "curator",
        "rejected",
        "not-matched",
    ]


def test_the_counts_of_the_example_add_up_in_words(example):
    counts = example.table().counts
    assert counts_sentence(counts) == (
        "3 accepted + 2 curator + 1 abstained + 2 human label kept + 1 rejected + 1 not matched = 10 records loaded"
    )
    assert (counts.exported, counts.conflicts, counts.confirmed, counts.overruled, counts.no_class) == (5, 1, 1, 1, 0)
    assert counts.by_label == {"Fiction": 4, "Non-fiction": 1}


def test_confidences_are_cut_off_never_rounded_up():
    assert shown_confidence(np.array([0.99996, 0.96999, 0.97, 1.0, 0.0])).tolist() == [0.9999, 0.9699, 0.97, 1.0, 0.0]


@given(st.integers(0, 10_000))
def test_a_confidence_of_four_decimals_stays_as_it_is(thousands):
    value = thousands / 10_000
    assert shown_confidence(np.array([value]))[0] == pytest.approx(value, abs=1e-12)


@given(st.floats(0, 1), st.floats(0, 1))
def test_what_is_shown_never_contradicts_the_cut(confidence, cut):
    table = pd.DataFrame({"predicted": ["a"], "confidence": [confidence]})
    accepted = apply_policy(table, Policy({"a": cut}))[0]
    shown, limit = shown_confidence(np.array([confidence, cut]))
    assert shown >= limit if accepted else shown <= limit


@pytest.mark.slow
@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Fiction", "Non-fiction", ""]),
            st.one_of(st.floats(0, 1), st.just(float("nan"))),
            st.sampled_from(["", "Fiction", "both"]),
            st.sampled_from(["none", "Fiction", "Non-fiction", ""]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_every_record_is_decided_once_and_only_exported_ones_have_a_label(rows):
    ids = [f"{place:03d}" for place in range(len(rows))]
    predicted, confidence, human, review = zip(*rows, strict=True)
    table = pd.DataFrame({"record_id": ids, "predicted": predicted, "confidence": confidence})
    text = pd.DataFrame({"record_id": ids, "label": human, "source": "person"})
    looked = pd.DataFrame({"record_id": ids, "label": review})
    looked = looked[looked["label"] != "none"]
    decisions = decide(table, CUTS, human=text, reviews=looked, classes=["Fiction", "Non-fiction"])
    counts = count_decisions(decisions)
    assert sum(counts.by_decision.values()) == counts.loaded == len(rows)
    assert set(counts.by_decision) == set(DECISIONS)
    exported = decisions["pred_decision"].isin(["accepted", "curator"])
    assert ((decisions["pred_label"] != "") == exported).all()
    saved = decisions[decisions["pred_decision"] == "human-label-kept"]
    assert (saved["human_label"] != "").all()
    machine = decisions[decisions["pred_decision"] == "accepted"]
    assert (machine["human_label"] == "").all()
    assert (machine["pred_confidence"] >= machine["pred_threshold"]).all()


def test_the_ways_and_the_labels_that_records_then_carry_are_counted():
    """a and b pass the cut, c does not; a person has labelled d, of e said no class, and f has no prediction."""
    table = pd.DataFrame(
        {
            "record_id": list("abcdefg"),
            "predicted": ["Fiction", "Non-fiction", "Fiction", "Fiction", "Fiction", "", "Fiction"],
            "confidence": [0.99, 0.99, 0.1, 0.99, 0.99, float("nan"), 0.99],
        }
    )
    labels = pd.DataFrame({"record_id": ["d", "e"], "label": ["Non-fiction", "both"], "source": "person"})
    looked = pd.DataFrame({"record_id": ["g"], "label": ["Non-fiction"]})
    flows = count_flows(decide(table, CUTS, human=labels, reviews=looked, classes=["Fiction", "Non-fiction"]))
    counted = {(row.decision, row.label): row.n for row in flows.itertuples()}
    assert counted == {
        ("accepted", "Fiction"): 1,
        ("accepted", "Non-fiction"): 1,
        ("curator", "Non-fiction"): 1,
        ("human-label-kept", "Non-fiction"): 1,
        ("human-label-kept", ""): 1,
        ("abstained", ""): 1,
        ("not-matched", ""): 1,
    }
    assert list(dict.fromkeys(flows["decision"])) == [name for name in DECISIONS if name in set(flows["decision"])]


def test_the_order_of_the_table_is_kept():
    table = pd.DataFrame({"record_id": ["b", "a"], "predicted": ["Fiction", "Fiction"], "confidence": [0.99, 0.1]})
    assert decide(table, CUTS)["record_id"].tolist() == ["b", "a"]


def test_codes_of_the_literary_form_are_labels_where_the_classes_have_them():
    both = form_labels(["Fiction", "Non-fiction"], "")
    assert {both[code] for code in "1fj"} == {"Fiction"}
    assert {both[code] for code in "0 eis"} == {"Non-fiction"}
    alone = form_labels(["Fiction", "Law"], "")
    assert (alone["1"], alone["0"]) == ("Fiction", "not fiction (008/33)")
    assert form_labels(["Non-fiction", "Law"], "")["1"] == "fiction (008/33)"
