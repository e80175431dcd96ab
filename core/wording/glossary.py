"""What the words on pages, in reports and in exports mean, in a curator's words; and how the numbers are made."""

from collections.abc import Mapping
from typing import Final

from core.translation import noop

__all__ = ["ABOUT_THE_NUMBERS", "DEFINITIONS"]

DEFINITIONS: Final[Mapping[str, str]] = {
    noop("Checked book"): noop(
        "A book for which a person named one of the classes. Books without a usable answer are counted, never scored."
    ),
    noop("Wrong"): noop("The model and the person name different classes. The person can be mistaken too."),
    noop("Right (accuracy)"): noop("The share of the checked books on which model and person name the same class."),
    noop("Interval"): noop(
        "The true rate lies inside in 95 of 100 such intervals. Shares: Wilson's; macro-F1, F1, Brier score and "
        "log loss: bootstrap, which draws titles again with all their editions."
    ),
    noop("Precision"): noop("Of the books the model calls a class, the share that is of it."),
    noop("Recall"): noop("Of the books that are of a class, the share the model finds."),
    noop("F1 and macro-F1"): noop(
        "The harmonic mean of precision and recall of a class, and its mean over the classes."
    ),
    noop("Leak"): noop(
        "A checked book that is, or whose title is, among the books the model learned (or may have learned) from. "
        "The model may know it by heart."
    ),
    noop("Confidence"): noop("The probability the model gives to the class it predicts, from 0 to 1."),
    noop("Calibration error"): noop(
        "The mean distance between stated confidence and how often the model is right, over bins of equally many "
        "books (0: as often right as stated)."
    ),
    noop("Brier score, log loss"): noop("How far the probabilities are from what is true; 0 is perfect."),
    noop("Slice"): noop(
        "Books that share up to three facts: values of facets, ranges, words of the title. It is reported when it "
        "was found in one half of the checked books and confirmed in the other, is worse than other books of the "
        "same class, and is not explained by a stronger slice; over many searches at most the stated share of those "
        "reported is chance on average (Benjamini–Yekutieli)."
    ),
    noop("Cut-off"): noop(
        "A prediction is accepted when its confidence is greater than the cut-off of its class; the others go to "
        "review."
    ),
    noop("Coverage"): noop("The share of all books that is accepted."),
    noop("Promise"): noop(
        "“With 95 % confidence at most 5 % of the accepted are wrong”: an exact bound, valid however many cut-offs "
        "were tried (learn then test, Angelopoulos and others 2021), for a collection of which the checked books "
        "are a random sample."
    ),
    noop("Wrong to expect"): noop(
        "The errors found among the accepted, carried over to all accepted books, checked or not."
    ),
    noop("Keep-rate"): noop("The share of a group's books that is accepted."),
    noop("Whole collection"): noop(
        "Estimated from the checked books that the model has not learned from: re-weighted to the collection by "
        "predicted class and confidence (post-stratified); shares of classes corrected by the model's errors "
        "(prediction-powered, Angelopoulos and others 2023)."
    ),
    noop("Design effect"): noop("By how much unequal weights make the checked books count for less."),
    noop("McNemar's test"): noop(
        "Whether two models differ by more than chance on the same books; it looks only at books that one of them "
        "alone has right."
    ),
    noop("Fingerprint"): noop("A digest of content and settings: equal fingerprints, equal data."),
}

# What differs from the notebooks that the British Library published, and why.
ABOUT_THE_NUMBERS: Final[Mapping[str, str]] = {
    noop("Books the model has seen are left out"): noop(
        "The published test set shares titles with what the model learned from. Here they are found by identifier and"
        " by title, named, and no promise counts them."
    ),
    noop("Cut-offs are not scored on the books they were chosen on"): noop(
        "A cut-off chosen because it looks good on some books looks better on them than it is. A promise allows for"
        " every cut-off and every share that was tried, and for the next question too."
    ),
    noop("Every rate has its interval"): noop(
        "One figure hides how few books it rests on. Beside each rate stands between what the true one lies, and groups"
        " of fewer than ten books get counts and no rate."
    ),
    noop("How sure the model says it is, is checked"): noop(
        "A stated 90 % need not be right nine times in ten. Before a cut-off is chosen, Errors shows by how much it"
        " is off."
    ),
    noop("Lost zeros and ruined dates are named"): noop(
        "The published test file lost the zeros that its numbers begin with, and holds years that were read as seconds"
        " since 1970. An import says so; books are found all the same, and another column of dates is taken, if"
        " there is one."
    ),
    noop("Differences are counted, not seen"): noop(
        "Whether a sample is like its collection is said with a size, and with what chance alone would show."
    ),
    noop("Editions of one title count once"): noop(
        "Ten editions of one title are one thing a model can be right or wrong about."
    ),
    noop("Blank and undecided answers are not dropped in silence"): noop(
        "They are counted, and where a promise rests on them they count as wrong."
    ),
    noop("One person's annotation copied under two names is no agreement"): noop(
        "Rows that repeat one annotation are counted once."
    ),
}
