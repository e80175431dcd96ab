"""Label audit: which labels people should look at again, and by whom, in which language and month they were given."""

from core.label_audit.audit import LabelAudit, audit_labels, audit_table
from core.label_audit.groups import BYS, Memberships, group_rates, memberships, shown_value, spoken
from core.label_audit.held_out import HeldOut, held_out
from core.label_audit.leave_out import leave_out, left_out
from core.label_audit.suspects import FALSE_ALARM, cut_for, expected_false_alarms, rank_labels
from core.label_audit.told_apart import Finding, tell_apart

__all__ = [
    "BYS",
    "FALSE_ALARM",
    "Finding",
    "HeldOut",
    "LabelAudit",
    "Memberships",
    "audit_labels",
    "audit_table",
    "cut_for",
    "expected_false_alarms",
    "group_rates",
    "held_out",
    "leave_out",
    "left_out",
    "memberships",
    "rank_labels",
    "shown_value",
    "spoken",
    "tell_apart",
]
