"""Every session-state key, said once. Widgets bound to the URL use their key as the name of the query parameter.

Derived things are computed, never stored. A key has one owner: the widget that carries it.
"""

from typing import Final

__all__ = [
    "ARRIVED",
    "CELL_PREDICTED",
    "CELL_TRUTH",
    "CORPUS",
    "CUT_PREFIX",
    "DESK",
    "FACET",
    "JOB",
    "LABELS",
    "LABEL_SET",
    "PAGE_NUMBER",
    "PHRASE",
    "POPULATION",
    "PREDICTIONS",
    "REVIEWER",
    "SAMPLE",
    "SLICE",
    "WINDOW",
    "WORDS",
    "cut_key",
]

# In the sidebar, on every page, in the URL.
PREDICTIONS: Final = "predictions"
LABELS: Final = "checked"
SLICE: Final = "only"

# On one page, in the URL.
CORPUS: Final = "corpus"
LABEL_SET: Final = "label_set"
SAMPLE: Final = "sample"
POPULATION: Final = "population"
FACET: Final = "by"
PHRASE: Final = "words"
WORDS: Final = "keywords"
CELL_TRUTH: Final = "is"
CELL_PREDICTED: Final = "called"
PAGE_NUMBER: Final = "page"
CUT_PREFIX: Final = "cut_"

# In the session only.
JOB: Final = "job"  # the work this window waits for
ARRIVED: Final = "arrived"  # what it has brought, until that is said
DESK: Final = "desk"
WINDOW: Final = "browser_window"
REVIEWER: Final = "reviewer_name"


def cut_key(class_name: str) -> str:
    """Return the key of the cut-off slider of a class."""
    return CUT_PREFIX + "".join(character if character.isalnum() else "_" for character in class_name)
