"""SmoothGrad: the mean gradient of noisy copies of a face."""

from __future__ import annotations

import numpy as np

from fer import backend, networks, precision
from fer.explain.gradient import logits
from fer.explain.target import Against, in_blocks, weights
from fer.types import Floats, Images, Labels, Network

PIXEL_RANGE = 255
# Noisy copies of a face at a time: what they light up stays in the processor's cache.
TOGETHER = 16


def maps(
    network: Network,
    images: Images,
    classes: Labels,
    against: Against = None,
    samples: int = 32,
    noise: float = 0.15,
    seed: int = 0,
) -> Floats:
    """Signed maps (N, 48, 48) float32 (Smilkov, 2017, arXiv:1706.03825).

    As gradient.maps, but the mean of `samples` >= 1 noisy copies of the face, in the
    machine's fastest precision: its rounding is far below the noise. noise: its
    standard deviation, as a share of the pixels' range. seed: of the noise, which is
    the same for every face.
    """
    from keras import ops

    score = logits(networks.computing_in(precision.fastest(network), network))

    @backend.compiled
    def slopes_of(face, added, wanted):
        return backend.gradient(
            lambda x: ops.sum(score(x + added) * wanted, axis=-1), face
        )

    most = networks.together(network, TOGETHER)

    def one(image, wanted):
        face = image[..., None].astype(np.float32)
        total = np.zeros(image.shape, np.float32)
        for drawn in _noise(face.shape[1:], samples, most, seed):
            total += slopes_of(face, PIXEL_RANGE * noise * drawn, wanted)[..., 0]
        return total / samples

    return in_blocks(one, images, weights(network, classes, against), size=1)


def _noise(shape, samples, most, seed):
    """Yield standard normal noise (n, *shape) for `samples` copies, n <= `most`."""
    rng = np.random.default_rng(seed)
    for start in range(0, samples, most):
        yield rng.standard_normal((min(most, samples - start), *shape), np.float32)
