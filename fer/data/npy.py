"""`.npy` files: pixels, and labels of as many; mapped, not copied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, refusals
from fer.data import csv_reader, squares
from fer.data.gather import BLOCK, gathered
from fer.types import Array

MAGIC = b"\x93NUMPY"


def read(paths: Sequence[Path], about: dict[str, Any]) -> dict[str, Array]:
    """The columns of one `.npy` file of pixels and maybe one of labels.

    Pixels: (N, S, S), (N, S, S, 1), (N, S, S, 3) or (N, S * S) uint8; those of 48 x 48
    stay where they are. Labels: (N,) whole numbers or text, or (N, C) one-hot.
    """
    arrays = {path: _mapped(path) for path in paths}
    images = [path for path in paths if _is_pixels(arrays[path])]
    labels = [path for path in paths if path not in images]
    if len(images) != 1 or len(labels) > 1:
        raise BadInput(
            f"{', '.join(map(str, paths))}: give one .npy file of pixels, uint8 "
            "(N, 48, 48), and maybe one of labels, (N,)"
        )
    [path] = images
    about["form"] = "pixels of .npy"
    columns = {"images": _faces(path, arrays[path], about)}
    about |= {"keys": [], "where": []}
    if labels:
        about["form"] += " with labels of .npy"
        columns["labels"] = _labels(labels[0], arrays[labels[0]], about)
        if len(columns["labels"]) != len(columns["images"]):
            raise BadInput(
                f"{labels[0]} has {len(columns['labels']):,} labels and {path} "
                f"{len(columns['images']):,} faces: they must be as many"
            )
    return columns


def _mapped(path):
    mend = "save it with numpy.save, without objects"
    with refusals.understood(path, ".npy array", mend):
        return np.load(path, mmap_mode="r", allow_pickle=False)


def _is_pixels(array):
    wide = array.ndim == 2 and array.shape[1] >= squares.LEAST_SIDE**2
    return array.ndim in (3, 4) or wide


def _faces(path, array, about):
    if array.dtype != np.uint8:
        raise BadInput(
            f"{path} has pixels of {array.dtype}, not uint8 of 0 to 255: save them so"
        )
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        side = math.isqrt(array.shape[1])
        if side * side == array.shape[1]:
            array = array.reshape(-1, side, side)
    square = array.ndim > 2 and array.shape[1] == array.shape[2]
    colour = array.ndim == 4 and array.shape[3] == 3
    limits = (
        squares.LEAST_SIDE <= array.shape[-2 if colour else -1] <= squares.MOST_SIDE
    )
    if not (square and limits and (array.ndim == 3 or colour)):
        raise BadInput(f"{path} has the shape {array.shape}, not (N, 48, 48)")
    if array.shape[1:] == (csv_reader.SIDE, csv_reader.SIDE):
        return array
    return gathered(_made(array, about), {"form": ""})["images"]


def _made(array, about):
    """Yield blocks of faces made grey and resized."""
    from PIL import Image

    about["form"] += f" of {array.shape[1]} x {array.shape[2]}, resized"
    for start in range(0, len(array), BLOCK):
        block = np.ascontiguousarray(array[start : start + BLOCK])
        if block.ndim == 4:
            grey = [np.asarray(Image.fromarray(each).convert("L")) for each in block]
            block = np.array(grey)
        yield {"images": squares.resized(block)}


def _labels(path, array, about):
    """The number of each label's key: (N,) int16."""
    if array.ndim == 2 and array.shape[1] > 1:
        hot = np.asarray(array)
        if not ((hot == 0) | (hot == 1)).all() or (hot.sum(1) != 1).any():
            raise BadInput(f"{path} has labels of two dimensions that are not one-hot")
        array = hot.argmax(1)
    flat = np.asarray(array).reshape(-1)
    if flat.dtype.kind == "f" and (flat == np.floor(flat)).all():
        flat = flat.astype(np.int64)
    if flat.dtype.kind == "S":
        flat = np.char.decode(flat, "utf-8", "replace")
    if flat.dtype.kind not in "iuU" or (flat.dtype.kind == "i" and flat.min() < 0):
        raise BadInput(
            f"{path} has labels of {flat.dtype}, no whole numbers from 0, no names"
        )
    values, firsts, codes = np.unique(flat, return_index=True, return_inverse=True)
    about["keys"] = [str(value) for value in values]
    about["where"] = [f"{path}, row {row}" for row in firsts]
    return codes.astype(np.int16)
