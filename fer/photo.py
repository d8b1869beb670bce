"""A picture file in, one face out."""

import warnings

import numpy as np

from fer import BadInput, files, networks

EIGHT_BITS = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr")  # Pillow's modes


def face(path):
    """The middle square of a picture as one face: (1, 48, 48) uint8.

    Grey as the eye weighs colours (ITU-R 601), upright as the camera says. Raises
    BadInput for what is no picture, or one of more than 8 bits a colour.
    """
    with files.reading(path), warnings.catch_warnings():
        from PIL import Image, ImageOps

        # A file of a few bytes may claim to unpack to gigabytes.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as picture:
                mode, grey = picture.mode, ImageOps.exif_transpose(picture).convert("L")
        except OSError:
            raise
        except Exception as error:
            # Whatever Pillow's many formats raise for bytes that are not theirs.
            raise BadInput(
                f"{path} is no picture that can be read ({error!r:.120}): save it as "
                "PNG or JPEG"
            ) from error
    if mode not in EIGHT_BITS:
        raise BadInput(
            f"{path} has other pixels ({mode}) than 8 bits a colour: save it as an "
            "8-bit PNG or JPEG"
        )
    return np.array(ImageOps.fit(grey, networks.FACE_SHAPE[:2]))[None]
