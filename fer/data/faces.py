"""Faces and what is known of each: the record that every reader makes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput
from fer.types import Array, Bools, Floats, Images, Ints, Labels

SIDE = 48
PIXELS = SIDE * SIDE
USAGES = ("Training", "PublicTest", "PrivateTest")
FITTING = ("Training", "PublicTest")
# FER2013's, in the order of its numbers.
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass(frozen=True)
class Source:
    """Where faces come from, and what becomes of their classes, as the flags say it."""

    paths: tuple[Path, ...]
    classes: tuple[str, ...] = ()  # names in order; (): as the data have them
    drop: tuple[str, ...] = ()  # classes whose faces are left out
    merge: tuple[tuple[str, str], ...] = ()  # pairs: a class, and which it becomes

    @classmethod
    def of(cls, source: Source | Path | str | Iterable[Path | str]) -> Source:
        """`source` itself if it is a Source, else a Source of one path or several."""
        if isinstance(source, Source):
            return source
        paths = [source] if isinstance(source, (str, os.PathLike)) else source
        return cls(tuple(map(Path, paths)))

    @property
    def name(self) -> str:
        """The names of the files, without their folders."""
        return ", ".join(path.name for path in self.paths)

    def words(self) -> list[str]:
        """The flags that say it: a list of strings."""
        words = ["--data", *map(str, self.paths)]
        for flag in ("classes", "drop"):
            words += [f"--{flag}", *getattr(self, flag)] if getattr(self, flag) else []
        pairs = ["=".join(pair) for pair in self.merge]
        return words + (["--merge", *pairs] if pairs else [])

    def __str__(self):
        return ", ".join(map(str, self.paths))


# Compared by identity, so that caches can remember what was computed from them.
@dataclass(frozen=True, eq=False)
class Faces:
    """Faces and what the file says of them; a column that the file lacks is None.

    Annotated as Any, not as None: whoever needs a column checks for it once, as
    must_be_labelled does, and a type checker cannot follow that.
    """

    images: Images  # (N, 48, 48) uint8
    labels: Labels | Any = None  # (N,) int8, an index into classes
    usage: Ints | Any = None  # (N,) int8, an index into USAGES
    ids: Array | Any = None  # (N,) int64, or text
    votes: Floats | Any = None  # (N, C) float32: annotators' shares of each class
    classes: tuple[str, ...] = CLASSES  # in the order of the labels' numbers
    rows: Ints | Any = None  # (N,) int64, where they stood in the data, from 0
    form: str = ""  # what the file was found to be; "": FER2013's own CSV

    def take(self, rows: Ints | Bools | slice) -> Faces:
        """The chosen rows, as Faces; a slice, or rows in one piece, share memory."""
        rows = _slice(rows)
        columns = {name: getattr(self, name) for name in COLUMNS}
        taken: Any = {n: it if it is None else it[rows] for n, it in columns.items()}
        return replace(self, **taken)

    def __len__(self):
        return len(self.images)


def with_rows(faces: Faces) -> Faces:
    """The faces with the numbers of their rows; without numbers, all rows are here."""
    told = np.arange(len(faces)) if faces.rows is None else faces.rows
    return replace(faces, rows=told)


# Of Faces, those with an entry a face.
COLUMNS = ("images", "labels", "usage", "ids", "votes", "rows")


def _slice(rows):
    """Row numbers that follow one another as a slice; others as they are."""
    if isinstance(rows, slice) or not len(rows) or rows[0] < 0:
        return rows
    rows = np.asarray(rows)
    follow = rows.dtype != bool and (np.diff(rows) == 1).all()
    return slice(rows[0], rows[-1] + 1) if follow else rows


def in_classes(
    faces: Faces,
    classes: Sequence[str],
    source: Source | str,
    whose: str = "the model's",
) -> Faces:
    """The faces relabelled: labels and votes are numbered by the order of `classes`.

    Raises BadInput, with `source` and `whose` classes they are, when the faces have a
    class that is not among them.
    """
    if faces.labels is None or faces.classes == tuple(classes):
        return replace(faces, classes=tuple(classes))
    met = {*faces.labels.tolist()}
    if faces.votes is not None:
        met |= {*np.flatnonzero(faces.votes.any(0)).tolist()}
    named = [faces.classes[label] for label in sorted(met)]
    strange = [name for name in named if name not in classes]
    if strange:
        raise BadInput(
            f"{source} has {', '.join(strange)}, none of {whose} classes "
            f"({', '.join(classes)}): leave out with --drop {' '.join(strange)}, or "
            f"join to others with --merge, as {strange[0]}={classes[0]}"
        )
    places = [classes.index(it) if it in classes else -1 for it in faces.classes]
    votes = faces.votes
    if votes is not None:
        votes = np.zeros((len(faces), len(classes)), np.float32)
        votes[:, [places[label] for label in sorted(met)]] = faces.votes[:, sorted(met)]
    labels = np.array(places, np.int8)[faces.labels]
    return replace(faces, labels=labels, votes=votes, classes=tuple(classes))


def must_be_labelled(faces: Faces, path: Source | Path | str) -> None:
    """Raise BadInput when the file at `path` had no labels."""
    if faces.labels is None:
        raise BadInput(
            f"{path} has no labels: give a CSV with a column emotion or label"
        )


def has_public_test(faces: Faces) -> bool:
    """Whether the file names rows to validate on."""
    return faces.usage is not None and (faces.usage == USAGES.index("PublicTest")).any()


def of_usages(faces: Faces, usages: Sequence[str] = FITTING) -> Faces:
    """The faces of those usages; all of them where the data tell of none."""
    if faces.usage is None:
        return faces
    codes = [USAGES.index(usage) for usage in usages]
    return faces.take(np.flatnonzero(np.isin(faces.usage, codes)))


def counts(faces: Faces) -> dict[str, int]:
    """How many faces have each Usage: {Usage: count}; {"rows": count} without Usage."""
    if faces.usage is None:
        return {"rows": len(faces)}
    numbers = np.bincount(faces.usage, minlength=len(USAGES))
    return {name: int(n) for name, n in zip(USAGES, numbers, strict=True) if n}
