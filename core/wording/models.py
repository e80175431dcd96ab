"""What is said of the models in a workspace."""

from collections.abc import Sequence

import numpy as np

from core.formatting import interval_percent, percent
from core.models.registry import ModelDescription

__all__ = ["verdict"]


def verdict(models: Sequence[ModelDescription]) -> str:
    """Say which model did best, as far as models can be compared.

    Parameters
    ----------
    models : sequence of ModelDescription
        The newest first.

    Notes
    -----
    Models are ranked (by macro-F1) only among those tested on the very same books, and only where people labelled
    these. With several such sets, the one that most models were tested on is spoken of, the newest among equals.
    """
    tested = [model for model in models if model.tested_on.n]
    by_people = [model for model in tested if not model.tested_on.by_rules]
    if not by_people:
        if not tested:
            return f"{_models(len(models))} here, but no test: how often a model is right is not known."
        model = tested[0]
        return (
            f"No model has been tested on labels that people gave. “{model.name}” agrees with its rules on"
            f" {percent(model.metrics.test.accuracy.value)} of {model.tested_on.n:,} books: that"
            " shows how well it learned the rules, not how often they are right."
        )
    groups: dict[str, list[ModelDescription]] = {}
    for model in by_people:
        groups.setdefault(model.tested_on.key or model.fingerprint, []).append(model)
    group = max(groups.values(), key=len)
    best = max(group, key=lambda model: np.nan_to_num(model.metrics.test.macro_f1.value))
    accuracy = best.metrics.test.accuracy
    words = (
        f"“{best.name}” is right on {percent(accuracy.value)}"
        f" ({interval_percent(accuracy.low, accuracy.high)}) of the {accuracy.n:,} books of"
        f" {best.tested_on.labels} that were kept apart for testing"
    )
    words += f", the best of {len(group):,} tested on them." if len(group) > 1 else "."
    others = len(models) - len(group)
    if others:
        verb = "was" if others == 1 else "were"
        words += f" {_models(others)} {verb} tested on other books or on none, and cannot be compared with it."
    return words


def _models(count: int) -> str:
    return "One model" if count == 1 else f"{count:,} models"
