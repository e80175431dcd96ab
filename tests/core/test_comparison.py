import json
import math

import numpy as np
import pandas as pd
import pytest

from core.comparison import BETTER, TOO_FEW, UNCLEAR, WORSE, compare_models, outcomes_by_value
from core.errors import InputError
from core.statistics import mcnemar_exact
from core.wording.evaluation import comparison_sentences, comparison_verdict

CLASSES = ("Map", "Play", "Song")


def model(words: list[str], truth: list[str], **columns: object) -> pd.DataFrame:
    """A scored table; columns may replace anything."""
    n = len(words)
    created = pd.DataFrame(
        {
            "record_id": [f"b{i:04d}" for i in range(n)],
            "title": [f"Title {i}" for i in range(n)],
            "title_key": [f"title {i}" for i in range(n)],
            "author": "",
            "date": "1850",
            "language": "English",
            "year": pd.array([1850] * n, dtype="Int64"),
            "place": "London",
            "predicted": words,
            "confidence": np.linspace(0.99, 0.51, n),
            "truth": truth,
            "leak": False,
        }
    ).assign(**columns)
    text = ["record_id", "title", "title_key", "author", "date", "language", "place", "predicted", "truth"]
    return created.astype(dict.fromkeys(text, "str"))


TRUTH = ["Map"] * 20 + ["Play"] * 20 + ["Song"] * 20
# The first has the last 12 songs wrong, the second 2 maps and 3 songs, one of them like the first.
FIRST = model(["Map"] * 20 + ["Play"] * 20 + ["Song"] * 8 + ["Map"] * 12, TRUTH)
SECOND = model(["Play"] * 2 + ["Map"] * 18 + ["Play"] * 20 + ["Song"] * 17 + ["Play"] * 2 + ["Map"], TRUTH)


class TestCounts:
    found = compare_models(FIRST, SECOND, CLASSES, names=("old", "new"))

    def test_who_is_right_alone(self) -> None:
        result = self.found
        assert result.n == 60
        assert (result.both_right, result.only_first, result.only_second, result.both_wrong) == (46, 2, 9, 3)
        assert result.p == mcnemar_exact(2, 9) == pytest.approx(0.0654, abs=1e-4)

    def test_figures_of_each_and_their_difference(self) -> None:
        result = self.found
        assert [item.value for item in result.accuracy] == pytest.approx([48 / 60, 55 / 60])
        assert result.accuracy_difference.value == pytest.approx(7 / 60)
        assert result.accuracy_difference.low < 7 / 60 < result.accuracy_difference.high
        # F1 by hand. Old: maps 20 of 32 called, 20 are; plays 20, 20, 20; songs 8 of 8, 20 are.
        old = np.mean([2 * 20 / 52, 1, 2 * 8 / 28])
        # New: maps 18 of 19, 20; plays 20 of 24, 20; songs 17 of 17, 20.
        new = np.mean([2 * 18 / 39, 2 * 20 / 44, 2 * 17 / 37])
        assert [item.value for item in result.macro_f1] == pytest.approx([old, new])
        assert result.macro_f1_difference.value == pytest.approx(new - old)

    def test_disagreements_are_listed_the_surest_mistakes_first(self) -> None:
        table = self.found.disagreements
        # Ten songs and two maps on which they differ, and one song both have wrong, each in its way, twice.
        assert len(table) == 13
        assert table["outcome"].value_counts().to_dict() == {
            "only the second is right": 9,
            "only the first is right": 2,
            "both are wrong": 2,
        }
        assert table["record_id"].iloc[0] == "b0000"
        assert table["outcome"].iloc[-1] == "both are wrong"
        assert {"title", "truth", "first", "first_confidence", "second", "second_confidence"} <= set(table)

    def test_words_are_careful(self) -> None:
        assert comparison_verdict(self.found) == (
            "'old' and 'new' cannot be told apart: of 60 books only 'new' has 9 right and only 'old' 2 (p = 0.065)."
        )
        assert "No group of books is clearly better or worse with either of them." in comparison_sentences(self.found)

    def test_everything_goes_into_json(self) -> None:
        content = json.loads(json.dumps(self.found.as_dict()))
        assert (content["n"], content["disagreements"], content["only_second"]) == (60, 13, 9)
        assert content["by_value"][0]["facet"] == "language"


