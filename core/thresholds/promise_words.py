"""What a promise says to a curator: what holds, what does not and why, when not to believe it."""

from collections.abc import Sequence

import numpy as np

from core.facets import facet_words
from core.statistics import listed, lower_percent, upper_percent
from core.thresholds.curves import ALL_CLASSES
from core.thresholds.settle import CutResult

__all__ = ["group_sentence", "never_predicted_sentence", "promise_sentences", "remedy_sentence"]


def group_sentence(
    class_name: str,
    value: str,
    stratum: str,
    labelled: int,
    outcome: CutResult,
    max_error: float,
    confidence: float,
    at_least: int,
    estimate: int | None,
) -> str:
    """Say what is promised of one group, or why nothing is and what it would take."""
    books = facet_words(stratum, value) if stratum else "books"
    if outcome.cut is not None:
        accepted = f"accepted {books}" if class_name == ALL_CLASSES else f"{books} accepted as {class_name}"
        cut = np.format_float_positional(outcome.cut, trim="-")
        return (
            f"With {lower_percent(confidence)} confidence at most {upper_percent(max_error)} of the {accepted} are"
            f" wrong (cut {cut}; {outcome.errors:,} of {outcome.accepted:,} labelled ones above it are wrong)."
        )
    what = f"{books} predicted to be {class_name}"
    if class_name == ALL_CLASSES:
        what = f"{books}, all classes together"
    limit = f"at most {upper_percent(max_error)} wrong"
    if not outcome.tried:
        return (
            f"Nothing can be promised for {what}: {limit} needs at least {at_least:,} labelled ones without an error"
            f" above a cut, and only {labelled:,} {_is_or_are(labelled)}"
            f" labelled.{_labels_needed_sentence(labelled, estimate)}"
        )
    return (
        f"Nothing can be promised for {what}: of the {outcome.accepted:,} surest labelled ones {outcome.errors:,}"
        f" {_is_or_are(outcome.errors)} wrong, and {limit} allows"
        f" {max(outcome.allowed, 0):,}.{_labels_needed_sentence(labelled, estimate)}"
    )


def never_predicted_sentence(class_name: str) -> str:
    """Say that there is nothing to promise of a class."""
    return f"The model calls no book {class_name}: there is nothing to promise of it, and it takes nothing from others."


def remedy_sentence(hopeless: Sequence[str], more: int, unlabelled: int) -> tuple[str, ...]:
    """Say what it would take until the promise can be given.

    Parameters
    ----------
    unattainable : sequence of str
        Names of the groups for which labels alone will not help.
    more : int
        Further labelled books for the other groups that were refused, at a guess; 0 when there are no such groups.
    unlabelled : int
        Books of the collection that nobody has labelled.
    """
    sentences = []
    if hopeless:
        sentences.append(
            f"For {listed(hopeless)} more labels alone will not help: the surest predictions are wrong too often. Train"
            " a better model, or promise less."
        )
    if more > unlabelled:
        sentences.append(
            f"At a guess it would take {more:,} more labelled books, and only {unlabelled:,} are unlabelled: this"
            " collection is too small for that promise. Promise less, or train a better model."
        )
    elif more:
        sentences.append(
            f"What would help: about {more:,} more labelled books, drawn at random from the collection (spread over the"
            " predicted classes)."
        )
    return tuple(sentences)


def _labels_needed_sentence(labelled: int, estimate: int | None) -> str:
    if not labelled:
        return ""
    if estimate is None:
        return (
            " Even the surest are wrong too often for that, as far as these labels show: more labels alone will not"
            " help, a better model or a looser promise may."
        )
    if estimate <= labelled:
        return " That was close: some more labelled ones may do."
    return f" At a guess it takes {estimate:,} labelled ones, {estimate - labelled:,} more than there are."


def promise_sentences(
    guaranteed: Sequence[str],
    refused: Sequence[tuple[str, str]],
    *,
    stratum: str,
    confidence: float,
    labelled: int,
    left_out: int,
    learned_known: bool,
) -> tuple[str, ...]:
    """Say what is promised, what is not, and on what it rests.

    Parameters
    ----------
    guaranteed : sequence of str
        The sentences of the groups of which something is promised.
    refused : sequence of (str, str)
        Value of the stratum's facet and sentence of the other groups.
    stratum : str
        Facet in each value of which the promise is kept, '' for none.
    confidence : float
        With which all of it holds together, 0 to 1.
    labelled, left_out : int
        Labelled books it rests on, and those left out for what the model learned.
    learned_known : bool
        Whether it is known from which titles the model learned.
    """
    sentences = list(guaranteed)
    if len(sentences) > 1:
        sentences.append(f"All of this holds together with {lower_percent(confidence)} confidence.")
    if stratum and len(refused) > 3:
        words = list(dict.fromkeys(facet_words(stratum, value) for value, _ in refused))
        shown = listed([*words[:5], f"{len(words) - 5:,} other groups"] if len(words) > 5 else words)
        sentences.append(f"Nothing, or not everything, can be promised for {shown}: what has no cut goes to review.")
    else:
        sentences += [sentence for _, sentence in refused]
    rests = f"It rests on {labelled:,} labelled books"
    if left_out:
        learned = "learned" if learned_known else "learned, or may have learned,"
        rests += f"; {left_out:,} others are left out because the model {learned} from their titles"
    return (*sentences, f"{rests}, and holds for a collection of which they are a random sample.")


def _is_or_are(count: int) -> str:
    return "is" if count == 1 else "are"
