"""The layers of a network to look into, and their responses to faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer import BadInput, networks
from fer.explain.gradient import ending
from fer.explain.target import BLOCK
from fer.types import Bools, Floats, Images, Layer, Network

THINNING = ("Pooling", "Dropout")  # what stands before them shows more


def convolutions(network: Network) -> list[Layer]:
    """The network's convolutions that keep places of a face apart, in order."""
    return [
        layer
        for layer in network.layers
        if hasattr(layer, "filters")
        and len(layer.output.shape) == 4
        and layer.output.shape[1:3] != (1, 1)
    ]


def pick_layers(network: Network, names: Sequence[str]) -> list[Layer]:
    """The convolutions called `names`: a layer's name, or its number from 1.

    Raises BadInput for any other name.
    """
    known = convolutions(network)
    by_name = {layer.name: layer for layer in known}
    by_name |= {str(number): layer for number, layer in enumerate(known, 1)}
    for name in names:
        if name not in by_name:
            raise BadInput(
                f"layer {name} is no convolution of this model: choose of "
                f"{', '.join(by_name) or 'none, it has no convolutions'}"
            )
    return [by_name[name] for name in names]


def responses(network: Network, layer: Layer, image: Images) -> Floats:
    """A layer's responses to a face (48, 48) uint8: (filters, height, width)."""
    import keras

    model = keras.Model(network.inputs, layer.output)
    maps = model.predict_on_batch(image[None, :, :, None])
    return np.moveaxis(maps[0], -1, 0)


def moved(network: Network, layer: Layer, images: Images) -> Bools:
    """Which filters respond differently to some face or place: (filters,) bool.

    images: (N, 48, 48) uint8. A filter whose response hundreds of faces never change is
    dead.
    """
    import keras

    model = keras.Model(network.inputs, layer.output)
    size = networks.together(network, BLOCK)
    lowest: Any = np.inf
    highest: Any = -np.inf
    for start in range(0, len(images), size):
        maps = model.predict_on_batch(images[start : start + size, ..., None])
        lowest = np.minimum(lowest, maps.min(axis=(0, 1, 2)))
        highest = np.maximum(highest, maps.max(axis=(0, 1, 2)))
    return highest > lowest


def first_weights(network: Network) -> Floats | None:
    """The weights of a first dense layer, a picture a unit: (units, 48, 48) float32.

    None if the first layer with weights is another.
    """
    first = next(layer for layer in network.layers if layer.weights)
    height, width, _ = networks.FACE_SHAPE
    if type(first).__name__ != "Dense" or first.kernel.shape[0] != height * width:
        return None
    return np.reshape(np.transpose(first.kernel), (-1, height, width))


def cut(network: Network, name: str | None = None) -> tuple[Network, Network]:
    """The networks before and behind a layer: faces to features, these to `ending`.

    name: of the layer; by default the last of `with_places` but for poolings and
    dropout. Raises BadInput where the network has none, or none of that name.
    """
    import keras

    known = with_places(network)
    if name and name not in known:
        raise BadInput(
            f"layer {name} has no map of its own in this model: choose of "
            f"{', '.join(known) or 'none, it has no convolution'}"
        )
    if not known:
        raise BadInput("this model has no convolution: gradcam and hirescam need one")
    fine = [key for key in known if not _thins_out(network.get_layer(key))]
    chosen = name or fine[-1]
    front = keras.Model(network.input, network.get_layer(chosen).output)
    return front, known[chosen]


def with_places(network: Network) -> dict[str, Network]:
    """{layer's name: network behind it}, from the first convolution on, in order.

    Only of layers with places that all behind them depends on: none that a shortcut
    goes round.
    """
    first = next(iter(convolutions(network)), None)
    behind = network.layers[network.layers.index(first) :] if first else []
    found = {}
    for layer in behind:
        rest = _behind(layer, ending(network)[0]) if _has_places(layer) else None
        if rest:
            found[layer.name] = rest
    return found


def _has_places(layer):
    shape = layer.output.shape
    return len(shape) == 4 and max(shape[1:3]) > 1


def _behind(layer, output):
    import keras

    try:
        return keras.Model(layer.output, output)
    except ValueError:  # the output depends on more than this layer
        return None


def _thins_out(layer):
    return any(word in type(layer).__name__ for word in THINNING)
