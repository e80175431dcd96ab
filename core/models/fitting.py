"""Training that can be trusted: out-of-fold probabilities, and a calibration that never saw what it is tested on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import CALIBRATION_MINIMUM, Calibration, CalibrationMethod, learn_calibration
from core.draws import SHARES, fold_by_title, split_by_title
from core.errors import InputError
from core.model_input import has_columns, title_part
from core.models import DEFAULT_KIND, Observe, TitleClassifier, TrainingData, classifier_class, ignore_measurements
from core.models.ensemble import OutOfFold
from core.progress import Progress, silent
from core.schema import ALTERNATE_ID, LABEL, RECORD_ID, SOURCE, SPLIT, TEXT, TITLE, TITLE_KEY, probability_column

__all__ = [
    "FOLD",
    "LEARNED",
    "WEIGHT",
    "CalibrationInputs",
    "CalibrationPlan",
    "Fitted",
    "Plan",
    "TitleOnlyCalibration",
    "calibrate",
    "fit",
    "usable_calibration",
]

# --- Calibration on labelled books a classifier did not learn from ----------------------------------------------------
# Calibration on labelled books a classifier did not learn from, and of titles alone where it reads further columns.


FOLD, LEARNED = "fold", "learned"


@dataclass(frozen=True)
class CalibrationInputs:
    """The texts a classifier is asked for, to know what it is worth: those of the books, then some titles alone.

    Attributes
    ----------
    books : int
        How many books.
    texts : array of str, shape (m,)
        The text of each book, then the titles alone of those that say more than a title.
    rows : int array, shape (m,)
        The book of each text.
    """

    books: int
    texts: NDArray[np.object_]
    rows: NDArray[np.int64]

    @classmethod
    def from_books(cls, books: pd.DataFrame) -> "CalibrationInputs":
        """Ask for the ``text`` of books, or for their ``title`` where there is none."""
        texts = books[TEXT if TEXT in books else TITLE].to_numpy(dtype=object)
        more = np.flatnonzero(has_columns(texts.tolist()))
        alone = np.array([title_part(text) for text in texts[more]], dtype=object)
        return cls(len(texts), np.concatenate([texts, alone]), np.concatenate([np.arange(len(texts)), more]))

    def split_own_and_alone(self, scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the scores of the books by all they say, and by their titles alone, each of shape (n, k)."""
        own, alone = scores[: self.books], scores[: self.books].copy()
        alone[self.rows[self.books :]] = scores[self.books :]
        return own, alone


@dataclass(frozen=True)
class TitleOnlyCalibration:
    """What a classifier that reads further columns is worth where a record has nothing but a title.

    Attributes
    ----------
    calibration : Calibration
        For titles alone.
    probabilities : array, shape (n, k)
        Of the books' titles alone, by a classifier and a calibration that did not see the book; NaN for weak labels.
    """

    calibration: Calibration
    probabilities: NDArray[np.float64]


@dataclass(frozen=True)
class CalibrationPlan:
    """How to calibrate.

    Attributes
    ----------
    method : {'temperature', 'isotonic', 'none'}
    on_own : bool
        On the books that were learned from, by their out-of-fold probabilities; else on books given for it.
    refit : bool
        Whether the final calibration learns from the test part too.
    """

    method: CalibrationMethod
    on_own: bool = True
    refit: bool = True


def calibrate(
    table: pd.DataFrame,
    own: NDArray[np.float64],
    alone: NDArray[np.float64],
    classes: tuple[str, ...],
    plan: CalibrationPlan,
) -> tuple[Calibration, NDArray[np.float64], TitleOnlyCalibration | None]:
    """Return the final calibration, every book's probabilities by one that did not see it, and those of titles alone.

    Parameters
    ----------
    table : DataFrame
        Books with ``text``, ``label``, ``split``, ``fold`` and ``learned``.
    own, alone : arrays, shape (n, k)
        Held-out scores of the books by all they say, and by their titles alone.

    Returns
    -------
    calibration : Calibration
        For texts that say more than a title, where there are such; else for titles.
    probabilities : array, shape (n, k)
    title_only : TitleOnlyCalibration or None
        None where no book says more than its title.
    """
    more = has_columns(table[TEXT].tolist())
    titles, probabilities = _calibrated(table, alone, classes, plan)
    if not more.any():
        return titles, probabilities, None
    calibration, own_probabilities = _calibrated(table[more], own[more], classes, plan)
    title_only = TitleOnlyCalibration(titles, probabilities.copy())
    probabilities[more] = own_probabilities
    return calibration, probabilities, title_only


