"""The books that functions vote on, words to vote by, and the label set that is made of votes, like any other.

Also a job: ``python -m core.weak_supervision.build JOBDIR``.
"""

import itertools
import logging
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import load_corpus, read_columns, read_parquet
from core.errors import DamagedError, InputError, NotFoundError
from core.formatting import plain
from core.joins import find_leaks
from core.labels import LabelSet, load_labels
from core.predicates import Books, Mask, ModelOpinion, TextPredicate, columns_of
from core.predictions import BOOK_KINDS, load_predictions, load_records, saved_training_labels
from core.progress import Progress, silent
from core.schema import ALTERNATE_ID, LABEL, RECORD_ID, TITLE, TITLE_KEY, probability_column
from core.slices.predicate_table import FUNCTION_WORDS
from core.storage import Workspace, digest
from core.text_search import phrase_mask
from core.weak_supervision.functions import LabellingFunction, check_functions
from core.weak_supervision.toml_file import functions_from_toml, functions_to_toml
from core.weak_supervision.tryout import Method, TrialResult, try_functions, write_label_tables

__all__ = ["LabellingReport", "Suggestion", "books_of", "build_labels", "main", "read_opinion", "suggest_functions"]

# --- The books that functions vote on, and the models they may ask ----------------------------------------------------


def read_opinion(workspace: Workspace, name: str) -> ModelOpinion:
    """Read predictions from the workspace as an opinion that functions may ask.

    Raises
    ------
    NotFoundError
        No predictions have this name.
    """
    predictions = load_predictions(workspace, name)
    table = predictions.table()
    columns = {item: probability_column(item) for item in predictions.classes}
    given = {
        item: table[column].to_numpy(dtype=float, na_value=np.nan)
        for item, column in columns.items()
        if column in table
    }
    keys = [RECORD_ID, ALTERNATE_ID, TITLE_KEY]
    model, known = predictions.manifest.model_fingerprint, True
    learned: list[pd.DataFrame] = []
    learned_from = None if model else saved_training_labels(workspace, predictions.fingerprint)
    try:
        if not model:
            if learned_from is None:
                raise NotFoundError("made elsewhere, and nobody said what it learned from")
            learned = [LabelSet(workspace.find("labels", item)).records() for item in learned_from.values()]
        else:
            learned = [read_parquet(workspace.find("models", model).path / "training.parquet")]
    except (NotFoundError, DamagedError):
        known = False
        learned = [LabelSet(thing).records() for thing in workspace.list("labels")]
    books = pd.concat([frame.reindex(columns=keys).fillna("") for frame in learned]) if learned else None
    nothing = pd.DataFrame({key: pd.Series([], dtype="str") for key in keys})
    return ModelOpinion(
        name=name,
        ids=predictions.records(workspace)[[RECORD_ID, ALTERNATE_ID]],
        probabilities=given,
        learned=nothing if books is None else books.astype("str").reset_index(drop=True),
        known=known,
    )


def books_of(
    workspace: Workspace, records: pd.DataFrame, path: Path, functions: Sequence[LabellingFunction] = ()
) -> Books:
    """Return records as books that may be asked about the original columns beside them, and about models.

    Of the original columns in the folder `path` only those are read that `functions` ask for.
    """
    wanted = {column for function in functions for column in columns_of(function.when)} - set(records.columns)
    originals = read_columns(path, records, sorted(wanted)) if wanted else None
    return Books(records, originals, lambda name: read_opinion(workspace, name))


# --- Words that separate the classes in labelled titles, offered as functions to accept -------------------------------
# Each class is compared with the rest by the log-odds of a word with an informative Dirichlet prior, divided by its
# standard error: B. L. Monroe, M. P. Colaresi, K. M. Quinn (2008), "Fightin' words: Lexical feature selection and
# evaluation for identifying the content of political conflict", Political Analysis 16.


LEAST_TITLES: Final = 6
LEAST_RIGHT: Final = 0.85
MOST_SUGGESTIONS: Final = 20
_CLEAR = 1.28  # standard errors: one-sided 10 %; a person decides
_PRIOR = 0.02  # how many words the prior is worth, as a share of all words
_TRIED = 150  # words that are looked up in the titles again, per class


