"""ROAD: deletion where what is taken away is filled in from what stands around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer.explain.faithfulness import probabilities, ranks
from fer.explain.scaling import places
from fer.types import Bools, Floats, Images, Labels, Network

NOISE = 0.01 * 255  # grey levels, so that the filling itself tells nothing
# What each neighbour counts: beside and below, then across the corner.
STRAIGHT, ACROSS = 1 / 6, 1 / 12
NEIGHBOURS = {
    (down, right): STRAIGHT if 0 in (down, right) else ACROSS
    for down in (-1, 0, 1)
    for right in (-1, 0, 1)
    if (down, right) != (0, 0)
}


def road(
    network: Network,
    images: Images,
    maps: Floats,
    classes: Labels,
    shares: Sequence[float] = (0.1, 0.2, 0.4),
    seed: int = 0,
) -> Floats:
    """The class's probability without each map's highest places: (N, shares) float32.

    They are filled by noisy linear imputation (Rong, 2022, arXiv:2202.00449). images:
    (N, 48, 48) uint8. maps: (N, 48, 48) float. classes: (N,) int.
    """
    rng, rank = np.random.default_rng(seed), ranks(places(maps))
    told = []
    for share in shares:
        gone = rank < share * images[0].size
        faces = [imputed(*it, rng) for it in zip(images, gone, strict=True)]
        told.append(probabilities(network, np.array(faces), classes))
    return np.stack(told, axis=1)


def imputed(image: Images, gone: Bools, rng: np.random.Generator) -> Images:
    """The face (48, 48) uint8 with each pixel of `gone` the mean of its neighbours."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    number = np.full(np.add(image.shape, 2), -1)  # -1: beyond the edge, or not gone
    number[1:-1, 1:-1][gone] = np.arange(gone.sum())
    values = np.pad(image.astype(float), 1)
    inside = np.pad(np.ones(image.shape), 1)
    rows, columns = np.nonzero(number >= 0)
    own = np.arange(len(rows))
    known, total, cells = np.zeros(len(rows)), np.zeros(len(rows)), list[tuple]()
    for (down, right), weight in NEIGHBOURS.items():
        at = rows + down, columns + right
        gone_too = number[at] >= 0
        total += weight * inside[at]
        known += weight * np.where(gone_too, 0, values[at] * inside[at])
        cells.append((own[gone_too], number[at][gone_too], -weight))
    cells.append((own, own, total))
    i, j, weights = zip(*cells, strict=True)
    entries = [np.broadcast_to(it, at.shape) for it, at in zip(weights, i, strict=True)]
    places = np.concatenate(i), np.concatenate(j)
    system = coo_matrix((np.concatenate(entries), places)).tocsc()
    result = image.astype(float)
    result[gone] = spsolve(system, known) + NOISE * rng.standard_normal(len(rows))
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)
