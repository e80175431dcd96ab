"""What a trained model is worth, measured on the out-of-fold probabilities of its labelled books."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import expected_calibration_error
from core.evaluation import evaluate
from core.models.fitting import Fitted
from core.models.held_out_calibration import LEARNED
from core.models.known_titles import predictions_table
from core.schema import (
    CORRECT,
    LABEL,
    LEAK,
    PREDICTED,
    SOURCE,
    SPLIT,
    TITLE_KEY,
    TRUTH,
    TRUTH_GIVEN,
    probability_column,
)
from core.statistics import mcnemar_exact

__all__ = ["column_benefit_sentences", "measure"]


def measure(fitted: Fitted, *, seed: int = 0) -> dict[str, Any]:
    """Return what a model was worth on books that neither the classifier nor the calibration had seen.

    Returns
    -------
    dict
        ``test``: the test part alone, on which nothing was chosen. ``out_of_fold``: all books a person labelled and the
        classifier was trained or tested on. Each has the keys of :meth:`core.evaluation.Evaluation.as_dict` that make
        sense here (``n``, ``accuracy``, ``macro_f1``, ``per_class``, ``brier``, ``log_loss``, ``confusion``,
        ``calibration``); ``calibration`` also says what the error was before (``ece_uncalibrated``). What is undefined
        is None. ``titles_alone``, of a model that reads further columns: the books of ``out_of_fold`` by their titles
        alone, as it will read records that have nothing else.
    """
    classes = fitted.calibration.classes
    books = fitted.training
    test = books[SPLIT].eq("test").to_numpy()
    own = books[SOURCE].eq("person").to_numpy() & (books[LEARNED].to_numpy() | test)
    metrics = {
        "test": _measured(books[own & test], fitted.uncalibrated[own & test], classes, seed),
        "out_of_fold": _measured(books[own], fitted.uncalibrated[own], classes, seed),
    }
    if fitted.title_only is not None:
        alone = books.assign(
            **{probability_column(n): fitted.title_only.probabilities[:, i] for i, n in enumerate(classes)}
        )
        metrics["titles_alone"] = _measured(alone[own], fitted.uncalibrated[own], classes, seed)
        # What the scores of titles alone were before calibration is not kept.
        metrics["titles_alone"]["calibration"].pop("ece_uncalibrated")
    return metrics


def column_benefit_sentences(fitted: Fitted, reads: Sequence[str]) -> tuple[str, ...]:
    """Say whether a model is right more often with the columns it reads than by the same books' titles alone.

    Only books that have something in the columns count, each judged by a classifier that had not seen it; McNemar's
    exact test tells a difference from chance. Nothing is said of a model that reads titles alone.
    """
    if fitted.title_only is None:
        return ()
    classes = fitted.calibration.classes
    both = fitted.training[[probability_column(name) for name in classes]].to_numpy(dtype=float)
    differ = (both != fitted.title_only.probabilities).any(axis=1) & ~np.isnan(both).any(axis=1)
    truth = fitted.training[LABEL].to_numpy(dtype=object)[differ]
    names = np.array(classes, dtype=object)
    with_them = names[both[differ].argmax(axis=1)] == truth
    alone = names[fitted.title_only.probabilities[differ].argmax(axis=1)] == truth
    p = mcnemar_exact(int((with_them & ~alone).sum()), int((alone & ~with_them).sum()))
    sentence = (
        f"Of {len(truth):,} labelled books it is right on {int(with_them.sum()):,} with {' and '.join(reads)}, and on"
        f" {int(alone.sum()):,} by their titles alone."
    )
    if p >= 0.05:
        return (f"{sentence} That difference may be chance (p = {p:.2f}): train on titles alone.",)
    return (sentence if with_them.sum() > alone.sum() else f"{sentence} It is worse with more: train on titles alone.",)


def _measured(
    books: pd.DataFrame, uncalibrated: NDArray[np.float64], classes: Sequence[str], seed: int
) -> dict[str, Any]:
    scored = predictions_table(books[[probability_column(name) for name in classes]].to_numpy(dtype=float), classes)
    truth = books[LABEL].reset_index(drop=True)
    scored[TITLE_KEY], scored[TRUTH], scored[TRUTH_GIVEN] = books[TITLE_KEY].to_numpy(), truth, truth
    scored[CORRECT], scored[LEAK] = scored[PREDICTED] == truth, False
    metrics = evaluate(scored, classes, seed=seed).as_dict()
    before = predictions_table(uncalibrated, classes)
    error = expected_calibration_error(before["confidence"], (before[PREDICTED] == truth).to_numpy())
    metrics["calibration"]["ece_uncalibrated"] = None if np.isnan(error) else error
    return {key: value for key, value in metrics.items() if key not in ("unlabelled", "leak")}
