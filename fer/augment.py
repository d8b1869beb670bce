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
# What "strong" adds: contrast as a factor, brightness in grey levels, and in a share of
# the faces a rectangle whose sides are so many pixels, painted over in one grey.
CONTRAST, BRIGHTNESS = (0.7, 1.3), (-25, 25)
ERASED, SIDES = 0.5, (6, 20)
GREY = 127.5

# Keras's generator draws from numpy's global state, which threads share.
_drawing = threading.Lock()


def augment(images, seed, how="generator"):
    """Transform each face at random: (N, 48, 48, 1) uint8 in and out.

    how: "generator", Keras's ImageDataGenerator, one face after the other; "graph", the
    same transforms as one operation of the backend; "strong", those and, of each face,
    other contrast and brightness and maybe a part that is painted over; "mirror", each
    face mirrored or not, by chance, and nothing else; or "none". The same `seed`
    (0..2**32-1) draws the same transforms, in whichever thread.
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
    if how == "strong":
        moved = _weathered(moved, np.random.default_rng(seed))
    return _in_grey_levels(moved)


def turned(images, degrees):
    """Each face (N, 48, 48, 1) uint8, turned by so many degrees about its middle."""
    still = {"tx": 0, "ty": 0, "zx": 1, "zy": 1, "flip_horizontal": False}
    turn = still | {"theta": degrees}
    return _in_grey_levels(_at_once(images, [turn] * len(images)))


def _in_grey_levels(images):
    return np.clip(np.rint(images), 0, 255).astype(np.uint8)


def _weathered(images, rng):
    """Other contrast and brightness, and a rectangle erased (arXiv:1708.04896)."""
    count, height, width, _ = images.shape
    factor = rng.uniform(*CONTRAST, (count, 1, 1, 1))
    added = rng.uniform(*BRIGHTNESS, (count, 1, 1, 1))
    images = (images - GREY) * factor + GREY + added
    rows = _stretch(rng, count, height)[:, :, None, None]
    columns = _stretch(rng, count, width)[:, None, :, None]
    chosen = rng.random((count, 1, 1, 1)) < ERASED
    grey = rng.uniform(0, 255, (count, 1, 1, 1))
    return np.where(rows & columns & chosen, grey, images)


def _stretch(rng, count, length):
    """Some neighbours in each of `count` rows of places: (count, length) bool."""
    sizes = rng.integers(*SIDES, (count, 1), endpoint=True)
    starts = rng.integers(0, length - sizes, endpoint=True)
    places = np.arange(length)
    return (starts <= places) & (places < starts + sizes)


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
