"""What readers find, block by block, made one: columns of arrays."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from fer import BadInput
from fer.data import csv_reader

Block = dict[str, Any]  # columns of some faces, as `gathered` takes them
BLOCK = 256  # faces that a reader hands on at a time
# What splits are called, without capitals, spaces and marks.
SPLITS = {
    **dict.fromkeys(("training", "train", "fit"), 0),
    **dict.fromkeys(("publictest", "validation", "valid", "val", "dev"), 1),
    **dict.fromkeys(("privatetest", "test", "testing", "eval"), 2),
}
# Columns beside the images; None: ids are numbers or text.
KINDS = {"labels": np.int16, "usage": np.int8, "ids": None, "lines": np.int64}
MOST_KEYS = 1000  # different labels: hundreds are no classes


def split_code(text: str) -> int | None:
    """The index into USAGES of the split that `text` names, or None."""
    return SPLITS.get("".join(letter for letter in text.lower() if letter.isalnum()))


def gathered(blocks: Iterable[Block], about: dict[str, Any]) -> dict[str, Any]:
    """The blocks as one dict of columns; `about` gets "keys" and "where".

    A block has "images" (n, 48, 48) uint8 and maybe lists as long: "labels" and their
    "where", "usage", "ids", "lines". Images go to a file without a name, which
    is mapped: so they take no memory that the system could not free. Keys are the
    labels' different texts, and the column of labels holds their numbers.
    """
    keys: dict[str, int] = {}
    where: list[str] = []
    counts: Counter = Counter()
    columns: dict[str, list] = {name: [] for name in KINDS}
    rows = 0
    with tempfile.TemporaryFile(buffering=0) as spool:
        for block in blocks:
            _write(spool, block["images"])
            rows += len(block["images"])
            for name in ("usage", "ids", "lines"):
                columns[name] += list(block.get(name) or ())
            columns["labels"] += _numbered(block, keys, where)
            counts.update(block.get("done", ()))
        images = _mapped(spool, rows)
    about |= {"keys": list(keys), "where": where}
    about["form"] += "".join(f", {n:,} {what}" for what, n in counts.items())
    arrays = {name: _column(name, cells, rows) for name, cells in columns.items()}
    return {"images": images, **arrays}


def _write(spool, images):
    left = memoryview(images.tobytes())
    try:
        while left:
            left = left[spool.write(left) :]
    except OSError as error:
        raise BadInput(
            f"{tempfile.gettempdir()} cannot be written: {error.strerror}: make room "
            "there, or name another folder for temporary files by TMPDIR"
        ) from error


def _numbered(block, keys, where):
    """Yield the number of each label's key; a new key is noted with its row."""
    labels = block.get("labels") or ()
    for text, place in zip(labels, block.get("where", ()), strict=False):
        if text not in keys:
            keys[text] = len(keys)
            where.append(place)
        if len(keys) > MOST_KEYS:
            raise BadInput(f"{place}: more than {MOST_KEYS} different labels")
        yield keys[text]


def _mapped(spool, rows):
    """The images that were written to a file: (rows, 48, 48) uint8."""
    shape = (rows, csv_reader.SIDE, csv_reader.SIDE)
    if not rows:
        return np.empty(shape, np.uint8)
    return np.memmap(spool, np.uint8, "r", shape=shape)


def _column(name, cells, rows):
    """A column as a read-only array; None where no block had it."""
    if not cells:
        return None
    array = np.array(cells, KINDS[name])
    assert len(array) == rows, name
    array.flags.writeable = False
    return array


def blocks_of(faces: Iterable[tuple]) -> Iterator[Block]:
    """Collect rows (image, done, label, usage, id, where) into blocks for `gathered`.

    image: (48, 48) uint8. done: words for what was done to it, which are counted.
    where: file and row, for messages.
    """
    rows = []
    for row in faces:
        rows.append(row)
        if len(rows) == BLOCK:
            yield _block(rows)
            rows = []
    if rows:
        yield _block(rows)


def _block(rows):
    images, done, labels, usage, ids, where = map(list, zip(*rows, strict=True))
    return {
        "images": np.array(images),
        "labels": labels if labels[0] is not None else None,
        "where": where if labels[0] is not None else (),
        "usage": usage if usage[0] is not None else None,
        "ids": ids,
        "done": [what for each in done for what in each],
    }
