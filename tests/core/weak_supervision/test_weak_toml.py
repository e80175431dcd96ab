from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import InputError
from core.predicates import (
    AllOf,
    AnyOf,
    ConfidencePredicate,
    FacetPredicate,
    LengthPredicate,
    Not,
    RangePredicate,
    TextPredicate,
)
from core.storage import Workspace
from core.weak_supervision import (
    LabellingFunction,
    functions_from_toml,
    functions_to_toml,
    read_functions,
    replace_functions,
    saved_functions,
)

# No surrogates (no file can hold them); a word must have something to look for.
texts = some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(lambda t: f"a{t}")
leaf = some.one_of(
    some.builds(TextPredicate, texts, some.sampled_from(["word", "contains"]), some.tuples(texts)),
    some.builds(
        TextPredicate,
        texts,
        some.just("pattern"),
        some.tuples(some.sampled_from([r"v(ol)?\. [ivx]+", "^the", 'a"b'])),
    ),
    some.builds(LengthPredicate, texts, some.integers(0, 500), some.none() | some.integers(0, 500)),
    some.builds(RangePredicate, texts, some.integers(-5, 1800), some.none() | some.floats(1801, 2000)),
    some.builds(FacetPredicate, some.just("language") | texts, some.lists(texts, min_size=1, max_size=3).map(tuple)),
    some.builds(ConfidencePredicate, texts, texts, some.floats(0, 1)),
)
conditions = some.recursive(
    leaf,
    lambda inner: some.one_of(
        some.builds(Not, inner),
        some.builds(AllOf, some.lists(inner, min_size=1, max_size=3).map(tuple)),
        some.builds(AnyOf, some.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
functions = some.lists(
    some.builds(LabellingFunction, texts, texts, conditions), min_size=1, max_size=3, unique_by=lambda f: f.name
)


@pytest.mark.slow
@given(functions)
def test_what_is_written_is_read_back(created):
    assert functions_from_toml(functions_to_toml(created)) == tuple(created)


def test_every_form_of_the_grammar_is_understood(tmp_path):
    path = tmp_path / "f.toml"
    path.write_text(
        '\ufeff[[function]]\r\nname = "a"\r\nlabel = "Fiction"\r\nwhen.any = [\r\n'
        '{ column = "title", word = ["poem", "verse"] },\r\n'
        '{ contains = "tale" },\r\n{ column = "title", pattern = "^the" },\r\n'
        '{ column = "title", longer_than = 3, shorter_than = 9 },\r\n'
        '{ column = "year", from = 1840, to = 1850.5 },\r\n{ language = ["Dutch", "German"] },\r\n'
        '{ facet = "place", is = "London" },\r\n{ predictions = "p", class = "Fiction", at_least = 0.9 },\r\n'
        '{ not = { all = [{ language = "Dutch" }] } },\r\n]\r\n',
        encoding="utf-8",
    )
    (function,) = read_functions(path)
    assert function.when == AnyOf(
        (
            TextPredicate("title", "word", ("poem, verse",)),
            TextPredicate("title", "contains", ("tale",)),
            TextPredicate("title", "pattern", ("^the",)),
            LengthPredicate("title", 4, 8),
            RangePredicate("year", 1840, 1850.5),
            FacetPredicate("language", ("Dutch", "German")),
            FacetPredicate("place", ("London",)),
            ConfidencePredicate("p", "Fiction", 0.9),
            Not(AllOf((FacetPredicate("language", ("Dutch",)),))),
        )
    )
    path.write_text(functions_to_toml([function]), encoding="utf-8")
    assert read_functions(path) == (function,)


GOOD = '[[function]]\nname = "a"\nlabel = "F"\nwhen = { word = "x" }\n\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[function]\n", r"f\.toml is not TOML: .*line 1"),
        ("", r"has no \[\[function\]\] table"),
        ("x = 1", "has the key 'x'; only"),
        ("function = [1]", r"function 1: a \[\[function\]\] is a table"),
        (GOOD + '[[function]]\nname = "b"\nwhen = { word = "x" }', r"line 6, function 2 \('b'\): 'label' is missing"),
        (GOOD + GOOD, "Two labelling functions are called 'a'"),
        (GOOD.replace("when", "where"), "'when' is missing"),
        (GOOD.replace("\n\n", "\nx = 1\n"), "the key 'x' is not known"),
        (GOOD.replace('word = "x"', 'words = "x"'), "none of the keys words says what is asked. Known are word"),
        (GOOD.replace('word = "x"', 'word = "x", to = 3'), "'to' does not go with 'word', which allows column, word"),
        (GOOD.replace('word = "x"', "word = 3"), "when: 'word' is text in quotation marks; 3 came"),
        (GOOD.replace('word = "x"', 'pattern = "("'), r"function 1 \('a'\), when: The pattern '\(' cannot be used"),
        (GOOD.replace('word = "x"', 'longer_than = "x"'), "'longer_than' is a whole number of characters; 'x' came"),
        (GOOD.replace('word = "x"', "from = 3"), "needs the column"),
        (GOOD.replace('word = "x"', 'facet = "place"'), "'is' is missing beside 'facet'"),
        (GOOD.replace('word = "x"', 'predictions = "p", class = "F", at_least = true'), "'at_least' is a number; True"),
        (GOOD.replace('word = "x"', 'predictions = "p", class = "F", at_least = nan'), "'at_least' is a number; nan"),
        (GOOD.replace('word = "x"', "all = []"), "'all' needs at least one"),
        (GOOD.replace('word = "x"', "any = 1"), "'any' is a list of conditions"),
        (GOOD.replace('{ word = "x" }', "1"), "when: a condition is a table such as"),
        (GOOD.replace('word = "x"', 'all = [{ word = "y" }, { not = { word = "" } }]'), r"when\.all 2\.not: 'word' is"),
        (GOOD.replace('{ word = "x" }', "{ not = " * 20 + '{ word = "x" }' + " }" * 20), "more than 12 deep"),
        (
            GOOD.replace('{ word = "x" }', "{ not = " * 5000 + '{ word = "x" }' + " }" * 5000),
            "too deep|more than 12 deep",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(text, message):
    with pytest.raises(InputError, match=message):
        functions_from_toml(text, "f.toml")


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_functions(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(InputError, match="latin.toml is no UTF-8 text"):
        read_functions(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(InputError, match="1,000,001 bytes"):
        read_functions(tmp_path / "large.toml")


COMMENTED = """# Rules of the rare books room, 2026.

# Novels say so.
[[function]]
name = "novel # 1"  # asked of A. Reader
label = "Fiction"
when = { column = "title", contains = "#novel" }

#
# Verse, not about verse:
[[function]]
name = "verse"
label = "Fiction"
when.all = [
  { column = "title", word = "poem, verse" },  # with plurals
  # histories of verse are none
  { not = { column = "title", word = "history of" } },
]
# to be gone through again
"""
NOVEL = "Rules of the rare books room, 2026.\nNovels say so.\nasked of A. Reader"
VERSE = "\nVerse, not about verse:\nwith plurals\nhistories of verse are none\nto be gone through again"


def test_comments_belong_to_the_function_below_or_around_them():
    assert [function.comment for function in functions_from_toml(COMMENTED)] == [NOVEL, VERSE]
    assert [function.comment for function in functions_from_toml(COMMENTED.replace("\n", "\r\n"))] == [NOVEL, VERSE]


def test_comments_survive_load_edit_and_save():
    novel, verse = functions_from_toml(COMMENTED)
    edited = replace(novel, label="Non-fiction")
    saved = functions_to_toml([edited, verse])
    heads = "# Rules of the rare books room, 2026.\n# Novels say so.\n# asked of A. Reader\n[[function]]"
    assert saved.count(heads) == 1
    assert functions_from_toml(saved) == (edited, verse)
    assert functions_to_toml(functions_from_toml(saved)) == saved


def test_comments_survive_in_the_workspace(tmp_path):
    loaded, database = functions_from_toml(COMMENTED), Workspace(tmp_path).database
    replace_functions(database, [], loaded)
    assert tuple(entry.function for entry in saved_functions(database)) == loaded


def test_comments_of_functions_in_an_inline_list_are_not_lost():
    text = '# mine\nfunction = [ { name = "a", label = "b", when = { contains = "c" } } ] # too\n'
    assert functions_from_toml(text)[0].comment == "mine\ntoo"
