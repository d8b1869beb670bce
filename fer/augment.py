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

    how: "generator", Keras's ImageDataGenerator, one face after the other; "graph", the
    same transforms as one operation of the backend; "mirror", every other face mirrored
    and nothing else; or "none". The same `seed` (0..2**32-1) draws the same transforms,
    in whichever thread.
    """
    if how == "none":
        return images
    if how == "mirror":
        turned = np.random.default_rng(seed).random(len(images)) < 0.5
        return np.where(turned[:, None, None, None], images[:, :, ::-1], images)
    draw = generator().get_random_transform
    with _drawing:
        np.random.seed(seed)  # noqa: NPY002
        transforms = [draw(images.shape[1:]) for _ in images]
    moved = (_one_by_one if how == "generator" else _at_once)(images, transforms)
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


@functools.cache
def generator():
    """Keras's ImageDataGenerator with RANGES."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**RANGES, dtype="float32")


def _one_by_one(images, transforms):
    apply = generator().apply_transform
    return list(map(apply, images.astype(np.float32), transforms))


def _at_once(images, transforms):
    from keras import ops

    matrices = _matrices(transforms, *images.shape[1:3])
    moved = ops.image.affine_transform(
        images.astype(np.float32),
        matrices.reshape(-1, 9)[:, :8],
        "bilinear",
        fill_mode="nearest",
    )
    return ops.convert_to_numpy(moved)


def _matrices(transforms, height, width):
    """Where each pixel of a moved face comes from: (N, 3, 3) on (column, row, 1)."""
    names = ("theta", "tx", "ty", "zx", "zy", "flip_horizontal")
    columns = [[transform[name] for transform in transforms] for name in names]
    theta, right, down, wide, tall, flipped = np.array(columns, np.float32)
    cos, sin = np.cos(np.deg2rad(theta)), np.sin(np.deg2rad(theta))
    zero, one = np.zeros_like(theta), np.ones_like(theta)

    def stack(*rows):
        return np.array([*rows, (zero, zero, one)]).transpose(2, 0, 1)

    turn = stack((cos, -sin, zero), (sin, cos, zero))
    move = stack((one, zero, right), (zero, one, down))
    zoom = stack((wide, zero, zero), (zero, tall, zero))
    mirror = stack((1 - 2 * flipped, zero, (width - 1) * flipped), (zero, one, zero))
    # Turning and zooming leave the middle of the face where it is.
    middle = np.eye(3, dtype=np.float32)
    middle[:2, 2] = (width - 1) / 2, (height - 1) / 2
    return middle @ turn @ move @ zoom @ np.linalg.inv(middle) @ mirror
