"""Lists keep back one half of the titles, whatever their labels; typed words are tested there, once."""

import numpy as np
import pandas as pd
import pytest

from core.labels import titles_of
from core.predicates import title_phrase
from core.slices import Ledger, Slice, held_back, look_at_words
from core.slices.stratified import exact_p
from core.storage import Workspace
from core.wording import slices as wording
from tests.core.slices import planted

POEM, SONG = Slice((title_phrase("poem"),)), Slice((title_phrase("song"),))


@pytest.fixture
def table() -> pd.DataFrame:
    """Fifty poems, half of them wrong, ten songs and 340 others of which a tenth are wrong; all fiction."""
    titles = [f"{'poem' if i < 50 else 'song' if i < 60 else 'tale'} {i}" for i in range(400)]
    wrong = np.array([i % 2 == 0 if i < 50 else i % 10 == 0 for i in range(400)])
    return planted.scored(planted.with_titles(planted.empty_records(400), titles), np.full(400, "Fiction"), wrong)


def ledger(workspace: Workspace, table: pd.DataFrame, subject: str = "run") -> Ledger:
    return Ledger(workspace.database, titles_of(table), subject)


def test_the_half_belongs_to_the_title_and_not_to_the_label(workspace, table):
    half = held_back(table, ledger(workspace, table))
    assert 160 <= half.sum() <= 240
    turned = table.assign(correct=~table["correct"].astype(bool))
    np.testing.assert_array_equal(half, held_back(turned, ledger(workspace, turned)))
    backwards = table.iloc[::-1]
    np.testing.assert_array_equal(half[::-1], held_back(backwards, ledger(workspace, backwards)))
    editions = pd.concat([table, table.assign(record_id="e" + table["record_id"])], ignore_index=True)
    np.testing.assert_array_equal(np.tile(half, 2), held_back(editions, ledger(workspace, editions)))


def test_words_are_tested_on_the_half_that_was_kept_back(workspace, table):
    book = ledger(workspace, table)
    half = held_back(table, book)
    poem, wrong = (table["title"].str.startswith("poem") & half).to_numpy(), ~table["correct"].to_numpy()
    result = look_at_words(table, planted.CLASSES, POEM, book)
    assert (result.n, result.errors) == (poem.sum(), (poem & wrong).sum())
    # All are fiction: by truth one stratum; of what was predicted each class is all right or all wrong.
    assert result.look is not None
    assert (
        result.look.p
        == 1.0
        == exact_p([result.errors], [result.errors], [(half & wrong).sum()] * 1, [(half & wrong).sum()])
    )
    assert look_at_words(table, planted.CLASSES, POEM, book) == result
    assert len(book.looks()) == 1


def test_what_was_typed_is_shown_and_takes_no_part_in_a_later_test(workspace, table):
    book = ledger(workspace, table)
    half, poem = held_back(table, book), table["title"].str.startswith("poem").to_numpy()
    look_at_words(table, planted.CLASSES, POEM, book)
    np.testing.assert_array_equal(held_back(table, book), half & ~poem)
    both = look_at_words(table, planted.CLASSES, Slice((title_phrase("poem, song"),)), book)
    assert both.n == (half & table["title"].str.startswith("song")).sum()
    another_model = look_at_words(table, planted.CLASSES, POEM, ledger(workspace, table, "another"))
    assert another_model.look is None
    assert wording.phrase_look(book, another_model).startswith("A find, no proof: ")


def test_who_asked_to_see_all_has_no_titles_left_but_new_ones(workspace, table):
    ledger(workspace, table.iloc[:300]).show_all()
    rest = held_back(table, ledger(workspace, table))
    assert not rest[:300].any()
    assert 30 <= rest[300:].sum() <= 70


def test_few_titles_are_no_test_and_use_up_nothing(workspace, table):
    few = table[~table["title"].str.startswith("song") | (table.index < 54)]
    book = ledger(workspace, few)
    result = look_at_words(few, planted.CLASSES, SONG, book)
    assert result.n < 5
    assert (result.look, book.looks()) == (None, [])


def test_of_a_list_it_is_said_what_is_kept_back():
    assert wording.kept_back(21, 41).startswith(
        "The list shows 21 of these 41 books. The others are kept back, so that"
    )
