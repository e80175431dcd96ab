"""Title keys: what two titles have in common when they are editions of one another."""

import unicodedata

import pandas as pd

from core.schema import TITLE_KEY

__all__ = ["title_key", "title_keys"]


class _Signs(dict[int, int | None]):
    """What each character becomes in a key: letters, digits and their marks stay, all else parts words."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        becomes = code if category[0] in "LNM" else None if category == "Cf" else ord(" ")  # Cf: a soft hyphen
        self[code] = becomes
        return becomes


# An apostrophe joins (bird's = birds), every other sign parts.
_SIGNS = _Signs(dict.fromkeys(map(ord, "'’‘ʼ`´"), None))


def title_key(title: str) -> str:
    """Return a title without case, punctuation, brackets, ellipses and white space that say nothing.

    Unicode NFKC and case folding, then letters, digits and marks are kept and parted by single spaces. Words are never
    dropped: ``[A novel.]`` is part of the key. A title of signs alone is its own key; the key of no title is ''.

    >>> title_key("The POETICAL Aviary, with a bird’s-eye view ... [Edited] &c.")
    'the poetical aviary with a birds eye view edited c'
    """
    folded = unicodedata.normalize("NFKC", title).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded)  # case folding can part what was composed
    return " ".join(folded.translate(_SIGNS).split()) or " ".join(folded.split())


def title_keys(titles: "pd.Series[str]") -> "pd.Series[str]":
    """Return :func:`title_key` of each title, as a Series of text named ``title_key``."""
    codes, distinct = pd.factorize(titles)
    keys = pd.array([title_key(str(title)) for title in distinct], dtype="str")
    return pd.Series(keys.take(codes), index=titles.index, name=TITLE_KEY)
