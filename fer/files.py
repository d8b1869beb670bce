"""Whole or not at all: the only module that writes files."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import itertools
import json
import os
import re
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import BadInput, refusals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.figure import Figure


DPI = 200  # of a figure's pixels, enough for print
# The mode of our locks, so that no other empty file is taken for one. They have it from
# the instant that they are there.
LOCK_MODE = 0o700


@contextlib.contextmanager
def whole(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends well.

    The bytes are flushed to the disk before the rename and the folder after it, so that
    a crash at any instant leaves either the old file or the new one. The temporary name
    is like no other; what a killed run left under such a name is deleted by the next.
    A lock keeps two runs from writing `path` at once. An existing file's mode is kept.
    Raises BadInput when the file cannot be written.
    """
    writable(path)
    target = _replaced(path)
    with locked(_lock_of(target)), refusals.writing(target):
        _delete_left_over(target)
        temporary = _temporary_of(target)
        try:
            yield temporary
            _flush(temporary)
            if target.exists():
                temporary.chmod(target.stat().st_mode)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        if os.name == "posix":  # Windows opens no folder.
            _flush(target.parent)


def _replaced(path):
    """The file that is replaced: not a link, which stays, but what it leads to."""
    path = Path(path)
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _temporary_of(path):
    return path.with_name(f".{path.stem}.{secrets.token_hex(8)}.tmp{path.suffix}")


def _delete_left_over(path):
    """Delete what killed runs left that were writing `path`, whose lock is held."""
    stem, suffix = re.escape(path.stem), re.escape(path.suffix)
    left = re.compile(rf"\.{stem}\.[0-9a-f]{{16}}\.tmp{suffix}")
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if left.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                os.unlink(entry)


def _lock_of(path):
    return path.with_name(f".{path.name}.lock")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; raises BadInput when another run holds it.

    Somebody's own file of that name is neither changed nor deleted.
    """
    from filelock import FileLock, SoftFileLock, Timeout

    lock = FileLock(path, timeout=0)
    with refusals.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Where the system has no locks, a file that is there is a lock that is held.
        if FileLock is not SoftFileLock:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, LOCK_MODE))
        before = _strange(path)
        try:
            lock.acquire()
        except Timeout as error:
            raise BadInput(
                f"{path} is held by another run that writes the same output: wait for "
                "its end, or name another output"
            ) from error
        ours = not before or before != _strange(path)
    try:
        yield
    finally:
        # Deleted while it is held: later it may be another run's. Windows deletes
        # nothing that is open.
        with contextlib.suppress(OSError):
            if ours:
                path.unlink()
        lock.release()


def _strange(path):
    """What tells a file that is no lock of ours from another; None where there is none.

    A lock that a killed run left is empty and has the mode of our locks.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    if status.st_mode == stat.S_IFREG | LOCK_MODE and not status.st_size:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write bytes as `whole` does."""
    with whole(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8; what UTF-8 has no bytes for is spelt out."""
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as indented JSON, which has no NaN and no infinities."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def write_figure(path: Path | str, figure: Figure) -> None:
    """Write a matplotlib figure in the format that the path's ending names.

    The same figure gives the same bytes.
    """
    import matplotlib

    # Without these, an SVG has random names in it, and both hold the time.
    dated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    about = dated.get(Path(path).suffix)
    # In memory first: matplotlib trips over what a full disk raises.
    drawn, form = io.BytesIO(), Path(path).suffix[1:]
    with matplotlib.rc_context({"svg.hashsalt": "fer"}):
        figure.savefig(drawn, format=form, dpi=DPI, bbox_inches="tight", metadata=about)
    write_bytes(path, drawn.getvalue())


def write_csv(
    path: Path | str, header: Iterable[Any], rows: Iterable[Iterable[Any]]
) -> None:
    """Write a CSV row by row; it is read back and compared before it gets its name.

    Raises BadInput as `whole`, or when the disk returns other content.
    """
    meant, found = hashlib.sha256(), hashlib.sha256()

    def lines():
        for row in itertools.chain([header], rows):
            line = [str(cell) for cell in row]
            meant.update(repr(line).encode())
            yield line

    # A file's name, in a cell, may be bytes that are no text.
    form: Any = {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}
    with whole(path) as temporary:
        with open(temporary, "w", **form) as stream:
            csv.writer(stream, lineterminator="\n").writerows(lines())
        with open(temporary, **form) as stream:
            for line in csv.reader(stream):
                found.update(repr(line).encode())
        if found.digest() != meant.digest():
            raise BadInput(
                f"{path} read back differs from what was written: check the disk"
            )


def writable(path: Path | str) -> None:
    """Raise BadInput now, not after hours of work, when `path` cannot be written."""
    with refusals.writing(path):
        target = _replaced(path)
        if target.is_dir():
            raise BadInput(f"{target} is a folder: name a file to write")
        if target.is_symlink():
            raise BadInput(f"{target} is a loop of links: name another to write")
        if target.exists() and not target.is_file():
            raise BadInput(f"{target} is no plain file: name another to write")
        _temporary_of(target).exists()  # That raises if its longer name is too long.
        above = next(up for up in target.absolute().parents if os.path.lexists(up))
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise BadInput(
                f"{target} cannot be written: {above} is read-only or no folder"
            )


def free_to_write(path: Path | str, *read: Path | str) -> None:
    """Raise BadInput now where `path` cannot be written, or is a file that is read."""
    for each in read:
        must_differ(each, path)
    writable(path)


def begin_folder(folder: Path, mark: str) -> None:
    """Make the folder of work that goes on after a stop, unless it is there.

    The first file that is put into it is `mark`. Raises BadInput where there is another
    folder of that name, or a link.
    """
    with refusals.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        there = [path.name for path in folder.iterdir() if path.name[0] != "."]
        if folder.is_symlink() or (there and mark not in there):
            raise BadInput(f"{folder} is of no run of this suite: move it away")


def must_differ(read: Path | str, written: Path | str) -> None:
    """Raise BadInput when the file to write is the one that is read."""
    one, other = os.path.realpath(read), os.path.realpath(written)
    # On some disks capital letters are as good as small ones.
    alike = one.casefold() == other.casefold() and os.path.exists(other)
    if one == other or (alike and os.path.samefile(one, other)):
        raise BadInput(f"{read} would be overwritten: write to another place")


def sha256(path: Path | str) -> str:
    """The file's SHA-256, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flush(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
