"""Draw faces: soft-edged shapes on the pixel grid, and the region of each pixel.

A face is told by its traits, a dict of arrays (N, 1, 1), and its noise (N, 48, 48).
Lengths are in half face heights, x points right and y down from the middle of the face;
greys are 0..1.
"""

from __future__ import annotations

import numpy as np

from fer.data.faces import SIDE
from fer.types import Images, Ints

Traits = dict[str, np.ndarray]
# Traits that vary from face to face: mean and standard deviation, or least and most.
NORMAL = {
    "right": (0, 1.8),  # of the picture's middle, in pixels
    "down": (0, 1.8),
    "turn": (0, 0.14),  # from upright, in radians
    "face_width": (0.76, 0.04),  # of half the face
    "hairline": (0.22, 0.05),
    "light_x": (0, 0.16),
    "light_y": (-0.05, 0.08),
    "background": (0.5, 0.25),
    "background_slope": (0, 0.15),
    "eye_x": (0.36, 0.025),
    "eye_y": (-0.16, 0.02),
    "eye_height": (0.095, 0.012),
    "gaze": (0, 0.025),
    "brow_height": (0.23, 0.02),  # above the eye
    "mouth_y": (0.5, 0.02),
    "mouth_width": (0.3, 0.025),  # of half the mouth
}
UNIFORM = {
    "yaw": (-0.25, 0.25),  # shows one half of the face wider than the other
    "scale": (17, 22),  # pixels to half a face height
    "skin": (0.45, 0.85),
    "hair": (0.05, 0.55),
    "dark": (0.2, 0.45),  # of the skin's grey
    "noise": (0.01, 0.04),
    "mark_x": (-0.4, 0.4),
    "mark_y": (-0.55, 0.7),
}
# Traits that are 0 in a neutral face. brow: how far it rises, how far its inner end
# rises, its arch. eye: how far it opens. mouth: how far its corners rise, its opening,
# its width; sneer: how far the nose wrinkles; mark: whether there is one on the skin.
FEATURES = ("brow", "inner", "arch", "eye", "corners", "opening", "width", "sneer")
NEUTRAL = (*FEATURES, "mark")
REGIONS = ("background", "forehead", "cheeks", "eyes", "brows", "nose", "mouth")
MARGIN = 0.5  # pixels around a shape that are of its region: its soft edge


def neutral(count: int, rng: np.random.Generator) -> Traits:
    """The traits of `count` random faces without expression."""
    shape = (count, 1, 1)
    traits = {name: rng.normal(*spread, shape) for name, spread in NORMAL.items()}
    traits |= {name: rng.uniform(*ends, shape) for name, ends in UNIFORM.items()}
    traits |= dict.fromkeys(NEUTRAL, np.zeros(shape))
    traits["noise"] = traits["noise"] * rng.normal(0, 1, (count, SIDE, SIDE))
    return traits


def draw(traits: Traits) -> tuple[Images, Ints]:
    """The faces (N, 48, 48) uint8, and each pixel's index in REGIONS (N, 48, 48) int8.

    Of a face, what is neither eyes, brows, nose nor mouth is forehead above the middle
    of the eyes and cheeks below, the chin among them. Neck and hair are background.
    """
    x, y = _face_coordinates(traits)
    canvas = _Canvas(traits["scale"], _background(traits, x))
    lit = _head(canvas, traits, x, y)
    for side in (-1, 1):
        _eye(canvas, traits, x, y, side)
        _folds(canvas, traits, x, y, side)
    canvas.stroke(lit * 0.8, y - 0.02, x - 0.05, 0.2, 0.025, 0.8, region="nose")
    _mouth(canvas, traits, x, y)
    mark = x - traits["mark_x"], y - traits["mark_y"]
    canvas.ellipse(traits["dark"] * 0.5, *mark, 0.1, 0.1, traits["mark"])
    grey = np.rint(255 * (canvas.picture + traits["noise"]))
    return np.clip(grey, 0, 255).astype(np.uint8), canvas.region


def _face_coordinates(traits):
    """Where each pixel lies in the face: x and y, (N, 48, 48)."""
    row, column = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    across = (column - traits["right"]) / traits["scale"]
    down = (row - traits["down"]) / traits["scale"]
    cos, sin = np.cos(traits["turn"]), np.sin(traits["turn"])
    x, y = cos * across + sin * down, cos * down - sin * across
    return x * (1 + traits["yaw"] * x), y


def _background(traits, x):
    return np.clip(traits["background"] + traits["background_slope"] * x, 0, 1)


