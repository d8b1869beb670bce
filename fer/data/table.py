"""Tables of faces in every dialect of CSV: each malformed row is named by its line.

FER2013's own dialect is read by csv_reader.py, many times as fast. Here are others'
separators, encodings, headers or none, labels by name, pixels in lists or in columns.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from fer import BadInput
from fer.data import csv_reader, dialect, squares
from fer.data.csv_reader import NotPlain
from fer.data.gather import BLOCK, Block, split_code
from fer.types import Images

LONGEST_ID, LONGEST_LABEL = 260, 40
ID = re.compile(r"0|[1-9][0-9]{0,17}")
FORMULA = ("=", "+", "-", "@")


def pixels(text: str, where: str) -> Images:
    """The numbers of a cell as a list; raises BadInput that names `where`."""
    cell = dialect.pixel_text(text).encode("utf-8", "replace")
    try:
        return csv_reader.numbers([cell], cell.count(b" ") + 1)[0]
    except NotPlain as off:
        raise BadInput(f"{where}: the pixels are no numbers of 0 to 255") from off


def read(
    stream: BufferedReader, path: Path | str, about: dict[str, Any]
) -> Iterator[Block]:
    """Yield blocks of the table's faces, as gather.gathered takes them."""
    lines = dialect.rows(stream, path)
    separator = next(lines)
    first: tuple[int, list[str]] = next(lines, (1, []))
    kinds, header = _layout(first, lines, path)
    if not header:
        lines = itertools.chain([first], lines)
    about["form"] = _form(first[1] if header else None, kinds, separator)
    parse = _Parser(path, kinds)
    batch = []
    try:
        for line, fields in lines:
            batch.append(parse(line, fields))
            if len(batch) == BLOCK:
                yield parse.block(batch)
                batch = []
    except BadInput:
        parse.block(batch)  # An earlier row may be off, too.
        raise
    if batch:
        yield parse.block(batch)
    about["form"] += parse.notes()


def _layout(first, lines, path):
    """The kind of each column, and whether the first row is a header."""
    line, fields = first
    if kinds := dialect.kinds_of(fields):
        for kind in {*kinds} - {"wide", "index", ""}:
            places = [place for place, its in enumerate(kinds) if its == kind]
            names = [fields[place] for place in places]
            if len(names) > 1:
                raise BadInput(
                    f"{path}, line {line}: the columns are {_shown(fields)}, of which "
                    f"{' and '.join(names)} say the same: delete one"
                )
        return kinds, True
    if kinds := dialect.kinds_without_header(fields):
        return kinds, False
    raise BadInput(
        f"{path}, line {line}: the columns are {_shown(fields)}, not "
        "emotion,pixels,Usage or label,feature or id,feature or pixels"
    )


def _shown(fields):
    return repr(",".join(fields)[:80])


def _form(header, kinds, separator):
    """What is other than FER2013's, in words."""
    words = ["no header"]
    if header:
        named = [name.strip() for name in header[:6]] + ["..."] * (len(header) > 6)
        words = [f"columns {' '.join(filter(None, named))}"]
    if separator != ",":
        words.append(f"separator {separator!r}")
    if "wide" in kinds:
        words.append(f"{kinds.count('wide'):,} columns of pixels")
    extra = [name for place, name in enumerate(header or ()) if not kinds[place]]
    if extra:
        words.append(f"ignored columns: {', '.join(extra)[:200]}")
    return ", ".join(["a CSV", *words])


