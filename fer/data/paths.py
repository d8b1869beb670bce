"""A table of paths and labels beside its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from fer import BadInput
from fer.data import dialect, folders
from fer.data.gather import Block, blocks_of, split_code
from fer.data.unpack import Holding


def read(holding: Holding, name: str, about: dict[str, Any]) -> Iterator[Block]:
    """Yield blocks of the faces whose paths the table lists.

    holding: of the table's folder or archive; name: the table's in it. Raises BadInput
    for a path that leads to no picture there, or a row without a label.
    """
    with holding.stream(name) as stream:
        places = dict(_listed(stream, holding, name))
    about["form"] = f"a table of {len(places):,} paths, {name}, and their pictures"
    yield from blocks_of(folders.decoded(holding, places))


def of_file(path: Path, about: dict[str, Any]) -> Iterator[Block]:
    """As `read`, for a table given by its own path."""
    yield from read(Holding(path.parent, walk=False), path.name, about)


def _listed(stream, holding, name):
    """Yield each picture's name with its label and split."""
    path = f"{holding.path}/{name}"
    rows = dialect.rows(stream, path)
    next(rows)
    columns = _columns(next(rows)[1])
    beside = PurePosixPath(name).parent
    seen = set()
    for line, fields in rows:
        cells = {
            kind: fields[place].strip() if place < len(fields) else ""
            for kind, place in columns.items()
        }
        found = _found(cells["path"], beside, holding)
        if found is None:
            raise BadInput(f"{path}, line {line}: there is no {cells['path'][:80]!r}")
        if not cells["label"]:
            raise BadInput(f"{path}, line {line} has no label")
        if found in seen:
            raise BadInput(f"{path}, line {line}: {found} is listed twice")
        seen.add(found)
        yield found, (cells["label"], _split(cells.get("usage"), path, line))


def _split(cell, path, line):
    code = None if cell is None else split_code(cell)
    if code is None and cell is not None:
        raise BadInput(
            f"{path}, line {line}: {cell[:40]!r} is no split such as train, validation "
            "or test"
        )
    return code


def _columns(header):
    names = [dialect.plain_name(field) for field in header]
    columns = {"path": dialect.path_column(header)}
    for place, name in enumerate(names):
        kind = {"labels": "label", "usage": "usage"}.get(dialect.KINDS.get(name))
        if kind:
            columns.setdefault(kind, place)
    return columns


def _found(path, beside, holding):
    """The member that `path` means, seen from the table's folder, or None.

    Tables are often written from above their folder, or within another that lies
    beside them: so as much of the path's end as is there is taken.
    """
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if ".." in parts:
        return None
    for start in range(len(parts)):
        end = PurePosixPath(*parts[start:])
        for above in (beside, *(beside / name for name in holding.folders(beside))):
            if parts[start] != "/" and holding.has((above / end).as_posix()):
                return (above / end).as_posix()
    return None
