"""The words the Hugging Face Hub knows: licences, sizes, kinds of annotation, languages.

The Hub checks a card only when it is uploaded, and some of it not at all (``license: CC0`` was taken); these lists
check it before anything leaves the house. Source: Hugging Face, *Model cards* and *Dataset cards* (metadata, 2026).
"""

from collections.abc import Iterable
from typing import Final

__all__ = ["ANNOTATIONS_CREATORS", "LICENCES", "OFFERED", "SIZES", "language_codes", "licence_of", "size_of"]

OFFERED: Final[dict[str, str]] = {
    "cc0-1.0": "CC0 1.0: no rights reserved",
    "cc-by-4.0": "CC BY 4.0: name the source",
    "cc-by-sa-4.0": "CC BY-SA 4.0: name the source, share alike",
    "odc-by": "ODC-BY: data, name the source",
    "odbl": "ODbL: data, name the source, share alike",
    "etalab-2.0": "Etalab 2.0: French open licence",
    "apache-2.0": "Apache 2.0",
    "mit": "MIT",
    "eupl-1.2": "EUPL 1.2",
}
_OTHERS: Final = (
    "afl-3.0 agpl-3.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0"
    " cc-by-2.5 cc-by-3.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0"
    " cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cdla-permissive-1.0 cdla-permissive-2.0"
    " cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 gfdl gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1 lgpl-3.0 lppl-1.3c"
    " mpl-2.0 ms-pl ncsa ofl-1.1 openrail osl-3.0 other pddl postgresql unknown unlicense wtfpl zlib"
)
LICENCES: Final = frozenset(OFFERED) | frozenset(_OTHERS.split())
ANNOTATIONS_CREATORS: Final = frozenset(
    {"found", "crowdsourced", "expert-generated", "machine-generated", "no-annotation", "other"}
)
_LIMITS: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
SIZES: Final = frozenset(name for _, name in _LIMITS) | {"10M<n<100M"}


def licence_of(spdx: str) -> str:
    """Return the Hub's name of a licence, '' when the Hub has none for it.

    >>> licence_of("CC0-1.0"), licence_of("House rules")
    ('cc0-1.0', '')
    """
    return spdx.lower() if spdx.lower() in LICENCES else ""


def size_of(count: int) -> str:
    """Return the Hub's size category of so many records.

    >>> size_of(52_695)
    '10K<n<100K'
    """
    return next((name for limit, name in _LIMITS if count < limit), "10M<n<100M")


def language_codes(names: Iterable[str]) -> list[str]:
    """Return the ISO 639 codes of languages given by their English names, sorted; unknown names are left out."""
    import pycountry

    codes = set()
    for name in names:
        language = pycountry.languages.get(name=name) if name else None
        if language is not None:
            codes.add(str(getattr(language, "alpha_2", language.alpha_3)))
    return sorted(codes)
