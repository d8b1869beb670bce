"""Faces and what is known of each: the record that every reader makes."""

from dataclasses import dataclass

import numpy as np

from fer import BadInput

SIDE = 48
PIXELS = SIDE * SIDE
USAGES = ("Training", "PublicTest", "PrivateTest")
FITTING = ("Training", "PublicTest")


@dataclass(frozen=True)
class Faces:
    """Faces and what the file says of them; a column that the file lacks is None."""

    images: np.ndarray  # (N, 48, 48) uint8
    labels: np.ndarray | None = None  # (N,) int8, 0..6
    usage: np.ndarray | None = None  # (N,) int8, an index into USAGES
    ids: np.ndarray | None = None  # (N,) int64

    def take(self, rows):
        """The chosen rows, as Faces; a slice shares their memory."""
        columns = (self.images, self.labels, self.usage, self.ids)
        return Faces(*(None if column is None else column[rows] for column in columns))

    def __len__(self):
        return len(self.images)


def must_be_labelled(faces, path):
    """Raise BadInput when the file at `path` had no labels."""
    if faces.labels is None:
        raise BadInput(
            f"{path} has no labels: give a CSV with a column emotion or label"
        )


def has_public_test(faces):
    """Whether the file names rows to validate on."""
    return faces.usage is not None and (faces.usage == USAGES.index("PublicTest")).any()


def counts(faces):
    """How many of these faces have each Usage, or how many there are in all."""
    if faces.usage is None:
        return {"rows": len(faces)}
    numbers = np.bincount(faces.usage, minlength=len(USAGES))
    return {name: int(n) for name, n in zip(USAGES, numbers, strict=True) if n}