@dataclass(frozen=True)
class Suggestion:
    """A function that may be accepted.

    Attributes
    ----------
    function : LabellingFunction
    titles, right : int
        Shown titles with the word, and of these how many have the class. They are the titles the word was found in, so
        that this is no fair measure of it.
    strength : float
        Log-odds of the word in its class against the others, in standard errors.
    """

    function: LabellingFunction
    titles: int
    right: int
    strength: float


def suggest_functions(labelled: pd.DataFrame, present: Sequence[LabellingFunction] = ()) -> list[Suggestion]:
    """Suggest words and pairs of words as functions.

    Parameters
    ----------
    labelled : DataFrame
        ``title``, ``title_key`` and ``label`` of the books that may be shown (not those of
        :func:`core.weak_supervision.tryout.holdout_mask`).
    present : sequence of LabellingFunction
        Functions there are. What they find already is not suggested again.

    Returns
    -------
    list of Suggestion
        The strongest of each class in turn, at most :data:`MOST_SUGGESTIONS`. Each word stands in at least
        :data:`LEAST_TITLES` titles; a share of at least :data:`LEAST_RIGHT` of them has the class, and most are
        found by no stronger word.
    """
    usable = labelled[(labelled[LABEL] != "") & (labelled[TITLE_KEY] != "")]
    titles = usable.drop_duplicates([TITLE_KEY, LABEL])
    titles = titles[~titles[TITLE_KEY].duplicated(keep=False)].reset_index(drop=True)
    if titles[LABEL].nunique() < 2:
        return []
    words = [_words(key) for key in titles[TITLE_KEY]]
    labels = titles[LABEL].to_numpy(dtype=object)
    taken = {function.name.casefold() for function in present}
    by_class = [
        _of_class(
            name, titles, words=words, mine=labels == name, present=[f for f in present if f.label == name], taken=taken
        )
        for name in sorted(set(labels))
    ]
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*by_class))
    return [suggestion for suggestion in in_turn if suggestion is not None][:MOST_SUGGESTIONS]


def _words(key: str) -> set[str]:
    single = key.split()
    pairs = {f"{a} {b}" for a, b in itertools.pairwise(single)}
    return {word for word in {*single, *pairs} if any(_says_something(part) for part in word.split())}


def _says_something(word: str) -> bool:
    return len(word) > 2 and not word.isdigit() and word not in FUNCTION_WORDS


def _of_class(
    name: str,
    titles: pd.DataFrame,
    words: Sequence[set[str]],
    mine: NDArray[np.bool_],
    present: Sequence[LabellingFunction],
    taken: set[str],
) -> list[Suggestion]:
    inside = Counter(itertools.chain.from_iterable(w for w, own in zip(words, mine, strict=True) if own))
    outside = Counter(itertools.chain.from_iterable(w for w, own in zip(words, mine, strict=True) if not own))
    # Plurals and possessives are found with the word, so that the words by themselves may be rarer than the function.
    candidates = [word for word, count in inside.items() if count * 2 >= LEAST_TITLES and count > outside[word]]
    ranked = sorted(((_strength(w, inside, outside), w) for w in candidates), key=lambda pair: (-pair[0], pair[1]))
    covered = _covered(titles, present)
    suggestions: list[Suggestion] = []
    for strength, word in ranked[:_TRIED]:
        if strength < _CLEAR or word.casefold() in taken:
            continue
        hits = phrase_mask(titles[TITLE], word)
        n, right = int(hits.sum()), int((hits & mine).sum())
        if n < LEAST_TITLES or right < LEAST_RIGHT * n or int((hits & ~covered).sum()) * 2 < n:
            continue
        covered = covered | hits
        suggestions.append(
            Suggestion(LabellingFunction(word, name, TextPredicate(TITLE, "word", (word,))), n, right, strength)
        )
    return suggestions


