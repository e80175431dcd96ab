import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from scipy.stats import binom

from core.statistics import labels_needed
from core.thresholds.fixed_sequence import (
    EARLY_ALPHA,
    LATEST_START,
    WIDE_STEPS,
    TestSequence,
    allowed_errors,
    build_test_sequence,
    fixed_sequence_test,
    possible_counts,
)

LIMITS = st.floats(0.001, 0.6)
LEVELS = st.floats(0.001, 0.6)


@given(st.integers(1, 3000), LIMITS, LEVELS)
def test_one_error_more_than_allowed_would_prove_nothing(n: int, max_error: float, level: float) -> None:
    errors = int(allowed_errors([n], max_error, level)[0])
    assert errors < 0 or binom.cdf(errors, n, max_error) <= level + 1e-12
    assert binom.cdf(errors + 1, n, max_error) > level - 1e-12


def test_the_label_budgets_everybody_quotes() -> None:
    assert allowed_errors([58, 59, 92, 93], 0.05, 0.05).tolist() == [-1, 0, 0, 1]
    assert allowed_errors([148, 149], 0.02, 0.05).tolist() == [-1, 0]
    assert allowed_errors([298, 299], 0.01, 0.05).tolist() == [-1, 0]


def test_a_level_that_is_met_exactly_is_met() -> None:
    """Of n tosses of a fair coin at most k are heads with a probability that a float holds exactly."""
    for n in range(1, 25):
        levels = special.bdtr(np.arange(n), n, 0.5)
        assert [int(allowed_errors([n], 0.5, level)[0]) for level in levels] == list(range(n))
        assert [int(allowed_errors([n], 0.5, np.nextafter(level, 0))[0]) for level in levels] == list(range(-1, n - 1))


def test_equal_confidences_are_accepted_together() -> None:
    assert possible_counts(np.array([0.9, 0.9, 0.8, 0.7, 0.7])).tolist() == [2, 3, 5]
    assert possible_counts(np.array([0.9])).tolist() == [1]
    assert possible_counts(np.zeros(0)).tolist() == []


class TestLadder:
    def test_it_is_empty_where_nothing_could_pass(self) -> None:
        assert len(build_test_sequence(np.arange(1, 59), 0.05, 0.05).accepted) == 0
        assert build_test_sequence(np.arange(1, 60), 0.05, 0.05).accepted.tolist() == [59]
        assert len(build_test_sequence(np.zeros(0, dtype=np.intp), 0.05, 0.05).accepted) == 0

    def test_wide_steps_are_where_one_more_error_is_allowed(self) -> None:
        sequence = build_test_sequence(np.arange(1, 426), 0.05, 0.05)
        wide = [labels_needed(0.05, 0.95, errors) for errors in range(4, 8)]
        assert sequence.accepted[: WIDE_STEPS + 1].tolist() == wide == [181, 208, 234, 260]
        assert sequence.accepted[WIDE_STEPS:].tolist() == list(range(260, 426))
        assert sequence.main == 0
        assert sequence.alpha[0] == 1

    def test_many_labels_allow_an_early_start_too(self) -> None:
        sequence = build_test_sequence(np.arange(1, 1001), 0.05, 0.05)
        assert sequence.alpha[0] == pytest.approx(EARLY_ALPHA)
        assert sequence.alpha[sequence.main] == pytest.approx(1 - EARLY_ALPHA)
        assert sequence.accepted[0] <= 200 < sequence.accepted[sequence.main] <= 500

    @given(
        st.lists(st.integers(1, 400), min_size=1, max_size=60, unique=True),
        st.floats(0.005, 0.5),
        st.floats(0.005, 0.3),
    )
    def test_it_only_visits_possible_counts_and_spends_all_doubt_once(
        self, counts: list[int], max_error: float, alpha: float
    ) -> None:
        possible = np.array(sorted(counts))
        sequence = build_test_sequence(possible, max_error, alpha)
        if len(sequence.accepted):
            assert set(sequence.accepted.tolist()) <= set(counts)
            assert (np.diff(sequence.accepted) > 0).all()
            assert sequence.accepted[-1] == possible[-1]
            assert sequence.alpha.sum() == pytest.approx(1)
            assert (sequence.alpha >= 0).all()
            assert sequence.alpha[sequence.main] > 0
        else:
            assert possible[-1] < labels_needed(max_error, 1 - alpha)

    @pytest.mark.parametrize("n", [60, 100, 223, 425, 850, 5000])
    @pytest.mark.parametrize("max_error", [0.01, 0.03, 0.05, 0.2])
    def test_it_starts_near_the_middle_or_as_soon_as_something_can_pass(self, n: int, max_error: float) -> None:
        sequence = build_test_sequence(np.arange(1, n + 1), max_error, 0.05)
        if len(sequence.accepted):
            start = int(sequence.accepted[sequence.main])
            assert start <= max(LATEST_START * n, labels_needed(max_error, 0.95))


class TestWalk:
    # P(at most e of n wrong) at a share of 0.05: 0 of 59: .0485; 1 of 93: .0500-; 2 of 124: .0497.
    sequence = TestSequence(np.array([59, 93, 124]), np.array([1.0, 0.0, 0.0]), 0)

    @pytest.mark.parametrize(
        ("errors", "step", "tried"),
        [([0, 1, 2], 2, 3), ([0, 1, 3], 1, 3), ([0, 2, 2], 0, 2), ([1, 1, 1], -1, 1)],
    )
    def test_the_first_failure_ends_it(self, errors: list[int], step: int, tried: int) -> None:
        done = fixed_sequence_test(self.sequence, np.array(errors), 0.05, 0.05)
        assert (done.step, done.tried) == (step, tried)
        assert done.unspent_alpha == (0.05 if step == 2 else 0)

    def test_a_second_start_goes_on_with_its_own_part(self) -> None:
        sequence = TestSequence(np.array([59, 200]), np.array([0.3, 0.7]), 1)
        # 59 without an error do not pass at .015; 200 with 3 errors (.0090) pass at .035, and only at that.
        done = fixed_sequence_test(sequence, np.array([0, 3]), 0.05, 0.05)
        assert (done.step, done.level, done.tried) == (1, pytest.approx(0.035), 2)
        # 181 with 4 errors (.0499) pass only with the whole doubt, which they have if 90 without an error (.0099) do.
        sequence = TestSequence(np.array([90, 181]), np.array([0.3, 0.7]), 1)
        assert fixed_sequence_test(sequence, np.array([0, 4]), 0.05, 0.05).level == pytest.approx(0.05)
        assert fixed_sequence_test(sequence, np.array([1, 4]), 0.05, 0.05).step == -1

    def test_what_others_left_over_is_spent_from_the_main_start(self) -> None:
        sequence = TestSequence(np.array([59]), np.array([1.0]), 0)
        assert fixed_sequence_test(sequence, np.array([0]), 0.05, 0.025).step == -1
        done = fixed_sequence_test(sequence, np.array([0]), 0.05, 0.025, extra=0.025)
        assert (done.step, done.level, done.unspent_alpha) == (0, 0.05, 0.05)

    def test_an_empty_ladder_goes_nowhere(self) -> None:
        nothing = TestSequence(np.zeros(0, dtype=np.intp), np.zeros(0), 0)
        assert fixed_sequence_test(nothing, np.zeros(0, dtype=np.int64), 0.05, 0.05).step == -1
