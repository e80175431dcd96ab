"""Label audit: which labels people should look at again, and by whom, in which language and month they were given."""

from core.label_audit.audit import LabelAudit, audit_labels, audit_table
from core.label_audit.groups import GROUPINGS, Memberships, group_phrase, group_rates, memberships, shown_value
from core.label_audit.held_out import OutOfFoldPredictions, predict_out_of_fold
from core.label_audit.leave_out import exclude_labels, excluded_ids
from core.label_audit.suspects import FALSE_ALARM_RATE, expected_false_alarms, rank_labels, threshold_for
from core.label_audit.told_apart import SuspectGroup, find_suspect_groups

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
