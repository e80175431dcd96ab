"""Asking for a promise: the question is entered into the budget of its checked books, then answered.

The page, the command line, the report and the export ask here, so that no answer is had for nothing.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.alpha_budget import AlphaBudget
from core.facets import facet_title
from core.formatting import percent, upper_percent
from core.predictions import Scored
from core.schema import RECORD_ID, TITLE_KEY
from core.storage import Workspace, digest
from core.thresholds import ErrorBand, GuaranteeRecord, PopulationCheck, WholeGuarantee, find_whole_guarantee
from core.thresholds.sample import CheckedSample
from core.wording import whole as wording
from core.wording.thresholds import population_warnings

__all__ = ["WholeRequest", "ask_band", "ask_whole", "budget_of", "budget_sentence", "promise_of"]


@dataclass(frozen=True, kw_only=True)
class WholeRequest:
    """What is asked of the whole collection; see :func:`core.thresholds.find_whole_guarantee`."""

    max_error: float
    confidence: float = 0.95
    per: Literal["class", "together"] = "together"
    stratum: str = ""
    human_error: float = 0.0
    anytime: bool = False
    surest: float = 1.0

    @property
    def settings(self) -> dict[str, object]:
        """What the budget knows a question by.

        What later versions can ask is left out where it is not asked for, so that questions of existing workspaces are
        found again.
        """
        later = {"anytime": False, "surest": 1.0}
        return {name: value for name, value in vars(self).items() if value != later.get(name, ...)}


def budget_of(workspace: Workspace, scored: Scored) -> AlphaBudget:
    """Return the budget that belongs to the checked books of a scored table."""
    drawn = scored.table[CheckedSample.from_table(scored.table).drawn]
    titles = drawn[TITLE_KEY].to_numpy(dtype=object) if TITLE_KEY in drawn else np.full(len(drawn), "")
    return AlphaBudget(workspace.database, np.where(titles == "", drawn[RECORD_ID].to_numpy(dtype=object), titles))


def ask_whole(
    scored: Scored, request: WholeRequest, budget: AlphaBudget, population: PopulationCheck | None = None
) -> WholeGuarantee:
    """Find the cuts with which at most a share of the whole is wrong once people have done the rest.

    Parameters
    ----------
    budget : AlphaBudget
        That of the checked books of `scored`, see :func:`budget_of`; the question is entered into it.
    population : PopulationCheck, optional
        Of all of `scored`; the surest alone are compared afresh.

    Raises
    ------
    InputError
        A share or a confidence that does not lie between 0 and 1, or no classes.
    """
    where = [f"in each {facet_title(request.stratum).lower()}"] if request.stratum else []
    where += ["in each class"] if request.per == "class" else []
    people = [f"people err in {upper_percent(request.human_error)}"] if request.human_error else []
    of_whole = f"at most {upper_percent(request.max_error)} of the whole wrong"
    part = [f"among the surest {percent(request.surest, 0)}"] if request.surest < 1 else []
    often = ["after each label"] if request.anytime else []
    description = ", ".join([of_whole, *where, *people, *part, f"by '{scored.name}'", *often])
    # What holds while labels come in is the same question when there are more of them.
    subject = scored.unchecked_key if request.anytime else scored.key
    question = budget.spend(digest(subject, "whole", request.settings), description, grows=request.anytime)
    return find_whole_guarantee(
        scored.table,
        scored.classes,
        request.max_error,
        request.confidence,
        per=request.per,
        stratum=request.stratum or None,
        human_error=request.human_error,
        anytime=request.anytime,
        surest=request.surest,
        alpha=question.weight * round(1 - request.confidence, 12),
        learned_known=scored.learned_known,
        population=population if request.surest == 1 else None,
    )


def ask_band(scored: Scored, budget: AlphaBudget, confidence: float = 0.95) -> ErrorBand:
    """Return the bound on what stays wrong at every cut at once: one question, however many cuts are looked at."""
    question = budget.spend(digest(scored.key, "band", confidence), f"every cut-off at once, by '{scored.name}'")
    alpha = question.weight * round(1 - confidence, 12)
    return ErrorBand(scored.table, scored.classes, confidence, alpha)


def budget_sentence(budget: AlphaBudget) -> str:
    """Say how much of what these books can prove has been used up, and on which questions."""
    questions = budget.questions()
    if not questions:
        return "Nothing has been asked of these checked books yet: the first question gets the most of them."
    count = "One question has" if len(questions) == 1 else f"{len(questions):,} questions have"
    return (
        f"{count} been asked of these checked books (the last: {questions[-1].description})."
        f" {percent(budget.left, 0)} of what they can prove of the whole is left for all others; to ask the same again"
        " is free, and a set of other books begins anew."
    )


def promise_of(result: WholeGuarantee) -> GuaranteeRecord:
    """Return what is kept of a guarantee beside its cuts, for report, README and manifest."""
    warnings = population_warnings(result.population)
    content = result.as_dict()
    content["population"]["warning"] = "".join(warnings)
    words = {
        "reason": "" if result.guaranteed else wording.headline(result),
        "sentence": " ".join([*wording.sentences(result), *warnings]),
        "warnings": list(warnings),
    }
    return GuaranteeRecord.parse(content | words, "the promise")
