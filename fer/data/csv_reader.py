"""FER2013's own CSV, fast: bytes in, columns of numbers out.

A block of lines is read by vector arithmetic on its bytes. What is not exactly as
FER2013, the coursework and Kaggle's later reissue write it is left to table.py, which
reads every other dialect and names the line that is off.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from fer import threads
from fer.types import Array, Images

SIDE = 48
PIXELS = SIDE * SIDE
USAGES = ("Training", "PublicTest", "PrivateTest")

COLUMNS = {
    "emotion": "labels",
    "label": "labels",
    "pixels": "images",
    "feature": "images",
    "Usage": "usage",
    "id": "ids",
}

# 2304 numbers of three digits and their spaces take 9,216 bytes.
LONGEST_LINE = 1 << 16
# Small enough for a core's cache: it is passed over two dozen times.
BLOCK = 1 << 19
# To be raised when faces are read differently: older caches are left alone.
VERSION = 3


class NotPlain(Exception):
    """The file, or a line of it, is not as FER2013's."""


def read(stream: BinaryIO, size: int) -> dict[str, Array | None]:
    """The columns of the open CSV of at most `size` bytes: read-only arrays.

    {"images": (N, 48, 48) uint8, "labels": (N,) int8, "usage": (N,) int8, an index into
    USAGES, "ids": (N,) int64}, each None if missing. Raises NotPlain.
    """
    columns = _header(stream.readline(LONGEST_LINE))
    # The smallest row has 2304 digits and 2303 spaces.
    most = size // (2 * PIXELS - 1) + 1
    room, rows = _room(most), 0
    _keep_freed_memory()
    blocks = _blocks(stream)
    for values in threads.in_order(lambda block: _values(columns, block), blocks):
        here = slice(rows, rows + len(values["images"]))
        rows = here.stop
        if rows > most:
            raise NotPlain("it grows")
        for name in columns:
            room[name][here] = values[name]
    for column in room.values():
        column.flags.writeable = False
    return {name: room[name][:rows] if name in columns else None for name in room}


def _room(most):
    """Empty columns of `most` rows, whose untouched pages take no memory."""
    return {
        "images": np.empty((most, SIDE, SIDE), np.uint8),
        "labels": np.empty(most, np.int8),
        "usage": np.empty(most, np.int8),
        "ids": np.empty(most, np.int64),
    }


def _keep_freed_memory():
    """Let the C library keep what one block's arrays free for those of the next.

    To have their pages from the system anew takes longer than the arithmetic. Freeing
    one large block of untouched memory tells glibc so; others may do as they please.
    """
    bytearray(1 << 24)


def _header(line):
    names = line.decode("utf-8-sig", "replace").strip().split(",")
    columns = [COLUMNS.get(name.strip(' "')) for name in names]
    known = None not in columns and "images" in columns
    if not known or len(set(columns)) < len(columns):
        raise NotPlain("other columns")
    return columns


def _blocks(stream):
    """Yield whole lines as bytes."""
    rest = b""
    while block := stream.read(BLOCK):
        block = rest + block
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        if end:
            yield block[:end]
        if len(rest) > LONGEST_LINE:
            raise NotPlain("a long line")
    if rest:
        yield rest + b"\n"


def _values(columns, block):
    """The values of a block's lines: a dict of arrays by column."""
    cells = _cells(columns, block)
    return {name: read(cells[name]) for name, read in READERS.items() if name in cells}


def _cells(columns, block):
    """The fields of each column: {name: [bytes of each line]}."""
    text = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero((text == ord("\n")) | (text == ord(",")))
    ends = marks[text[marks] == ord("\n")]
    if np.diff(ends, prepend=-1).max() > LONGEST_LINE:
        raise NotPlain("a long line")
    rows, width = len(ends), len(columns)
    if len(marks) != rows * width or (marks[width - 1 :: width] != ends).any():
        raise NotPlain("fields")
    starts = np.r_[0, marks[:-1] + 1]
    left, right = _trimmed(text, starts.reshape(rows, -1), marks.reshape(rows, -1))
    return {
        name: [block[span] for span in map(slice, starts, stops)]
        for name, starts, stops in zip(
            columns, left.T.tolist(), right.T.tolist(), strict=True
        )
    }


def _trimmed(text, left, right):
    """The spans of the fields, (n, columns) each, without quotes and line ends."""
    right[:, -1] -= text[right[:, -1] - 1] == ord("\r")
    quoted = (text[left] == ord('"')) & (text[right - 1] == ord('"'))
    quoted &= right - left > 1
    return left + quoted, right - quoted


def _pixels(cells):
    cells = [cell.removeprefix(b" ").removesuffix(b" ") for cell in cells]
    return numbers(cells, PIXELS).reshape(-1, SIDE, SIDE)


def numbers(cells: list[bytes], count: int) -> Images:
    """The `count` numbers of each of n cells: (n, count) uint8.

    A cell has numbers of 0 to 255 with one space between them. Raises NotPlain for any
    other.
    """
    # A space ends each number, and three come before the first, for its hundreds.
    text = np.frombuffer(b" ".join([b"  ", *cells, b""]), np.uint8)
    code = text ^ ord("0")
    ends = np.flatnonzero(code[3:] == SPACE)
    last = np.cumsum([len(cell) + 1 for cell in cells]) - 1
    if len(ends) != len(cells) * count or (ends[count - 1 :: count] != last).any():
        raise NotPlain("pixels")
    return _numbers(code).take(ends).reshape(-1, count)


# What a space is, once the digits are 0 to 9.
SPACE = ord(" ") ^ ord("0")


def _numbers(code):
    """The number that ends in each byte but the first two and the last: (N - 3,) uint8.

    Bytes are cheaper to reckon with all at once than to look up where numbers are.
    """
    digit = code & 15  # 0 for a space
    inside = code < SPACE
    pair = inside[1:] & inside[:-1]
    empty = not (inside[2:-1] | inside[3:]).all()
    long = (pair[2:] & pair[:-2]).any()
    if code.max() > SPACE or digit.max() > 9 or empty or long:
        raise NotPlain("a pixel")
    hundreds = digit[:-3] * pair[1:-1].view(np.uint8)
    over = hundreds.max() > 2
    hundreds *= 100
    numbers = digit[1:-2] * 10
    numbers += digit[2:-1]
    numbers += hundreds
    # Past 255 they wrap round.
    if over or (numbers < hundreds).any():
        raise NotPlain("a pixel over 255")
    return numbers


def _codes(cells, known):
    """The place of each cell in `known`: a list."""
    cells = [cell.strip(b" ") for cell in cells]
    if set(cells) - known.keys():
        raise NotPlain("a label or Usage")
    return [known[cell] for cell in cells]


def _ids(cells):
    cells = [cell.strip(b" ") for cell in cells]
    for cell in cells:
        # So many fit an int64, which would lose zeros in front.
        if not (cell.isdigit() and len(cell) <= 18 and cell == b"%d" % int(cell)):
            raise NotPlain("an id")
    return [int(cell) for cell in cells]


LABEL_CODES = {str(code).encode(): code for code in range(7)}
USAGE_CODES = {name.encode(): code for code, name in enumerate(USAGES)}
READERS = {
    "images": _pixels,
    "labels": lambda cells: _codes(cells, LABEL_CODES),
    "usage": lambda cells: _codes(cells, USAGE_CODES),
    "ids": _ids,
}
