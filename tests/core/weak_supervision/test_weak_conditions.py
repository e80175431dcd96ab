import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.predicates import (
    AllOf,
    AnyOf,
    Books,
    ConfidencePredicate,
    FacetPredicate,
    LengthPredicate,
    ModelOpinion,
    Not,
    RangePredicate,
    TextPredicate,
)
from core.weak_supervision import LabellingFunction, cast_votes

TITLES = ["A Novel", "Tales of talent", "The TALENT", "Poésies", "", "Histories, vol. iv"]
RECORDS = pd.DataFrame(
    {
        "record_id": pd.Series(list("abcdef"), dtype="str"),
        "alternate_id": pd.Series([""] * 6, dtype="str"),
        "title": pd.Series(TITLES, dtype="str"),
        "title_key": pd.Series([title.lower() for title in TITLES], dtype="str"),
        "year": pd.array([1840, 1850, None, 1861, 1840, 1899], dtype="Int64"),
        "language": pd.Series(["English", "English", "", "French", "", "English"], dtype="str"),
    }
)
ORIGINALS = pd.DataFrame({"Topics": pd.Series(["love", "", "", "", "", "war"], dtype="str")})


def found(condition, **more):
    return np.flatnonzero(Books(RECORDS, ORIGINALS, **more).where(condition)).tolist()


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (TextPredicate("title", "word", ("novel",)), [0]),
        (TextPredicate("title", "word", ("tale",)), [1]),
        (TextPredicate("title", "word", ("tal*, poésies",)), [1, 2, 3]),
        (TextPredicate("title", "word", ("history",)), [5]),
        (TextPredicate("title", "word", ("poésies",)), [3]),
        (TextPredicate("title", "contains", ("tale",)), [1, 2]),
        (TextPredicate("title", "contains", ("tale, nov",)), [0, 1, 2]),
        (TextPredicate("title", "pattern", (r"vol\. [ivx]+$",)), [5]),
        (TextPredicate("title", "pattern", ("^the",)), [2]),
        (TextPredicate("Topics", "word", ("war",)), [5]),
        (LengthPredicate("title", 8), [1, 2, 5]),
        (LengthPredicate("title", None, 7), [0, 3]),
        (LengthPredicate("title", 8, 10), [2]),
        (RangePredicate("year", 1850, 1861), [1, 3]),
        (RangePredicate("year", 1861), [3, 5]),
        (RangePredicate("year", None, 1840), [0, 4]),
        (FacetPredicate("language", ("French",)), [3]),
        (FacetPredicate("language", ("no language", "French")), [2, 3, 4]),
        (FacetPredicate("decade", ("1840s",)), [0, 4]),
        (AllOf((TextPredicate("title", "contains", ("tale",)), Not(TextPredicate("title", "word", ("talent",))))), []),
        (AnyOf((TextPredicate("title", "word", ("novel",)), FacetPredicate("language", ("French",)))), [0, 3]),
        (Not(FacetPredicate("language", ("English",))), [2, 3, 4]),
    ],
)
def test_a_condition_holds_where_it_should(condition, rows):
    assert found(condition) == rows


