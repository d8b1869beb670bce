"""Efficient MPRT: do random weights make a map more complex?"""

from __future__ import annotations

import numpy as np

from fer.types import Floats, Network

BINS = 100


def untrained(network: Network, seed: int = 0) -> Network:
    """A network of the same structure with the weights that a training starts from."""
    import keras

    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(network)


def rise_of_complexity(maps: Floats, of_random: Floats) -> Floats:
    """By what share the maps' complexity rises with random weights: (N,) float64.

    Complexity is the entropy of the histogram of a map's values (Hedstroem, 2024,
    arXiv:2401.06465). A map that the weights do not change has 0; what is learned is
    simpler than what is not, so a good one rises. maps, of_random: (N, 48, 48).
    """
    before, after = (np.array([*map(_entropy, it)]) for it in (maps, of_random))
    return np.divide(
        after - before, before, out=np.zeros_like(before), where=before > 0
    )


def _entropy(heat):
    counts, _ = np.histogram(heat, BINS)
    shares = counts[counts > 0] / counts.sum()
    return -(shares * np.log(shares)).sum()
