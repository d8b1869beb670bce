"""The embedded sample: drawn faces with seven expressions, as a FER-style CSV.

A face is a stack of soft-edged shapes on the pixel grid. Its expression bends the
brows, opens the eyes and shapes the mouth by a random intensity, so that faint
expressions look alike; pose, proportions, light and noise vary with each face.
"""

import numpy as np

from fer import files
from fer.data import csv_reader

ROWS = {"Training": 2100, "PublicTest": 350, "PrivateTest": 350}

# What a full expression adds to a neutral face. Lengths are in half face heights, y
# points down. brow: how far it rises, how far its inner end rises, its arch. eye: how
# far it opens. mouth: how far its corners rise, its opening, its width; sneer: how far
# the nose wrinkles.
FEATURES = ("brow", "inner", "arch", "eye", "corners", "opening", "width", "sneer")
EXPRESSIONS = np.array(
    [
        [-0.09, -0.17, 0.00, -0.03, -0.09, 0.02, -0.03, 0.15],  # angry
        [-0.05, -0.08, 0.01, -0.05, -0.10, 0.06, -0.02, 1.00],  # disgust
        [0.09, 0.14, 0.00, 0.06, -0.05, 0.10, 0.06, 0.00],  # fear
        [0.01, 0.00, 0.03, -0.03, 0.16, 0.09, 0.10, 0.00],  # happy
        [0.02, 0.15, 0.00, -0.04, -0.14, 0.00, -0.04, 0.00],  # sad
        [0.15, 0.00, 0.06, 0.07, 0.00, 0.20, -0.12, 0.00],  # surprise
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00],  # neutral
    ]
)
JITTER = np.array([0.025, 0.03, 0.015, 0.012, 0.03, 0.015, 0.03, 0.08])


def write(path, test_path, seed=0):
    """Write the sample, and its PrivateTest faces apart as `id,feature`.

    The same bytes for the same seed.
    """
    labels, images = faces(sum(ROWS.values()), seed)
    usages = np.repeat(list(ROWS), list(ROWS.values()))
    pixels = [
        " ".join(map(str, face)) for face in images.reshape(len(images), -1).tolist()
    ]
    test = enumerate(pixels[-ROWS["PrivateTest"] :])
    files.write_text(
        test_path, "id,feature\n" + "".join(f"{i},{face}\n" for i, face in test)
    )
    rows = zip(labels, pixels, usages, strict=True)
    lines = (f"{label},{face},{usage}\n" for label, face, usage in rows)
    files.write_text(path, "emotion,pixels,Usage\n" + "".join(lines))