class _Parser:
    """Rows of a table, checked; it keeps what the rows before have settled."""

    def __init__(self, path, kinds):
        self.path, self.kinds, self.count, self.numbered = path, kinds, None, None
        self.places = {
            kind: [place for place, its in enumerate(kinds) if its == kind]
            for kind in ("images", "wide", "labels", "usage", "ids")
        }

    def __call__(self, line, fields):
        """A row as (line, pixels' bytes, label, usage, id)."""
        if len(fields) != len(self.kinds):
            raise self._off(
                line, f"{len(fields)} fields, the header names {len(self.kinds)}"
            )
        pixels = " ".join(fields[place] for place in self.places["wide"])
        for place in self.places["images"]:
            pixels = fields[place]
        cells = {
            kind: fields[self.places[kind][0]].strip() if self.places[kind] else None
            for kind in ("labels", "usage", "ids")
        }
        face = self._pixels(line, pixels)
        return line, face, *(self._checked(line, *cell) for cell in cells.items())

    def _off(self, line, what):
        return BadInput(f"{self.path}, line {line}: {what}")

    def _pixels(self, line, cell):
        text = dialect.pixel_text(cell).encode("utf-8", "replace")
        found = text.count(b" ") + bool(text)
        side = math.isqrt(found)
        square = side * side == found and side >= squares.LEAST_SIDE
        if self.count is None and square and side <= squares.MOST_SIDE:
            self.count = found
        if found != self.count:
            wanted = self.count or csv_reader.PIXELS
            side = math.isqrt(wanted)
            # What is no number is worse than one too many.
            raise self._off(
                line, f"{found} pixels, a face has {wanted} ({side} x {side})"
            )
        return text

    def _checked(self, line, kind, cell):
        if cell is None:
            return None
        return getattr(self, f"_{kind}")(line, cell)

    def _labels(self, line, cell):
        number = dialect.NUMBER.fullmatch(cell) is not None
        if not number and not (cell[:1].isalpha() and cell.isprintable()):
            raise self._off(line, f"the label is {cell[:40]!r}, no number and no name")
        if len(cell) > LONGEST_LABEL:
            raise self._off(line, f"the label {cell[:40]!r}... is too long for a class")
        if self.numbered not in (None, number):
            kinds = ("a number", "a name")
            raise self._off(
                line,
                f"the label is {cell!r}, {kinds[not number]}, and those above are not",
            )
        self.numbered = number
        return str(int(float(cell))) if number else cell

    def _usage(self, line, cell):
        code = split_code(cell)
        if code is None:
            known = ", ".join(csv_reader.USAGES)
            raise self._off(line, f"Usage is {cell[:40]!r}, not one of {known}")
        return code

    def _ids(self, line, cell):
        if not cell or not cell.isprintable() or cell.startswith(FORMULA):
            raise self._off(
                line,
                f"the id is {cell[:40]!r}, not text that may stand in a submission",
            )
        if len(cell) > LONGEST_ID:
            raise self._off(line, f"the id is longer than {LONGEST_ID} characters")
        return cell

    def block(self, batch):
        """Rows as a block for gather.gathered; raises BadInput for a wrong pixel."""
        if not batch:
            return None
        lines, cells, labels, usage, ids = map(list, zip(*batch, strict=True))
        try:
            faces = csv_reader.numbers(cells, self.count)
        except NotPlain:
            for line, cell in zip(lines, cells, strict=True):
                self._must_be_pixels(line, cell)
            raise
        side = math.isqrt(self.count)
        return {
            "images": squares.resized(faces.reshape(-1, side, side)),
            "labels": labels if self.places["labels"] else None,
            "where": [f"{self.path}, line {line}" for line in lines],
            "usage": usage if self.places["usage"] else None,
            "ids": ids if self.places["ids"] else None,
            "lines": lines,
        }

    def _must_be_pixels(self, line, cell):
        try:
            csv_reader.numbers([cell], self.count)
        except NotPlain as off:
            numbers = [number for number in cell.split(b" ") if number]
            high = all(re.fullmatch(b"[0-9]{1,3}", number) for number in numbers)
            what = "is over 255" if high else "is not a whole number of 0 to 255"
            raise self._off(line, f"a pixel {what}") from off

    def notes(self):
        """What was found in the rows, to be told."""
        words = "" if self.numbered is not False else ", labels as names"
        side = math.isqrt(self.count or csv_reader.PIXELS)
        if side != csv_reader.SIDE:
            words += f", faces of {side} x {side} resized"
        return words
