"""The script of a title, and the languages that are written in it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["LATIN", "NON_LATIN", "Script", "script_of"]


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