def faces(count, seed=0):
    """Labels (N,) int in 0..6, equally common, and drawn faces (N, 48, 48) uint8."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(EXPRESSIONS))
    parts = [_draw(part, rng) for part in np.array_split(labels, max(count // 350, 1))]
    return labels, np.concatenate(parts)


def _draw(labels, rng):
    """The faces of `labels`: (N, 48, 48) uint8."""
    n = len(labels)

    def vary(middle, spread):
        return rng.normal(middle, spread, (n, 1, 1))

    intensity = rng.uniform(0.35, 1.15, (n, 1))
    features = EXPRESSIONS[labels] * intensity + rng.normal(
        0, JITTER, (n, len(FEATURES))
    )
    feature = {name: features[:, i, None, None] for i, name in enumerate(FEATURES)}
    scale = rng.uniform(18, 23, (n, 1, 1))  # pixels to half a face height
    x, y = _face_coordinates(scale, vary)
    ink = _Canvas(scale, _background(x, vary))
    skin, hair, shade = _head(ink, x, y, vary, rng)
    apart, dark = vary(0.36, 0.025), skin * rng.uniform(0.2, 0.45, (n, 1, 1))
    _eyes(ink, x, y, vary, feature, apart, dark, hair)
    ink.stroke(shade * 0.8, y - 0.02, x - 0.05, 0.2, 0.025, 0.8)
    _mouth(ink, x, y, vary, feature, dark)
    noisy = ink.picture + rng.normal(0, 1, ink.picture.shape) * rng.uniform(
        0.01, 0.06, (n, 1, 1)
    )
    return np.clip(np.rint(255 * noisy), 0, 255).astype(np.uint8)


def _head(ink, x, y, vary, rng):
    """Draw neck, hair and face; returns the greys (n, 1, 1) of skin and hair, and of
    the lit face (n, 48, 48).
    """
    n = len(x)
    skin, hair = rng.uniform(0.45, 0.85, (n, 1, 1)), rng.uniform(0.05, 0.55, (n, 1, 1))
    light_x, light_y = vary(0, 0.16), vary(-0.05, 0.08)
    shade = skin * (1 + light_x * x + light_y * y - 0.12 * (x * x + y * y))
    wide = vary(0.76, 0.04)
    ink.ellipse(shade * 0.8, x, y - 1.1, 0.42, 0.5)
    ink.ellipse(hair, x, y + vary(0.22, 0.05), wide + 0.12, 0.98)
    ink.ellipse(shade, x, y - 0.05, wide, 0.98)
    return skin, hair, shade


def _eyes(ink, x, y, vary, feature, apart, dark, hair):
    """Draw eyes, brows and the folds beside the nose."""
    eye_y, gaze = vary(-0.16, 0.02), vary(0, 0.025)
    opening = np.maximum(vary(0.095, 0.012) + feature["eye"], 0.012)
    brow_y = eye_y - vary(0.23, 0.02) - feature["brow"]
    for side in (-1, 1):
        from_eye, outward = x - side * apart, side * (x - side * apart)
        ink.ellipse(0.92, from_eye, y - eye_y, 0.17, opening)
        inside = np.minimum(opening, 0.095)
        ink.ellipse(0.08, from_eye - gaze, y - eye_y, inside, inside)
        lid = eye_y - opening * np.sqrt(np.maximum(1 - (from_eye / 0.19) ** 2, 0))
        ink.stroke(dark * 0.7, from_eye, y - lid, 0.18, 0.02)
        tilt = feature["inner"] * (outward / 0.2 - 0.5) - feature["arch"]
        bend = (feature["arch"] + 0.03) * (outward / 0.2) ** 2
        ink.stroke(
            np.minimum(hair, dark), from_eye, y - brow_y - tilt - bend, 0.21, 0.04
        )
        wrinkle = np.clip(feature["sneer"], 0, None)
        fold = 0.12 + 0.5 * outward - 0.1 * wrinkle
        strength = np.clip(wrinkle * 0.9, 0, 1)
        ink.stroke(dark, x - side * 0.17, y - fold, 0.12, 0.022, strength)
        ink.stroke(dark, x - side * 0.1, y - 0.24 + 0.06 * wrinkle, 0.035, 0.022, 0.8)


def _face_coordinates(scale, vary):
    """Where each pixel lies in the face: x and y, (N, 48, 48), in half face heights."""
    row, column = (
        np.mgrid[: csv_reader.SIDE, : csv_reader.SIDE] - (csv_reader.SIDE - 1) / 2
    )
    across, down = (column - vary(0, 1.8)) / scale, (row - vary(0, 1.8)) / scale
    turn = vary(0, 0.14)
    x = np.cos(turn) * across + np.sin(turn) * down
    y = np.cos(turn) * down - np.sin(turn) * across
    # A head turned sideways shows one half wider than the other.
    return x * (1 + vary(0, 0.12) * x), y


def _background(x, vary):
    return np.clip(vary(0.5, 0.25) + vary(0, 0.15) * x, 0, 1)


def _mouth(ink, x, y, vary, feature, dark):
    half = np.maximum(vary(0.3, 0.025) + feature["width"], 0.12)
    middle = vary(0.5, 0.02) - 0.06 * np.clip(feature["sneer"], 0, None)
    opening = np.maximum(feature["opening"] + 0.01, 0)
    along = np.clip(x / half, -1, 1)
    bow = middle + feature["corners"] * (0.5 - along**2)
    from_lips = y - bow - opening * 0.5
    room = np.maximum(opening * np.sqrt(np.maximum(1 - along**2, 0)), 1e-3)
    ink.shape(dark * 0.4, (room - np.abs(from_lips)), np.abs(x) < half)
    teeth = np.where(feature["corners"] > 0.05, 0.55, 0.3) * room
    ink.shape(
        0.93,
        teeth - np.abs(from_lips + room * 0.5),
        (np.abs(x) < half) & (opening > 0.05),
    )
    for edge in (-1, 1):
        ink.stroke(dark, x, from_lips - edge * room, half, 0.03)


class _Canvas:
    """Pictures (N, 48, 48) in 0..1 to lay shapes over, with edges a pixel soft."""

    def __init__(self, scale, background):
        self.scale, self.picture = scale, background

    def shape(self, tone, depth, strength=1.0):
        """Lay `tone` where `depth`, the distance to the shape's edge, is positive."""
        cover = np.clip(depth * self.scale + 0.5, 0, 1) * strength
        self.picture = self.picture + cover * (tone - self.picture)

    def ellipse(self, tone, x, y, a, b):
        """A filled ellipse with half axes a and b, x and y from its middle."""
        radius = np.sqrt((x / a) ** 2 + (y / b) ** 2)
        self.shape(tone, (1 - radius) * np.minimum(a, b))

    def stroke(self, tone, along, off, half_length, half_width, strength=1.0):
        """A line: `along` is measured from its middle, `off` across it."""
        beyond = np.maximum(np.abs(along) - half_length, 0)
        self.shape(tone, half_width - np.hypot(beyond, off), strength)
