import json
import math

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.statistics import wilson
from core.thresholds import Policy, acceptance_rates, acceptance_rates_by_class, expected_errors, policy_report
from core.wording.thresholds import policy


def books(*rows: tuple[int, str, float, str, str]) -> pd.DataFrame:
    """A scored table from (how many, predicted, confidence, truth, language)."""
    parts = [pd.DataFrame({"predicted": [p] * n, "confidence": c, "truth": t, "language": s}) for n, p, c, t, s in rows]
    made = pd.concat(parts, ignore_index=True).astype(dict.fromkeys(("predicted", "truth", "language"), "str"))
    return made.assign(year=pd.array([1850] * len(made), dtype="Int64"), place="London")


# Accepted above .9: 40 maps (30 checked, 3 wrong), 20 songs (all checked, 1 wrong). Review: 40.
HUNDRED = books(
    (27, "Map", 0.95, "Map", "English"),
    (3, "Map", 0.95, "Song", "English"),
    (10, "Map", 0.95, "", "German"),
    (19, "Song", 0.99, "Song", "English"),
    (1, "Song", 0.99, "Map", "English"),
    (25, "Map", 0.6, "Map", "German"),
    (15, "Song", 0.6, "", "German"),
)
POLICY = Policy({"Map": 0.9, "Song": 0.9})


class TestReport:
    def test_counts_by_hand(self) -> None:
        found = policy_report(HUNDRED, POLICY, pace=30)
        assert (found.records, found.accepted, found.review, found.review_unlabelled) == (100, 60, 40, 15)
        assert found.coverage == 0.6
        assert (found.labelled, found.labelled_accepted, found.errors) == (75, 50, 4)
        assert (found.accuracy.value, found.accuracy.n) == (0.92, 50)
        assert (found.accuracy.low, found.accuracy.high) == pytest.approx(wilson(46, 50))
        assert found.hours == pytest.approx(40 / 30)

    def test_per_class_by_hand(self) -> None:
        rows = policy_report(HUNDRED, POLICY).per_class.set_index("class")
        counts = ["records", "accepted", "n_accepted", "errors", "review"]
        assert rows.loc["Map", counts].tolist() == [65, 40, 30, 3, 25]
        assert rows.loc["Song", counts].tolist() == [35, 20, 20, 1, 15]
        assert rows.loc["Map", "accuracy"] == pytest.approx(0.9)
        # 3 are known to be wrong, a tenth of the 10 unchecked ones is to be expected.
        assert rows.loc["Map", "expected_errors"] == pytest.approx(4)
        assert rows.loc["Song", ["expected_errors", "expected_low", "expected_high"]].tolist() == [1, 1, 1]

    def test_keep_rates_by_class_count_the_books_of_a_class_however_they_are_labelled(self) -> None:
        kept = policy_report(HUNDRED, POLICY).acceptance_rates["class"].set_index("value")
        # Of 53 checked maps 27 are accepted as maps and 1 as a song; of 22 songs 19 and 3.
        assert kept.loc["Map", ["n", "kept"]].tolist() == [53, 28]
        assert kept.loc["Song", ["n", "kept"]].tolist() == [22, 22]

    def test_keep_rates_of_facets_count_every_record(self) -> None:
        found = policy_report(HUNDRED, POLICY)
        kept = found.acceptance_rates["language"].set_index("value")
        assert kept.loc["English", ["n", "kept"]].tolist() == [50, 50]
        assert kept.loc["German", ["n", "kept"]].tolist() == [50, 10]
        distances = found.distances.set_index("facet")["tvd"]
        assert distances["language"] == pytest.approx(50 / 60 - 0.5)
        assert distances["decade"] == 0

    def test_sentences_say_coverage_errors_and_the_widest_gaps(self) -> None:
        said = policy(policy_report(HUNDRED, POLICY, pace=30))
        assert said[0] == ("60 of 100 records (60 %) are accepted; 40 go to review: 1.3 hours at 30 records an hour.")
        assert said[1].startswith("Of the 50 accepted records that are labelled, 4 are wrong: right in 92.0 % (")
        assert said[2].startswith("Among all accepted records about 5 wrong ones are to be expected (")
        assert (
            "Books that are Map are accepted in 53 % (28 of 53, 1 of them as another class), books that are Song in"
            " 100 % (22 of 22, 3 of them as another class)."
        ) in said
        assert "German books are accepted in 20 % (10 of 50), English books in 100 % (50 of 50)." in said

    def test_a_class_that_is_accepted_only_as_another_is_not_said_to_be_kept(self) -> None:
        """Fiction was said to be kept in 5 %: 16 of 296, all of them accepted as Non-fiction."""
        few = books((16, "Non-fiction", 0.95, "Fiction", "English"), (280, "Fiction", 0.95, "Fiction", "English"))
        rest = books((400, "Non-fiction", 0.95, "Non-fiction", "English"))
        found = policy_report(pd.concat([few, rest], ignore_index=True), Policy({"Non-fiction": 0.9}))
        assert (
            "Books that are Fiction are accepted in 5 % (16 of 296, all of them as another class), books that are"
            " Non-fiction in 100 % (400 of 400)."
        ) in policy(found)

    def test_without_labels_the_rates_say_why(self) -> None:
        found = policy_report(HUNDRED.assign(truth=pd.Series([""] * 100, dtype="str")), POLICY)
        assert math.isnan(found.accuracy.value)
        assert found.accuracy.reason == "no labelled books are accepted"
        assert found.expected_errors.reason == "only 0 labelled books are accepted"
        assert any("is not known: no labelled books are accepted" in sentence for sentence in policy(found))

    def test_nothing_accepted_is_no_rate(self) -> None:
        found = policy_report(HUNDRED, Policy({"Map": 1.0}))
        assert (found.accepted, found.coverage, found.review) == (0, 0.0, 100)
        assert not found.accuracy.defined
        assert found.distances["tvd"].isna().all()

    def test_an_empty_table_is_undefined_not_zero(self) -> None:
        found = policy_report(HUNDRED.iloc[:0], POLICY)
        assert math.isnan(found.coverage)
        assert found.as_dict()["coverage"] is None

    def test_everything_goes_into_json(self) -> None:
        said = json.loads(json.dumps(policy_report(HUNDRED, POLICY, classes=("Map", "Play", "Song")).as_dict()))
        assert said["cuts"] == {"Map": 0.9, "Song": 0.9}
        assert {"accepted", "coverage", "accuracy", "expected_errors", "keep_rates"} <= set(said)
        assert said["per_class"]["Play"]["accuracy"]["value"] is None
        assert said["keep_rates"]["class"][0] | {"low": 0, "high": 0} == {
            "value": "Map",
            "n": 53,
            "kept": 28,
            "rate": 28 / 53,
            "low": 0,
            "high": 0,
            "as_another": 1,
        }

    def test_a_pace_is_above_nothing(self) -> None:
        with pytest.raises(InputError, match="A pace is a number of records an hour above 0; 0 came"):
            policy_report(HUNDRED, POLICY, pace=0)


