"""What core writes in English is shown in German: every error, every note, and the numbers in them."""

import re
from typing import Any

import pytest
from babel.messages.pofile import read_po

from core.errors import unknown_name
from core.joins import Join, LeakReport
from core.thresholds import GuaranteeRecord
from core.translation import LANGUAGES, LOCALES, NUMBERED, language_is, translate
from core.wording.thresholds import kept_promise
from tests.core.translation import sentences

OTHERS = [language for language in LANGUAGES if language != "en"]
ERRORS, NOTES = sentences.written_by_errors(), sentences.written_by_notes()


def entries(language: str) -> dict[str, str]:
    with (LOCALES / language / "LC_MESSAGES" / NUMBERED).open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, locale=language) if entry.id}


@pytest.mark.parametrize("language", OTHERS)
def test_every_error_and_every_note_is_translated_and_no_entry_is_dead(language: str) -> None:
    known = entries(language)
    wanted = ERRORS | {text: place for text, place in NOTES.items() if sentences.is_sentence(text)}
    missing = {place: text for text, place in wanted.items() if not known.get(text)}
    assert missing == {}, f"add these to core/translation/locales/{language}/LC_MESSAGES/{NUMBERED}"
    assert known.keys() - ERRORS.keys() - NOTES.keys() - set(sentences.COMPOSED) == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_no_place_that_its_text_lacks(language: str) -> None:
    numbers = re.compile(r"\{\d+\}")
    known = entries(language).items()
    assert [text for text, german in known if set(numbers.findall(german)) - set(numbers.findall(text))] == []


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("a.csv is empty: it holds no byte at all.", "a.csv ist leer: Es enthält kein einziges Byte."),
        (
            "1,204 of 9,000 records could not be used and were set aside, the first on line 7.",
            "1.204 von 9.000 Datensätzen waren nicht zu gebrauchen und wurden beiseitegelegt, der erste: line 7.",
        ),
        # Two messages after one another; a name in quotation marks is nobody's message, "nothing" outside of them is.
        (
            "Without these labels only nothing would be left: leave out fewer. There is no job 'nothing' in ws.",
            "Ohne diese Klassen bliebe nur nichts: Lassen Sie weniger weg. In ws gibt es keinen Auftrag „nothing“.",
        ),
        # A message of the pages that a file keeps in English, within another.
        (
            "With 95 % confidence at most 0.5 % of all 6,000 books are wrong once people have done the rest:"
            " 1 unchecked book, 47 hours. It assumes that people do the rest, and rightly.",
            "Mit 95 % Sicherheit sind höchstens 0,5 % aller 6.000 Bücher falsch, sobald Menschen den Rest erledigt"
            " haben: 1 ungeprüftes Buch, 47 Stunden. Dabei wird angenommen, dass Menschen den Rest erledigen, und zwar"
            " richtig.",
        ),
        # A quoted title with the end of a sentence in it.
        (
            "'Title' is named like it, and it holds values such as 'Poems. By A. Lee'; 3,787 of 3,787 rows are filled.",
            "„Title“ heißt so, und dort stehen Werte wie „Poems. By A. Lee“; 3.787 von 3.787 Zeilen sind gefüllt.",
        ),
        ("Nobody translated this sentence.", "Nobody translated this sentence."),
    ],
)
def test_a_text_of_core_is_read_in_german(english: str, german: str) -> None:
    with language_is("de"):
        assert translate(english) == german
    assert translate(english) == english


def test_what_functions_of_core_put_together_is_read_in_german() -> None:
    import numpy as np

    join = Join(np.array([0, 1, -1]), np.array([1, 3, 0], dtype=np.int8))
    leaks = LeakReport(np.array([True, False]), np.array([True, True]), 0)
    made: list[Any] = [
        join.sentence("predictions", "the records of the catalogue 'big'"),
        leaks.sentence("the labelled books", "'test'"),
        unknown_name("label set", "anotated", ["annotated"]),
    ]
    with language_is("de"):
        assert [translate(text) for text in made] == [
            "2 von 3 Vorhersagen sind unter den Datensätzen des Katalogs „big“: 1 nach ihrem Identifikator,"
            " 1, nachdem verlorene Nullen ergänzt waren.",
            "2 von 2 Büchern mit Klasse sind auch in „test“: 1 nach Identifikator, 1 nur nach Titel.",
            "„anotated“ (Klassenzuordnung) gibt es nicht (meinten Sie „annotated“?). Es gibt: annotated.",
        ]


@pytest.mark.parametrize(
    ("kind", "headline", "german"),
    [
        (
            "whole",
            "With 95 % confidence at most 2 % of all 6,000 books are wrong once people have done the rest: 2,811"
            " unchecked books, 47 hours.",
            "Mit 95 % Sicherheit sind höchstens 2 % aller 6.000 Bücher falsch, sobald Menschen den Rest erledigt haben:"
            " 2.811 ungeprüfte Bücher, 47 Stunden.",
        ),
        # Words of an earlier version that nobody translated: the numbers of the record are told instead.
        (
            "whole",
            "In the whole at most 2 % go wrong.",
            "Mit 95 % Sicherheit sind höchstens 2 % vom Ganzen falsch, sobald Menschen den Rest erledigt haben.",
        ),
        ("accepted", "At most 2 % wrong.", "Mit 95 % Sicherheit sind höchstens 2 % der angenommenen falsch."),
    ],
)
def test_a_kept_promise_is_read_in_german_with_its_numbers(kind: str, headline: str, german: str) -> None:
    record = GuaranteeRecord(kind=kind, max_error=0.02, confidence=0.95, headline=headline)
    with language_is("de"):
        assert kept_promise(record).replace("\N{NO-BREAK SPACE}", " ") == german
    assert kept_promise(record) == headline
