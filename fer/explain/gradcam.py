"""Grad-CAM: a layer's features, weighted by their mean gradient."""

from __future__ import annotations

from collections.abc import Callable

from fer import backend
from fer.explain import layers
from fer.explain.gradient import ending
from fer.explain.target import Against, in_blocks, weights
from fer.types import Array, Floats, Images, Labels, Network


def maps(
    network: Network,
    images: Images,
    classes: Labels,
    against: Against = None,
    layer: str | None = None,
) -> Floats:
    """Signed maps (N, 48, 48) float32 (Selvaraju, 2017, arXiv:1610.02391).

    sum over channels c of A_c * mean of d score / d A_c, with A the output of `layer`,
    by default as layers.cut says; enlarged bilinearly. The paper's ReLU is left to
    whoever draws. images: (N, 48, 48) uint8. classes: (N,) int. against: as of
    target.weights.
    """
    return class_activation(network, images, classes, against, layer, _weighted)


def _weighted(features, slopes):
    return (features * slopes.mean(axis=(1, 2), keepdims=True)).sum(axis=-1)


def class_activation(
    network: Network,
    images: Images,
    classes: Labels,
    against: Against,
    layer: str | None,
    combine: Callable[[Array, Array], Array],
) -> Floats:
    """Maps (N, 48, 48) of combine(features, gradients), both (N, height, width, C)."""
    from keras import ops

    (front, back), (_, finish) = layers.cut(network, layer), ending(network)

    def block(images, wanted):
        features = ops.convert_to_numpy(front(images[..., None]))
        slopes = backend.gradient(
            lambda x: ops.sum(finish(back(x)) * wanted, axis=-1), features
        )
        small = combine(features, ops.convert_to_numpy(slopes))[..., None]
        large = ops.image.resize(small, images.shape[1:], data_format="channels_last")
        return ops.convert_to_numpy(large)[..., 0]

    return in_blocks(block, images, weights(network, classes, against))
