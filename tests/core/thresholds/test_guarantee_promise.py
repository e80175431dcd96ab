import json
import math

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.thresholds import ALL_CLASSES, ErrorBand, apply_policy, find_guaranteed_cuts
from core.wording import thresholds as wording

CLASSES = ("Map", "Play", "Song")


def books(n: int, predicted: str, wrong: int = 0, *, language: str = "English", low: float = 0.6) -> pd.DataFrame:
    """n labelled books with falling confidence, of which the last `wrong` are wrong."""
    truth = [predicted] * (n - wrong) + ["Other" if predicted != "Other" else "Map"] * wrong
    made = pd.DataFrame(
        {
            "predicted": predicted,
            "truth": truth,
            "confidence": np.linspace(0.999, low, n),
            "language": language,
            "leak": False,
            "split": "",
        }
    )
    return made.astype(dict.fromkeys(("predicted", "truth", "language", "split"), "str"))


def joined(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)


class TestPerClass:
    table = joined(books(300, "Map", 60), books(200, "Play"), books(30, "Song"))

    def test_each_class_has_its_own_answer(self) -> None:
        found = find_guaranteed_cuts(self.table, CLASSES, 0.05)
        assert found.cuts["Play"] == 0.0
        assert found.cuts["Map"] is not None
        assert found.cuts["Map"] > 0.6
        assert found.cuts["Song"] is None
        assert not found.guaranteed
        assert [group.guaranteed for group in found.groups] == [True, True, False]

    def test_what_is_promised_is_within_its_exact_bound(self) -> None:
        found = find_guaranteed_cuts(self.table, CLASSES, 0.05)
        for group in found.groups[:2]:
            assert group.upper <= 0.05
            assert group.errors / group.accepted <= group.upper
        assert math.isnan(found.groups[2].upper)
        assert sum(group.level for group in found.groups[:2]) <= 2 * 0.05

    def test_the_policy_accepts_what_was_promised(self) -> None:
        found = find_guaranteed_cuts(self.table, CLASSES, 0.05)
        kept = apply_policy(self.table, found.policy())
        accepted = self.table["predicted"][kept].value_counts().to_dict()
        assert accepted == {group.class_name: group.accepted for group in found.groups if group.guaranteed}

    def test_the_words_say_what_holds_and_what_does_not(self) -> None:
        found = find_guaranteed_cuts(self.table, CLASSES, 0.05)
        said = wording.promise(found)
        assert said[0].startswith("With 95 % confidence at most 5 % of the books accepted as Map are wrong (cut 0.")
        assert (
            said[1] == "With 95 % confidence at most 5 % of the books accepted as Play are wrong"
            " (cut 0; 0 of 200 labelled ones above it are wrong)."
        )
        assert said[2] == "All of this holds together with 95 % confidence."
        assert said[3].startswith(
            "Nothing can be promised for books predicted to be Song: at most 5 % wrong needs at least 80 labelled ones"
            " without an error above a cut, and only 30 are labelled."
        )
        assert (
            said[-1] == "It rests on 530 checked titles. It holds for a collection of which they are a random sample."
        )
        assert wording.reason(found) == wording.group(found, found.groups[2])

    def test_a_class_that_is_never_predicted_is_spoken_of_and_is_no_broken_promise(self) -> None:
        found = find_guaranteed_cuts(books(100, "Map"), ("Map", "Poem"), 0.05)
        assert found.cuts == {"Map": 0.0, "Poem": None}
        assert found.guaranteed
        assert wording.reason(found) == ""
        assert found.forecast is None
        assert "The model calls no book Poem: there is nothing to promise of it" in wording.group(
            found, found.groups[1]
        )

    def test_a_class_that_is_never_predicted_takes_no_share_of_the_confidence(self) -> None:
        alone = find_guaranteed_cuts(books(70, "Map"), ("Map",), 0.05)
        beside = find_guaranteed_cuts(books(70, "Map"), ("Map", "Poem", "Play"), 0.05)
        assert alone.groups[0].level == beside.groups[0].level
        assert alone.guaranteed
        assert beside.guaranteed

    def test_a_class_that_is_predicted_and_never_checked_is_refused(self) -> None:
        unchecked = books(20, "Poem").assign(truth="")
        found = find_guaranteed_cuts(joined(books(100, "Map"), unchecked), ("Map", "Poem"), 0.05)
        assert not found.guaranteed
        assert "only 0 are labelled" in wording.reason(found)

    def test_everything_goes_into_json(self) -> None:
        said = json.loads(
            json.dumps(wording.guarantee_record(find_guaranteed_cuts(self.table, CLASSES, 0.05)).as_dict())
        )
        assert said["promised"] is False
        assert said["cuts"]["Song"] is None
        assert said["groups"][2]["upper"] is None
        assert said["sentence"].startswith("With 95 % confidence")


