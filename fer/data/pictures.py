"""A picture file in, the faces that it shows out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fer import BadInput, refusals
from fer.data import decoding, detect
from fer.data.faces import SIDE
from fer.types import Images, Ints

FLAT = 8  # Grey levels; a picture of fewer shows nothing.


def faces(path: Path | str, whole: bool = False) -> tuple[Images, Ints]:
    """The faces of a picture, the largest first, and where they are.

    Returns (N, 48, 48) uint8 and their squares (N, 4) int: left, top, width, height in
    pixels of the upright picture, beyond whose edge they may reach. whole: the middle
    square of the picture is the face; so it is of a picture of 48 x 48 pixels. Raises
    BadInput for what is no picture, and where there is no face or none that is large
    enough.
    """
    colours = read(path)
    grey = _grey(colours)
    if np.ptp(grey) < FLAT:
        raise BadInput(f"{path}: no face in it, only one grey")
    height, width = grey.shape
    if whole or (height, width) == (SIDE, SIDE):
        side = min(height, width)
        squares = np.array([((width - side) // 2, (height - side) // 2, side, side)])
    else:
        squares = _large(path, detect.squares(colours))
    return np.array([detect.cut(grey, square) for square in squares]), squares


def face(path: Path | str, whole: bool = False) -> Images:
    """The largest face of a picture: (48, 48) uint8. Raises BadInput as `faces`."""
    return faces(path, whole)[0][0]


def are_pictures(paths: Iterable[Path | str]) -> bool:
    """Whether each path is a picture's, by its ending, or a folder with one in it."""

    def is_picture(path):
        if path.is_dir():
            return any(True for _ in _inside(path))
        return decoding.is_picture(path.name)

    return all(map(is_picture, map(Path, paths)))


def find(paths: Iterable[Path | str]) -> list[Path]:
    """Pictures and the pictures in folders, in order of their names: a list of paths.

    Raises BadInput for a path that is not there, and a folder without a picture.
    """
    found = []
    for path in map(Path, paths):
        with refusals.reading(path):
            inside = sorted(_inside(path)) if path.is_dir() else [path]
        if not inside:
            raise BadInput(
                f"{path} has no picture in it ({', '.join(decoding.ENDINGS)})"
            )
        found += inside
    return found


def _inside(folder):
    for above, _, names in os.walk(folder):
        for name in names:
            # What macOS lays beside a picture has its ending, and a dot in front.
            if decoding.is_picture(name) and not name.startswith("."):
                yield Path(above, name)


def _large(path, squares):
    """The squares of faces that are large enough."""
    if not len(squares):
        raise BadInput(
            f"{path}: no face in it was found; if all of it is a face, say --whole"
        )
    large = squares[squares[:, 2] >= detect.LEAST]
    if not len(large):
        raise BadInput(
            f"{path}: its face is too small to tell: {squares[0, 2]} pixels, not "
            f"{detect.LEAST}"
        )
    return large


def read(path: Path | str) -> Images:
    """A picture as viewers show it: (H, W, 3) uint8, upright, grey where transparent.

    Raises BadInput as decoding.picture, and for a file that cannot be read.
    """
    with refusals.reading(path), open(path, "rb") as stream:
        pixels = decoding.picture(stream, str(path))
    # Pillow's convert("RGB") takes more memory.
    return pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2)


def _grey(colours):
    """Grey as the eye weighs colours (ITU-R 601): (H, W) uint8."""
    from PIL import Image

    return np.asarray(Image.fromarray(colours).convert("L"))
