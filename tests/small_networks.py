"""Networks so small that what explains them has a closed form."""

import keras
import numpy as np
from model_files import rescaling

from fer import networks

SCALE, OFFSET = 0.5, 3


def linear(weights):
    """Logits that are linear in the pixels: SCALE * weights is their gradient.

    weights: (48 * 48, 7).
    """
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = keras.layers.Rescaling(SCALE, offset=OFFSET)(inputs)
    dense = keras.layers.Dense(7, activation="softmax")
    network = keras.Model(inputs, dense(keras.layers.Flatten()(scaled)))
    dense.set_weights([weights, np.zeros(7)])
    return network


def features_and_weights(kernel, weights):
    """A linear convolution of one pixel, and logits that weigh its outcome by place.

    kernel: (filters,). weights: (48, 48, filters, 7).
    """
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = keras.layers.Rescaling(SCALE, offset=OFFSET)(inputs)
    layer = keras.layers.Conv2D(len(kernel), 1, name="features")
    dense = keras.layers.Dense(7, activation="softmax")
    network = keras.Model(inputs, dense(keras.layers.Flatten()(layer(scaled))))
    layer.set_weights([np.reshape(kernel, (1, 1, 1, -1)), np.zeros(len(kernel))])
    dense.set_weights([np.reshape(weights, (-1, 7)), np.zeros(7)])
    return network


def tiny():
    """A convolution, a pooling and a dense layer, with random weights."""
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = keras.layers.Rescaling(**networks.RESCALING)(inputs)
    found = keras.layers.Conv2D(4, 5, padding="same", activation="relu")(scaled)
    flat = keras.layers.Flatten()(keras.layers.MaxPooling2D(8)(found))
    return keras.Model(inputs, keras.layers.Dense(7, activation="softmax")(flat))


def residual(classes=7, dropout=0.1):
    """One block of a residual network: convolutions, norms, a sum and a mean."""
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = keras.layers.Rescaling(**networks.RESCALING)(inputs)
    first = keras.layers.Conv2D(8, 3, strides=4, padding="same", use_bias=False)(scaled)
    normed = keras.layers.ReLU()(keras.layers.BatchNormalization()(first))
    second = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(normed)
    total = keras.layers.Add()([first, keras.layers.BatchNormalization()(second)])
    mean = keras.layers.GlobalAveragePooling2D()(total)
    kept = keras.layers.Dropout(dropout)(mean)
    told = keras.layers.Dense(classes, activation="softmax", dtype="float32")(kept)
    return keras.Model(inputs, told, name="residual")


def slim(*about):
    """The coursework's CNN, layer by layer, with an eighth of its filters and units.

    about: as of networks.cnn; its classes stay as many.
    """

    def narrower(layer):
        config = layer.get_config()
        for size in {"filters", "units"} & {*config}:
            config[size] = max(config[size] // 8, min(config[size], 7))
        return type(layer).from_config(config)

    return keras.models.clone_model(networks.cnn(*about), clone_function=narrower)


def one_convolution(kernel, bias):
    """A network that begins with one convolution of the given weights."""
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = rescaling()(inputs)
    layer = keras.layers.Conv2D(
        len(bias), kernel.shape[0], padding="same", activation="relu"
    )
    network = keras.Model(inputs, layer(scaled))
    layer.set_weights([kernel, bias])
    return network, layer