class TestExpectedErrors:
    def test_one_class_carries_its_rate_to_the_unchecked(self) -> None:
        found = expected_errors(np.array([5]), np.array([100]), np.array([1100]))
        # 100 checked and 1,000 unchecked vary like 1/(1/100 + 1/1000) checked ones around a known rate.
        low, high = wilson(0.05 * 1000 / 11, 1000 / 11)
        assert found.value == pytest.approx(5 + 1000 * 0.05)
        assert (found.low, found.high) == pytest.approx((5 + 1000 * low, 5 + 1000 * high))

    def test_classes_are_put_together_with_less_doubt_than_if_all_were_at_their_limits(self) -> None:
        errors, n, accepted = np.array([5, 2]), np.array([100, 50]), np.array([1100, 550])
        both = expected_errors(errors, n, accepted)
        parts = [expected_errors(errors[i : i + 1], n[i : i + 1], accepted[i : i + 1]) for i in (0, 1)]
        assert both.value == pytest.approx(sum(part.value for part in parts))
        assert sum(part.low for part in parts) < both.low < both.value < both.high < sum(part.high for part in parts)

    def test_a_class_with_few_checked_books_shares_the_rate_of_all(self) -> None:
        found = expected_errors(np.array([5, 0]), np.array([95, 5]), np.array([95, 1005]))
        assert found.value == pytest.approx(5 + 1000 * 0.05)
        assert found.method == "Wilson, one rate for all classes"

    def test_what_is_all_checked_is_known(self) -> None:
        found = expected_errors(np.array([1, 0]), np.array([5, 0]), np.array([5, 0]))
        assert (found.value, found.low, found.high) == (1, 1, 1)

    def test_too_few_in_all_is_undefined(self) -> None:
        assert expected_errors(np.array([1]), np.array([9]), np.array([500])).reason == (
            "only 9 labelled books are accepted"
        )

    def test_limits_hold_the_true_number(self) -> None:
        """Two classes with 2 and 8 per cent wrong: the truth is inside in about 95 of 100 collections."""
        generator = np.random.default_rng(7)
        held = 0
        for _ in range(400):
            wrong = [generator.random(2000) < 0.02, generator.random(500) < 0.08]
            n = np.array([150, 100])
            found = expected_errors(
                np.array([w[:m].sum() for w, m in zip(wrong, n, strict=True)]), n, np.array([2000, 500])
            )
            held += found.low <= sum(w.sum() for w in wrong) <= found.high
        assert 0.925 <= held / 400 <= 0.99


def test_keep_rates_below_ten_records_have_counts_only() -> None:
    table = pd.DataFrame({"language": pd.Series(["Dutch"] * 9 + ["German"] * 10 + [""], dtype="str")})
    found = acceptance_rates(table, np.arange(20) % 2 == 0, "language").set_index("value")
    assert found.index.tolist() == ["German", "Dutch", "no language"]
    assert found.loc["Dutch", ["n", "kept"]].tolist() == [9, 5]
    assert found.loc["Dutch", ["rate", "low", "high"]].isna().all()
    assert found.loc["German", "rate"] == 0.5


def test_keep_rates_by_class_leave_out_what_nobody_checked() -> None:
    truth = pd.Series(["a"] * 10 + [""] * 5, dtype="str")
    found = acceptance_rates_by_class(truth, np.ones(15, dtype=bool), ("a", "b"))
    assert found["value"].tolist() == ["a", "b"]
    assert found["n"].tolist() == [10, 0]
    assert math.isnan(found["rate"][1])


def test_a_prediction_that_is_missing_belongs_to_no_class() -> None:
    for missing in ("", None):
        table = HUNDRED.copy()
        table.loc[:4, "predicted"] = missing
        rows = policy_report(table, POLICY).per_class.set_index("class")
        assert rows["records"].to_dict() == {"Map": 60, "Song": 35}
        assert rows["accepted"].to_dict() == {"Map": 35, "Song": 20}
        assert rows["review"].to_dict() == {"Map": 25, "Song": 15}
