"""How checked books were drawn: the lists that Colophon draws, what comes back of them, and what a person says."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.database import Database
from core.errors import InputError
from core.formatting import listed
from core.schema import DRAW_ID, DRAWN_CHANCE, LABEL, LABEL_GIVEN, RECORD_ID
from core.storage import digest

__all__ = [
    "DRAWN_TOLERANCE",
    "DRAW_FILE",
    "HOW_DRAWN",
    "SHARES",
    "HowDrawn",
    "LabelDraw",
    "draw_id_of",
    "fold_by_title",
    "how_drawn",
    "read_draw",
    "register_draw",
    "say_how_drawn",
    "split_by_title",
    "unanswered_rows",
]


# --- Parts and folds of labelled books --------------------------------------------------------------------------------
#
# Parts and folds of labelled books: equal titles stay together, every class keeps its share, the seed decides.

# What is learned from; what a cut or a temperature may be chosen on; what is reported on.
SHARES: Final[Mapping[str, float]] = {"train": 0.70, "calibration": 0.15, "test": 0.15}

Texts = Sequence[str] | pd.Series | NDArray[Any]


def split_by_title(
    title_keys: Texts, labels: Texts, *, shares: Mapping[str, float] = SHARES, seed: int = 0
) -> NDArray[np.object_]:
    """Put each book into one part, so that no title stands in two parts.

    Parameters
    ----------
    title_keys : sequence of str, length n
        Normalised titles. Books with equal keys (editions, copies) go to the same part; a book whose key is '' goes
        alone.
    labels : sequence of str, length n
        Class names. Every part gets each class in proportion, as far as the groups allow.
    shares : mapping
        Part → share of the books, summing to 1. A part with share 0 stays empty.
    seed : int
        Another seed makes another split. The order of the rows plays no part.

    Returns
    -------
    array of str, length n

    Raises
    ------
    InputError
        The two columns differ in length, or the shares do not sum to 1.

    Examples
    --------
    >>> parts = split_by_title(["a", "a", "b", "c"], ["x", "x", "x", "y"], shares={"one": 0.5, "two": 0.5})
    >>> bool(parts[0] == parts[1])
    True
    """
    if any(share < 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-9:
        raise InputError(f"The shares of the parts must be 0 or more and sum to 1; these came: {dict(shares)}.")
    names = np.array(list(shares), dtype=object)
    return names[_assign(title_keys, labels, list(shares.values()), seed)]


def fold_by_title(title_keys: Texts, labels: Texts, *, folds: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Put each book into one of `folds` equal parts, so that no title stands in two; see :func:`split_by_title`.

    Returns
    -------
    int64 array, length n
        From 0 to `folds` − 1.

    Raises
    ------
    InputError
        Fewer than two folds, or fewer different titles than folds.
    """
    different = len(set(_groups(title_keys)))
    if folds < 2 or different < folds:
        raise InputError(f"{different:,} different titles cannot be divided into {folds} folds; 2 is the least.")
    return _assign(title_keys, labels, [1 / folds] * folds, seed)


def _groups(title_keys: Texts) -> list[tuple[str, int]]:
    """Return a name of each book's group: its key, or the book's own row where there is no key."""
    return [(key, -1) if key else ("", row) for row, key in enumerate(np.asarray(title_keys, dtype=object).tolist())]