def _head(canvas, traits, x, y):
    """Draw neck, hair and face; returns the grey of the lit skin (N, 48, 48)."""
    light = traits["light_x"] * x + traits["light_y"] * y - 0.12 * (x * x + y * y)
    lit, width = traits["skin"] * (1 + light), traits["face_width"]
    canvas.ellipse(lit * 0.8, x, y - 1.1, 0.42, 0.5)
    canvas.ellipse(traits["hair"], x, y + traits["hairline"], width + 0.12, 0.98)
    canvas.ellipse(lit, x, y - 0.05, width, 0.98, region="cheeks")
    above = (canvas.region > 0) & (y < traits["eye_y"])
    canvas.region[above] = REGIONS.index("forehead")
    return lit


def _eye(canvas, traits, x, y, side):
    """Draw the eye and the brow at the left (-1) or the right (1)."""
    x = x - side * traits["eye_x"]
    outward, y = side * x / 0.2, y - traits["eye_y"]
    dark = traits["skin"] * traits["dark"]
    opening = np.maximum(traits["eye_height"] + traits["eye"], 0.012)
    canvas.ellipse(0.92, x, y, 0.17, opening, region="eyes")
    iris = np.minimum(opening, 0.095)
    canvas.ellipse(0.08, x - traits["gaze"], y, iris, iris, region="eyes")
    lid = -opening * np.sqrt(np.maximum(1 - (x / 0.19) ** 2, 0))
    canvas.stroke(dark * 0.7, x, y - lid, 0.18, 0.02, region="eyes")
    tilt = traits["inner"] * (outward - 0.5) - traits["arch"]
    bend = (traits["arch"] + 0.03) * outward**2
    brow = tilt + bend - traits["brow_height"] - traits["brow"]
    grey = np.minimum(traits["hair"], dark)
    canvas.stroke(grey, x, y - brow, 0.21, 0.04, region="brows")


def _folds(canvas, traits, x, y, side):
    """Draw the fold beside the nose and the nostril, at the left or the right."""
    outward, wrinkle = side * x - traits["eye_x"], np.clip(traits["sneer"], 0, None)
    dark, strength = traits["skin"] * traits["dark"], np.minimum(wrinkle * 0.9, 1)
    fold = y - 0.12 - 0.5 * outward + 0.1 * wrinkle
    canvas.stroke(dark, x - side * 0.17, fold, 0.12, 0.022, strength, region="nose")
    nostril = x - side * 0.1, y - 0.24 + 0.06 * wrinkle
    canvas.stroke(dark, *nostril, 0.035, 0.022, 0.8, region="nose")


def _mouth(canvas, traits, x, y):
    dark = traits["skin"] * traits["dark"]
    half = np.maximum(traits["mouth_width"] + traits["width"], 0.12)
    middle = traits["mouth_y"] - 0.06 * np.clip(traits["sneer"], 0, None)
    opening = np.maximum(traits["opening"] + 0.01, 0)
    along, inside = np.clip(x / half, -1, 1), np.abs(x) < half
    bow = middle + traits["corners"] * (0.5 - along**2)
    from_lips = y - bow - opening * 0.5
    room = np.maximum(opening * np.sqrt(np.maximum(1 - along**2, 0)), 1e-3)
    canvas.shape(dark * 0.4, room - np.abs(from_lips), inside, region="mouth")
    teeth = np.where(traits["corners"] > 0.05, 0.55, 0.3) * room
    below = teeth - np.abs(from_lips + room * 0.5)
    canvas.shape(0.93, below, inside & (opening > 0.05), region="mouth")
    for edge in (-1, 1):
        canvas.stroke(dark, x, from_lips - edge * room, half, 0.03, region="mouth")


class _Canvas:
    """Pictures (N, 48, 48) in 0..1 to lay shapes over, with edges a pixel soft."""

    def __init__(self, scale, background):
        self.scale, self.picture = scale, background
        self.region = np.zeros(background.shape, np.int8)

    def shape(self, tone, depth, strength=1.0, region=None):
        """Lay `tone` where `depth`, the distance to the shape's edge, is positive."""
        cover = np.clip(depth * self.scale + 0.5, 0, 1) * strength
        self.picture = self.picture + cover * (tone - self.picture)
        if region:
            near = (depth * self.scale > -MARGIN) & (np.asarray(strength) > 0)
            self.region[near] = REGIONS.index(region)

    def ellipse(self, tone, x, y, a, b, strength=1.0, region=None):
        """A filled ellipse with half axes a and b, x and y from its middle."""
        radius = np.maximum(np.hypot(x / a, y / b), 1e-6)
        slope = np.maximum(np.hypot(x / a**2, y / b**2), 1e-9) / radius
        self.shape(tone, (1 - radius) / slope, strength, region)

    def stroke(self, tone, along, off, half, width, strength=1.0, region=None):
        """A line: `along` is measured from its middle, `off` across it.

        half: of its length; width: half of its width.
        """
        beyond = np.maximum(np.abs(along) - half, 0)
        self.shape(tone, width - np.hypot(beyond, off), strength, region)
