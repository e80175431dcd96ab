"""The language of a title: as the catalogue names it, by its script, or detected, with the right to abstain."""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from core.progress import Progress, silent
from core.schema import LANGUAGE, LANGUAGE_CONFIDENCE

__all__ = [
    "COMMON_LANGUAGES",
    "Script",
    "code_of",
    "detect_languages",
    "language_name",
    "language_names",
    "script_of",
    "without_cataloguers_words",
]

# --- One English name for a language, whatever a catalogue calls it ---------------------------------------------------


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


# --- The script of a title, and the languages that are written in it --------------------------------------------------


@dataclass(frozen=True)
class Script:
    """A script and its languages.

    Attributes
    ----------
    name : str
        As Unicode calls it.
    languages : mapping
        ISO 639 code → the letters that this language has of those by which its neighbours differ from it; a title with
        another of these letters is not in it.
    expected : tuple of str
        The codes that libraries' titles in this script most often are in.
    """

    name: str
    languages: Mapping[str, frozenset[str]]
    expected: tuple[str, ...]
    telling: frozenset[str] = field(default=frozenset())

    def possible(self, text: str) -> list[str]:
        """Return the codes of the languages that have every telling letter of a text; all of them where none has."""
        letters = set(text.lower()) & self.telling
        left = [code for code, own in self.languages.items() if letters <= own]
        return left or list(self.languages)


LATIN: Final = Script("Latin", {}, ())


def _script(name: str, languages: Mapping[str, str], expected: Iterable[str] = ()) -> Script:
    own = {code: frozenset(letters.replace(" ", "")) for code, letters in languages.items()}
    telling = frozenset().union(*own.values())
    return Script(name, own, tuple(expected) or tuple(own)[:1], telling)


# Russian before 1918 has і, ѣ, ѳ and ѵ.
_CYRILLIC: Final = _script(
    "Cyrillic",
    {
        "ru": "ё и й щ ъ ы э ь ю я і ѣ ѳ ѵ",
        "uk": "и й щ ь ю я і ґ є ї",
        "be": "ё й ы э ь ю я і ў",
        "bg": "и й щ ъ ь ю я ѣ ѫ",
        "sr": "и ђ ј љ њ ћ џ",
        "mk": "и ј љ њ џ ѓ ѕ ќ",
    },
)
_ARABIC: Final = _script(
    "Arabic",
    {
        "ar": "ي ك ة ى أ إ ؤ",
        "fa": "ی ک گ پ چ ژ ي ك أ ؤ",
        "ur": "ی ک گ پ چ ژ ٹ ڈ ڑ ں ے ھ ہ",
        "ps": "ی ک ګ پ چ ژ ټ ډ ړ ښ ږ ځ څ ې ۍ ي",
        "ug": "ي ك گ پ چ ژ ە ې ى ۇ ۆ ۈ ۋ ڭ",
    },
    ("ar", "fa"),
)
_DEVANAGARI: Final = _script("Devanagari", {"hi": "ड़ ढ़ ज़ फ़", "mr": "ळ", "ne": "", "sa": "ऽ ळ"}, ("hi",))
_HAN: Final = _script("Han", {"zh": "", "ja": ""}, ("zh", "ja"))
_KANA: Final = _script("Kana", {"ja": ""})
_HEBREW: Final = _script("Hebrew", {"he": ""})
_YIDDISH: Final = _script("Hebrew (Yiddish)", {"yi": ""})