@pytest.mark.parametrize("phrase", ["story", "poem, verse", "fairy tale", "yes*", "k", "of the"])
def test_the_rough_search_loses_no_whole_word(phrase):
    from core.text_search import phrase_mask

    titles = [
        "Stories",
        "A story",
        "poems",
        "Verse's end",
        "Fairy  tales",
        "talefairy",
        "Yesterday",
        "K.",
        "ſtory",
        "of The",
    ]
    books = Books(pd.DataFrame({"title": pd.Series(titles, dtype="str")}))
    assert (
        books.where(TextPredicate("title", "word", (phrase,))).tolist()
        == phrase_mask(books.records["title"], phrase).tolist()
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TextPredicate("title", "pattern", ("(a",)), "cannot be used: .*missing"),
        (lambda: TextPredicate("title", "pattern", (r"(a)\1",)), "no look-around and no back references"),
        (lambda: TextPredicate("title", "pattern", ("(?=a)",)), "cannot be used"),
        (lambda: TextPredicate("title", "pattern", ("a" * 301,)), "has 301 characters; at most 300"),
        (lambda: TextPredicate("title", "word", (" , *",)), "no word to look for in ' , "),
        (lambda: TextPredicate("title", "pattern", (" ",)), "nothing to look for in the column 'title'"),
        (lambda: LabellingFunction("x", "F", TextPredicate("title", "word", ("ab," * 667,))), "has 2,001 characters"),
        (lambda: TextPredicate(" ", "word", ("a",)), "needs a column"),
        (lambda: LengthPredicate("title"), "'title_length' needs a lowest or a highest"),
        (lambda: RangePredicate("year"), "'year' needs a lowest or a highest"),
        (lambda: LabellingFunction("x", "F", Not(RangePredicate("year", 1900, 1800))), "empty: .* 1900 to 1800"),
        (lambda: FacetPredicate("language", ()), "at least one value"),
        (lambda: ConfidencePredicate("p", "Fiction", 1.2), "between 0 and 1; 1.2 came"),
        (lambda: AllOf(()), "'all' needs at least one"),
        (lambda: LabellingFunction(" ", "Fiction", LengthPredicate("title", 2)), "needs a name"),
        (lambda: LabellingFunction("x", "", LengthPredicate("title", 2)), "'x' needs a class"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_pattern_that_ruins_backtracking_engines_is_answered_at_once():
    books = Books(pd.DataFrame({"title": pd.Series(["a" * 5000 + "!"], dtype="str")}))
    assert books.where(TextPredicate("title", "pattern", ("^(a+)+$",))).tolist() == [False]


def test_a_column_that_is_not_there_is_named_with_the_function_and_the_columns_that_are():
    function = LabellingFunction("topic", "Fiction", TextPredicate("Genre", "word", ("novel",)))
    with pytest.raises(InputError, match=r"Function 'topic': There is no column 'Genre'\. There are: .*title.*Topics"):
        cast_votes([function], Books(RECORDS, ORIGINALS))


def opinion(name):
    assert name == "p"
    return ModelOpinion(
        name="p",
        ids=RECORDS[["record_id", "alternate_id"]].iloc[:4],
        probabilities={"Fiction": np.array([0.95, 0.9, 0.2, np.nan])},
        learned=RECORDS[["record_id", "alternate_id", "title_key"]].iloc[:1],
    )


def test_a_model_is_asked_where_it_spoke_and_not_of_titles_it_learned_from():
    assert found(ConfidencePredicate("p", "Fiction", 0.9), opinion=opinion) == [1]


def test_a_function_that_asks_a_model_abstains_on_its_training_titles_whichever_way_it_asks():
    unsure = LabellingFunction("unsure", "Non-fiction", Not(ConfidencePredicate("p", "Fiction", 0.9)))
    votes = cast_votes([unsure], Books(RECORDS, None, opinion))
    assert votes.matrix[:, 0].tolist() == [-1, -1, 0, 0, 0, 0]
    assert votes.refused == (1,)
    assert "learned (or may have learned) from 1 of these 6 books" in votes.sentences[0]


def test_a_class_the_model_does_not_know_is_named():
    with pytest.raises(InputError, match="give no probability of 'Poetry'. They give: Fiction"):
        found(ConfidencePredicate("p", "Poetry", 0.9), opinion=opinion)


def test_a_condition_is_said_in_words():
    condition = AllOf(
        (
            AnyOf((TextPredicate("title", "contains", ("tale",)), TextPredicate("title", "pattern", ("^the",)))),
            Not(RangePredicate("year", 1840, 1850)),
            LengthPredicate("title", 4, 8),
            ConfidencePredicate("p", "Fiction", 0.9),
        )
    )
    assert condition.condition == (
        "(title contains “tale” or title matches the pattern “^the”) and not (year is at least 1840 and at most 1850)"
        " and title has more than 3 and fewer than 9 characters and “p” gives Fiction at least 0.9"
    )
