"""The parts the demonstration corpus is made from: draws, grammar, title pages."""

import doctest
import importlib
import pkgutil
import re
from collections import Counter

import pytest

import data.demonstration
from data.demonstration import _batch_shares
from data.demonstration.catalogue import (
    COUNTRIES,
    Author,
    Book,
    _before,
    date_of_publication,
    invent_books,
    name_of_author,
    place_of_publication,
    title_group,
)
from data.demonstration.profile import (
    DECOY_PLACE,
    PLACES,
    RULES,
    Draw,
    Grammar,
    Weighted,
    ending,
    grammar,
    repair,
    title,
)

MODULES = [f"data.demonstration.{found.name}" for found in pkgutil.iter_modules(data.demonstration.__path__)]
LANGUAGES = sorted(RULES)
# The rules that titles, endings and names ask for by themselves.
STARTS = {"fiction", "nonfiction", "either", "man", "woman", "surname", "place", "letter"}
STARTS |= {f"{rule}_end" for rule in ("fiction", "nonfiction", "either", "verse")}


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_stream_depends_on_seed_and_name():
    def first(seed, stream):
        return [Draw(seed, stream).uniform() for _ in range(1)]

    assert first(1, "titles") == first(1, "titles")
    assert first(1, "titles") != first(2, "titles")
    assert first(1, "titles") != first(1, "names")


def test_draws_keep_their_bounds_and_weights():
    draw = Draw(5, "bounds")
    numbers = [draw.integer(3, 5) for _ in range(600)]
    assert set(numbers) == {3, 4, 5}
    counts = Counter(draw.weighted(Weighted({"often": 3, "seldom": 1, "never": 0})) for _ in range(4000))
    assert counts["never"] == 0
    assert 0.72 < counts["often"] / 4000 < 0.78


def test_a_choice_without_weight_is_refused():
    with pytest.raises(ValueError, match="Nothing to draw from"):
        Weighted({"a": 0.0})


def test_grammar_expands_slots_capitals_and_weights():
    rules = Grammar({"title": "9*The {noun} of {^noun}|Rare", "noun": "mill"})
    draw = Draw(1, "grammar")
    counts = Counter(rules.expand("title", draw) for _ in range(1000))
    assert set(counts) == {"The mill of Mill", "Rare"}
    assert 60 < counts["Rare"] < 140


def test_grammar_names_the_rules_that_are_missing():
    with pytest.raises(ValueError, match=r"rules that do not exist: adjective, noun\."):
        Grammar({"title": "The {adjective} {noun}"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_of_a_language_is_used(language):
    rules = grammar(language)
    verse = {"verse_lyrical", "verse_topical"} if language == "English" else {"verse"}
    todo, reached = STARTS | verse | ({"disguised", "disguised_end"} if language == "French" else set()), set()
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= rules.slots(name) - reached
    assert reached == set(rules.rules)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", ["fiction", "nonfiction"])
def test_a_grammar_is_rich(language, rule):
    rules = grammar(language)
    assert len(rules.alternatives(rule)) >= (40 if language == "English" else 9)
    draw = Draw(2, "rich")
    titles = {title(language, rule, draw) for _ in range(500)}
    assert len(titles) > 400
    assert all("{" not in text and "  " not in text for text in titles)
    assert all(text[0].isupper() or not text[0].isalpha() for text in titles)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("A essay on a useful ode", "English", "An essay on a useful ode"),
        ("a unlucky heir and a union", "English", "an unlucky heir and a union"),
        ("a European", "English", "a European"),
        ("Vie de le chevalier de Irval", "French", "Vie du chevalier d'Irval"),
        ("la assemblée de la ville", "French", "l'assemblée de la ville"),
        ("En Vinter i Jylland", "Danish", "En Vinter i Jylland"),
    ],
)
def test_articles_are_mended(text, language, expected):
    assert repair(text, language) == expected


def test_an_ending_can_be_put_behind_any_title():
    draw = Draw(3, "endings")
    result = {ending("English", "fiction", draw) for _ in range(300)}
    assert "" in result
    assert all(re.match(r", |\. \S| \S|$", text) for text in result)


@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        ("The siege of 1745", 1800, "The siege of 1745"),
        ("The siege of 1866", 1810, "The siege of 1766"),
        ("The siege of 1899", 1698, "The siege of 1599"),
        ("Of 1810, and 1811", 1810, "Of 1810, and 1711"),
    ],
)
def test_no_title_speaks_of_what_was_still_to_come(text, year, expected):
    assert _before(text, year) == expected


def test_dates_are_messy_and_all_speak_of_their_year():
    draw = Draw(4, "dates")
    dates = Counter(re.sub(r"\d", "9", date_of_publication(1865, draw)) for _ in range(5000))
    wanted = ("9999", "[9999]", "[9999?]", "9999 [9999]", "9999-99", "9999, 99", "9999-", "9999, etc", "9999?]", "")
    assert all(dates[pattern] > 0 for pattern in wanted)
    assert 0.75 < dates["9999"] / 5000 < 0.85
    items = [text for text in (date_of_publication(1865, draw) for _ in range(500)) if re.search(r"\d", text)]
    assert all(re.search(r"\d{4}", text)[0] == "1865" for text in items)


def test_a_range_never_runs_over_the_century():
    draw = Draw(4, "ranges")
    assert not any(re.search(r"-\d\d|, \d", date_of_publication(1899, draw)) for _ in range(2000))


def test_names_come_in_two_styles():
    draw = Draw(6, "names")
    names = {name_of_author(Author("Hugh", "Wenstow", 1800), "English", draw) for _ in range(400)}
    assert {"WENSTOW, Hugh.", "Wenstow, Hugh"} <= names
    assert any(" of " in name for name in names)


def test_places_are_messy_but_mostly_plain():
    draw = Draw(7, "places")
    counts = Counter(place_of_publication("Leipzig", draw) for _ in range(2000))
    assert 0.86 < counts["Leipzig"] / 2000 < 0.94
    assert {"[Leipzig]", "[Leipzig?]", "leipzig", ""} <= set(counts)


def test_every_place_has_a_country():
    assert {place for choice in PLACES.values() for place in choice.items} | {DECOY_PLACE} == set(COUNTRIES)


def test_batches_are_the_whole():
    assert sum(_batch_shares().values()) == pytest.approx(1.0)


def test_editions_share_title_author_and_class():
    books = invent_books(3000, 8)
    later = [book for book in books if book.edition]
    assert 0.05 < len(later) / len(books) < 0.09
    first: dict[str, list[Book]] = {}
    for book in books:
        first.setdefault(book.stem, []).append(book)
    for book in later:
        earlier = [other for other in first[book.stem] if not other.edition]
        assert any(
            (other.author, other.label, other.place) == (book.author, book.label, book.place) for other in earlier
        )
    assert len({title_group(book.title) for book in books}) < len(books)
