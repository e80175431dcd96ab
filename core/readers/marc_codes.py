"""MARC codes in words: languages (ISO 639-2/B, by pycountry) and countries (what books need of the MARC list)."""

from functools import cache
from typing import Final

__all__ = ["country_code", "country_name", "language_code", "language_name"]

# MARC language codes that are no longer in ISO 639-2 but stand in old records.
_OLD_LANGUAGES: Final = {
    "cam": "Khmer",
    "esk": "Eskimo",
    "esp": "Esperanto",
    "eth": "Geez",
    "far": "Faroese",
    "fri": "Western Frisian",
    "gae": "Scottish Gaelic",
    "gag": "Galician",
    "gua": "Guarani",
    "int": "Interlingua",
    "iri": "Irish",
    "lan": "Occitan",
    "lap": "Sami",
    "max": "Manx",
    "mol": "Moldovan",
    "sao": "Samoan",
    "scc": "Serbian",
    "scr": "Croatian",
    "snh": "Sinhala",
    "swz": "Swati",
    "tag": "Tagalog",
    "taj": "Tajik",
    "tar": "Tatar",
    "tsw": "Tswana",
}
_NO_LANGUAGE: Final = frozenset({"", "und", "zxx", "mul", "mis"})

_COUNTRIES: Final = {
    "aa": "Albania",
    "ae": "Algeria",
    "ag": "Argentina",
    "ai": "Armenia",
    "aj": "Azerbaijan",
    "at": "Australia",
    "au": "Austria",
    "be": "Belgium",
    "bl": "Brazil",
    "bm": "Bermuda",
    "bn": "Bosnia and Herzegovina",
    "bo": "Bolivia",
    "br": "Burma",
    "bu": "Bulgaria",
    "bw": "Belarus",
    "cc": "China",
    "ce": "Sri Lanka",
    "ci": "Croatia",
    "ck": "Colombia",
    "cl": "Chile",
    "cr": "Costa Rica",
    "cu": "Cuba",
    "cy": "Cyprus",
    "dk": "Denmark",
    "dr": "Dominican Republic",
    "ec": "Ecuador",
    "er": "Estonia",
    "es": "El Salvador",
    "fi": "Finland",
    "fr": "France",
    "gi": "Gibraltar",
    "gr": "Greece",
    "gs": "Georgia (Republic)",
    "gt": "Guatemala",
    "gw": "Germany",
    "gy": "Guyana",
    "hk": "Hong Kong",
    "ho": "Honduras",
    "ht": "Haiti",
    "hu": "Hungary",
    "ic": "Iceland",
    "ie": "Ireland",
    "ii": "India",
    "io": "Indonesia",
    "iq": "Iraq",
    "ir": "Iran",
    "is": "Israel",
    "it": "Italy",
    "ja": "Japan",
    "jm": "Jamaica",
    "ko": "Korea (South)",
    "kz": "Kazakhstan",
    "lb": "Liberia",
    "le": "Lebanon",
    "lh": "Liechtenstein",
    "li": "Lithuania",
    "lu": "Luxembourg",
    "lv": "Latvia",
    "mc": "Monaco",
    "mf": "Mauritius",
    "mm": "Malta",
    "mo": "Montenegro",
    "mr": "Morocco",
    "mv": "Moldova",
    "mx": "Mexico",
    "my": "Malaysia",
    "ne": "Netherlands",
    "nq": "Nicaragua",
    "no": "Norway",
    "nz": "New Zealand",
    "pe": "Peru",
    "ph": "Philippines",
    "pk": "Pakistan",
    "pl": "Poland",
    "pn": "Panama",
    "po": "Portugal",
    "pr": "Puerto Rico",
    "py": "Paraguay",
    "rb": "Serbia",
    "rm": "Romania",
    "ru": "Russia",
    "sa": "South Africa",
    "si": "Singapore",
    "sl": "Sierra Leone",
    "sm": "San Marino",
    "sp": "Spain",
    "sw": "Sweden",
    "sy": "Syria",
    "sz": "Switzerland",
    "th": "Thailand",
    "ti": "Tunisia",
    "tu": "Turkey",
    "ua": "Egypt",
    "un": "Ukraine",
    "uy": "Uruguay",
    "uz": "Uzbekistan",
    "vc": "Vatican City",
    "ve": "Venezuela",
    "vm": "Vietnam",
    "xn": "North Macedonia",
    "xo": "Slovakia",
    "xr": "Czech Republic",
    "xv": "Slovenia",
    # parts of the United Kingdom have codes of three letters
    "enk": "England",
    "nik": "Northern Ireland",
    "stk": "Scotland",
    "wlk": "Wales",
    "uik": "United Kingdom",
    # discontinued codes that old records keep
    "cs": "Czechoslovakia",
    "ge": "Germany (East)",
    "ur": "Soviet Union",
    "yu": "Yugoslavia",
    "xxu": "United States of America",
    "us": "United States of America",
    "xxk": "United Kingdom",
    "uk": "United Kingdom",
    "xxc": "Canada",
    "cn": "Canada",
    "xxr": "Soviet Union",
}
# The third letter of a three-letter code names the country whose part the first two are.
_PARTS_OF: Final = {
    "u": "United States of America",
    "c": "Canada",
    "a": "Australia",
    "k": "United Kingdom",
    "r": "Russia",
}


