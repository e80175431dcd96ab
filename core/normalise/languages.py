"""One English name for a language, whatever a catalogue calls it."""

import functools
import re

import pandas as pd

__all__ = ["code_of", "language_name", "language_names"]

# What libraries say that ISO 639 does not, or says in a way that no reader would.
_ALIASES = {
    "greek": "Greek",
    "greek, modern": "Greek",
    "modern greek": "Greek",
    "greek, ancient": "Ancient Greek",
    "classical greek": "Ancient Greek",
    "gre": "Greek",
    "flemish": "Dutch",
    "castilian": "Spanish",
    "slovene": "Slovenian",
    "farsi": "Persian",
    "frisian": "Frisian",
    "bokmål": "Norwegian",
    "nynorsk": "Norwegian",
    "norwegian bokmål": "Norwegian",
    "norwegian nynorsk": "Norwegian",
    "nob": "Norwegian",
    "nno": "Norwegian",
    "nb": "Norwegian",
    "nn": "Norwegian",
    "scc": "Serbian",
    "scr": "Croatian",
    "iri": "Irish",
    "gae": "Scottish Gaelic",
    "mul": "Multiple languages",
    "various": "Multiple languages",
}
_NOTHING = frozenset(
    {"", "und", "undetermined", "unknown", "zxx", "no linguistic content", "n/a", "none", "xx", "|||", "   "}
)
# Languages of cataloguing whose own words for languages are understood.
_CATALOGUING = ("de", "fr", "nl", "fi", "sv", "da", "it", "es", "pt")


def language_name(text: str) -> str:
    """Return the English name of the first language in a cell, '' when none is named.

    ISO 639 codes of two and three letters (bibliographic ones too), names in English and in nine other languages are
    understood, several codes in one word as in MARC 041 (``engfre``) and regions behind a code (``en-GB``); what is not
    understood is kept as it came.

    >>> language_name("Dutch ; English"), language_name("ger"), language_name("Greek, Ancient"), language_name("ranska")
    ('Dutch', 'German', 'Ancient Greek', 'French')
    """
    first = re.split(r"\s*[;|\n\r]\s*|\s+/\s+", text.strip(), maxsplit=1)[0].strip(" .")
    key = " ".join(first.casefold().split())
    if key in _NOTHING:
        return ""
    known = _names()
    if key in known:
        return known[key]
    if _short(key) in known:
        return known[_short(key)]
    code = re.match(r"([a-z]{2,3})[-_][a-z0-9]", key)
    if code and code[1] in known:
        return known[code[1]]
    foreign = _foreign_names()
    if key in foreign:
        return foreign[key]
    codes = [key[start : start + 3] for start in range(0, len(key), 3)]
    if len(codes) > 1 and all(len(part) == 3 and part in _common_codes() for part in codes):
        return known[codes[0]]
    return first


def language_names(languages: "pd.Series[str]") -> "pd.Series[str]":
    """Return :func:`language_name` of each cell."""
    codes, distinct = pd.factorize(languages)
    names = pd.array([language_name(str(language)) for language in distinct], dtype="str")
    return pd.Series(names.take(codes), index=languages.index)


def code_of(name: str) -> str:
    """Return the shortest ISO 639 code of a language known by its English name, '' when it has none.

    >>> code_of("Greek"), code_of("Ancient Greek"), code_of("Norwegian"), code_of("Elvish")
    ('el', 'grc', 'no', '')
    """
    return _codes().get(name, "")


@functools.cache
def _names() -> dict[str, str]:
    """Return code or name, in lower case → English name."""
    import pycountry

    names: dict[str, str] = {}
    for language in pycountry.languages:
        name = _short(language.name)
        for key in (name, _short(getattr(language, "inverted_name", ""))):
            names.setdefault(key.casefold(), name)
    for language in pycountry.languages:  # a code beats a language that happens to be called like it
        for attribute in ("alpha_3", "bibliographic", "alpha_2"):
            code = getattr(language, attribute, "")
            if code:
                names[code] = _short(language.name)
    renamed = {"Modern Greek": "Greek", "Norwegian Bokmål": "Norwegian", "Norwegian Nynorsk": "Norwegian"}
    return {key: renamed.get(name, name) for key, name in names.items() if key} | _ALIASES


@functools.cache
def _codes() -> dict[str, str]:
    import pycountry

    codes = {_short(language.name): getattr(language, "alpha_2", language.alpha_3) for language in pycountry.languages}
    return codes | {"Greek": "el", "Norwegian": "no"}


@functools.cache
def _foreign_names() -> dict[str, str]:
    """Return name in one of nine other languages → English name; read only when a cell is not understood without."""
    import gettext

    import pycountry

    names: dict[str, str] = {}
    common = [language for language in pycountry.languages if hasattr(language, "alpha_2") or language.alpha_3 == "grc"]
    for locale in _CATALOGUING:
        translation = gettext.translation("iso639-3", pycountry.LOCALES_DIR, [locale], fallback=True)
        for language in common:
            key = _short(translation.gettext(language.name)).casefold()
            names.setdefault(key, _names()[language.alpha_3])
    greek = ("griechisch", "grec", "grieks", "kreikka", "grekiska", "græsk", "greco", "griego", "grego")
    return dict.fromkeys(greek, "Greek") | names


@functools.cache
def _common_codes() -> frozenset[str]:
    """Return the three-letter codes of languages that also have one of two: rarer ones are parts of words too often."""
    import pycountry

    common = [language for language in pycountry.languages if hasattr(language, "alpha_2") or language.alpha_3 == "grc"]
    return frozenset(
        code for language in common for code in (language.alpha_3, getattr(language, "bibliographic", "")) if code
    )


def _short(name: str) -> str:
    return re.sub(r"\s*\([^)]*\)$", "", name)
