"""A picture file's bytes as pixels, upright and of eight bits."""

from __future__ import annotations

import importlib.util
from pathlib import PurePosixPath
from typing import IO

import numpy as np

from fer import BadInput
from fer.types import Images

# Pillow has more: of one, another program would be started on a stranger's file.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM", "HEIF")
HEIC = (".heic", ".heif")
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff"),
    *(".webp", ".avif", ".ppm", ".pgm", ".pbm", *HEIC),
)
GREYS = ("1", "L")
COLOURS = ("LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB")
BEHIND = (128, 128, 128)  # where a picture is transparent
TILE = 1024  # pixels a side
# A phone's 50 megapixels pass; as WebP they take 0.8 GB on the way, others less.
MOST_PIXELS = 51_000_000


def is_picture(name: str) -> bool:
    """Whether a file's name ends like a picture's."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


def picture(stream: IO[bytes], where: str) -> Images:
    """The picture in a stream as viewers show it: (H, W) or (H, W, 3) uint8.

    Upright, grey where it is transparent. Raises BadInput that names `where` for what
    is no picture, or one whose pixels are too many, or of another kind than 8 or 16
    bits a colour.
    """
    from PIL import Image

    known = _known_formats()
    try:
        with Image.open(stream, formats=known) as opened:
            # A file of a few bytes may claim to unpack to gigabytes.
            if opened.width * opened.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            return _upright(opened)
    except Image.DecompressionBombError as error:
        told = f"{where} has more pixels than {MOST_PIXELS:,}: shrink it"
        raise BadInput(told) from error
    except Exception as error:
        if isinstance(error, MemoryError) or getattr(error, "errno", None):
            raise
        # Pillow raises errors of many classes for bytes that are no picture.
        why = str(error).partition(" <")[0] or type(error).__name__
        mend = "save it as PNG or JPEG"
        if where.lower().endswith(HEIC) and "HEIF" not in known:
            mend += ", or pip install pillow-heif"
        raise BadInput(f"{where} is no picture ({why:.120}): {mend}") from error


def _known_formats():
    """Those of FORMATS that are installed."""
    from PIL import Image

    Image.init()
    if importlib.util.find_spec("pillow_heif"):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]


def _upright(opened):
    from PIL import ImageOps

    ImageOps.exif_transpose(opened, in_place=True)
    deep = opened.mode.startswith("I;16")
    if not deep and opened.mode not in GREYS + COLOURS:
        raise ValueError(f"its pixels are {opened.mode}, not 8 or 16 bits a colour")
    grey = deep or (opened.mode in GREYS and not opened.has_transparency_data)
    width, height = opened.size
    made = np.empty((height, width) if grey else (height, width, 3), np.uint8)
    # Tile by tile: what is made on the way takes several times as much as the picture.
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            right, bottom = min(left + TILE, width), min(top + TILE, height)
            tile = _plain(opened.crop((left, top, right, bottom)))
            made[top:bottom, left:right] = tile.convert("L" if grey else "RGB")
    return made


def _plain(tile):
    """The tile with eight bits a colour, and nowhere transparent."""
    from PIL import Image

    if tile.mode.startswith("I;16"):
        levels = np.asarray(tile).astype(np.uint16)
        return Image.fromarray((levels / 257).round().astype(np.uint8))
    if tile.has_transparency_data:
        behind = Image.new("RGBA", tile.size, BEHIND)
        return Image.alpha_composite(behind, tile.convert("RGBA"))
    return tile
