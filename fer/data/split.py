"""Which faces fit and which validate, and by what digests faces are known again."""

import hashlib

import numpy as np

from fer.data.faces import FITTING, PIXELS, USAGES, has_public_test

VALIDATION_FRACTION = 0.1


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


def _digests(images):
    return [hashlib.sha256(image).digest() for image in np.ascontiguousarray(images)]


def _keys(images):
    return np.ascontiguousarray(images).reshape(-1, PIXELS).view(f"V{PIXELS}").ravel()
