"""Drawn faces with planted faults, for audit.py to find."""

import numpy as np

from fer import data
from fer.data import sample


def drawn():
    """120 drawn faces, of which 20 to 39 are exact copies of 0 to 19; with Usage."""
    labels, images = sample.faces(120)
    images[20:40], labels[20:40] = images[:20], labels[:20]
    usage = np.repeat([0, 1], [100, 20]).astype(np.int8)
    return data.Faces(images, labels.astype(np.int8), usage)


def changed(faces, **columns):
    """A copy of the faces in which {column: {row: value}} is so."""
    new = {name: getattr(faces, name).copy() for name in ("images", "labels", "usage")}
    for name, values in columns.items():
        for row, value in values.items():
            new[name][row] = value
    return data.Faces(**new)


def at_fault(drawn):
    """Those of `drawn`; labels of 5 and 25 contradict, 110 copies 60, 52 is blank."""
    return changed(
        drawn,
        labels={25: (drawn.labels[5] + 1) % 7},
        images={110: drawn.images[60], 52: 7},
    )
