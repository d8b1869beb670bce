"""What a network looks at: maps, their faithfulness, filters; arrays in, arrays out."""

from fer.explain import (
    gradcam,
    gradient,
    hirescam,
    integrated,
    occlusion,
    smoothgrad,
)
from fer.explain.ascent import ascend, ascend_classes
from fer.explain.faithfulness import (
    against_chance,
    at_random,
    first_right,
)
from fer.explain.gradient import logits
from fer.explain.integrated import completeness
from fer.explain.layers import (
    convolutions,
    first_weights,
    moved,
    pick_layers,
    responses,
)
from fer.explain.scaling import heat, mask, places, unit

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


def best(network):
    """The method to take where none is named: docs/explain.md tells why."""
    return "hirescam" if convolutions(network) else "integrated"


def heat_of(method, network, images, classes, **options):
    """What a method draws of faces: heat (N, 48, 48) float32 in 0..1."""
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
    "first_right",
    "first_weights",
    "heat",
    "heat_of",
    "logits",
    "mask",
    "moved",
    "pick_layers",
    "places",
    "responses",
    "unit",
]
