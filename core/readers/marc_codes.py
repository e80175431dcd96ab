"""MARC language codes in words (ISO 639-2/B, by pycountry)."""

from functools import cache
from typing import Final

__all__ = ["language_code", "language_name"]

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
