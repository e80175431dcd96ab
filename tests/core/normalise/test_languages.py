"""One name a language, and the language of a title."""

import math

import pandas as pd
import pytest

from core.normalise import detect_languages, language_name, language_names
from core.normalise.languages import COMMON_LANGUAGES, code_of, without_cataloguers_words


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("English", "English"),
        ("Dutch ; English", "Dutch"),
        ("Dutch;English", "Dutch"),
        ("German|Latin", "German"),
        ("Yiddish ; German", "Yiddish"),
        ("ger", "German"),
        ("deu", "German"),
        ("DE", "German"),
        ("en-GB", "English"),
        ("pt_BR", "Portuguese"),
        ("engfre", "English"),
        ("dut", "Dutch"),
        ("Greek, Ancient", "Ancient Greek"),
        ("Greek, Ancient ; Latin", "Ancient Greek"),
        ("Greek, Modern", "Greek"),
        ("gre", "Greek"),
        ("Greek, Modern (1453-)", "Greek"),
        ("nob", "Norwegian"),
        ("Deutsch", "German"),
        ("néerlandais", "Dutch"),
        ("ranska", "French"),
        ("suomi", "Finnish"),
        ("Schwedisch", "Swedish"),
        ("venäjä", "Russian"),
        ("mul", "Multiple languages"),
        ("und", ""),
        ("", ""),
        ("Elvish", "Elvish"),
    ],
)
def test_a_language_name(text, name):
    assert language_name(text) == name


def test_a_column_of_names():
    names = language_names(pd.Series(["fre", "", "fre"], index=[1, 3, 5], dtype="str"))
    assert names.to_dict() == {1: "French", 3: "", 5: "French"}


def test_every_common_language_has_a_code():
    assert [name for name in COMMON_LANGUAGES if not code_of(name)] == []


@pytest.mark.parametrize(
    ("title", "bare", "shorter"),
    [
        ("Vid nedre Kongo [With illustrations and maps.]", "Vid nedre Kongo", "Vid nedre Kongo"),
        (
            "Faust, eine Tragödie. Edited by K. Breul.",
            "Faust, eine Tragödie. Edited by K. Breul.",
            "Faust, eine Tragödie.",
        ),
        ("[De Kroniek van Staets.]", "De Kroniek van Staets.", "De Kroniek van Staets."),
        ("Gedichte, etc", "Gedichte", "Gedichte"),
        ("Edited by B.", "Edited by B.", "Edited by B."),
    ],
)
def test_the_cataloguers_english_is_set_aside(title, bare, shorter):
    assert without_cataloguers_words(title) == (bare, shorter)


TITLES = {
    "The history and antiquities of the county of Surrey": "English",
    "Geschichte der deutschen Literatur von den ältesten Zeiten": "German",
    "Vid nedre Kongo och andra berättelser från resan [With illustrations and maps.]": "Swedish",
    "Histoire de la révolution française depuis les origines": "French",
    "Историческая хрестоматія по русской исторіи": "Russian",
    "De geschiedenis van het Nederlandsche volk": "Dutch",
    "1848": "",
    "": "",
}


def test_titles_say_their_language_or_nothing():
    titles = pd.Series([*TITLES, next(iter(TITLES))], index=range(20, 21 + len(TITLES)), dtype="str")
    result = detect_languages(titles)
    assert result.index.equals(titles.index)
    assert result["language"].tolist() == [*TITLES.values(), "English"]
    for language, confidence in zip(result["language"], result["language_confidence"], strict=True):
        assert (0.5 <= confidence <= 1) if language else math.isnan(confidence)


def test_a_language_is_looked_for_only_when_it_is_expected():
    titles = pd.Series(
        ["Hanes Methodistiaeth Cymru a bywyd y pregethwyr", "Saga af Agli Skallagrímssyni og kappar"], dtype="str"
    )
    without = detect_languages(titles)["language"].tolist()
    expected = detect_languages(titles, ["Icelandic", "Elvish"])["language"].tolist()
    assert without[0] == expected[0] == "Welsh"
    assert without[1] != "Icelandic"
    assert expected[1] == "Icelandic"
    assert detect_languages(titles)["language"].tolist() == without


def test_progress_is_told_in_parts():
    messages: list[tuple[float, str]] = []
    detect_languages(pd.Series(["Poems", "Tales"], dtype="str"), progress=lambda *text: messages.append(text))
    assert messages == [(1.0, "Detecting the language of titles: 2 of 2")]