def test_a_clear_winner_is_named_whichever_side_it_is_on() -> None:
    good, bad = model(TRUTH, TRUTH), model(["Map"] * 60, TRUTH)
    for tables, winner in (((bad, good), "second"), ((good, bad), "first")):
        text = comparison_verdict(compare_models(*tables, CLASSES))
        assert text.startswith(f"'{winner}' is right 66.7 percentage points more often")


def test_the_same_seed_gives_the_same_interval() -> None:
    item, same, other = (compare_models(FIRST, SECOND, CLASSES, seed=seed).macro_f1_difference for seed in (1, 1, 2))
    assert item == same
    assert item != other


def test_editions_of_a_title_are_drawn_together() -> None:
    apart = compare_models(FIRST, SECOND, CLASSES).accuracy_difference
    editions = [f"title {i // 6}" for i in range(60)]
    together = compare_models(FIRST.assign(title_key=editions), SECOND.assign(title_key=editions), CLASSES)
    assert together.accuracy_difference.value == apart.value
    assert together.accuracy_difference.high - together.accuracy_difference.low > apart.high - apart.low


class TestWhichBooks:
    def test_books_are_matched_by_record_id_whatever_their_order(self) -> None:
        shuffled = SECOND.sample(frac=1, random_state=0)
        comparison = compare_models(FIRST, shuffled, CLASSES)
        assert (comparison.only_first, comparison.only_second) == (2, 9)

    def test_what_is_not_compared_is_counted_with_its_reason(self) -> None:
        truth = SECOND["truth"].mask(SECOND.index == 0, "Song").mask(SECOND.index == 1, "")
        comparison = compare_models(FIRST.iloc[:50], SECOND.assign(truth=truth), CLASSES, names=("old", "new"))
        assert comparison.n == 48
        assert comparison.left_out == {
            "they are labelled only with 'old'": 1,
            "they are labelled only with 'new'": 10,
            "their labels differ between the two": 1,
        }
        assert "10 labelled books are not compared: they are labelled only with 'new'." in comparison_sentences(
            comparison
        )

    def test_leaks_of_either_are_counted(self) -> None:
        comparison = compare_models(FIRST.assign(leak=FIRST.index < 3), SECOND.assign(leak=SECOND.index == 5), CLASSES)
        assert comparison.leaked == 4
        assert any("4 of the books (7 %) have a title" in sentence for sentence in comparison_sentences(comparison))

    def test_a_missing_prediction_is_wrong(self) -> None:
        blank = SECOND.assign(predicted=pd.Series([""] * 60, dtype="str"))
        comparison = compare_models(FIRST, blank, CLASSES)
        assert (comparison.only_first, comparison.only_second) == (48, 0)
        assert comparison.macro_f1[1].value == 0

    def test_no_book_in_common_is_undefined_and_said(self) -> None:
        other = SECOND.assign(record_id="x" + SECOND["record_id"])
        comparison = compare_models(FIRST, other, CLASSES)
        assert comparison.n == 0
        assert math.isnan(comparison.p)
        assert not comparison.accuracy_difference.defined
        assert comparison_verdict(comparison).startswith("There is no labelled book that both")
        assert comparison.as_dict()["p"] is None

    def test_a_class_that_nobody_has_is_no_part_of_the_mean(self) -> None:
        with_it, without = (compare_models(FIRST, SECOND, classes) for classes in ((*CLASSES, "Poem"), CLASSES))
        assert with_it.macro_f1[0].value == without.macro_f1[0].value

    def test_record_ids_must_be_unique(self) -> None:
        twice = pd.concat([FIRST, FIRST.iloc[:1]], ignore_index=True)
        with pytest.raises(InputError, match="'b0000' is in 'old' more than once"):
            compare_models(twice, SECOND, CLASSES, names=("old", "new"))

    def test_labels_must_be_classes(self) -> None:
        with pytest.raises(InputError, match="'Song' is a label but no class. Classes are: Map, Play"):
            compare_models(FIRST, SECOND, ("Map", "Play"))


