"""FER-style CSV in, uint8 faces out.

Three layouts, in any order of columns, plain or gzipped, told apart by their header:
`emotion,pixels,Usage` (FER2013), `label,feature` (labelled) and `id,feature` or
`pixels` alone (to be labelled).
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass

import numpy as np

from fer import BadInput, cache, files, reader
from fer.reader import PIXELS, USAGES

FITTING = ("Training", "PublicTest")
VALIDATION_FRACTION = 0.1


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


def load(path, usages=FITTING):
    """Read a CSV of faces, plain or gzipped.

    Rows whose Usage is not in `usages` are checked and left out, so that PrivateTest is
    only seen by who asks for it. The arrays are read-only: they may lie in the cache's
    file. Raises BadInput with the line number of the first malformed row.
    """
    with files.reading(path), open(path, "rb") as file:
        try:
            columns = cache.recall(
                path, file, reader.VERSION, lambda: reader.read(path, file)
            )
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(
                f"{path} is a damaged gzip file ({error}): fetch it again"
            ) from error
    faces = Faces(**columns)
    if not len(faces):
        raise BadInput(f"{path} has no rows below its header")
    if faces.usage is None:
        return faces
    codes = [USAGES.index(usage) for usage in usages]
    rows = np.flatnonzero(np.isin(faces.usage, codes))
    if not len(rows):
        raise BadInput(f"{path} has no rows of {' or '.join(usages)}")
    whole = slice(rows[0], rows[-1] + 1)
    # In FER2013 they follow one another, and need not be copied.
    return faces.take(whole if len(rows) == whole.stop - whole.start else rows)


def parts(faces, seed=0):
    """The faces to fit on and those to validate on, by the rows of `split`."""
    fitted, held = split(faces, seed)
    return faces.take(fitted), faces.take(held)


def split(faces, seed=0):
    """Row numbers to fit on and to validate on, as two int arrays.

    The file's own PublicTest rows validate where it has any. Otherwise a tenth of the
    rows is drawn with `seed`, a tenth of each class, exact copies of a face all on the
    same side.
    """
    if has_public_test(faces):
        codes = map(USAGES.index, FITTING)
        return tuple(np.flatnonzero(faces.usage == code) for code in codes)
    _, first, group = np.unique(
        _keys(faces.images), return_index=True, return_inverse=True
    )
    order = np.random.default_rng(seed).permutation(len(first))
    classes = faces.labels[first][order]
    held = np.zeros(len(first), bool)
    for label in np.unique(classes):
        members = order[classes == label]
        held[members[: round(len(members) * VALIDATION_FRACTION)]] = True
    return np.flatnonzero(~held[group]), np.flatnonzero(held[group])


def must_be_labelled(faces, path):
    """Raise BadInput when the file at `path` had no labels."""
    if faces.labels is None:
        raise BadInput(
            f"{path} has no labels: give a CSV with a column emotion or label"
        )


def has_public_test(faces):
    """Whether the file names rows to validate on."""
    return faces.usage is not None and (faces.usage == USAGES.index("PublicTest")).any()


def copies(faces, others):
    """Which faces are pixel by pixel the same as one of `others`: (N,) bool."""
    return np.isin(_keys(faces.images), _keys(others.images))


def digest(faces):
    """SHA-256 of faces, labels and usage, the same for every packing of the file."""
    sha = hashlib.sha256()
    for column in (faces.images, faces.labels, faces.usage):
        sha.update(b"-" if column is None else np.ascontiguousarray(column).data)
    return sha.hexdigest()


def unordered_digest(faces):
    """SHA-256 of the images, the same for every order of the rows."""
    return hashlib.sha256(b"".join(sorted(_digests(faces.images)))).hexdigest()


def short_digests(images):
    """Eight bytes of each face's SHA-256, to know it by: (N,) uint64."""
    return np.array([digest[:8] for digest in _digests(images)], "S8").view("<u8")


def counts(faces):
    """How many of these faces have each Usage, or how many there are in all."""
    if faces.usage is None:
        return {"rows": len(faces)}
    numbers = np.bincount(faces.usage, minlength=len(USAGES))
    return {name: int(n) for name, n in zip(USAGES, numbers, strict=True) if n}


def _digests(images):
    return [hashlib.sha256(image).digest() for image in np.ascontiguousarray(images)]


def _keys(images):
    return np.ascontiguousarray(images).reshape(-1, PIXELS).view(f"V{PIXELS}").ravel()
