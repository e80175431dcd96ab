import pandas as pd
import pytest

from core.joins import find_leaks


def table(*rows, columns=("record_id", "alternate_id", "title_key")):
    return pd.DataFrame(rows, columns=list(columns), dtype="str")


TRAINING = table(
    ("014616539", "000206670", "the baron s daughter"),
    ("014616561", "000353271", "autumn leaf poems"),
    ("B-7", "", "a tour in wales"),
    ("", "", ""),
)


@pytest.mark.parametrize(
    ("checked", "by_id", "by_title", "restored"),
    [
        (("014616539", "", "another title"), True, False, 0),  # the same record
        (("206670", "", "another title"), True, False, 1),  # the paper copy's number without its zeros
        (("000206670", "", "another title"), True, False, 0),  # the paper copy's number
        (("x", "014616561", "another title"), True, False, 0),  # the other way round
        (("x", "", "autumn leaf poems"), False, True, 0),  # another copy of the title
        (("B-7", "", "a tour in wales"), True, True, 0),  # both: counted as found by identifier
        (("B-07", "", "another title"), False, False, 0),  # zeros are restored in numbers only
        (("", "", ""), False, False, 0),  # nothing is not equal to nothing
        (("146165390", "", "another title"), False, False, 0),
    ],
)
def test_how_a_leak_is_found(checked, by_id, by_title, restored):
    leaks = find_leaks(table(checked), TRAINING)
    assert leaks.by_id_mask.tolist() == [by_id]
    assert leaks.by_title_mask.tolist() == [by_title]
    assert leaks.mask.tolist() == [by_id or by_title]
    assert leaks.restored == restored
    assert (leaks.by_id, leaks.by_title) == (int(by_id), int(by_title and not by_id))


def test_counts_are_said_in_words():
    checked = table(
        ("206670", "", ""), ("14616561", "", "autumn leaf poems"), ("x", "", "a tour in wales"), ("y", "", "")
    )
    leaks = find_leaks(checked, TRAINING)
    assert leaks.as_dict() == {
        "checked": 4,
        "found": 3,
        "by_id": 2,
        "by_title": 1,
        "restored": 2,
        "sentence": "3 of 4 of the checked books are also among the training books: 2 by identifier (2 of them only"
        " after lost leading zeros were restored), 1 by title alone.",
    }


def test_no_leak_is_said_too():
    leaks = find_leaks(table(("x", "", "other")), TRAINING)
    assert leaks.sentence("the test books", "'annotated'") == (
        "None of 1 of the test books is among 'annotated', neither by identifier nor by title."
    )


def test_a_single_leak_is_singular():
    assert "1 of 1 of the checked books is also among" in find_leaks(TRAINING.head(1), TRAINING).sentence()


def test_tables_without_a_second_identifier_and_with_any_index():
    columns = ("record_id", "title_key")
    checked = table(("1", "a"), ("2", "b"), columns=columns).set_index(pd.Index([7, 3]))
    others = table(("9", "b"), ("1", "c"), columns=columns).set_index(pd.Index([5, 5]))
    assert find_leaks(checked, others).mask.tolist() == [True, True]


@pytest.mark.parametrize("empty", ["checked", "others"])
def test_nothing_to_compare(empty):
    some, none = TRAINING.head(2), TRAINING.head(0)
    leaks = find_leaks(none, some) if empty == "checked" else find_leaks(some, none)
    assert leaks.n_leaked == 0
    assert leaks.n == (0 if empty == "checked" else 2)
