import math

import pandas as pd
import pytest

from core.errors import InputError
from core.language_evidence import LanguageSources, language_evidence
from core.wording.representativeness import evidence_sentences


def books(first_id: int, *kinds: tuple[str, str, int]) -> pd.DataFrame:
    """Make records from (language, source, count); the title says the language in its own way."""
    rows = [(language, source) for language, source, count in kinds for _ in range(count)]
    return pd.DataFrame(
        {
            "record_id": pd.array([f"b{first_id + i}" for i in range(len(rows))], dtype="str"),
            "title": pd.array([f"{language} {i % 10}" for i, (language, _) in enumerate(rows)], dtype="str"),
            "language": pd.array([language for language, _ in rows], dtype="str"),
            "language_source": pd.array([source for _, source in rows], dtype="str"),
        }
    )


def detect(titles: pd.Series) -> pd.Series:
    """Recognise nine in ten, and abstain on the tenth."""
    language = titles.str.extract(r"^(\w*)")[0].fillna("").astype("str")
    return language.where(~titles.str.endswith("9"), "")


@pytest.fixture
def sample() -> pd.DataFrame:
    return books(0, ("Dutch", "catalogue", 50), ("English", "catalogue", 50))


@pytest.fixture
def population(sample: pd.DataFrame) -> pd.DataFrame:
    others = books(
        1000,
        ("Dutch", "detected", 10),
        ("English", "detected", 830),
        ("", "", 50),
        ("English", "catalogue", 10),
    )
    return pd.concat([sample, others], ignore_index=True)


def evidence(sample, population, **options):
    return language_evidence(sample, population, sample_name="annotated", population_name="digitised", **options)


def test_where_the_languages_come_from(sample, population):
    result = evidence(sample, population)
    assert result.sample == LanguageSources(100, 0, 0)
    assert result.population == LanguageSources(110, 840, 50)
    assert result.population.n == 1000
    assert evidence_sentences(result)[1] == (
        "Of the 1,000 digitised books the language is catalogued for 110 (11 %), was detected from the title for 840"
        " (84 %) and is unknown for 50 (5 %)."
    )


def test_ratios_on_different_evidence(sample, population):
    table = evidence(sample, population).table.set_index("value")
    assert table.index.tolist() == ["English", "Dutch"]
    assert table.loc["Dutch", "ratio"] == pytest.approx((50 / 100) / (60 / 1000))
    assert table.loc["Dutch", "catalogued_ratio"] == pytest.approx((50 / 100) / (50 / 110))
    assert "detected_ratio" not in table
    assert (table["low"] < table["ratio"]).all() and (table["ratio"] < table["high"]).all()


def test_catalogued_languages_that_are_those_of_the_sample_itself(sample, population):
    result = evidence(sample, population)
    assert result.circular
    assert result.catalogued_elsewhere == 10
    assert evidence_sentences(result)[2] == (
        "Of the 110 digitised books with a catalogued language only 10 are not among the annotated: by catalogued"
        " languages the annotated books would be compared with themselves, so what is said by language rests on"
        " detection."
    )
    assert evidence_sentences(result)[3].startswith("Dutch books are 8 times over-represented (8.33, ")
    assert (
        ", 1.1 times over-represented (1.1, " in evidence_sentences(result)[3]
        or " and 1.1 times" in evidence_sentences(result)[3]
    )


def test_like_for_like_with_a_detector(sample, population):
    result = evidence(sample, population, detect=detect)
    table = result.table.set_index("value")
    # the detector finds 45 of the 50 Dutch books of the sample, 45 + 10 of the population's
    assert table.loc["Dutch", ["sample_detected_n", "population_detected_n"]].tolist() == [45, 55]
    assert table.loc["Dutch", "detected_ratio"] == pytest.approx((45 / 100) / (55 / 1000))
    assert table.loc["Dutch", ["checked_n", "recognised_n"]].tolist() == [50, 45]
    assert table.loc["English", ["checked_n", "recognised_n"]].tolist() == [60, 54]
    assert evidence_sentences(result)[-1] == "The detector recognises 45 of the 50 books catalogued as Dutch (90 %)."
    assert "with those detected from the title in both" in evidence_sentences(result)[-2]


def test_nothing_catalogued_and_nothing_detected(sample):
    result = evidence(sample, books(1000, ("", "", 100)))
    assert result.circular
    assert evidence_sentences(result)[-1] == "No digitised book has a catalogued language: nothing can be said."
    assert result.table["ratio"].isna().all()


def test_all_detected(sample):
    result = evidence(sample, books(1000, ("English", "detected", 100), ("Dutch", "detected", 20)))
    assert evidence_sentences(result)[2] == (
        "No digitised book has a catalogued language: what is said by language rests on detection."
    )
    assert "too few to say with catalogued ones only" in evidence_sentences(result)[3]


def test_enough_catalogued_books_elsewhere(sample):
    result = evidence(sample, books(1000, ("English", "catalogue", 100), ("Dutch", "catalogue", 20)))
    assert not result.circular
    assert not any("rests on" in sentence for sentence in evidence_sentences(result))
    table = result.table.set_index("value")
    assert table["ratio"].tolist() == table["catalogued_ratio"].tolist()


def test_rare_languages_have_no_ratio(sample):
    result = evidence(sample, books(1000, ("English", "catalogue", 100), ("Manx", "detected", 9)))
    row = result.table.set_index("value").loc["Manx"]
    assert row["population_n"] == 9 and math.isnan(row["ratio"]) and math.isnan(row["catalogued_ratio"])


def test_refuses(sample, population):
    with pytest.raises(InputError, match="The digitised books have no column 'language_source'"):
        evidence(sample, population.drop(columns="language_source"))
    with pytest.raises(InputError, match="The annotated books are none"):
        evidence(sample[:0], population)
