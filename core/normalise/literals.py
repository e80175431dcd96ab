"""Columns whose cells are lists or dictionaries written as text, as in ``['A title', 'Single Works']``."""

import pandas as pd

from core.readers.json_text import parse_literal

__all__ = ["LITERAL_SHARE", "unwrap_literals"]

# Below this share the brackets are the cataloguer's: '[Poems.]' is no list.
LITERAL_SHARE = 0.9
# In a dictionary of names by role, the person who wrote the book comes before whoever else is named first.
_PREFERRED_KEYS = ("creator", "author", "name", "title", "label", "value")


def unwrap_literals(column: "pd.Series[str]") -> tuple["pd.Series[str]", int]:
    """Return a column with the first element of each list or dictionary in place of its text.

    Nothing is unwrapped unless 90 of 100 cells that are not blank are such literals; then cells that are none stay as
    they are. Cells are parsed as literals of Python or JSON and never evaluated.

    Parameters
    ----------
    column : Series of text

    Returns
    -------
    (Series of text, int)
        The column, and how many cells held more than one element, of which the first was taken. -1 in place of the
        number says that the column does not hold literals and is unchanged.

    Examples
    --------
    >>> cells = pd.Series(["['Poems', 'Single Works']", "{'creator': ['A. B.']}", "[]"], dtype="str")
    >>> unwrap_literals(cells)[0].tolist()
    ['Poems', 'A. B.', '']
    """
    text = column.str.strip()
    filled = text[text != ""]
    bracketed = filled.str.fullmatch(r"\[[\s\S]*\]|\{[\s\S]*\}")
    if not len(filled) or bracketed.mean() < LITERAL_SHARE:
        return column, -1
    candidates = filled[bracketed]
    parsed = [parse_literal(cell) for cell in candidates]
    known = [value is not None for value in parsed]
    if sum(known) < LITERAL_SHARE * len(filled):
        return column, -1
    firsts = [cell if value is None else _first(value) for cell, value in zip(candidates, parsed, strict=True)]
    replaced = pd.Series(firsts, index=candidates.index, dtype="str")
    unwrapped = replaced.reindex(text.index).where(text.index.isin(candidates.index), text)
    return unwrapped, sum(_count(value) > 1 for value in parsed if value is not None)


def _first(value: object) -> str:
    if isinstance(value, dict):
        key = next((name for name in _PREFERRED_KEYS if value.get(name)), next(iter(value), None))
        return "" if key is None else _first(value[key])
    if isinstance(value, list | tuple):
        return _first(value[0]) if value else ""
    return "" if value is None else str(value)


def _count(value: object) -> int:
    if isinstance(value, dict):
        return sum(_count(item) for item in value.values())
    return len(value) if isinstance(value, list | tuple) else 1
