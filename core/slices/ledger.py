"""The ledger of looks, which use up what a test set can prove, and the slices that people named.

Whoever looks at enough slices finds one that is bad by chance. So each look at a slice is written down, and the next
has to be the more convincing the more came before it. A share of the allowed chance of a false alarm is set aside for
every look there will ever be: for the k-th it is α / (k (k + 1)), and all of these together are α, however long one
goes on looking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.database import Database
from core.errors import InputError
from core.slices.definition import Slice
from core.text_formats import plain

__all__ = [
    "ALPHA",
    "Ledger",
    "Look",
    "level_of_look",
    "save_slice",
    "saved_slices",
]

# --- The ledger of looks ----------------------------------------------------------------------------------------------
# Every comparison made on one test set uses up some of what the set can prove.


ALPHA: Final = 0.05
_KIND: Final = "look"


def level_of_look(k: int, alpha: float = ALPHA) -> float:
    """Return the p value that the k-th look must reach, so that all together raise a false alarm with at most `alpha`.

    Parameters
    ----------
    k : int
        1 for the first.
    alpha : float
        Chance of any false alarm that is allowed, 0 to 1 (exclusive).

    Raises
    ------
    InputError
        `k` or `alpha` is out of range.

    References
    ----------
    Foster, D. P., and Stine, R. A. (2008). α-investing: a procedure for sequential control of expected false
    discoveries. JRSS B 70. (Here without earning anything back: plain α-spending.)

    Examples
    --------
    >>> [round(level_of_look(k), 5) for k in (1, 2, 10)]
    [0.025, 0.00833, 0.00045]
    """
    if k < 1:
        raise InputError(f"Looks are counted from 1; {k} came.")
    if not 0 < alpha < 1:
        raise InputError(
            f"The allowed chance of a false alarm lies between 0 and 1 (5 per cent is 0.05); {alpha} came."
        )
    return alpha / (k * (k + 1))


@dataclass(frozen=True, kw_only=True)
class Look:
    """One comparison that was made.

    Attributes
    ----------
    number : int
        Its place in the ledger, from 1.
    description : str
    key : str
        Digest of what was looked at.
    p : float or None
        What came out; None when nothing was tested.
    level : float
        What p had to reach.
    at : str
        When, ISO 8601.
    """

    number: int
    description: str
    key: str
    p: float | None
    level: float
    at: str

    @property
    def significant(self) -> bool:
        """Whether p is at most what it had to reach."""
        return self.p is not None and self.p <= self.level


class Ledger:
    """The looks at one test set.

    Parameters
    ----------
    database : Database
        Of the workspace.
    subject : str
        Fingerprint of the scored table: the same predictions checked against the same labels.
    alpha : float
        Chance of any false alarm, over all looks there will ever be.
    """

    def __init__(self, database: Database, subject: str, alpha: float = ALPHA) -> None:
        level_of_look(1, alpha)
        self._database, self._subject, self.alpha = database, subject, alpha
        self._unwritten: list[dict[str, Any]] = []

    def looks(self) -> list[Look]:
        """Return all looks, oldest first. Looking again at the same slice is no new look: the first one counts."""
        looks: list[Look] = []
        seen: set[str] = set()
        for note in [*self._database.read(_KIND, self._subject), *self._unwritten]:
            if note["key"] not in seen:
                seen.add(note["key"])
                number = len(looks) + 1
                level = level_of_look(number, self.alpha)
                looks.append(
                    Look(
                        number=number,
                        description=note["description"],
                        key=note["key"],
                        p=note["p"],
                        level=level,
                        at=note["at"],
                    )
                )
        return looks

    def add(self, slice_: Slice, p: float | None = None) -> Look:
        """Write down a look at a slice, and return it with the p value that it had to reach.

        A search by :func:`core.slices.find_slices` accounts for its own comparisons and need not be written down.
        """
        return self.add_all([slice_], [p])[0]

    def add_all(self, slices: Sequence[Slice], p: Sequence[float | None]) -> list[Look]:
        """Write down several looks at once, such as all values of a facet, in the order they are shown."""
        known = {look.key for look in self.looks()}
        new: dict[str, dict[str, Any]] = {}
        for slice_, value in zip(slices, p, strict=True):
            if slice_.key not in known:
                new.setdefault(slice_.key, {"description": slice_.description, "key": slice_.key, "p": plain(value)})
        if self._database.read_only_reason:
            # Who may only look still sees what the look had to reach; it is counted for as long as this object lives.
            self._unwritten += [{**content, "at": ""} for content in new.values()]
        else:
            self._database.add(_KIND, self._subject, *new.values())
        by_key = {look.key: look for look in self.looks()}
        return [by_key[slice_.key] for slice_ in slices]

    @property
    def next_level(self) -> float:
        """The p value that the next new look must reach."""
        return level_of_look(len(self.looks()) + 1, self.alpha)


# --- Slices that people gave a name: kept in the workspace's database, the newest of a name holds ---------------------


_SLICE_KIND, _SUBJECT = "slice", "named"


def save_slice(database: Database, named: Slice) -> None:
    """Keep a slice under its name; an earlier one of that name is no longer found.

    Raises
    ------
    InputError
        It has no name.
    """
    if not named.name.strip():
        raise InputError("A slice needs a name to be saved; give it one in a few words, such as 'verse'.")
    database.add(_SLICE_KIND, _SUBJECT, named.to_dict())


def saved_slices(database: Database) -> dict[str, Slice]:
    """Return name → slice, by name."""
    slices = {note["name"]: Slice.from_dict(note) for note in database.read(_SLICE_KIND, _SUBJECT)}
    return dict(sorted(slices.items()))
