"""Predictions: what a model said of each book, made here or elsewhere, and their join with what people said."""

from core.predictions.catalogue import (
    NO_CORPUS,
    CatalogueChoice,
    choose_catalogue,
    save_catalogue_choice,
    saved_catalogue_choice,
)
from core.predictions.columns import ParsedPredictions, predictions_from_columns
from core.predictions.join import Scored, align_scored, identifiers_in, load_scored
from core.predictions.learned import (
    BOOK_KINDS,
    NO_LABELS,
    PREDICTIONS_FILE,
    PredictionSet,
    load_predictions,
    load_records,
    save_training_labels,
    saved_training_labels,
)
from core.predictions.truth import TOGETHER

__all__ = [
    "BOOK_KINDS",
    "NO_CORPUS",
    "NO_LABELS",
    "PREDICTIONS_FILE",
    "TOGETHER",
    "CatalogueChoice",
    "ParsedPredictions",
    "PredictionSet",
    "Scored",
    "align_scored",
    "choose_catalogue",
    "identifiers_in",
    "load_predictions",
    "load_records",
    "load_scored",
    "predictions_from_columns",
    "save_catalogue_choice",
    "save_training_labels",
    "saved_catalogue_choice",
    "saved_training_labels",
]