def _covered(titles: pd.DataFrame, present: Sequence[LabellingFunction]) -> Mask:
    """Say which titles functions of words find already; other conditions read columns that are not here."""
    books = Books(titles[[TITLE]])
    covered = np.zeros(len(titles), dtype=bool)
    for function in present:
        if isinstance(function.when, TextPredicate) and function.when.column == TITLE:
            covered |= books.where(function.when)
    return covered


def _strength(word: str, inside: Counter[str], outside: Counter[str]) -> float:
    totals = inside.total(), outside.total()
    weight = _PRIOR * sum(totals)
    prior = _PRIOR * (inside[word] + outside[word])
    counts = inside[word] + prior, outside[word] + prior
    odds = [np.log(c / (total + weight - c)) for c, total in zip(counts, totals, strict=True)]
    return float((odds[0] - odds[1]) / np.sqrt(1 / counts[0] + 1 / counts[1]))


_LOG = logging.getLogger(__name__)

FUNCTIONS_FILE = "functions.toml"
_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class LabellingReport:
    """What was labelled (the keys of ``colophon label --json``).

    Attributes
    ----------
    functions : tuple of mapping
        One a function: name, polarity, coverage, overlap, conflict, accuracy, low, high, n (titles), reason, copies.
    labelled : int
        Books with a label.
    classes : mapping
        Class → books.
    left_out : mapping
        Books with votes that are not in the label set: ``by_people``, ``tested`` (in a set that was to be left out),
        and books in the set whose functions are ``level``.
    accuracy : mapping
        Of the labels, on titles kept back.
    """

    name: str
    fingerprint: str
    functions: tuple[Mapping[str, Any], ...]
    labelled: int
    classes: Mapping[str, int]
    left_out: Mapping[str, int]
    accuracy: Mapping[str, Any]
    method: str
    sentences: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def build_labels(
    workspace: Workspace,
    functions: Sequence[LabellingFunction],
    corpus: str,
    *,
    labels: str | None = None,
    without: Sequence[str] = (),
    name: str | None = None,
    method: Method = "label model",
    progress: Progress = silent,
) -> LabellingReport:
    """Label a corpus with functions and keep the labels in the workspace.

    Parameters
    ----------
    labels : str, optional
        Label set made by people: functions are checked against it, its classes are the classes, and its books are left
        out, since what a person said counts more.
    without : sequence of str
        Label sets, predictions or corpora whose books must not be labelled, such as a test set. They are found by
        identifier or by title.
    method : {'label model', 'majority'}

    Raises
    ------
    InputError
        A function cannot be asked of these books, or no book is left to label.
    NotFoundError
    """
    started = time.monotonic()
    progress(0.0, "Reading the records")
    check_functions(functions)
    source = load_corpus(workspace, corpus)
    records = source.records()
    human: LabelSet | None = load_labels(workspace, labels) if labels else None
    people = None if human is None else human.records()
    truth = None if human is None else human.table()[LABEL].reset_index(drop=True)
    tried = try_functions(
        functions,
        books_of(workspace, records, source.artifact.path, functions),
        None if human is None or people is None else books_of(workspace, people, human.artifact.path, functions),
        truth,
        method=method,
        progress=lambda fraction, message: progress(0.1 + 0.6 * fraction, message),
    )
    progress(0.75, "Leaving out what people labelled and what is tested on")
    voted = tried.votes.only(tried.used).labelled
    by_people = np.zeros(len(records), dtype=bool)
    if people is not None and truth is not None:
        by_people = find_leaks(records, people[(truth != "").to_numpy()]).mask
    tested = np.zeros(len(records), dtype=bool)
    for other in without:
        tested |= find_leaks(records, load_records(workspace, other)).mask
    keep = voted & ~by_people & ~tested & (records[TITLE_KEY] != "").to_numpy()
    answered = keep & (tried.answers != "")
    if not answered.any():
        raise InputError(
            f"No book of '{corpus}' gets a label: functions vote on {int(voted.sum()):,}, of which people labelled"
            f" {int((voted & by_people).sum()):,} and {int((voted & tested).sum()):,} are in sets to be left out."
        )
    counts = {item: int((answered & (tried.answers == item)).sum()) for item in tried.votes.classes}
    left_out = {
        "by_people": int((voted & by_people).sum()),
        "tested": int((voted & tested & ~by_people).sum()),
        "level": int((keep & (tried.answers == "")).sum()),
    }
    sentences = (_sentence(tried, counts, left_out, corpus), *tried.sentences)
    rows = tuple({str(key): value for key, value in row.items()} for row in tried.table.to_dict("records"))
    used_predictions = {item for function in functions for item in function.predictions}
    fingerprint = digest(
        "weak labels",
        functions_to_toml([replace(function, comment="") for function in functions]),
        source.fingerprint,
        human.fingerprint if human else "",
        sorted(workspace.find(BOOK_KINDS, item).fingerprint for item in without),
        sorted(workspace.find("predictions", item).fingerprint for item in used_predictions),
        method,
        _VERSION,
    )

    def write(folder: Path) -> Mapping[str, Any]:
        write_label_tables(folder, records, source.originals(), keep, tried)
        (folder / FUNCTIONS_FILE).write_text(functions_to_toml(functions), encoding="utf-8")
        return {
            "classes": list(tried.votes.classes),
            "source": "function",
            "method": method,
            "corpus": source.fingerprint,
            "corpus_name": source.name,
            "checked_against": human.name if human else "",
            "excluded": list(without),
            "invented": source.manifest.invented,
            "rows": int(keep.sum()),
            "rejected": 0,
            "summary": {
                "rows": int(keep.sum()),
                "books": int(keep.sum()),
                "classes": counts,
                "undecided": {},
                "without_label": left_out["level"],
                "left_out": left_out,
            },
            "functions": plain(rows),
            "accuracy": tried.accuracy.as_dict(),
            "warnings": list(sentences),
        }

    progress(0.85, "Saving")
    called, numbered = workspace.name_for("labels", name, f"{source.name}-functions", fingerprint)
    artifact = workspace.store("labels", fingerprint, called, write)
    progress(1.0, "Done")
    _LOG.info(
        "labelled corpus '%s' with %d functions: labels '%s' (%s), %d books, %.1f s",
        source.name,
        len(functions),
        artifact.name,
        fingerprint,
        sum(counts.values()),
        time.monotonic() - started,
    )
    return LabellingReport(
        name=artifact.name,
        fingerprint=fingerprint,
        functions=tuple(plain(rows)),
        labelled=sum(counts.values()),
        classes=counts,
        left_out=left_out,
        accuracy=tried.accuracy.as_dict(),
        method=method,
        sentences=(*sentences, *([numbered] if numbered else [])),
    )


