"""Models that read titles: what each must be able to do, how one is trained, kept, loaded and asked."""

from core.models.base import Observe, TitleClassifier, TrainingData, ignore_measurements
from core.models.registry import Model, describe, list_models, load, load_folder, save

__all__ = [
    "Model",
    "Observe",
    "TitleClassifier",
    "TrainingData",
    "describe",
    "ignore_measurements",
    "list_models",
    "load",
    "load_folder",
    "save",
]
