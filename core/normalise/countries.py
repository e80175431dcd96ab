"""Countries of publication: names stay as a catalogue has them, country codes of MARC become names."""

from typing import Final

import numpy as np
import pandas as pd

from core.readers.marc_countries import country_name, is_country_code
from core.readers.probabilities import country_code_share

__all__ = ["normal_countries"]

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
