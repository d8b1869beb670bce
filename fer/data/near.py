"""Near copies: the same photograph mirrored, relit, recompressed, shifted or cropped.

Three sieves, each slower and stricter than the one before: all faces against all by a
short descriptor; windows of one face against the other, by the same descriptor; pixels
over pixels, at several sizes and all shifts, at half and at full resolution.
"""

from __future__ import annotations

import itertools

import numpy as np

from fer import threads
from fer.data.faces import SIDE
from fer.types import Bools, Floats, Images, Ints

FLAT = 8  # grey levels: by a smaller deviation, nothing but noise is compared
BLOCK = 512  # faces or pairs at once: what is made of them stays in the cache

# The descriptor: gradients of the face at half size, by direction and place.
HALF, CELLS, DIRECTIONS, WIDTH = 24, 6, 6, 2.5
LENGTH = 48  # numbers a face
# Copies that are made to learn which numbers they share; their covariance is shrunk.
PLANTED, SHRINKAGE = 2_000, 3e-3
# How they are made: shifted by so many pixels, cropped to such a part, and what is put
# where the face ends.
SHIFT, SMALLEST, BORDERS = 4, 0.79, ("nearest", "constant", "grid-wrap")
# Windows of the second sieve: zoom, and pixels to the right and down.
WINDOWS = [(1, 0, 0)] + [(0.86, x, y) for x in (-2, 2) for y in (-2, 2)]

# What each sieve lets pass: cosines of descriptors, then correlations of pixels.
LIKELY, LIKELIER = 0.53, 0.77
SIMILAR, SAME = 0.6, 0.88
# Light and shadow are as wide; pixels are compared without them.
SHADOW = SIDE / 12
# By how many pixels more a part is shrunk each time, at half and at full size.
STEP = {HALF: 2, SIDE: 1}


def pairs(images: Images) -> Ints:
    """Pairs of near copies: (P, 2) int, rows i < j.

    images: (N, 48, 48) uint8. Exact copies are near copies, too. Faces without contrast
    are in no pair.
    """
    from threadpoolctl import threadpool_limits

    rows = np.flatnonzero(deviation(images) >= FLAT)
    if len(rows) < 2:
        return np.empty((0, 2), int)
    # The blocks have threads of their own.
    with threadpool_limits(1, "blas"):
        return rows[_sieved(images[rows])]


def _sieved(images):
    """As pairs, of faces with contrast."""
    found, mirrored = _likely(images)
    for side, least in ((HALF, SIMILAR), (SIDE, SAME)):
        kept = alike(images, found, mirrored, side, least)
        found, mirrored = found[kept], mirrored[kept]
    return found


def deviation(images: Images) -> Floats:
    """Standard deviation of each face's pixels, in grey levels: (N,) float32."""
    result = np.empty(len(images), np.float32)
    for start in _starts(images):
        block = slice(start, start + BLOCK)
        result[block] = images[block].std((1, 2), dtype=np.float32)
    return result


def _starts(items):
    return range(0, len(items), BLOCK)


def _likely(images):
    """Pairs (P, 2) that pass the first two sieves, and whether mirrored (P,) bool."""
    learned = _projection(images)
    plain = _descriptors(images, WINDOWS, learned)
    [mirror] = _descriptors(images[:, :, ::-1], WINDOWS[:1], learned)
    found, mirrored = zip(*_neighbours(plain, mirror), strict=True)
    return np.concatenate(found), np.concatenate(mirrored)


def _descriptors(images, windows, learned):
    """(windows, N, LENGTH) float32 of length 1; `learned` is what _projection says."""
    middle, directions = learned

    def describe(start):
        found = _histograms(images[start : start + BLOCK], windows)
        found = (found - middle) @ directions
        return found / (np.linalg.norm(found, axis=2, keepdims=True) + 1e-6)

    return np.concatenate([*threads.in_order(describe, _starts(images))], axis=1)


