import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.text_search import phrase_mask


def found(title: str, phrase: str, whole_words: bool = True) -> bool:
    return bool(phrase_mask(pd.Series([title], dtype="str"), phrase, whole_words)[0])


@pytest.mark.parametrize(
    ("title", "phrase", "expected"),
    [
        ("A Poem", "poem", True),
        ("POEMS.", "poem", True),
        ("[Poems]", "Poem", True),
        ("The poem's end", "poem", True),
        ("The poets’ corner", "poet", True),
        ("Poetical works", "poem", False),
        ("Talent", "tale", False),
        ("A fine tale, and other tales", "tale", True),
        ("Fairy-Tales", "tale", True),
        ("Stories for the young", "story", True),
        ("A Story", "story", True),
        ("A storyteller", "story", False),
        ("Days gone by", "day", True),
        ("Cantoes and cantos", "canto", True),
        ("Poetical works", "poet*", True),
        ("Poetry", "poet*", True),
        ("A repoetised", "poet*", False),
        ("Folk songs", "poem, song", True),
        ("Folk songs", "poem | song", True),
        ("Folk dances", "poem|song,", False),
        ("A fairy  tale", "fairy tale", True),
        ("A fairy and a tale", "fairy tale", False),
        ("War in the air", "war", True),
        ("Warwick", "war", False),
        ("Ten (10) poems", "10", True),
        ("100 poems", "10", False),
        ("C++ or a*b", "a*b", True),
        ("aab", "a*b", False),
        ("what? why", "what?", True),
        ("wha", "what?", False),
        ("Poëmes", "poëme", True),
        ("Poëmes", "po", False),
        ("Стихи Пушкина", "СТИХИ", True),
        ("", "poem", False),
    ],
)
def test_whole_words(title, phrase, expected):
    assert found(title, phrase) is expected


@pytest.mark.parametrize(
    ("title", "phrase", "expected"),
    [
        ("Talent", "tale", True),
        ("Entail", "tail", True),
        ("Tall", "tale", False),
        ("A.B", "a.b", True),
        ("AxB", "a.b", False),
    ],
)
def test_letters_anywhere(title, phrase, expected):
    assert found(title, phrase, whole_words=False) is expected


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_accents_are_found_in_either_form(form, asked):
    title = unicodedata.normalize(form, "Le Poëme")
    assert found(title, unicodedata.normalize(asked, "poëme"))


def test_a_mask_has_one_answer_a_title():
    titles = pd.Series(["Poems", None, "Tales"], dtype="str")
    assert phrase_mask(titles, "poem").tolist() == [True, False, False]
    assert phrase_mask(titles[:0], "poem").tolist() == []
    assert phrase_mask(titles.to_frame().reset_index()[0], "tale").dtype == bool


@pytest.mark.parametrize("phrase", ["", "  ", ",|", "*", " , * "])
def test_no_word_is_refused(phrase):
    with pytest.raises(InputError, match="no word to look for"):
        phrase_mask(pd.Series(["x"]), phrase)


@given(st.text(min_size=1, max_size=12), st.text(max_size=30))
def test_no_phrase_breaks_the_search(phrase, title):
    titles = pd.Series([title], dtype="str")
    if phrase.replace(",", "").replace("|", "").strip(" \t\n*"):
        assert phrase_mask(titles, phrase).shape == phrase_mask(titles, phrase, whole_words=False).shape == (1,)


@given(st.sampled_from(["poem", "tale", "Böden", "стих"]), st.text(alphabet="ab é-", max_size=6))
def test_a_word_between_spaces_is_found(word, around):
    assert found(f"{around} {word.upper()} {around}", word)
