"""Where the shortcuts of explaining do not hold, the plain way leads to the same."""

import keras
import numpy as np
import pytest
from keras import layers
from model_files import chain, rescaling

from fer import backend, explain, networks

FACES = np.random.default_rng(0).integers(0, 256, (2, 48, 48), dtype=np.uint8)
KNOWN = {
    "Rescaling": rescaling,
    "Otherwise": lambda: layers.Rescaling(1 / 255),
    "MaxPooling2D": lambda: layers.MaxPooling2D(4),
    "Flatten": layers.Flatten,
    "GlobalAveragePooling2D": layers.GlobalAveragePooling2D,
    "Conv2D": lambda: layers.Conv2D(4, 1, activation="relu"),
    "Valid": lambda: layers.Conv2D(2, 3, strides=2, activation="tanh"),
    "Dilated": lambda: layers.Conv2D(2, 3, padding="same", dilation_rate=2),
    "Aslant": lambda: layers.Conv2D(2, 3, strides=(2, 3), activation="relu"),
    "Together": lambda: layers.Conv2D(3, 3, padding="same", activation="softmax"),
    "Grouped": lambda: layers.Conv2D(4, 3, groups=2, padding="same"),
    "Separable": lambda: layers.SeparableConv2D(3, 3, activation="relu"),
    "Norm": layers.LayerNormalization,
    "Activation": lambda: layers.Activation("relu"),
    "Dense": lambda: layers.Dense(7, activation="softmax"),
    "Unbiased": lambda: layers.Dense(7, activation="softmax", use_bias=False),
    "Linear": lambda: layers.Dense(7),
    "Softmax": layers.Softmax,
    "Apart": lambda: layers.Activation("softmax"),
    "Kept": layers.Identity,
}


def built(kinds):
    """A network of those layers, one after the other, and no shortcut to it."""
    faces = keras.Input((48, 48, 1), dtype="uint8")
    return chain(faces, *(KNOWN[kind]() for kind in kinds.split()))


def plain(network, output):
    """The network from rescaled pixels to a tensor of it, called as a whole."""
    return keras.Model(networks.rescaling(network).output, output)


def rescaled(network):
    rescaling = networks.rescaling(network)
    return FACES[..., None].astype(np.float32) * rescaling.scale + rescaling.offset


@pytest.mark.parametrize(
    "kinds",
    [
        "Otherwise Conv2D Flatten Dense",
        "Rescaling MaxPooling2D Valid Flatten Unbiased",
        "Rescaling Dilated MaxPooling2D Flatten Linear Softmax",
        "Rescaling Aslant Norm Activation Flatten Linear Apart",
        "Rescaling Conv2D Grouped MaxPooling2D Flatten Dense Kept",
        "Rescaling Together Separable MaxPooling2D GlobalAveragePooling2D Dense",
    ],
)
def test_maps_and_filters_are_those_of_the_whole_network(kinds):
    network = built(kinds)
    body, chosen = plain(network, network.output), keras.ops.one_hot([2, 5], 7)
    if kinds.endswith("Kept"):

        def score(x):
            return keras.ops.log(body(x))

    else:
        last = network.layers[-1]
        inner = plain(network, last.input)

        def score(x):
            if not hasattr(last, "kernel"):
                return inner(x)
            return keras.ops.matmul(inner(x), last.kernel)

    slopes = backend.gradient(
        lambda x: keras.ops.sum(score(x) * chosen, axis=1), rescaled(network)
    )
    heat = explain.unit(np.abs(explain.gradient.maps(network, FACES, [2, 5])))
    assert np.allclose(heat, explain.unit(np.abs(slopes[..., 0])), atol=1e-4)
    for layer in explain.convolutions(network):
        images, _, reached = explain.ascend(network, layer, steps=3)
        scale, offset = (getattr(network.layers[1], it) for it in ("scale", "offset"))
        whole = plain(network, layer.output)(images[..., None] * scale + offset)
        own = np.diagonal(np.mean(whole, axis=(1, 2)))
        assert np.allclose(reached, own, atol=1e-4)


def test_filters_that_do_not_fit_into_memory_at_once_climb_in_turn(monkeypatch):
    network = built("Rescaling Conv2D Flatten Dense")
    [layer] = explain.convolutions(network)
    together = explain.ascend(network, layer, steps=3)
    monkeypatch.setattr(networks, "MOST_NUMBERS", 3 * networks.numbers(network))
    assert networks.together(network, 4) == 3
    for one, other in zip(together, explain.ascend(network, layer, 3), strict=True):
        assert np.allclose(one, other, atol=1e-4)
    twice = np.concatenate([FACES] * 2)
    maps = explain.gradient.maps(network, twice, [0, 1, 0, 1])
    assert np.allclose(maps[:2], maps[2:])
