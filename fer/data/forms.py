"""The table of forms of data: how each is told by its content, and what reads it.

To add a form: one file with its reader, and its row in FORMS. (Files that go together,
.npy pixels with .npy labels and FER+'s votes with FER2013, are joined in loading.py.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fer import BadInput
from fer.data import (
    decoding,
    dialect,
    folders,
    gather,
    parquet,
    paths,
    table,
    unpack,
    webdataset,
)
from fer.data.gather import Block

TABLES = (".csv", ".tsv", ".txt", ".data")


def _pictures(holding):
    return any(map(decoding.is_picture, holding.names))


def _by_class(holding):
    """Whether pictures lie in folders of known classes, or no table lists them."""
    return _pictures(holding) and (
        any(folders.has_known_class(name) for name in holding.names)
        or not _listing(holding)
    )


def _listing(holding):
    """The names of the tables of paths in a folder or an archive."""
    return [
        name for name in _tables(holding) if dialect.is_paths(*_first(holding, name))
    ]


def _tables(holding):
    return [name for name in holding.names if _packed_name(name).endswith(TABLES[:2])]


def _packed_name(name):
    name = name.lower()
    return name.removesuffix(".gz").removesuffix(".bz2").removesuffix(".xz")


def _first(holding, name=None):
    """The fields of a table's first two rows."""
    with holding.stream(name) as stream:
        lines = dialect.rows(stream, holding.path)
        next(lines)
        return [next(lines, (1, []))[1] for _ in range(2)]


def _read_listing(holding, about):
    listing = _listing(holding)
    _must_be_one(holding, listing)
    return paths.read(holding, listing[0], about)


def _must_be_one(holding, names):
    if len(names) != 1:
        kind = "folder" if holding.kind == "folder" else "archive"
        raise BadInput(
            f"{holding.path} holds {len(names)} tables ({', '.join(names)[:200]}): "
            + ("" if kind == "folder" else "unpack it and ")
            + "name the one to read"
        )


def _read_table(holding, about):
    """The one table of a file, a folder or an archive."""
    name = None
    if holding.kind:
        tables = _tables(holding)
        tables = tables or [each for each in holding.names if each.endswith(TABLES)]
        if not tables:
            shown = ", ".join(holding.names)[:120] or "nothing"
            raise BadInput(
                f"{holding.path} has no faces in it: it holds {shown}, no picture, CSV "
                "or Parquet"
            )
        _must_be_one(holding, tables)
        [name] = tables
    place = holding.path if name is None else f"{holding.path}/{name}"
    with holding.stream(name) as stream:
        yield from table.read(stream, place, about)
    if name is not None:
        about["form"] += f", {name} of {holding.path.name}"


@dataclass(frozen=True)
class Form:
    """A form of data: whether a Holding has it, and what reads it.

    read: a function of a Holding and a dict; yields blocks as gather.gathered takes
    them, and tells the dict about itself: "form", in words, and maybe "names", what the
    labels' numbers mean, and "fer2013", whether without names they are FER2013's.
    """

    name: str
    matches: Callable[[unpack.Holding], bool]
    read: Callable[[unpack.Holding, dict[str, Any]], Iterator[Block]]


# The first that matches is taken.
FORMS = (
    Form(
        "Parquet",
        lambda it: (
            it.head.startswith(parquet.MAGIC)
            or (it.kind == "folder" and any(map(parquet.is_parquet, it.names)))
        ),
        parquet.read,
    ),
    Form(
        "a shard of WebDataset",
        lambda it: it.kind == "tar" and webdataset.is_shard(it.names),
        webdataset.read,
    ),
    Form("a folder of pictures by class", _by_class, folders.read),
    Form("a folder with a table of paths", _pictures, _read_listing),
    Form(
        "a table of paths",
        lambda it: not it.kind and dialect.is_paths(*_first(it)),
        lambda it, about: paths.of_file(it.path, about),
    ),
    Form("a table of pixels", lambda it: True, _read_table),
)


def columns_of(holding: unpack.Holding) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a Holding by the first form that matches: its columns, and what they mean.

    The columns are as gather.gathered returns them; the dict is what it and the reader
    fill. Raises BadInput where no faces are found, or for a malformed row.
    """
    unpack.must_be_data(holding)
    form = next(form for form in FORMS if form.matches(holding))
    about = {"form": form.name, "fer2013": form is FORMS[-1]}
    columns = gather.gathered(form.read(holding, about), about)
    if not len(columns["images"]):
        raise BadInput(f"{holding.path} has no rows below its header")
    return columns, about
