"""One door for faces: `load` makes the same record of every form of data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer import BadInput, refusals
from fer.data import (
    cache,
    classes,
    csv_reader,
    dialect,
    ferplus,
    forms,
    mapped,
    npy,
    table,
    unpack,
)
from fer.data.faces import (
    COLUMNS,
    FITTING,
    USAGES,
    Faces,
    Source,
    in_classes,
    of_usages,
)


def load(
    source: Source | Path | str | Sequence[Path], usages: Sequence[str] = FITTING
) -> Faces:
    """Read the faces of a Source, of a path, or of several: Faces.

    Rows whose Usage is not in `usages` are checked and left out, so that PrivateTest is
    only seen by who asks for it. The arrays are read-only: they may lie in the cache's
    file. Faces.form says what was found, where it is not FER2013's own CSV. Raises
    BadInput with the line of the first malformed row, or the name of a file.
    """
    source = Source.of(source)
    parts = [_settled(columns, about, source) for columns, about in _parts(source)]
    faces = _joined(parts, source)
    faces = _chosen(replace(faces, rows=np.arange(len(faces))), source)
    if not len(faces):
        raise BadInput(f"{source} has no rows of faces left")
    chosen = of_usages(faces, usages)
    if not len(chosen):
        raise BadInput(_without(source, faces, usages))
    return chosen


def _without(source, faces, usages):
    """What is wrong with faces none of which are of `usages`, in words."""
    there = [name for code, name in enumerate(USAGES) if (faces.usage == code).any()]
    mend = ""
    if there == ["PrivateTest"]:
        mend = ": score them with confusion.py --usage PrivateTest"
    return f"{source} has no rows of {' or '.join(usages)}{mend}"


def _parts(source):
    """Yield (columns, about) of each path; what goes together is one part."""
    arrays = [path for path in source.paths if _begins(path, npy.MAGIC)]
    others = [path for path in source.paths if path not in arrays]
    votes = [path for path in others if _is_votes(path)]
    if votes and (len(votes), len(others)) != (1, 2):
        raise BadInput(
            f"{votes[0]} has votes of FER+ and no faces: give it beside the FER2013 "
            "CSV that it votes on, --data fer2013.csv fer2013new.csv"
        )
    if arrays:
        about = {"fer2013": True}
        yield npy.read(arrays, about), about
    if votes:
        [path] = [path for path in others if path not in votes]
        columns, about = _read(path)
        with unpack.Holding(votes[0]).stream() as stream:
            yield ferplus.joined(columns, about, path, votes[0], stream), about
        return
    for path in others:
        yield _read(path)


def _begins(path, magic):
    path = Path(path)
    if not path.is_file():
        return False
    with refusals.reading(path), open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _is_votes(path):
    """Whether a file is FER+'s: its first line has the votes' names."""
    if not Path(path).is_file():
        return False
    with refusals.reading(path), open(path, "rb") as file:
        head = file.read(1000)
    return b"happiness" in head and dialect.is_votes(
        head.split(b"\n")[0].decode("utf-8-sig", "replace").split(",")
    )


def _read(path):
    """The columns of what lies at `path`, and what is to be known of them."""
    with refusals.reading(path):
        if mapped.is_there(path):
            return mapped.read(path)
        if Path(path).is_dir():
            return _general(path)
    with refusals.reading(path), open(path, "rb") as file:
        before = _state(file)
        try:
            columns = cache.recall(
                path, file, csv_reader.VERSION, lambda: _parsed(path, file)
            )
        except BadInput as error:
            if _state(file) != before:
                raise _changed(path) from error
            raise
        if _state(file) != before:
            raise _changed(path)
    about = cache.opened(columns.pop("about", None))
    return columns, about or {"fer2013": True, "form": "", "keys": None}


def _state(file):
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _changed(path):
    return BadInput(f"{path} changed while it was read: try again once it is whole")


def _parsed(path, file):
    """The columns of a file; those of FER2013's own CSV come fast."""
    packed = unpack.packing_of(file)
    size = unpack.bound(path) if packed else os.fstat(file.fileno()).st_size
    try:
        with unpack.undamaged(path, f"{packed} file"):
            columns = csv_reader.read(unpack.peeled(file, path), size)
    except csv_reader.NotPlain:
        columns, about = _general(path)
        return columns | {"about": cache.closed(about)}
    if not len(columns["images"]):
        raise BadInput(f"{path} has no rows below its header")
    if columns["labels"] is None and columns["ids"] is not None:
        _must_be_unlike(path, columns["ids"])
    return columns