def _histograms(images, windows):
    """Histograms of oriented gradients in windows: (windows, N, 216) float32.

    Roots of unit length. Each of 6 x 6 cells has a Gaussian's weights, so that nothing
    jumps when a face moves (Dalal and Triggs, 2005, CVPR). A window is a zoom and a
    shift of those cells.
    """
    small = _halved(images)
    down, right = np.gradient(small, axis=(1, 2))
    angle = 2 * np.pi * np.arange(DIRECTIONS, dtype=np.float32) / DIRECTIONS
    angle = angle[:, None, None, None]
    along = np.maximum(np.cos(angle) * right + np.sin(angle) * down, 0)
    result = []
    for zoom, x, y in windows:
        across = along.reshape(-1, HALF) @ _cells(zoom, x)
        across = across.reshape(-1, HALF, CELLS).swapaxes(1, 2).reshape(-1, HALF)
        cells = (across @ _cells(zoom, y)).reshape(DIRECTIONS, len(images), -1)
        cells = np.sqrt(cells.swapaxes(0, 1).reshape(len(images), -1))
        norm = np.linalg.norm(cells, axis=1, keepdims=True)
        result.append(cells / (norm + 1e-6))
    return np.stack(result)


def _halved(images):
    shape = (len(images), HALF, 2, HALF, 2)
    return images.reshape(shape).mean((2, 4), dtype=np.float32)


def _cells(zoom, shift):
    """The weight of each pixel of a line in each cell: (HALF, CELLS) float32."""
    centres = (np.arange(CELLS) + 0.5) / CELLS - 0.5
    centres = (centres * zoom + 0.5) * HALF - 0.5 + shift * HALF / SIDE
    off = (np.arange(HALF)[:, None] - centres) / (WIDTH * zoom)
    weights = np.exp(-0.5 * off**2)
    return (weights / weights.sum(0)).astype(np.float32)


def _projection(images):
    """What to subtract from histograms, and by what to multiply them.

    Linear discriminant analysis (Fisher, 1936): the directions in which faces differ
    most, measured by how much planted copies do from their own face.
    """
    from scipy.linalg import eigh

    rng = np.random.default_rng(0)
    chosen = images[rng.choice(len(images), PLANTED)]
    faces = _histograms(chosen, WINDOWS[:1])[0]
    moved = _histograms(planted(chosen, rng), WINDOWS[:1])[0] - faces
    within, size = moved.T @ moved / len(moved), moved.shape[1]
    within += SHRINKAGE * np.trace(within) / size * np.eye(size)
    last = [size - LENGTH, size - 1]
    _, directions = eigh(np.cov(faces.T), within, subset_by_index=last)
    return faces.mean(0), directions.astype(np.float32)


def planted(images: Images, rng: np.random.Generator) -> Images:
    """A shifted or a cropped copy of each face: (N, 48, 48) uint8."""
    from scipy.ndimage import affine_transform

    copies = np.empty_like(images)
    for image, copy in zip(images, copies, strict=True):
        zoom = rng.choice([1, rng.uniform(SMALLEST, 1)])
        free = SHIFT if zoom == 1 else (1 - zoom) * SIDE / 2
        offset = (1 - zoom) * (SIDE - 1) / 2 + rng.uniform(-free, free, 2)
        border = rng.choice(BORDERS)
        affine_transform(image, (zoom, zoom), offset, output=copy, order=1, mode=border)
    return copies


def _neighbours(plain, mirror):
    """Yield pairs (P, 2) int32 of faces that are near, and whether mirrored (P,) bool.

    plain: descriptors (windows, N, LENGTH), of the whole face first. mirror: those of
    mirrored faces (N, LENGTH), with which the plain ones are compared next. Each
    block's pairs pass both sieves at once: those of the first alone grow with the
    square of the faces.
    """

    def near(item):
        start, (turned, others) = item
        cosine = plain[0, start : start + BLOCK] @ others[start:].T
        first, second = np.divmod(
            np.flatnonzero(cosine.ravel() > LIKELY), cosine.shape[1]
        )
        found = np.stack([first, second], 1)[first < second].astype(np.int32) + start
        parts = [found[part : part + BLOCK] for part in _starts(found)]
        closest = [_closest(plain, others, part) for part in parts]
        found = found[np.concatenate([*closest, np.empty(0)]) >= LIKELIER]
        return found, np.full(len(found), turned)

    both = ((False, plain[0]), (True, mirror))
    return threads.in_order(near, itertools.product(_starts(plain[0]), both))


