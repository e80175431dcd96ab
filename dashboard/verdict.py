"""The verdict on a set of predictions in three sentences, for Home."""

from core.predictions import Scored
from core.statistics import counts_listed
from dashboard import cache
from dashboard.text import percent

__all__ = ["sentences"]


def sentences(scored: Scored) -> list[str]:
    """Say how many books were predicted, how right the checked ones are, and what that rests on."""
    counts = scored.table["predicted"].value_counts()
    predicted_counts = counts_listed({name: int(counts.get(name, 0)) for name in scored.classes})
    first = f"A model has read {len(scored.table):,} titles: {predicted_counts}."
    if not len(scored.labelled):
        return [first, "No book has been checked by a person yet, so nothing can be said about errors."]
    evaluation = cache.evaluation(scored)
    third = (
        f"{evaluation.leaks:,} of the checked books are also among those the model learned (or may have learned) from;"
        f" without them {percent(evaluation.without_leaks.accuracy.value)} are right."
        if evaluation.leaks
        else "None of the checked books is among those the model learned from, as far as is known here."
    )
    return [first, evaluation.sentence, third]
