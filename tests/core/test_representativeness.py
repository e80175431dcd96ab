import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.errors import InputError
from core.facets import FACETS
from core.representativeness import TOO_FEW_BOOKS, VERDICTS, FacetComparison, compare, verdict_of
from core.schema import RECORDS_COLUMNS
from core.statistics import share_ratio, standardised_residuals
from core.wording.representativeness import catalogued_differently, caveats, headline, lead, sentences


def books(first_id: int = 0, **counts: int) -> pd.DataFrame:
    """Make records of so many books a language; the name 'none' is a book without one."""
    languages = [("" if name == "none" else name) for name, count in counts.items() for _ in range(count)]
    frame = pd.DataFrame({name: pd.Series([""] * len(languages), dtype="str") for name in RECORDS_COLUMNS})
    frame["record_id"] = pd.Series([f"b{first_id + i:06}" for i in range(len(languages))], dtype="str")
    frame["title"] = pd.Series([f"{'ABCDE'[i % 5]} title" for i in range(len(languages))], dtype="str")
    frame["language"] = pd.Series(languages, dtype="str")
    frame["language_source"] = frame["language"].map(lambda name: "catalogue" if name else "").astype("str")
    frame["year"] = pd.array([1840 + i % 20 for i in range(len(languages))], dtype="Int64")
    return frame


def by_language(sample: pd.DataFrame, population: pd.DataFrame, **options: object) -> FacetComparison:
    names = {"sample_name": "annotated", "population_name": "digitised", **options}
    return compare(sample, population, ["language"], **names).facets[0]


