"""Statistics: plain functions of numbers, each defined once and used by pages, command line and exports alike.

Intervals say how sure a share is, tests whether a difference could be chance, divergences how large it is; weights let
a sample speak for a collection, and the bootstrap draws whole groups of rows. No facet or class is known here by name.
"""

from core.statistics.bootstrap import (
    bootstrap_draws,
    bootstrap_interval,
    bootstrap_intervals,
    group_numbers,
    resampled_weights,
)
from core.statistics.divergence import cramers_v, jensen_shannon, total_variation, total_variation_by_chance
from core.statistics.intervals import (
    MINIMUM_RECORDS,
    Estimate,
    clopper_pearson,
    labels_needed,
    proportion,
    wilson,
)
from core.statistics.post_stratification import PostStratification, post_stratify, uncovered_share
from core.statistics.prediction_powered import PredictionPowered, prediction_powered_share
from core.statistics.ratios import RatioOfShares, share_ratio
from core.statistics.tests_of_significance import (
    ADJUSTMENTS,
    ChiSquare,
    adjust_p,
    chi_square,
    expected_counts,
    mcnemar_exact,
    standardised_residuals,
)
from core.statistics.weighted_shares import grouped_variance, share_estimate, weighted_share
from core.statistics.weights import Raking, design_effect, rake
from core.statistics.wording import (
    capitalised,
    counts_listed,
    in_percent,
    interval_count,
    interval_percent,
    largest_listed,
    listed,
    lower_percent,
    over_or_under,
    share_percent,
    upper_percent,
)

__all__ = [
    "ADJUSTMENTS",
    "MINIMUM_RECORDS",
    "ChiSquare",
    "Estimate",
    "PostStratification",
    "PredictionPowered",
    "Raking",
    "RatioOfShares",
    "adjust_p",
    "bootstrap_draws",
    "bootstrap_interval",
    "bootstrap_intervals",
    "capitalised",
    "chi_square",
    "clopper_pearson",
    "counts_listed",
    "cramers_v",
    "design_effect",
    "expected_counts",
    "group_numbers",
    "grouped_variance",
    "in_percent",
    "interval_count",
    "interval_percent",
    "jensen_shannon",
    "labels_needed",
    "largest_listed",
    "listed",
    "lower_percent",
    "mcnemar_exact",
    "over_or_under",
    "post_stratify",
    "prediction_powered_share",
    "proportion",
    "rake",
    "resampled_weights",
    "share_estimate",
    "share_percent",
    "share_ratio",
    "standardised_residuals",
    "total_variation",
    "total_variation_by_chance",
    "uncovered_share",
    "upper_percent",
    "weighted_share",
    "wilson",
]
