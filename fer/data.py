"""FER-style CSV in, uint8 faces out.

Three layouts, in any order of columns, plain or gzipped, told apart by their header:
`emotion,pixels,Usage` (FER2013), `label,feature` (labelled) and `id,feature` (to be
labelled).
"""

import collections
import gzip
import hashlib
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from fer import BadInput

SIDE = 48
PIXELS = SIDE * SIDE
USAGES = ("Training", "PublicTest", "PrivateTest")
FITTING = ("Training", "PublicTest")
VALIDATION_FRACTION = 0.1

# What a column may be called, in FER2013, in the coursework and in Kaggle's later re-
# issue.
COLUMNS = {
    "emotion": "label",
    "label": "label",
    "pixels": "pixels",
    "feature": "pixels",
}
COLUMNS |= {"Usage": "usage", "id": "id"}

# Ten times FER2013: 0.7 GB of faces. A compressed file that claims more is refused.
MOST_ROWS = 300_000
# 2304 numbers of three digits and their spaces take 9,216 bytes.
LONGEST_LINE = 1 << 16
# Small enough for a core's cache: the parser passes over a block a dozen times.
BLOCK = 1 << 19


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
    only seen by who asks for it. Raises BadInput with the line number of the first
    malformed row.
    """
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            size = os.fstat(file.fileno()).st_size
            # The smallest row has 2304 digits and 2303 spaces.
            most = MOST_ROWS if packed else min(MOST_ROWS, size // (2 * PIXELS - 1) + 1)
            with gzip.open(file) if packed else file as stream:
                faces = _read(path, stream, most)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(
            f"{path} is a damaged gzip file ({error}): fetch it again"
        ) from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    if faces.usage is not None:
        wanted = np.isin(faces.usage, [USAGES.index(usage) for usage in usages])
        faces = faces if wanted.all() else faces.take(wanted)
    if not len(faces):
        raise BadInput(
            f"{path} has no rows" + (f" of {' or '.join(usages)}" if usages else "")
        )
    return faces


def split(faces, seed=0):
    """Row numbers to fit on and to validate on, as two int arrays.

    The file's own PublicTest rows validate where it has any. Otherwise a tenth of the
    rows is drawn with `seed`, a tenth of each class, exact copies of a face all on the
    same side.
    """
    if has_public_test(faces):
        return tuple(np.flatnonzero(faces.usage == code) for code in range(2))
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


def counts(faces):
    """How many rows the file has of each Usage, or in all."""
    if faces.usage is None:
        return {"rows": len(faces)}
    return {name: int((faces.usage == code).sum()) for code, name in enumerate(USAGES)}


def in_order(function, items, threads=2, ahead=4):
    """Yield function(item) of each item, in order, worked out ahead by threads."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = collections.deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _keys(images):
    return (
        np.ascontiguousarray(images).reshape(len(images), -1).view(f"V{PIXELS}").ravel()
    )


def _read(path, stream, most):
    columns = _header(path, stream.readline(LONGEST_LINE))
    # Untouched pages of an empty array take no memory, so the bound may be generous,
    # and the threads write each row straight to its place.
    faces = Faces(
        np.empty((most, SIDE, SIDE), np.uint8),
        np.empty(most, np.int8) if "label" in columns else None,
        np.empty(most, np.int8) if "usage" in columns else None,
        np.empty(most, np.int64) if "id" in columns else None,
    )
    parsed = in_order(
        lambda block: _parse(path, columns, *block, faces), _blocks(path, stream)
    )
    return faces.take(slice(sum(parsed)))


def _header(path, line):
    names = [
        name.strip(' "')
        for name in line.decode("utf-8-sig", "replace").strip().split(",")
    ]
    columns = [COLUMNS.get(name) for name in names]
    known = {"pixels", "label", "usage", "id"} >= set(columns) and "pixels" in columns
    if not known or len(set(columns)) < len(columns) or len(columns) < 2:
        raise BadInput(
            f"{path}, line 1: the columns are {','.join(names)[:80]!r}, "
            "not emotion,pixels,Usage or label,feature or id,feature"
        )
    return columns


def _blocks(path, stream):
    """Yield (number of rows before, whole lines as bytes)."""
    rows, rest = 0, b""
    while block := stream.read(BLOCK):
        block = rest + block
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        if len(rest) > LONGEST_LINE:
            line = rows + block.count(b"\n") + 2
            raise BadInput(
                f"{path}, line {line} is longer than any face: is this a FER CSV?"
            )
        if end:
            yield rows, block[:end]
            rows += block.count(b"\n", 0, end)
    if rest:
        yield rows, rest + b"\n"


