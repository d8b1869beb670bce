"""What a path holds: one file or members by name, unpacked by content and bounded."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from fer import BadInput, refusals

# The first bytes of what each made, and what opens it.
PACKERS: dict[str, tuple[bytes, Callable[..., Any]]] = {
    "gzip": (b"\x1f\x8b", gzip.open),
    "bzip2": (b"BZh", bz2.open),
    "xz": (b"\xfd7zXZ\0", lzma.open),
}
# First bytes of files that are not data of faces, and what to do about them.
NOT_FACES = {
    b"version https://git-lfs": "a Git LFS pointer, not the file: `git lfs pull` it",
    b"Rar!": "a RAR archive: unpack it",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive: unpack it",
    b"\x28\xb5\x2f\xfd": "packed by Zstandard: unpack it",
    b"%PDF": "a PDF: name the file of the faces",
    b"\x89HDF": "an HDF5 file: save its pixels and labels as .npy",
    b"\xd0\xcf\x11\xe0": "an Excel workbook: save it as CSV",
    b"{": "JSON: name the file of the faces",
}
MARKUP = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<body")
# So much may be unpacked of a small file: a million rows. Of a larger one, so many
# times its size; text of pixels packs to a quarter, pictures hardly at all.
MOST_UNPACKED = 1 << 30
MOST_TIMES = 20
MOST_AT_ONCE = 1 << 26  # A member or a header that claims more is none of ours.
LEVELS = 3  # of packing inside packing
TAR_MAGIC = slice(257, 262)


@contextlib.contextmanager
def undamaged(path: Path | str, kind: str = "file") -> Iterator[None]:
    """What unpackers raise in the block becomes a BadInput: `path` is damaged."""
    try:
        yield
    except (
        *(EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, UnicodeError),
        *(zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError),
    ) as error:
        raise _damaged(path, kind, error) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path, kind, error) from error


def _damaged(path, kind, error):
    why = " ".join(str(error).split())[:100]
    return BadInput(f"{path} is a damaged {kind} ({why}): fetch it again")


class _Bounded(io.RawIOBase):
    """A stream that may be read and skipped forwards, up to a number of bytes."""

    def __init__(self, stream, path, most):
        self.stream, self.path, self.most, self.place = stream, path, most, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, room):
        part = self.stream.read(len(room))
        room[: len(part)] = part
        self.place += len(part)
        if self.place > self.most:
            raise BadInput(
                f"{self.path} unpacks to more than {self.most / 1e9:.1f} GB, far more "
                "than faces would: unpack it yourself"
            )
        return len(part)

    def tell(self):
        return self.place

    def seek(self, place, whence=0):
        if whence or place < self.place:
            raise io.UnsupportedOperation("forwards only")
        while self.place < place:
            if not self.readinto(bytearray(min(place - self.place, 1 << 16))):
                break
        return self.place


class _Unpacked(io.BufferedReader):
    """As a file, but for reads of more than memory should hold."""

    def read(self, size=-1):
        if not 0 <= size <= MOST_AT_ONCE:
            raise tarfile.ReadError("a part of it claims to be huge")
        return super().read(size)


def bound(path: Path | str) -> int:
    """How many bytes a file may unpack to."""
    return max(MOST_UNPACKED, MOST_TIMES * os.path.getsize(path))


def packing_of(stream: BufferedReader) -> str:
    """What packed the stream: a key of PACKERS, or ""."""
    head = stream.peek(8)[:8]
    magics = (name for name, (magic, _) in PACKERS.items() if head.startswith(magic))
    return next(magics, "")


def peeled(stream: BufferedReader, path: Path | str) -> BufferedReader:
    """The stream, unpacked as often as it is packed."""
    for _ in range(LEVELS):
        packing = packing_of(stream)
        if not packing:
            break
        inner = PACKERS[packing][1](stream)
        stream = _Unpacked(_Bounded(inner, path, bound(path)), 1 << 17)
    return stream


class Holding:
    """What lies at a path: members of a folder or an archive by name, or one file.

    names: of the members, in order; () of one file, and of a folder that is not to be
    walked. kind: "folder", "zip", "tar", or "". head: the first bytes of the one file,
    unpacked. packing: "gzip" and the like.
    """

    def __init__(self, path: Path | str, walk: bool = True) -> None:
        self.path, self.walked = Path(path), walk
        self.kind, self.head, self.packing = "folder", b"", ""
        self.names: tuple[str, ...] = ()
        with refusals.reading(path):
            if self.path.is_dir():
                self.names = tuple(_below(self.path)) if walk else ()
                return
            with open(path, "rb") as file:
                self.packing = packing_of(file)
            with undamaged(path, f"{self.packing} file".strip()):
                self._look()

    def _look(self):
        with open(self.path, "rb") as file:
            stream = peeled(file, self.path)
            self.head = stream.peek(4096)[:4096]
            if self.head.startswith(b"PK\x03\x04"):
                self.kind = "zip"
            elif self.head[TAR_MAGIC] == b"ustar":
                self.kind = "tar"
            else:
                self.kind = ""
        if self.kind:
            names = (name for name, _ in self._entries())
            self.names = tuple(name for name in names if not _is_hidden(name))

    @functools.cached_property
    def _known(self):
        return {*self.names}

    def has(self, name: str) -> bool:
        """Whether there is a member of that name."""
        return name in self._known if self.walked else (self.path / name).is_file()

    @functools.cache  # noqa: B019, one for each table
    def folders(self, above: PurePosixPath) -> list[str]:
        """The names of the folders that lie in the folder `above`."""
        if not self.walked:
            inside = sorted(it for it in (self.path / above).iterdir() if it.is_dir())
            return [it.name for it in inside if not _is_hidden(it.name)]
        depth = len(above.parts)
        paths = [PurePosixPath(name).parts for name in self.names]
        below = [each for each in paths if each[:depth] == above.parts]
        return sorted({each[depth] for each in below if len(each) > depth + 1})

    @contextlib.contextmanager
    def stream(self, name: str | None = None) -> Iterator[io.BufferedReader]:
        """The one file, or the member `name`, as a stream of bytes, unpacked."""
        with refusals.reading(self.path), contextlib.ExitStack() as stack:
            stack.enter_context(undamaged(self.path, f"{self.packing} file".strip()))
            if name is None:
                file = stack.enter_context(open(self.path, "rb"))
                yield peeled(file, self.path)
                return
            for found, opened in self._entries([name]):
                if found == name:
                    bounded = _Bounded(opened(), self.path, self._most())
                    yield peeled(io.BufferedReader(bounded), self.path)
                    return

    def _most(self):
        return (1 << 62) if self.kind == "folder" else bound(self.path)

    def members(self, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, bytes) of the members `wanted`, in that order if they can be."""
        wanted, most = dict.fromkeys(wanted), self._most()
        with refusals.reading(self.path), undamaged(self.path, f"{self.kind} archive"):
            for name, opened in self._entries(wanted):
                if name in wanted:
                    with contextlib.closing(opened()) as stream:
                        content = stream.read(MOST_AT_ONCE + 1)
                    most -= len(content)
                    if len(content) > MOST_AT_ONCE or most < 0:
                        raise BadInput(
                            f"{self.path} unpacks to far more than faces would, at "
                            f"{name}: unpack it yourself"
                        )
                    yield name, content

    def _entries(self, wanted=None):
        """Yield (name, function that opens it) of each plain file, in order.

        In the order of `wanted` where there is one, but for a tar archive, which is
        read from its beginning to its end.
        """
        if self.kind == "folder":
            for name in wanted or self.names:
                yield name, functools.partial(open, self.path / name, "rb")
            return
        with open(self.path, "rb") as file:
            if self.kind == "zip":
                with zipfile.ZipFile(file) as archive:
                    names = [name for name in archive.namelist() if name[-1:] != "/"]
                    for name in wanted or sorted(names):
                        yield name, functools.partial(archive.open, name)
                return
            stream = peeled(file, self.path)
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                for entry in archive:
                    archive.members = []  # It would keep them all.
                    if entry.isreg() and not entry.issparse():
                        yield entry.name, lambda entry=entry: archive.extractfile(entry)


def _below(folder):
    """Names of the files below a folder, in the order of their names."""
    found = []
    for above, folders, names in os.walk(folder, onerror=_raised):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        found += [Path(above, name).relative_to(folder).as_posix() for name in names]
    return sorted(name for name in found if not _is_hidden(name))


def _raised(error):
    raise error


def _is_hidden(name):
    """Whether a system left it there, or its owner hid it."""
    parts = Path(name).parts
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def must_be_data(holding: Holding) -> None:
    """Raise BadInput for what is plainly no data, and say what it is."""
    head = holding.head.lstrip()
    if head.lower().startswith(MARKUP):
        raise BadInput(
            f"{holding.path} is a web page, not the file: download it signed in"
        )
    for magic, what in NOT_FACES.items():
        if head.startswith(magic):
            raise BadInput(f"{holding.path} is {what}")
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")):
        raise BadInput(
            f"{holding.path} is a picture: name its folder, or label it with predict.py"
        )
    if "[Content_Types].xml" in holding.names:
        raise BadInput(f"{holding.path} is an Office document: save it as CSV")
