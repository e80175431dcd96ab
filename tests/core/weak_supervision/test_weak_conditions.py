import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.weak_supervision import (
    AllOf,
    AnyOf,
    Books,
    Confident,
    Facet,
    LabellingFunction,
    Length,
    ModelOpinion,
    Not,
    Range,
    Text,
    cast_votes,
    describe_condition,
)

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
        (Text("title", "word", "novel"), [0]),
        (Text("title", "word", "tale"), [1]),
        (Text("title", "word", "tal*, poésies"), [1, 2, 3]),
        (Text("title", "word", "history"), [5]),
        (Text("title", "word", "poésies"), [3]),
        (Text("title", "contains", "tale"), [1, 2]),
        (Text("title", "contains", "tale, nov"), [0, 1, 2]),
        (Text("title", "pattern", r"vol\. [ivx]+$"), [5]),
        (Text("title", "pattern", "^the"), [2]),
        (Text("Topics", "word", "war"), [5]),
        (Length("title", above=7), [1, 2, 5]),
        (Length("title", below=8), [0, 3]),
        (Length("title", above=7, below=11), [2]),
        (Range("year", 1850, 1861), [1, 3]),
        (Range("year", least=1861), [3, 5]),
        (Range("year", most=1840), [0, 4]),
        (Facet("language", ("French",)), [3]),
        (Facet("language", ("no language", "French")), [2, 3, 4]),
        (Facet("decade", ("1840s",)), [0, 4]),
        (AllOf((Text("title", "contains", "tale"), Not(Text("title", "word", "talent")))), []),
        (AnyOf((Text("title", "word", "novel"), Facet("language", ("French",)))), [0, 3]),
        (Not(Facet("language", ("English",))), [2, 3, 4]),
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
    assert books.where(Text("title", "word", phrase)).tolist() == phrase_mask(books.records["title"], phrase).tolist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Text("title", "pattern", "(a"), "cannot be used: .*missing"),
        (lambda: Text("title", "pattern", r"(a)\1"), "no look-around and no back references"),
        (lambda: Text("title", "pattern", "(?=a)"), "cannot be used"),
        (lambda: Text("title", "pattern", "a" * 301), "has 301 characters; at most 300"),
        (lambda: Text("title", "word", " , *"), "nothing to look for in the column 'title'"),
        (lambda: Text(" ", "word", "a"), "needs a column"),
        (lambda: Length("title"), "longer_than"),
        (lambda: Range("year"), "needs 'from' or 'to'"),
        (lambda: Range("year", 1900, 1800), "empty: it goes from 1900 to 1800"),
        (lambda: Facet("language", ()), "at least one value"),
        (lambda: Confident("p", "Fiction", 1.2), "between 0 and 1; 1.2 came"),
        (lambda: AllOf(()), "'all' needs at least one"),
        (lambda: LabellingFunction(" ", "Fiction", Length(above=1)), "needs a name"),
        (lambda: LabellingFunction("x", "", Length(above=1)), "'x' needs a class"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_pattern_that_ruins_backtracking_engines_is_answered_at_once():
    books = Books(pd.DataFrame({"title": pd.Series(["a" * 5000 + "!"], dtype="str")}))
    assert books.where(Text("title", "pattern", "^(a+)+$")).tolist() == [False]


def test_a_column_that_is_not_there_is_named_with_the_function_and_the_columns_that_are():
    function = LabellingFunction("topic", "Fiction", Text("Genre", "word", "novel"))
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
    assert found(Confident("p", "Fiction", 0.9), opinion=opinion) == [1]


def test_a_function_that_asks_a_model_abstains_on_its_training_titles_whichever_way_it_asks():
    unsure = LabellingFunction("unsure", "Non-fiction", Not(Confident("p", "Fiction", 0.9)))
    votes = cast_votes([unsure], Books(RECORDS, None, opinion))
    assert votes.matrix[:, 0].tolist() == [-1, -1, 0, 0, 0, 0]
    assert votes.refused == (1,)
    assert "learned (or may have learned) from 1 of these 6 books" in votes.sentences[0]


def test_a_class_the_model_does_not_know_is_named():
    with pytest.raises(InputError, match="give no probability of 'Poetry'. They give: Fiction"):
        found(Confident("p", "Poetry", 0.9), opinion=opinion)


def test_a_condition_is_said_in_words():
    condition = AllOf(
        (
            AnyOf((Text("title", "contains", "tale"), Text("title", "pattern", "^the"))),
            Not(Range("year", 1840, 1850)),
            Length("title", above=3, below=9),
            Confident("p", "Fiction", 0.9),
        )
    )
    assert describe_condition(condition) == (
        "(title contains “tale” or title matches the pattern “^the”) and not (year is at least 1840 and at most 1850)"
        " and title has more than 3 and fewer than 9 characters and “p” gives Fiction at least 0.9"
    )
