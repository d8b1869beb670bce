"""The coursework's CNN and its matched DNN, and residual networks that outdo both.

All take raw uint8 pixels (N, 48, 48, 1) in 0..255, since a parameter-free rescaling
stands in front, and return float32 probabilities (N, classes). NETWORKS is their one
registry.
"""

from __future__ import annotations

import math

import numpy as np

from fer.data import CLASSES, csv_reader
from fer.types import Labels, Layer, Network, Probabilities

FACE_SHAPE = (csv_reader.SIDE, csv_reader.SIDE, 1)
# A start that keeps the signal's size from layer to layer (He, 2015, arXiv:1502.01852).
RELU = {"activation": "relu", "kernel_initializer": "he_normal"}
RESCALING = {"scale": 1 / 127.5, "offset": -1}  # pixels of 0..255 to -1..1
DROPOUT = 0.3
SEVEN = len(CLASSES)
MOST_NUMBERS = 1 << 28  # that a network makes of the faces that it sees at a time: 1 GB
SQUEEZE = 8  # of a block's filters to one unit that weighs them
# The layers that were measured in bfloat16.
MEASURED = {
    *("InputLayer", "Rescaling", "Conv2D", "MaxPooling2D", "AveragePooling2D"),
    *("Flatten", "Dense", "Dropout", "ReLU", "Add", "Multiply"),
    *("GlobalAveragePooling2D", "DepthwiseConv2D", "BatchNormalization"),
}


def build(name: str, classes: int = SEVEN, dropout: float = DROPOUT) -> Network:
    """The network called `name` in NETWORKS, with random weights.

    classes: how many outputs. dropout: 0..1, the share dropped.
    """
    return NETWORKS[name](classes, dropout)


def cnn(classes: int = SEVEN, dropout: float = DROPOUT) -> Network:
    """Four convolutions and two hidden dense layers: exactly 1,396,871 parameters."""
    from keras import layers

    def convolution(number, filters, size):
        return layers.Conv2D(
            filters, size, padding="same", name=f"conv{number}", **RELU
        )

    return _chain(
        "cnn",
        convolution(1, 64, 5),
        layers.MaxPooling2D(2),
        convolution(2, 64, 3),
        convolution(3, 64, 3),
        layers.AveragePooling2D(2),
        convolution(4, 128, 3),
        layers.AveragePooling2D(2),
        *_classifier(256, classes, dropout),
    )


def dnn(classes: int = SEVEN, dropout: float = DROPOUT) -> Network:
    """Two hidden dense layers on the flattened pixels: exactly 1,446,407 parameters."""
    return _chain("dnn", *_classifier(512, classes, dropout))


def compact(classes: int = SEVEN, dropout: float = DROPOUT) -> Network:
    """Four residual blocks: 1,357,387 parameters."""
    return _compact("compact", 64, classes, dropout)


def compact_5m(classes: int = SEVEN, dropout: float = DROPOUT) -> Network:
    """The compact network of twice the width, a teacher: 5,398,159 parameters."""
    return _compact("compact_5m", 128, classes, dropout)


def compact_350k(classes: int = SEVEN, dropout: float = DROPOUT) -> Network:
    """The compact network of half of the width: 343,273 parameters."""
    return _compact("compact_350k", 32, classes, dropout)


def compact_60k(classes: int = SEVEN, dropout: float = DROPOUT) -> Network:
    """The compact network of a fifth of the width: 57,803 parameters."""
    return _compact("compact_60k", 13, classes, dropout)


