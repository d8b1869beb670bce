"""TAR shards of WebDataset: for each key, a picture and its class side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from fer import BadInput, threads
from fer.data import decoding, folders, squares
from fer.data.gather import Block, blocks_of, split_code
from fer.data.unpack import Holding

LABELS = (".cls", ".label")


def is_shard(names: Sequence[str]) -> bool:
    """Whether an archive's members go in pairs of picture and class."""
    return any(name.lower().endswith(LABELS) for name in names)


def read(holding: Holding, about: dict[str, Any]) -> Iterator[Block]:
    """Yield blocks of a shard's faces; raises BadInput for a picture without class."""
    own = split_code(holding.path.name.split("-")[0].split(".")[0])
    about["form"] = "a shard of WebDataset"
    wanted = [
        name
        for name in holding.names
        if decoding.is_picture(name) or name.lower().endswith(LABELS)
    ]

    splits = {name: folders.split_of(name) for name in wanted}
    if len({*splits.values()}) > 1 and None in splits.values():
        lacking = next(name for name, split in splits.items() if split is None)
        raise BadInput(f"{holding.path}/{lacking} lies in no split, as others do")

    def decode(sample):
        key, (name, content), label = sample
        where = f"{holding.path}/{name}"
        split = own if splits[name] is None else splits[name]
        image, done = squares.decoded(content, where)
        return image, done, label, split, key, where

    samples = _samples(holding.members(wanted), holding.path)
    yield from blocks_of(threads.in_order(decode, samples))


def _samples(members, path):
    """Yield (key, (name, picture's bytes), label) of neighbours with the same key."""
    key, picture, label = None, None, None
    for name, content in members:
        # A key ends at the first dot of the file's name.
        pure = PurePosixPath(name)
        here = (pure.parent / pure.name.split(".")[0]).as_posix()
        if here != key:
            if key is not None:
                yield _whole(path, key, picture, label)
            key, picture, label = here, None, None
        if name.lower().endswith(LABELS):
            label = content.decode("utf-8", "replace").strip()[:40]
        else:
            picture = name, content
    if key is not None:
        yield _whole(path, key, picture, label)


def _whole(path, key, picture, label):
    if picture is None or not label:
        what = "picture" if picture is None else "class"
        raise BadInput(f"{path}: the sample {key} has no {what} beside it")
    return key, picture, label
