"""The measured numbers of a model, for people (a table) and for machines (the Hub's ``model-index``)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from core.errors import DamagedError, NotFoundError
from core.models.standing import labelled_by_rules
from core.sharing.text import BEGIN, END, inline, rows
from core.storage import Workspace

__all__ = ["RULES", "Figure", "eval_results", "figures", "languages_learned", "measured_block"]

SPLITS: Final = {
    "test": "test part: nothing was learned or chosen on it",
    "out_of_fold": "all labelled books, each read by a model that had not seen it",
    "titles_alone": "the same books by their titles alone, as records are read that have nothing else",
}
RULES: Final = (
    "The labels were given by rules (labelling functions), not by people: the figures say how well the model learned"
    " the rules, not how often it is right."
)
_NO_CUT: Final = "the most probable class, no cut"


class Figure(NamedTuple):
    """One measured number: what, of which class ('' for all), on which split, with its interval and n."""

    metric: str
    title: str
    class_name: str
    split: str
    value: float
    low: float
    high: float
    n: int
    method: str


def figures(metrics: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the defined rates of ``metrics.json``, overall ones first; what is undefined is left out."""
    for split in SPLITS:
        part = metrics.get(split) or {}
        wanted: list[tuple[str, str, str, Mapping[str, Any]]] = [
            ("accuracy", "Accuracy", "", part.get("accuracy") or {}),
            ("f1", "Macro F1", "", part.get("macro_f1") or {}),
        ]
        for name, item in sorted((part.get("per_class") or {}).items()):
            wanted += [
                ("precision", f"Precision of {name}", name, item.get("precision") or {}),
                ("recall", f"Recall of {name}", name, item.get("recall") or {}),
            ]
        for metric, title, name, rate in wanted:
            numbers = [rate.get(key) for key in ("value", "low", "high", "n")]
            if all(isinstance(item, int | float) and math.isfinite(item) for item in numbers):
                value, low, high, n = (float(item) for item in numbers if item is not None)
                yield Figure(metric, title, name, split, value, low, high, int(n), str(rate.get("method", "")))


def eval_results(manifest: Mapping[str, Any], metrics: Mapping[str, Any], *, by_rules: bool = False) -> list[Any]:
    """Return the figures as ``huggingface_hub.EvalResult``: one a figure, with n and interval in its arguments.

    Parameters
    ----------
    by_rules : bool
        Whether rules gave the labels, which the name of the data set then says.
    """
    from huggingface_hub import EvalResult

    labels = str(manifest.get("labels") or "labels")
    return [
        EvalResult(
            task_type="text-classification",
            task_name="Genre from the title of a catalogue record",
            dataset_type=f"colophon-labels-{manifest.get('labels_fingerprint') or 'unknown'}",
            dataset_name=f"{labels} (labelled by rules, not by people)" if by_rules else labels,
            dataset_split=figure.split,
            dataset_revision=str(manifest.get("labels_fingerprint") or "") or None,
            metric_type=figure.metric,
            metric_value=round(figure.value, 6),
            metric_name=f"{figure.title} ({figure.split.replace('_', ' ')})",
            metric_config=_NO_CUT,
            metric_args={"n": figure.n, "low": round(figure.low, 6), "high": round(figure.high, 6), "confidence": 0.95},
        )
        for figure in figures(metrics)
    ]


def measured_block(workspace: Workspace, manifest: Mapping[str, Any], metrics: Mapping[str, Any], books: Any) -> str:
    """Return the block of numbers with its marks.

    Parameters
    ----------
    books : DataFrame
        As :func:`core.models.registry.training_books` returns them.
    """
    fingerprints = f"Model {manifest['fingerprint']}, trained {str(manifest.get('created_at', ''))[:10]}"
    if manifest.get("labels_fingerprint"):
        fingerprints += f", on labels {manifest['labels_fingerprint']}"
    parts = [f"Measured by Colophon. {inline(fingerprints)}. Intervals are 95 % intervals; n counts books."]
    by_rules = labelled_by_rules(workspace, manifest)
    if by_rules:
        parts.append(f"**{RULES}**")
    defined_figures = list(figures(metrics))
    if defined_figures:
        body = [
            (
                figure.title,
                f"{figure.value:.3f}",
                f"{figure.low:.3f} to {figure.high:.3f}",
                f"{figure.n:,}",
                figure.split,
                figure.method,
            )
            for figure in defined_figures
        ]
        parts.append(rows(("figure", "value", "95 % interval", "n", "measured on", "interval by"), body))
        parts.append("\n".join(f"- *{name}*: {about}." for name, about in SPLITS.items() if _n(metrics, name)))
    else:
        parts.append("No rate is defined: fewer than 10 books could be tested.")
    parts += _calibration(metrics)
    parts += _confusion(metrics, "the rules" if by_rules else "people")
    parts += _by_language(workspace, manifest, books)
    return "\n\n".join((BEGIN, *parts, END))


