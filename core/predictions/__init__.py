"""Predictions: what a model said of each book, made here or elsewhere, and their join with what people said."""

from core.predictions.columns import predictions_from_columns
from core.predictions.join import load_scored
from core.predictions.kept import PREDICTIONS_FILE, PredictionSet, load_predictions
from core.predictions.scored import Scored, in_the_words_of

__all__ = [
    "PREDICTIONS_FILE",
    "PredictionSet",
    "Scored",
    "in_the_words_of",
    "load_predictions",
    "load_scored",
    "predictions_from_columns",
]
