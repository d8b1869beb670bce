"""HiResCAM: a layer's features times their gradients, place by place."""

from __future__ import annotations

from fer.explain.gradcam import class_activation
from fer.explain.target import Against
from fer.types import Floats, Images, Labels, Network


def maps(
    network: Network,
    images: Images,
    classes: Labels,
    against: Against = None,
    layer: str | None = None,
) -> Floats:
    """Signed maps (N, 48, 48) float32 (Draelos, 2020, arXiv:2011.08891).

    sum over channels c of A_c * d score / d A_c, with A the output of `layer`; else as
    gradcam.maps. Unlike Grad-CAM's, it points at no place that the score ignores.
    """
    from keras import ops

    return class_activation(
        network,
        *(images, classes, against, layer),
        lambda features, slopes: ops.sum(features * slopes, axis=-1, keepdims=True),
    )
