"""Label audit: which labels people should look at again, and by whom, in which language and month they were given."""

from core.label_audit.audit import LabelAudit, audit_labels, audit_table, exclude_labels, excluded_ids
from core.label_audit.confounding import SuspectGroup, find_suspect_groups
from core.label_audit.suspects import (
    FALSE_ALARM_RATE,
    GROUPINGS,
    Memberships,
    OutOfFoldPredictions,
    expected_false_alarms,
    group_phrase,
    group_rates,
    memberships,
    predict_out_of_fold,
    rank_labels,
    shown_value,
    threshold_for,
)

__all__ = [
    "FALSE_ALARM_RATE",
    "GROUPINGS",
    "LabelAudit",
    "Memberships",
    "OutOfFoldPredictions",
    "SuspectGroup",
    "audit_labels",
    "audit_table",
    "exclude_labels",
    "excluded_ids",
    "expected_false_alarms",
    "find_suspect_groups",
    "group_phrase",
    "group_rates",
    "memberships",
    "predict_out_of_fold",
    "rank_labels",
    "shown_value",
    "threshold_for",
]
