"""Parquet as data hubs and big-data engines write it, one file or a folder of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from fer import BadInput, threads
from fer.data import csv_reader, dialect, squares, table
from fer.data.gather import BLOCK, Block, split_code
from fer.data.unpack import Holding

MAGIC = b"PAR1"


def read(holding: Holding, about: dict[str, Any]) -> Iterator[Block]:
    """Yield blocks of the faces of one Parquet file, or of all in a folder."""
    inside = [name for name in holding.names if is_parquet(name)]
    names: list[str | None] = [*inside] or [None]
    about["form"] = "Parquet" + (f", {len(names)} files" if names[0] else "")
    about["names"] = None
    for name in names:
        path = holding.path / name if name else holding.path
        split = split_code(path.name.split("-")[0].split(".")[0])
        yield from _file(path, split if len(names) > 1 else None, about)


def is_parquet(name: str) -> bool:
    """Whether a file's name ends like a Parquet's."""
    return name.lower().endswith((".parquet", ".pq"))


def _file(path, split, about):
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            columns = _columns(path, file.schema_arrow)
            about["names"] = about["names"] or _names(file.schema_arrow, columns)
            _must_be_sparing(path, file.metadata)
            row = 0
            for batch in file.iter_batches(BLOCK, columns=list(columns.values())):
                yield _block(path, batch, columns, split, row)
                row += len(batch)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        why = " ".join(str(error).split())[:100]
        raise BadInput(
            f"{path} is a damaged Parquet file ({why}): fetch it again"
        ) from error


# What a group of rows may unpack to; it is read as one.
MOST_GROUP = 1 << 30


def _must_be_sparing(path, metadata):
    groups = (metadata.row_group(n) for n in range(metadata.num_row_groups))
    if any(group.total_byte_size > MOST_GROUP for group in groups):
        raise BadInput(f"{path} has groups of rows over 1 GB: write smaller ones")


def _columns(path, schema):
    """The column of each kind: {kind: name}."""
    columns = {}
    for name in schema.names:
        kind = dialect.KINDS.get(dialect.plain_name(name))
        if kind in ("images", "labels", "usage", "ids"):
            columns.setdefault(kind, name)
    if "images" not in columns:
        raise BadInput(
            f"{path} has the columns {', '.join(schema.names)[:120]}: none of image or "
            "pixels"
        )
    return columns


def _names(schema, columns):
    """What the labels' numbers mean, of the metadata of Hugging Face, or None."""
    try:
        about = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        feature = about["info"]["features"][columns["labels"]]
        names = feature.get("names") or feature["feature"]["names"]
        return [str(name) for name in names]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _block(path, batch, columns, split, row):
    places = [f"{path}, row {row + n}" for n in range(len(batch))]
    cells = {kind: batch.column(name).to_pylist() for kind, name in columns.items()}
    faces = list(threads.in_order(_face, zip(cells["images"], places, strict=True)))
    usage = cells.get("usage")
    if usage is not None:
        usage = [_split(text, place) for text, place in zip(usage, places, strict=True)]
    elif split is not None:
        usage = [split] * len(batch)
    labels = cells.get("labels")
    if labels is not None:
        labels = [_label(each, at) for each, at in zip(labels, places, strict=True)]
    ids = cells.get("ids")
    return {
        "images": np.array([face for face, _ in faces]),
        "done": [what for _, done in faces for what in done],
        "labels": labels,
        "where": places,
        "usage": usage,
        "ids": None if ids is None else list(map(str, ids)),
    }


def _face(cell):
    """The face in a cell: a picture's bytes, alone or in a struct, or pixels."""
    value, place = cell
    if isinstance(value, dict):
        value = value.get("bytes")
    if isinstance(value, str):
        value = table.pixels(value, place)
    if isinstance(value, bytes) and len(value) != csv_reader.PIXELS:
        return squares.decoded(value, place)
    if value is None:
        raise BadInput(f"{place} has no picture in it: nothing, or a path alone")
    return _square(value, place)


def _square(value, place):
    """Pixels as bytes or a list, maybe of lists, as a face."""
    try:
        pixels = (
            np.frombuffer(value, np.uint8)
            if isinstance(value, bytes)
            else (np.array(value))
        )
        fine = pixels.dtype.kind in "iu" and pixels.min() >= 0 and pixels.max() <= 255
    except ValueError:
        fine = False
    side = math.isqrt(pixels.size) if fine else 0
    if not fine or side * side != pixels.size or side < squares.LEAST_SIDE:
        raise BadInput(
            f"{place}: the pixels are no square of whole numbers of 0 to 255, such as "
            f"{csv_reader.PIXELS}"
        )
    face = pixels.astype(np.uint8).reshape(1, side, side)
    return squares.resized(face)[0], ("resized",) * (side != csv_reader.SIDE)


def _label(value, place):
    if isinstance(value, bool) or value is None or not isinstance(value, (int, str)):
        if not (isinstance(value, float) and value.is_integer()):
            raise BadInput(
                f"{place}: the label is {value!r:.40}, no number and no name"
            )
        value = int(value)
    if isinstance(value, int) and value < 0:
        raise BadInput(f"{place}: the label is {value}: leave such rows out")
    return str(value).strip()


def _split(text, place):
    code = split_code(str(text))
    if code is None:
        raise BadInput(f"{place}: the split is {text!r:.40}, not train or test or such")
    return code
