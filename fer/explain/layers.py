"""Layers whose features still lie where they were seen in the face."""

from fer import BadInput
from fer.explain.ascent import convolutions
from fer.explain.gradient import ending

THINNING = ("Pooling", "Dropout")  # what stands before them shows more


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
