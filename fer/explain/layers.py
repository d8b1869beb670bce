"""Which layers there are to look into, and what they make of faces."""

import numpy as np

from fer import BadInput, networks
from fer.explain.gradient import ending
from fer.explain.target import BLOCK

THINNING = ("Pooling", "Dropout")  # what stands before them shows more


def convolutions(network):
    """The network's convolutions, in order."""
    return [
        layer
        for layer in network.layers
        if hasattr(layer, "filters") and len(layer.output.shape) == 4
    ]


def pick_layers(network, names):
    """The convolutions called `names`: their layer's name, or their number from 1."""
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


def responses(network, layer, image):
    """What each filter makes of a face (48, 48) uint8: (filters, height, width)."""
    import keras

    model = keras.Model(network.inputs, layer.output)
    maps = model.predict_on_batch(image[None, :, :, None])
    return np.moveaxis(maps[0], -1, 0)


def moved(network, layer, images):
    """Which filters answer some face or place other than the rest: (filters,) bool.

    A filter that none of hundreds of faces (N, 48, 48) uint8 moves is dead.
    """
    import keras

    model = keras.Model(network.inputs, layer.output)
    size = networks.together(network, BLOCK)
    lowest, highest = np.inf, -np.inf
    for start in range(0, len(images), size):
        maps = model.predict_on_batch(images[start : start + size, ..., None])
        lowest = np.minimum(lowest, maps.min(axis=(0, 1, 2)))
        highest = np.maximum(highest, maps.max(axis=(0, 1, 2)))
    return highest > lowest


def first_weights(network):
    """What each unit of a dense layer on the pixels weighs: (units, 48, 48) float32.

    None for a network in which the first layer with weights is not such a one.
    """
    first = next(layer for layer in network.layers if layer.weights)
    height, width, _ = networks.FACE_SHAPE
    if type(first).__name__ != "Dense" or first.kernel.shape[0] != height * width:
        return None
    return np.reshape(np.transpose(first.kernel), (-1, height, width))


def cut(network, name=None):
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


def with_places(network):
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
