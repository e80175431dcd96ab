"""Statistics: plain functions of numbers, each defined once and used by pages, command line and exports alike.

Intervals say how sure a share is, tests whether a difference could be chance, divergences how large it is; weights let
a sample speak for a collection, and the bootstrap draws whole groups of rows. No facet or class is known here by name.
"""

from core.statistics.bootstrap import (
    bootstrap_draws,
    bootstrap_interval,
    bootstrap_intervals,
    design_effect,
    group_numbers,
    grouped_variance,
    post_stratify,
    prediction_powered_share,
    share_estimate,
    uncovered_share,
    weighted_share,
)
from core.statistics.intervals import MINIMUM_RECORDS, Estimate, clopper_pearson, labels_needed, proportion, wilson
from core.statistics.tests_of_significance import (
    ChiSquare,
    adjust_p,
    chi_square,
    cramers_v,
    expected_counts,
    jensen_shannon,
    mcnemar_exact,
    share_ratio,
    standardised_residuals,
    total_variation,
    total_variation_by_chance,
)

__all__ = [
    "MINIMUM_RECORDS",
    "ChiSquare",
    "Estimate",
    "adjust_p",
    "bootstrap_draws",
    "bootstrap_interval",
    "bootstrap_intervals",
    "chi_square",
    "clopper_pearson",
    "cramers_v",
    "design_effect",
    "expected_counts",
    "group_numbers",
    "grouped_variance",
    "jensen_shannon",
    "labels_needed",
    "mcnemar_exact",
    "post_stratify",
    "prediction_powered_share",
    "proportion",
    "share_estimate",
    "share_ratio",
    "standardised_residuals",
    "total_variation",
    "total_variation_by_chance",
    "uncovered_share",
    "weighted_share",
    "wilson",
]
