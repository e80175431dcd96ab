"""Asking for a promise: the question is entered into the budget of its checked books, then answered.

The page, the command line, the report and the export ask here, so that no answer is had for nothing. The first question
gets the sharpest answer, an exact test of its own. What is asked later of the same books is answered from one band for
the predictions, which holds at every cut: it is paid for once, whatever shares are then tried. Only a promise for each
value of a facet, or for each of more than four classes, is always a question of its own.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from core.alpha_budget import AlphaBudget, weight_of_question
from core.errors import InputError
from core.facets import facet_title
from core.formatting import percent, upper_percent
from core.labels import titles_of
from core.predictions import Scored, align_scored, load_predictions
from core.schema import CONFIDENCE, LEAK, PREDICTED, RECORD_ID, SPLIT
from core.storage import Workspace, digest
from core.thresholds import (
    ErrorBand,
    ErrorBound,
    Guarantee,
    GuaranteeRecord,
    Policy,
    PolicyReport,
    PopulationCheck,
    WholeGuarantee,
    apply_policy,
    compare_population,
    find_guaranteed_cuts,
    find_whole_guarantee,
    policy_report,
)
from core.thresholds.finite_population import SHARE_OF_ONE_CUT, has_band
from core.thresholds.sample import CheckedSample, above_floors
from core.thresholds.two_models import TwoModelGuarantee, find_two_model_guarantee
from core.translation import _, in_english, plural, translate
from core.wording import whole as wording
from core.wording.thresholds import population_warnings

__all__ = [
    "AcceptedRequest",
    "SavedPolicy",
    "TwoModelRequest",
    "WholeRequest",
    "ask_accepted",
    "ask_band",
    "ask_two_models",
    "ask_whole",
    "bound_of",
    "budget_of",
    "budget_sentence",
    "compared_records",
    "promise_of",
    "report_policy",
    "save_policy",
    "saved_policies",
    "second_table",
    "seconds_a_title",
]


# --- Policies that people chose ---------------------------------------------------------------------------------------
#
# Policies that people chose: kept in the database, append-only, the newest holds; every older one can be restored.

_LOG = logging.getLogger(__name__)
_KIND = "policy"


@dataclass(frozen=True, kw_only=True)
class SavedPolicy:
    """A policy and how it came about.

    Attributes
    ----------
    policy : Policy
    promise : GuaranteeRecord, optional
        The promise it was chosen for; None when the cuts were set by hand.
    labels : str
        The label set whose books it was chosen on, '' for the truth that came with the predictions.
    because : str
        Why, in the words of whoever chose it.
    chosen_at : str
        Moment in UTC, ISO 8601.
    created_by : str
        Who chose it; '' where nobody gave a name.
    """

    policy: Policy
    promise: GuaranteeRecord | None = None
    labels: str = ""
    because: str = ""
    chosen_at: str = ""
    created_by: str = ""


def save_policy(workspace: Workspace, predictions: str, chosen: SavedPolicy) -> None:
    """Keep a policy for predictions.

    Parameters
    ----------
    predictions : str
        Fingerprint of the predictions it is for.

    Notes
    -----
    It names who the workspace is opened for, whatever `chosen` says.
    """
    content = {
        "policy": chosen.policy.as_dict(),
        "promise": chosen.promise.as_dict() if chosen.promise else {},
        "labels": chosen.labels,
        "because": chosen.because,
    }
    workspace.database.add(_KIND, predictions, content)
    # Not why: those are a person's words, and may quote a title.
    way = "by a promise" if chosen.promise else "by hand"
    signed = f", by {workspace.person.name}" if workspace.person.name else ""
    _LOG.info("chose a policy for predictions %s: %s%s", predictions, way, signed)


def saved_policies(workspace: Workspace, predictions: str) -> Sequence[SavedPolicy]:
    """Return the policies kept for predictions (by fingerprint), the newest first."""
    return [
        SavedPolicy(
            policy=Policy.from_dict(note["policy"]),
            promise=GuaranteeRecord.of(note["promise"]),
            labels=note["labels"],
            because=note["because"],
            chosen_at=note["at"][:19] + "Z",
            created_by=note.get("by", ""),
        )
        for note in reversed(workspace.database.read(_KIND, predictions))
    ]


# --- Asking for a promise: the question is entered into the budget of its checked books, then answered ----------------


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


@dataclass(frozen=True, kw_only=True)
class AcceptedRequest:
    """What is asked of the accepted records; see :func:`core.thresholds.find_guaranteed_cuts`."""

    max_error: float
    confidence: float = 0.95
    per: Literal["class", "together"] = "class"
    stratum: str = ""

    @property
    def settings(self) -> dict[str, object]:
        """What the budget knows a question by."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class TwoModelRequest:
    """What is asked of two models; see :func:`core.thresholds.two_models.find_two_model_guarantee`."""

    max_error: float
    confidence: float = 0.95
    human_error: float = 0.0
    seconds_a_title: float = 1.0

    @property
    def settings(self) -> dict[str, object]:
        """What the budget knows a question by."""
        return dict(vars(self))


