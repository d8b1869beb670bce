"""Pixels of any size and colour as a face: 48 x 48 and grey."""

from __future__ import annotations

import io

import numpy as np

from fer.data import csv_reader, decoding
from fer.types import Images

LEAST_SIDE, MOST_SIDE = 8, 1024  # of square faces in tables and arrays


def resized(images: Images) -> Images:
    """Square faces (N, S, S) uint8 as (N, 48, 48) uint8."""
    from PIL import Image

    side = csv_reader.SIDE
    if images.shape[1:] == (side, side):
        return images
    made = [Image.fromarray(image).resize((side, side)) for image in images]
    return np.array([np.asarray(each) for each in made]).reshape(-1, side, side)


def decoded(content: bytes, where: str) -> tuple[Images, tuple[str, ...]]:
    """The picture `content` (bytes) as a face: (48, 48) uint8, and what was done to it.

    What was done: a tuple of "colour made grey" and "resized". Grey as the eye weighs
    colours (ITU-R 601), the middle square of what is none. Raises BadInput as
    decoding.picture.
    """
    from PIL import Image, ImageOps

    side = csv_reader.SIDE
    picture = Image.fromarray(decoding.picture(io.BytesIO(content), where))
    done = ["colour made grey"] * (picture.mode != "L")
    grey = picture.convert("L")
    if grey.size != (side, side):
        grey, done = ImageOps.fit(grey, (side, side)), [*done, "resized"]
    return np.array(grey), tuple(done)
