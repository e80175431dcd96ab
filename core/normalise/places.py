"""Places and countries of publication, made comparable with a light hand.

Of places signs go, names stay, and a few Latin forms are translated. Countries stay as a catalogue has them; codes of
MARC become names.
"""

import re
import unicodedata
from typing import Final

import numpy as np
import pandas as pd

from core.readers.marc_countries import country_name, is_country_code
from core.readers.probabilities import country_code_share
from core.schema import PLACE

__all__ = ["VARIANTS", "normal_countries", "normal_place", "normal_places"]

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
        country_name(text) if is_code or not text.strip("|# ") else text
        for text, is_code in zip(distinct, coded, strict=True)
    ]
    warnings.append(
        f"Countries are codes of MARC and were put into words ('{of_three[0]}' is {country_name(of_three[0])})."
    )
    return pd.Series(pd.array(np.array(names, dtype=object)[codes], dtype="str"), index=first.index)
