"""MARC codes in words: languages (ISO 639-2/B, by pycountry), and countries with the old codes that records keep.

Names of countries are those that catalogues of books write; a state or province of three federations stands for the
whole.
"""

from functools import cache
from typing import Final

__all__ = ["country_code", "country_of_code", "is_country_code", "language_code", "language_of_code"]

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


@cache
def language_of_code(code: str) -> str:
    """Return the English name of a MARC language code, the code itself where it is unknown, '' for no language.

    >>> language_of_code("ger"), language_of_code("|||"), language_of_code("qqq")
    ('German', '', 'qqq')
    """
    code = code.strip().lower()
    if code in _NO_LANGUAGE or not code.isalpha():
        return ""
    if code in _OLD_LANGUAGES:
        return _OLD_LANGUAGES[code]
    import pycountry

    language = pycountry.languages.get(bibliographic=code) or pycountry.languages.get(alpha_3=code)
    if language is None:
        return code
    name = str(language.name)
    # 'Greek, Modern (1453-)' and the like keep the part that people write.
    return {"gre": "Greek", "grc": "Ancient Greek"}.get(code, name.split(" (")[0])


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
    language = pycountry.languages.get(name=name)
    code = None if language is None else getattr(language, "bibliographic", None) or language.alpha_3
    # ISO 639-3 knows far more languages than MARC; only those that are in 639-2 have a MARC code.
    known = code is not None and (hasattr(language, "bibliographic") or hasattr(language, "alpha_2"))
    return str(code) if known else "|||"


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
    "af": "Afghanistan",
    "am": "Anguilla",
    "an": "Andorra",
    "ao": "Angola",
    "aq": "Antigua and Barbuda",
    "as": "American Samoa",
    "aw": "Aruba",
    "ay": "Antarctica",
    "ba": "Bahrain",
    "bb": "Barbados",
    "bd": "Burundi",
    "bf": "Bahamas",
    "bg": "Bangladesh",
    "bh": "Belize",
    "bi": "British Indian Ocean Territory",
    "bp": "Solomon Islands",
    "bs": "Botswana",
    "bt": "Bhutan",
    "bv": "Bouvet Island",
    "bx": "Brunei",
    "ca": "Caribbean Netherlands",
    "cb": "Cambodia",
    "cd": "Chad",
    "cf": "Congo (Brazzaville)",
    "cg": "Congo (Democratic Republic)",
    "ch": "Taiwan",
    "cj": "Cayman Islands",
    "cm": "Cameroon",
    "co": "Curaçao",
    "cq": "Comoros",
    "cv": "Cabo Verde",
    "cw": "Cook Islands",
    "cx": "Central African Republic",
    "dm": "Benin",
    "dq": "Dominica",
    "ea": "Eritrea",
    "eg": "Equatorial Guinea",
    "em": "Timor-Leste",
    "et": "Ethiopia",
    "fa": "Faroe Islands",
    "fg": "French Guiana",
    "fj": "Fiji",
    "fk": "Falkland Islands",
    "fm": "Micronesia",
    "fp": "French Polynesia",
    "fs": "French Southern Territories",
    "ft": "Djibouti",
    "gb": "Kiribati",
    "gd": "Grenada",
    "gg": "Guernsey",
    "gh": "Ghana",
    "gl": "Greenland",
    "gm": "Gambia",
    "go": "Gabon",
    "gp": "Guadeloupe",
    "gu": "Guam",
    "gv": "Guinea",
    "gz": "Gaza Strip",
    "hm": "Heard and McDonald Islands",
    "im": "Isle of Man",
    "iv": "Côte d'Ivoire",
    "iy": "Iraq-Saudi Arabia Neutral Zone",
    "je": "Jersey",
    "ji": "Johnston Atoll",
    "jo": "Jordan",
    "ke": "Kenya",
    "kg": "Kyrgyzstan",
    "kn": "Korea (North)",
    "ku": "Kuwait",
    "kv": "Kosovo",
    "lo": "Lesotho",
    "ls": "Laos",
    "ly": "Libya",
    "mg": "Madagascar",
    "mj": "Montserrat",
    "mk": "Oman",
    "ml": "Mali",
    "mp": "Mongolia",
    "mq": "Martinique",
    "mu": "Mauritania",
    "mw": "Malawi",
    "mz": "Mozambique",
    "ng": "Niger",
    "nl": "New Caledonia",
    "nn": "Vanuatu",
    "np": "Nepal",
    "nr": "Nigeria",
    "nu": "Nauru",
    "nw": "Northern Mariana Islands",
    "nx": "Norfolk Island",
    "ot": "Mayotte",
    "pc": "Pitcairn Island",
    "pf": "Paracel Islands",
    "pg": "Guinea-Bissau",
    "pp": "Papua New Guinea",
    "pw": "Palau",
    "qa": "Qatar",
    "re": "Réunion",
    "rh": "Zimbabwe",
    "rw": "Rwanda",
    "sc": "Saint-Barthélemy",
    "sd": "South Sudan",
    "se": "Seychelles",
    "sf": "Sao Tome and Principe",
    "sg": "Senegal",
    "sh": "Spanish North Africa",
    "sj": "Sudan",
    "sn": "Sint Maarten",
    "so": "Somalia",
    "sq": "Eswatini",
    "sr": "Suriname",
    "ss": "Western Sahara",
    "st": "Saint-Martin",
    "su": "Saudi Arabia",
    "sx": "Namibia",
    "ta": "Tajikistan",
    "tc": "Turks and Caicos Islands",
    "tg": "Togo",
    "tk": "Turkmenistan",
    "tl": "Tokelau",
    "to": "Tonga",
    "tr": "Trinidad and Tobago",
    "ts": "United Arab Emirates",
    "tv": "Tuvalu",
    "tz": "Tanzania",
    "uc": "United States Miscellaneous Caribbean Islands",
    "ug": "Uganda",
    "up": "United States Miscellaneous Pacific Islands",
    "uv": "Burkina Faso",
    "vb": "British Virgin Islands",
    "vi": "United States Virgin Islands",
    "wf": "Wallis and Futuna",
    "wj": "West Bank",
    "wk": "Wake Island",
    "ws": "Samoa",
    "xa": "Christmas Island",
    "xb": "Cocos Islands",
    "xc": "Maldives",
    "xd": "Saint Kitts-Nevis",
    "xe": "Marshall Islands",
    "xf": "Midway Islands",
    "xh": "Niue",
    "xj": "Saint Helena",
    "xk": "Saint Lucia",
    "xl": "Saint Pierre and Miquelon",
    "xm": "Saint Vincent and the Grenadines",
    "xp": "Spratly Islands",
    "xs": "South Georgia",
    "ye": "Yemen",
    "za": "Zambia",
    "mh": "Macao",
    "wb": "Germany (West)",
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
# Codes of three letters: what the third names, and the parts of it that have a code. A code outside the list is read by
# its third letter where the field says that it is a code (008/15-17).
_PARTS_OF: Final = {
    "u": "United States of America",
    "c": "Canada",
    "a": "Australia",
    "k": "United Kingdom",
    "r": "Russia",
}
_PARTS: Final = frozenset({
    "aku", "alu", "aru", "azu", "cau", "cou", "ctu", "dcu", "deu", "flu", "gau", "hiu", "iau", "idu", "ilu", "inu",
    "ksu", "kyu", "lau", "mau", "mdu", "meu", "miu", "mnu", "mou", "msu", "mtu", "nbu", "ncu", "ndu", "nhu", "nju",
    "nmu", "nvu", "nyu", "ohu", "oku", "oru", "pau", "riu", "scu", "sdu", "tnu", "txu", "utu", "vau", "vtu", "wau",
    "wiu", "wvu", "wyu", "abc", "bcc", "mbc", "nfc", "nkc", "nsc", "ntc", "nuc", "onc", "pic", "quc", "snc", "ykc",
    "aca", "qea", "tma", "vra", "wea", "xga", "xna", "xoa", "xra",
})  # fmt: skip
_NO_COUNTRY: Final = frozenset({"xx", "vp"})  # unknown; several


