"""The report's two networks: a small CNN, and a DNN matched to it in parameters.

Both take raw uint8 pixels (N, 48, 48, 1) in 0..255, since a parameter-free rescaling
stands in front, and return float32 probabilities (N, 7).
"""

import math

FACE_SHAPE = (48, 48, 1)
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
# A start that keeps the signal's size from layer to layer (He, 2015, arXiv:1502.01852).
RELU = {"activation": "relu", "kernel_initializer": "he_normal"}


def cnn(dropout=0.3):
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
        *_classifier(256, dropout),
    )


def dnn(dropout=0.3):
    """Two hidden dense layers on the flattened pixels: exactly 1,446,407 parameters."""
    return _chain("dnn", *_classifier(512, dropout))


def _classifier(units, dropout):
    from keras import layers

    return [
        layers.Flatten(),
        layers.Dense(units, **RELU),
        layers.Dropout(dropout),
        layers.Dense(units, **RELU),
        layers.Dropout(dropout),
        # In float32 whatever the policy: bfloat16 has two digits for a probability.
        layers.Dense(len(CLASSES), activation="softmax", dtype="float32"),
    ]


def _chain(name, *layers):
    """The layers one after the other, behind the rescaling of pixels to -1..1."""
    import keras

    faces = keras.Input(FACE_SHAPE, dtype="uint8")
    outputs = keras.layers.Rescaling(1 / 127.5, offset=-1)(faces)
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(faces, outputs, name=name)


def flops(network):
    """Floating point operations of the forward pass on one face, two a multiply-add.

    Those of convolutions and dense layers; all else is less than a hundredth of them.
    """
    weighted = [layer for layer in network.layers if hasattr(layer, "kernel")]
    return 2 * sum(
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in weighted
    )


def structure(network):
    """The layers as the report lists them: rows of (kind, output shape, parameters)."""
    return [
        (type(layer).__name__, str(layer.output.shape), layer.count_params())
        for layer in network.layers
        if type(layer).__name__ != "InputLayer"
    ]


def structure_text(network):
    """The structure as a text table with the totals beneath."""
    rows = [("Layer (type)", "Output Shape", "Param #"), *structure(network)]
    lines = [f"{kind:20}{shape:24}{count:>10}" for kind, shape, count in rows]
    total = network.count_params()
    trainable = sum(math.prod(weight.shape) for weight in network.trainable_weights)
    lines += [f"Total params: {total:,}", f"Trainable params: {trainable:,}"]
    return "\n".join([*lines, f"Non-trainable params: {total - trainable:,}"]) + "\n"
