"""Sensitivity-n: does what a map gives to some places tell what their loss costs?"""

from __future__ import annotations

import numpy as np

from fer.explain.faithfulness import filled, probabilities
from fer.types import Floats, Images, Labels, Network

CELL = 4  # pixels: the side of the places that are taken away together


def sensitivity(
    network: Network,
    images: Images,
    heats: dict[str, Floats],
    classes: Labels,
    share: float = 0.1,
    subsets: int = 30,
    seed: int = 0,
) -> dict[str, Floats]:
    """Correlation of a map's sum and the fall of the probability: {name: (N,)}.

    Over random subsets of `share` of the face's cells, set to its mean (Ancona, 2018,
    arXiv:1711.06104, whose n are pixels). heats: {name: (N, 48, 48)}; all are asked
    about the same subsets. images: (N, 48, 48) uint8. classes: (N,) int. A map that is
    everywhere the same has correlation 0.
    """
    rng = np.random.default_rng(seed)
    grey, whole = filled(images, "mean"), probabilities(network, images, classes)
    sums: dict[str, list] = {name: [] for name in heats}
    falls = []
    for _ in range(subsets):
        gone = _cells(rng, images.shape, share)
        less = np.where(gone, grey, images)
        falls.append(whole - probabilities(network, less, classes))
        for name, heat in heats.items():
            sums[name].append((heat * gone).sum(axis=(1, 2)))
    return {
        name: _correlation(np.array(it), np.array(falls)) for name, it in sums.items()
    }


def _cells(rng, shape, share):
    """Which pixels of each face lie in its random cells: (N, 48, 48) bool."""
    count, rows, columns = shape[0], shape[1] // CELL, shape[2] // CELL
    order = rng.random((count, rows * columns)).argsort(axis=1)
    chosen = (order < round(share * rows * columns)).reshape(count, rows, columns)
    return chosen.repeat(CELL, axis=1).repeat(CELL, axis=2)


def _correlation(one, other):
    """Pearson's, by column of (subsets, N): (N,)."""
    one, other = (it - it.mean(axis=0) for it in (one, other))
    size = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))
    shared = (one * other).sum(axis=0)
    return np.divide(shared, size, out=np.zeros_like(shared), where=size > 0)
