"""A simulated cataloguer who labels the demonstration's books in random order and stops when the promise holds.

Wanted: at most 2 % of the 6,000 books wrong, and a machine that decides a quarter of them. Over eight libraries (seeds
11 and 1 to 7, 1,000 walks each) it takes 691 labels on average, broken in .008. A fixed number that is to succeed in
80, 85 or 90 % of these cases is 760, 850 or 950: 9, 19 or 27 % fewer labels, and 19, 25 or 31 % fewer for somebody who
gives up as often as the fixed number fails. Labels from the surest 55 % of each class alone: 378 on average, 60 % fewer
than 950. Of the first library alone (seed 11) it takes 543, and a number that succeeds in 90, 95 or 99 % is 660, 760 or
900: 18, 29 or 40 % fewer. Somebody who knew of each library how many are wrong would plan 676 for 80 and 810 for 90 %.
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom

from core.demonstration import PREDICTIONS
from core.predictions import load_scored
from core.storage import Workspace
from core.thresholds.confidence_sequence import labels_by_errors
from core.thresholds.finite_population import allowed_in_sample
from core.thresholds.sample import above_floors, confidence_floors
from data.demonstration import generate

pytestmark = pytest.mark.slow

WALKS, ALPHA = 400, 0.05


def walks(wrong: NDArray[np.bool_], left: int, useful: int, seed: int) -> tuple[NDArray[np.int64], int]:
    """Return the labels each walk took until the machine may decide so many, and how many walks ended in a breach.

    Parameters
    ----------
    wrong : bool array
        Of the books that may be drawn, the surest first.
    """
    generator, labels = np.random.default_rng(seed), labels_by_errors(left, len(wrong), ALPHA)
    places, taken, broken = np.flatnonzero(wrong), [], 0
    for _ in range(WALKS):
        time = generator.permutation(len(wrong))[places]  # when each wrong book is looked at
        stop = len(wrong)
        for e, n in enumerate(labels.tolist()):
            checked = places[time < n]
            # All above the first wrong one that is not forgiven any more is accepted.
            accepted = int(checked[e]) if len(checked) > e else len(wrong)
            if accepted >= useful:
                stop = n
                broken += int(((time >= n) & (places < accepted)).sum()) > left
                break
        taken.append(stop)
    return np.asarray(taken), broken


def planned(wrong: NDArray[np.bool_], left: int, useful: int, success: float) -> int:
    """Return the fixed number that succeeds so often, planned by someone who knows how many are wrong."""
    among = int(wrong[:useful].sum())
    sizes = range(20, len(wrong) // 2, 10)
    allowed = [allowed_in_sample(left, n, len(wrong), ALPHA) for n in sizes]
    chance = [hypergeom.cdf(e, len(wrong), among, n) for e, n in zip(allowed, sizes, strict=True)]
    return next(n for n, p, e in zip(sizes, chance, allowed, strict=True) if e >= 0 and p >= success)


def test_stopping_when_it_holds_saves_labels_and_breaks_nothing_more_often_than_stated(
    demo_workspace: Workspace,
) -> None:
    table = load_scored(demo_workspace, PREDICTIONS).table
    truth = generate().truth.reindex(table["record_id"]).to_numpy()
    wrong = (table["predicted"] != truth).to_numpy(dtype=bool)
    order = np.argsort(-table["confidence"].to_numpy(), kind="stable")
    left, useful = len(table) // 50, len(table) // 4
    taken, broken = walks(wrong[order], left, useful, seed=40)
    fixed = planned(wrong[order], left, useful, 0.9)
    surest = above_floors(table, confidence_floors(table, ["Fiction", "Non-fiction"], 0.55))
    above, broken_above = walks(wrong[order][surest[order]], left, useful, seed=41)
    print(f"{taken.mean():.0f} labels, {above.mean():.0f} from the surest, {fixed} if fixed")
    assert taken.mean() < fixed
    assert taken.mean() < 0.8 * planned(wrong[order], left, useful, 0.95)
    assert above.mean() < 0.7 * fixed
    assert max(broken, broken_above) <= binom.ppf(0.999, WALKS, ALPHA)
