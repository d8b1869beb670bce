"""Pixels of any size and colour as a face: 48 x 48 and grey."""

from __future__ import annotations

import io
import warnings
from pathlib import PurePosixPath

import numpy as np

from fer import BadInput
from fer.data import csv_reader
from fer.types import Images

# Pillow has more: of one, another program would be started on a stranger's file.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")
SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff"),
    *(".webp", ".avif", ".ppm", ".pgm"),
}
LEAST_SIDE, MOST_SIDE = 8, 1024  # of square faces in tables and arrays
EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
GREY = (128, 128, 128)  # where a picture is transparent


def is_picture(name: str) -> bool:
    """Whether a file's name ends like a picture's."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


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
    colours (ITU-R 601), the middle square of what is none. Raises BadInput that names
    `where` for what is no picture, or too large a one.
    """
    from PIL import Image, ImageOps

    side = csv_reader.SIDE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what else a camera wrote into it
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            Image.init()
            formats = [name for name in FORMATS if name in Image.OPEN]
            with Image.open(io.BytesIO(content), formats=formats) as picture:
                upright = ImageOps.exif_transpose(picture)
            grey = _in_grey(upright)
            done = ["colour made grey"] * (upright.mode not in ("1", "L", "I;16"))
            if grey.size != (side, side):
                grey, done = ImageOps.fit(grey, (side, side)), [*done, "resized"]
            return np.array(grey), tuple(done)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise BadInput(f"{where} has too many pixels: shrink it") from error
        except MemoryError:
            raise
        except Exception as error:
            # Pillow raises errors of many classes for bytes that are no picture.
            raise BadInput(
                f"{where} is no picture, or a damaged one ({error!r:.100}): delete it, "
                "or save it as PNG or JPEG"
            ) from error


def _in_grey(picture):
    from PIL import Image

    if picture.mode.startswith("I;16"):
        levels = np.asarray(picture).astype(np.uint16)
        return Image.fromarray((levels / 257).round().astype(np.uint8))
    if picture.mode not in EIGHT_BITS:
        raise ValueError(f"its pixels are {picture.mode}, not 8 bits a colour")
    if picture.has_transparency_data:
        behind = Image.new("RGBA", picture.size, GREY)
        picture = Image.alpha_composite(behind, picture.convert("RGBA"))
    return picture.convert("L")