@cache
def country_of_code(code: str) -> str:
    """Return the name of a MARC country code, the code itself where it is unknown, '' for no place.

    >>> country_of_code("enk"), country_of_code("nyu"), country_of_code("xx "), country_of_code("|||")
    ('England', 'United States of America', '', '')
    """
    code = code.strip().lower()
    if not code.isalpha() or code in _NO_COUNTRY:
        return ""
    if code in _COUNTRIES:
        return _COUNTRIES[code]
    return _PARTS_OF.get(code[2:], code)


@cache
def country_code(name: str) -> str:
    """Return the MARC code of a country given by its name, 'xx ' (unknown) where there is none.

    >>> country_code("England"), country_code("United States of America"), country_code("Nowhere")
    ('enk', 'xxu', 'xx ')
    """
    return next((code.ljust(3) for code, known in _COUNTRIES.items() if known == name), "xx ")


def is_country_code(text: str) -> bool:
    """Say whether a text is a code of the MARC list, in small letters as MARC has them ('xx', unknown, is one).

    >>> [is_country_code(text) for text in ("enk", "fr ", "xx", "Rome", "FR", "rom")]
    [True, True, True, False, False, False]
    """
    code = text.strip()
    return code in _COUNTRIES or code in _PARTS or code in _NO_COUNTRY
