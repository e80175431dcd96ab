"""Half of the checked titles is kept back from lists, so that what a person notices there can be tested on it.

Who reads the list of wrong titles and types the word that stands out in it has chosen the word by these titles: tested
on them it looks convincing in a quarter of collections in which no word means anything. So lists show one half, which
is drawn by a digest of the title and never by what is right or wrong, and typed words are tested on the other. What has
been typed is shown, and takes no part in a later test; who asks to see everything can find, but not prove.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.checked_books import titles_of
from core.schema import CORRECT, TRUTH
from core.slices.definition import Slice, slice_p_value
from core.slices.ledger import Ledger, Look
from core.slices.stratified import Mask
from core.storage import digest

__all__ = ["PhraseLook", "held_back", "look_at_words"]

# Fewer books than this are not tested: they could not convince anybody, and would use up a look.
LEAST_BOOKS = 5


def held_back(labelled: pd.DataFrame, ledger: Ledger) -> Mask:
    """Tell for each checked book whether lists keep it back.

    Parameters
    ----------
    labelled : DataFrame
        Rows of the scored table with a truth.
    ledger : Ledger
        Of these books: titles with words that were typed, and those that somebody asked to see, are not kept back.
    """
    codes, titles = pd.factorize(titles_of(labelled))
    digests, shown = [digest(title) for title in titles], ledger.shown()
    second = np.array([int(name, 16) % 2 == 1 and name not in shown for name in digests], dtype=bool)
    mask = second[codes]
    for typed in ledger.typed():
        mask = mask & ~typed.mask(labelled)
    return np.asarray(mask)


@dataclass(frozen=True, kw_only=True)
class PhraseLook:
    """What came of words that somebody typed.

    Attributes
    ----------
    look : Look or None
        Its place in the ledger; None if too few of the books kept back have the words.
    n, errors : int
        Books with the words among those kept back until then, and the wrong ones.
    """

    look: Look | None
    n: int
    errors: int


def look_at_words(table: pd.DataFrame, classes: Sequence[str], slice_: Slice, ledger: Ledger) -> PhraseLook:
    """Test words that somebody typed on the titles that lists kept back, and write the look down.

    Parameters
    ----------
    table : DataFrame
        The scored table; only its rows with a truth count.
    classes : sequence of str
    slice_ : Slice
        See :func:`core.predicates.title_phrase`.

    Returns
    -------
    PhraseLook
        The p of its look is that of :func:`core.slices.slice_p_value` on these books. The same words are tested once.

    References
    ----------
    Cox, D. R. (1975). A note on data-splitting for the evaluation of significance levels. Biometrika 62.
    """
    p, n, errors = np.nan, 0, 0
    if slice_.key not in {typed.key for typed in ledger.typed()}:
        labelled = table[(table[TRUTH] != "").to_numpy(dtype=bool)]
        kept_back = labelled[held_back(labelled, ledger)]
        inside = kept_back[slice_.mask(kept_back)]
        n, errors = len(inside), int((~inside[CORRECT].astype(bool)).sum())
        p = slice_p_value(kept_back, classes, slice_, LEAST_BOOKS)
    note = ledger.add_words(slice_, p, n, errors)
    return PhraseLook(look=ledger.look_at(slice_), n=int(note["n"]), errors=int(note["errors"]))
