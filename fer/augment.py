"""Augmentation: how far a face is turned, moved, scaled and mirrored, declared once."""

import functools
import threading

import numpy as np

# Degrees; shares of the side; share of the size.
RANGES = {
    "rotation_range": 18,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "zoom_range": 0.15,
    "horizontal_flip": True,
}

# Keras's generator draws from numpy's global state, which threads share.
_drawing = threading.Lock()


def augment(images, seed, how="generator"):
    """Transform each face at random: (N, 48, 48, 1) uint8 in and out.

    how: "generator", Keras's ImageDataGenerator, or "none". The same `seed`
    (0..2**32-1) draws the same transforms, in whichever thread.
    """
    if how == "none":
        return images
    keras_generator = generator()
    with _drawing:
        np.random.seed(seed)  # noqa: NPY002
        transforms = [
            keras_generator.get_random_transform(images.shape[1:]) for _ in images
        ]
    moved = map(keras_generator.apply_transform, images.astype(np.float32), transforms)
    return np.clip(np.rint(list(moved)), 0, 255).astype(np.uint8)


@functools.cache
def generator():
    """Keras's ImageDataGenerator with RANGES."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**RANGES, dtype="float32")
