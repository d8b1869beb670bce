"""The places of real faces that move a filter most."""

from __future__ import annotations

import numpy as np

from fer import networks
from fer.explain.target import BLOCK
from fer.types import Images, Layer, Network

SHOWN = 9  # patches a filter, each of another face


def strongest(network: Network, layer: Layer, images: Images) -> Images:
    """What of the faces (N, 48, 48) uint8 moves each filter of `layer` most.

    Returns (filters, SHOWN or N, side, side) uint8, the strongest first; side: that of
    what one place of the layer sees. Beyond a face's edge its edge goes on.
    """
    best, where, width = _peaks(network, layer, images)
    filters, side = np.arange(best.shape[1]), seen(network, layer)
    faces = np.argsort(-best, axis=0, kind="stable")[:SHOWN]
    jump, place = images.shape[1] / width, where[faces, filters]
    middles = ((np.divmod(place, width) + np.array(0.5)) * jump).astype(int)
    padded = np.pad(images, ((0, 0), *[(side // 2, side)] * 2), mode="edge")
    down, across = (it[..., None] + np.arange(side) for it in middles)
    cut = padded[faces[..., None, None], down[..., None], across[..., None, :]]
    return cut.swapaxes(0, 1)


def seen(network: Network, layer: Layer) -> int:
    """How many pixels a side one place of the layer depends on, at most: int."""
    side = jump = 1
    for each in network.layers[: network.layers.index(layer) + 1]:
        window = getattr(each, "kernel_size", getattr(each, "pool_size", (1,)))
        side += (window[0] - 1) * jump
        jump *= getattr(each, "strides", (1,))[0]
    return min(side, network.input_shape[1])


def _peaks(network, layer, images):
    """Each filter's largest response to each face, and its place: (N, filters) both.

    And the layer's width, by which a place is a row and a column.
    """
    import keras

    model, found = keras.Model(network.inputs, layer.output), []
    size = networks.together(network, BLOCK)
    for start in range(0, len(images), size):
        maps = model.predict_on_batch(images[start : start + size, ..., None])
        flat = maps.reshape(len(maps), -1, maps.shape[-1])
        found.append((flat.max(axis=1), flat.argmax(axis=1)))
    best, where = map(np.concatenate, zip(*found, strict=True))
    return best, where, maps.shape[2]