@pytest.fixture
def apart() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A sample with 19 % Dutch beside a population, without common books, with 3 %."""
    return books(Dutch=19, English=71, none=10), books(1000, Dutch=30, English=900, none=60, Welsh=10)


def test_shares_ratios_and_limits(apart):
    result = by_language(*apart)
    table = result.table.set_index("value")
    assert table.index.tolist() == ["English", "no language", "Dutch", "Welsh"]
    assert table["sample_n"].to_dict() == {"English": 71, "no language": 10, "Dutch": 19, "Welsh": 0}
    assert table["population_share"].tolist() == [0.9, 0.06, 0.03, 0.01]
    assert table.loc["Dutch", "ratio"] == pytest.approx(19 / 3)
    expected = share_ratio([19], 100, [30], 1000)
    assert (table.loc["Dutch", "low"], table.loc["Dutch", "high"]) == pytest.approx((expected.low[0], expected.high[0]))
    assert table.loc["Welsh", "ratio"] == 0 < table.loc["Welsh", "high"]
    residuals = standardised_residuals([[71, 10, 19, 0], [900, 60, 30, 10]])[0]
    np.testing.assert_allclose(table["residual"], residuals)


def test_effect_sizes_by_hand(apart):
    result = by_language(*apart)
    # half of |.71 − .90| + |.10 − .06| + |.19 − .03| + |0 − .01|
    assert result.tvd == pytest.approx(0.20)
    assert 0 < result.tvd_by_chance < 0.05
    assert 0 < result.jsd_bits < 0.1
    assert 0 < result.cramers_v < 1
    # Welsh is expected once in the sample; one small cell takes the next smallest with it
    assert (result.test.pooled, result.test.df) == (2, 2)
    pooled = stats.chi2_contingency([[71, 10, 19], [900, 60, 40]], correction=False)
    assert (result.test.statistic, result.test.p) == pytest.approx((pooled.statistic, pooled.pvalue))


def test_the_headline_of_the_brief(apart):
    result = by_language(*apart)
    assert headline(result) == (
        "Dutch books are 19 % of the annotated and 3 % of the digitised books: 6 times over-represented."
        " English books are 71 % and 90 %: 1.3 times under-represented."
    )
    assert result.verdict == "clearly different"


def test_a_sample_inside_the_population(apart):
    _, population = apart
    sample = population[population["language"].isin(["Dutch", "Welsh"])].copy()
    result = compare(sample, population, ["language"], sample_name="annotated", population_name="digitised")
    assert (result.n_sample, result.n_population, result.n_shared) == (40, 1000, 40)
    assert sentences(result)[-1] == (
        "All 40 annotated books are among the 1,000 digitised books; they are tested against the other 960."
    )
    outcome = result.facets[0]
    table = outcome.table.set_index("value")
    assert table["shared_n"].to_dict() == {"English": 0, "no language": 0, "Dutch": 30, "Welsh": 10}
    # shares of the digitised books count the annotated ones too
    assert table.loc["Dutch", "population_share"] == 0.03
    expected = share_ratio([30], 40, [30], 1000, shared_k=[30], shared_n=40)
    assert table.loc["Dutch", "low"] == pytest.approx(expected.low[0])
    # the test compares with the 960 others, none of which is Dutch or Welsh
    assert outcome.cramers_v == pytest.approx(1)
    np.testing.assert_allclose(table["residual"], standardised_residuals([[0, 0, 30, 10], [900, 60, 0, 0]])[0])


def test_books_are_recognised_by_the_second_identifier(apart):
    _, population = apart
    sample = population[:50].copy()
    sample["alternate_id"] = sample["record_id"]
    sample["record_id"] = pd.Series([f"digital-{i}" for i in range(50)], dtype="str")
    result = compare(sample, population, ["language"])
    assert result.n_shared == 50
    some = compare(pd.concat([sample, books(5000, English=10)]), population, ["language"])
    assert sentences(some)[-1].startswith("50 of the 60 sample books are among the 1,000 population books")


def test_the_whole_population_as_its_own_sample(apart):
    _, population = apart
    result = compare(population, population, ["language"], sample_name="annotated", population_name="digitised")
    outcome = result.facets[0]
    assert (outcome.tvd, outcome.tvd_by_chance, outcome.verdict) == (0, 0, "alike")
    assert math.isnan(outcome.test.p) and outcome.test.reason == "no book of the population is outside the sample"
    np.testing.assert_allclose(outcome.table[["ratio", "low", "high"]], 1)
    assert sentences(result) == (
        "Alike by language.",
        "All 1,000 digitised books are among the 1,000 annotated books: there are no others to test them against.",
    )


def test_a_random_sample_is_alike_whatever_the_size_and_the_number_of_values():
    generator = np.random.default_rng(3)
    population = books(English=20_000)
    population["publisher"] = pd.Series(generator.zipf(1.3, 20_000) % 5000).astype("str")
    for n in (200, 2000, 10_000):
        drawn = [compare(population.sample(n, random_state=i), population, ["publisher"]).facets[0] for i in range(5)]
        assert {result.verdict for result in drawn} == {"alike"}
        assert np.mean([result.tvd for result in drawn]) == pytest.approx(drawn[0].tvd_by_chance, abs=0.02)
        assert drawn[0].tvd_by_chance > 0.05


def test_a_large_sample_does_not_make_a_small_difference_large():
    sample = books(English=50_500, Dutch=49_500)
    population = books(200_000, English=49_500, Dutch=50_500)
    result = by_language(sample, population)
    assert result.p_adjusted < 1e-4
    assert result.verdict == "alike"
    assert headline(result) == (
        "By language the annotated books are like the digitised ones: no value's share differs by more than 1.0"
        " percentage points."
    )


def test_distance_by_chance_of_two_separate_sets():
    generator = np.random.default_rng(5)
    values = [f"v{i}" for i in range(300)]
    seen = []
    for draw in range(20):
        sets = [books(draw * 10_000 + start, English=n) for start, n in ((0, 300), (5000, 500))]
        for item in sets:
            item["place"] = pd.Series(generator.choice(values, len(item)), dtype="str")
        result = compare(*sets, ["place"]).facets[0]
        seen.append((result.tvd, result.tvd_by_chance))
    measured, expected = np.mean(seen, axis=0)
    assert measured == pytest.approx(expected, abs=0.01)


def test_p_values_of_all_facets_are_adjusted_together(apart):
    result = compare(*apart, ["language", "first_letter", "decade", "country"])
    p = [facet.test.p for facet in result.facets]
    adjusted = [facet.p_adjusted for facet in result.facets]
    assert math.isnan(p[3]) and math.isnan(adjusted[3])  # no book has a country
    assert result.facets[3].test.reason == "all records have the same value"
    order = np.argsort(p[:3])
    assert adjusted[order[0]] == pytest.approx(3 * p[order[0]])
    assert adjusted[order[2]] >= p[order[2]]


def test_rare_values_have_counts_and_no_ratio():
    result = by_language(books(English=90, Welsh=9), books(500, English=900, Welsh=9, Manx=9))
    table = result.table.set_index("value")
    assert table.loc["Welsh", ["sample_n", "population_n"]].tolist() == [9, 9]
    assert table.loc[["Welsh", "Manx"], ["ratio", "low", "high", "residual"]].isna().all(axis=None)
    assert not math.isnan(table.loc["English", "ratio"])


def test_too_few_books_to_say():
    result = by_language(books(English=5, Dutch=4), books(500, English=900))
    assert result.verdict == TOO_FEW_BOOKS
    assert sentences(compare(books(English=9), books(500, English=900), ["language"])) == (
        "Too few books to say by language.",
    )
    assert headline(result) == "There are too few books to compare the two by language."
    assert math.isnan(result.tvd) and math.isnan(result.jsd_bits) and math.isnan(result.cramers_v)
    assert result.table["sample_share"].isna().all()
    assert result.table["sample_n"].sum() == 9


def test_values_the_population_lacks(apart):
    sample, _ = apart
    result = by_language(sample, books(500, English=1000))
    assert "Dutch books are 19 % of the annotated and 0 % of the digitised books: found in one of the two only." in (
        headline(result)
    )
    assert math.isnan(result.table.set_index("value").loc["Dutch", "ratio"])


def test_missing_values_are_told_first_when_they_overwhelm():
    sample = books(Dutch=50, English=50)
    population = books(500, none=900, Dutch=20, English=80)
    result = by_language(sample, population)
    assert headline(result) == (
        "Books without a language are 0 % of the annotated and 90 % of the digitised books."
        " Among the others, Dutch books are 50 % and 20 %: 2.5 times over-represented."
        " English books are 50 % and 80 %: 1.6 times under-represented."
    )
    assert caveats(result) == (
        "Books without a language are 0 % of the annotated and 90 % of the digitised books: this difference in"
        " cataloguing distorts the shares and ratios of all other values.",
    )
    nothing_known = by_language(sample, books(500, none=1000))
    assert (
        headline(nothing_known) == "Books without a language are 0 % of the annotated and 100 % of the digitised books."
    )


def test_detected_languages_are_counted(apart):
    sample, population = apart
    dutch = population["language"] == "Dutch"
    population["language_source"] = population["language_source"].where(~dutch, "detected")
    result = by_language(sample, population)
    table = result.table.set_index("value")
    assert table["population_detected_n"].to_dict() == {"English": 0, "no language": 0, "Dutch": 30, "Welsh": 0}
    assert table["sample_detected_n"].sum() == 0
    assert caveats(result) == (
        "The language was detected from the title, not catalogued, for 0 of the 100 annotated and 30 of the 1,000"
        " digitised books.",
    )


def test_other_values_are_only_in_the_chart(apart):
    sample, population = apart
    result = by_language(sample, population)
    chart = result.chart_table(1)
    assert chart["value"].tolist() == ["English", "no language", "other values (2)"]
    assert chart["sample_n"].tolist() == [71, 10, 19]
    assert chart["population_n"].tolist() == [900, 60, 40]
    assert chart["ratio"].iloc[2] == pytest.approx(19 / 4)
    assert chart["low"].iloc[2] == pytest.approx(share_ratio([19], 100, [40], 1000).low[0])
    assert list(chart.columns) == list(result.table.columns)
    assert len(result.table) == 4
    # one value alone is shown under its own name
    assert result.chart_table(3)["value"].tolist() == ["English", "Dutch", "Welsh", "no language"]


def test_charts_have_the_natural_order():
    sample, population = books(English=60), books(500, English=200)
    comparison = compare(sample, population, ["decade", "first_letter"])
    assert comparison.facets[0].chart_table()["value"].tolist() == ["1840s", "1850s"]
    assert comparison.facets[1].chart_table()["value"].tolist() == list("ABCDE")
    small = books(none=1)
    small["year"] = pd.array([None], dtype="Int64")
    with_gap = compare(pd.concat([sample, small]), population, ["decade"]).facets[0].chart_table(1)
    assert with_gap["value"].tolist()[-1] == "no date"


def test_all_facets_by_default(apart):
    result = compare(*apart)
    assert tuple(facet.facet for facet in result.facets) == FACETS
    assert sentences(result)[-1].startswith("Alike by ")
    assert "Clearly different by language." in sentences(result)


def test_what_a_curator_needs_comes_first(apart):
    sample, population = (table.copy() for table in apart)
    # every language of the sample is catalogued; half of the population's were detected: a difference of 45 in 100
    detected = (population.index % 2 == 0) & (population["language"] != "")
    population.loc[detected, "language_source"] = "detected"
    # and the sample alone has countries, which tells nothing of where the population's books are from
    sample["country"] = "Netherlands"
    population["country"] = pd.Series(["France"] * 200 + [""] * 800, dtype="str")
    result = compare(sample, population, sample_name="annotated", population_name="digitised")
    apart_by = {comparison.facet: comparison.tvd for comparison in result.facets}
    assert apart_by["country"] > apart_by["language_source"] > apart_by["language"] == pytest.approx(0.2)
    assert lead(result).facet == "language"
    conclusion, *further = sentences(result)
    assert conclusion == headline(lead(result))
    assert conclusion.startswith("Dutch books are 19 % of the annotated and 3 % of the digitised books")
    assert further[0] == "Clearly different by language."
    assert further[-1] == (
        "Catalogued differently, which says little about the books: country, where the language comes from."
    )
    assert not any("different by country" in sentence or "different by where" in sentence for sentence in further)


def test_how_titles_are_written_comes_after_what_the_books_are(apart):
    sample, population = (table.copy() for table in apart)
    sample["title"] = "Zeeland"  # all begin with Z, and none of the population's do
    result = compare(sample, population, ["first_letter", "language"])
    assert [comparison.tvd for comparison in result.facets] == [1, pytest.approx(0.2)]
    assert lead(result).facet == "language"
    assert lead(compare(sample, population, ["first_letter", "decade"])).facet == "first_letter"
    assert lead(compare(sample, population, ["decade"])) is None


def test_a_column_that_is_filled_more_often_in_one_set_says_nothing_of_the_books(apart):
    sample, population = apart
    assert not catalogued_differently(by_language(sample, population))  # without a language: 10 and 6 in 100
    blank = by_language(books(English=80, none=20), population)
    assert catalogued_differently(blank)
    assert lead(compare(books(English=80, none=20), population, ["language"])) is None


def test_json(apart):
    content = json.loads(json.dumps(compare(*apart, ["language", "country"]).as_dict(), allow_nan=False))
    assert (content["sample_n"], content["population_n"], content["shared_n"]) == (100, 1000, 0)
    language, country = content["facets"]
    assert {"facet", "tvd", "jsd_bits", "cramers_v", "p", "p_adjusted", "rows"} <= set(language)
    dutch = next(row for row in language["rows"] if row["value"] == "Dutch")
    assert {"value", "sample_n", "population_n", "ratio", "low", "high"} <= set(dutch)
    assert (dutch["sample_n"], dutch["population_n"]) == (19, 30)
    assert country["p"] is None and country["cramers_v"] is None


def test_same_tables_same_numbers(apart):
    assert compare(*apart).as_dict() == compare(*apart).as_dict()


def test_the_records_are_left_as_they_are(apart):
    before = [item.copy() for item in apart]
    compare(*apart)
    for item, other in zip(apart, before, strict=True):
        pd.testing.assert_frame_equal(item, other)


def test_refuses(apart):
    sample, population = apart
    with pytest.raises(InputError, match="There are no books in 'annotated'"):
        by_language(sample[:0], population)
    with pytest.raises(InputError, match="There are no books in 'digitised'"):
        by_language(sample, population[:0])
    with pytest.raises(InputError, match="facet 'colour' is read from the column 'colour'"):
        compare(sample, population, ["colour"])


@pytest.mark.parametrize(
    ("tvd", "by_chance", "word"),
    [
        (0.04, 0, "alike"),
        (0.05, 0, "slightly different"),
        (0.2, 0.06, "slightly different"),
        (0.2, 0, "clearly different"),
        (0.9, 0.1, "very different"),
        (0.01, 0.3, "alike"),
        (math.nan, math.nan, TOO_FEW_BOOKS),
    ],
)
def test_verdicts(tvd, by_chance, word):
    assert verdict_of(tvd, by_chance) == word
    assert word in (TOO_FEW_BOOKS, *(name for _, name in VERDICTS))


@pytest.mark.parametrize(("sample_n", "population_n"), [(10, 10), (9, 10), (10, 9)])
def test_ten_books_on_either_side_are_enough_for_shares(sample_n, population_n):
    found = by_language(books(English=sample_n), books(500, English=population_n))
    table = found.table
    assert table["sample_share"].notna().all() == (sample_n >= 10)
    assert table["population_share"].notna().all() == (population_n >= 10)
    both = min(sample_n, population_n) >= 10
    assert table["ratio"].notna().all() == both
    assert math.isnan(found.tvd) != both
    assert (found.verdict == TOO_FEW_BOOKS) != both


def test_the_shares_of_a_value_by_hand():
    # Ten of the sample's 20 books and of the 40 others: each value has half in the one and a quarter in the other.
    found = by_language(books(Dutch=10, English=10), books(500, Dutch=10, English=30))
    assert found.table.set_index("value")["ratio"].to_dict() == {"English": 0.5 / 0.75, "Dutch": 0.5 / 0.25}
    assert found.tvd == pytest.approx(0.25)
