"""Years from dates as cataloguers wrote them.

Which year is taken. ``1879 [1878]`` says that the imprint reads 1879 and that the cataloguer knows the book came out in
1878. The year taken is the first one as catalogued, 1879, for three reasons: it is what the British Library itself
coded in MARC 008/07-10 for such records, it is the year a reader finds on the title page and in other catalogues, and
it asks for no judgement about what a bracket means (``1570 [reprinted 1844.]``, ``1900 [1923]``, ``1845 [1845-51]``).
The certainty *inferred* says that a bracket has more to tell. Only an outright correction, ``1889 [i.e. 1898]``, is
followed, because there the cataloguer calls the printed year wrong. A Roman numeral is read only where no year stands
in digits: ``MDCCCXLIX [1849]`` is the cataloguer's own reading of it.
"""

import re

import pandas as pd

from core.schema import DATE_CERTAINTY, YEAR

__all__ = ["EARLIEST", "LATEST", "parse_date", "parse_dates"]

EARLIEST, LATEST = 1400, 2100

_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d|2100)(?!\d)")
_ROMAN = re.compile(r"\bM[. ]?[MDCLXVIJ](?:[. ]?[MDCLXVIJ])+\b", re.IGNORECASE)
_WELL_FORMED = re.compile(r"M{1,2}(?:CM|CD|D?C{0,4})(?:XC|XL|L?X{0,4})(?:IX|IV|V?I{0,4})")
_ROMAN_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
# Decade or century known only: 184-, 184-?, 184?, 184u, [184.]; 1840s, 1840er; 18--, 18--?, 18uu, [18..]
_DECADE = re.compile(r"(?<!\d)(1[4-9]\d|20\d)(?:[-–—_u?]|\.(?=[\]?]))(?!\d)", re.IGNORECASE)
_DECADE_WORD = re.compile(r"(?<!\d)(?:1[4-9]|20)\d0(?:['’]?s|er|-?luvu|-?luku|-?tal)", re.IGNORECASE)
_CENTURY = re.compile(r"(?<!\d)(?:1[4-9]|20)(?:--|––|——|__|uu|\?\?|\.\.)", re.IGNORECASE)
_UNCERTAIN = re.compile(
    r"\?|\bor\b|\bc(?:irca|irc|a)?\.?\s*(?=[\[\d])|"
    r"\b(?:about|approximately|before|after|between|not|possibly|probably|um|etwa|vor|nach|vers|environ|avant|après|"
    r"omstreeks|noin|omkring)\s*(?=[\[\d])",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"(?:\bi\.\s*e\.|\bthat is\b|\brecte\b|\bd\.\s*i\.)[\s,:]*(1[4-9]\d\d|20\d\d)(?!\d)", re.IGNORECASE
)
_DAY = re.compile(
    r"(?<!\d)(?:1[4-9]\d\d|20\d\d)-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?!\d)"
    r"|(?<!\d)\d\d?[./]\d\d?[./](?:1[4-9]\d\d|20\d\d)(?!\d)"
)
# What follows the first year when a publication went on, each with an example.
_GOES_ON = re.compile(
    r"[\s\]).]*(?:"
    r"\[?[-–—/][\s\[\]]*\d{1,4}(?!\d)"  # -76   -1880   [-41]   -[21]   /75
    r"|(?:[,;&+]|\band\b|\bund\b|\bu\.|\bet\b|\ben\b|\boch\b|\bja\b)[\s\],]*\d{1,4}(?![\dº°])"  # , 98   ,] 91   & 76
    r"|[,;]\s*\[\d{1,2}(?!\d)"  # , [93]
    r"|\[\d{1,2}(?:\s*[-–—,]|\]\s*[-–—])"  # [53-54]   [71]-88
    r"|[-–—][\s.\])?]*$"  # -
    r"|[,\s\[]*(?:etc|&c|ff)\b"  # , etc.
    r"|\bto\b\s*\d|\bbis\b\s*\d)",
    re.IGNORECASE,
)