class TestByValue:
    def two(self, better: int, worse: int, same: int, n_right: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes of two models on books of which the second gains `better` and loses `worse`."""
        item = np.r_[np.zeros(better), np.ones(worse), np.zeros(same), np.ones(n_right)].astype(bool)
        two = np.r_[np.ones(better), np.zeros(worse), np.zeros(same), np.ones(n_right)].astype(bool)
        return item, two

    def test_verdicts_after_adjustment(self) -> None:
        languages, ones, twos = [], [], []
        for language, counts in (
            ("German", (30, 2, 5, 60)),
            ("Dutch", (1, 14, 0, 40)),
            ("Latin", (6, 0, 0, 20)),
            ("Greek", (3, 3, 1, 2)),
            ("English", (9, 8, 50, 300)),
        ):
            item, two = self.two(*counts)
            languages += [language] * len(item)
            ones.append(item)
            twos.append(two)
        table = pd.DataFrame({"language": pd.Series(languages, dtype="str")})
        result = outcomes_by_value(table, np.concatenate(ones), np.concatenate(twos), ("language",)).set_index("value")
        assert result["verdict"].to_dict() == {
            "English": UNCLEAR,
            "German": BETTER,
            "Dutch": WORSE,
            "Latin": UNCLEAR,
            "Greek": TOO_FEW,
        }
        # Four tests: English, German, Dutch, Latin. Holm: the smallest p times 4.
        assert result.loc["German", "p"] == mcnemar_exact(2, 30)
        assert result["p"].notna().sum() == 4
        assert result.loc["German", "p_adjusted"] == pytest.approx(4 * mcnemar_exact(2, 30))
        assert result.loc["Latin", "p"] == pytest.approx(2 * 0.5**6)
        assert result.loc["Greek", ["difference", "low", "high", "p"]].isna().all()
        assert result.loc["German", "difference"] == pytest.approx(28 / 97)
        assert result.loc["German", "low"] > 0
        assert result.loc["Dutch", "high"] < 0

    def test_sentences_name_the_groups(self) -> None:
        item, two = self.two(30, 1, 0, 69)
        truth = ["Map"] * 100
        first, second = (model(np.where(right, "Map", "Song").tolist(), truth) for right in (item, two))
        comparison = compare_models(
            first.assign(language="German"), second.assign(language="German"), CLASSES, facets=("language",)
        )
        assert "German books: 'second' is better, 1 of 100 wrong instead of 30." in comparison_sentences(comparison)

    @pytest.mark.slow
    def test_intervals_hold_the_true_difference(self) -> None:
        """The second gains 6 per cent and loses 3: the interval holds .03 in about 95 of 100 samples."""
        generator = np.random.default_rng(5)
        table = pd.DataFrame({"language": pd.Series(["German"] * 120, dtype="str")})
        held = 0
        for _ in range(200):
            kind = generator.choice(4, 120, p=[0.06, 0.03, 0.8, 0.11])
            row = outcomes_by_value(table, np.isin(kind, (1, 2)), np.isin(kind, (0, 2)), ("language",)).iloc[0]
            held += row["low"] <= 0.03 <= row["high"]
        assert 0.91 <= held / 200 <= 0.995

    def test_no_facet_no_rows(self) -> None:
        assert outcomes_by_value(pd.DataFrame({"language": []}), np.zeros(0, bool), np.zeros(0, bool), ()).empty


def test_one_book_in_common_is_too_few_to_compare() -> None:
    """Two sets with 1 common book "cannot be told apart (p = 1)"."""
    comparison = compare_models(CHECKED_ONE, CHECKED_ONE, ("Map", "Play"), names=("one", "two"))
    assert comparison.n == 1
    assert comparison_sentences(comparison) == (
        "Only 1 labelled book was predicted by both 'one' and 'two': too few to compare them.",
    )


CHECKED_ONE = pd.DataFrame(
    {
        "record_id": ["b1"],
        "title": ["A title"],
        "title_key": ["a title"],
        "author": [""],
        "date": [""],
        "year": pd.array([None], dtype="Int64"),
        "language": ["English"],
        "place": [""],
        "predicted": ["Map"],
        "confidence": [0.9],
        "truth": ["Map"],
        "leak": [False],
    }
)
