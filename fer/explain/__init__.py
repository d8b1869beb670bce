"""What a network looks at: maps, their faithfulness, filters; arrays in, arrays out."""

from fer.explain import (
    gradcam,
    gradient,
    hirescam,
    integrated,
    occlusion,
    smoothgrad,
)
from fer.explain.ascent import ascend, convolutions, pick_layers, responses
from fer.explain.faithfulness import (
    against_chance,
    at_random,
    faithfulness,
    first_right,
    mask,
)
from fer.explain.gradient import logits, saliency, unit
from fer.explain.integrated import completeness

# Each maps a network, faces (N, 48, 48) uint8 and classes (N,) to signed maps
# (N, 48, 48) float32; `against` takes another class's logit away.
METHODS = {
    "gradient": gradient.maps,
    "smoothgrad": smoothgrad.maps,
    "integrated": integrated.maps,
    "gradcam": gradcam.maps,
    "hirescam": hirescam.maps,
    "occlusion": occlusion.maps,
}

__all__ = [
    "METHODS",
    "against_chance",
    "ascend",
    "at_random",
    "completeness",
    "convolutions",
    "faithfulness",
    "first_right",
    "logits",
    "mask",
    "pick_layers",
    "responses",
    "saliency",
    "unit",
]
