import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.statistics import clopper_pearson
from core.thresholds.fixed_sequence import SequenceGroup, graphical_procedure, short_number


def group(n: int, wrong: tuple[int, ...] = (), confidence: np.ndarray | None = None) -> SequenceGroup:
    """n records, the surest first; those at the places in `wrong` (from 1) are wrong."""
    stated = np.linspace(0.999, 0.5, n) if confidence is None else confidence
    return SequenceGroup.from_records(stated, np.isin(np.arange(1, n + 1), wrong))


class TestGroup:
    def test_records_are_put_in_order_and_errors_counted(self) -> None:
        made = SequenceGroup.from_records([0.6, 0.9, np.nan, 0.7, 0.0], [True, False, True, True, True])
        assert made.confidence.tolist() == [0.9, 0.7, 0.6]
        assert made.errors.tolist() == [0, 1, 2]


class TestOneGroup:
    def test_all_right_is_accepted_altogether(self) -> None:
        (found,) = graphical_procedure([group(59)], 0.05, 0.05)
        assert (found.cut, found.accepted, found.errors) == (0.0, 59, 0)

    def test_one_record_too_few(self) -> None:
        (found,) = graphical_procedure([group(58)], 0.05, 0.05)
        assert (found.cut, found.tried, found.level) == (None, 0, 0.05)

    def test_the_cut_lies_between_the_last_accepted_and_the_next(self) -> None:
        made = group(200, tuple(range(150, 201)))
        (found,) = graphical_procedure([made], 0.05, 0.05)
        assert found.cut is not None
        assert made.confidence[found.accepted] < found.cut < made.confidence[found.accepted - 1]
        assert found.errors == made.errors[found.accepted - 1]
        assert (made.confidence > found.cut).sum() == found.accepted

    def test_a_refusal_says_what_was_tried(self) -> None:
        (found,) = graphical_procedure([group(200, tuple(range(1, 201, 4)))], 0.05, 0.05)
        assert (found.cut, found.accepted, found.errors, found.allowed, found.tried) == (None, 93, 24, 1, 1)

    def test_ties_are_never_parted(self) -> None:
        stated = np.repeat([0.99, 0.9, 0.6], [80, 80, 40])
        (found,) = graphical_procedure([group(200, tuple(range(161, 201)), stated)], 0.05, 0.05)
        assert found.accepted == 160
        assert found.cut is not None
        assert 0.6 < found.cut < 0.9

    def test_one_single_confidence_is_all_or_nothing(self) -> None:
        stated = np.full(100, 0.9)
        assert graphical_procedure([group(100, (), stated)], 0.05, 0.05)[0].cut == 0.0
        assert graphical_procedure([group(100, tuple(range(1, 8)), stated)], 0.05, 0.05)[0].cut is None


class TestSeveralGroups:
    def test_the_doubt_is_split(self) -> None:
        first, second = graphical_procedure([group(72), group(72)], 0.05, 0.05)
        assert (first.cut, second.cut) == (0.0, 0.0)
        # 71 would do alone, but not at half the doubt.
        first, second = graphical_procedure([group(71, (71,)), group(72, (1, 20))], 0.05, 0.05)
        assert second.cut is None

    def test_groups_without_enough_records_take_no_part_of_it(self) -> None:
        first, second = graphical_procedure([group(59), group(40)], 0.05, 0.05)
        assert (first.cut, first.level) == (0.0, 0.05)
        assert (second.cut, second.level) == (None, 0.025)

    def test_a_group_that_accepts_everything_hands_its_part_on(self) -> None:
        # At half the doubt 93 records allow no error; with the whole they allow one.
        alone = graphical_procedure([group(93, (30,), np.full(93, 0.8)), group(80, (1, 2, 3, 4, 5, 6))], 0.05, 0.05)
        assert alone[0].cut is None
        helped = graphical_procedure([group(93, (30,), np.full(93, 0.8)), group(80)], 0.05, 0.05)
        assert (helped[0].cut, helped[0].level) == (0.0, pytest.approx(0.05))

    def test_no_group_is_no_trouble(self) -> None:
        assert graphical_procedure([], 0.05, 0.05) == []
        empty = graphical_procedure([SequenceGroup.from_records([], [])], 0.05, 0.05)[0]
        assert (empty.cut, empty.accepted, empty.errors, empty.allowed, empty.tried) == (None, 0, 0, -1, 0)

    @given(
        st.lists(
            st.tuples(st.integers(0, 300), st.floats(0, 0.3), st.integers(1, 3), st.integers(0, 2**32 - 1)),
            min_size=1,
            max_size=4,
        ),
        st.sampled_from([0.02, 0.05, 0.2]),
        st.sampled_from([0.01, 0.05, 0.2]),
    )
    def test_every_promise_is_within_its_bound_and_levels_add_up(
        self, sizes: list[tuple[int, float, int, int]], max_error: float, alpha: float
    ) -> None:
        groups = []
        for n, rate, decimals, seed in sizes:
            generator = np.random.default_rng(seed)
            groups.append(SequenceGroup.from_records(generator.random(n).round(decimals), generator.random(n) < rate))
        for made, found in zip(groups, graphical_procedure(groups, max_error, alpha), strict=True):
            if found.cut is not None:
                assert (made.confidence > found.cut).sum() == found.accepted
                upper = clopper_pearson(found.errors, found.accepted, 1 - found.level, "upper")[1]
                assert upper <= max_error + 1e-9
                assert found.errors <= found.allowed
                assert 0 < found.level <= alpha + 1e-12


class TestShortNumber:
    @given(st.floats(0, 1), st.floats(0, 1))
    def test_it_lies_between(self, one: float, other: float) -> None:
        low, high = min(one, other), max(one, other)
        found = short_number(low, high)
        assert low <= found < high or low == high == found
        assert found == low or low < found < high

    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [(0.5, 0.7, 0.6), (0.8712, 0.8749, 0.872), (0.89999, 0.90001, 0.9), (0.5, 0.6, 0.51), (0.0, 1.0, 0.1)],
    )
    def test_it_has_as_few_decimals_as_can_be(self, low: float, high: float, expected: float) -> None:
        assert short_number(low, high) == expected

    def test_neighbours_leave_no_room(self) -> None:
        assert short_number(0.3, float(np.nextafter(0.3, 1))) == 0.3