def _assign(title_keys: Texts, labels: Texts, shares: Sequence[float], seed: int) -> NDArray[np.int64]:
    """Give each group to the part that lacks most of its classes: large groups first, equal ones in seeded order."""
    groups = _groups(title_keys)
    classes, codes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    if len(groups) != len(codes):
        raise InputError(f"There are {len(groups):,} titles and {len(codes):,} labels; each book needs one of both.")
    members: dict[tuple[str, int], list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    counts = np.bincount(codes, minlength=len(classes))
    lacking = [[share * count for count in counts.tolist()] for share in shares]
    usable = [part for part, share in enumerate(shares) if share > 0]
    part_of = np.zeros(len(groups), dtype=np.int64)
    for group in sorted(members, key=lambda group: (-len(members[group]), _lot(seed, group), group)):
        held: dict[int, int] = {}
        for row in members[group]:
            held[int(codes[row])] = held.get(int(codes[row]), 0) + 1
        # The least squared distance to the wanted counts after this group is added.
        part = max(usable, key=lambda part: sum(n * lacking[part][c] for c, n in held.items()))
        for c, n in held.items():
            lacking[part][c] -= n
        part_of[members[group]] = part
    return part_of


def _lot(seed: int, group: tuple[str, int]) -> bytes:
    return hashlib.sha256(f"{seed}\0{group[0]}\0{group[1]}".encode()).digest()[:8]


# --- How checked books were drawn -------------------------------------------------------------------------------------
#
# How checked books were drawn: the lists that Colophon draws, what comes back of them, and what a person says.

HowDrawn = Literal["random", "chances", "chosen", "unknown"]
# What a person can say of a label set; that its books were drawn with known chances is seen in the file.
HOW_DRAWN: Final[tuple[HowDrawn, ...]] = ("random", "chosen", "unknown")
DRAW_FILE: Final = "draw.parquet"  # beside a label set: the books that were drawn, and with which chance each
DRAWN_TOLERANCE: Final = 1e-6  # chances that differ by less, relative to the lowest, are one and the same
_DRAW, _HOW_DRAWN = "draw", "how_drawn"
_NAMED: Final = 3


def register_draw(database: Database, sample: pd.DataFrame) -> pd.DataFrame:
    """Write down which books were drawn, so that their answers are recognised when they come back.

    Parameters
    ----------
    sample : DataFrame
        ``record_id`` and ``drawn_chance`` (above 0, at most 1), in the order in which they are to be labelled.

    Returns
    -------
    DataFrame
        `sample` with the column ``draw_id``. In a workspace that cannot be written to nothing is written down: the
        chances in the file then stand for themselves.
    """
    ids, chances, draw_id = sample[RECORD_ID].tolist(), sample[DRAWN_CHANCE].tolist(), draw_id_of(sample)
    if not database.read_only_reason and not database.read(_DRAW, draw_id):
        database.add(_DRAW, draw_id, {"record_ids": ids, "chances": chances})
    return sample.assign(**{DRAW_ID: draw_id})


def draw_id_of(sample: pd.DataFrame) -> str:
    """Return what a draw is known by: a digest of its ``record_id`` and ``drawn_chance``, in their order."""
    return digest(*sample[RECORD_ID].tolist(), *sample[DRAWN_CHANCE].tolist())


def read_draw(database: Database, draw_id: str) -> pd.DataFrame | None:
    """Return ``record_id`` and ``drawn_chance`` of the books of a draw, in their order; None if unknown here."""
    notes = database.read(_DRAW, draw_id)
    return pd.DataFrame({RECORD_ID: notes[-1]["record_ids"], DRAWN_CHANCE: notes[-1]["chances"]}) if notes else None


def say_how_drawn(database: Database, labels: str, answer: str) -> None:
    """Keep what a person says of how the books of a label set came to be checked.

    Parameters
    ----------
    labels : str
        Its fingerprint.
    answer : {'random', 'chosen', 'unknown'}

    Raises
    ------
    InputError
        Another answer.
    """
    if answer not in HOW_DRAWN:
        raise InputError(f"Checked books were drawn at random, chosen, or it is unknown; '{answer}' came.")
    database.add(_HOW_DRAWN, labels, {"answer": answer})


def how_drawn(database: Database, labels: str, draw: pd.DataFrame | None) -> HowDrawn:
    """Return how the books of a label set came to be checked.

    Parameters
    ----------
    labels : str
        Its fingerprint.
    draw : DataFrame, optional
        What was recognised at its import, see :attr:`LabelDraw.books`: it goes before what a person said.
    """
    if draw is not None and len(draw):
        chances = draw[DRAWN_CHANCE].to_numpy(dtype=float)
        return "random" if np.ptp(chances) <= DRAWN_TOLERANCE * chances.min() else "chances"
    notes = database.read(_HOW_DRAWN, labels)
    answer: HowDrawn = notes[-1]["answer"] if notes and notes[-1]["answer"] in HOW_DRAWN else "unknown"
    return answer


@dataclass(frozen=True, kw_only=True)
class LabelDraw:
    """What a file of labels says of the draw its books come from.

    Attributes
    ----------
    books : DataFrame
        ``record_id`` and ``drawn_chance`` of the books that were drawn and, in a list that was left off, reached.
    sentences : tuple of str
        What is missing, was left blank, was added or is not known.
    """

    books: pd.DataFrame
    sentences: tuple[str, ...]

    @classmethod
    def from_rows(cls, database: Database, rows: pd.DataFrame) -> "LabelDraw | None":
        """Recognise a draw in the rows of a file; None where it has no chances.

        Parameters
        ----------
        rows : DataFrame
            ``record_id``, ``draw_id`` and ``drawn_chance`` as text ('' where there is none), ``label`` ('' where
            nobody gave a usable answer), ``label_given``, ``line``.

        Raises
        ------
        InputError
            A chance is no number above 0 and at most 1, or the rows come from several draws.
        """
        given = rows[rows[DRAWN_CHANCE].str.strip() != ""]
        names = [name for name in rows[DRAW_ID].str.strip().unique() if name]
        if not len(given) and not names:
            return None
        if len(names) > 1:
            raise InputError(
                f"The column {DRAW_ID} names {len(names)} draws ({listed(names, _NAMED)}): import the answers to each"
                " list as a label set of its own."
            )
        listed_here = pd.DataFrame({RECORD_ID: given[RECORD_ID], DRAWN_CHANCE: _chances(given)})
        listed_here = listed_here.drop_duplicates(RECORD_ID)
        known = read_draw(database, names[0]) if names else None
        if known is None:
            why = (
                "The list these books come from was not drawn in this workspace, so that nobody can tell whether rows"
                " are missing: the chances in the file are taken as they are."
            )
            return cls(books=listed_here.reset_index(drop=True), sentences=(why,))
        return cls._returned(known, listed_here, rows)

    @classmethod
    def _returned(cls, known: pd.DataFrame, listed_here: pd.DataFrame, rows: pd.DataFrame) -> "LabelDraw":
        """Hold the answers against the list that was drawn."""
        drawn = pd.Index(known[RECORD_ID])
        sentences = []
        chances = known.set_index(RECORD_ID)[DRAWN_CHANCE].reindex(listed_here[RECORD_ID]).to_numpy(dtype=float)
        altered = ~np.isclose(chances, listed_here[DRAWN_CHANCE].to_numpy(dtype=float), rtol=1e-3, equal_nan=True)
        altered &= ~np.isnan(chances)
        if altered.any():
            raise InputError(
                f"The chance of {int(altered.sum()):,} books is not that with which they were drawn, such as"
                f" {listed_here[RECORD_ID].iloc[int(altered.argmax())]}: leave the column {DRAWN_CHANCE} as it came."
            )
        answered = drawn.isin(rows.loc[(rows[LABEL] != "") | (rows[LABEL_GIVEN].str.strip() != ""), RECORD_ID])
        missing = ~drawn.isin(rows[RECORD_ID])
        extra = int((~pd.Index(rows[RECORD_ID].unique()).isin(drawn)).sum())
        last = int(np.flatnonzero(answered).max()) + 1 if answered.any() else 0
        alike = float(np.ptp(known[DRAWN_CHANCE].to_numpy(dtype=float))) <= DRAWN_TOLERANCE
        reached = known.iloc[:last] if alike else known
        open_ones = int((~answered[: len(reached)]).sum())
        gone = int(missing[: len(reached)].sum())
        if len(reached) < len(known):
            # The list stands in random order: its beginning is a random sample too, of its own size.
            reached = reached.assign(**{DRAWN_CHANCE: reached[DRAWN_CHANCE] * last / len(known)})
            sentences.append(
                f"Of the {len(known):,} books of the list that was drawn the last {len(known) - last:,} are not"
                " answered: they count as not reached yet."
            )
        else:
            sentences.append(f"These are the answers to the list of {len(known):,} books that was drawn here.")
        if open_ones:
            left_out = f" ({gone:,} of them are missing in the file)" if gone else ""
            sentences.append(
                f"{open_ones:,} books of the list have no answer{left_out}: they count as wrong wherever a promise"
                " rests on these books, since what nobody could decide may be what the model cannot either."
            )
        if extra:
            sentences.append(
                f"{extra:,} books of the file were not drawn: they count as checked, but prove nothing of the others."
            )
        return cls(books=reached.reset_index(drop=True), sentences=tuple(sentences))


def _chances(rows: pd.DataFrame) -> NDArray[np.float64]:
    text = rows[DRAWN_CHANCE].str.strip().str.replace(",", ".", regex=False)
    chances = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float)
    odd = ~((chances > 0) & (chances <= 1))
    if odd.any():
        at = int(odd.argmax())
        raise InputError(
            f"Line {int(rows['line'].iloc[at]):,}: '{rows[DRAWN_CHANCE].iloc[at]}' in the column {DRAWN_CHANCE} is no"
            " chance, which is a number above 0 and at most 1. Leave the column as it came, or leave it away."
        )
    return np.asarray(chances, dtype=np.float64)


def unanswered_rows(label: pd.Series, given: pd.Series) -> NDArray[np.bool_]:
    """Say which rows of a list without known chances people passed over.

    Parameters
    ----------
    label, given : Series of str
        The class, and the answer as it stood in the file, in the order of the file.

    Returns
    -------
    bool array
        Blank rows before the last that has an answer, if most rows have one. Rows behind it were not reached yet, and
        where most are blank nobody went through them one by one.
    """
    blank = ((label == "") & (given == "")).to_numpy(dtype=bool)
    if not len(blank) or blank.all():
        return np.zeros(len(blank), dtype=bool)
    last = int(np.flatnonzero(~blank).max())
    passed = blank & (np.arange(len(blank)) < last)
    return passed if passed.sum() * 2 <= last + 1 else np.zeros(len(blank), dtype=bool)
