"""How many records went which way: the parts add up to the whole."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.export.decisions import ACCEPTED, CURATOR, DECISIONS, HUMAN_LABEL_KEPT

__all__ = ["DecisionCounts", "count_decisions"]


@dataclass(frozen=True)
class DecisionCounts:
    """How many records went which way; the parts add up to the whole.

    Attributes
    ----------
    loaded : int
        Records of the catalogue file.
    by_decision : mapping
        Each of :data:`DECISIONS` → number of records.
    conflicts : int
        Human labels that the machine contradicts (a part of 'human-label-kept').
    confirmed, overruled : int
        The two parts of 'curator'.
    no_class : int
        Human answers that name no single class ("both", "can't tell", disputed), a part of 'human-label-kept'.
    by_label : mapping
        Exported label → number of records.
    above_cut : int
        Records that the cuts alone accept, whatever people said of them: what the thresholds report calls accepted.
    """

    loaded: int
    by_decision: Mapping[str, int]
    conflicts: int
    confirmed: int
    overruled: int
    no_class: int
    by_label: Mapping[str, int]
    above_cut: int

    @property
    def exported(self) -> int:
        """Records that carry a label in the export."""
        return self.by_decision[ACCEPTED] + self.by_decision[CURATOR]

    @property
    def sentence(self) -> str:
        """Show that the counts add up."""
        parts = " + ".join(f"{count:,} {name.replace('-', ' ')}" for name, count in self.by_decision.items())
        return f"{parts} = {self.loaded:,} records loaded"

    def as_dict(self) -> dict[str, object]:
        """Return a JSON-able dictionary."""
        return {
            "loaded": self.loaded,
            **{name.replace("-", "_"): count for name, count in self.by_decision.items()},
            "conflicts": self.conflicts,
            "curator_confirmed": self.confirmed,
            "curator_overruled": self.overruled,
            "human_answers_without_a_class": self.no_class,
            "by_label": dict(self.by_label),
            "over_the_cut": self.above_cut,
        }


def count_decisions(decisions: pd.DataFrame) -> DecisionCounts:
    """Count the table that :func:`decide` returns."""
    counts = decisions["pred_decision"].value_counts()
    human_kept = decisions[decisions["pred_decision"] == HUMAN_LABEL_KEPT]
    curator = decisions[decisions["pred_decision"] == CURATOR]
    confirmed = int((curator["pred_label"] == curator["pred_suggested_label"]).sum())
    labels = decisions.loc[decisions["pred_label"] != "", "pred_label"].value_counts()
    return DecisionCounts(
        loaded=len(decisions),
        by_decision={name: int(counts.get(name, 0)) for name in DECISIONS},
        conflicts=int((human_kept["agrees_with_human"] == False).sum()),  # noqa: E712 - <NA> is neither
        confirmed=confirmed,
        overruled=len(curator) - confirmed,
        no_class=int(human_kept["agrees_with_human"].isna().sum()),
        by_label={str(name): int(labels[name]) for name in sorted(labels.index)},
        above_cut=int(decisions["over_cut"].sum()),
    )