@cache
def language_name(code: str) -> str:
    """Return the English name of a MARC language code, the code itself where it is unknown, '' for no language.

    >>> language_name("ger"), language_name("|||"), language_name("qqq")
    ('German', '', 'qqq')
    """
    code = code.strip().lower()
    if code in _NO_LANGUAGE or not code.isalpha():
        return ""
    if code in _OLD_LANGUAGES:
        return _OLD_LANGUAGES[code]
    import pycountry

    found = pycountry.languages.get(bibliographic=code) or pycountry.languages.get(alpha_3=code)
    if found is None:
        return code
    name = str(found.name)
    # 'Greek, Modern (1453-)' and the like keep the part that people write.
    return {"gre": "Greek", "grc": "Ancient Greek"}.get(code, name.split(" (")[0])


@cache
def country_name(code: str) -> str:
    """Return the name of a MARC country code, the code itself where it is unknown, '' for no place.

    >>> country_name("enk"), country_name("nyu"), country_name("xx "), country_name("|||")
    ('England', 'United States of America', '', '')
    """
    code = code.strip().lower()
    if not code.isalpha() or code in ("xx", "vp"):
        return ""
    if code in _COUNTRIES:
        return _COUNTRIES[code]
    return _PARTS_OF.get(code[2:], code)


@cache
def language_code(name: str) -> str:
    """Return the MARC code of a language given by its English name, '|||' (not coded) where it is unknown.

    >>> language_code("German"), language_code("Martian"), language_code("")
    ('ger', '|||', '|||')
    """
    if not name:
        return "|||"
    import pycountry

    special = {"Greek": "gre", "Ancient Greek": "grc", "Norwegian": "nor"}.get(name)
    if special:
        return special
    found = pycountry.languages.get(name=name)
    code = None if found is None else getattr(found, "bibliographic", None) or found.alpha_3
    # ISO 639-3 knows far more languages than MARC; only those that are in 639-2 have a MARC code.
    known = code is not None and (hasattr(found, "bibliographic") or hasattr(found, "alpha_2"))
    return str(code) if known else "|||"


@cache
def country_code(name: str) -> str:
    """Return the MARC code of a country given by its name, 'xx ' (unknown) where there is none.

    >>> country_code("England"), country_code("United States of America"), country_code("Nowhere")
    ('enk', 'xxu', 'xx ')
    """
    return next((code.ljust(3) for code, known in _COUNTRIES.items() if known == name), "xx ")
