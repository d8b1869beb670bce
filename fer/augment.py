"""Augmentation: how far a face is turned, moved, scaled and mirrored, declared once."""

import functools

import numpy as np

from fer import backend

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
        mirrored = np.random.default_rng(seed).random(len(images)) < 0.5
        return np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
    transforms = _drawn(len(images), *images.shape[1:3], seed)
    ways = {"generator": _one_by_one, "graph": _at_once, "strong": _at_once}
    moved = ways[how](images, transforms)
    if how == "strong":
        moved = _weathered(moved, np.random.default_rng(seed))
    return _in_grey_levels(moved)


def turned(images, degrees):
    """Each face (N, 48, 48, 1) uint8, turned by so many degrees about its middle."""
    still = {"tx": 0, "ty": 0, "zx": 1, "zy": 1, "flip_horizontal": False}
    turn = still | {"theta": degrees}
    turns = {name: np.full(len(images), value) for name, value in turn.items()}
    return _in_grey_levels(_at_once(images, turns))


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
    # What tensorflow.keras has of that name, for whoever has no TensorFlow, too.
    from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**RANGES, dtype="float32")


def _drawn(count, height, width, seed):
    """What the generator draws one by one after numpy.random.seed(seed): {name: (N,)}.

    Drawn at once, and not from numpy's global state, which threads share.
    """
    turn, zoom = RANGES["rotation_range"], RANGES["zoom_range"]
    ranges = {
        "theta": (-turn, turn, 1),
        "tx": (-RANGES["height_shift_range"], RANGES["height_shift_range"], height),
        "ty": (-RANGES["width_shift_range"], RANGES["width_shift_range"], width),
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
    apply = generator().apply_transform
    rows = zip(*transforms.values(), strict=True)
    each = [dict(zip(transforms, row, strict=True)) for row in rows]
    return list(map(apply, images.astype(np.float32), each))


def _at_once(images, transforms):
    from keras import ops

    matrices = _matrices(transforms, *images.shape[1:3]).reshape(-1, 9)[:, :8]
    return ops.convert_to_numpy(_moving()(images.astype(np.float32), matrices))


@functools.cache
def _moving():
    from keras import ops

    def move(images, matrices):
        return ops.image.affine_transform(
            images, matrices, "bilinear", fill_mode="nearest"
        )

    return backend.compiled(move)


def _matrices(transforms, height, width):
    """Where each pixel of a moved face comes from: (N, 3, 3) on (column, row, 1)."""
    names = ("theta", "tx", "ty", "zx", "zy", "flip_horizontal")
    columns = [transforms[name] for name in names]
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