@pytest.mark.parametrize(
    ("max_error", "confidence", "words"),
    [
        (0.025, 0.95, "With 95 % confidence at most 2.5 % of"),
        (0.045, 0.975, "With 97.5 % confidence at most 4.5 % of"),
        (0.0125, 0.999, "With 99.9 % confidence at most 1.25 % of"),
        (1 / 30, 0.99, "With 99 % confidence at most 3.34 % of"),
    ],
)
def test_words_never_promise_more_than_was_proved(max_error: float, confidence: float, words: str) -> None:
    found = find_guaranteed_cuts(books(900, "Map"), ("Map",), max_error, confidence)
    assert wording.promise(found)[0].startswith(words)
    refused = find_guaranteed_cuts(books(9, "Map"), ("Map",), max_error, confidence)
    assert f"at most {words.split('at most ')[1].removesuffix(' of')} wrong needs" in wording.reason(refused)


class TestTogether:
    def test_one_cut_whatever_the_class(self) -> None:
        found = find_guaranteed_cuts(joined(books(150, "Map"), books(150, "Play", 40)), CLASSES, 0.05, per="together")
        assert len(found.groups) == 1
        assert found.groups[0].class_name == ALL_CLASSES
        assert len({found.cuts[name] for name in CLASSES}) == 1
        assert found.guaranteed
        assert "of the accepted books are wrong" in wording.promise(found)[0]

    def test_one_per_cent_needs_299_without_an_error(self) -> None:
        refused = find_guaranteed_cuts(books(298, "Map"), ("Map",), 0.01, per="together")
        assert not refused.guaranteed
        assert (
            "needs at least 299 labelled ones without an error above a cut, and only 298 are labelled"
            in wording.reason(refused)
        )
        assert find_guaranteed_cuts(books(299, "Map"), ("Map",), 0.01, per="together").guaranteed


class TestStrata:
    table = joined(
        books(150, "Map", language="English"),
        books(150, "Map", 75, language="German").sample(frac=1, random_state=1),
        books(20, "Map", language="Dutch"),
        books(120, "Play", language="English"),
    )

    def test_strata_with_enough_good_labels_keep_the_promise_and_the_others_go_to_review(self) -> None:
        found = find_guaranteed_cuts(self.table, ("Map", "Play"), 0.05, stratum="language")
        assert found.by_stratum == {"English": {"Map": 0.0, "Play": 0.0}}
        assert {group.value for group in found.groups} - set(found.by_stratum) == {"German", "Dutch"}
        assert found.cuts == {}
        kept = apply_policy(self.table, found.policy())
        assert set(self.table["language"][kept]) == {"English"}
        assert kept.sum() == 270

    def test_words_name_the_strata(self) -> None:
        found = find_guaranteed_cuts(self.table, ("Map", "Play"), 0.05, stratum="language")
        assert any("of the English books accepted as Map are wrong" in sentence for sentence in wording.promise(found))
        assert any(
            "Nothing can be promised for German books predicted to be Map" in said for said in wording.promise(found)
        )
        assert "Nothing is known of Dutch books: 20 checked books (20 map)." in wording.promise(found)

    def test_many_refused_strata_are_put_together(self) -> None:
        small = [books(52, "Map", language=f"Language {i}") for i in range(9)]
        found = find_guaranteed_cuts(
            joined(books(300, "Map"), *small), ("Map",), 0.05, stratum="language", per="together"
        )
        assert found.guaranteed
        assert any("and 4 other groups: what has no cut goes to review" in said for said in wording.promise(found))

    def test_the_doubt_is_split_over_the_strata(self) -> None:
        two = joined(books(71, "Map"), books(71, "Map", language="German"))
        assert find_guaranteed_cuts(two, ("Map",), 0.05, stratum="language").by_stratum != {}
        assert (
            sum(len(cuts) for cuts in find_guaranteed_cuts(two, ("Map",), 0.05, stratum="language").by_stratum.values())
            == 1
        )


