"""The guarantee of the whole on small collections, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from core.errors import InputError
from core.thresholds import ErrorBand, Policy, apply_policy, find_whole_guarantee
from core.thresholds.confidence_sequence import allowed_at_any_time
from core.thresholds.finite_population import allowed_in_sample, most_wrong
from core.thresholds.sample import CheckedSample, above_floors, confidence_floors
from core.wording import whole as wording


def collection(n: int = 1000, checked: int = 500, wrong: tuple[int, ...] = ()) -> pd.DataFrame:
    """The surest book first; so many are checked, evenly, and called rightly but for those in `wrong`."""
    step = n // checked
    truth = np.where(np.arange(n) % step == 0, "a", "").astype(object)
    truth[list(wrong)] = "b"
    return pd.DataFrame({"predicted": "a", "confidence": np.linspace(1, 0.5, n), "truth": truth})


def test_the_cut_is_the_first_error_that_is_too_many() -> None:
    wrong = tuple(range(100, 900, 20))
    table = collection(wrong=wrong)
    allowed = allowed_in_sample(20, 500, 1000, 0.05)
    result = find_whole_guarantee(table, ["a", "b"], 0.02)
    (group,) = result.groups
    assert group.errors == group.allowed == allowed
    # Everything above the first error beyond those that are forgiven is accepted, and nothing more.
    assert result.accepted == group.accepted == wrong[allowed]
    assert apply_policy(table, result.policy()).sum() == wrong[allowed]
    assert group.most_wrong == most_wrong(allowed, 500, 1000, 0.05) - allowed <= 20
    unlabelled = (table["truth"] == "").to_numpy()
    assert result.review == int(unlabelled[wrong[allowed] :].sum())
    assert result.hours == result.review / 60


def test_without_an_error_all_is_accepted_and_with_too_few_nothing() -> None:
    assert find_whole_guarantee(collection(), ["a"], 0.02).accepted == 1000
    few = find_whole_guarantee(collection(checked=100), ["a"], 0.02)
    assert few.accepted == 0
    assert "100 books are checked: too few to promise that" in wording.headline(few)
    enough = next(n for n in range(100, 200) if hypergeom.cdf(0, 1000, 21, n) <= 0.05)
    assert [allowed_in_sample(20, n, 1000, 0.05) for n in (enough - 1, enough)] == [-1, 0]


def test_what_nobody_could_decide_counts_as_wrong() -> None:
    table = collection()
    table["truth_given"] = table["truth"]
    open_answers = np.arange(0, 500, 20)
    table.loc[open_answers, "truth"] = ""
    table.loc[open_answers, "truth_given"] = "both"
    result = find_whole_guarantee(table, ["a"], 0.02)
    assert (result.labelled, result.unusable) == (500, 25)
    assert result.accepted == open_answers[result.groups[0].allowed]
    assert "25 of them, which nobody could decide, are counted as wrong" in wording.sentences(result)[-1]


def test_editions_of_a_title_are_drawn_once() -> None:
    table = collection().assign(title_key=[f"t{i // 4}" for i in range(1000)])
    sample = CheckedSample.from_table(table)
    assert sample.drawn.sum() == 250
    assert sample.editions == 250
    assert find_whole_guarantee(table, ["a"], 0.02).labelled == 250


def test_what_the_model_learned_from_is_right_already_and_proves_nothing() -> None:
    table = collection(wrong=tuple(range(0, 500, 2)))
    table["leak"] = np.arange(1000) < 500
    result = find_whole_guarantee(table, ["a", "b"], 0.02)
    assert (result.left_out, result.labelled) == (250, 250)
    assert result.accepted == 1000


def test_people_who_err_make_it_harder() -> None:
    table = collection(wrong=tuple(range(100, 900, 20)))
    with_people = find_whole_guarantee(table, ["a", "b"], 0.02, human_error=0.01)
    assert 0 < with_people.accepted < find_whole_guarantee(table, ["a", "b"], 0.02).accepted
    by_people = min(1000 - with_people.accepted + 500, 1000)
    assert with_people.groups[0].most_wrong + 0.01 * by_people <= 20
    assert find_whole_guarantee(table, ["a", "b"], 0.02, human_error=0.5).accepted == 0


def test_where_people_err_the_first_cut_that_could_pass_is_tried_though_it_forgives_nothing() -> None:
    # Of 1000 books 250 are checked. None wrong among them proves at most 10 of the rest: (3/4)^11 is .042, (3/4)^10
    # .056. Allowed are 15 less one in a hundred of what people do: 12 where all is accepted, 10
    # from 750 on. So the first cut accepts 750, and the next ones more up to the wrong book, the 801st.
    assert [allowed_in_sample(left, 250, 1000, 0.05) for left in (9, 10, 12)] == [-1, 0, 0]
    result = find_whole_guarantee(collection(checked=250, wrong=(800,)), ["a", "b"], 0.015, human_error=0.01)
    assert (result.accepted, result.groups[0].errors, result.groups[0].allowed) == (800, 0, 0)
    above = find_whole_guarantee(collection(checked=250, wrong=(740,)), ["a", "b"], 0.015, human_error=0.01)
    assert above.accepted == 0


def test_each_class_and_each_value_has_a_cut_of_its_own() -> None:
    table = collection(n=4000, checked=2000)
    table["predicted"] = np.where(np.arange(4000) % 4 < 2, "a", "b")
    table.loc[table["truth"] != "", "truth"] = table["predicted"]
    table["language"] = np.where(np.arange(4000) % 8 < 4, "eng", "fre")
    bad = (table["predicted"] == "b") & (table["truth"] != "") & (np.arange(4000) < 1000)
    table.loc[bad, "truth"] = "a"
    by_class = find_whole_guarantee(table, ["a", "b"], 0.02, per="class")
    assert by_class.cuts["a"] == 0.0
    assert by_class.cuts["b"] is not None
    assert by_class.cuts["b"] > 0.9
    by_value = find_whole_guarantee(table, ["a", "b"], 0.02, stratum="language")
    assert set(by_value.by_stratum) == {"eng", "fre"}
    assert sum(group.records for group in by_value.groups) == 4000


def test_a_model_that_is_wrong_too_often_is_said_to_be() -> None:
    result = find_whole_guarantee(collection(wrong=tuple(range(0, 1000, 2))), ["a", "b"], 0.02)
    assert result.accepted == 0 or result.groups[0].accepted < 40
    if not result.accepted:
        assert "wrong too often" in wording.headline(result)


def test_the_band_never_falls_and_holds_for_policies() -> None:
    table = collection(wrong=tuple(range(100, 900, 20)))
    band = ErrorBand(table, ["a", "b"])
    bounds = [band.bound(Policy({"a": cut, "b": cut})).most_wrong for cut in (0.99, 0.9, 0.8, 0.6, 0.0)]
    assert bounds == sorted(bounds)
    assert band.bound(Policy({})).most_wrong == 0
    steps = band.table()
    assert set(steps["class"]) == {"a", "b", "all classes"}
    assert (steps["error_high"] <= 1).all()


@pytest.mark.parametrize(("share", "confidence", "people"), [(0, 0.95, 0), (0.02, 1.0, 0), (0.02, 0.95, 1.0)])
def test_what_is_no_share_is_refused(share: float, confidence: float, people: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        find_whole_guarantee(collection(), ["a"], share, confidence, human_error=people)


def test_what_may_be_asked_again_forgives_less_and_says_so() -> None:
    table = collection(wrong=tuple(range(100, 900, 20)))
    once, again = (find_whole_guarantee(table, ["a", "b"], 0.02, anytime=anytime) for anytime in (False, True))
    assert 0 < again.accepted <= once.accepted
    assert again.groups[0].allowed == allowed_at_any_time(20, 500, 1000, 0.05) < once.groups[0].allowed
    assert again.most_wrong == 20
    assert again.as_dict()["anytime"] is True
    assert "checked in random order; it may be asked again after each further label." in wording.sentences(again)[-1]
    assert "asked again" not in wording.sentences(once)[-1]


def test_at_any_time_the_parts_of_alpha_go_by_records_and_people_err_everywhere() -> None:
    """However many are checked: else more labels would change what was said of the other group."""
    table = collection()
    table["predicted"] = np.where(np.arange(1000) < 800, "a", "b")
    for checked in (table, table.assign(truth=table["truth"].where(np.arange(1000) < 900, ""))):
        result = find_whole_guarantee(checked, ["a", "b"], 0.02, per="class", anytime=True)
        assert [group.alpha for group in result.groups] == pytest.approx([0.04, 0.01])
    with_people = find_whole_guarantee(collection(), ["a"], 0.02, human_error=0.005, anytime=True)
    assert with_people.most_wrong == 15
    assert "err in 0.5" in wording.sentences(with_people)[1]
    assert "of all books" in wording.sentences(with_people)[1]


def test_floors_look_at_no_label_and_ties_lie_above() -> None:
    table = pd.DataFrame(
        {"predicted": ["a"] * 4 + ["b"] * 4, "confidence": [0.9, 0.8, 0.7, 0.6, 0.9, 0.5, 0.5, np.nan]}
    )
    assert confidence_floors(table, ["a", "b", "c"], 0.5) == {"a": 0.7, "b": 0.0, "c": 0.0}
    assert above_floors(table, {"a": 0.7, "b": 0.0}).tolist() == [True, True, False, False, True, True, True, False]
    assert confidence_floors(table, ["a", "b"], 1.0) == {}
    assert above_floors(table, {}).all()
    for none in (0, 1.5):
        with pytest.raises(InputError, match=rf"\(55 per cent is 0.55\); {none} came"):
            confidence_floors(table, ["a"], none)


def test_a_sample_of_the_surest_half_stands_for_it_alone() -> None:
    """500 of 1,000 are eligible and 250 of them checked: 20 may stay wrong, which is 4 % of those."""
    table = collection(wrong=(100, 200))
    result = find_whole_guarantee(table, ["a"], 0.02, surest=0.5)
    (group,) = result.groups
    assert (group.records, group.accepted, group.labelled, group.errors) == (1000, 500, 250, 2)
    assert group.allowed == allowed_in_sample(20, 250, 500, 0.05)
    floor = float(table["confidence"][500])
    assert result.cuts == {"a": floor} == result.as_dict()["floors"]
    assert apply_policy(table, result.policy()).tolist() == [True] * 500 + [False] * 500
    # What was checked below the floor changes nothing, right or wrong.
    below = table.assign(truth=table["truth"].where(np.arange(1000) < 500, ""))
    assert find_whole_guarantee(below, ["a"], 0.02, surest=0.5).groups == result.groups
    assert not result.population.differing
    words = wording.sentences(result)
    assert words[1].startswith("The machine may decide only among the 50")
    assert "250 checked titles among the surest 50" in words[-1]


def test_labels_are_worth_most_above_a_floor() -> None:
    """100 labels: from all of 1,000 they are too few; all of them from the surest half, they do."""
    everywhere, above = collection(checked=100), collection()
    above["truth"] = np.where((np.arange(1000) < 500) & (np.arange(1000) % 5 == 0), "a", "")
    assert find_whole_guarantee(everywhere, ["a"], 0.02).accepted == 0
    assert find_whole_guarantee(above, ["a"], 0.02, surest=0.5).accepted == 500
