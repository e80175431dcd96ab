"""What Help, the glossary and the tour of the demonstration say, in a curator's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.translation import noop

__all__ = ["ABOUT_THE_NUMBERS", "DEFINITIONS", "FIGURES", "STOPS", "TOPICS", "TourStop"]


# --- What the words on pages, in reports and in exports mean, in a curator's words ------------------------------------
#
# What the words on pages, in reports and in exports mean, in a curator's words; and how the numbers are made.

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


# --- What Help says in short of what can be done: each topic some steps, in a curator's words -------------------------

TOPICS: Final[Mapping[str, Sequence[str]]] = {
    noop("Five minutes on the demonstration"): (
        noop("**Home** has the verdict: how right the model is, and what is promised of the whole catalogue."),
        noop("**Thresholds**: move *At most this share wrong*, and see what is accepted and what is left to people."),
        noop("**Review**: press *1* or *2* for the books the model may not decide, *U* to take an answer back."),
        noop("**Errors**: *Groups that are truly worse* names the books the model reads badly; send them to Review."),
        noop("**Facets**: *travel* was begun by an invented person. Mark what fits and what does not."),
        noop("**Export**: *Download the accepted predictions (CSV)*; other formats are one fold below."),
    ),
    noop("The British Library's files"): (
        noop(
            "On **Catalogue**, *Load a file* offers what the British Library published: the digitised books, their"
            " annotations, the paper catalogue."
        ),
        noop(
            "Its predictions, `test_predictions.csv`, are a file of your own: load it as predictions. Their checked"
            " labels come with them."
        ),
        noop("Then ask for a promise on **Thresholds**, and download what is accepted."),
    ),
    noop("Your own files"): (
        noop(
            "**A catalogue**: CSV, Excel, Parquet, JSON Lines or MARC with a title in each record, and an identifier if"
            " there is one."
        ),
        noop("**Labels**: what people said of some of these books, with an identifier or a title, and the label."),
        noop(
            "**Predictions** of another tool: an identifier, and the label or one probability for each class. Or train"
            " a model on **Models**."
        ),
        noop(
            "How a file was read is shown before it is imported; what is wrong is changed there. Nothing is dropped in"
            " silence."
        ),
        noop("Who checks books drawn by lot (**Thresholds** draws them) can have a promise."),
    ),
    noop("For a team"): (
        noop(
            "One server, a proxy in front of it, and each person signs in: readers look, reviewers decide on Review,"
            " curators do all else."
        ),
        noop("A book on the screen is held for its reader. While two people disagree, nothing of it is exported."),
        noop(
            "What each person decided stands beside the book and in what is exported. Whoever runs the server finds the"
            " steps in README under “For a team”, and copies everything with `colophon backup`."
        ),
    ),
    noop("More than one computer"): (
        noop("Some thousand titles take seconds; a language model reads about a hundred titles a second on one core."),
        noop(
            "For millions, whoever runs Colophon scores with `colophon predict --engine ray`, on all cores or on"
            " several computers: README, “More than one computer”."
        ),
        noop("The predictions then stand in this workspace like any others."),
    ),
}

# What was measured, in a curator's words. All of it stands in the benches that measure it (tests/bench/bench_models.py,
# bench_languages.py, bench_scoring.py, bench_ray.py) and, of quick students, in core/models/cascade.py.
FIGURES: Final[Mapping[str, Sequence[str]]] = {
    noop("How good the models are"): (
        noop(
            "Measured on 850 checked titles of the British Library, of which no model learned anything. Chance alone"
            " moves these figures by 1.4 points either way."
        ),
        noop(
            "**Words and letters** are right in 92.7 of 100 titles and learn in seconds; **MiniLM**, a language model,"
            " fine-tuned in 95.3 (80 seconds); **a blend** of words and MiniLM as it is in 95.6 (12 seconds)."
        ),
        noop(
            "**Better labels are worth more than a larger model.** The page **Label audit** points at one annotator."
            " Without what this annotator alone had labelled (444 of 1,744 books), the blend rises from 94.8 to 95.6."
        ),
        noop(
            "**Shelves can teach titles.** Rules on **Labelling functions** read 9,698 labels off shelfmarks, four in"
            " ten of them of foreign books; with them a blend of words and multilingual-e5-small, fine-tuned (25"
            " minutes), is right in 96.2."
        ),
        noop(
            "**A catalogue says more than titles.** With the shelfmark (*Columns to read beside the title* on"
            " **Models**) the blend is right in 96.5. Where a record lacks it, the title alone is read: 94.9."
        ),
        noop(
            "**Foreign fiction is where titles fail**, since hardly any labelled book in another language is fiction."
            " Of 119 such books words alone find 22, with labels read off shelfmarks 61, and with"
            " multilingual-e5-small, fine-tuned, 79: in French 38 of 62, in German 11 of 16, in Italian 6 of 10."
        ),
        noop(
            "One in three books of foreign fiction is still called non-fiction: check books of each language before you"
            " accept labels of theirs."
        ),
    ),
    noop("Quick on large catalogues"): (
        noop(
            "One core reads about 12,500 titles a second by words and letters: 1.75 million in 2 minutes. MiniLM reads"
            " about 110: 4.4 hours, or 4 minutes on 64 cores if the work divides evenly."
        ),
        noop(
            "A language model is read with weights of 8 bits if that leaves the labels of at least 999 in 1,000 titles"
            " as they are; what is undecided is read again with all 32 bits."
        ),
        noop(
            "**A quick student** beside the language model (a kind of model on **Models**) reads large catalogues"
            " sooner. It learns from what the language model says of 20,000 to 50,000 of the titles, and decides where"
            " it is sure: at most 0.5 % of the labels then differ from the language model's, 95 % sure."
        ),
        noop(
            "Of the British Library's digitised books, the student decided 68 in 100 (79 beside MiniLM fine-tuned). Of"
            " 6,000 held out, 0.2 in 100 had another label than MiniLM's (0.1)."
        ),
        noop(
            "**There is a wall.** Where MiniLM is not sure itself, in one title of fifteen, no student can follow it."
            " For 6,000 titles a second on two cores MiniLM could read one title in nineteen; it has to read four."
        ),
        noop("Not measured: a graphics processor, and a student taught more than 20,000 titles."),
    ),
}


# --- The tour of the demonstration ------------------------------------------------------------------------------------
#
# The tour of the demonstration: five pages in the order in which a curator needs them, each with what to see there.


@dataclass(frozen=True)
class TourStop:
    """A page of the tour, by its title, and what a curator is to look at there."""

    page: str
    sentence: str


STOPS: Final[tuple[TourStop, ...]] = (
    TourStop(
        "Representativeness",
        noop(
            "Are the books that people labelled like the whole collection? Where they are not, the model"
            " learns otherwise."
        ),
    ),
    TourStop("Errors", noop("Where is the model wrong? Click a cell of the square below, and its books are listed.")),
    TourStop(
        "Thresholds",
        noop("Say how much of the catalogue may be wrong. The machine decides what that allows; people do the rest."),
    ),
    TourStop("Review", noop("The rest waits here. Keys 1 and 2 name a class, U takes it back.")),
    TourStop("Export", noop("What was accepted leaves, with model, date and promise beside each label.")),
)
