"""How often a collection whose student was let in has more labels that differ than was promised: 5 in 100 at the most.

In 2,000 worlds, run by hand, a student was let in in all of them, and 37 promises were broken (1.9 %).
"""

import numpy as np
import pytest

from core.models.cascade import choose_cut

WORLDS, RECORDS, TAUGHT, CHECKED = 300, 20_000, 3_000, 1_500
MOST = RECORDS // 100
ALPHA = 0.05


@pytest.mark.slow
def test_the_promise_fails_no_more_often_than_it_says() -> None:
    generator = np.random.default_rng(11)
    broken = let_in = 0
    for _ in range(WORLDS):
        sure = 0.5 + 0.5 * generator.beta(3, 1, RECORDS)
        differ = generator.random(RECORDS) < 0.35 * (1 - sure) ** generator.uniform(0.7, 1.3)
        order = generator.permutation(RECORDS)
        drawn, known = order[:CHECKED], order[CHECKED : CHECKED + TAUGHT]
        # What the student has learned it knows better than what it has not.
        differ[known] &= generator.random(TAUGHT) < 0.5
        cut = choose_cut(
            sure[drawn],
            differ[drawn],
            unread=RECORDS - TAUGHT,
            most=MOST,
            known_confidences=sure[known],
            known_differ=differ[known],
        )
        let_in += cut < 1
        broken += int((differ & (sure >= cut)).sum()) > MOST
    assert let_in > 0.9 * WORLDS
    assert broken / WORLDS <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / WORLDS)
