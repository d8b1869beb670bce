"""Any Keras network in this suite's form: uint8 faces in, probabilities out.

Scoring, explaining and drawing rely on no more than that: the network takes
(N, 48, 48, 1), starts with a Rescaling, is one graph, and returns (N, classes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer import BadInput, networks
from fer.types import Network

# What a network may expect of a pixel of 0..255: scale and offset that make it so.
RANGES = {"0..255": (1.0, 0.0), "0..1": (1 / 255, 0.0), "-1..1": (1 / 127.5, -1.0)}
# Layers that leave a pixel's range as it is.
KEEPING = (
    *("InputLayer", "Resizing", "CenterCrop", "Cropping2D", "ZeroPadding2D"),
    *("Reshape", "Permute", "Identity", "Concatenate", "UpSampling2D"),
)
TRIED = 4  # faces of noise, to see whether it returns probabilities


def adapted(network: Network, path: Path, pixels: str | None = None) -> Network:
    """A network that computes what `network` does, of uint8 faces (N, 48, 48, 1).

    pixels: the range that it expects, one of RANGES; read from its first layers where
    it is None. Raises BadInput, naming `path`, where it cannot be, and for what does
    not map one face to the classes' probabilities or logits.
    """
    import keras
    from keras import layers

    _must_map_faces(network, path)
    pixels = pixels or expects(network)
    if pixels is None:
        raise BadInput(
            f"{path} does not tell which pixels it expects: name them by --pixels, as "
            f"{', '.join(RANGES)}"
        )
    _name_apart(network)
    faces = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    floats = layers.Rescaling(*RANGES[pixels], name="pixels")(faces)
    outputs = _laid_open(network, _shaped(floats, network.input_shape))
    graph = keras.Model(faces, outputs, name=_plain(network.name))
    must_fit(graph, path)
    if not _returns_probabilities(graph):
        graph = keras.Model(faces, layers.Softmax(name="probabilities")(graph.output))
    return _of_one_graph(graph)


def _of_one_graph(network):
    """A copy, whose layers know of no other network."""
    import keras

    own = keras.models.clone_model(network)
    own.set_weights(network.get_weights())
    for layer in own.layers:
        # Normalization keeps what it computes of its weights.
        getattr(layer, "finalize_state", lambda: None)()
    return own


def must_fit(network: Network, path: Path) -> None:
    """Raise BadInput for a network that needs too much memory for one face."""
    if networks.numbers(network) > networks.MOST_NUMBERS // 2:
        raise BadInput(f"{path} would need gigabytes for one face: too large a network")


def in_order(network: Network, order: Sequence[int]) -> Network:
    """The network with its outputs reordered: output i becomes the old `order[i]`."""
    import keras

    last, softmax = network.layers[-1], networks.ends_in_softmax(network)
    if softmax and type(last).__name__ == "Dense":
        last.set_weights([weights[..., order] for weights in last.get_weights()])
        return network
    outputs = last.input if softmax else network.output
    outputs = keras.ops.take(outputs, order, axis=-1)
    if softmax:
        outputs = keras.layers.Softmax(name="probabilities")(outputs)
    return keras.Model(network.inputs, outputs, name=network.name)


def is_adapted(network: Network) -> bool:
    """Whether the network has this suite's form already and needs no adapting."""
    kinds = [type(layer).__name__ for layer in network.layers]
    return (
        kinds[:2] == ["InputLayer", "Rescaling"]
        and network.input_shape == (None, *networks.FACE_SHAPE)
        and isinstance(network.layers[1].scale, float)
        and sum(_reads_pixels(network, each) for each in network.operations) == 1
        and not {"Functional", "Sequential"} & {*kinds}
        and networks.ends_in_softmax(network)
        and all(layer.name == _plain(layer.name) for layer in network.layers)
    )


def _reads_pixels(network, operation):
    import keras

    if type(operation).__name__ == "InputLayer":
        return False
    read = keras.tree.flatten(operation.input)
    return any(it is network.inputs[0] for it in read)