def budget_of(workspace: Workspace, scored: Scored) -> AlphaBudget:
    """Return the budget that belongs to the checked books of a scored table."""
    drawn = scored.table[CheckedSample.from_table(scored.table).drawn]
    return AlphaBudget(workspace.database, titles_of(drawn))


@in_english()
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
        A share or a confidence that does not lie between 0 and 1, no classes, or predictions that were put together
        from those of two models.
    """
    _refuse_combined(scored)
    people = [f"people err in {upper_percent(request.human_error)}"] if request.human_error else []
    people += [f"among the surest {percent(request.surest, 0)}"] if request.surest < 1 else []
    if request.anytime:
        price = _anytime_price(scored, request, budget, people)
    else:
        price = _price(scored, "whole", request, budget, people)
    # With further books it is another question, unless it may be asked again.
    later = price.alpha
    if not request.anytime:
        later = weight_of_question(len(budget.questions()) + 1) * round(1 - request.confidence, 12)
        later *= 1.0 if request.stratum or request.surest < 1 else SHARE_OF_ONE_CUT

    def answer(max_error: float, alpha: float, band: ErrorBand | None) -> WholeGuarantee:
        return find_whole_guarantee(
            scored.table,
            scored.classes,
            max_error,
            request.confidence,
            per=request.per,
            stratum=request.stratum or None,
            human_error=request.human_error,
            anytime=request.anytime,
            surest=request.surest,
            alpha=alpha,
            band=band,
            forecast_alpha=later,
            learned_known=scored.learned_known,
            population=population if request.surest == 1 else None,
        )

    result = answer(request.max_error, price.alpha, price.band)
    stricter = _answered_stricter(scored, "whole", request, budget) if price.band is not None else None
    if stricter is not None:
        other = answer(stricter.max_error, stricter.alpha, None)
        if other.accepted > result.accepted:
            return replace(other, max_error=request.max_error)
    return result


@in_english()
def ask_accepted(
    scored: Scored, request: AcceptedRequest, budget: AlphaBudget, population: PopulationCheck | None = None
) -> Guarantee:
    """Find the cuts with which at most a share of the accepted is wrong; parameters and errors as :func:`ask_whole`."""
    _refuse_combined(scored)
    price = _price(scored, "accepted", request, budget)
    # With further books it is another question.
    later = weight_of_question(len(budget.questions()) + 1) * round(1 - request.confidence, 12)

    def answer(max_error: float, alpha: float, band: ErrorBand | None) -> Guarantee:
        return find_guaranteed_cuts(
            scored.table,
            scored.classes,
            max_error,
            request.confidence,
            per=request.per,
            stratum=request.stratum or None,
            alpha=alpha,
            band=band,
            forecast_alpha=later,
            learned_known=scored.learned_known,
            population=population,
        )

    def accepted(guarantee: Guarantee) -> int:
        return int(apply_policy(scored.table, guarantee.policy()).sum())

    result = answer(request.max_error, price.alpha, price.band)
    stricter = _answered_stricter(scored, "accepted", request, budget) if price.band is not None else None
    if stricter is not None:
        other = answer(stricter.max_error, stricter.alpha, None)
        if accepted(other) > accepted(result):
            return replace(other, max_error=request.max_error)
    return result


@in_english()
def ask_two_models(quick: Scored, slow: Scored, request: TwoModelRequest, budget: AlphaBudget) -> TwoModelGuarantee:
    """Find the two cuts with which people have least to do; always a question of its own.

    Parameters
    ----------
    quick, slow : Scored
        Predictions of two models for the same records; the truth of `quick` counts.
    budget : AlphaBudget
        That of the checked books of `quick`; the question is entered into it.

    Raises
    ------
    InputError
        A share that does not lie between 0 and 1, the same predictions twice, or predictions without a record or a
        class in common.
    """
    table = second_table(quick, slow)
    limit = f"at most {upper_percent(request.max_error)} of the whole wrong"
    description = f"{limit}, by '{quick.name}' and, of what it leaves, by '{slow.name}'"
    question = budget.spend(digest(quick.key, slow.key, "two models", request.settings), description)
    result = find_two_model_guarantee(
        quick.table,
        table,
        request.max_error,
        request.confidence,
        human_error=request.human_error,
        alpha=question.weight * round(1 - request.confidence, 12),
        seconds_a_title=request.seconds_a_title,
        learned_known=quick.learned_known and slow.learned_known,
    )
    return replace(result, earlier=question.number - 1)


def _refuse_combined(scored: Scored) -> None:
    """Refuse a question of predictions that were put together with the very books in view that would answer it."""
    if scored.sources:
        raise InputError(
            f"'{scored.name}' was put together from two models by cut-offs that were chosen on checked books: what was"
            " promised then is kept with it. Ask of the predictions it is made of."
        )


def second_table(first: Scored, second: Scored) -> pd.DataFrame:
    """Return what a second model says of the records of the first, row for row; nothing where it says nothing.

    Raises
    ------
    InputError
        The same predictions twice, or none of the records or classes of the first.
    """
    if first.predictions == second.predictions:
        raise InputError(f"'{second.name}' are the same predictions: a second model is another one.")
    rows = align_scored(first, second).set_index(RECORD_ID)
    classes = set(rows[PREDICTED]) & set(first.classes)
    if not classes:
        raise InputError(
            f"'{second.name}' speaks of no record of '{first.name}', or calls none of them by one of its classes:"
            " both must have scored the same collection."
        )
    rows = rows.reindex(first.table[RECORD_ID])
    return pd.DataFrame(
        {
            PREDICTED: rows[PREDICTED].fillna("").to_numpy(dtype=object),
            CONFIDENCE: rows[CONFIDENCE].to_numpy(dtype=float, na_value=float("nan")),
            LEAK: rows[LEAK].fillna(False).to_numpy(dtype=bool) if LEAK in rows else False,
            SPLIT: rows[SPLIT].fillna("").to_numpy(dtype=object) if SPLIT in rows else "",
        }
    )


def seconds_a_title(workspace: Workspace, predictions: str) -> float | None:
    """Return how long a model took for a title when these predictions were made here; None where nobody knows.

    In three significant digits, as people would type it: page and command line then ask the very same question.
    """
    manifest = load_predictions(workspace, predictions).manifest
    return float(f"{manifest.seconds / manifest.rows:.3g}") if manifest.seconds and manifest.rows else None


@dataclass(frozen=True, kw_only=True)
class _Price:
    """What a question may spend: alpha for a test of its own, or a band that has been paid for."""

    alpha: float
    band: ErrorBand | None = None


def _price(
    scored: Scored,
    kind: Literal["whole", "accepted"],
    request: WholeRequest | AcceptedRequest,
    budget: AlphaBudget,
    conditions: Sequence[str] = (),
) -> _Price:
    """Enter a question into the budget, unless a band answers it; no answer decides which."""
    key = digest(scored.key, kind, request.settings)
    earlier = budget.questions()
    is_of_all = not request.stratum and (not isinstance(request, WholeRequest) or request.surest == 1)
    can_be_banded = is_of_all and has_band(request.per, len(scored.classes))
    needs_band = kind == "accepted" and CheckedSample.from_table(scored.table).is_weighted
    if can_be_banded and (needs_band or (earlier and all(question.key != key for question in earlier))):
        return _Price(alpha=0.0, band=ask_band(scored, budget, request.confidence))
    question = budget.spend(key, _description(scored, kind, request, conditions))
    return _Price(alpha=question.weight * round(1 - request.confidence, 12))


@dataclass(frozen=True, kw_only=True)
class _Stricter:
    max_error: float
    alpha: float


def _answered_stricter(
    scored: Scored, kind: Literal["whole", "accepted"], request: WholeRequest | AcceptedRequest, budget: AlphaBudget
) -> _Stricter | None:
    """Return the laxest of the stricter questions of the same kind that had a test of its own, None for none.

    What it promises is a promise of a laxer share too, for nothing, and its exact test may accept more than the band.
    Shares in steps of a tenth of a per cent are known again.
    """
    weights = {question.key: question.weight for question in budget.questions()}
    for step in range(math.ceil(1000 * request.max_error - 1e-9) - 1, 0, -1):
        stricter = replace(request, max_error=step / 1000)
        weight = weights.get(digest(scored.key, kind, stricter.settings))
        if weight is not None:
            return _Stricter(max_error=stricter.max_error, alpha=weight * round(1 - request.confidence, 12))
    return None


def compared_records(table: pd.DataFrame, promise: GuaranteeRecord | None) -> pd.DataFrame:
    """Return the records among which checked and unchecked books are compared.

    All of them, but for a promise whose checked books were drawn among the surest: those above its floors, since the
    others were left to people and no book of them had to be drawn.
    """
    floors = promise.as_dict().get("floors") if promise else None
    return table[above_floors(table, floors)] if floors else table


def _anytime_price(scored: Scored, request: WholeRequest, budget: AlphaBudget, conditions: Sequence[str]) -> _Price:
    """Enter a question that holds while labels come in: to ask again with more of them is the same question."""
    key = digest(scored.unchecked_key, "whole", request.settings)
    description = f"{_description(scored, 'whole', request, conditions)}, after each label"
    question = budget.spend(key, description, grows=True)
    return _Price(alpha=question.weight * round(1 - request.confidence, 12))


def _description(scored: Scored, kind: str, request: WholeRequest | AcceptedRequest, conditions: Sequence[str]) -> str:
    where = [f"in each {facet_title(request.stratum).lower()}"] if request.stratum else []
    where += ["in each class"] if request.per == "class" else []
    limit = f"at most {upper_percent(request.max_error)} of the {kind} wrong"
    return ", ".join([limit, *where, *conditions, f"by '{scored.name}'"])


@in_english()
def ask_band(scored: Scored, budget: AlphaBudget, confidence: float = 0.95) -> ErrorBand:
    """Return the bound on what stays wrong at every cut at once: one question, however many cuts are looked at."""
    description = f"every cut-off and every share at once, by '{scored.name}'"
    question = budget.spend(digest(scored.key, "band", confidence), description)
    alpha = question.weight * round(1 - confidence, 12)
    return ErrorBand(scored.table, scored.classes, confidence, alpha)


@in_english()
def bound_of(
    scored: Scored, chosen: SavedPolicy, band: Callable[[], ErrorBand], population: PopulationCheck
) -> ErrorBound | None:
    """Return what holds of the accepted however the cuts were chosen; None where the checked books cannot say.

    A promise of the whole that was kept with the cuts holds for them, and one of the accepted says itself what is said
    here: neither is asked once more. Cuts set by hand are one position of the band, which is paid for once.
    """
    promise = chosen.promise
    if promise is not None and promise.promised and promise.confidence is not None and chosen.labels == scored.labels:
        if promise.kind == "accepted":
            return None
        content = promise.as_dict()
        most_wrong, records = int(content["most_wrong"]), int(content["records"])
        return ErrorBound(most_wrong=most_wrong, records=records, confidence=promise.confidence)
    # Cuts that made the predictions themselves are no position of a band over them.
    if population.differing or scored.sources or not len(scored.labelled):
        return None
    return band().bound(chosen.policy)


@in_english()
def report_policy(
    scored: Scored, chosen: SavedPolicy, budget: AlphaBudget, population: PopulationCheck | None = None
) -> PolicyReport:
    """Return what a kept policy does to the records it is for, and what holds of it however it was chosen."""
    # The cuts of a slice are measured there and nowhere else.
    part = scored.table[chosen.policy.covers(scored.table)]
    check = population or compare_population(compared_records(scored.table, chosen.promise))
    bound = bound_of(scored, chosen, lambda: ask_band(scored, budget), check)
    return replace(policy_report(part, chosen.policy, classes=scored.classes), bound=bound)


def budget_sentence(budget: AlphaBudget) -> str:
    """Say how much of what these books can prove has been used up, and on which questions."""
    questions = budget.questions()
    if not questions:
        return _("Nothing has been asked of these checked books yet: the first question gets the most of them.")
    by = _(", by {name}", name=questions[-1].created_by) if questions[-1].created_by else ""
    return plural(
        "One question has been asked of these checked books (the last{by}: {question}). {left} of what they can prove"
        " is left for all others; to ask the same again is free, a second question pays for all other shares and"
        " cut-offs of the same predictions, and a set of other books begins anew.",
        "{n:,} questions have been asked of these checked books (the last{by}: {question}). {left} of what they can"
        " prove is left for all others; to ask the same again is free, a second question pays for all other shares and"
        " cut-offs of the same predictions, and a set of other books begins anew.",
        len(questions),
        by=by,
        question=translate(questions[-1].description),
        left=percent(budget.left, 0),
    )


@in_english()
def promise_of(result: WholeGuarantee) -> GuaranteeRecord:
    """Return what is kept of a guarantee beside its cuts, for report, README and manifest."""
    warnings = population_warnings(result.population)
    content = result.as_dict()
    content["population"]["warning"] = "".join(warnings)
    words = {
        "reason": "" if result.guaranteed else wording.headline(result),
        "sentence": " ".join([*wording.sentences(result), *warnings]),
        "headline": wording.headline(result),
        "warnings": list(warnings),
    }
    return GuaranteeRecord.parse(content | words, "the promise")