def usable_calibration(method: CalibrationMethod, books: int) -> tuple[CalibrationMethod, tuple[str, ...]]:
    """Return the calibration that so many books allow when a fifth (half, with two folds) is left out in turn."""
    needed = CALIBRATION_MINIMUM[method] * 2 if method in CALIBRATION_MINIMUM else 0
    if books >= needed:
        return method, ()
    if method == "temperature":
        return "none", (
            (
                f"With {books:,} labelled books to calibrate on ({needed} are needed) the confidences are as the"
                " classifier gives them, and often too high."
            ),
        )
    raise InputError(
        f"The calibration '{method}' needs at least {needed:,} labelled books to learn from; there are {books:,}. Use"
        " 'temperature'."
    )


def _calibrated(
    table: pd.DataFrame, scores: NDArray[np.float64], classes: tuple[str, ...], plan: CalibrationPlan
) -> tuple[Calibration, NDArray[np.float64]]:
    part, fold = table[SPLIT].to_numpy(dtype=object), table[FOLD].to_numpy()
    truth, learned = table[LABEL].to_numpy(dtype=object), table[LEARNED].to_numpy(dtype=bool)
    if plan.on_own:
        pool = learned & (part != "test")
        learned_from = "out-of-fold probabilities of the labelled books themselves"
    else:
        pool = ~learned & (part == "calibration")
        learned_from = "labelled books given for calibration, which the model did not learn from"

    def learn(chosen: NDArray[np.bool_]) -> Calibration:
        return learn_calibration(plan.method, scores[chosen], truth[chosen], classes, learned_from=learned_from)

    calibrated = np.full_like(scores, np.nan)
    for number in sorted(set(fold.tolist())):
        here = fold == number
        calibrated[here] = learn(pool & ~here).apply(scores[here])
    return learn(learned if plan.on_own and plan.refit else pool), calibrated


# --- Training that can be trusted -------------------------------------------------------------------------------------
# Out-of-fold probabilities, a calibration that never saw what it is tested on, a refit.
# How it is done, and why:
#
# 1. Books are put into three parts (train, calibration, test) and, independently, into folds; equal titles stay
# together.
# 2. Every book gets *out-of-fold* probabilities, by a classifier trained on the other folds. They are as honest for the
#    books learned from as for any other, so that no labelled book is lost for choosing a cut or for finding wrong
# labels.
# 3. The calibration of a book is learned on the out-of-fold probabilities of other folds and never on the test part. So
#    no book's own label has a part in what is reported of it.
#    A classifier that learns in passes may see on the calibration part of the held-out books when to stop, never on the
#    test part; on all books it then learns for as many passes as were best there. The weights of a blend's members are
#    learned on out-of-fold probabilities too, those for a fold on the other folds.
# 4. The final classifier learns from all books (``refit=True``, the default): with one to two thousand labels, the 15
# per
#    cent of the test part are worth about half a point of accuracy. Its calibration is learned on all out-of-fold
#    probabilities. What is reported was measured on classifiers that learned from somewhat fewer books, so that it errs
#    on the careful side. With ``refit=False`` the final classifier never sees the test part and is itself what is
#    measured there.
#
# Temperature scaling is the default by design: it has one number, needs few books, keeps every prediction as it is, and
# does not follow the accidents of the annotated books, which are rarely a random sample of the collection. Where labels
# drawn from the collection itself are at hand, calibrate on those (`calibrate_on`).


WEIGHT = "weight"
# With fewer titles of a class, some fold or part would be without it.
FEWEST_TITLES = 5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a model is to be trained.

    Attributes
    ----------
    kind : str
        See :data:`core.models.KINDS`.
    seed : int
        Decides parts and folds, and whatever chance there is in the classifier.
    calibration : {'temperature', 'isotonic', 'none'}
    shares : mapping
        Part → share of the books.
    folds : int, optional
        Else what the kind of classifier asks for.
    refit : bool
        Whether the final classifier learns from the test part too.
    options : mapping
        Handed to the classifier.
    """

    kind: str = DEFAULT_KIND
    seed: int = 0
    calibration: CalibrationMethod = "temperature"
    shares: Mapping[str, float] = field(default_factory=lambda: dict(SHARES))
    folds: int | None = None
    refit: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A trained and calibrated classifier, and the books it was made with.

    Attributes
    ----------
    training : DataFrame
        See :func:`core.models.registry.training_books`.
    uncalibrated : array, shape (n, k)
        The same books' probabilities before calibration, NaN for weak labels.
    sentences : tuple of str
        What a reader must know, such as that there were too few books to calibrate.
    title_only : TitleOnlyCalibration, optional
        What it is worth on titles alone, where it reads further columns.
    """

    classifier: TitleClassifier
    calibration: Calibration
    training: pd.DataFrame
    uncalibrated: NDArray[np.float64]
    sentences: tuple[str, ...]
    title_only: TitleOnlyCalibration | None = None


