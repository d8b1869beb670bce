"""The Keras habit: how most FER repositories train the coursework's CNN."""


def network_and_flow(images, labels, batch_size):
    """The CNN with Adam at 1e-3, in float32, and the generator that feeds its `fit`.

    images: (N, 48, 48, 1) uint8. labels: (N,) int.
    """
    import keras
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    from fer import augment, networks

    network = networks.cnn()
    network.compile(
        keras.optimizers.Adam(1e-3), "categorical_crossentropy", metrics=["accuracy"]
    )
    flow = ImageDataGenerator(**augment.RANGES).flow(
        images, keras.utils.to_categorical(labels, 7), batch_size
    )
    return network, flow
