"""What a training reports, and the sentences that page, command line and model card say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from core.errors import InputError
from core.leaks import find_leaks
from core.models.fitting import Fitted, Plan
from core.models.preparation import ExcludedBooks
from core.reading import has_columns
from core.schema import SOURCE, SPLIT, TEXT

__all__ = ["TrainingReport", "column_coverage_sentences", "how_measured", "leak_summary", "rules_caveat"]

# With fewer, neither what a column says nor a calibration can be learned.
FEWEST_WITH_COLUMNS = 50


@dataclass(frozen=True)
class TrainingReport:
    """What was trained (the keys of ``colophon train --json``).

    Attributes
    ----------
    model : str
        Name of the model.
    n_train : int
        Books a person labelled that the final classifier learned from.
    n_calibration : int
        Books whose held-out probabilities the calibration was learned on.
    n_test : int
        Books of the test part.
    n_weak : int
        Labels by functions that were learned from too.
    leak : mapping
        What was left out because another set holds it (``apart``), and how many titles of the test part are also
        among the others (``test_titles_in_training``: it must be 0).
    metrics : mapping
        See :func:`core.models.measure.measure`.
    sentences : tuple of str
        What a reader must know.
    """

    model: str
    fingerprint: str
    kind: str
    device: str
    seconds: float
    n_train: int
    n_calibration: int
    n_test: int
    n_weak: int
    classes: tuple[str, ...]
    seed: int
    refit: bool
    calibration: str
    leak: Mapping[str, Any]
    metrics: Mapping[str, Any]
    sentences: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def leak_summary(fitted: Fitted, excluded: Sequence[ExcludedBooks]) -> dict[str, Any]:
    """Return what was left out because another set holds it, and what the test part has in common with the others."""
    books = fitted.training[fitted.training[SOURCE] == "person"]
    test = books[books[SPLIT] == "test"]
    between = find_leaks(test, books[books[SPLIT] != "test"])
    return {
        "apart": [{"set": excluded_set.name, **excluded_set.leaks.as_dict()} for excluded_set in excluded],
        "excluded": sum(excluded_set.leaks.n_leaked for excluded_set in excluded),
        "test_titles_in_training": between.n_leaked,
        "sentences": [
            *(excluded_set.sentence for excluded_set in excluded),
            between.sentence("the test part", "the books learned from while it was tested"),
        ],
    }


def column_coverage_sentences(books: pd.DataFrame, reads: Sequence[str]) -> list[str]:
    """Say how many books have what is read beside the title.

    Raises
    ------
    InputError
        Too few have.
    """
    if not reads:
        return []
    count = int(has_columns(books[TEXT].tolist()).sum())
    if count < FEWEST_WITH_COLUMNS:
        raise InputError(
            f"Only {count:,} of the {len(books):,} labelled books have something in {' or '.join(reads)}; to learn what"
            f" it says, {FEWEST_WITH_COLUMNS} are needed. Train on titles alone, or fill the column."
        )
    which = "it" if len(reads) == 1 else "one or more of them"
    return [
        f"Beside the title it reads {', '.join(reads)}; {count:,} of the {len(books):,} labelled books have {which}."
    ]


def rules_caveat(labels: str) -> str:
    """Say what figures of a model are worth whose labels rules gave."""
    return (
        f"The labels of '{labels}' were given by rules, not by people. What is measured on them shows how well the"
        " model learned the rules, not how often it is right: test it on books that people labelled."
    )


def how_measured(fitted: Fitted, plan: Plan) -> tuple[str, ...]:
    """Say what was measured on what, for the page and the model card."""
    measured = (
        "It was tested on books that the classifier and the calibration had not seen; the final classifier then learned"
        " from those books too, so it can be expected to be as good or slightly better."
        if plan.refit
        else "It was tested on books that it never learned from."
    )
    if fitted.calibration.method == "none":
        return (measured,)
    return (
        measured,
        f"Its confidences were calibrated ({fitted.calibration.method}) on {fitted.calibration.n:,}"
        f" {fitted.calibration.learned_from}. They speak for books like those: where these are no random sample of the"
        " collection, check the calibration on labels drawn from the collection.",
    )