def fit(
    books: pd.DataFrame,
    plan: Plan,
    *,
    weak: pd.DataFrame | None = None,
    calibrate_on: pd.DataFrame | None = None,
    collection: Sequence[str] = (),
    progress: Progress = silent,
    observe: Observe = ignore_measurements,
    checkpoints: Path | None = None,
) -> Fitted:
    """Train as the module says.

    Parameters
    ----------
    books : DataFrame
        One row a book with a person's label: ``record_id``, ``title``, ``title_key``, ``label``, and ``alternate_id``
        where there is one, and ``text`` where more is read than the title (see :mod:`core.model_input`). Titles and
        labels are not empty.
    weak : DataFrame, optional
        Labels by functions, learned from in every fold and never tested on: ``record_id``, ``title``, ``title_key``,
        ``p_<class>`` (rows summing to 1) and ``weight``. None may have the title of a book or of `calibrate_on`.
    calibrate_on : DataFrame, optional
        Books as above, drawn from the collection that is to be labelled; none is among `books`. The calibration is
        learned on them alone, and they count as the calibration part.
    collection : sequence of str
        What the records of the collection say, for a kind that learns from titles nobody labelled; only the final
        classifier sees them.
    checkpoints : path, optional
        Where kinds that learn for minutes keep half-trained states, to go on from when the same is trained again.

    Raises
    ------
    InputError
        Fewer than two classes, a class with too few titles, or too few books for the calibration asked for.
    """
    classes = _classes(books)
    kind = classifier_class(plan.kind)
    test_only = not plan.refit
    table = _assign_splits(books, plan)
    learns = table[SPLIT].ne("test").to_numpy() if test_only else np.ones(len(table), dtype=bool)
    folds = plan.folds or kind.folds_for(plan.options)
    fold = np.full(len(table), -1, dtype=np.int64)
    fold[learns] = fold_by_title(table.loc[learns, TITLE_KEY], table.loc[learns, LABEL], folds=folds, seed=plan.seed)
    table = table.assign(**{FOLD: fold, LEARNED: learns})
    # Refused before the training, not after it.
    own = int((learns & table[SPLIT].ne("test").to_numpy()).sum())
    method, sentences = usable_calibration(plan.calibration, own if calibrate_on is None else len(calibrate_on))

    def learn(
        chosen: NDArray[np.bool_],
        listener: Progress,
        options: Mapping[str, Any],
        watch: Observe = ignore_measurements,
        held: NDArray[np.bool_] | None = None,
        titles: Sequence[str] = (),
    ) -> TitleClassifier:
        data = replace(_data(table[chosen], weak, classes), collection=titles)
        if held is not None and held.any():
            data = replace(data, validation=_data(table[held], None, classes))
        return kind.train(
            data, seed=plan.seed, options=options, progress=listener, observe=watch, checkpoints=checkpoints
        )

    inputs = CalibrationInputs.from_books(table)
    held_out = OutOfFold(kind, plan.options, table[LABEL].iloc[inputs.rows].tolist(), classes)
    part = table[SPLIT].to_numpy(dtype=object)
    trained = []
    for number in range(folds):
        here = fold == number
        listener = _sub_progress(progress, number / (folds + 1), 1 / (folds + 1), f"Fold {number + 1} of {folds}")
        held = here & (part == "calibration")
        classifier = learn(learns & ~here, listener, plan.options, _number_runs(observe, number + 1), held)
        held_out.add_fold(classifier, here[inputs.rows], inputs.texts[here[inputs.rows]].tolist())
        trained.append(classifier)
    options: Mapping[str, Any] = kind.refit_options(plan.options, trained)
    trained.clear()
    options, scores = held_out.fit_weights(fold[inputs.rows], options), held_out.scores
    listener = _sub_progress(progress, folds / (folds + 1), 0.9 / (folds + 1), "All books")
    final = learn(learns, listener, options, _number_runs(observe, 0), titles=collection)
    if not learns.all():
        unseen = ~learns[inputs.rows]
        scores[unseen] = final.predict_probabilities(inputs.texts[unseen].tolist())

    progress(0.99, "Calibrating")
    scored, alone = inputs.split_own_and_alone(scores)
    if calibrate_on is not None:
        more = _assign_splits(calibrate_on, plan)
        more[SPLIT], more[LEARNED] = "calibration", False
        more[FOLD] = folds + fold_by_title(more[TITLE_KEY], more[LABEL], folds=5, seed=plan.seed)
        table = pd.concat([table, more], ignore_index=True)
        others = CalibrationInputs.from_books(more)
        theirs = others.split_own_and_alone(final.predict_probabilities(others.texts.tolist()))
        scored, alone = np.vstack([scored, theirs[0]]), np.vstack([alone, theirs[1]])
    how = CalibrationPlan(method, on_own=calibrate_on is None, refit=plan.refit)
    calibration, calibrated, title_only = calibrate(table, scored, alone, classes, how)

    training = table.assign(**{SOURCE: "person"}).drop(columns=[WEIGHT, TEXT], errors="ignore")
    for i, name in enumerate(classes):
        training[probability_column(name)] = calibrated[:, i]
    if weak is not None and len(weak):
        training = pd.concat([training, _weak_rows(weak, classes)], ignore_index=True)
        scored = _pad_rows(scored, len(weak))
        title_only = (
            None
            if title_only is None
            else replace(title_only, probabilities=_pad_rows(title_only.probabilities, len(weak)))
        )
    return Fitted(
        classifier=final,
        calibration=calibration,
        training=training,
        uncalibrated=scored,
        sentences=(*sentences, *final.sentences),
        title_only=title_only,
    )