def parse_date(text: str) -> tuple[int | None, str]:
    """Return the first year in a date as catalogued and how certain it is.

    Parameters
    ----------
    text : str

    Returns
    -------
    (int or None, str)
        A year from 1400 to 2100, and one of :data:`core.schema.DATE_CERTAINTIES`: *certain*; *inferred* (in brackets,
        or with another year in brackets); *range* (the first of several years); *uncertain* (a question mark anywhere,
        circa, a decade, a century, an end without a beginning); *none* (nothing there); *unreadable* (something is
        there, but no year in that span). A decade gives its first year, so that it is counted in the right decade; a
        century, or an end alone, gives None.

    Examples
    --------
    >>> parse_date("1879 [1878]"), parse_date("[1840?]"), parse_date("1874-76"), parse_date("MDCCCXLV")
    ((1879, 'inferred'), (1840, 'uncertain'), (1874, 'range'), (1845, 'certain'))
    >>> parse_date("184-?"), parse_date("[18--]"), parse_date("an VII"), parse_date("")
    ((1840, 'uncertain'), (None, 'uncertain'), (None, 'unreadable'), (None, 'none'))
    """
    text = text.strip()
    if not text:
        return None, "none"
    plain = text if _YEAR.search(text) else _ROMAN.sub(_digits, text)
    year_match = _YEAR.search(plain)
    if not year_match:
        decade = _DECADE.search(plain)
        if decade:
            return int(decade[1]) * 10, "uncertain"
        return None, "uncertain" if _CENTURY.search(plain) else "unreadable"
    if re.fullmatch(r"[\s\[(]*[-–—]\s*", plain[: year_match.start()]):
        return None, "uncertain"  # '-1907': it ended then, and nobody says when it began
    correction = _CORRECTION.search(plain)
    if correction:
        return int(correction[1]), "inferred"
    return int(year_match[1]), _certainty(plain, year_match)


def parse_dates(dates: "pd.Series[str]") -> pd.DataFrame:
    """Return :func:`parse_date` of each cell.

    Parameters
    ----------
    dates : Series of text

    Returns
    -------
    DataFrame with the index of `dates`
        ``year`` (Int64, <NA> where none) and ``date_certainty`` (str).
    """
    distinct = dates.unique()
    parsed = [parse_date(str(text)) for text in distinct]
    years = pd.Series([year for year, _ in parsed], index=distinct, dtype="Int64")
    certainties = pd.Series([certainty for _, certainty in parsed], index=distinct, dtype="str")
    place = pd.Index(distinct).get_indexer(pd.Index(dates))
    return pd.DataFrame(
        {YEAR: years.array.take(place), DATE_CERTAINTY: certainties.array.take(place)}, index=dates.index
    )


def _certainty(text: str, first: "re.Match[str]") -> str:
    if _UNCERTAIN.search(text) or _DECADE_WORD.search(text):
        return "uncertain"
    if _DAY.search(text):
        return "certain"
    others = [year for year in _YEAR.finditer(text) if year[1] != first[1]]
    if any(_GOES_ON.match(text[year.end() :]) for year in (first, *others)):
        return "range"
    if any(not _in_brackets(text, year) for year in others):
        return "range"
    more = others or re.match(r"[\s.,]*\[\d{2}(?!\d)", text[first.end() :])
    return "inferred" if more or _in_brackets(text, first) else "certain"


def _in_brackets(text: str, year: "re.Match[str]") -> bool:
    """Half a bracket counts: the other half may stand in the place (``[London, 1846]`` is cut in two)."""
    before, after = text[: year.start()], text[year.end() :]
    opened = before.rfind("[") > before.rfind("]")
    closing, opening = after.find("]"), after.find("[")
    return opened or (closing >= 0 and (opening < 0 or closing < opening))


def _digits(numeral: "re.Match[str]") -> str:
    """Return a Roman numeral as digits, or as it stands when it is a word (*Mild*) or no year."""
    letters = re.sub(r"[. ]", "", numeral.group()).upper().replace("J", "I")
    if not _WELL_FORMED.fullmatch(letters):
        return numeral.group()
    values = [_ROMAN_VALUES[letter] for letter in letters]
    year = sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )
    return str(year)
