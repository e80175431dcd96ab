"""The language of sentences: English as it stands in the code, German complete, numbers as each writes them."""

import ast
import string
from typing import Any

import pytest
from babel.messages.pofile import read_po

from core import formatting, translation
from core.facets import facet_words
from core.translation import LANGUAGES, LOCALES, _, in_english, language_is, number_text, plural
from tests.core.translation.messages import Message, all_messages, has_words, sources
from tests.serving import ROOT

OTHERS = [language for language in LANGUAGES if language != translation.ENGLISH]
# All in one process: the sources are read once.
pytestmark = pytest.mark.xdist_group("translation")


def entries(language: str) -> dict[Message, Any]:
    with (LOCALES / language / "LC_MESSAGES" / "colophon.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {entry.id if isinstance(entry.id, str) else tuple(entry.id): entry.string for entry in catalogue if entry.id}


def places(text: str) -> set[str]:
    return {name for literal, name, spec, conversion in string.Formatter().parse(text) if name}


def test_every_language_has_a_catalogue_and_no_other_has() -> None:
    assert sorted(path.name for path in LOCALES.iterdir()) == sorted(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_and_no_entry_is_dead(language: str) -> None:
    known = entries(language)
    messages = all_messages()
    missing = {place: message for message, place in messages.items() if not any(known.get(message) or ())}
    assert missing == {}, f"add these to core/translation/locales/{language}/LC_MESSAGES/colophon.po"
    assert known.keys() - messages.keys() == set(), "no source has these messages any more: remove them"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_of_its_message(language: str) -> None:
    known = entries(language)
    different = []
    for message in all_messages():
        if "with {identifier}" in str(message):  # braces of this help stand for themselves: it has no values
            continue
        originals = [message] if isinstance(message, str) else list(message)
        translated = known[message] if isinstance(message, tuple) else [known[message]]
        wanted = set().union(*map(places, originals))
        different += [(message, text) for text in translated if places(text) - {"n"} != wanted - {"n"}]
        different += [(message, text) for text in translated if "n" in places(text) and "n" not in wanted]
    assert different == []


@pytest.mark.parametrize("language", OTHERS)
def test_blanks_around_a_message_stay(language: str) -> None:
    known = entries(language)
    texts = {message: known[message] for message in all_messages() if isinstance(message, str)}
    assert [message for message, text in texts.items() if message.endswith(" ") != text.endswith(" ")] == []
    # What is added to a sentence begins with a blank, or with the comma that a language has there.
    assert [message for message, text in texts.items() if (message[0] in " ,") != (text[0] in " ,")] == []


# --- What is left outside ---------------------------------------------------------------------------------------------

DRAWING = {
    *("button", "caption", "checkbox", "conclusion", "download_button", "error", "expander", "file_uploader"),
    *("form_submit_button", "header", "info", "link_button", "markdown", "metric", "more", "multiselect"),
    *("number_input", "radio", "segmented_control", "select_slider", "selectbox", "slider", "success", "text_area"),
    *("text_input", "title", "toggle", "warning"),
}
SHOWN = {"alt", "help", "label", "placeholder"}
ALLOWED = {"%s", "Colophon", "Language / Sprache", "https://", "–"}


def test_no_text_of_a_page_is_left_outside_of_the_messages() -> None:
    left = []
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        if place.startswith("core"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            drawn = node.args[:1] if isinstance(node.func, ast.Attribute) and node.func.attr in DRAWING else []
            if ast.unparse(node.func) == "address.choose":
                drawn = node.args[1:2]
            shown = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN]
            for value in (*drawn, *shown):
                parts = value.values if isinstance(value, ast.JoinedStr) else [value]
                texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
                left += [f"{place}:{node.lineno}: {text}" for text in texts if _is_left(text)]
    assert left == []


def _is_left(text: str) -> bool:
    return has_words(text.replace("{", "").replace("}", "")) and not text.startswith(tuple(ALLOWED))


@pytest.mark.parametrize("path", sorted((ROOT / "dashboard" / "cache").glob("*.py")), ids=lambda path: path.name)
def test_what_is_kept_in_a_cache_is_made_in_english(path: Any) -> None:
    """Two readers of two languages share what is kept: sentences are made outside of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            assert not any("st.cache" in text for text in decorators) or "in_english()" in decorators, node.name


# --- How a language writes --------------------------------------------------------------------------------------------


def test_english_stays_as_it_is() -> None:
    assert _("{n:,} books", n=18400) == "18,400 books"
    assert plural("{n:,} checked book", "{n:,} checked books", 1) == "1 checked book"
    assert _("an own message with {braces}") == "an own message with {braces}"


def test_german_writes_numbers_shares_and_lists_its_own_way() -> None:
    with language_is("de"):
        assert number_text("18,400.5") == "18.400,5"
        assert formatting.in_percent(0.0042) == "0,4 %"
        assert formatting.upper_percent(0.025) == "2,5 %"
        assert formatting.percent(0.00001) == "unter 0,1 %"
        assert formatting.listed(["a", "b", "c"]) == "a, b und c"
        assert formatting.interval_percent(0.8704, 0.9121) == "87,0 bis 91,3 %"
        assert plural("{n:,} checked book", "{n:,} checked books", 1200) == "1.200 geprüfte Bücher"
        assert facet_words("language", "French") == "Bücher auf Französisch"
        with in_english():
            assert formatting.in_percent(0.0042) == "0.4 %"
        assert _("a message that nobody translated") == "a message that nobody translated"
    assert formatting.in_percent(0.0042) == "0.4 %"


def test_a_title_with_braces_is_text() -> None:
    with language_is("de"):
        assert _("“{name}” says “{other}”", name="{0.__class__}", other="{x}") == "“{0.__class__}” says “{x}”"
