"""The annotated books beside the digitised ones: what the library's own files say of each other.

Measured: Dutch 13.6, Danish 15.2 and Swedish 16.5 times over-represented with the languages as they are; 13.1, 14.6 and
16.2 times with languages detected from the title on both sides. Only 67 of the 1,811 digitised books with a catalogued
language are not annotated, so catalogued languages alone say nothing. A better detector may move these a little.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.normalise import detect_languages, normalise_records
from core.readers import read_table
from core.readers.mapping import suggest_mapping
from core.representativeness import LanguageEvidence, Representativeness, compare, keyword_frequency, language_evidence
from core.schema import Kind
from core.wording.representativeness import evidence_sentences, headline, sentences

pytestmark = [pytest.mark.real, pytest.mark.slow]

BATCHES = ("Dutch", "Swedish", "Danish")  # the languages annotators chose as a batch
NAMES = {"sample_name": "annotated", "population_name": "digitised"}


def records(path: Path, kind: Kind, *, detect: bool = True) -> pd.DataFrame:
    source = read_table(path)
    return normalise_records(source, suggest_mapping(source.frame, kind), detect_languages=detect).records


@pytest.fixture(scope="module")
def annotated(real_data: Path) -> pd.DataFrame:
    return records(real_data / "annotated.csv", "labels")


@pytest.fixture(scope="module")
def digitised(real_data: Path) -> pd.DataFrame:
    return records(real_data / "digitised.csv.gz", "corpus")


@pytest.fixture(scope="module")
def compared(annotated: pd.DataFrame, digitised: pd.DataFrame) -> Representativeness:
    return compare(annotated, digitised, **NAMES)


@pytest.fixture(scope="module")
def evidence(annotated: pd.DataFrame, digitised: pd.DataFrame) -> LanguageEvidence:
    return language_evidence(annotated, digitised, **NAMES, detect=lambda titles: detect_languages(titles)["language"])


def test_every_annotated_book_is_a_digitised_one(compared):
    assert (compared.n_sample, compared.n_population, compared.n_shared) == (1744, 34690, 1744)
    assert sentences(compared)[-1] == (
        "All 1,744 annotated books are among the 34,690 digitised books; they are tested against the other 32,946."
    )


def test_the_conclusion_comes_first(compared):
    first, second, *_ = sentences(compared)
    assert first.startswith("Dutch books are 22 % of the annotated and 2 % of the digitised books:")
    assert second == "Very different by language."
    assert (
        "Catalogued differently, which says little about the books: country, where the language comes from."
        in sentences(compared)
    )


def test_three_languages_are_many_times_over_represented(compared):
    facet = next(facet for facet in compared.facets if facet.facet == "language")
    table = facet.table.set_index("value")
    assert table.loc[list(BATCHES), "sample_n"].tolist() == [375, 188, 177]
    assert (table.loc[list(BATCHES), "ratio"].between(9, 20)).all()
    assert (table.loc[list(BATCHES), "low"] > 8).all()
    assert (table.loc[list(BATCHES), "residual"] > 30).all()
    assert table.loc["French", "high"] < 0.1
    assert table.loc["English", "high"] < 0.9
    assert facet.verdict == "very different"
    assert facet.tvd > 10 * facet.tvd_by_chance
    assert headline(facet).startswith("Dutch books are 22 % of the annotated and 2 % of the digitised books: 1")
    assert "times over-represented. English books are 48 % and 6" in headline(facet)


def test_how_much_of_it_rests_on_detected_languages(compared, evidence):
    table = next(facet for facet in compared.facets if facet.facet == "language").table.set_index("value")
    assert table["sample_detected_n"].sum() == 0
    # all Dutch books whose language is catalogued are annotated ones
    others = table.loc[list(BATCHES), "population_n"] - table.loc[list(BATCHES), "shared_n"]
    assert others.tolist() == table.loc[list(BATCHES), "population_detected_n"].tolist()
    assert (others > 20).all()
    assert evidence.sample.catalogued == 1744
    assert evidence.population.catalogued == 1811
    assert evidence.population.detected > 20_000
    assert evidence.catalogued_elsewhere == 67
    assert evidence.circular
    assert "(5 %)" in evidence_sentences(evidence)[1]
    assert "what is said by language rests on detection" in evidence_sentences(evidence)[2]


def test_like_for_like_it_is_the_same(evidence):
    table = evidence.table.set_index("value").loc[list(BATCHES)]
    assert table["detected_low"].gt(8).all()
    # with catalogued languages the annotated books would be compared with themselves
    assert table["catalogued_ratio"].between(0.95, 1.1).all()
    recognised = table["recognised_n"] / table["checked_n"]
    assert recognised.between(0.75, 1).all()


def test_a_random_sample_of_the_digitised_books_is_alike(digitised):
    comparison = compare(digitised.sample(1744, random_state=4), digitised)
    assert {facet.verdict for facet in comparison.facets} == {"alike"}
    assert np.nanmin([facet.p_adjusted for facet in comparison.facets]) > 0.01


def test_the_test_set_is_like_the_digitised_books_although_its_ids_have_lost_their_zeros(real_data, digitised):
    tested = records(real_data / "test_predictions.csv", "predictions")
    assert (tested["record_id"].str.len() < 9).any()
    comparison = compare(tested, digitised, ["place", "language", "title_length", "first_letter"])
    assert comparison.n_shared == 999
    assert {facet.verdict for facet in comparison.facets} == {"alike"}


def test_digitised_books_are_found_in_the_catalogue_of_paper_books(real_data, digitised):
    catalogue = records(real_data / "reference_catalogue.csv.gz", "corpus", detect=False)
    comparison = compare(digitised, catalogue, ["decade"], sample_name="digitised", population_name="catalogued")
    assert 300 <= comparison.n_shared <= 320


def test_words_over_time(annotated, digitised):
    result = keyword_frequency(annotated, digitised, ["novel", "poem"], window=11, **NAMES)
    novels = result[(result["word"] == "novel") & (result["set"] == "digitised")].set_index("year")["rolling_share"]
    # the word comes into titles late in the century
    assert novels.loc[1830] < 0.03 < 0.08 < novels.loc[1890]
    assert result[result["year"].isna()]["n_titles"].sum() > 0
