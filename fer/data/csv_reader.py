"""The bytes of a FER-style CSV in, columns of numbers out; each malformed row is named.

A block of lines is read by vector arithmetic on its bytes. The checks there only tell
that something is off; then the same functions read line by line, to say what and where.
"""

import gzip
import io
import os

import numpy as np

from fer import BadInput, threads

SIDE = 48
PIXELS = SIDE * SIDE
USAGES = ("Training", "PublicTest", "PrivateTest")

# What a column may be called, in FER2013, in the coursework and in Kaggle's later re-
# issue.
COLUMNS = {
    "emotion": "labels",
    "label": "labels",
    "pixels": "images",
    "feature": "images",
    "Usage": "usage",
    "id": "ids",
}

# Eight times FER2013: 0.7 GB of faces. A small packed file may unpack to any number.
MOST_ROWS = 300_000
# 2304 numbers of three digits and their spaces take 9,216 bytes.
LONGEST_LINE = 1 << 16
# Small enough for a core's cache: it is passed over two dozen times.
BLOCK = 1 << 18
# To be raised when it reads anything differently: older caches are left alone.
VERSION = 2


def read(path, file):
    """The columns of the open CSV, plain or gzipped: read-only arrays, None if missing.

    {"images": (N, 48, 48) uint8, "labels": (N,) int8, "usage": (N,) int8, an index into
    USAGES, "ids": (N,) int64}. Raises BadInput with the line of the first malformed
    row; EOFError, gzip.BadGzipFile or zlib.error for what gzip cannot unpack.
    """
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    size = os.fstat(file.fileno()).st_size
    # The smallest row has 2304 digits and 2303 spaces.
    most = MOST_ROWS if packed else min(MOST_ROWS, size // (2 * PIXELS - 1) + 1)
    return _columns(path, gzip.open(file) if packed else file, most)


def _columns(path, stream, most):
    columns = _header(path, stream.readline(LONGEST_LINE))
    # Untouched pages of an empty array take no memory, so the bound may be generous.
    room = {
        "images": np.empty((most, SIDE, SIDE), np.uint8),
        "labels": np.empty(most, np.int8),
        "usage": np.empty(most, np.int8),
        "ids": np.empty(most, np.int64),
    }
    rows = 0
    for values in _parts(path, columns, stream):
        here = slice(rows, rows + len(values["images"]))
        rows = here.stop
        if rows > most:
            raise BadInput(
                f"{path} has more than {most:,} rows, the most this suite reads"
            )
        for name in columns:
            room[name][here] = values[name]
    if "ids" in columns and "labels" not in columns:
        _must_be_unlike(path, room["ids"][:rows])
    for column in room.values():
        column.flags.writeable = False
    return {name: room[name][:rows] if name in columns else None for name in room}


def _must_be_unlike(path, ids):
    """Raise BadInput for the first row that has the id of an earlier one."""
    order = np.argsort(ids, kind="stable")
    repeated = order[1:][np.diff(ids[order]) == 0]
    if len(repeated):
        row = repeated.min()
        raise BadInput(
            f"{path}, line {row + 2}: the id {ids[row]} is that of an earlier row"
        )


def _parts(path, columns, stream):
    """Yield what the blocks say, in order: dicts of arrays by column."""
    _keep_freed_memory()
    line = 2
    try:
        blocks = _blocks(stream)
        for values in threads.in_order(lambda block: _parse(columns, block), blocks):
            yield values
            line += len(values["images"])
    except _Malformed as off:
        why, row = off.args
        raise BadInput(f"{path}, line {line + row}{why}") from None


def _keep_freed_memory():
    """Let the C library keep what one block's arrays free for those of the next.

    To have their pages from the system anew takes longer than the arithmetic. Freeing
    one large block of untouched memory tells glibc so; others may do as they please.
    """
    bytearray(1 << 24)


def _header(path, line):
    names = [
        name.strip(' "')
        for name in line.decode("utf-8-sig", "replace").strip().split(",")
    ]
    columns = [COLUMNS.get(name) for name in names]
    known = None not in columns and "images" in columns
    if not known or len(set(columns)) < len(columns):
        raise BadInput(
            f"{path}, line 1: the columns are {','.join(names)[:80]!r}, "
            "not emotion,pixels,Usage or label,feature or id,feature or pixels"
        )
    return columns


def _blocks(stream):
    """Yield whole lines as bytes, and an endless line as far as it was read."""
    rest = b""
    while block := stream.read(BLOCK):
        block = rest + block
        end = block.rfind(b"\n") + 1
        rest = block[end:]
        if end:
            yield block[:end]
        if len(rest) > LONGEST_LINE:
            yield rest
            return
    if rest:
        yield rest + b"\n"


class _Malformed(Exception):
    """What is wrong with a row, after "line 3"; then the row's number in its block."""


def _parse(columns, block):
    """The values of a block's lines: a dict of arrays by column.

    Raises _Malformed for the first line that is off. The checks only tell that some
    line of a block is; then each line is read as a block of its own.
    """
    try:
        return _values(columns, block)
    except _Malformed:
        for row, line in enumerate(io.BytesIO(block)):
            try:
                _values(columns, line)
            except _Malformed as off:
                raise _Malformed(off.args[0], row) from None
        raise


def _values(columns, block):
    """As _parse, but what _Malformed says is only right for a block of one line."""
    if not block.endswith(b"\n"):
        raise _Malformed(" is longer than any face: is this a FER CSV?")
    if block.isspace():
        raise _Malformed(" is blank: delete it")
    cells = _cells(columns, block)
    return {name: read(cells[name]) for name, read in READERS.items() if name in cells}


def _cells(columns, block):
    """The fields of each column: {name: [bytes of each line]}."""
    text = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero((text == ord("\n")) | (text == ord(",")))
    ends = marks[text[marks] == ord("\n")]
    if np.diff(ends, prepend=-1).max() > LONGEST_LINE:
        raise _Malformed(": longer than any face")
    rows, width = len(ends), len(columns)
    if len(marks) != rows * width or (marks[width - 1 :: width] != ends).any():
        raise _Malformed(f": {len(marks)} fields, the header names {width}")
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
    """Rows of numbers, as bytes: (n, 48, 48) uint8."""
    cells = [cell.removeprefix(b" ").removesuffix(b" ") for cell in cells]
    # A space ends each number, and three come before the first, for its hundreds.
    text = np.frombuffer(b" ".join([b"  ", *cells, b""]), np.uint8)
    code = text ^ ord("0")
    ends = np.flatnonzero(code[3:] == SPACE)
    last = np.cumsum([len(cell) + 1 for cell in cells]) - 1
    if len(ends) != len(cells) * PIXELS or (ends[PIXELS - 1 :: PIXELS] != last).any():
        found = cells[0].count(b" ") + bool(cells[0])
        raise _Malformed(f": {found} pixels, a face has {PIXELS} ({SIDE} x {SIDE})")
    return _numbers(code).take(ends).reshape(-1, SIDE, SIDE)


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
        raise _Malformed(": a pixel is not a whole number of 0 to 255")
    hundreds = digit[:-3] * pair[1:-1].view(np.uint8)
    over = hundreds.max() > 2
    hundreds *= 100
    numbers = digit[1:-2] * 10
    numbers += digit[2:-1]
    numbers += hundreds
    # Past 255 they wrap round.
    if over or (numbers < hundreds).any():
        raise _Malformed(": a pixel is over 255")
    return numbers


def _codes(cells, names, what, choices):
    """The place of each cell in `names`: a list."""
    cells = [cell.strip(b" ") for cell in cells]
    for cell in set(cells) - names.keys():
        raise _Malformed(f": {what} is {_shown(cell)}, not one of {choices}")
    return [names[cell] for cell in cells]


def _ids(cells):
    cells = [cell.strip(b" ") for cell in cells]
    for cell in cells:
        # So many fit an int64, which would lose zeros in front.
        if not (cell.isdigit() and len(cell) <= 18 and cell == b"%d" % int(cell)):
            raise _Malformed(
                f": the id is {_shown(cell)}, not a whole number of up to 18 digits "
                "without zeros in front"
            )
    return [int(cell) for cell in cells]


def _shown(cell):
    return repr(cell[:40].decode("utf-8", "replace"))


LABEL_CODES = {str(code).encode(): code for code in range(7)}
USAGE_CODES = {name.encode(): code for code, name in enumerate(USAGES)}
# In the order in which a row's fields are checked.
READERS = {
    "images": _pixels,
    "labels": lambda cells: _codes(cells, LABEL_CODES, "the label", "0 to 6"),
    "usage": lambda cells: _codes(cells, USAGE_CODES, "Usage", ", ".join(USAGES)),
    "ids": _ids,
}
