"""Words and phrases in titles: whole words with their plurals, beginnings of words, or letters anywhere."""

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError

__all__ = ["parse_phrase_list", "phrase_mask"]

_BEFORE, _AFTER = r"(?:^|[^\pL\pM\pN])", r"(?:$|[^\pL\pM\pN])"


def phrase_mask(titles: pd.Series, phrase: str, whole_words: bool = True) -> NDArray[np.bool_]:
    r"""Say which titles have any of the words asked for. Upper and lower case are one.

    Parameters
    ----------
    titles : Series of str
        Missing titles have no words.
    phrase : str
        One or more words or phrases, separated by commas or upright strokes: ``"poem, verse, fairy tale"``.
    whole_words : bool
        If True, each is found as a whole word with its regular English plural or possessive: 'poem' finds *poem*,
        *poems*, *poem's* and 'story' finds *stories*, but 'tale' finds no *talent*. A star at the end asks for every
        word that begins so: ``poet*`` finds *poet*, *poetry*, *poetical*. If False, the letters are found anywhere,
        also inside a word.

    Returns
    -------
    bool array, shape (n_titles,)

    Raises
    ------
    InputError
        There is no word in the phrase.

    Notes
    -----
    Letters and digits of any script make words. White space in a phrase stands for any white space. Letters with
    accents are found whether a title holds them as one character or as two.

    Examples
    --------
    >>> phrase_mask(pd.Series(["Poems", "A Poetaster", "The poem's end"]), "poem, song").tolist()
    [True, False, True]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = parse_phrase_list(phrase)
    forms = dict.fromkeys(unicodedata.normalize(form, part) for part in wanted for form in ("NFC", "NFD"))
    pattern = "|".join(_pattern(part, whole_words) for part in forms)
    if whole_words:
        pattern = f"{_BEFORE}(?:{pattern})"
    # RE2, which Arrow uses, looks at each character once: no phrase can make it slow.
    matches = pc.match_substring_regex(pa.array(titles, type=pa.large_string()), pattern, ignore_case=True)
    return np.asarray(pc.fill_null(matches, False).to_numpy(zero_copy_only=False), dtype=bool)


def parse_phrase_list(phrase: str) -> list[str]:
    """Return the words and phrases that are separated by commas or upright strokes.

    Raises
    ------
    InputError
        There is none.

    >>> parse_phrase_list("poem, fairy tale| poet*,")
    ['poem', 'fairy tale', 'poet*']
    """
    wanted = [part.strip() for part in re.split(r"[,|]", phrase) if part.strip(" \t\n*")]
    if not wanted:
        raise InputError(f"There is no word to look for in '{phrase}'. Words are separated by commas.")
    return wanted


def _pattern(words: str, whole_words: bool) -> str:
    begins_so = words.endswith("*")
    stem = r"\s+".join(re.escape(word) for word in words.rstrip("*").split())
    if not whole_words or begins_so:
        return stem
    if re.search(r"[^aeiou\W\d_]y$", words, re.IGNORECASE):
        stem = f"{stem[:-1]}(?:y|ies)"
    return rf"{stem}(?:s|es)?(?:['’]s?)?{_AFTER}"
