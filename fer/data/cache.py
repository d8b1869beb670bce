"""Parsed CSVs, kept as files that a later run maps into its memory.

They lie in the user's cache folder and may be deleted at any time. A file there counts
only if it is this suite's own, whole, untouched since, and of this very CSV; for all
else, and where none can be written, there is the CSV.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fer import BadInput, files, machine
from fer.types import Array

# A smaller CSV is parsed in some tens of milliseconds.
FEWEST_ROWS = 3_000
# So many files stay, the newest: of FER2013 each takes 75 MB.
MOST_FILES = 4
# A file changed so lately may change again and show the same times.
SETTLED = 2 * 10**9
WRITABLE_BY_OTHERS = 0o022


def recall(
    path: Path | str, file: BinaryIO, version: int, parse: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What parse() makes of the open CSV: arrays (N, ...) or None by name, read-only.

    path: where the CSV lies. version: a number, raised when parse() changes.
    """
    start, before = time.time_ns(), os.fstat(file.fileno())
    key = _key(path, before, version)
    columns = _mapped(key, before)
    if columns is None:
        columns = parse()
        settled = start - max(before.st_mtime_ns, before.st_ctime_ns) > SETTLED
        unchanged = key == _key(path, os.fstat(file.fileno()), version)
        if settled and unchanged and len(columns["images"]) >= FEWEST_ROWS:
            _keep(key, before, columns)
    return columns


def closed(about: dict[str, Any]) -> Array:
    """A dict that JSON can hold as an array to keep beside the columns."""
    return np.array(json.dumps(about).encode())


def opened(about: Array | None) -> dict[str, Any] | None:
    """The dict that `closed` made an array of; None of None."""
    return None if about is None else json.loads(about.item())


def _key(path, status, version):
    """A name for the CSV in its present state: 64 hexadecimal digits."""
    facts = (
        os.path.realpath(path),
        *(status.st_dev, status.st_ino, status.st_size),
        *(status.st_mtime_ns, status.st_ctime_ns, version),
    )
    return hashlib.sha256(ascii(facts).encode()).hexdigest()


def _place(key):
    return machine.cache_folder() / f"{key}.npy"


def _stamp(status):
    """The time of change that the CSV's cache gets: the CSV's own, in whole seconds.

    Whoever writes into the cache later gives himself away by another one.
    """
    return status.st_mtime_ns // 10**9


def _mapped(key, status):
    """The columns that were kept under `key`, mapped, or None."""
    try:
        place = _place(key)
        found = place.stat()
        if found.st_mtime_ns != _stamp(status) * 10**9 or not is_private(place.parent):
            return None
        record = np.asarray(np.lib.format.open_memmap(place, mode="r"))
        names = [name for name in record.dtype.names if name != "key"]
        return {name: record[name] for name in names} if record["key"] == key else None
    # Whatever a strange file makes NumPy raise.
    except Exception:
        return None


def _keep(key, status, columns):
    """Write the columns where _mapped looks for `key`, if that can be done."""
    columns = {name: values for name, values in columns.items() if values is not None}
    # Wide numbers first, where they are aligned.
    columns = dict(sorted(columns.items(), key=lambda item: -item[1].itemsize))
    fields = [(name, values.dtype, values.shape) for name, values in columns.items()]
    columns["key"] = np.array(key)
    # One record, so that each column is in one piece.
    layout = np.dtype([*fields, ("key", columns["key"].dtype)])
    header = {"descr": layout.descr, "fortran_order": False, "shape": ()}
    try:
        place = _place(key)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_private(place.parent):
            return
        _make_room(place.parent)
        with files.whole(place) as temporary:
            with open(temporary, "wb") as file:
                np.lib.format.write_array_header_1_0(file, header)
                for values in columns.values():
                    file.write(np.ascontiguousarray(values).data)
            os.utime(temporary, (_stamp(status), _stamp(status)))
    except (OSError, RuntimeError, BadInput):
        return


def is_private(folder: Path) -> bool:
    """Whether nobody else could have put files there; Windows' modes do not tell."""
    if os.name == "nt":
        return True
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & WRITABLE_BY_OTHERS


def _make_room(folder):
    """Delete the oldest files, a killed run's too, so that there is room for one."""
    found = folder.glob("*.npy*")
    newest = sorted(found, key=lambda path: path.stat().st_ctime_ns, reverse=True)
    for path in newest[MOST_FILES - 1 :]:
        path.unlink()