class TestWhichLabelsCount:
    def test_leaks_and_training_books_are_left_out_and_said(self) -> None:
        table = joined(
            books(100, "Map"), books(50, "Map", 50).assign(leak=True), books(30, "Map", 30).assign(split="train")
        )
        found = find_guaranteed_cuts(table, ("Map",), 0.05)
        assert (found.labelled, found.left_out) == (100, 80)
        assert found.cuts["Map"] == 0.0
        learned = "80 others are left out because the model learned, or may have learned, from their titles."
        assert learned in wording.promise(found)[-1]

    def test_a_model_of_our_own_is_known_to_have_learned(self) -> None:
        table = joined(books(100, "Map"), books(50, "Map", 50).assign(leak=True))
        found = find_guaranteed_cuts(table, ("Map",), 0.05, learned_known=True)
        assert "50 others are left out because the model learned from their titles." in wording.promise(found)[-1]

    def test_unknown_confidence_and_missing_predictions_do_not_count(self) -> None:
        table = joined(
            books(100, "Map"), books(50, "Map", 50).assign(confidence=np.nan), books(20, "", 20), books(9, "Other")
        )
        found = find_guaranteed_cuts(table, ("Map",), 0.05)
        assert found.labelled == 100
        assert found.guaranteed

    def test_editions_count_once_and_what_nobody_could_decide_is_wrong(self) -> None:
        table = joined(books(100, "Map"), books(2, "Map", 2)).assign(truth_given="x")
        table["title_key"] = [f"title {i}" for i in range(100)] + ["title 0", "title 1"]
        table.loc[99, "truth"] = ""
        result = find_guaranteed_cuts(table, ("Map",), 0.05)
        assert (result.labelled, result.editions, result.unusable) == (100, 2, 1)
        assert wording.promise(result)[-1].startswith(
            "It rests on 100 checked titles; 1 of them, which nobody could decide, are counted as wrong; 2 further"
            " editions of them are not counted again."
        )

    def test_what_nobody_could_decide_is_named_where_it_costs_the_promise(self) -> None:
        """59 books without an error are the fewest for 5 %: with the surest of 60 undecided, 60 are too few."""
        table = books(60, "Map").assign(truth_given="x")
        assert find_guaranteed_cuts(table, ("Map",), 0.05).guaranteed
        table.loc[table["confidence"].idxmax(), "truth"] = ""
        result = find_guaranteed_cuts(table, ("Map",), 0.05)
        assert not result.guaranteed
        assert wording.promise(result)[-2] == (
            "1 checked book that nobody could decide counts as wrong here; a clear answer for it may bring the promise."
        )

    def test_without_any_label_nothing_is_promised(self) -> None:
        table = books(100, "Map").assign(truth=pd.Series([""] * 100, dtype="str"))
        found = find_guaranteed_cuts(table, ("Map",), 0.05)
        assert found.cuts == {"Map": None}
        assert "only 0 are labelled" in wording.reason(found)
        assert find_guaranteed_cuts(table.iloc[:0], ("Map",), 0.05, stratum="language").groups == ()


