"""The tables of a label set that functions made: one row a book, its records, and one row a vote."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import ORIGINALS_FILE
from core.labels import ANNOTATIONS_FILE, DISAGREEING, LABELS_FILE
from core.schema import (
    ANNOTATOR,
    CREATED_AT,
    LABEL,
    LABEL_GIVEN,
    NOTE,
    RECORD_ID,
    RECORDS_COLUMNS,
    ROWS,
    SOURCE,
    probability_column,
)
from core.storage import now
from core.weak_supervision.tryout import TrialResult
from core.weak_supervision.votes import ABSTAIN

__all__ = ["write_label_tables"]


def write_label_tables(
    folder: Path, records: pd.DataFrame, originals: pd.DataFrame, keep: NDArray[np.bool_], tried: TrialResult
) -> None:
    """Write the labels of the books in `keep`, their records, original columns and the votes into `folder`.

    The annotator of a label is the first function that votes for it; the note names every function that votes. The
    annotations have one row a vote, so that each function can be audited like a person.
    """
    votes = tried.votes.only(tried.used)
    matrix, answers = votes.matrix[keep], tried.answers[keep]
    books = records.loc[keep, list(RECORDS_COLUMNS)].reset_index(drop=True)
    names = np.array([function.name for function in votes.functions], dtype=object)
    classes = np.array(votes.classes, dtype=object)
    cast = matrix != ABSTAIN
    moment = now()
    agrees = cast & (classes[matrix] == answers[:, None])
    speaks = np.where(agrees.any(axis=1)[:, None], agrees, cast)
    labels = pd.DataFrame(
        {
            RECORD_ID: books[RECORD_ID],
            LABEL: pd.Series(answers, dtype="str"),
            LABEL_GIVEN: pd.Series(answers, dtype="str"),
            ANNOTATOR: pd.Series(names[speaks.argmax(axis=1)], dtype="str"),
            CREATED_AT: moment,
            NOTE: pd.Series(["; ".join(names[row]) for row in cast], dtype="str"),
            SOURCE: "function",
            ROWS: cast.sum(axis=1).astype(np.int64),
            DISAGREEING: np.where(cast, matrix, np.iinfo(np.int16).max).min(axis=1) != matrix.max(axis=1),
        }
    )
    for code, class_name in enumerate(votes.classes):
        labels[probability_column(class_name)] = tried.probabilities[keep, code]
    labels.to_parquet(folder / LABELS_FILE, index=False, compression="zstd")
    books.to_parquet(folder / "records.parquet", index=False, compression="zstd")
    originals[keep].to_parquet(folder / ORIGINALS_FILE, index=False, compression="zstd")
    where, which = np.nonzero(cast)
    annotations = pd.DataFrame(
        {
            RECORD_ID: books[RECORD_ID].to_numpy(dtype=object)[where],
            LABEL_GIVEN: classes[matrix[where, which]],
            ANNOTATOR: names[which],
            CREATED_AT: moment,
            NOTE: "",
            "line": np.zeros(len(where), dtype=np.int64),
        }
    )
    texts = dict.fromkeys((RECORD_ID, LABEL_GIVEN, ANNOTATOR), "str")
    annotations.astype(texts).to_parquet(folder / ANNOTATIONS_FILE, index=False, compression="zstd")
