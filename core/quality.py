"""How well the fields of a file are filled, and what was made of them: the first thing to know of a catalogue."""

import pandas as pd

from core.schema import (
    AUTHOR,
    COUNTRY,
    DATE,
    DATE_CERTAINTIES,
    DATE_CERTAINTY,
    GENRE_GIVEN,
    LANGUAGE,
    LANGUAGE_SOURCE,
    PLACE,
    PUBLISHER,
    RECORD_ID,
    TITLE,
    TITLE_KEY,
    YEAR,
)

__all__ = ["date_sentence", "field_quality", "language_sentence", "title_sentence"]

_FIELDS = {
    RECORD_ID: "identifier",
    TITLE: "title",
    AUTHOR: "author",
    DATE: "date as catalogued",
    YEAR: "year read from the date",
    PLACE: "place of publication",
    COUNTRY: "country",
    PUBLISHER: "publisher",
    LANGUAGE: "language",
    GENRE_GIVEN: "genre as catalogued",
}


def field_quality(records: pd.DataFrame) -> pd.DataFrame:
    """Return one row a field.

    Columns ``field``, ``filled`` (records with a value), ``n`` (records), ``share`` (0 to 1, NaN without records),
    ``distinct`` (different values), ``commonest`` (up to three, with their counts).
    """
    rows = []
    for column, name in _FIELDS.items():
        values = records[column]
        filled = values[values.notna() & (values != "")] if column != YEAR else values.dropna()
        counts = filled.value_counts().head(3)
        rows.append(
            {
                "field": name,
                "filled": len(filled),
                "n": len(records),
                "share": len(filled) / len(records) if len(records) else float("nan"),
                "distinct": int(filled.nunique()),
                "commonest": "; ".join(f"{value} ({count:,})" for value, count in counts.items())
                if column not in (RECORD_ID, TITLE)
                else "",
            }
        )
    return pd.DataFrame(rows)


def date_sentence(records: pd.DataFrame) -> str:
    """Say how certain the dates are.

    >>> date_sentence(pd.DataFrame({"date_certainty": ["certain", "none", "certain"]}))
    'Of 3 dates, 2 are certain and 1 is missing.'
    """
    counts = records[DATE_CERTAINTY].value_counts()
    words = {
        "certain": "certain",
        "inferred": "supplied by a cataloguer",
        "range": "a span of years (its first year counts)",
        "uncertain": "a guess",
        "none": "missing",
        "unreadable": "unreadable",
    }
    parts = [
        f"{counts[kind]:,} {'is' if counts[kind] == 1 else 'are'} {words[kind]}"
        for kind in DATE_CERTAINTIES
        if counts.get(kind, 0)
    ]
    joined = " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
    return f"Of {len(records):,} dates, {joined}."


def language_sentence(records: pd.DataFrame) -> str:
    """Say how many languages the catalogue gives and how many were detected from the title."""
    counts = records[LANGUAGE_SOURCE].value_counts()
    given, detected = int(counts.get("catalogue", 0)), int(counts.get("detected", 0))
    rest = len(records) - given - detected
    return (
        f"The catalogue gives a language for {given:,} of {len(records):,} records; for {detected:,} it was"
        f" detected from"
        f" the title (and is marked so); for {rest:,} it is unknown."
    )


def title_sentence(records: pd.DataFrame) -> str:
    """Say how many titles are there more than once."""
    keys = records.loc[records[TITLE_KEY] != "", TITLE_KEY]
    repeated = int(keys.duplicated(keep=False).sum())
    return (
        f"{int(keys.nunique()):,} different titles; {repeated:,} records share their title with another record"
        f" (editions,"
        " copies): they are always kept on the same side when a model is trained and tested."
    )
