"""Faces past memory: a folder with a `.npy` file a column, mapped and not read.

images.npy is (N, 48, 48) uint8; labels.npy, usage.npy and ids.npy, where there are
such, (N,) int8, int8 and int64; votes.npy (N, C) float32. Rows of one usage are in one
piece, so no part of the faces has to be copied. about.json names the classes.

It is made file by file, several read at once: each is read whole and appended to
`.NAME.part/`, so memory goes with the largest files and with half of the processors,
and a run that was stopped goes on after its last whole one.
"""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, files, machine, progress, threads
from fer.data.faces import CLASSES, USAGES, Source, in_classes

ENDING = ".faces"  # of such a folder
ABOUT, DONE = "about.json", "done.json"
VERSION = 1
KINDS = {"images": "u1", "labels": "i1", "usage": "i1", "ids": "i8", "votes": "f4"}
HELD = 10  # one of so many faces validates where the data have no split
BLOCK = 1 << 24  # bytes, to copy at a time


def is_there(path: Path) -> bool:
    """Whether the folder is of this form."""
    return (Path(path) / "images.npy").exists() and (Path(path) / ABOUT).exists()


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of the folder, mapped, and what they mean, as loading takes them."""
    path, columns = Path(path), {}
    with files.understood(path, "folder of columns", "convert the faces anew"):
        about = json.loads((path / ABOUT).read_text())
        for name, kind in KINDS.items():
            columns[name] = _mapped(path / f"{name}.npy", kind)
        lengths = {len(it) for it in columns.values() if it is not None}
        labels, classes = columns["labels"], about["classes"]
        if about["version"] != VERSION or lengths != {about["rows"]}:
            raise ValueError("its columns are of other lengths")
        if labels is not None and not 0 <= labels.min() <= labels.max() < len(classes):
            raise ValueError("a label is none of its classes")
    said = {"keys": classes, "where": [str(path)] * len(classes), "form": "columns"}
    return columns, said | {"fer2013": classes == [*CLASSES]}


def _mapped(path, kind):
    if not path.exists():
        return None
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype != kind:
        raise ValueError(f"{path.name} is of {array.dtype}")
    return array


def write(path: Path, source: Source, load: Any) -> int:
    """Make the folder of the faces of `source`; how many they are.

    load: a function of a Source to Faces. Raises BadInput where a file has other
    columns or classes than the first.
    """
    path = Path(path).absolute()
    part = path.with_name(f".{path.name}.part")
    with files.locked(path.with_name(f".{path.name}.lock")):
        with files.reading(path.parent, ": make it first"):
            part.mkdir(exist_ok=True)
        state = _state(part, source)
        left = source.paths[len(state["done"]) :]
        show = progress.steps("files", len(left))
        apart = [replace(source, paths=(each,)) for each in left]
        # A reader keeps two processors busy.
        readers = max(1, machine.processors() // 2)
        loaded = threads.in_order(load, apart, readers, readers)
        for number, (one, faces) in enumerate(zip(apart, loaded, strict=True), 1):
            _append(part, state, faces, one)
            show(number)
        _finish(part, state)
        os.replace(part, path)
    return sum(state["rows"])


def _state(part, source):
    """What is done of the source; columns are cut back to that."""
    words = source.words()
    state = {"words": words, "done": [], "rows": [0] * len(USAGES), "kinds": None}
    if (part / DONE).exists():
        found = json.loads((part / DONE).read_text())
        state = found if found["words"] == words else state
    for usage, rows in enumerate(state["rows"]):
        for name, width in (state["kinds"] or {}).items():
            with open(part / f"{name}.{usage}", "ab") as file:
                file.truncate(rows * width)
    if not state["done"]:
        for old in part.iterdir():
            old.unlink()
    return state


def _append(part, state, faces, source):
    """Append a file's faces, each usage to files of its own."""
    if state["kinds"] is None:
        state["classes"] = list(source.classes or faces.classes)
    faces = in_classes(faces, state["classes"], source, "the first file's")
    columns = {name: getattr(faces, name) for name in KINDS}
    if columns["ids"] is not None and columns["ids"].dtype.kind != "i":
        columns["ids"] = None
    if columns["usage"] is None and columns["labels"] is not None:
        columns["usage"] = _drawn(faces.images)
    usage = columns["usage"] if columns["usage"] is not None else np.zeros(len(faces))
    columns = {n: np.asarray(c, KINDS[n]) for n, c in columns.items() if c is not None}
    kinds = {name: column[:1].nbytes for name, column in columns.items()}
    state["kinds"] = state["kinds"] or kinds
    if kinds != state["kinds"]:
        raise BadInput(
            f"{source} has the columns {', '.join(kinds)}, and the files before it "
            f"{', '.join(state['kinds'])}: convert them apart"
        )
    for code in range(len(USAGES)):
        rows = np.flatnonzero(usage == code)
        state["rows"][code] += len(rows)
        for name, column in columns.items():
            with open(part / f"{name}.{code}", "ab") as file:
                file.write(np.ascontiguousarray(column[rows]).data)
                os.fsync(file.fileno())
    state["done"].append(source.name)
    files.write_json(part / DONE, state)


def _drawn(images):
    """The usage of faces without one: by the face itself, so copies have the same."""
    from fer.data.split import short_digests

    return (short_digests(images) % HELD == 0).astype(np.int8)


def _finish(part, state):
    """Join the usages of each column behind the head of a .npy file."""
    rows = sum(state["rows"])
    shapes = {"images": (48, 48), "votes": (len(state["classes"]),)}
    for name in state["kinds"]:
        shape = (rows, *shapes.get(name, ()))
        about = {"descr": f"<{KINDS[name]}", "fortran_order": False, "shape": shape}
        with open(part / f"{name}.npy", "wb") as file:
            np.lib.format.write_array_header_1_0(file, about)
            for code in range(len(USAGES)):
                with open(part / f"{name}.{code}", "rb") as usage:
                    shutil.copyfileobj(usage, file, BLOCK)
    about = {"version": VERSION, "rows": rows, "classes": state["classes"]}
    files.write_json(part / ABOUT, about)
    for name in state["kinds"]:
        for code in range(len(USAGES)):
            (part / f"{name}.{code}").unlink()
    (part / DONE).unlink()
