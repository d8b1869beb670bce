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
BLOCK = 1 << 18


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
    if not len(faces):
        raise BadInput(f"{path} has no rows below its header")
    if faces.usage is None:
        return faces
    wanted = np.isin(faces.usage, [USAGES.index(usage) for usage in usages])
    if not wanted.any():
        raise BadInput(f"{path} has no rows of {' or '.join(usages)}")
    return faces if wanted.all() else faces.take(wanted)


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
    return np.ascontiguousarray(images).reshape(-1, PIXELS).view(f"V{PIXELS}").ravel()


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
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    n = len(ends)

    def refuse(bad, why):
        # The first of the flagged rows; `why` makes the sentence from its index in the
        # block. A check yet to come may flag an earlier row, which is the one to name.
        row = int(np.flatnonzero(bad)[0])
        if row:
            _parse(path, columns, rows, block[: ends[row - 1] + 1], faces)
        raise BadInput(f"{path}, line {rows + row + 2}: {why(row)}")

    long = np.diff(ends, prepend=-1) > LONGEST_LINE
    if long.any():
        refuse(long, lambda row: "longer than any face")
    commas = np.flatnonzero(text == ord(","))
    fields = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    if (fields != len(columns)).any():
        refuse(
            fields != len(columns),
            lambda row: f"{fields[row]} fields, the header names {len(columns)}",
        )
    edges = np.column_stack([np.r_[-1, ends[:-1]], commas.reshape(n, -1), ends])
    left, right = _trimmed(text, edges[:, :-1] + 1, edges[:, 1:])

    def cells(name):
        at = columns.index(name)
        spans = zip(left[:, at].tolist(), right[:, at].tolist(), strict=True)
        return [block[start:end].strip(b" ") for start, end in spans]

    at = columns.index("pixels")
    pixels = _pixels(text, left[:, at], right[:, at], refuse)
    # Only now: the room for a plain file counts on lines as long as a face.
    if rows + n > len(faces):
        raise BadInput(
            f"{path} has more than {len(faces):,} rows, the most this suite reads"
        )
    here = slice(rows, rows + n)
    faces.images[here] = pixels
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
    return n


def _trimmed(text, left, right):
    """The spans of the fields, (n, columns) each, without quotes and line ends."""
    right[:, -1] -= text[right[:, -1] - 1] == ord("\r")
    quoted = (text[left] == ord('"')) & (text[right - 1] == ord('"'))
    quoted &= right - left > 1
    return left + quoted, right - quoted


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
    """The numbers between `left` and `right` of each line: (n, 48, 48) uint8.

    A number ends before each space. Its three last bytes are fetched for all numbers at
    once, and those before its first digit are multiplied away.
    """
    left = left + (text[left] == ord(" "))
    right = right - (text[right - 1] == ord(" "))
    spaces = np.flatnonzero(text == ord(" "))
    first, last = np.searchsorted(spaces, left), np.searchsorted(spaces, right)
    found = np.where(left < right, last - first + 1, 0)
    if (found != PIXELS).any():
        refuse(
            found != PIXELS,
            lambda row: f"{found[row]} pixels, a face has {PIXELS} ({SIDE} x {SIDE})",
        )
    edges = np.empty((len(left), PIXELS + 1), np.intp)
    edges[:, 0], edges[:, -1] = left - 1, right
    edges[:, 1:-1] = spaces[first[:, None] + np.arange(PIXELS - 1)]
    ends = edges[:, 1:]
    length = (ends - edges[:, :-1]).astype(np.uint16) - 1
    digits = text - np.uint8(ord("0"))
    ones, tens, hundreds = (digits.take(ends - place) for place in (1, 2, 3))
    tens *= length > 1
    hundreds *= length > 2
    strange = (ones > 9) | (tens > 9) | (hundreds > 9) | (length == 0) | (length > 3)
    if strange.any():
        why = "a pixel is not a whole number of 0 to 255"
        refuse(strange.any(axis=1), lambda row: why)
    values = ones + np.uint16(10) * tens + np.uint16(100) * hundreds
    if (values > 255).any():
        refuse((values > 255).any(axis=1), lambda row: "a pixel is over 255")
    return values.reshape(-1, SIDE, SIDE)