def _closest(plain, others, found):
    """The largest cosine of a window of one face and the whole other: (P,) float32.

    others: descriptors of whole faces (N, LENGTH), plain or mirrored. found: (P, 2).
    """
    one, two = found.T
    windows = [
        np.einsum("wpd,pd->wp", plain[:, this], others[other])
        for this, other in ((one, two), (two, one))
    ]
    return np.max(windows, axis=(0, 1))


def alike(
    images: Images, found: Ints, mirrored: Bools, side: int, least: float
) -> Bools:
    """Which pairs reach a normalised cross-correlation, at some size and shift: (P,).

    found: (P, 2), rows of images. mirrored: (P,) bool, whether to turn the second face.
    side: 24 or 48, at what resolution. least: the correlation. Of each pair, each face
    is tried as a part of the other, both without light and shadow.
    """
    lit = _shadow(side)

    def reach(start):
        here = slice(start, start + BLOCK)
        one, two = (images[rows] for rows in found[here].T)
        two = np.where(mirrored[here, None, None], two[:, :, ::-1], two)
        if side == HALF:
            one, two = _halved(one), _halved(two)
        one, two = (end - lit @ end @ lit.T for end in (one, two))
        return np.maximum(_within(one, two), _within(two, one)) >= least

    blocks = threads.in_order(reach, _starts(found))
    return np.concatenate([*blocks, np.empty(0, bool)])


def _shadow(side):
    """Blurs a line of `side` pixels: (side, side) float32."""
    off = np.subtract.outer(np.arange(side), np.arange(side)) * SIDE / side
    weights = np.exp(-0.5 * (off / SHADOW) ** 2)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _within(pictures, parts):
    """How well parts, shrunk, are found in their pictures: the correlation, (P,).

    By Fourier transforms (Lewis, 1995, Vision Interface), at any place where the middle
    of the part lies wholly in the picture, and the best of all sizes.
    """
    from scipy import fft

    side, best = pictures.shape[1], np.full(len(pictures), -1, np.float32)
    spectra, windows = fft.rfft2(pictures), {}
    for size in range(side, int(SMALLEST * side), -STEP[side]):
        width = min(size, side - 2 * SHIFT * side // SIDE)
        shrink, places = _shrink(side, size, width), side - width + 1
        if width not in windows:
            windows[width] = _energies(pictures, width)
        part = shrink @ parts @ shrink.T
        part -= part.mean((1, 2), keepdims=True)
        # What has no contrast is like nothing.
        energy = np.maximum((part * part).sum((1, 2)), width**2)[:, None, None]
        product = spectra * fft.rfft2(part, s=(side, side)).conj()
        product = fft.irfft2(product, s=(side, side))[:, :places, :places]
        reached = product / np.sqrt(energy * windows[width])
        best = np.maximum(best, reached.max((1, 2)))
    return best


def _energies(pictures, width):
    """Squared deviation in each window of a width: (P, places, places) float32."""
    box = _box(pictures.shape[1], width)
    sums = box @ pictures @ box.T
    squares = box @ (pictures * pictures) @ box.T
    return np.maximum(squares - sums * sums / width**2, width**2)


def _shrink(side, size, width):
    """Takes a line of `side` pixels to `size`, of which the middle `width` are kept."""
    centres = (np.arange(size) + 0.5) * side / size - 0.5
    off = np.abs(np.arange(side) - centres[:, None]) * size / side
    weights = np.maximum(1 - off, 0)
    first = (size - width) // 2
    weights = (weights / weights.sum(1, keepdims=True))[first : first + width]
    return weights.astype(np.float32)


def _box(side, width):
    """Sums each `width` neighbours of a line of `side` pixels."""
    after = np.arange(side) - np.arange(side - width + 1)[:, None]
    return ((after >= 0) & (after < width)).astype(np.float32)
