"""What is known of languages: the counts, and where nothing may be said."""

import pandas as pd
import pytest

from core.evaluation import KnownLanguage, known_languages
from core.wording.evaluation import unknown_sentences

CLASSES = ("Fiction", "Non-fiction")


@pytest.fixture(scope="module")
def languages() -> tuple[KnownLanguage, ...]:
    """60 English books (20 fiction, 15 of them found), 51 French (1 fiction, not found), 12 Welsh, 3 of no language."""
    rows = [("English", "Fiction", "Fiction")] * 15 + [("English", "Fiction", "Non-fiction")] * 5
    rows += [("English", "Non-fiction", "Non-fiction")] * 40
    rows += [("French", "Non-fiction", "Non-fiction")] * 50 + [("French", "Fiction", "Non-fiction")]
    rows += [("Welsh", "Fiction", "Fiction")] * 12 + [("", "Fiction", "Fiction")] * 3
    table = pd.DataFrame(rows, columns=["language", "truth", "predicted"]).sample(frac=1, random_state=1)
    return known_languages(table["language"], table["truth"], table["predicted"], CLASSES)


def test_books_are_counted_by_language_and_class(languages) -> None:
    assert [(entry.language, entry.n, entry.right) for entry in languages] == [
        ("English", 60, 55),
        ("French", 51, 50),
        ("Welsh", 12, 12),
        ("", 3, 3),
    ]
    assert [[(part.n, part.right) for part in entry.classes] for entry in languages[:3]] == [
        [(20, 15), (40, 40)],
        [(1, 0), (50, 50)],
        [(12, 12), (0, 0)],
    ]
    assert [len(entry.unknown_classes) for entry in languages] == [0, 1, 2, 2]


def test_what_nobody_checked_is_said(languages) -> None:
    """98 % of the French books are right, and nothing is known of French fiction."""
    assert unknown_sentences(languages) == [
        "Nothing is known of French fiction: 1 checked book.",
        "Nothing is known of Welsh books: 12 checked books (12 fiction).",
    ]
    assert unknown_sentences(languages, most=1)[1] == "Nor of 1 more languages or classes in them."
    assert unknown_sentences(languages[:1]) == []


def test_nothing_checked_nothing_said() -> None:
    empty = pd.Series([], dtype="str")
    assert known_languages(empty, empty, empty, CLASSES) == ()
