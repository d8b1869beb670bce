"""A folder of pictures by class, as it lies or in an archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from fer import BadInput, threads
from fer.data import classes, decoding, squares
from fer.data.gather import Block, blocks_of, split_code
from fer.data.unpack import Holding


def read(holding: Holding, about: dict[str, Any]) -> Iterator[Block]:
    """Yield blocks of a Holding's pictures: their classes and splits are its folders'.

    A class is the folder nearest to the picture that names a known one, or else that is
    no split. Raises BadInput for a damaged picture, or one without class or split where
    others have them.
    """
    names = list(filter(decoding.is_picture, holding.names))
    places = {name: _place(name) for name in names}
    _must_be_alike(holding, places)
    ignored = Counter(
        PurePosixPath(name).suffix or "no suffix"
        for name in holding.names
        if not decoding.is_picture(name)
    )
    about["form"] = f"{len(names):,} pictures in {_what(holding)}" + "".join(
        f", ignored: {n:,} files {suffix}" for suffix, n in ignored.most_common(3)
    )
    yield from blocks_of(decoded(holding, places))


def has_known_class(name: str) -> bool:
    """Whether a picture lies in a folder of a known class."""
    label = _place(name)[0] if decoding.is_picture(name) else None
    return label is not None and classes.is_known(label)


def decoded(
    holding: Holding, places: dict[str, tuple[str | None, int | None]]
) -> Iterator[tuple]:
    """Yield each picture that is in `places`, as gather.blocks_of takes them.

    places: {name: (class or None, index into USAGES or None)}.
    """

    def decode(member):
        name, content = member
        where = f"{holding.path}/{name}"
        image, done = squares.decoded(content, where)
        return image, done, *places[name], name, where

    yield from threads.in_order(decode, holding.members(places))


def _what(holding):
    kinds = {"folder": "a folder", "zip": "a zip archive", "tar": "a tar archive"}
    return kinds[holding.kind]


def split_of(name: str) -> int | None:
    """The split that the folders of a file name, an index into USAGES, or None."""
    codes = map(split_code, PurePosixPath(name).parts[:-1])
    return next((code for code in codes if code is not None), None)


def _place(name):
    """The class and the split that the folders of a picture name, each or None."""
    folders = PurePosixPath(name).parts[:-1]
    split = split_of(name)
    others = [each for each in folders if split_code(each) is None]
    known = [each for each in others if classes.is_known(each)]
    label = (known or others or [None])[-1]
    return label, split


def _must_be_alike(holding, places):
    for column, what in enumerate(("class", "split (train, validation, test)")):
        lacking = [name for name, place in places.items() if place[column] is None]
        if lacking and len(lacking) < len(places):
            raise BadInput(
                f"{holding.path}/{lacking[0]} lies in no folder of a {what}, as others "
                "do: move it, or name the folder of a part"
            )