@pytest.mark.parametrize(("max_error", "confidence"), [(0, 0.95), (1, 0.95), (0.05, 1), (5, 0.95), (0.05, 95)])
def test_shares_lie_between_0_and_1(max_error: float, confidence: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        find_guaranteed_cuts(books(10, "Map"), ("Map",), max_error, confidence)


def test_classes_must_be_named() -> None:
    with pytest.raises(InputError, match="names of the classes"):
        find_guaranteed_cuts(books(10, "Map"), (), 0.05)


class TestFromTheBand:
    """A band answers any share: its limits hold at every cut, so that the lowest cut may be looked for freely."""

    def test_where_all_are_checked_the_share_is_counted(self) -> None:
        # Ten maps, all checked; the 5th and the 9th surest are wrong: 1 of 8 above the 9th, 2 of 10 in all.
        table = books(10, "Map").assign(confidence=np.arange(10, 0, -1) / 10)
        table.loc[[4, 8], "truth"] = "Other"
        band = ErrorBand(table, ("Map",))
        assert find_guaranteed_cuts(table, ("Map",), 0.2, per="together", band=band).cuts == {"Map": 0.0}
        eighth = find_guaranteed_cuts(table, ("Map",), 0.125, per="together", band=band).groups[0]
        assert (eighth.accepted, eighth.errors, eighth.upper) == (8, 1, 0.125)
        assert eighth.cut is not None
        assert 0.2 <= eighth.cut < 0.3
        tenth = find_guaranteed_cuts(table, ("Map",), 0.1, per="together", band=band).groups[0]
        assert (tenth.accepted, tenth.errors) == (4, 0)
        assert tenth.cut is not None
        assert 0.6 <= tenth.cut < 0.7

    def test_a_single_book_above_a_cut_counts_as_what_it_is(self) -> None:
        # Ten maps, all checked; the two surest are wrong: 1 of 1 above the second, 2 of 10 in all. Neither is a tenth.
        table = books(10, "Map").assign(confidence=np.arange(10, 0, -1) / 10)
        table.loc[[0, 1], "truth"] = "Other"
        band = ErrorBand(table, ("Map",))
        assert find_guaranteed_cuts(table, ("Map",), 0.1, per="together", band=band).groups[0].cut is None
        assert find_guaranteed_cuts(table, ("Map",), 0.2, per="together", band=band).groups[0].cut == 0.0

    def test_it_is_the_lowest_cut_whose_limit_is_small_enough(self) -> None:
        generator = np.random.default_rng(5)
        table = books(1000, "Map").assign(language="x")
        wrong = generator.random(1000) < np.linspace(0, 0.3, 1000)
        table["truth"] = np.where(wrong, "Other", "Map")
        table.loc[generator.permutation(1000)[:600], "truth"] = ""
        band = ErrorBand(table, ("Map",))
        limits = band.limits()
        assert limits is not None
        result = find_guaranteed_cuts(table, ("Map",), 0.1, per="together", band=band)
        stated, checked = table["confidence"].to_numpy(), (table["truth"] != "").to_numpy()
        passing = [
            int((stated > cut).sum())
            for cut in np.append(stated, 0.0)
            if (stated > cut).any()
            and limits.most_left(errors := int((checked & (stated > cut) & (table["truth"] == "Other")).sum())) + errors
            <= 0.1 * (stated > cut).sum()
        ]
        assert apply_policy(table, result.policy()).sum() == max(passing) > 100
        assert result.groups[0].level == limits.alpha == 0.05

    def test_what_is_refused_says_how_many_would_be_forgiven(self) -> None:
        table = joined(books(400, "Map", 300), books(400, "Map").assign(truth=""))
        band = ErrorBand(table, ("Map",))
        refused = find_guaranteed_cuts(table, ("Map",), 0.01, per="together", band=band).groups[0]
        assert refused.cut is None
        assert refused.allowed < refused.errors or refused.allowed == -1
        assert math.isnan(refused.upper)

    def test_it_has_no_limits_by_facet_or_for_many_classes(self) -> None:
        table = books(10, "Map")
        band = ErrorBand(table, ("Map",))
        with pytest.raises(InputError, match="each value of a facet"):
            find_guaranteed_cuts(table, ("Map",), 0.1, stratum="language", band=band)
        many = tuple("abcde")
        with pytest.raises(InputError, match="no band for each class"):
            find_guaranteed_cuts(table.assign(predicted="a", truth="a"), many, 0.1, band=ErrorBand(table, many))

    def test_records_the_model_learned_from_do_not_thin_out_the_wrong_ones(self) -> None:
        # Ten maps, all checked, two of them wrong: 2 of 10, however many others the model has learned from.
        table = books(10, "Map", 2).assign(confidence=0.9)
        learned = books(90, "Map").assign(leak=True)
        both = joined(table, learned)
        band = ErrorBand(both, ("Map",))
        assert find_guaranteed_cuts(both, ("Map",), 0.19, per="together", band=band).groups[0].cut is None
        assert find_guaranteed_cuts(both, ("Map",), 0.2, per="together", band=band).groups[0].cut == 0.0