def _parse(path, columns, rows, block, faces):
    """Write the block's lines into `faces` from row `rows` on; return how many."""

    def refuse(bad, why):
        # The first of the flagged rows; `why` makes the sentence from its index in the
        # block.
        row = int(np.flatnonzero(bad)[0])
        raise BadInput(f"{path}, line {rows + row + 2}: {why(row)}")

    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    n = len(ends)
    if rows + n > len(faces):
        raise BadInput(
            f"{path} has more than {len(faces):,} rows, the most this suite reads"
        )
    commas = np.flatnonzero(text == ord(","))
    fields = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    if (fields != len(columns)).any():
        refuse(
            fields != len(columns),
            lambda row: f"{fields[row]} fields, the header names {len(columns)}",
        )
    edges = np.column_stack([np.r_[-1, ends[:-1]], commas.reshape(n, -1), ends])

    def cells(name):
        index = columns.index(name)
        spans = zip(edges[:, index].tolist(), edges[:, index + 1].tolist(), strict=True)
        return [block[left + 1 : right].strip(b' "\r') for left, right in spans]

    here = slice(rows, rows + n)
    if faces.labels is not None:
        faces.labels[here] = _codes(
            cells("label"), LABEL_CODES, "the label", "0 to 6", refuse
        )
    if faces.usage is not None:
        faces.usage[here] = _codes(
            cells("usage"), USAGE_CODES, "Usage", ", ".join(USAGES), refuse
        )
    if faces.ids is not None:
        faces.ids[here] = _ids(cells("id"), refuse)
    index = columns.index("pixels")
    faces.images[here] = _pixels(text, edges[:, index] + 1, edges[:, index + 1], refuse)
    return n


LABEL_CODES = {str(code).encode(): code for code in range(7)}
USAGE_CODES = {name.encode(): code for code, name in enumerate(USAGES)}


def _codes(cells, known, what, choices, refuse):
    codes = np.array([known.get(cell, -1) for cell in cells], np.int8)
    if (codes < 0).any():
        refuse(
            codes < 0,
            lambda row: f"{what} is {_shown(cells[row])}, not one of {choices}",
        )
    return codes


def _ids(cells, refuse):
    # 18 digits fit an int64.
    bad = [not (cell.isdigit() and len(cell) <= 18) for cell in cells]
    if any(bad):
        refuse(bad, lambda row: f"the id is {_shown(cells[row])}, not a whole number")
    return [int(cell) for cell in cells]


def _shown(cell):
    return repr(cell[:40].decode("utf-8", "replace"))


def _pixels(text, left, right, refuse):
    """The numbers between `left` and `right` of each line: (n, 48, 48) uint8."""
    left = left + (text[left] == ord('"'))
    right = right - (text[right - 1] == ord("\r"))
    right = np.maximum(right - (text[right - 1] == ord('"')), left)
    digits = text - np.uint8(ord("0"))
    space = np.uint8(256 + ord(" ") - ord("0"))
    for start, end in zip(
        [0, *right.tolist()], [*left.tolist(), len(text)], strict=True
    ):
        digits[start:end] = space
    is_digit = digits < 10
    lines = np.r_[left, len(text)]

    def flag(where):
        return np.diff(np.searchsorted(np.flatnonzero(where), lines)) > 0

    strange = ~is_digit & (digits != space)
    if strange.any():
        refuse(flag(strange), lambda row: "a pixel is not a whole number of 0 to 255")
    digits[~is_digit] = 0
    ends = is_digit[:-1] & ~is_digit[1:]
    tokens = np.diff(np.searchsorted(np.flatnonzero(ends), lines))
    if (tokens != PIXELS).any():
        refuse(
            tokens != PIXELS,
            lambda row: f"{tokens[row]} pixels, a face has {PIXELS} (48 x 48)",
        )
    values = digits.astype(np.uint16)
    values[1:] += np.uint16(10) * digits[:-1]
    values[2:] += np.uint16(100) * (digits[:-2] * is_digit[1:-1])
    high = ends & (values[:-1] > 255)
    high[3:] |= is_digit[:-4] & is_digit[1:-3] & is_digit[2:-2] & is_digit[3:-1]
    if high.any():
        refuse(flag(high), lambda row: "a pixel is over 255")
    return values[:-1][ends].reshape(-1, SIDE, SIDE)
