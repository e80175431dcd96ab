"""Learned facets: a curator marks titles as fitting or not, and a classifier finds more of them.

The way of the Newspaper Navigator search application (B. C. G. Lee, D. S. Weld, 2020, "Newspaper Navigator: Open
Faceted Search for 1.5 Million Images with Interactive Machine Learning"), for titles, with a random sample that says
how good the facet is. What :mod:`core.facets` calls a facet is a side that a catalogue has already, such as language.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import ORIGINALS_FILE, RECORDS_FILE
from core.database import Database
from core.draws import DRAW_FILE
from core.errors import InputError
from core.formatting import plain
from core.labels import ANNOTATIONS_FILE, DISAGREEING, LABELS_FILE
from core.learned_facets.marks import (
    FacetLog,
    FacetMark,
    FacetSample,
    LearnedFacet,
    Via,
    add_mark,
    add_marks,
    create_facet,
    facet_log,
    find_facet,
    list_facets,
    newest_sample,
    remove_facet,
    rename_facet,
    save_sample,
    undo_mark,
)
from core.learned_facets.ranking import (
    CUT,
    EMBEDDINGS,
    FacetCollection,
    FacetRanking,
    embed_corpus,
    embeddings_of,
    import_solver,
    rank_titles,
    suggestions,
)
from core.models.preparation import predictions_table
from core.predictions import PREDICTIONS_FILE, save_training_labels
from core.schema import (
    ANNOTATOR,
    CREATED_AT,
    DRAWN_CHANCE,
    LABEL,
    LABEL_GIVEN,
    NOTE,
    PREDICTED,
    RECORD_ID,
    RECORDS_COLUMNS,
    ROWS,
    SOURCE,
    SPLIT,
)
from core.statistics import Estimate
from core.storage import Workspace, digest
from core.thresholds.finite_population import most_wrong

__all__ = [
    "CUT",
    "EMBEDDINGS",
    "SAMPLE_SIZES",
    "CountEstimate",
    "FacetCollection",
    "FacetEstimate",
    "FacetLog",
    "FacetMark",
    "FacetRanking",
    "FacetReport",
    "FacetSample",
    "FacetState",
    "LearnedFacet",
    "Via",
    "add_mark",
    "add_marks",
    "create_facet",
    "draw_sample",
    "embed_corpus",
    "embeddings_of",
    "estimate_facet",
    "facet_log",
    "facets_side_by_side",
    "find_facet",
    "finish_facet",
    "import_solver",
    "list_facets",
    "rank_titles",
    "remove_facet",
    "rename_facet",
    "suggestions",
    "undo_mark",
]


# --- How good a facet is, from titles drawn at random among those that nobody has marked ------------------------------
#
# The draw is stratified by score: what is suggested, what comes next, and all the rest. What was marked before is known
# and is no part of the sample; what is drawn, the model does not learn from until a new sample is drawn.

SAMPLE_SIZES: Final = (50, 100, 200, 400)
CONFIDENCE: Final = 0.95
METHOD: Final = "exact, stratified random sample"
# Parts of the sample: what is suggested, what comes next, the rest, which is by far the largest and costs recall most.
_SHARES: Final = (0.35, 0.15, 0.5)
# What comes next: so many times the suggested titles, so many at least.
_NEAR_TIMES, _LEAST_NEAR = 4, 200


@dataclass(frozen=True, kw_only=True)
class CountEstimate:
    """A number of titles with its interval."""

    value: float
    low: int
    high: int

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"value": plain(self.value), "low": self.low, "high": self.high}


@dataclass(frozen=True, kw_only=True)
class FacetEstimate:
    """What a random sample says of a facet as it stood when the sample was drawn.

    Attributes
    ----------
    precision : Estimate
        Of the unmarked titles at or above the cut, the share that fits.
    recall : Estimate
        Of all titles that fit, the share that is marked as fitting or at or above the cut.
    total : CountEstimate, optional
        Titles of the collection that fit; None while the sample is not answered.
    known : int
        Titles that were marked as fitting before the draw.
    suggested : int
        Unmarked titles at or above the cut, drawn or not.
    answered, drawn : int
        Titles of the sample that are marked, and all of them.
    marks_since : int
        Marks on other titles since the draw: the ranking of today is another one.
    reason : str
        Why nothing can be said yet; '' when it can.
    """

    precision: Estimate
    recall: Estimate
    total: CountEstimate | None
    known: int
    suggested: int
    answered: int
    drawn: int
    marks_since: int
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "precision": self.precision.as_dict(),
            "recall": self.recall.as_dict(),
            "total": self.total.as_dict() if self.total else None,
            "known": self.known,
            "suggested": self.suggested,
            "answered": self.answered,
            "drawn": self.drawn,
            "marks_since": self.marks_since,
            "reason": self.reason,
        }


def draw_sample(
    database: Database,
    facet: LearnedFacet,
    collection: FacetCollection,
    ranking: FacetRanking,
    n: int = 100,
    *,
    seed: int | None = None,
) -> FacetSample:
    """Draw about `n` titles at random among those that nobody has marked, and keep which, before anybody sees them.

    Parameters
    ----------
    ranking : FacetRanking
        Of the marks that stand now, those of an earlier sample too.
    seed : int, optional
        For tests; without it no two draws are alike.

    Raises
    ------
    InputError
        `n` is not above 0, or no unmarked title is left.
    """
    if n < 1:
        raise InputError(f"A sample has at least one title; {n} came.")
    log = facet_log(database, facet)
    free = collection.titled.copy()
    free[collection.positions([*log.current])] = False
    rows = np.flatnonzero(free)
    if not len(rows):
        raise InputError("Every title of this collection is marked: there is nothing to draw from.")
    stratum = _strata(ranking.scores[rows])
    sizes = [int((stratum == part).sum()) for part in range(3)]
    rng = np.random.default_rng(seed)
    drawn = [
        rng.choice(rows[stratum == part], size=size, replace=False) for part, size in enumerate(_allocate(n, sizes))
    ]
    parts = np.repeat(np.arange(3), [len(part) for part in drawn])
    order = rng.permutation(len(parts))
    ids = collection.records[RECORD_ID].to_numpy(dtype=object)[np.concatenate(drawn)[order]]
    save_sample(
        database,
        facet,
        record_ids=ids.tolist(),
        strata=parts[order].tolist(),
        sizes=sizes,
        cut=CUT,
        marks_up_to=log.newest,
    )
    sample = newest_sample(database, facet)
    assert sample is not None
    return sample


def _strata(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return 0 for what is suggested, 1 for what comes next, 2 for the rest."""
    stratum = np.where(scores >= CUT, 0, 2)
    below = np.flatnonzero(stratum == 2)
    near = min(max(_NEAR_TIMES * int((stratum == 0).sum()), _LEAST_NEAR), len(below) // 2)
    if near:
        stratum[below[np.argpartition(-scores[below], near - 1)[:near]]] = 1
    return stratum


def _allocate(n: int, sizes: list[int]) -> list[int]:
    """Return how many titles are drawn from each stratum; what a small one cannot give comes from the last ones."""
    counts = [min(round(share * n), size) for share, size in zip(_SHARES, sizes, strict=True)]
    counts = [max(count, min(1, size)) for count, size in zip(counts, sizes, strict=True)]
    for part in (2, 1, 0):
        counts[part] = min(sizes[part], counts[part] + max(n - sum(counts), 0))
    return counts


def estimate_facet(log: FacetLog) -> FacetEstimate | None:
    """Return what the sample drawn last says; None where none was drawn.

    Notes
    -----
    In each stratum the sample is a simple random one, so that the limits of its fitting titles are those of the
    hypergeometric distribution, which are exact. Recall and total need all three strata: each of the six limits is
    passed with a probability of at most a sixth of .05 (Bonferroni), and recall rises with the fitting titles above the
    cut and falls with those below, so that its ends are reached at the ends of the limits. The intervals therefore hold
    with at least 95 %, however the marks before the draw were chosen.

    References
    ----------
    T. Wright (1991), "Exact Confidence Bounds when Sampling from Small Finite Universes", Springer.
    """
    sample = log.sample
    if sample is None:
        return None
    before = log.known_at_draw()
    answers = {name: mark.fits for name, mark in log.current.items() if name in log.sampled}
    known = sum(log.current[name].fits for name in before if name in log.current)
    since = sum(name not in before and name not in log.sampled for name in log.current)
    reason = ""
    if len(answers) < len(sample.record_ids):
        left = len(sample.record_ids) - len(answers)
        reason = f"{left:,} of the {len(sample.record_ids):,} drawn titles are not marked yet"
    elif any(name not in log.current for name in before):
        reason = "a mark from before the draw was taken back: mark that title again, or draw a new sample"
    strata = np.array(sample.strata)
    fitting = np.array([answers.get(name, False) for name in sample.record_ids], dtype=bool)
    drawn = [int((strata == part).sum()) for part in range(len(sample.sizes))]
    hits = [int(fitting[strata == part].sum()) for part in range(len(sample.sizes))]

    def result(precision: Estimate, recall: Estimate, total: CountEstimate | None) -> FacetEstimate:
        return FacetEstimate(
            precision=precision,
            recall=recall,
            total=total,
            known=known,
            suggested=sample.sizes[0],
            answered=len(answers),
            drawn=len(sample.record_ids),
            marks_since=since,
            reason=reason,
        )

    if reason:
        nothing = Estimate.undefined(reason, len(answers), METHOD)
        return result(nothing, nothing, None)
    strata_counts = list(zip(hits, drawn, sample.sizes, strict=True))
    return result(
        _precision(*strata_counts[0]), _recall(known, strata_counts), _total(known, log.count(fits=True), strata_counts)
    )


def _limits(hits: int, drawn: int, size: int, alpha: float) -> tuple[int, int]:
    """Return exact limits of the fitting titles of a stratum, each passed with a probability of at most `alpha`."""
    if size == 0:
        return 0, 0
    return size - most_wrong(drawn - hits, drawn, size, alpha), most_wrong(hits, drawn, size, alpha)


def _precision(hits: int, drawn: int, size: int) -> Estimate:
    if size == 0:
        return Estimate.undefined("no unmarked title is suggested", 0, METHOD)
    low, high = _limits(hits, drawn, size, (1 - CONFIDENCE) / 2)
    return Estimate(value=hits / drawn, low=low / size, high=high / size, n=drawn, method=METHOD, confidence=CONFIDENCE)


def _expected(hits: int, drawn: int, size: int) -> float:
    return size * hits / drawn if drawn else 0.0


def _recall(known: int, strata: list[tuple[int, int, int]]) -> Estimate:
    alpha = (1 - CONFIDENCE) / (2 * len(strata))
    limits = [_limits(*counts, alpha) for counts in strata]
    expected = [_expected(*counts) for counts in strata]
    n = sum(drawn for _, drawn, _ in strata)
    if known + sum(expected) == 0:
        return Estimate.undefined("no fitting title is known", n, METHOD)

    def share(above: float, below: float) -> float:
        return (known + above) / (known + above + below) if known + above + below else 0.0

    return Estimate(
        value=share(expected[0], sum(expected[1:])),
        low=share(limits[0][0], sum(high for _, high in limits[1:])),
        high=share(limits[0][1], sum(low for low, _ in limits[1:])),
        n=n,
        method=METHOD,
        confidence=CONFIDENCE,
    )


def _total(known: int, marked: int, strata: list[tuple[int, int, int]]) -> CountEstimate:
    """Return how many titles fit: at least as many as are marked so by now."""
    alpha = (1 - CONFIDENCE) / (2 * len(strata))
    limits = [_limits(*counts, alpha) for counts in strata]
    low = max(known + sum(low for low, _ in limits), marked)
    high = max(known + sum(high for _, high in limits), low)
    value = known + sum(_expected(*counts) for counts in strata)
    return CountEstimate(value=min(max(value, low), high), low=low, high=high)


# --- All facets of a collection side by side: how far each is, how good, and which titles fit several of them ---------


@dataclass(frozen=True, kw_only=True)
class FacetState:
    """How far a facet is.

    Attributes
    ----------
    fits, other : int
        Titles that are marked as fitting, and as not fitting.
    also : int
        Of those that fit, how many are marked as fitting another facet too.
    measured : FacetEstimate, optional
        What the sample drawn last says; None where none was drawn.
    """

    facet: LearnedFacet
    fits: int
    other: int
    also: int
    measured: FacetEstimate | None


def facets_side_by_side(database: Database, corpus: str) -> list[FacetState]:
    """Return the state of each facet of the corpus with this fingerprint, in the order in which they were begun."""
    facets = list_facets(database, corpus)
    logs = [facet_log(database, facet) for facet in facets]
    fitting = [{name for name, mark in log.current.items() if mark.fits} for log in logs]
    return [
        FacetState(
            facet=facet,
            fits=len(own),
            other=log.count(fits=False),
            also=len(own & set().union(*(fitting[:place] + fitting[place + 1 :]))),
            measured=estimate_facet(log),
        )
        for place, (facet, log, own) in enumerate(zip(facets, logs, fitting, strict=True))
    ]


# --- A finished facet as a classifier like any other ------------------------------------------------------------------
#
# A finished facet as a classifier like any other: its marks as label sets, its scores as predictions of the corpus.

_LOG = logging.getLogger(__name__)
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class FacetReport:
    """What a facet was made into (the keys of ``colophon facet finish --json``).

    Attributes
    ----------
    predictions : str
        Name of the predictions.
    labels : str
        Name of the label set it learned from.
    checked : str
        Name of the label set of the random sample, which it did not learn from; '' where there is none.
    predicted : mapping
        Class → records.
    """

    facet: str
    predictions: str
    labels: str
    checked: str
    rows: int
    classes: tuple[str, ...]
    predicted: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def finish_facet(
    workspace: Workspace, facet: LearnedFacet, collection: FacetCollection, *, name: str | None = None
) -> FacetReport:
    """Make label sets of a facet's marks and predictions of its scores.

    Parameters
    ----------
    name : str, optional
        Of the predictions; else made of the names of corpus and facet. Those of the label sets are made of it.

    Raises
    ------
    InputError
        There is no title marked as fitting, or none as not fitting.
    NameTakenError
        Other predictions have the name that was given.

    Notes
    -----
    A sample that was marked to its end becomes a label set of its own, with the chance of each title, and is what the
    predictions are checked against. What the model learned from is said with the predictions, so that it counts for
    nothing when they are measured.
    """
    log = facet_log(workspace.database, facet)
    if len(set(log.training.values())) < 2:
        raise InputError("Mark at least one title as fitting and one as not fitting before making it a classifier.")
    ranking = rank_titles(collection, log.training)
    estimate = estimate_facet(log)
    complete = estimate is not None and not estimate.reason
    corpus = collection.corpus
    marks = [mark for record_id, mark in log.current.items() if record_id not in log.sampled]
    fingerprint = digest("facet", facet.key, _content(log.current.values()), ranking.features, complete, _VERSION)
    called, _ = workspace.name_for("predictions", name, f"{corpus.name}-{facet.name}", fingerprint)
    labels = _store_labels(workspace, facet, collection, marks, f"{called}-marks", None)
    checked = ""
    if complete and log.sample:
        sampled = [log.current[record_id] for record_id in log.sample.record_ids]
        checked = _store_labels(workspace, facet, collection, sampled, f"{called}-sample", log)
    table = _predictions(facet, collection, ranking, log)
    counts = table[PREDICTED].value_counts()
    predicted = {item: int(counts.get(item, 0)) for item in facet.classes}

    def write(folder: Path) -> Mapping[str, Any]:
        table.to_parquet(folder / PREDICTIONS_FILE, index=False, compression="zstd")
        return {
            "facet": facet.name,
            "definition": facet.definition,
            "features": ranking.features,
            "negative_class": facet.classes[1],
            "corpus": corpus.fingerprint,
            "corpus_name": corpus.name,
            "labels": checked,
            "classes": sorted(facet.classes),
            "rows": len(table),
            "untitled": int((table[PREDICTED] == "").sum()),
            "input_columns": ["title"],
            "engine": "local",
            "invented": corpus.manifest.invented,
            "summary": {"predicted": predicted},
        }

    artifact = workspace.store("predictions", fingerprint, called, write)
    save_training_labels(workspace, artifact.fingerprint, [labels])
    _LOG.info("made facet '%s' the predictions '%s' (%s): %d records", facet.key, called, fingerprint, len(table))
    return FacetReport(
        facet=facet.name,
        predictions=artifact.name,
        labels=labels,
        checked=checked,
        rows=len(table),
        classes=facet.classes,
        predicted=predicted,
    )


def _content(marks: Any) -> list[tuple[str, bool]]:
    return sorted((mark.record_id, mark.fits) for mark in marks)


def _predictions(
    facet: LearnedFacet, collection: FacetCollection, ranking: FacetRanking, log: FacetLog
) -> pd.DataFrame:
    scores = ranking.scores.astype(float)
    scores[~collection.titled] = np.nan
    columns = {facet.classes[0]: scores, facet.classes[1]: 1 - scores}
    classes = sorted(facet.classes)
    table = predictions_table(np.column_stack([columns[name] for name in classes]), classes)
    table.insert(0, RECORD_ID, collection.records[RECORD_ID].to_numpy())
    split = np.full(len(table), "", dtype=object)
    split[collection.positions([*log.training])] = "train"
    return table.assign(**{SPLIT: pd.Series(split, dtype="str")})


def _store_labels(
    workspace: Workspace,
    facet: LearnedFacet,
    collection: FacetCollection,
    marks: Sequence[FacetMark],
    wanted: str,
    drawn: FacetLog | None,
) -> str:
    """Keep marks as a label set and return its name; with the chances of the sample where they are one."""
    corpus = collection.corpus
    fits, other = facet.classes
    answers = [fits if mark.fits else other for mark in marks]
    fingerprint = digest("facet labels", facet.key, _content(marks), drawn.sample.id if drawn and drawn.sample else 0)
    name, _ = workspace.name_for("labels", None, wanted, fingerprint)
    rows = collection.positions([mark.record_id for mark in marks])

    def write(folder: Path) -> Mapping[str, Any]:
        records = corpus.records().iloc[rows][list(RECORDS_COLUMNS)].reset_index(drop=True)
        annotations = pd.DataFrame(
            {
                RECORD_ID: records[RECORD_ID],
                LABEL_GIVEN: pd.Series(answers, dtype="str"),
                ANNOTATOR: pd.Series([mark.by for mark in marks], dtype="str"),
                CREATED_AT: pd.Series([mark.created_at for mark in marks], dtype="str"),
                NOTE: "",
                "line": np.zeros(len(marks), dtype=np.int64),
            }
        )
        table = annotations.drop(columns="line")
        table[LABEL], table[SOURCE] = annotations[LABEL_GIVEN], "person"
        table[ROWS], table[DISAGREEING] = np.int64(1), False
        table.to_parquet(folder / LABELS_FILE, index=False, compression="zstd")
        annotations.to_parquet(folder / ANNOTATIONS_FILE, index=False, compression="zstd")
        records.to_parquet(folder / RECORDS_FILE, index=False, compression="zstd")
        corpus.originals().iloc[rows].to_parquet(folder / ORIGINALS_FILE, index=False, compression="zstd")
        if drawn and drawn.sample:
            chances = pd.DataFrame({RECORD_ID: drawn.sample.record_ids, DRAWN_CHANCE: drawn.sample.chances()})
            chances.to_parquet(folder / DRAW_FILE, index=False)
        return {
            "classes": sorted(facet.classes),
            "facet": facet.name,
            "definition": facet.definition,
            "corpus": corpus.fingerprint,
            "corpus_name": corpus.name,
            "invented": corpus.manifest.invented,
            "rows": len(marks),
            "rejected": 0,
            "summary": {
                "rows": len(marks),
                "books": len(marks),
                "classes": {item: answers.count(item) for item in facet.classes},
                "undecided": {},
                "without_label": 0,
            },
        }

    return workspace.store("labels", fingerprint, name, write).name
