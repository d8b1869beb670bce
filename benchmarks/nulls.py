"""Maps that cannot know why a network decides: what a method must beat."""

import numpy as np

from fer import explain
from fer.explain import faithfulness, randomised

MIDDLE = 10  # pixels: the deviation of the blob


def nulls(network, images, classes, heats):
    """{name: maps (N, 48, 48)}: at random, edges, an untrained network, middle, mean.

    The gradient of an untrained network is the check of Adebayo (2018,
    arXiv:1810.03292). heats: {method: (N, 48, 48)}; of each face the mean is that of
    all methods and all other faces.
    """
    shift = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    blob = np.exp(-(shift**2 + shift[:, None] ** 2) / (2 * MIDDLE**2))
    down, aside = np.gradient(images.astype(np.float32), axis=(1, 2))
    start, total = randomised.untrained(network), sum(heats.values())
    return {
        "at random": faithfulness.at_random(images),
        "edges": np.hypot(down, aside),
        "gradient, untrained": explain.heat_of("gradient", start, images, classes),
        "blob in the middle": np.broadcast_to(blob, images.shape),
        "mean of other faces": total.sum(axis=0) - total,
    }
