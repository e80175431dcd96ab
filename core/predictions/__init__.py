"""Predictions: what a model said of each book, made here or elsewhere, and their join with what people said."""

from core.predictions.catalogue import NO_CORPUS, CatalogueChoice, choose_catalogue, keep_catalogue, kept_catalogue
from core.predictions.columns import UnderstoodPredictions, predictions_from_columns
from core.predictions.join import load_scored
from core.predictions.kept import PREDICTIONS_FILE, PredictionSet, load_predictions
from core.predictions.learned import NO_LABELS, keep_learned_from, kept_learned_from
from core.predictions.scored import Scored, identifiers_in, in_the_words_of

__all__ = [
    "NO_CORPUS",
    "NO_LABELS",
    "PREDICTIONS_FILE",
    "CatalogueChoice",
    "PredictionSet",
    "Scored",
    "UnderstoodPredictions",
    "choose_catalogue",
    "identifiers_in",
    "in_the_words_of",
    "keep_catalogue",
    "keep_learned_from",
    "kept_catalogue",
    "kept_learned_from",
    "load_predictions",
    "load_scored",
    "predictions_from_columns",
]