def _sentence(tried: TrialResult, counts: Mapping[str, int], left_out: Mapping[str, int], corpus: str) -> str:
    each = ", ".join(f"{name}: {count:,}" for name, count in counts.items())
    sentence = f"Functions label {sum(counts.values()):,} of the {len(tried.votes):,} books of '{corpus}' ({each})."
    others = [
        f"{count:,} {words}"
        for count, words in (
            (left_out["by_people"], "were left out because a person labelled them"),
            (left_out["tested"], "because they are in sets to be left out"),
            (left_out["level"], "have no label because the functions are level"),
        )
        if count
    ]
    return f"{sentence} {'; '.join(others).capitalize()}." if others else sentence


def main() -> int:
    """Label as a job: its config holds the functions as TOML and the arguments of :func:`build_labels`."""
    from core.jobs.worker import JobProgress, run_as_job

    def work(workspace: Workspace, config: dict[str, Any], progress: JobProgress) -> dict[str, Any]:
        report = build_labels(
            workspace,
            functions_from_toml(config["functions"]),
            config["corpus"],
            labels=config.get("labels"),
            without=tuple(config.get("without", ())),
            name=config.get("name"),
            method=config.get("method", "label model"),
            progress=progress,
        )
        return report.as_dict()

    return run_as_job(work)


if __name__ == "__main__":
    sys.exit(main())
