"""Finding records by words, and whole words, beginnings and phrases in titles."""

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.schema import ALTERNATE_ID, AUTHOR, RECORD_ID, TITLE

__all__ = ["find_records", "parse_phrase_list", "phrase_mask"]

# --- Finding records by words of their title --------------------------------------------------------------------------
# Finding records by words of their title, their author or their identifier, whatever the number of records.


SEARCH_COLUMNS = (TITLE, AUTHOR, RECORD_ID, ALTERNATE_ID)


def find_records(records: pd.DataFrame, text: str) -> NDArray[np.bool_]:
    """Say which records hold every word of a text in their title, author or identifiers; all rows are looked at.

    Parameters
    ----------
    records : DataFrame
        Those of :data:`SEARCH_COLUMNS` that it has are searched, as text; missing values hold no word.
    text : str
        Words, divided by white space, in any order. Each is found anywhere, also inside a longer word or a number;
        neither case nor accents matter. They may stand in different columns: ``scott waverley``.

    Returns
    -------
    bool array, shape (n_records,)
        All True where the text is blank.

    Examples
    --------
    >>> books = pd.DataFrame({"title": ["Waverley", "Émaux et camées"], "record_id": ["001204567", "9"]})
    >>> find_records(books, "emaux").tolist(), find_records(books, "1204567 wav").tolist()
    ([False, True], [True, False])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [_folded(pa.array(records[name], type=pa.large_string())) for name in SEARCH_COLUMNS if name in records]
    hit = np.ones(len(records), dtype=bool)
    for word in _folded(pa.array(text.split(), type=pa.large_string())).to_pylist():
        inside = np.zeros(len(records), dtype=bool)
        for column in columns:
            inside |= pc.fill_null(pc.match_substring(column, word), False).to_numpy(zero_copy_only=False)
        hit &= inside
    return hit


def _folded(texts: object) -> "pa.Array":  # type: ignore[name-defined]  # noqa: F821
    """Return texts without case and accents; marks of scripts that need them are dropped on both sides alike."""
    import pyarrow.compute as pc

    parted = pc.utf8_normalize(pc.utf8_lower(texts), form="NFKD")
    return pc.replace_substring_regex(parted, pattern=r"\pM", replacement="")


# --- Words and phrases in titles --------------------------------------------------------------------------------------
# Whole words with their plurals, beginnings of words, or letters anywhere.


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
