"""Imprints, made comparable with a light hand: years from dates as cataloguers wrote them, places and countries.

Which year is taken. ``1879 [1878]`` says that the imprint reads 1879 and that the cataloguer knows the book came out in
1878. The year taken is the first one as catalogued, 1879, for three reasons: it is what the British Library itself
coded in MARC 008/07-10 for such records, it is the year a reader finds on the title page and in other catalogues, and
it asks for no judgement about what a bracket means (``1570 [reprinted 1844.]``, ``1900 [1923]``, ``1845 [1845-51]``).
The certainty *inferred* says that a bracket has more to tell. Only an outright correction, ``1889 [i.e. 1898]``, is
followed, because there the cataloguer calls the printed year wrong. A Roman numeral is read only where no year stands
in digits: ``MDCCCXLIX [1849]`` is the cataloguer's own reading of it.

Of places signs go, names stay, and a few Latin forms are translated. Countries stay as a catalogue has them; codes of
MARC become names.
"""

import re
import unicodedata
from typing import Final

import numpy as np
import pandas as pd

from core.readers.marc_codes import country_of_code, is_country_code
from core.readers.scores import country_code_share
from core.schema import DATE_CERTAINTY, PLACE, YEAR

__all__ = [
    "EARLIEST",
    "LATEST",
    "VARIANTS",
    "normal_countries",
    "normal_place",
    "normal_places",
    "parse_date",
    "parse_dates",
]

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


# English name ← forms of it in other languages and cases, as title pages have them. Changes of name (Christiania,
# Санктпетербургъ) are history and not language, so each name keeps its own. Lugduni is left alone: Lyon or Leiden.
_FORMS: dict[str, tuple[str, ...]] = {
    "Amsterdam": ("amstelodami", "amstelædami", "amstelaedami", "amsteldam"),
    "Antwerp": ("antwerpen", "antverpiæ", "antverpiae", "anvers"),
    "Basel": ("basileæ", "basileae", "bâle", "basle"),
    "Berlin": ("berolini",),
    "Bologna": ("bononiæ", "bononiae"),
    "Bonn": ("bonnæ", "bonnae"),
    "Boston": ("boston mass", "boston mass.", "boston, mass", "boston, mass."),
    "Brussels": ("bruxelles", "brussel", "bruxellis", "brüssel"),
    "Cambridge": ("cantabrigiæ", "cantabrigiae"),
    "Cologne": ("köln", "cöln", "coloniæ", "coloniae"),
    "Copenhagen": ("kjøbenhavn", "københavn", "kiøbenhavn", "kopenhagen", "hafniæ", "hafniae", "havniæ", "havniae"),
    "Dublin": ("dublini",),
    "Edinburgh": ("edinburgi", "edimburgi", "edinb"),
    "Florence": ("firenze", "florentiæ", "florentiae"),
    "Geneva": ("genève", "genf", "genevæ", "genevae"),
    "Göttingen": ("gottingæ", "gottingae", "goettingen"),
    "Halle": ("halæ", "halae"),
    "Hanover": ("hannover", "hannoveræ", "hannoverae"),
    "Helsinki": ("helsingfors",),
    "Jena": ("ienæ", "ienae", "jenæ", "jenae"),
    "Leiden": ("leyden", "lugduni batavorum"),
    "Leipzig": ("lipsiæ", "lipsiae", "leipsic"),
    "Lisbon": ("lisboa", "lisbonne"),
    "London": ("londini", "londres", "llundain", "londyn"),
    "Madrid": ("matriti",),
    "Mexico City": ("méxico", "mexico", "méjico"),
    "Milan": ("milano", "mediolani", "mailand"),
    "Munich": ("münchen", "monachii"),
    "Naples": ("napoli", "neapoli", "neapel"),
    "New York": ("new-york", "nueva york", "new york n.y", "new york, n.y"),
    "Oxford": ("oxonii", "oxoniæ", "oxoniae"),
    "Paris": ("parisiis", "lutetiæ", "lutetiae", "lutetiæ parisiorum", "lutetiae parisiorum", "paryż", "parigi"),
    "Prague": ("praha", "prag", "praze", "v praze", "w praze", "pragæ", "pragae"),
    "Rome": ("roma", "romæ", "romae"),
    "Stockholm": ("stockholmiæ", "stockholmiae", "holmiæ", "holmiae", "stockholmisa"),
    "Strasbourg": ("strassburg", "strasburg", "argentorati"),
    "The Hague": ("'s gravenhage", "'s-gravenhage", "s gravenhage", "den haag", "la haye"),
    "Turin": ("torino", "taurini"),
    "Turku": ("åbo", "turusa", "turussa"),
    "Uppsala": ("upsala", "upsaliæ", "upsaliae"),
    "Utrecht": ("trajecti ad rhenum",),
    "Venice": ("venezia", "venetiis", "venedig", "venise"),
    "Vienna": ("wien", "vindobonæ", "vindobonae"),
    "Warsaw": ("warszawa", "w warszawie"),
}
VARIANTS: dict[str, str] = {form: name for name, forms in _FORMS.items() for form in forms}

