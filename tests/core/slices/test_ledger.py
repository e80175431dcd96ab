"""The ledger counts each slice once, asks more of every further look, and never more than α in all."""

import math

import pytest

from core.errors import InputError
from core.predicates import FacetPredicate, RangePredicate
from core.slices import Ledger, Slice, level_of_look
from core.storage import Workspace
from core.wording import slices as wording

PARIS, EARLY = Slice((FacetPredicate("place", ("Paris",)),)), Slice((RangePredicate("year", None, 1799),))


@pytest.fixture
def ledger(workspace: Workspace) -> Ledger:
    return Ledger(workspace.database, ["emma", "ivanhoe"], "a-fingerprint")


def test_an_empty_ledger_asks_for_half_of_alpha(ledger):
    assert ledger.looks() == []
    assert ledger.next_level == 0.025
    assert wording.ledger(ledger) == (
        "No comparison has been made on this test set so far. To count as found, the next must have a p value of at"
        " most 0.025: then all comparisons together, however many follow, raise a false alarm with a chance of at most"
        " 5 %."
    )


def test_every_look_makes_the_next_harder(ledger):
    first, second = ledger.add(PARIS, 0.02), ledger.add(EARLY, 0.02)
    assert (first.number, first.level, first.significant) == (1, 0.025, True)
    assert (second.number, second.level, second.significant) == (2, pytest.approx(0.05 / 6), False)
    assert ledger.next_level == pytest.approx(0.05 / 12)
    assert wording.ledger(ledger).startswith("2 comparisons have been made")
    assert "at most 0.0041: then" in wording.ledger(ledger)


def test_one_look_is_spoken_of_as_one(ledger):
    ledger.add(PARIS, 0.5)
    assert wording.ledger(ledger).startswith("One comparison has been made")


def test_looking_again_is_no_new_look(ledger):
    ledger.add(PARIS, 0.02)
    ledger.add(EARLY, 0.5)
    again = ledger.add(Slice(PARIS.predicates, "my Paris"), 0.9)
    assert (again.number, again.p, again.description) == (1, 0.02, "books from Paris")
    assert len(ledger.looks()) == 2


def test_many_looks_at_once_are_numbered_in_their_order(ledger):
    looks = ledger.add_all([EARLY, PARIS, EARLY], [0.001, 0.2, 0.001])
    assert [look.number for look in looks] == [1, 2, 1]


def test_what_could_not_be_tested_uses_up_nothing(ledger):
    # A facet of 214 values, of which 7 have enough checked books.
    values = [Slice((FacetPredicate("place", (f"Town {i}",)),)) for i in range(214)]
    looks = ledger.add_all(values, [0.4 if i % 31 == 3 else math.nan for i in range(214)])
    assert [look.number for look in looks] == [1, 2, 3, 4, 5, 6, 7]
    assert ledger.next_level == pytest.approx(0.05 / (8 * 9))
    assert ledger.add(EARLY, math.nan) is None
    assert len(ledger.looks()) == 7
    assert wording.looks(ledger, []).endswith("None of these could be tested.")


def test_an_undefined_p_of_an_earlier_version_uses_up_nothing(ledger, workspace):
    for p in (None, 0.02):
        workspace.database.add("look", "a-fingerprint", {"description": "Paris", "key": f"k{p}", "p": p})
    assert [(look.number, look.p) for look in ledger.looks()] == [(1, 0.02)]


def test_what_looks_are_worth_is_said_with_how_many_there_were(ledger):
    assert wording.looks(ledger, [ledger.add(PARIS, 0.02)]) == (
        "1 group has been looked at on this test set so far; the more, the stronger the evidence each needs."
        " Convincing even so: books from Paris."
    )
    second = ledger.add(EARLY, 0.02)
    assert wording.looks(ledger, [second]).endswith(
        "2 groups have been looked at on this test set so far; the more, the"
        " stronger the evidence each needs. It is not convincing by itself."
    )
    assert wording.looks(ledger, [second, second]).endswith("None of these is convincing by itself.")


def test_more_labels_and_another_model_do_not_begin_anew(ledger, workspace):
    ledger.add(PARIS, 0.02)
    more = Ledger(workspace.database, ["ivanhoe", "waverley"], "one-label-more")
    assert more.add(PARIS, 0.02).level == pytest.approx(0.05 / 6)  # tested on other numbers, so it is another look
    model = Ledger(workspace.database, ["emma", "ivanhoe"], "another-model")
    assert model.next_level == pytest.approx(0.05 / 12)
    assert [look.level for look in Ledger(workspace.database, ["emma", "ivanhoe"], "a-fingerprint").looks()] == [
        0.025,
        pytest.approx(0.05 / 6),
    ]
    assert Ledger(workspace.database, ["middlemarch"], "a-third").looks() == []


def test_all_looks_together_spend_no_more_than_alpha():
    assert math.fsum(level_of_look(k, 0.05) for k in range(1, 100_000)) == pytest.approx(0.05 * (1 - 1 / 100_000))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0,), "counted from 1; 0 came"), ((1, 0.0), r"\(5 per cent is 0.05\); 0.0 came"), ((1, 1.0), "1.0 came")],
)
def test_levels_out_of_range_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        level_of_look(*arguments)
