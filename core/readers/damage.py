"""Letters that were damaged before the file was written: UTF-8 once read as Windows-1252, and the sign U+FFFD."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["damage_questions", "repaired"]

_LOST = "\ufffd"
_CONTINUATIONS = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# The first byte of a letter of two or three bytes, and a byte that continues it, both read as Windows-1252.
_TWICE = f"[Â-ßà-ï][{_CONTINUATIONS}]"
_LOOKED_AT = 2_000
_MAX_SHOWN = 60


def damage_questions(frame: pd.DataFrame, lines: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Return a question for each kind of damage in the cells of a table, with the first line and an example."""
    lost = _cells(frame, lines, lambda column: pc.match_substring(column, _LOST), lambda text: text)
    twice = _cells(frame, lines, lambda column: pc.match_substring_regex(column, _TWICE), repaired)
    questions = []
    if lost.count:
        questions.append(
            f"{_cells_hold(lost.count)} the sign {_LOST}, which stands for a letter that was lost before this file was "
            f"written (first on line {lost.line}: '{lost.text}'). Can the file be exported again from its source?"
        )
    if twice.count:
        look = "1 cell looks" if twice.count == 1 else f"{twice.count:,} cells look"
        questions.append(
            f"{look} as if UTF-8 had once been read as Windows-1252 (first on line {twice.line}: '{twice.text}', "
            f"perhaps '{twice.intended}'), and was kept so. Can the file be exported again with the right encoding?"
        )
    return tuple(questions)


def repaired(text: str) -> str:
    """Return a text whose UTF-8 was read as Windows-1252 as it was meant; '' when it was not.

    >>> repaired("BrontÃ«"), repaired("Brontë"), repaired("SÃO PAULO")
    ('Brontë', '', '')
    """
    try:
        right = b"".join(map(_byte, text)).decode("utf-8")
    except UnicodeError:
        return ""
    return right if right != text else ""


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")  # the five bytes that Windows-1252 does not define


@dataclass(frozen=True)
class _Damage:
    """How many cells are damaged, and the first of them: its line, its text, what it was meant to be."""

    count: int = 0
    line: int = 0
    text: str = ""
    intended: str = ""


def _cells(
    frame: pd.DataFrame,
    lines: npt.NDArray[np.int64],
    matches: Callable[[Any], Any],
    meant_by: Callable[[str], str],
) -> _Damage:
    """Look for damage; of a column's many suspects the first 2,000 are looked at closely and speak for the rest."""
    damage = _Damage()
    for _, column in frame.items():
        places = np.flatnonzero(matches(pa.array(column.array)).to_numpy(zero_copy_only=False))
        suspects = places[:_LOOKED_AT]
        confirmed = [(place, meant) for place in suspects if (meant := meant_by(str(column.array[place])))]
        if not confirmed:
            continue
        place, meant = confirmed[0]
        count = damage.count + round(len(places) * len(confirmed) / len(suspects))
        if not damage.count or lines[place] < damage.line:
            damage = _Damage(count, int(lines[place]), _shorten(str(column.array[place])), _shorten(meant))
        else:
            damage = replace(damage, count=count)
    return damage


def _cells_hold(count: int) -> str:
    return "1 cell holds" if count == 1 else f"{count:,} cells hold"


def _shorten(text: str) -> str:
    at = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    start = max(0, at - _MAX_SHOWN // 2)
    return text[start : start + _MAX_SHOWN].strip()
