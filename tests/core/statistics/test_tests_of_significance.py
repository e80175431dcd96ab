import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import Table, mcnemar
from statsmodels.stats.multitest import multipletests

from core.errors import InputError
from core.statistics import adjust_p, chi_square, expected_counts, mcnemar_exact, standardised_residuals


def test_chi_square_agrees_with_scipy():
    table = np.array([[30, 50, 20], [60, 40, 10]])
    result = chi_square(table)
    expected = stats.chi2_contingency(table, correction=False)
    assert (result.statistic, result.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-12)
    assert (result.df, result.pooled, result.reason) == (2, 0, "")
    np.testing.assert_allclose(expected_counts(table), expected.expected_freq)


def test_small_cells_are_pooled_together():
    # expected in the smaller row: half of each column's total, so totals of 4, 3 and 5 are short of 5 and 12 is not
    table = np.array([[40, 30, 3, 1, 2], [30, 38, 1, 2, 5]])
    result = chi_square(table)
    expected = stats.chi2_contingency(np.array([[40, 30, 6], [30, 38, 8]]), correction=False)
    assert (result.df, result.pooled) == (2, 3)
    assert result.statistic == pytest.approx(expected.statistic)


def test_a_pool_that_stays_too_small_takes_the_next_rarest_column():
    # 2 and 3 records are 2.5 expected together, so the column of 30 joins them and 200 stands alone
    result = chi_square(np.array([[100, 15, 1, 2], [100, 15, 1, 1]]))
    assert (result.df, result.pooled) == (1, 3)


@pytest.mark.parametrize(
    ("table", "pooled", "reason"),
    [
        ([[5, 5], [0, 0]], 0, "only one of the sets has records"),
        ([[50, 0], [70, 0]], 0, "all records have the same value"),
        # of the smaller set 1 of each 2 and half of each 1 are expected: all three columns are short of 5
        ([[1, 1, 0], [1, 0, 1]], 3, "too few records to compare"),
        ([[0, 0], [0, 0]], 0, "only one of the sets has records"),
    ],
)
def test_nothing_to_test(table, pooled, reason):
    result = chi_square(table)
    assert math.isnan(result.p) and (result.df, result.pooled) == (0, pooled)
    assert result.reason == reason


@pytest.mark.parametrize(
    ("table", "message"),
    [([1, 2, 3], "one of 1 dimensions came"), ([[1, -1], [2, 3]], "cannot hold negative or undefined counts")],
)
def test_a_table_must_hold_counts(table, message):
    with pytest.raises(InputError, match=message):
        chi_square(table)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12))
def test_pooling_leaves_no_small_cell(columns):
    table = np.array(columns).T
    result = chi_square(table)
    assert result.pooled <= len(columns)
    if result.reason:
        assert math.isnan(result.p)
    else:
        assert 0 <= result.p <= 1
        whole = stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
        assert result.statistic <= whole.statistic + 1e-9  # pooling can only lose information


def test_residuals_agree_with_statsmodels():
    table = np.array([[30, 50, 20], [60, 40, 10], [5, 5, 5]])
    np.testing.assert_allclose(standardised_residuals(table), Table(table, shift_zeros=False).standardized_resids)


def test_residuals_of_an_empty_column_are_undefined():
    result = standardised_residuals([[3, 0, 7], [4, 0, 6]])
    assert np.isnan(result[:, 1]).all() and not np.isnan(result[:, [0, 2]]).any()


@pytest.mark.parametrize(("first", "second"), [(1, 9), (5, 5), (0, 3), (20, 41), (4, 5), (0, 0)])
def test_mcnemar_agrees_with_statsmodels(first, second):
    expected = mcnemar(np.array([[10, first], [second, 10]]), exact=True).pvalue
    assert mcnemar_exact(first, second) == pytest.approx(expected, rel=1e-12)


def test_mcnemar_refuses_negative_counts():
    with pytest.raises(InputError, match="cannot be negative; -1 and 3 came"):
        mcnemar_exact(-1, 3)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by")])
def test_adjustments_agree_with_statsmodels(method, theirs):
    p = np.random.default_rng(1).uniform(size=25) ** 3
    np.testing.assert_allclose(adjust_p(p, method), multipletests(p, method=theirs)[1], rtol=1e-12)


def test_holm_by_hand():
    # sorted .01 .02 .03 .04 times 4 3 2 1, then never falling: .04 .06 .06 .06
    np.testing.assert_allclose(adjust_p([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])


@pytest.mark.parametrize("method", ["holm", "bh", "by"])
def test_an_undefined_p_value_is_no_test(method):
    with_gap = adjust_p([0.01, math.nan, 0.2], method)
    assert math.isnan(with_gap[1])
    np.testing.assert_allclose(with_gap[[0, 2]], adjust_p([0.01, 0.2], method))
    assert np.isnan(adjust_p([math.nan], method)).all()


@pytest.mark.parametrize("p", [1.2, -0.1])
def test_impossible_p_values_are_refused(p):
    with pytest.raises(InputError, match=f"between 0 and 1; {p} came"):
        adjust_p([0.5, p])


def test_unknown_adjustment_is_refused():
    with pytest.raises(InputError, match="no adjustment 'bonferroni'. There are: holm, bh, by"):
        adjust_p([0.5], "bonferroni")
