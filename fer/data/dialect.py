"""How a table of faces is written: its encoding, separator, and kinds of columns."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from fer import BadInput
from fer.data import classes, decoding, squares
from fer.data.gather import split_code

# What columns are called, without capitals, spaces and marks.
NAMES = {
    "images": "pixels pixel feature features image images face faces pixelvalues",
    "labels": "emotion emotions label labels class expression target category "
    "emotionlabel classname expressionlabel sentiment emotionname",
    "usage": "usage split set subset partition",
    "ids": "id ids imageid rowid imagename",
    "index": "index unnamed0",
}
KINDS = {name: kind for kind, names in NAMES.items() for name in names.split()}
PATHS = frozenset(
    [
        "path",
        "paths",
        "filename",
        "filenames",
        "file",
        "files",
        "filepath",
        "imagepath",
        "imagefile",
        "img",
        "name",
        "image",
        "images",
        "face",
        "imagename",
        "id",
        "imageid",
    ]
)
SEPARATORS = (",", ";", "\t", "|")
SAMPLE = 20  # lines that tell a table's layout
LONGEST_LINE = 1 << 20
MOST_BLANK = 100  # lines in all
# Of a name such as pixel7 or 3x4. Each text fits in one way at most, so that one which
# does not is told in a time that goes with its length.
WIDE = re.compile(r"[a-z]*[0-9]+(x[0-9]*)?")
NUMBER = re.compile(r"[0-9]{1,3}(\.0*)?")
TEXT_BETWEEN_PIXELS = re.compile(r"[\s,;|\[\]()]+")


def plain_name(text: str) -> str:
    """A column's name without capitals, spaces and marks."""
    return re.sub("[^a-z0-9]", "", text.lower())


def encoding_of(head: bytes) -> str:
    """The encoding of a file that begins with `head`; UTF-8 if nothing tells."""
    for mark, name in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if head.startswith(mark):
            return name
    # Without a mark, digits and commas show whose zeros are where.
    half, other = head[1:40:2], head[0:40:2]
    if half and not any(half) and any(other):
        return "utf-16-le"
    if other and not any(other) and any(half):
        return "utf-16-be"
    return "utf-8-sig"


def rows(stream: BufferedReader, path: Path | str) -> Iterator[Any]:
    """Yield the separator, then (line, fields) of each row that is not blank.

    line: its number in the file, from 1. Raises BadInput for a line that is too long,
    or blank among others, or misquoted.
    """
    head = stream.peek(64)[:64]
    text = io.TextIOWrapper(
        stream, encoding_of(head), errors="surrogateescape", newline=""
    )
    lines = _lines(text, path)
    sample = list(itertools.islice(lines, SAMPLE))
    separator = _separator(sample)
    yield separator
    yield from _filled(_parsed(itertools.chain(sample, lines), separator, path), path)
    text.detach()


def _parsed(lines, separator, path):
    """Yield (line, fields) of each row, blank or not."""
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput(f"{path}, line {line}: {error}: is a quote open?") from error
        yield line, fields


def _filled(rows, path):
    """The rows that are not blank; few may be, before the first and after the last."""
    blank, blanks, begun = 0, 0, False
    for line, fields in rows:
        if not any(field.strip() for field in fields):
            blank = blank or (line if begun else 0)
            blanks += 1
            if blanks <= MOST_BLANK:
                continue
        if blank or blanks > MOST_BLANK:
            raise BadInput(f"{path}, line {blank or 1} is blank: delete it")
        begun = True
        yield line, fields


def _lines(text, path):
    for number in itertools.count(1):
        try:
            line = text.readline(LONGEST_LINE)
        except UnicodeError as error:
            raise BadInput(
                f"{path}, line {number} is no text ({error!s:.80}): save it as UTF-8"
            ) from error
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise BadInput(
                f"{path}, line {number} is longer than any face: is this a FER CSV?"
            )
        if "[" in line and '"' not in line:
            line = re.sub(r"\[[^\]]*\]?", lambda cell: cell[0].replace(",", " "), line)
        yield line


def _separator(lines):
    """The separator with which the first line is a header or a row of a face."""
    first = next((line for line in lines if line.strip()), "")
    for separator in SEPARATORS:
        fields = _split(first, separator)
        if kinds_of(fields) or is_votes(fields) or path_column(fields) is not None:
            return separator
        if _is_row(fields):
            return separator
    return SEPARATORS[0]


def _split(line, separator):
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return []


def is_votes(fields: list[str]) -> bool:
    """Whether a header is that of FER+."""
    return {"neutral", "happiness", "contempt", "nf"} <= {*map(plain_name, fields)}


def path_column(fields: list[str]) -> int | None:
    """The place of a header's column of paths beside one of labels, or None."""
    names = [plain_name(field) for field in fields]
    if any(KINDS.get(name) == "images" and name not in PATHS for name in names):
        return None
    labels = any(KINDS.get(name) == "labels" for name in names)
    places = [place for place, name in enumerate(names) if name in PATHS]
    return places[0] if labels and places else None


def is_paths(header: list[str], row: list[str]) -> bool:
    """Whether a table with that header and first row lists paths of pictures."""
    place = path_column(header)
    return place is not None and place < len(row) and decoding.is_picture(row[place])


def _is_row(fields):
    return bool(kinds_without_header(fields))


def kinds_of(fields: list[str]) -> list[str]:
    """The kind of each column by the header, or [] where it names no pixels."""
    names = [plain_name(field) for field in fields]
    kinds = [KINDS.get(name, "" if name else "index") for name in names]
    wide = [WIDE.fullmatch(name) is not None for name in names]
    # A row of pixels may look so, too, but for names that are all different.
    unlike = len(set(names)) == len(names)
    if unlike and sum(wide) >= squares.LEAST_SIDE**2 and "images" not in kinds:
        kinds = _wide(wide, kinds)
    return kinds if {"images", "wide"} & {*kinds} else []


def _wide(places, kinds):
    pairs = zip(places, kinds, strict=True)
    return ["wide" if is_pixel else kind for is_pixel, kind in pairs]


def kinds_without_header(fields: list[str]) -> list[str]:
    """The kind of each column by what a first row holds, or []."""
    kinds = [_kind_of(field) for field in fields]
    if "images" in kinds:
        return kinds if len(set(kinds)) == len(kinds) else []
    numbers = [NUMBER.fullmatch(field.strip()) is not None for field in fields]
    extra = sum(numbers) - math.isqrt(sum(numbers)) ** 2
    if sum(numbers) < squares.LEAST_SIDE**2 or extra > 1:
        return []
    kinds = _wide(numbers, kinds)
    if extra:
        # As MNIST has it, the label is first; last if no label could be first.
        label = 0 if numbers[0] and int(float(fields[0])) < 20 else len(fields) - 1
        kinds[label] = "labels"
    return kinds


def _kind_of(field):
    if pixel_text(field).count(" ") + 1 >= squares.LEAST_SIDE**2:
        return "images"
    if split_code(field) is not None:
        return "usage"
    if classes.is_known(field) or NUMBER.fullmatch(field.strip()):
        return "labels"
    return "ids"


def pixel_text(cell: str) -> str:
    """The numbers of a cell, without brackets, commas or ".0", one space between."""
    text = cell.strip()
    if text[:1] == "[" or not text.replace(" ", "").isdecimal() or "  " in text:
        text = TEXT_BETWEEN_PIXELS.sub(" ", text).strip()
        if "." in text:
            text = re.sub(r"\.0*(?= |$)", "", text)
    return text
