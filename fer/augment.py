"""Augmentation: how far a face is turned, moved, scaled and mirrored, declared once.

`draw` chooses a transform for each face, in NumPy; `transformed` applies what was
drawn, by operations of the backend. So a processor and a GPU see the same faces.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from fer import backend
from fer.types import Array, Images, Probabilities, Tensor

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
SIDE = 48
Draws = dict[str, np.ndarray]  # what was drawn, by name: (N, ...) each
Others = tuple[Images, Draws]  # the faces that a batch is blended with


def augment(images: Images, seed: int, how: str = "generator") -> Images:
    """Transform each face at random: (N, 48, 48, 1) uint8 in and out.

    how: "generator", Keras's ImageDataGenerator, one face after the other; "graph", the
    same transforms as one operation of the backend; "strong", those and, of each face,
    other contrast and brightness and maybe a part that is painted over; "mixup", as
    strong, and each face blended with another (Zhang, 2017, arXiv:1710.09412);
    "mirror", each face mirrored or not, by chance, and nothing else; or "none". The
    same `seed` (0..2**32-1) draws the same transforms, in whichever thread.
    """
    drawn = draw(len(images), seed, how)
    return apply(*picked(images, drawn, np.arange(len(images))))


def draw(count: int, seed: int, how: str) -> Draws:
    """What is drawn for each of `count` faces, {name: (count, ...)}; see `augment`."""
    if how == "none":
        return {}
    rng = np.random.default_rng(seed)
    if how == "mirror":
        return {"mirrored": rng.random(count) < 0.5}
    transforms = _transforms(count, seed)
    if how == "generator":
        return transforms
    drawn = {"matrices": _matrices(**transforms)}
    if how in ("strong", "mixup"):
        drawn |= _weather(count, rng)
    if how == "mixup":
        drawn["partner"] = rng.permutation(count)
        drawn["weight"] = rng.uniform(0.5, 1, count).astype(np.float32)
    return drawn


def picked(
    images: Images, drawn: Draws, rows: Array
) -> tuple[Images, Draws, Others | None]:
    """The chosen rows of images and draws, and of the faces they are blended with.

    images: (N, 48, 48, 1) uint8. rows: (n,) int. The last is None without blending.
    """
    mine = {name: values[rows] for name, values in drawn.items()}
    partner = mine.pop("partner", None)
    if partner is None:
        return images[rows], mine, None
    theirs = {name: drawn[name][partner] for name in mine}
    return images[rows], mine, (images[partner], theirs)


def apply(images: Images, drawn: Draws, others: Others | None = None) -> Images:
    """The faces (N, 48, 48, 1) uint8, each transformed as was drawn for it."""
    if "theta" in drawn:
        return _one_by_one(images, drawn)
    if not drawn:
        return images
    return np.asarray(_compiled()(images, drawn, others))


@functools.cache
def _compiled():
    return backend.compiled(transformed)


def transformed(images: Tensor, drawn: Draws, others: Others | None = None) -> Tensor:
    """As `apply`, by operations of the backend, on its tensors; not for "generator".

    others: images and draws of the faces that these are blended with.
    """
    from keras import ops

    faces = _moved(images, drawn)
    if others:
        weight = ops.reshape(drawn["weight"], (-1, 1, 1, 1))
        faces = weight * faces + (1 - weight) * _moved(*others)
    return ops.cast(ops.round(faces), "uint8")


def _moved(images, drawn):
    from keras import ops

    images = ops.cast(images, "float32")
    if "matrices" in drawn:
        images = ops.image.affine_transform(
            images, drawn["matrices"], "bilinear", fill_mode="nearest"
        )
    if "mirrored" in drawn:
        mirrored = ops.reshape(drawn["mirrored"], (-1, 1, 1, 1))
        images = ops.where(mirrored, ops.flip(images, axis=2), images)
    if "contrast" in drawn:
        images = _weathered(images, drawn)
    return ops.clip(images, 0, 255)


def blended(
    targets: Probabilities, drawn: Draws, rows: Array, own: Array | int = 1
) -> Probabilities:
    """Targets (n, C) of the chosen rows, blended like their faces.

    targets: (N, C). own: (C,), 0 for columns that describe the blend already, else 1.
    """
    if "partner" not in drawn:
        return targets[rows]
    weight = drawn["weight"][rows][:, None] ** own
    return weight * targets[rows] + (1 - weight) * targets[drawn["partner"][rows]]


def turned(images: Images, degrees: float) -> Images:
    """Each face (N, 48, 48, 1) uint8, turned by so many degrees about its middle."""
    return apply(images, {"matrices": np.tile(turn(degrees), (len(images), 1))})


def turn(degrees: float) -> np.ndarray:
    """Where each pixel of a turned face comes from: (8,) float32, as of _matrices."""
    still = {"tx": 0, "ty": 0, "zx": 1, "zy": 1, "flip_horizontal": False}
    one = {name: np.full(1, value) for name, value in still.items()}
    return _matrices(theta=np.full(1, degrees), **one)[0]


def _weather(count, rng):
    """Draws of contrast, brightness and a rectangle to erase (arXiv:1708.04896)."""
    erased = rng.random(count) < ERASED
    drawn = {
        "contrast": rng.uniform(*CONTRAST, count),
        "brightness": rng.uniform(*BRIGHTNESS, count),
        "grey": rng.uniform(0, 255, count),
    }
    for name in ("row", "column"):
        size = rng.integers(*SIDES, count, endpoint=True)
        drawn[name] = rng.integers(0, SIDE - size, endpoint=True)
        drawn[f"{name}s"] = size * erased
    return {name: values.astype(np.float32) for name, values in drawn.items()}


def _weathered(images, drawn):
    from keras import ops

    def column(name):
        return ops.reshape(drawn[name], (-1, 1, 1, 1))

    images = (images - GREY) * column("contrast") + GREY + column("brightness")
    places = ops.arange(SIDE, dtype="float32")
    rows = ops.reshape(places, (1, -1, 1, 1)) - column("row")
    columns = ops.reshape(places, (1, 1, -1, 1)) - column("column")
    inside = (rows >= 0) & (rows < column("rows"))
    inside &= (columns >= 0) & (columns < column("columns"))
    return ops.where(inside, column("grey"), images)


@functools.cache
def generator() -> Any:
    """Keras's ImageDataGenerator with RANGES."""
    # What tensorflow.keras has of that name, for whoever has no TensorFlow, too.
    from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**RANGES, dtype="float32")


