"""The report's two networks: a small CNN, and a DNN matched to it in parameters.

Both take raw uint8 pixels (N, 48, 48, 1) in 0..255, since a parameter-free rescaling stands in
front, and return float32 probabilities (N, 7).
"""

FACE_SHAPE = (48, 48, 1)
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def cnn(dropout=0.3):
    """Four convolutions and two hidden dense layers: exactly 1,396,871 parameters."""
    from keras import Sequential, layers

    def convolution(filters, size):
        return layers.Conv2D(filters, size, padding="same", activation="relu")

    return Sequential(
        [
            *_pixels(),
            convolution(64, 5),
            layers.MaxPooling2D(2),
            convolution(64, 3),
            convolution(64, 3),
            layers.AveragePooling2D(2),
            convolution(128, 3),
            layers.AveragePooling2D(2),
            *_classifier(256, dropout),
        ],
        name="cnn",
    )


def dnn(dropout=0.3):
    """Two hidden dense layers on the flattened pixels: exactly 1,446,407 parameters."""
    from keras import Sequential

    return Sequential([*_pixels(), *_classifier(512, dropout)], name="dnn")


def _pixels():
    from keras import Input, layers

    return [Input(FACE_SHAPE, dtype="uint8"), layers.Rescaling(1 / 127.5, offset=-1)]


def _classifier(units, dropout):
    from keras import layers

    return [
        layers.Flatten(),
        layers.Dense(units, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(units, activation="relu"),
        layers.Dropout(dropout),
        # In float32 whatever the policy: bfloat16 would round the probabilities to two digits.
        layers.Dense(len(CLASSES), activation="softmax", dtype="float32"),
    ]