def languages_learned(workspace: Workspace, manifest: Mapping[str, Any], books: pd.DataFrame) -> pd.Series:
    """Return the language of each training book ('' where it is not known or the label set is not at hand)."""
    from core.labels import load_labels

    try:
        records = load_labels(workspace, str(manifest.get("labels_fingerprint") or "")).records()
    except (NotFoundError, DamagedError):
        return pd.Series("", index=books.index, dtype="str")
    known = records.drop_duplicates("record_id").set_index("record_id")["language"]
    return books["record_id"].map(known).fillna("").astype("str")


def _at_hand(workspace: Workspace, manifest: Mapping[str, Any]) -> bool:
    try:
        workspace.find("labels", str(manifest.get("labels_fingerprint") or ""))
    except (NotFoundError, DamagedError):
        return False
    return True


def _n(metrics: Mapping[str, Any], split: str) -> int:
    return int((metrics.get(split) or {}).get("n") or 0)


def _calibration(metrics: Mapping[str, Any]) -> list[str]:
    part = metrics.get("test") or {}
    calibration = part.get("calibration") or {}
    error = calibration.get("ece")
    if not isinstance(error, float):
        return []
    before = calibration.get("ece_uncalibrated")
    more = f", {before:.3f} before calibration" if isinstance(before, float) else ""
    return [
        f"Expected calibration error on the test part: {error:.3f} (n = {_n(metrics, 'test'):,}{more}; a distance that"
        " is above 0 by chance alone, so no interval is given)."
    ]


def _confusion(metrics: Mapping[str, Any], who: str) -> list[str]:
    table = (metrics.get("test") or {}).get("confusion") or {}
    if not table:
        return []
    columns = sorted({name for row in table.values() for name in row})
    body = [(truth, *(f"{int(row.get(name, 0)):,}" for name in columns)) for truth, row in sorted(table.items())]
    return [
        f"Books of the test part, by what {who} said (rows) and what the model said (columns):",
        rows((f"said by {who}", *map(inline, columns)), body),
    ]


def _by_language(workspace: Workspace, manifest: Mapping[str, Any], books: pd.DataFrame) -> list[str]:
    from core.evaluation import by_value
    from core.models.known_titles import predictions_table
    from core.schema import CORRECT, LABEL, PREDICTED, probability_column

    classes: Sequence[str] = list(manifest.get("classes", ()))
    language = languages_learned(workspace, manifest, books)
    columns = [probability_column(name) for name in classes]
    usable = (books["source"] == "person") & books[columns].notna().all(axis=1)
    if not (language[usable] != "").any():
        gone = usable.any() and not _at_hand(workspace, manifest)
        return ["Errors by language are not given: the labels it learned from are not at hand."] if gone else []
    table = predictions_table(books.loc[usable, columns].to_numpy(dtype=float), classes)
    table[CORRECT] = table[PREDICTED].to_numpy() == books.loc[usable, LABEL].to_numpy()
    error_rates = by_value(table, language[usable].replace("", "no language"))
    body = [
        (
            value,
            f"{n:,}",
            f"{errors:,}",
            "too few for a rate" if math.isnan(rate) else f"{rate:.3f} ({low:.3f} to {high:.3f})",
        )
        for value, n, errors, rate, low, high in error_rates[
            ["value", "n", "errors", "error_rate", "low", "high"]
        ].itertuples(index=False)
    ]
    return [
        "Errors by language (out of fold), with a Wilson interval; below 10 books only counts are given:",
        rows(("language", "n", "wrong", "error rate (95 % interval)"), body),
    ]