def _transforms(count, seed):
    """What the generator draws one by one after numpy.random.seed(seed): {name: (N,)}.

    Drawn at once, and not from numpy's global state, which threads share.
    """
    turn, zoom = RANGES["rotation_range"], RANGES["zoom_range"]
    ranges = {
        "theta": (-turn, turn, 1),
        "tx": (-RANGES["height_shift_range"], RANGES["height_shift_range"], SIDE),
        "ty": (-RANGES["width_shift_range"], RANGES["width_shift_range"], SIDE),
        "zx": (1 - zoom, 1 + zoom, 1),
        "zy": (1 - zoom, 1 + zoom, 1),
    }
    # A number more a face than is used here: of a flip upside down, never made.
    numbers = np.random.RandomState(seed).random_sample((count, 7)).T
    drawn = {
        name: (low + (high - low) * column) * factor
        for (name, (low, high, factor)), column in zip(
            ranges.items(), numbers[:5], strict=True
        )
    }
    mirrored = RANGES["horizontal_flip"] & (numbers[5] < 0.5)
    return drawn | {"flip_horizontal": mirrored}


def _one_by_one(images, transforms):
    move = generator().apply_transform
    rows = zip(*transforms.values(), strict=True)
    each = [dict(zip(transforms, row, strict=True)) for row in rows]
    moved = np.array(list(map(move, images.astype(np.float32), each)))
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def _matrices(theta, tx, ty, zx, zy, flip_horizontal):
    """Where each pixel of a moved face comes from: (N, 8) float32.

    The rows of a matrix (3, 3) on (column, row, 1), whose last number is 1.
    """
    columns = (theta, tx, ty, zx, zy, flip_horizontal)
    theta, right, down, wide, tall, flipped = np.array(columns, np.float32)
    cos, sin = np.cos(np.deg2rad(theta)), np.sin(np.deg2rad(theta))
    zero, one = np.zeros_like(theta), np.ones_like(theta)

    def stack(*rows):
        return np.array([*rows, (zero, zero, one)]).transpose(2, 0, 1)

    turn = stack((cos, -sin, zero), (sin, cos, zero))
    move = stack((one, zero, right), (zero, one, down))
    zoom = stack((wide, zero, zero), (zero, tall, zero))
    mirror = stack((1 - 2 * flipped, zero, (SIDE - 1) * flipped), (zero, one, zero))
    # Turning and zooming leave the middle of the face where it is.
    middle = np.eye(3, dtype=np.float32)
    middle[:2, 2] = (SIDE - 1) / 2
    matrices = middle @ turn @ move @ zoom @ np.linalg.inv(middle) @ mirror
    return matrices.reshape(-1, 9)[:, :8]