# Blocks of Unicode; the script of most letters counts. Kana goes before Han, for Japanese is written in both.
_BLOCKS: Final[tuple[tuple[str, Script], ...]] = (
    ("\u0370-\u03ff\u1f00-\u1fff", _script("Greek", {"el": ""})),
    ("\u0400-\u052f", _CYRILLIC),
    ("\u0530-\u058f", _script("Armenian", {"hy": ""})),
    ("\u0590-\u05ff\ufb1d-\ufb4f", _HEBREW),
    ("\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff", _ARABIC),
    ("\u0900-\u097f", _DEVANAGARI),
    ("\u0980-\u09ff", _script("Bengali", {"bn": "র", "as": "ৰ ৱ"}, ("bn",))),
    ("\u0a00-\u0a7f", _script("Gurmukhi", {"pa": ""})),
    ("\u0a80-\u0aff", _script("Gujarati", {"gu": ""})),
    ("\u0b80-\u0bff", _script("Tamil", {"ta": ""})),
    ("\u0c00-\u0c7f", _script("Telugu", {"te": ""})),
    ("\u0c80-\u0cff", _script("Kannada", {"kn": ""})),
    ("\u0d00-\u0d7f", _script("Malayalam", {"ml": ""})),
    ("\u0d80-\u0dff", _script("Sinhala", {"si": ""})),
    ("\u0e00-\u0e7f", _script("Thai", {"th": ""})),
    ("\u0e80-\u0eff", _script("Lao", {"lo": ""})),
    ("\u1000-\u109f", _script("Myanmar", {"my": ""})),
    ("\u10a0-\u10ff", _script("Georgian", {"ka": ""})),
    ("\u1100-\u11ff\uac00-\ud7af", _script("Hangul", {"ko": ""})),
    ("\u1780-\u17ff", _script("Khmer", {"km": ""})),
    ("\u3040-\u30ff", _KANA),
    ("\u3400-\u9fff\U00020000-\U0003ffff", _HAN),
)
_BY_CHARACTER: Final = [(re.compile(f"[{block}]"), script) for block, script in _BLOCKS]
_BEYOND_LATIN: Final = re.compile("[\u0370-\uffff\U00010000-\U0003ffff]")
_LETTER: Final = re.compile(r"[^\W\d_]")
# Yiddish writes its vowels with letters that Hebrew does without: double vav and yod, pointed alef.
_YIDDISH_LETTERS: Final = re.compile("װ|ױ|ײ|אָ|אַ|\ufb2e|\ufb2f|\ufb1f|פֿ|\ufb4e")
NON_LATIN: Final = frozenset({"grc", *(code for _, script in _BLOCKS for code in script.languages)})


def script_of(text: str) -> Script:
    """Return the script of most letters in a text; `LATIN` where that is none of those known here.

    >>> script_of("吾輩は庭である").name, script_of("紅樓夢").name, script_of("Die Ἰλιάς des Homer").name
    ('Kana', 'Han', 'Latin')
    """
    if not _BEYOND_LATIN.search(text):
        return LATIN
    letters = len(_LETTER.findall(text))
    counts = {script.name: (len(pattern.findall(text)), script) for pattern, script in _BY_CHARACTER}
    kana, han = counts["Kana"][0], counts["Han"][0]
    if kana:
        counts["Kana"] = (kana + han, _KANA)
    most, script = max(counts.values(), key=lambda count: count[0])
    if 2 * most <= letters:
        return LATIN
    return _YIDDISH if script is _HEBREW and _YIDDISH_LETTERS.search(text) else script


# --- The language of a title where the catalogue says nothing, with the right to abstain ------------------------------


# The fewer languages a short title can be taken for, the more often it is taken for the right one.
COMMON_LANGUAGES = (
    *("English", "French", "German", "Dutch", "Italian", "Spanish", "Portuguese", "Latin", "Swedish", "Danish"),
    *("Norwegian", "Finnish", "Russian", "Hungarian", "Polish", "Czech", "Greek", "Welsh"),
)
LEAST_CONFIDENCE = 0.5
_BATCH = 5_000
# As sure as a script can make it: other languages are written in it too, seldom in the titles that libraries have.
_SCRIPT_CONFIDENCE = 0.99
_EXPECTED_WEIGHT = 10.0

_BRACKETED = re.compile(r"\[[^\[\]]*\]?")
_PHRASES = re.compile(
    r"\b(?:(?:Selected|Edited|Translated|Illustrated|Compiled|Revised|Arranged|Reprinted)(?:,? and \w+)? (?:by|from)"
    r"|With (?:an? |the |numerous |\w+ )?(?:illustrations?|portraits?|plates?|maps?|introduction|preface|notes|memoir)"
    r"|(?:Second|Third|Fourth|Fifth|New) edition)\b"
    r"(?:[^.]|(?<=\b\w)\.)*\.?",  # the full stop of an initial does not end the phrase
    re.IGNORECASE,
)
_PHRASE_WORDS = re.compile(r"\b(?:by|from|[Ww]ith|edition)\b")
_EMPTY_WORDS = re.compile(r",? ?\betc\b\.?|\.\.\.|…")
# More letters than these change no answer on titles of known language, and take longer.
_READ_CHARACTERS = 120
_ANY_LETTER = re.compile(r"[^\W\d_]")


