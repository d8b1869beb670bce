"""What a network looks at: maps, their faithfulness, filters; arrays in, arrays out."""

from __future__ import annotations

from typing import Any

from fer.explain import gradcam, gradient, hirescam, integrated, occlusion, smoothgrad
from fer.explain.ascent import ascend, ascend_classes
from fer.explain.faithfulness import against_chance, at_random
from fer.explain.gradient import logits
from fer.explain.integrated import completeness
from fer.explain.layers import (
    convolutions,
    first_weights,
    moved,
    pick_layers,
    responses,
)
from fer.explain.patches import strongest
from fer.explain.scaling import heat, mask, places, unit
from fer.types import Floats, Images, Labels, Network

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


def best(network: Network) -> str:
    """The method to take where none is named: docs/explain.md tells why."""
    return "hirescam" if convolutions(network) else "integrated"


def heat_of(
    method: str,
    network: Network,
    images: Images,
    classes: Labels,
    **options: Any,
) -> Floats:
    """The heat (N, 48, 48) float32 in 0..1 that a method of METHODS gives faces.

    images: (N, 48, 48) uint8. classes: (N,) int. options: the method's own.
    """
    return heat(method, METHODS[method](network, images, classes, **options))


__all__ = [
    "METHODS",
    "against_chance",
    "ascend",
    "ascend_classes",
    "at_random",
    "best",
    "completeness",
    "convolutions",
    "first_weights",
    "heat",
    "heat_of",
    "logits",
    "mask",
    "moved",
    "pick_layers",
    "places",
    "responses",
    "strongest",
    "unit",
]
