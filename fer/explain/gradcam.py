"""Grad-CAM: a layer's features, weighted by their mean gradient."""

from __future__ import annotations

from collections.abc import Callable

from fer import backend
from fer.explain import layers
from fer.explain.gradient import ending
from fer.explain.target import Against, in_blocks, weights
from fer.types import Floats, Images, Labels, Network, Tensor


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
    from keras import ops

    means = ops.mean(slopes, axis=(1, 2), keepdims=True)
    return ops.sum(features * means, axis=-1, keepdims=True)


def class_activation(
    network: Network,
    images: Images,
    classes: Labels,
    against: Against,
    layer: str | None,
    combine: Callable[[Tensor, Tensor], Tensor],
) -> Floats:
    """Maps (N, 48, 48) of combine(features, gradients), both (N, height, width, C).

    combine: gives a tensor (N, height, width, 1).
    """
    from keras import ops

    (front, back), (_, finish) = layers.cut(network, layer), ending(network)

    @backend.compiled
    def enlarged(pixels, wanted):
        features = front(pixels)
        slopes = backend.gradient(
            lambda x: ops.sum(finish(back(x)) * wanted, axis=-1), features
        )
        small, size = combine(features, slopes), pixels.shape[1:3]
        return ops.image.resize(small, size, data_format="channels_last")

    def block(images, wanted):
        return ops.convert_to_numpy(enlarged(images[..., None], wanted))[..., 0]

    return in_blocks(block, images, weights(network, classes, against))