def detect_languages(
    titles: "pd.Series[str]", languages: Iterable[str] = (), progress: Progress = silent
) -> pd.DataFrame:
    """Return the language of each title, or '' where the detector is not sure.

    py3langid (Lui and Baldwin 2012, *langid.py: an off-the-shelf language identification tool*), limited to
    :data:`COMMON_LANGUAGES` and those given. The English that cataloguers add is taken out first: notes in brackets
    for good, phrases such as *Edited by* unless nothing can be told without them. Below a confidence of 0.5 the
    language is ''.

    The script decides first (:mod:`core.normalise.languages`). A title in Hebrew, Greek, Thai, kana, Hangul or another
    script of one language is in that language, with a confidence of 0.99. A script that languages share (Cyrillic,
    Arabic, Devanagari, Han) leaves those that have all its letters; the detector weighs them, and the languages most
    often met in that script, or given, count ten times as much as the others.

    It is the language of the title, not of the book: an Aeschylus with a Latin title page is Latin. On books of one
    language 94 to 98 in 100 answers were the book's language (in titles of the British Library and of Fennica, where
    Russian in Latin letters is taken for Czech); a title that is nothing but a name has no language.

    Parameters
    ----------
    titles : Series of text
    languages : iterable of str
        English names of further languages to expect, such as those the catalogue names; those that the detector does
        not know are passed over.

    Returns
    -------
    DataFrame with the index of `titles`
        ``language`` (str) and ``language_confidence`` (float, 0 to 1, NaN where ``language`` is '').
    """
    detector = _Detector(languages)
    places, distinct = pd.factorize(titles)
    detected: list[tuple[str, float]] = []
    for start in range(0, len(distinct), _BATCH):
        detected += [detector.language(str(title)) for title in distinct[start : start + _BATCH]]
        progress(
            len(detected) / len(distinct), f"Detecting the language of titles: {len(detected):,} of {len(distinct):,}"
        )
    language = pd.array([name for name, _ in detected], dtype="str")
    confidence = np.array([share for _, share in detected], dtype=np.float64)
    return pd.DataFrame({LANGUAGE: language.take(places), LANGUAGE_CONFIDENCE: confidence[places]}, index=titles.index)


def without_cataloguers_words(title: str) -> tuple[str, str]:
    """Return a title without notes in brackets, and the same also without phrases such as *Edited by*.

    A title that is all bracket stays, without the brackets themselves.

    >>> without_cataloguers_words("Vid nedre Kongo [With illustrations and maps.]")
    ('Vid nedre Kongo', 'Vid nedre Kongo')
    """
    bare = _BRACKETED.sub(" ", title) if "[" in title else title
    bare = _EMPTY_WORDS.sub(" ", bare)
    if not _says_something(bare):
        bare = re.sub(r"[\[\]]", " ", title)
    shorter = _PHRASES.sub(" ", bare) if _PHRASE_WORDS.search(bare) else bare
    if not _says_something(shorter):
        shorter = bare
    return " ".join(bare.split()), " ".join(shorter.split())


def _says_something(text: str) -> bool:
    return len(text) > 60 or len(_ANY_LETTER.findall(text)) >= 6


class _Detector:
    """Tells the language of one title after the other.

    Parameters
    ----------
    languages : iterable of str
        English names of languages to expect beside the common ones.
    """

    def __init__(self, languages: Iterable[str]) -> None:
        self._known = set(_identifier().labels)
        given = {code for name in languages if (code := code_of(name))}
        common = {code_of(name) for name in COMMON_LANGUAGES}
        self._given = given
        self._latin = tuple(sorted(code for code in (common | given) - NON_LATIN if code in self._known))
        self._identifiers: dict[tuple[str, ...], Any] = {}

    def language(self, title: str) -> tuple[str, float]:
        """Return the English name of a title's language and how sure that is (0.5 to 1), ('', NaN) where it is not."""
        bare, shorter = without_cataloguers_words(title)
        for text in dict.fromkeys((shorter, bare)):
            if not _ANY_LETTER.search(text):
                continue
            code, confidence = self._detected(text[:_READ_CHARACTERS])
            if confidence >= LEAST_CONFIDENCE:
                return language_name(code), confidence
        return "", float("nan")

    def _detected(self, text: str) -> tuple[str, float]:
        script = script_of(text)
        if script is LATIN:
            code, confidence = self._identifier(self._latin).classify(text)
            return str(code), float(confidence)
        possible = script.possible(text)
        if len(possible) == 1:
            return possible[0], _SCRIPT_CONFIDENCE
        candidates = tuple(sorted(code for code in possible if code in self._known))
        expected = {*script.expected, *self._given}
        weighed = {
            str(code): float(share) * (_EXPECTED_WEIGHT if code in expected else 1.0)
            for code, share in self._identifier(candidates).rank(text)
        }
        best = max(weighed, key=weighed.__getitem__)
        return best, min(_SCRIPT_CONFIDENCE, weighed[best] / sum(weighed.values()))

    def _identifier(self, codes: tuple[str, ...]) -> Any:
        if codes not in self._identifiers:
            self._identifiers[codes] = _identifier()
            self._identifiers[codes].set_languages(list(codes))
        return self._identifiers[codes]


@functools.cache
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _identifier() -> Any:
    """Return an identifier of one's own on the shared model: limiting its languages must not reach another thread."""
    import copy

    return copy.copy(_model())
