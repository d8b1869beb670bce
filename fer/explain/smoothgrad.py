"""SmoothGrad: the mean gradient of noisy copies of a face."""

import numpy as np

from fer import backend, machine, networks
from fer.explain.gradient import logits, unit

PIXEL_RANGE = 255
# Noisy copies of a face at a time: what they light up stays in the processor's cache.
TOGETHER = 16


def smoothgrad(network, images, classes, samples=32, noise=0.15, seed=0):
    """Saliency maps (N, 48, 48) float32 in 0..1 (Smilkov, 2017, arXiv:1706.03825).

    As `saliency`, but of the mean gradient of `samples` >= 1 noisy copies of the face,
    in the machine's fastest precision: its rounding is far below the noise.
    images: (N, 48, 48) uint8. classes: (N,) int. noise: its standard deviation, as a
    share of the pixels' range. seed: of the noise, which is the same for every face.
    """
    from keras import ops

    score = logits(networks.computing_in(machine.precision(), network))

    @backend.compiled
    def slopes_of(face, added, chosen):
        return backend.gradient(
            lambda x: ops.sum(score(x + added) * chosen, axis=-1), face
        )

    chosen = networks.one_hot(classes)
    total = np.zeros(images.shape, np.float32)
    for row, face in enumerate(images[:, None, :, :, None].astype(np.float32)):
        rng = np.random.default_rng(seed)
        for start in range(0, samples, TOGETHER):
            copies = (min(TOGETHER, samples - start), *face.shape[1:])
            added = PIXEL_RANGE * noise * rng.standard_normal(copies, np.float32)
            total[row] += slopes_of(face, added, chosen[row])[0, ..., 0]
    return unit(np.abs(total / samples))