def expects(network: Network) -> str | None:
    """Which of RANGES the network's first layers show that it expects, or None."""
    for layer in _layers_within(network):
        kind = type(layer).__name__
        if kind in KEEPING or kind.startswith("Random"):
            continue
        if kind == "Rescaling":
            return _before_rescaling(np.max(layer.scale))
        if kind == "Normalization":
            mean, variance = (np.mean(it) for it in (layer.mean, layer.variance))
            return _of_mean(mean, np.sqrt(variance))
        break
    return None


def _before_rescaling(scale):
    if scale < 0.1:
        return "0..255"
    return "0..1" if scale in (2, 255) else None


def _of_mean(mean, deviation):
    """The range of pixels of that mean and deviation; FER2013's: half, a quarter."""
    if mean > 2:
        return "0..255"
    if 0.2 < mean < 0.9 and deviation < 0.5:
        return "0..1"
    return "-1..1" if -0.9 < mean < 0.2 and 0.2 < deviation < 1 else None


def _layers_within(network):
    """The layers of the network and of those within it, from the pixels on."""
    for layer in network.layers:
        inner = hasattr(layer, "layers")
        yield from _layers_within(layer) if inner else [layer]


def _must_map_faces(network, path):
    takes, gives = network.input_shape, network.output_shape
    single = isinstance(takes, tuple) and isinstance(gives, tuple)
    if not (single and _side(takes) and len(gives) == 2 and (gives[1] or 0) > 1):
        raise BadInput(
            f"{path} maps {takes} to {gives}: this suite takes networks that map one "
            "square face, grey or RGB, to a number a class, as (None, 48, 48, 1) to "
            "(None, 7)"
        )


def _side(shape):
    """The side of a face for an input of that shape; 0 where it takes no faces."""
    _, *sizes = shape
    if len(sizes) == 1 and sizes[0]:
        root = round(sizes[0] ** 0.5)
        return root if root**2 == sizes[0] else 0
    square = len(sizes) in (2, 3) and sizes[0] == sizes[1]
    coloured = sizes[2:] in ([], [1], [3])
    return (sizes[0] or networks.FACE_SHAPE[0]) if square and coloured else 0


def _shaped(floats, shape):
    """Grey faces as an input of that shape takes them: of its size and colours."""
    from keras import layers

    side = _side(shape)
    if side != networks.FACE_SHAPE[0]:
        floats = layers.Resizing(side, side, name="to_its_size")(floats)
    if shape[1:] in ((side, side), (side * side,)):
        return layers.Reshape(shape[1:], name="to_its_shape")(floats)
    if shape[-1] == 3:
        return layers.Concatenate(name="to_rgb")([floats] * 3)
    return floats


def _laid_open(network, inputs):
    """What the network makes of the inputs, its layers and theirs called one by one.

    Called as a whole, it would first cast pixels to what its input is declared as.
    """
    import keras

    graph = network
    if isinstance(network, keras.Sequential):
        graph = keras.Model(network.inputs, network.outputs)

    def opened(layer):
        if isinstance(layer, keras.Model):
            return lambda inputs, **_: _laid_open(layer, inputs)
        return layer

    outputs = graph._run_through_graph(inputs, operation_fn=opened)
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs


def _name_apart(network):
    """Name each layer within the network plainly, and otherwise than the others."""
    taken = {"pixels", "to_its_size", "to_its_shape", "to_rgb", "probabilities"}
    for layer in _layers_within(network):
        name, number = _plain(layer.name), 1
        while name in taken:
            number += 1
            name = f"{_plain(layer.name)}_{number}"
        layer.name = name
        taken.add(name)


def _plain(name):
    return re.sub(r"\W", "_", name, flags=re.ASCII)[:64]


def _returns_probabilities(network):
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (TRIED, *networks.FACE_SHAPE), dtype=np.uint8)
    told = network.predict_on_batch(faces)
    return told.min() >= 0 and np.abs(told.sum(1) - 1).max() < 0.01
