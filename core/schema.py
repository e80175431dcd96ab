"""Names of columns and tables: said once, used everywhere.

Every imported file becomes *records* (one row a book, normalised columns below) beside the original columns, which are
kept as they came, as text. Labels and predictions are tables keyed by ``record_id`` that stand beside records.

Missing text in a records table is the empty string; a missing year is ``<NA>``. Facets turn both into a value of its
own (see :mod:`core.facets`), so that nothing without a date or a language is ever dropped or merged with another value.
"""

from typing import Final, Literal

__all__ = [
    "ALTERNATE_ID",
    "ANNOTATOR",
    "AUTHOR",
    "CONFIDENCE",
    "CORRECT",
    "COUNTRY",
    "CREATED_AT",
    "DATE",
    "DATE_CERTAINTIES",
    "DATE_CERTAINTY",
    "DRAWN",
    "DRAWN_CHANCE",
    "DRAW_ID",
    "GENRE_GIVEN",
    "KINDS",
    "LABEL",
    "LABEL_GIVEN",
    "LANGUAGE",
    "LANGUAGE_CONFIDENCE",
    "LANGUAGE_SOURCE",
    "LEAK",
    "MARGIN",
    "NOTE",
    "PLACE",
    "PREDICTED",
    "PREDICTED_BY",
    "PROBABILITY_PREFIX",
    "PUBLISHER",
    "RECORDS_COLUMNS",
    "RECORD_ID",
    "ROWS",
    "SOURCE",
    "SPLIT",
    "TEXT",
    "TITLE",
    "TITLE_KEY",
    "TRUTH",
    "TRUTH_GIVEN",
    "UNANSWERED",
    "YEAR",
    "Kind",
    "probability_column",
]

Kind = Literal["corpus", "labels", "predictions"]
KINDS: Final[tuple[Kind, ...]] = ("corpus", "labels", "predictions")

# records: one row a book
RECORD_ID: Final = "record_id"
ALTERNATE_ID: Final = "alternate_id"  # a second identifier, such as the paper copy's; '' when there is none
TITLE: Final = "title"
AUTHOR: Final = "author"
DATE: Final = "date"  # as catalogued
YEAR: Final = "year"  # first year read from the date, Int64, <NA> when none could be read
DATE_CERTAINTY: Final = "date_certainty"
PLACE: Final = "place"
COUNTRY: Final = "country"
LANGUAGE: Final = "language"  # English name, such as 'German'
LANGUAGE_SOURCE: Final = "language_source"  # 'catalogue', 'detected' or ''
LANGUAGE_CONFIDENCE: Final = "language_confidence"  # 0 to 1 where detected, NaN otherwise
PUBLISHER: Final = "publisher"
GENRE_GIVEN: Final = "genre_given"
TEXT: Final = "text"  # what a model reads of a record: see core.model_input
TITLE_KEY: Final = "title_key"  # normalised title: equal keys are editions of one title

RECORDS_COLUMNS: Final = (
    RECORD_ID,
    ALTERNATE_ID,
    TITLE,
    AUTHOR,
    DATE,
    YEAR,
    DATE_CERTAINTY,
    PLACE,
    COUNTRY,
    LANGUAGE,
    LANGUAGE_SOURCE,
    LANGUAGE_CONFIDENCE,
    PUBLISHER,
    GENRE_GIVEN,
    TITLE_KEY,
)

# '1879' / '[1878]' or '1879 [1878]' / '1874-76', '1897, 98' / '[1840?]' / nothing there / there, but no year in it
DATE_CERTAINTIES: Final = ("certain", "inferred", "range", "uncertain", "none", "unreadable")

# labels
LABEL: Final = "label"  # a class name, '' where the person gave no usable answer
LABEL_GIVEN: Final = "label_given"  # as it stood in the file
ANNOTATOR: Final = "annotator"
CREATED_AT: Final = "created_at"
NOTE: Final = "note"
SOURCE: Final = "source"  # 'person', 'function', 'catalogue'
ROWS: Final = "rows"  # how many rows of the file spoke of this book
DRAW_ID: Final = "draw_id"  # of the draw of Colophon's that put the book on a list; '' for none
DRAWN_CHANCE: Final = "drawn_chance"  # with which the book was drawn to be checked, above 0 to 1; NaN for none known
DRAWN: Final = "drawn"  # how the book came to be checked: 'random', 'chances', 'chosen', 'unknown'; '' if it was not
UNANSWERED: Final = "unanswered"  # True where people had the book before them and left it blank

# predictions
PREDICTED: Final = "predicted"  # class with the highest probability
PREDICTED_BY: Final = "predicted_by"  # of two models together: the predictions that this row is of
CONFIDENCE: Final = "confidence"  # probability of the predicted class, 0 to 1
MARGIN: Final = "margin"  # confidence less the probability of the next class
SPLIT: Final = "split"  # 'train', 'calibration', 'test' or ''
TRUTH: Final = "truth"  # class name in the spelling of the predictions, '' where nobody gave a usable one
TRUTH_GIVEN: Final = "truth_given"  # as it stood in the file
CORRECT: Final = "correct"  # predicted == truth; meaningful only where truth is not ''
LEAK: Final = "leak"  # True where the title is also among the titles the model learned from
PROBABILITY_PREFIX: Final = "p_"


def probability_column(class_name: str) -> str:
    """Return the name of the column that holds the probability of `class_name`.

    >>> probability_column("Non-fiction")
    'p_Non-fiction'
    """
    return PROBABILITY_PREFIX + class_name