def _general(path):
    """The columns of what lies at `path` by the table of forms, and what they mean."""
    columns, about = forms.columns_of(unpack.Holding(path))
    ids, lines = _numbers(columns["ids"]), columns.pop("lines")
    if lines is not None and columns["labels"] is None and ids is not None:
        _must_be_unlike(path, ids, lines)
    return columns | {"ids": ids}, about


def _numbers(ids):
    """Ids as int64 where all of them are written so, else as they are."""
    if ids is None or not all(map(table.ID.fullmatch, ids.tolist())):
        return ids
    ids = ids.astype(np.int64)
    ids.flags.writeable = False
    return ids


def _must_be_unlike(path, ids, lines=None):
    """Raise BadInput for the first row that has the id of an earlier one."""
    order = np.argsort(ids, kind="stable")
    repeated = order[1:][ids[order][1:] == ids[order][:-1]]
    if len(repeated):
        row = repeated.min()
        line = row + 2 if lines is None else lines[row]
        raise BadInput(
            f"{path}, line {line}: the id {ids[row]} is that of an earlier row"
        )


def _settled(columns, about, source):
    """A part's columns as Faces with its classes, before any is left out."""
    columns = {name: it for name, it in columns.items() if it is not None}
    faces = Faces(**columns, form=about["form"])
    if faces.labels is None:
        return faces
    if about["keys"] is None:
        about = about | {"keys": [*map(str, range(7))], "where": [str(source)] * 7}
        if not source.classes:
            return faces
    names, every = classes.named(about, source)
    places = np.array([every.index(name) for name in names], np.int8)
    votes = faces.votes
    if votes is not None:
        votes = np.zeros((len(faces), len(every)), np.float32)
        votes[:, places] = faces.votes
    labels = places[faces.labels]
    return replace(faces, labels=labels, votes=votes, classes=tuple(every))


def _joined(parts, source):
    """The faces of all parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    every = classes.in_order(name for part in parts for name in part.classes)
    every = source.classes or every
    parts = [in_classes(part, every, source) for part in parts]
    columns = {}
    for name in COLUMNS:
        found = [getattr(part, name) for part in parts]
        lacking = [column is None for column in found]
        if any(lacking) and not all(lacking):
            path = source.paths[lacking.index(True)]
            raise BadInput(f"{path} has no {name}, which the other files have")
        columns[name] = None if all(lacking) else np.concatenate(found)
    plain = not any(part.form for part in parts)
    said = [] if plain else [part.form or "a CSV" for part in parts]
    return Faces(**columns, classes=tuple(every), form="; ".join(said))


def _chosen(faces, source):
    """The faces that --drop leaves, with classes joined as --merge says."""
    if not (source.drop or source.merge):
        classes.must_be_few(faces.classes, source)
        return faces
    becomes, left = classes.chosen(faces.classes, source)
    codes = classes.codes(faces.classes, becomes, left)
    labels = codes[faces.labels]
    votes = faces.votes
    if votes is not None:
        votes = np.zeros((len(faces), len(left)), np.float32)
        for place, code in enumerate(codes):
            if code >= 0:
                votes[:, code] += faces.votes[:, place]
        votes /= np.maximum(votes.sum(1, keepdims=True), np.finfo(np.float32).tiny)
    rows = np.flatnonzero(labels >= 0)
    out = len(faces) - len(rows)
    told = faces.form or "a CSV"
    told += f", {out:,} faces of {', '.join(source.drop)} left out"
    return replace(
        faces.take(rows) if out else faces,
        labels=labels[rows],
        votes=None if votes is None else votes[rows],
        classes=left,
        form=told if source.drop else faces.form,
    )
