import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from core.models.tfidf import NgramCounter, letter_runs, normalise_text, word_terms

TITLES = [
    "The Baron's Daughter. A ballad by the author of Poetical Recreations [i.e. William C. Hazlitt] . F.P",
    "A  Tale\tof\u00a0two   cities",
    "İstanbul'da bir gün",
    "Война и миръ. Романъ",
    "naïve, nai\u0308ve",
    "I",
    "",
    "... & —",
    "aaaa aaaa aaaa",
]


def same_as_scikit_learn(texts):
    counter = NgramCounter.from_texts(texts)
    counts = counter.count(texts)
    for block, terms, settings_ in (
        (counts[0], counter.words, {"ngram_range": (1, 2)}),
        (counts[1], counter.runs, {"ngram_range": (2, 5), "analyzer": "char_wb"}),
    ):
        if not terms:
            continue
        reference = CountVectorizer(lowercase=False, **settings_)
        expected = reference.fit_transform(texts)
        assert list(terms) == list(reference.get_feature_names_out())
        assert (block != expected).nnz == 0


def test_counts_are_those_of_scikit_learn():
    same_as_scikit_learn([normalise_text(title) for title in TITLES])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=25), min_size=1, max_size=4))
def test_counts_are_those_of_scikit_learn_for_any_text(titles):
    texts = [normalise_text(title) for title in titles]
    same_as_scikit_learn([*texts, "some words"])


def test_terms_outside_the_vocabulary_are_not_counted():
    counter = NgramCounter.from_texts(["tale of"])
    words, runs = counter.count(["a novel", "tale"])
    assert words.toarray().tolist() == [[0, 0, 0], [0, 1, 0]]
    assert list(counter.words) == ["of", "tale", "tale of"]
    assert runs[0].sum() == 0
    assert runs[1].sum() == len(list(letter_runs("tale")))


def test_accents_apart_or_composed_are_one():
    assert normalise_text("Nai\u0308ve") == normalise_text("Naïve") == "naïve"


@pytest.mark.parametrize(
    ("word", "runs"),
    [("a", [" a", "a ", " a "]), ("of", [" o", "of", "f ", " of", "of ", " of "])],
)
def test_runs_of_a_short_word(word, runs):
    assert list(letter_runs(word)) == runs


def test_spans_point_at_the_words():
    text = "well-known, a tale"
    for term, spans in word_terms(text):
        assert " ".join(text[start:end] for start, end in spans) == term


def test_runs_are_counted_word_for_word():
    counter = NgramCounter.from_texts(["aaaa"])
    counts = counter.run_counts("aaaa")
    assert counts[counter.runs["aa"]] == 3
    assert counts[counter.runs["aaaa"]] == 1
    assert sum(counts.values()) == len(list(letter_runs("aaaa")))


def test_no_titles():
    counter = NgramCounter.from_texts([])
    words, runs = counter.count(["a tale"])
    assert words.shape == runs.shape == (1, 0)
    assert NgramCounter.from_texts(["a tale"]).count([])[0].shape == (0, 1)


def test_a_full_memory_is_emptied_and_nothing_changes(monkeypatch):
    counter = NgramCounter.from_texts([normalise_text(title) for title in TITLES])
    expected = counter.count(TITLES)[1].toarray()
    monkeypatch.setattr("core.models.tfidf._CACHE_SIZE", 2)
    again = NgramCounter(counter.words, counter.runs)
    assert np.array_equal(again.count(TITLES)[1].toarray(), expected)
