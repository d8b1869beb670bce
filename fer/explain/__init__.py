"""What a network looks at: maps, their faithfulness, filters; arrays in, arrays out."""

from fer.explain.ascent import ascend, convolutions, pick_layers, responses
from fer.explain.faithfulness import (
    against_chance,
    at_random,
    faithfulness,
    first_right,
    mask,
)
from fer.explain.gradient import logits, saliency, unit
from fer.explain.smoothgrad import smoothgrad

__all__ = [
    "against_chance",
    "ascend",
    "at_random",
    "convolutions",
    "faithfulness",
    "first_right",
    "logits",
    "mask",
    "pick_layers",
    "responses",
    "saliency",
    "smoothgrad",
    "unit",
]
