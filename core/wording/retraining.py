"""What is said of a model that was trained again with people's decisions: before and after."""

from core.comparison import LEVEL, LabelChanges, ModelComparison
from core.formatting import percent
from core.statistics import MINIMUM_RECORDS
from core.translation import _, plural

__all__ = ["changes_sentence", "retraining_headline", "retraining_sentences"]


def retraining_headline(checked: ModelComparison | None, changes: LabelChanges) -> str:
    """Say in one sentence whether the new model is right more often, as far as checked books can say it."""
    if checked is None or checked.n < MINIMUM_RECORDS:
        return _(
            "Whether the new model is right more often cannot be said: too few books were checked beside those that"
            " people decided. {changes}",
            changes=changes_sentence(changes),
        )
    before, after = (percent(accuracy.value) for accuracy in checked.accuracy)
    if checked.p >= LEVEL:
        return _(
            "Of {n:,} checked books {before} were right before and {after} are now: that may be chance.",
            n=checked.n,
            before=before,
            after=after,
        )
    return _(
        "Of {n:,} checked books {before} were right before and {after} are now.",
        n=checked.n,
        before=before,
        after=after,
    )


def retraining_sentences(
    checked: ModelComparison | None,
    decided: ModelComparison | None,
    changes: LabelChanges,
    above_cut_offs: tuple[int, int] | None,
) -> tuple[str, ...]:
    """Say what training again has changed.

    Parameters
    ----------
    checked, decided : ModelComparison, optional
        On checked books, and on the decided books that the new model learned from, each judged out of fold.
    above_cut_offs : (int, int), optional
        Books above the cut-offs kept for the predictions before, with each.
    """
    sentences = [retraining_headline(checked, changes)]
    if decided is not None and decided.n:
        sentences.append(
            plural(
                "The {n:,} decided book that the new model learned from is judged out of fold, by a copy of it that had"
                " not seen its title: {before} right before, {after} now. It was chosen for Review, and speaks for no"
                " others.",
                "The {n:,} decided books that the new model learned from are judged out of fold, by copies of it that"
                " had not seen their titles: {before} right before, {after} now. They were chosen for Review, and speak"
                " for no others.",
                decided.n,
                before=f"{decided.both_right + decided.only_first:,}",
                after=f"{decided.both_right + decided.only_second:,}",
            )
        )
    if checked is not None and checked.n >= MINIMUM_RECORDS:
        sentences.append(changes_sentence(changes))
    if above_cut_offs is not None:
        sentences.append(
            _(
                "At the cut-offs that are kept, {before:,} books were above them before and {after:,} are now. What was"
                " promised holds for the predictions before alone: ask for a promise of the new ones on Thresholds.",
                before=above_cut_offs[0],
                after=above_cut_offs[1],
            )
        )
    return tuple(sentences)


def changes_sentence(changes: LabelChanges) -> str:
    """Say of how many books the label has changed."""
    return _("The label of {changed:,} of {n:,} books has changed.", changed=len(changes.books), n=changes.n)
