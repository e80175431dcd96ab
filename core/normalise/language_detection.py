"""The language of a title where the catalogue says nothing, with the right to abstain."""

import functools
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from core.normalise.languages import code_of, language_name
from core.normalise.scripts import LATIN, NON_LATIN, script_of
from core.progress import Progress, silent
from core.schema import LANGUAGE, LANGUAGE_CONFIDENCE

__all__ = ["COMMON_LANGUAGES", "LEAST_CONFIDENCE", "detect_languages", "without_cataloguers_words"]

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
_LETTER = re.compile(r"[^\W\d_]")


def detect_languages(
    titles: "pd.Series[str]", languages: Iterable[str] = (), progress: Progress = silent
) -> pd.DataFrame:
    """Return the language of each title, or '' where the detector is not sure.

    py3langid (Lui and Baldwin 2012, *langid.py: an off-the-shelf language identification tool*), limited to
    :data:`COMMON_LANGUAGES` and those given. The English that cataloguers add is taken out first: notes in brackets
    for good, phrases such as *Edited by* unless nothing can be told without them. Below a confidence of 0.5 the
    language is ''.

    The script decides first (:mod:`core.normalise.scripts`). A title in Hebrew, Greek, Thai, kana, Hangul or another
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
    return len(text) > 60 or len(_LETTER.findall(text)) >= 6


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
            if not _LETTER.search(text):
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
