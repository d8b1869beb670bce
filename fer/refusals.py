"""What the system or a library refuses about a file, as one line that names it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from fer import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def _refused(path, what, mend=""):
    """Turn what the system refuses in the block into a BadInput that names `path`."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"{path} cannot be {what}: {error.strerror or f'{error!s:.160}'}{mend}"
        ) from error


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Within the block, an OSError becomes a BadInput: `path` cannot be written."""
    with _refused(path, "written"):
        yield


@contextlib.contextmanager
def reading(path: Path | str, mend: str = "") -> Iterator[None]:
    """Within the block, an OSError becomes a BadInput: `path` cannot be read."""
    with _refused(path, "read", mend):
        if stat.S_ISFIFO(os.stat(path).st_mode):
            raise BadInput(f"{path} is a pipe: write what comes out of it to a file")
        yield


def content(path: Path, most: int, mend: str = "") -> bytes:
    """The bytes of a plain file; raises BadInput for others, or over `most` bytes."""
    with reading(path, mend):
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadInput(f"{path} is no plain file: name one that is")
        with open(path, "rb") as stream:
            found = stream.read(most + 1)
    if len(found) > most:
        raise BadInput(f"{path} has over {most:,} bytes: too many for such a file")
    return found


@contextlib.contextmanager
def understood(path: Path | str, kind: str, mend: str) -> Iterator[None]:
    """As `reading`, but any other error becomes a BadInput, too: `path` is no `kind`.

    For libraries that raise errors of many classes for malformed bytes. mend: what the
    user can do.
    """
    with reading(path):
        try:
            yield
        except (BadInput, MemoryError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise  # It is the system's, and not the library's.
            raise BadInput(f"{path} is no {kind} ({error!r:.120}): {mend}") from error
