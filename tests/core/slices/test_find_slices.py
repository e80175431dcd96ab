"""Planted slices are found, told apart and measured; decoys and chance are not reported."""

import json

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.predicates import FacetPredicate, RangePredicate, is_title_words, title_words
from core.slices import Slice, SliceFindings, find_slices
from core.statistics import wilson
from core.wording import slices as wording
from tests.core.slices import planted as made

pytestmark = pytest.mark.slow

CLASSES = made.CLASSES
TOGETHER = {FacetPredicate("place", ("Leiden",)), FacetPredicate("publisher", ("Brill",))}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return made.planted()


@pytest.fixture(scope="module")
def found(table: pd.DataFrame) -> SliceFindings:
    return find_slices(table, CLASSES)


def words_of(one: Slice) -> set[str]:
    return {term for predicate in one.predicates if is_title_words(predicate) for term in predicate.terms}


def is_verse(one: Slice) -> bool:
    words = words_of(one)
    return bool(words) and all(
        any(verse.startswith(part.rstrip("*")) for part in term.split() for verse in made.VERSE) for term in words
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_verse_leads_and_what_fails_only_together_stands_beside_it(seed: int) -> None:
    found = find_slices(made.planted(seed=seed), CLASSES, seed=seed)
    first, *others = (finding.slice for finding in found.unexplained)
    assert is_verse(first)
    assert len(first.predicates) == 1
    assert [set(one.predicates) for one in others] == [TOGETHER]


def test_nobody_told_the_search_what_verse_is(found: SliceFindings, table: pd.DataFrame) -> None:
    verse = table["title"].str.contains(" (?:poem|verse|canto|ballad)", regex=True).to_numpy()
    np.testing.assert_array_equal(found.slices[0].slice.mask(table), verse)


def test_what_fails_because_of_verse_is_folded_under_it(found: SliceFindings) -> None:
    early = [
        one for one in found.slices if any(isinstance(predicate, RangePredicate) for predicate in one.slice.predicates)
    ]
    assert early
    verse = found.slices[0].slice.description
    # Of some of them too few books are no verse to show that nothing remains; none stands as a cause of its own.
    assert {one.folded_under or one.confounded_with for one in early} == {verse}
    assert any(f"Explained by: {verse}." in wording.finding(one) for one in early)
    for one in early:
        assert (f"Cannot be told apart yet from: {verse}." in wording.finding(one)) == bool(one.confounded_with)


def test_neither_the_class_mix_nor_a_half_of_a_pair_is_reported(found: SliceFindings, table: pd.DataFrame) -> None:
    for decoy in (FacetPredicate("place", ("Paris",)), title_words("novel")):
        inside = decoy.mask(table)
        assert (~table["correct"])[inside].mean() > (~table["correct"])[~inside].mean()
        assert not any(decoy in finding.slice.predicates for finding in found.slices)
    assert not any(set(finding.slice.predicates) < TOGETHER for finding in found.unexplained)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nothing_is_reported_where_nothing_is_planted(seed: int) -> None:
    found = find_slices(made.none_planted(seed=seed), CLASSES, seed=seed)
    assert found.slices == ()
    assert found.reason.startswith("No slice is worse than chance allows")
    assert wording.sentences(found) == (found.reason,)


def test_every_number_can_be_recounted(found: SliceFindings, table: pd.DataFrame) -> None:
    wrong = ~table["correct"].to_numpy()
    assert (found.overall.errors, found.overall.rate.n) == (wrong.sum(), len(table))
    for finding in found.slices:
        inside, told = finding.slice.mask(table), finding.as_dict()
        assert (told["n"], told["errors"]) == (inside.sum(), wrong[inside].sum())
        assert told["error_rate"] == pytest.approx(wrong[inside].mean())
        assert (told["low"], told["high"]) == pytest.approx(wilson(told["errors"], told["n"]))
        assert told["explains"] == pytest.approx(wrong[inside].sum() / wrong.sum())
        assert told["collection_n"] == told["n"]
        rest = [
            wrong[~inside & (table["truth"] == name).to_numpy()].mean() * (inside & (table["truth"] == name)).sum()
            for name in CLASSES
        ]
        assert told["expected_errors"] == pytest.approx(sum(rest))
        assert told["ratio"] == pytest.approx(told["errors"] / sum(rest))
        assert told["ratio_low"] < told["ratio"] < told["ratio_high"]
        assert sum(confusion["n"] for confusion in told["confusions"]) == told["errors"]
        assert 0 <= told["p"] <= told["p_adjusted"] <= found.rate
        assert told["unseen_errors"] <= told["unseen_n"] <= told["n"]
        assert 1 <= told["found_in"] <= told["searches"] == 10


def test_the_findings_are_json_and_the_facts_can_be_applied_again(found: SliceFindings, table: pd.DataFrame) -> None:
    told = json.loads(json.dumps(found.as_dict()))
    keys = {"description", "facts", "n", "errors", "error_rate", "low", "high"}
    keys |= {"p_adjusted", "explains", "collection_n", "folded_under"}
    assert keys <= set(told["slices"][0])
    assert told["slices"][0]["folded_under"] is None
    for content, finding in zip(told["slices"], found.slices, strict=True):
        again = Slice.from_dict(content | {"name": ""})
        assert again.mask(table).sum() == finding.measured.n


def test_the_verdict_is_said_in_words(found: SliceFindings) -> None:
    first = found.slices[0].as_dict()
    assert wording.sentences(found)[0].startswith(f"{found.overall.errors} of 3,000 labelled books are wrong (")
    assert wording.sentences(found)[0].endswith(" 2 are worse than chance allows and not explained by others.")
    assert wording.sentences(found)[1].startswith("Books with “")
    assert f" in the title: {first['errors']} of {first['n']} wrong (" in wording.sentences(found)[1]
    assert (
        f"{first['collection_n']} books of the collection. Among the titles the search had not seen, each once:"
        in wording.sentences(found)[1]
    )


def test_the_same_seed_finds_the_same(found: SliceFindings, table: pd.DataFrame) -> None:
    assert find_slices(table, CLASSES).as_dict() == found.as_dict()


def test_unlabelled_rows_are_counted_and_not_searched(found: SliceFindings, table: pd.DataFrame) -> None:
    more = made.planted(1000, seed=9).assign(truth="", correct=False)
    again = find_slices(pd.concat([table, more], ignore_index=True), CLASSES)
    for one, other in zip(again.slices, found.slices, strict=True):
        assert one.as_dict() | {"collection_n": 0, "sentence": ""} == other.as_dict() | {
            "collection_n": 0,
            "sentence": "",
        }
        assert one.measured.collection_n == other.measured.n + one.slice.mask(more).sum()


def test_the_collection_can_be_another_table(found: SliceFindings, table: pd.DataFrame) -> None:
    collection, _ = made.library(500, seed=7)
    again = find_slices(table, CLASSES, collection=collection)
    assert [one.measured.collection_n for one in again.slices] == [
        int(one.slice.mask(collection).sum()) for one in found.slices
    ]


def test_classes_are_whatever_the_data_has() -> None:
    records, _ = made.library(3000, seed=3)
    random = np.random.default_rng(4)
    classes = ("A", "B", "C")
    truth = random.choice(classes, 3000)
    wrong = random.random(3000) < np.where(records["place"] == "Berlin", 0.4, 0.08)
    found = find_slices(made.scored(records, truth, wrong, classes), classes)
    assert [finding.slice.predicates for finding in found.unexplained] == [(FacetPredicate("place", ("Berlin",)),)]
    assert {confusion.predicted for confusion in found.slices[0].measured.confusions} == set(classes)


def test_editions_of_one_title_prove_no_more_than_one_book() -> None:
    records, truth = made.library(2000, seed=5)
    wrong = np.random.default_rng(6).random(2000) < 0.1
    again = [0] * 60
    titles = records["title"].tolist()
    titles[0] = "zither songs"
    records = made.with_titles(records, titles)
    table = made.scored(
        pd.concat([records, records.iloc[again]], ignore_index=True),
        np.concatenate([truth, truth[again]]),
        np.concatenate([np.append(True, wrong[1:]), np.ones(60, dtype=bool)]),
    )
    found = find_slices(table, CLASSES)
    assert not any(finding.slice.mask(records)[0] for finding in found.unexplained)


def test_a_search_needs_enough_books_and_errors() -> None:
    few = made.planted(30)
    found = find_slices(few, CLASSES)
    assert found.slices == ()
    assert "are too few to search: it takes 40 titles" in found.reason
    perfect = made.planted(1000).assign(correct=True)
    assert "1,000 labelled titles with 0 errors are too few" in find_slices(perfect, CLASSES).reason


def test_titles_can_be_left_aside_and_facts_limited(table: pd.DataFrame) -> None:
    found = find_slices(table, CLASSES, words=0, max_facts=1, facets=["place", "publisher"])
    predicates = [predicate for finding in found.slices for predicate in finding.slice.predicates]
    assert predicates
    assert not any(is_title_words(predicate) for predicate in predicates)
    assert all(len(finding.slice.predicates) == 1 for finding in found.slices)


def test_progress_is_told(table: pd.DataFrame) -> None:
    heard: list[float] = []
    find_slices(table, CLASSES, words=0, max_facts=1, progress=lambda fraction, message: heard.append(fraction))
    assert heard == sorted(heard)
    assert heard[0] == 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_facts": 4}, "A slice has 1 to 3 facts; 4 were asked for"),
        ({"max_facts": 0}, "A slice has 1 to 3 facts; 0 were asked for"),
        ({"words": -1}, "number of words cannot be negative; -1 came"),
        ({"facets": ["colour"]}, "The facet 'colour' is read from the column 'colour'"),
    ],
)
def test_settings_out_of_range_are_refused(table: pd.DataFrame, settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_slices(table, CLASSES, **settings)


def test_columns_that_are_missing_are_named(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="lacks the columns title_key, predicted"):
        find_slices(table.drop(columns=["title_key", "predicted"]), CLASSES)
