"""Dialects of a CSV of the same faces, and whether faces are these."""

import numpy as np
from csv_files import IMAGES, LABELS, PIXELS, USAGES

from fer import data

NAMES = [data.CLASSES[label] for label in LABELS]
CODES = np.array([data.USAGES.index(usage) for usage in USAGES])
HEADER = ["emotion", "pixels", "Usage"]
ROWS = [
    [str(n), face, use] for n, face, use in zip(LABELS, PIXELS, USAGES, strict=True)
]
ALPHABET = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def text(rows=ROWS, header=HEADER, separator=","):
    return "\n".join(map(separator.join, [header, *rows] if header else rows)) + "\n"


PLAIN = text()


def column(place, change):
    """ROWS with a column changed."""
    return [[change(c) if i == place else c for i, c in enumerate(row)] for row in ROWS]


def pixels(change):
    return text(column(1, change))


WIDE = [[row[0], *row[1].split(), row[2]] for row in ROWS]
DIALECTS = {
    "index column": text([[str(n), *r] for n, r in enumerate(ROWS)], ["", *HEADER]),
    "other case": PLAIN.replace("emotion,pixels,Usage", "Emotion,PIXELS,usage"),
    "names": text(column(0, lambda cell: NAMES[[r[0] for r in ROWS].index(cell)])),
    "other names": text(
        column(
            0,
            lambda cell: [
                "Anger",
                "Disgusted",
                "Fearful",
                "Happiness",
                "Sadness",
                "Surprised",
                "NEUTRAL",
            ][int(cell)],
        )
    ),
    "3.0": text(column(0, lambda cell: cell + ".0")),
    "semicolons": text(separator=";"),
    "tabs": text(separator="\t"),
    "lists": pixels(lambda cell: f'"[{cell.replace(" ", ", ")}]"'),
    "lists without quotes": pixels(lambda cell: f"[{cell.replace(' ', ', ')}]"),
    "printed arrays": pixels(lambda cell: f'"[{cell.replace(" ", chr(10), 9)}]"'),
    "two spaces": pixels(lambda cell: cell.replace(" ", "  ")),
    "a column a pixel": text(
        WIDE, ["emotion", *(f"pixel{n}" for n in range(2304)), "Usage"]
    ),
    "a column a pixel, no header": text(WIDE, None),
    "no header": text(header=None),
    "byte order mark": "\ufeff" + text(separator=";"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-be"),
    "Windows lines": text(separator=";").replace("\n", "\r\n"),
    "old Mac lines": PLAIN.replace("\n", "\r"),
    "blank lines at the end": PLAIN + "\n \n\n",
    "more columns": text([[*r, "x", "7"] for r in ROWS], [*HEADER, "source", "age"]),
    "usage in words": PLAIN.replace("PublicTest", "Public Test"),
    "splits": text(
        column(2, dict(zip(data.USAGES, ("train", "val", "test"), strict=True)).get)
    ),
}


def same(faces, order=slice(None), usage=True):
    """Whether these are the drawn faces, in that order."""
    named = [faces.classes[label] for label in faces.labels]
    assert (faces.images == IMAGES[order]).all()
    assert named == np.array(NAMES)[order].tolist()
    assert not usage or (faces.usage == CODES[order]).all()
    return True
