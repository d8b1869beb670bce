"""From signed maps to heat: what a picture shows, and what a mask keeps of a face."""

from __future__ import annotations

import numpy as np

from fer.flags import THRESHOLD
from fer.types import Floats, Images

# How far the places of a face reach, in pixels: the deviation of a Gaussian.
PLACE = 2
KEPT = 0.1  # of the pixels are hotter than the coursework's threshold
# Their sign tells whether a brighter pixel raises the score, not what speaks for it.
SIGNLESS = ("gradient", "smoothgrad")


def heat(method: str, maps: Floats) -> Floats:
    """Heat of a method's signed maps: (N, 48, 48) float32 in 0..1.

    The part above 0, or the magnitude for methods in SIGNLESS; blurred, and scaled so
    that a share KEPT of the pixels exceeds THRESHOLD. Where fewer pixels are above 0,
    the largest becomes 1.
    """
    matters = np.abs(maps) if method in SIGNLESS else np.maximum(maps, 0)
    blurred = places(matters)
    top = np.quantile(blurred, 1 - KEPT, axis=(1, 2), keepdims=True) / THRESHOLD
    heat = np.where(top > 0, _divided(blurred, top), unit(blurred))
    return np.minimum(heat, 1).astype(np.float32)


def places(maps: Floats) -> Floats:
    """Each map (N, 48, 48) blurred, so that it shows places rather than pixels."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(maps, (0, PLACE, PLACE))


def mask(image: Images, heat: Floats, threshold: float) -> Images:
    """Keep pixels whose heat exceeds `threshold`; set others to the image's mean.

    image: (48, 48) uint8. heat: (48, 48) float in 0..1. Returns (48, 48) uint8.
    """
    return np.where(heat > threshold, image, np.uint8(image.mean()))


def unit(maps: Floats) -> Floats:
    """Scale each map (N, 48, 48) of values >= 0 so that its largest is 1, if not 0."""
    return _divided(maps, maps.max(axis=(1, 2), keepdims=True))


def _divided(maps, top):
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0)