# 'Without place' in several languages, and MARC country codes that stand in the place's field.
_NO_PLACE = re.compile(
    r"s\.? ?l\.?|s\.? ?l\.?,? s\.? ?n\.?|sine loco|o\.? ?o\.?|n\.? ?p\.?|no place|unknown|enk|stk|xxu|"
    r"place of publication not identified",
    re.IGNORECASE,
)
_COLLATION = re.compile(
    r"\[?pp?\.|pl\.|pt\. \d|col\.|том\. \d|\d+ (?:vol|pt|tom|hft|abt|bd|part|fasc|том|част|свит)", re.IGNORECASE
)
_PRINTER = re.compile(
    r"\[[^\[\]]*\bprinted\b[^\[\]]*\]?|(?:^|[;,&]|\band\b|\bund\b)[^;,&\[]*\[?\bprinted\b(?: in [^;,&]*|.?)\]?",
    re.IGNORECASE,
)
_FINAL_DATE = re.compile(r"[\s,]*\[?\s*(?:c\.|ca\.)?\s*\b(?:1[4-9]|20)\d\d\b.*$")


def normal_place(text: str) -> str:
    """Return the first place in a statement of publication, '' when none is named.

    Brackets, question marks, and punctuation and a date at the end go; of several places the first is kept; a place
    that is marked as the printer's is passed over when another is named; a whole imprint that was catalogued as a place
    gives the place after its colon; some Latin and other forms give the English name (:data:`VARIANTS`).

    >>> normal_place("London]"), normal_place("[s.l.]"), normal_place("Londini"), normal_place("Exeter ; London")
    ('London', '', 'London', 'Exeter')
    >>> normal_place("pp. 51. Handley Bros.: Liverpool, 1900"), normal_place("Guildford [printed], London")
    ('Liverpool', 'London')
    """
    place = unicodedata.normalize("NFC", " ".join(text.split()))
    if _COLLATION.match(place):
        place = _place_of_imprint(place)
    place = _FINAL_DATE.sub("", place).strip(" ;,")
    place = _PRINTER.sub("", place).strip(" ;,&[]") or re.sub(r"\bprinted\b", "", place, flags=re.IGNORECASE)
    place = re.sub(r"^(?:and|und|et)\s+", "", place.split(";")[0])
    place = " ".join(re.sub(r"[\[\]?]", " ", place).split()).strip(" ,:&/=")
    if not re.search(r"\b[^\W\d_]{1,4}\.$", place):  # the full stop of Mass. and N.Y. stays
        place = place.rstrip(".").rstrip(" ,:")
    if _NO_PLACE.fullmatch(place):
        return ""
    return VARIANTS.get(place.casefold().rstrip("."), place)


def normal_places(places: "pd.Series[str]") -> "pd.Series[str]":
    """Return :func:`normal_place` of each cell, as a Series of text named ``place``."""
    codes, distinct = pd.factorize(places)
    normal = pd.array([normal_place(str(place)) for place in distinct], dtype="str")
    return pd.Series(normal.take(codes), index=places.index, name=PLACE)


def _place_of_imprint(imprint: str) -> str:
    """Return the first place in the Library's old style, pp. PAGES. PUBLISHER: PLACE; PUBLISHER: PLACE, DATE."""
    undated = _FINAL_DATE.sub("", imprint)
    named = next((part for part in undated.split(";") if ":" in part), None)
    return named.rsplit(":", 1)[1] if named else re.split(r"\.\s+", undated)[-1]


# --- Countries --------------------------------------------------------------------------------------------------------


_MOSTLY: Final = 0.9  # share of codes from which on a column is one of codes


def normal_countries(countries: "pd.Series[str]", warnings: list[str]) -> "pd.Series[str]":
    """Return the first country in each cell, in words where the column holds country codes of MARC.

    MARC and ISO 3166 have different codes of two letters (``au`` is Austria in MARC, Australia in ISO; ``es`` is El
    Salvador, Spain), and both have ``fr``. So codes are put into words only where some have three letters, as ``enk``
    and ``nyu``, which ISO writes otherwise; else they stay as they came. Either is said in `warnings`.

    >>> normal_countries(pd.Series(["enk", "fr", "England ; Wales"]).head(2), []).tolist()
    ['England', 'France']
    """
    first = countries.str.replace(r"\s*;.*$", "", regex=True)
    if not country_code_share(first) >= _MOSTLY:
        return first
    codes, distinct = pd.factorize(first)
    coded = [is_country_code(text) for text in distinct]
    of_three = [text for text, is_code in zip(distinct, coded, strict=True) if is_code and len(text) == 3]
    if not of_three:
        example = next(text for text, is_code in zip(distinct, coded, strict=True) if is_code)
        warnings.append(
            f"Countries are codes of two letters, such as '{example}', which MARC and ISO 3166 read differently: they "
            "stay as they came."
        )
        return first
    names = [
        country_of_code(text) if is_code or not text.strip("|# ") else text
        for text, is_code in zip(distinct, coded, strict=True)
    ]
    warnings.append(
        f"Countries are codes of MARC and were put into words ('{of_three[0]}' is {country_of_code(of_three[0])})."
    )
    return pd.Series(pd.array(np.array(names, dtype=object)[codes], dtype="str"), index=first.index)
