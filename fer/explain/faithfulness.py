"""Faithfulness: how a class's probability falls as a map's highest pixels go."""

from __future__ import annotations

import numpy as np

from fer.explain.scaling import places
from fer.types import Floats, Images, Ints, Labels, Network, Probabilities

# What stands where pixels are taken away. No fill is a face, so each misleads a network
# in a way of its own: what holds with all of them is of the map.
FILLS = ("mean", "blur", "noise")
BLUR = 8  # pixels: no feature of a face is left
BLOB = 10  # pixels: the deviation of a blob as wide as a face's middle
BATCH = 512


def curves(
    network: Network,
    images: Images,
    maps: Floats,
    classes: Labels,
    steps: int = 10,
    fill: str = "mean",
    seed: int = 0,
) -> Floats:
    """Deletion and insertion curves of a probability: (2, N, steps + 1) float32.

    Deletion fills the face share by share, the most salient places first; insertion
    brings them back into a filled face in the same order (Petsiuk, 2018,
    arXiv:1806.07421). With a faithful map, deletion falls early and insertion rises
    early. Maps are blurred before they are ranked, since single grey pixels strewn over
    a face are noise to a network, wherever they are.
    images: (N, 48, 48) uint8. maps: (N, 48, 48) float. classes: (N,) int.
    """
    rank, without = ranks(places(maps)), filled(images, fill, seed)
    found = np.empty((2, len(images), steps + 1), np.float32)
    ends = [probabilities(network, faces, classes) for faces in (images, without)]
    found[:, :, 0], found[:, :, -1] = ends, ends[::-1]
    for step in range(1, steps):
        first = rank * steps < step * images[0].size
        less, more = np.where(first, without, images), np.where(first, images, without)
        for curve, faces in zip(found, (less, more), strict=True):
            curve[:, step] = probabilities(network, faces, classes)
    return found


def ranks(maps: Floats) -> Ints:
    """The rank of each pixel in its map: (N, 48, 48) int, 0 the highest value."""
    order = np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")
    return np.argsort(order, axis=1).reshape(maps.shape)


def filled(images: Images, fill: str, seed: int = 0) -> Images:
    """Faces of which nothing is left but their grey (N, 48, 48) uint8; fill: of FILLS.

    mean: that grey. blur: the face out of focus. noise: normal, of the face's own mean
    and deviation.
    """
    from scipy.ndimage import gaussian_filter

    if fill == "blur":
        return gaussian_filter(images, (0, BLUR, BLUR), mode="nearest")
    means, spread = (f(images, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
    noise = np.random.default_rng(seed).standard_normal(images.shape)
    grey = np.broadcast_to(means, images.shape)
    return np.clip(grey + spread * noise * (fill == "noise"), 0, 255).astype(np.uint8)


def probabilities(network: Network, images: Images, classes: Labels) -> Probabilities:
    """The probability of each face's class: (N,) float32."""
    starts = range(0, len(images), BATCH)
    told = [network.predict_on_batch(images[i : i + BATCH, ..., None]) for i in starts]
    return np.concatenate(told)[np.arange(len(images)), classes]


def against_chance(
    network: Network, images: Images, maps: Floats, classes: Labels, seed: int = 0
) -> list[Floats]:
    """The `curves` of the maps, and those of random maps, which they must beat."""
    chance = at_random(images, seed)
    return [curves(network, images, it, classes) for it in (maps, chance)]


def at_random(images: Images, seed: int = 0) -> Floats:
    """Maps (N, 48, 48) float32 in 0..1 that know nothing of the faces."""
    return np.random.default_rng(seed).random(images.shape, np.float32)


def blob(images: Images) -> Floats:
    """Maps (N, 48, 48) in 0..1 of a Gaussian in the middle, where faces stand."""
    off = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    one = np.exp(-(off[:, None] ** 2 + off**2) / (2 * BLOB**2))
    return np.broadcast_to(one, images.shape)


def edges(images: Images) -> Floats:
    """Maps (N, 48, 48) of how steeply the brightness changes."""
    return np.hypot(*np.gradient(images.astype(np.float32), axis=(1, 2)))
