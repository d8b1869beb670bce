"""Which faces are fitted on and which validate; digests that recognise faces."""

from __future__ import annotations

import functools
import hashlib

import numpy as np

from fer.data import near
from fer.data.faces import FITTING, PIXELS, USAGES, Faces, has_public_test
from fer.types import Array, Bools, Images, Ints

VALIDATION_FRACTION = 0.1
# Of more faces, only exact copies are looked for: each pair is compared.
MOST_COMPARED = 300_000


@functools.lru_cache(maxsize=1)
def parts(faces: Faces, seed: int = 0) -> tuple[Faces, Faces]:
    """The faces to fit on and those to validate on, by the rows of `split`.

    Computed once for the same Faces; rows that follow one another are not copied.
    """
    fitted, held = split(faces, seed)
    return faces.take(fitted), faces.take(held)


@functools.lru_cache(maxsize=1)
def split(faces: Faces, seed: int = 0) -> tuple[Ints, ...]:
    """Row numbers to fit on and to validate on, as two read-only int arrays.

    The file's own PublicTest rows validate where it has any. Otherwise a tenth of the
    rows is drawn with `seed`, a tenth of each class, exact and near copies of a face
    all on the same side. To find those takes a second for 1,000 faces and most of a
    minute of one core for 30,000; the same Faces are split once.
    """
    if has_public_test(faces):
        sides = [faces.usage == USAGES.index(usage) for usage in FITTING]
    else:
        held = _drawn(faces, seed)
        sides = [~held, held]
    rows = tuple(map(np.flatnonzero, sides))
    for side in rows:
        side.flags.writeable = False
    return rows


def limited(faces: Faces, count: int, seed: int = 0) -> Faces:
    """`count` of the labelled faces, drawn with `seed`, of each class its share.

    At least one of each class; all where there are no more.
    """
    order = np.random.default_rng(seed).permutation(len(faces))
    labels, share = faces.labels[order], min(count / len(faces), 1)
    taken = [
        order[labels == label][: max(round((labels == label).sum() * share), 1)]
        for label in np.unique(labels)
    ]
    return faces.take(np.sort(np.concatenate(taken)))


def _drawn(faces, seed):
    """Whether each face is in the tenth that validates: (N,) bool."""
    first, group = groups(faces.images)
    order = np.random.default_rng(seed).permutation(len(first))
    classes = faces.labels[first][order]
    held = np.zeros(len(first), bool)
    for label in np.unique(classes):
        members = order[classes == label]
        held[members[: round(len(members) * VALIDATION_FRACTION)]] = True
    return held[group]


def groups(images: Images) -> tuple[Ints, Ints]:
    """Groups of exact and near copies: a row of each (G,), the group of each face (N,).

    images: (N, 48, 48) uint8. A copy of a copy is in the same group. Of more than
    MOST_COMPARED faces, only exact copies are found.
    """
    if len(images) > MOST_COMPARED:
        return exact_groups(images)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, exact = exact_groups(images)
    pairs = near.pairs(images[first])
    linked = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(first), len(first)))
    _, group = connected_components(linked, directed=False)
    _, leaders = np.unique(group, return_index=True)
    return first[leaders], group[exact]


def exact_groups(images: Images) -> tuple[Ints, Ints]:
    """As groups, of faces that are the same pixel by pixel."""
    # Faces past memory are known by their digests.
    keys = (short_digests if len(images) > MOST_COMPARED else _keys)(images)
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return first, group


def copies(faces: Faces, others: Faces) -> Bools:
    """Which faces are pixel by pixel the same as one of `others`: (N,) bool."""
    return np.isin(short_digests(faces.images), short_digests(others.images))


def digest(faces: Faces) -> str:
    """SHA-256 of faces, labels and usage, the same for every packing of the file."""
    sha = hashlib.sha256()
    for column in (faces.images, faces.labels, faces.usage):
        sha.update(b"-" if column is None else np.ascontiguousarray(column).data)
    return sha.hexdigest()


def short_digests(images: Images) -> Array:
    """Eight bytes of the SHA-256 of each face (N, 48, 48) uint8: (N,) uint64."""
    result = np.empty(len(images), "<u8")
    for row, image in enumerate(images):
        digest = hashlib.sha256(np.ascontiguousarray(image).data).digest()
        result[row] = int.from_bytes(digest[:8], "little")
    return result


def _keys(images):
    return np.ascontiguousarray(images).reshape(-1, PIXELS).view(f"V{PIXELS}").ravel()
