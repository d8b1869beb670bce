"""CSV files of the drawn faces, in every layout, for tests."""

import re

from fer.data import sample

LABELS, IMAGES = sample.faces(12)
PIXELS = [" ".join(map(str, face)) for face in IMAGES.reshape(12, -1).tolist()]
USAGES = ["Training"] * 7 + ["PublicTest"] * 3 + ["PrivateTest"] * 2
FER2013 = b"emotion,pixels,Usage\n"
FACE = PIXELS[0].encode()
ROW = b"3," + FACE + b",Training\n"


def table(*columns, rows=12):
    """A CSV of the drawn faces: bytes."""
    values = {
        "emotion": LABELS,
        "label": LABELS,
        "pixels": PIXELS,
        "feature": PIXELS,
        "Usage": USAGES,
        "id": range(900, 912),
    }
    chosen = [values[name.strip()] for name in columns]
    lines = [columns, *list(zip(*chosen, strict=True))[:rows]]
    return "".join(",".join(map(str, line)) + "\n" for line in lines).encode()


def put(field, value):
    """A FER2013 file of three rows; in the second one, `field` holds `value`."""
    cells = [b"3", FACE, b"Training"]
    cells[field] = value
    return FER2013 + ROW + b",".join(cells) + b"\n" + ROW


def first_pixel(value):
    return put(1, value + b" " + FACE.split(b" ", 1)[1])


LAYOUTS = {
    "fer2013": table("emotion", "pixels", "Usage"),
    "labelled": table("label", "feature"),
    "to be labelled": table("id", "feature"),
    "pixels alone": table("pixels"),
    "pixels alone, windows lines": table("pixels").replace(b"\n", b"\r\n"),
    "usage first": table("Usage", "emotion", "pixels"),
    "pixels first": table("pixels", "emotion", "Usage"),
    "feature first": table("feature", "id"),
    "no usage": table("emotion", "pixels"),
    "everything": table("id", "Usage", "feature", "label"),
    "spaced header": table("emotion", " Usage", " pixels"),
    "spaced fields": table("emotion", "Usage", "pixels").replace(b",", b", "),
    "windows lines": table("emotion", "pixels", "Usage").replace(b"\n", b"\r\n"),
    "windows lines, pixels last": table("id", "feature").replace(b"\n", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + table("emotion", "pixels", "Usage"),
    "no final newline": table("emotion", "pixels", "Usage")[:-1],
    "no final newline, pixels last": table("label", "feature")[:-1],
    "quoted": re.sub(rb"[^,\n]+", rb'"\g<0>"', table("emotion", "pixels", "Usage")),
    "quoted, windows lines": re.sub(
        rb"([^,\n]+)(\n?)",
        lambda cell: b'"' + cell[1] + b'"' + cell[2].replace(b"\n", b"\r\n"),
        table("label", "feature"),
    ),
    "one row": table("label", "feature", rows=1),
    "labelled, the ids alike": b"id,label,feature\n" + 2 * (b"7,3," + FACE + b"\n"),
}
COLUMNS = ("images", "labels", "usage", "ids")


def same(faces, others):
    """Whether the two are the same to the last bit."""

    def bits(column):
        return column if column is None else (column.dtype, column.shape, bytes(column))

    return all(
        bits(getattr(faces, name)) == bits(getattr(others, name)) for name in COLUMNS
    )


def let_time_pass(path):
    """Wait until what is written now shows a later time than the file has."""
    spare = path.with_name("spare")
    spare.touch()
    while spare.stat().st_mtime_ns <= path.stat().st_ctime_ns:
        spare.touch()
    spare.unlink()
