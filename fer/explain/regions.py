"""How much of a map's weight lies in each region of a face, relative to its area."""

from __future__ import annotations

import numpy as np

from fer.data.faces import SIDE
from fer.types import Bools, Floats, Images, Ints, Labels

# Rectangles of FER2013's faces, which fill the picture and stand upright: rows and
# columns, from and to, of 48. An earlier one hides a later one; what is in none is
# background. Their fit: docs/explain.md.
TEMPLATE = {
    "eyes": [(15, 22, 7, 21), (15, 22, 27, 41)],
    "brows": [(10, 15, 6, 22), (10, 15, 26, 42)],
    "nose": [(18, 32, 19, 29)],
    "mouth": [(33, 43, 13, 35)],
    "cheeks": [(22, 36, 6, 19), (22, 36, 29, 42)],
    "forehead": [(2, 10, 9, 39)],
}
REACH = 6  # pixels: how far a face may be off


def template() -> dict[str, Bools]:
    """The regions of a FER2013 face: {name: (48, 48) bool}, every pixel in one."""
    free = np.ones((SIDE, SIDE), bool)
    found = {}
    for name, rectangles in TEMPLATE.items():
        inside = np.zeros_like(free)
        for top, bottom, left, right in rectangles:
            inside[top:bottom, left:right] = True
        found[name] = inside & free
        free &= ~inside
    return found | {"background": free}


def shares(heat: Floats, region: Bools) -> Floats:
    """The share of each map's weight in a region by the region's area: (N,) float64.

    1.0 is chance. heat: (N, 48, 48) >= 0; a map of zeros counts as even. region:
    (48, 48) bool, or of each face its own (N, 48, 48); none may be empty.
    """
    region = np.broadcast_to(region, heat.shape)
    total = heat.sum(axis=(1, 2), dtype=np.float64)
    inside = (heat * region).sum(axis=(1, 2), dtype=np.float64)
    area = region.mean(axis=(1, 2))
    share = np.divide(inside, total, out=area.copy(), where=total > 0)
    return share / area


def by_class(
    heat: Floats, classes: Labels, regions: dict[str, Bools]
) -> dict[str, dict[int, Floats]]:
    """{region: {class: shares (n,) of that class's faces}}; classes: (N,) int."""
    found = {name: shares(heat, region) for name, region in regions.items()}
    present = np.unique(classes)
    return {
        name: {int(label): share[classes == label] for label in present}
        for name, share in found.items()
    }


def offsets(images: Images) -> Ints:
    """How far each face is off the mean face, down and right: (N, 2) int, in pixels.

    Where the mean face, moved by at most REACH pixels, correlates best with the middle
    of the face. images: (N, 48, 48) uint8.
    """
    moves = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1].reshape(2, -1).T
    mean, inner = images.mean(axis=0), slice(REACH, SIDE - REACH)
    moved = [_standardised(np.roll(mean, by, (0, 1))[inner, inner]) for by in moves]
    fits = _standardised(images[:, inner, inner]) @ np.array(moved)[:, 0].T
    return moves[fits.argmax(axis=1)]


def _standardised(images):
    """Pictures as rows (N, pixels) of mean 0 and length 1, if not even."""
    rows = images.reshape(-1, images.shape[-2] * images.shape[-1]).astype(np.float32)
    rows = rows - rows.mean(axis=1, keepdims=True)
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, size, out=np.zeros_like(rows), where=size > 0)
