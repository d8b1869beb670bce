"""Integrated gradients: the gradient along the way from a grey face to the face."""

from __future__ import annotations

import numpy as np

from fer import backend, networks
from fer.explain.gradient import logits
from fer.explain.target import Against, in_blocks, weights
from fer.types import Floats, Images, Labels, Network

STEPS = 128  # with 32, the sum was off by 0.2 of a logit
TOGETHER = 16  # faces: a dense layer reads its weights once for all of them


def maps(
    network: Network,
    images: Images,
    classes: Labels,
    against: Against = None,
    steps: int = STEPS,
) -> Floats:
    """Signed maps (N, 48, 48) float32 (Sundararajan, 2017, arXiv:1703.01365).

    (x - g) * mean over a of d score / d pixel at g + a (x - g), with g the face's mean
    grey and a the middles of `steps` equal parts of 0..1. images: (N, 48, 48) uint8.
    classes: (N,) int. against: as of target.weights.
    """
    from keras import ops

    score = logits(network)
    way = ((np.arange(steps, dtype=np.float32) + 0.5) / steps)[:, None, None, None]

    @backend.compiled
    def slopes_of(pixels, grey, wanted):
        along = grey[:, None] + way * (pixels - grey)[:, None]
        flat = ops.reshape(along, (-1, *pixels.shape[1:]))
        of_each = ops.repeat(wanted, steps, axis=0)
        slopes = backend.gradient(lambda x: ops.sum(score(x) * of_each, axis=-1), flat)
        means = ops.mean(ops.reshape(slopes, along.shape), axis=1)
        return means * (pixels - grey)

    def block(images, wanted):
        pixels = images[..., None].astype(np.float32)
        grey = pixels.mean(axis=(1, 2, 3), keepdims=True)
        return ops.convert_to_numpy(slopes_of(pixels, grey, wanted))[..., 0]

    size = max(1, networks.together(network, TOGETHER * steps) // steps)
    return in_blocks(block, images, weights(network, classes, against), size=size)


def completeness(
    maps: Floats,
    network: Network,
    images: Images,
    classes: Labels,
    against: Against = None,
) -> tuple[Floats, Floats]:
    """The sum of each map, and what it must be: face's score less grey's; both (N,)."""
    from keras import ops

    score, wanted = logits(network), weights(network, classes, against)
    pixels = images[..., None].astype(np.float32)
    grey = np.broadcast_to(pixels.mean(axis=(1, 2, 3), keepdims=True), pixels.shape)
    face, without = (
        (ops.convert_to_numpy(score(x)) * wanted).sum(axis=1) for x in (pixels, grey)
    )
    return maps.sum(axis=(1, 2)), face - without