def _compact(name, width, classes, dropout):
    from keras import initializers, layers

    return _chain(
        name,
        layers.Conv2D(width // 2, 3, padding="same", name="conv1", **RELU),
        layers.MaxPooling2D(2),
        _residual(2, width, stride=1),
        _residual(3, 2 * width, stride=2),
        _residual(4, 2 * width, stride=1),
        _residual(5, 7 * width // 2, stride=2),
        *_normalised(),
        # Faces stand upright in the middle: where a feature is found tells something.
        # The weights start as those of a mean (Chen, 2018, arXiv:1804.07573).
        layers.DepthwiseConv2D(6, depthwise_initializer=initializers.Constant(1 / 36)),
        layers.Flatten(),
        layers.Dropout(dropout),
        _probabilities(classes),
    )


def _residual(number, filters, stride):
    """A function of features that adds what two convolutions make of them.

    Norm and ReLU come first (He, 2016, arXiv:1603.05027); the second one's channels are
    weighed by what the whole face shows (Hu, 2017, arXiv:1709.01507).
    """
    from keras import layers

    def convolution(letter, step):
        name = f"conv{number}{letter}"
        return layers.Conv2D(filters, 3, step, "same", name=name, use_bias=False)

    def block(features):
        shortcut, bent = features, _in_turn(features, *_normalised())
        if features.shape[-1] != filters:
            shrunk = layers.AveragePooling2D(stride)(bent)
            shortcut = layers.Conv2D(filters, 1, name=f"shortcut{number}")(shrunk)
        both = convolution("a", stride), *_normalised(), convolution("b", 1)
        bent = _in_turn(bent, *both)
        weights = _in_turn(
            bent,
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Dense(filters // SQUEEZE, **RELU),
            layers.Dense(filters, activation="sigmoid"),
        )
        return layers.Add()([shortcut, layers.Multiply()([bent, weights])])

    return block


def _normalised():
    from keras import layers

    return layers.BatchNormalization(), layers.ReLU()


def _classifier(units, classes, dropout):
    from keras import layers

    return [
        layers.Flatten(),
        layers.Dense(units, **RELU),
        layers.Dropout(dropout),
        layers.Dense(units, **RELU),
        layers.Dropout(dropout),
        _probabilities(classes),
    ]


def _probabilities(classes):
    from keras import layers

    # In float32 whatever the policy: bfloat16 has two digits for a probability.
    return layers.Dense(classes, activation="softmax", dtype="float32")


def _chain(name, *layers):
    """The layers one after the other, behind the rescaling of pixels to -1..1."""
    import keras

    faces = keras.Input(FACE_SHAPE, dtype="uint8")
    rescaling = keras.layers.Rescaling(**RESCALING)
    return keras.Model(faces, _in_turn(faces, rescaling, *layers), name=name)


def _in_turn(features, *layers):
    for layer in layers:
        features = layer(features)
    return features


NETWORKS = {
    build.__name__: build
    for build in (cnn, dnn, compact, compact_5m, compact_350k, compact_60k)
}


def rescaling(network: Network) -> Layer:
    """The layer behind which pixels are floats, so that gradients can reach them."""
    return next(layer for layer in network.layers if hasattr(layer, "offset"))


def activation(layer: Layer) -> str | None:
    """The name of the function that a layer applies to its results, or None."""
    return getattr(getattr(layer, "activation", None), "__name__", None)


def ends_in_softmax(network: Network) -> bool:
    """Whether the last layer is a softmax, which turns logits into probabilities."""
    last = network.layers[-1]
    softmax = type(last).__name__ == "Softmax" or activation(last) == "softmax"
    return softmax and last.output is network.output


def computing_in(policy: str, network: Network) -> Network:
    """A copy of the network that computes in `policy`, but for first and last weights.

    The first, whose gradients by the pixels are sums of many, stay as precise as they
    were, as do the logits. A network with other layers than the ones here, which were
    measured, is returned as it is.
    """
    import keras

    weighted = (n for n, layer in enumerate(network.layers) if hasattr(layer, "kernel"))
    first = next(weighted, 0)
    between = {layer.name for layer in network.layers[first + 1 : -1]}
    kinds = {type(layer).__name__ for layer in network.layers}
    if not (kinds <= MEASURED and ends_in_softmax(network)):
        return network

    def copy(layer):
        policies = {"dtype": policy} if layer.name in between else {}
        return type(layer).from_config(layer.get_config() | policies)

    twin = keras.models.clone_model(network, clone_function=copy)
    twin.set_weights(network.get_weights())
    return twin


def one_hot(labels: Labels, classes: int = SEVEN) -> Probabilities:
    """Labels (N,) int as probabilities (N, classes) float32."""
    return np.eye(classes, dtype=np.float32)[labels]


def together(network: Network, most: int) -> int:
    """How many faces, at most `most`, a network may take at a time: MOST_NUMBERS."""
    return max(1, min(most, MOST_NUMBERS // numbers(network)))


def numbers(network: Network) -> int:
    """How many numbers all layers together compute for one face, at most."""
    import keras

    uses = {
        each["name"]: max(1, len(each["inbound_nodes"]))
        for each in network.get_config()["layers"]
    }
    return sum(
        uses[each.name] * sum(map(_size, keras.tree.flatten(each.output)))
        + _hidden(each)
        for each in network.operations
    )


def _size(tensor):
    return math.prod(filter(None, tensor.shape))


def _hidden(layer):
    """How many numbers a layer makes on the way to its output."""
    if "Attention" in type(layer).__name__:
        places = math.prod(filter(None, layer.output.shape[1:-1]))
        return getattr(layer, "num_heads", 1) * places**2
    if hasattr(layer, "depth_multiplier"):
        return _size(layer.input) * layer.depth_multiplier
    return 0


def flops(network: Network) -> int:
    """Floating-point operations of the forward pass on one face, two a multiply-add.

    Those of convolutions and dense layers; all else is a fiftieth of them at most.
    """
    weighted = [layer for layer in network.layers if hasattr(layer, "kernel")]
    return 2 * sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in weighted
    )
