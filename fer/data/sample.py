"""The drawn sample: faces with seven expressions, as a FER2013 file, and ground truth.

An expression bends the brows, opens the eyes and shapes the mouth by a random
intensity, so that faint expressions look alike. Position, size, pose, proportions,
light and noise vary with each face, and few faces are fitted, as in photographs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer import files
from fer.data import drawing
from fer.data.faces import USAGES
from fer.types import Bools, Images, Labels

ROWS = dict(zip(USAGES, (256, 280, 350), strict=True))
BLOCK = 350  # faces drawn at once

# What a full expression adds to a neutral face: a row of drawing.FEATURES for each.
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
INTENSITY = 0.8, 1.3

# What `pairs` changes: features, and what they are in the first and in the second face.
ANGRY, SAD, HAPPY, SURPRISE = EXPRESSIONS[[0, 4, 3, 5]]
TRAITS = {
    "mouth": (("corners", "opening", "width"), SAD[4:7], HAPPY[4:7]),
    "brows": (("brow", "inner", "arch"), ANGRY[:3], SURPRISE[:3]),
    "eyes": (("eye",), ANGRY[3:4], SURPRISE[3:4]),
    "mark": (("mark",), (0,), (1,)),
}


def write(path: Path, test_path: Path, seed: int = 0) -> None:
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


def faces(count: int, seed: int = 0) -> tuple[Labels, Images]:
    """Labels (N,) int in 0..6, equally common, and drawn faces (N, 48, 48) uint8."""
    labels, images, _ = _faces(count, seed)
    return labels, images


def regions(count: int, seed: int = 0) -> dict[str, Bools]:
    """Where the parts of `faces(count, seed)` lie: {name: (N, 48, 48) bool}.

    The names are drawing.REGIONS; each pixel is in one region, as drawing.draw says.
    """
    *_, region = _faces(count, seed)
    return {name: region == i for i, name in enumerate(drawing.REGIONS)}


def regions_of(images: Images) -> dict[str, Bools] | None:
    """Regions of validation faces (N, 48, 48), if `write` wrote them; else None."""
    first = ROWS["Training"]
    drawn = slice(first, first + ROWS["PublicTest"])
    if len(images) != ROWS["PublicTest"]:
        return None
    _, own, region = _faces(sum(ROWS.values()), 0)
    if not np.array_equal(own[drawn], images):
        return None
    return {name: region[drawn] == i for i, name in enumerate(drawing.REGIONS)}


def pairs(count: int, trait: str, seed: int = 0) -> tuple[Images, Images, Bools]:
    """Pairs of drawn faces that differ in one trait, a key of TRAITS, and nothing else.

    Returns the first faces and the second, each (N, 48, 48) uint8, and where their
    pixels differ, (N, 48, 48) bool. The faces have expressions of all classes, but for
    the trait: in the first face the mouth is sad, brows and eyes are angry or there is
    no mark; in the second the mouth is happy, brows and eyes are surprised or there is
    a dark mark at a random place. So a network that tells second faces from first ones
    can do so by the changed pixels alone.
    """
    rng = np.random.default_rng(seed)
    traits = _traits(np.arange(count) % len(EXPRESSIONS), rng)
    names, *states = TRAITS[trait]
    first, second = (
        drawing.draw(
            traits | dict(zip(names, np.reshape(state, (-1, 1, 1, 1)), strict=True))
        )[0]
        for state in states
    )
    return first, second, first != second


def _faces(count, seed):
    """Labels, faces and regions, as drawing.draw returns them."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(EXPRESSIONS))
    parts = np.array_split(labels, max(count // BLOCK, 1))
    drawn = [drawing.draw(_traits(part, rng)) for part in parts]
    images, region = map(np.concatenate, zip(*drawn, strict=True))
    return labels, images, region


def _traits(labels, rng):
    """The traits of random faces with the expressions of `labels`."""
    traits = drawing.neutral(len(labels), rng)
    intensity = rng.uniform(*INTENSITY, (len(labels), 1))
    jitter = rng.normal(0, JITTER, (len(labels), len(JITTER)))
    features = EXPRESSIONS[labels] * intensity + jitter
    columns = features.T[..., None, None]
    return traits | dict(zip(drawing.FEATURES, columns, strict=True))
