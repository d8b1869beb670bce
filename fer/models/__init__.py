"""Saved models: their cards, safe loading, and predictions."""

from fer.models.card import NOT_FOR
from fer.models.card import is_beside as has_card
from fer.models.predict import BATCH, TURN, mean_over_views, predict, probabilities
from fer.models.saved import (
    BEST,
    OWN,
    SHIPPED,
    Model,
    files_of,
    is_trained_so,
    load,
    load_all,
    load_any,
    must_load,
    save,
    to_judge,
    without_network,
)

__all__ = [
    "BATCH",
    "BEST",
    "NOT_FOR",
    "OWN",
    "SHIPPED",
    "TURN",
    "Model",
    "files_of",
    "has_card",
    "is_trained_so",
    "load",
    "load_all",
    "load_any",
    "mean_over_views",
    "must_load",
    "predict",
    "probabilities",
    "save",
    "to_judge",
    "without_network",
]
