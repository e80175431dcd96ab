"""What Help says in short of what can be done: each topic some steps, in a curator's words."""

from collections.abc import Mapping, Sequence
from typing import Final

from core.translation import noop

__all__ = ["TOPICS"]

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
