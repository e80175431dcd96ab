import numpy as np
import pandas as pd

from core.model_input import (
    SEPARATOR,
    as_terms,
    as_words,
    columns_in_text,
    display_token,
    has_columns,
    join_fields,
    title_part,
    token_of_terms,
    tokens,
)

TITLES = pd.Series(["Emma", "Rome", "", "A ␟ sign"], index=[7, 8, 9, 10])


def composed(**columns):
    return join_fields(TITLES, {name: pd.Series(values) for name, values in columns.items()})


def test_a_text_is_a_title_with_what_other_columns_say():
    result = composed(Shelf=["012641.e.5", " ", "9", "x"], Topic=["Love; Marriage", None, "", ""])
    assert result.tolist() == ["Emma ␟Shelf=012641.e.5 ␟Topic=Love; Marriage", "Rome", "", "A   sign ␟Shelf=x"]
    assert result.index.tolist() == [7, 8, 9, 10]
    assert has_columns(result.tolist()).tolist() == [True, False, False, True]
    assert columns_in_text(result.iloc[0]) == [("Shelf", "012641.e.5"), ("Topic", "Love; Marriage")]
    assert [title_part(text) for text in result] == ["Emma", "Rome", "", "A   sign"]


def test_no_value_and_no_name_can_feign_another_column():
    result = join_fields(pd.Series(["Emma"]), {f"a=b{SEPARATOR}c": pd.Series([f"x {SEPARATOR}Shelf=12641"])}).iloc[0]
    assert result.count(SEPARATOR) == 1
    assert columns_in_text(result) == [("a b c", "x  Shelf=12641")]


def test_a_long_value_is_cut():
    assert len(columns_in_text(join_fields(pd.Series(["t"]), {"c": pd.Series(["x" * 900])}).iloc[0])[0][1]) == 200


def test_numbers_are_read_by_their_beginnings_wherever_they_stand_in_a_mark():
    # Three ways in which one library writes one place on its shelves.
    ways = ["Digital Store 012641.e.5", "British Library HMNTS 12641.e.5.", "12641.e.5"]
    terms = [set(as_terms(text).split()) for text in join_fields(pd.Series(["t"] * 3), {"S": pd.Series(ways)})]
    same = {"s_1", "s_12", "s_126", "s_1264", "s_12641", "s_e", "s_5"}
    assert all(same <= item for item in terms)
    words = [as_words(text) for text in join_fields(pd.Series(["t"] * 3), {"S": pd.Series(ways)})]
    assert words == ["S: 12641; t"] * 3


def test_classes_of_other_libraries_are_read_too():
    assert as_terms("t ␟Class=823.8").split()[1:] == ["class_8", "class_82", "class_823"]
    assert as_words("t ␟Class=PR4034 .E5; QA76") == "Class: PR4034, QA76; t"
    assert as_words("t ␟Topic=Love; Marriage") == "Topic: Love, Marriage; t"
    assert as_terms("t ␟Topic=Love; Märchen").split()[1:] == ["topic_love", "topic_märchen"]


def test_a_title_alone_is_read_as_it_is():
    assert (as_terms("Emma, 1816"), as_words("Emma, 1816")) == ("Emma, 1816", "Emma, 1816")


def test_what_can_be_left_out_is_a_word_or_a_column_as_a_whole():
    text = "Emma: a novel ␟BL shelf=Digital Store 12641 ␟Topic=Love"
    assert [display_token(item) for item in tokens(text)] == [
        "Emma:",
        "a",
        "novel",
        "BL shelf: Digital Store 12641",
        "Topic: Love",
    ]
    assert columns_in_text(" ".join(tokens(text))) == columns_in_text(text)
    without_title = " ".join(tokens(text)[3:])
    assert title_part(without_title) == ""
    assert len(columns_in_text(without_title)) == 2


def test_each_term_belongs_to_a_word_or_a_column():
    text = "Emma ␟Name=Jane ␟Name role=author 12"
    terms = as_terms(text).split()
    assert terms == ["Emma", "name_jane", "name_role_author", "name_role_1", "name_role_12"]
    np.testing.assert_array_equal(token_of_terms(text, terms), [0, 1, 2, 2, 2])