def _classes(books: pd.DataFrame) -> tuple[str, ...]:
    """Return the classes, sorted, each with enough titles to be trained and tested."""
    titles = books.groupby(LABEL)[TITLE_KEY].nunique()
    if len(titles) < 2:
        available = f"only '{titles.index[0]}'" if len(titles) else "no usable label"
        raise InputError(f"A model needs books of at least two classes; the label set has {available}.")
    few = [f"'{name}' ({count})" for name, count in titles.items() if count < FEWEST_TITLES]
    if few:
        several = len(few) > 1
        raise InputError(
            f"{len(few):,} {'classes have' if several else 'class has'} too few different titles among the labelled"
            f" books to train and test: {', '.join(few[:20])}{' and more' if len(few) > 20 else ''}; at least"
            f" {FEWEST_TITLES} are needed. Label more, merge {'each' if several else 'it'} with another class when the"
            " labels are imported, or leave such classes out.",
            command_line=f"Leave them out with --least {FEWEST_TITLES}.",
        )
    return tuple(sorted(str(name) for name in titles.index))


def _assign_splits(books: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    table = _identified(books)
    if TEXT not in table:
        table[TEXT] = table[TITLE]
    table = table[[RECORD_ID, ALTERNATE_ID, TITLE, TEXT, TITLE_KEY, LABEL]].astype("str")
    part = split_by_title(table[TITLE_KEY], table[LABEL], shares=plan.shares, seed=plan.seed)
    return table.assign(**{SPLIT: pd.Series(part, dtype="str")})


def _identified(books: pd.DataFrame) -> pd.DataFrame:
    table = books.reset_index(drop=True)
    if ALTERNATE_ID not in table:
        table[ALTERNATE_ID] = ""
    return table


def _data(books: pd.DataFrame, weak: pd.DataFrame | None, classes: tuple[str, ...]) -> TrainingData:
    """Return what is learned from: a book that says more than its title is learned with the rest and without it."""
    inputs = CalibrationInputs.from_books(books)
    texts = inputs.texts.tolist()
    labels = books[LABEL].to_numpy(dtype=object)[inputs.rows]
    targets = (labels[:, None] == np.array(classes, dtype=object)).astype(np.float64)
    weights = np.ones(len(texts))
    if weak is not None and len(weak):
        texts = texts + weak[TEXT if TEXT in weak else TITLE].tolist()
        targets = np.vstack([targets, weak[[probability_column(name) for name in classes]].to_numpy(dtype=float)])
        weights = np.concatenate([weights, weak[WEIGHT].to_numpy(dtype=float)])
    return TrainingData(titles=texts, targets=targets, weights=weights, classes=classes)


def _pad_rows(numbers: NDArray[np.float64], more: int) -> NDArray[np.float64]:
    return np.vstack([numbers, np.full((more, numbers.shape[1]), np.nan)])


def _weak_rows(weak: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    shares = weak[[probability_column(name) for name in classes]].to_numpy(dtype=float)
    rows = _identified(weak)[[RECORD_ID, ALTERNATE_ID, TITLE, TITLE_KEY]].astype("str")
    likeliest = pd.Series(np.array(classes, dtype=object)[shares.argmax(axis=1)], dtype="str")
    same: dict[str, Any] = {LABEL: likeliest, SPLIT: "train", FOLD: -1, LEARNED: True, SOURCE: "function"}
    return rows.assign(**same)


def _number_runs(observe: Observe, run: int) -> Observe:
    """Say with each measurement which training it is of: 1, 2 … for the folds, 0 for that on all books."""

    def watch(measurements: Mapping[str, float]) -> None:
        observe({"run": float(run), **measurements})

    return watch if observe is not ignore_measurements else ignore_measurements


def _sub_progress(progress: Progress, start: float, width: float, what: str) -> Progress:
    def listener(fraction: float, message: str) -> None:
        progress(start + width * fraction, f"{what}: {message[:1].lower()}{message[1:]}")

    return listener
