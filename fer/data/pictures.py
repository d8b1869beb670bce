"""A picture file in, one face out."""

import warnings

import numpy as np

from fer import BadInput, files, networks

# Pillow has more: of one, another program would be started on a stranger's file.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM")
EIGHT_BITS = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr")  # Pillow's modes
GREY = (128, 128, 128)  # where a picture is transparent


def face(path):
    """The middle square of a picture as one face: (1, 48, 48) uint8.

    Grey as the eye weighs colours (ITU-R 601), upright as the camera says. Raises
    BadInput for what is no picture, or one whose pixels are too many, or none of 8 bits
    to Pillow.
    """
    from PIL import Image, ImageOps

    mend = "save it as PNG or JPEG"
    with warnings.catch_warnings(), files.understood(path, "picture", mend):
        warnings.simplefilter("ignore")  # of what else a camera wrote into it
        # A file of a few bytes may claim to unpack to gigabytes.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        Image.init()
        formats = [name for name in FORMATS if name in Image.OPEN]
        try:
            with Image.open(path, formats=formats) as picture:
                mode, upright = picture.mode, ImageOps.exif_transpose(picture)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            most = f"{Image.MAX_IMAGE_PIXELS:,}"
            raise BadInput(f"{path} has more pixels than {most}: shrink it") from error
        if mode not in EIGHT_BITS:
            raise BadInput(
                f"{path} has other pixels ({mode}) than 8 bits a colour: save it as an "
                "8-bit PNG or JPEG"
            )
        grey = ImageOps.fit(_in_grey(upright), networks.FACE_SHAPE[:2])
    return np.array(grey)[None]


def _in_grey(picture):
    from PIL import Image

    if picture.has_transparency_data:
        behind = Image.new("RGBA", picture.size, GREY)
        picture = Image.alpha_composite(behind, picture.convert("RGBA"))
    return picture.convert("L")
