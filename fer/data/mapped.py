"""Faces past memory: a folder with a `.npy` file a column, mapped and not read.

images.npy is (N, 48, 48) uint8; labels.npy, usage.npy and ids.npy, where there are
such, (N,) int8, int8 and int64; votes.npy (N, C) float32. Rows of one usage are in one
piece, so no part of the faces has to be copied. about.json names the classes.

It is made file by file, several read at once: each is read whole and appended to
`.NAME.part/`, so memory goes with the largest files and with half of the processors,
and a run that was stopped goes on after its last whole one.
"""

import itertools
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, files, machine, progress, refusals, threads
from fer.data.faces import CLASSES, USAGES, Source, in_classes

ENDING = ".faces"  # of such a folder
ABOUT, DONE = "about.json", "done.json"
VERSION = 1
KINDS = {"images": "u1", "labels": "i1", "usage": "i1", "ids": "i8", "votes": "f4"}
HELD = 10  # one of so many faces validates where the data have no split
BLOCK = 1 << 24  # bytes, to copy at a time
MOST_BYTES = 1 << 26  # of what is said of columns; a million files are named in that


def is_there(path: Path) -> bool:
    """Whether the folder is of this form."""
    return (Path(path) / "images.npy").exists() and (Path(path) / ABOUT).exists()


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of the folder, mapped, and what they mean, as loading takes them."""
    path, columns = Path(path), {}
    with refusals.understood(path, "folder of columns", "convert the faces anew"):
        about = json.loads(refusals.content(path / ABOUT, MOST_BYTES))
        classes = about["classes"]
        names = [name for name in classes if isinstance(name, str)]
        if about["version"] != VERSION or names != classes:
            raise ValueError(f"{ABOUT} is of another version")
        for name in KINDS:
            columns[name] = _mapped(path / f"{name}.npy", about["rows"], classes)
    said = {"keys": classes, "where": [str(path)] * len(classes), "form": "columns"}
    return columns, said | {"fer2013": classes == [*CLASSES]}


def _mapped(path, rows, classes):
    """The column at `path`, checked in blocks; None where there is none."""
    if not path.exists():
        return None
    if not path.is_file():
        raise ValueError(f"{path.name} is no plain file")
    column = np.load(path, mmap_mode="r", allow_pickle=False)
    meant = KINDS[path.stem], _shape(path.stem, rows, classes)
    if (column.dtype, column.shape) != meant:
        raise ValueError(f"{path.name} is {column.dtype} of {column.shape}")
    most = {"labels": len(classes) - 1, "usage": len(USAGES) - 1, "votes": 1}
    if path.stem in most and not 0 <= column.min() <= column.max() <= most[path.stem]:
        raise ValueError(f"{path.name} has a value that means nothing")
    return column


def _shape(name, rows, classes):
    return rows, *{"images": (48, 48), "votes": (len(classes),)}.get(name, ())


def write(path: Path, source: Source, load: Any) -> int:
    """Make the folder of the faces of `source`; how many they are.

    load: a function of a Source to Faces. Raises BadInput where a file has other
    columns or classes than the first.
    """
    path = Path(path).absolute()
    part = path.with_name(f".{path.name}.part")
    with files.locked(path.with_name(f".{path.name}.lock")):
        state = _state(part, source)
        left = source.paths[len(state["done"]) :]
        show = progress.steps("files", len(left))
        apart = [replace(source, paths=(each,)) for each in left]
        # A reader keeps two processors busy.
        readers = max(1, machine.processors() // 2)
        loaded = threads.in_order(load, apart, readers, readers)
        for number, (one, faces) in enumerate(zip(apart, loaded, strict=True), 1):
            with refusals.writing(path):
                _append(part, state, faces, one)
            show(number)
        with refusals.writing(path):
            _finish(part, state, path)
    return sum(state["rows"])


def _state(part, source):
    """What is done of the source; columns are cut back to that.

    Raises BadInput where `part` is not what an earlier run made.
    """
    words = source.words()
    state = {"words": words, "done": [], "rows": [0] * len(USAGES), "kinds": {}}
    files.begin_folder(part, DONE)
    if not (part / DONE).exists():
        files.write_json(part / DONE, state)
    with refusals.understood(part, "conversion that goes on", "delete it"):
        found = json.loads(refusals.content(part / DONE, MOST_BYTES))
        state = found if found["words"] == words else state
        for name, code in itertools.product(KINDS, range(len(USAGES))):
            (part / f"{name}.npy").unlink(missing_ok=True)
            if name in state["kinds"]:
                whole = state["rows"][code] * state["kinds"][name]
                os.truncate(part / f"{name}.{code}", whole)
            else:
                (part / f"{name}.{code}").unlink(missing_ok=True)
    return state


def _append(part, state, faces, source):
    """Append a file's faces, each usage to files of its own."""
    if not state["done"]:
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


def _finish(part, state, path):
    """Join the usages of each column behind the head of a .npy file, as `path`."""
    rows, classes = sum(state["rows"]), state["classes"]
    for name in state["kinds"]:
        shape = _shape(name, rows, classes)
        about = {"descr": f"<{KINDS[name]}", "fortran_order": False, "shape": shape}
        with open(part / f"{name}.npy", "wb") as file:
            np.lib.format.write_array_header_1_0(file, about)
            for code in range(len(USAGES)):
                with open(part / f"{name}.{code}", "rb") as usage:
                    shutil.copyfileobj(usage, file, BLOCK)
    about = {"version": VERSION, "rows": rows, "classes": classes}
    files.write_json(part / ABOUT, about)
    os.replace(part, path)
    # Not before: a run that is killed meanwhile would lack what it goes on from.
    for name in state["kinds"]:
        for code in range(len(USAGES)):
            (path / f"{name}.{code}").unlink()
    (path / DONE).unlink()
