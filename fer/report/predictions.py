"""What models make of faces: tables, text and a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from fer import BadInput, explain, files, progress
from fer.data import SIDE, pictures
from fer.report import figures
from fer.types import Array, Floats, Images, Ints, Probabilities

if TYPE_CHECKING:
    from fer.models import Model

COLUMNS = ("id", "label")  # what Kaggle calls a submission's
TOGETHER = 64  # pictures whose faces the models see at a time


def table(
    paths: Sequence[Path],
    tell: Callable[[Images], Probabilities],
    classes: Sequence[str],
    whole: bool = False,
    strict: bool = False,
) -> tuple[tuple[str, ...], Iterator[tuple], Counter]:
    """A row for each face of each picture, in order, or one that says why none.

    Returns the columns' names, an iterator of rows, and a Counter of pictures, of faces
    and of pictures without one, right once all rows are taken. tell: a function of
    faces (n, 48, 48) uint8 to probabilities (n, C). whole: as in pictures.faces. The
    rows raise BadInput for the first picture without a face if `strict`.
    """
    header = ("file", "face", "box", "label", "confidence", *classes, "reason")
    counts: Counter = Counter()
    return header, _rows(paths, tell, classes, whole, strict, counts), counts


def counted(counts: Counter) -> str:
    """The counts of `table` as a sentence."""
    return (
        f"{counts['faces']:,} faces in {counts['pictures']:,} pictures; "
        f"{counts['none']:,} pictures without, for the reason in their rows"
    )


def _rows(paths, tell, classes, whole, strict, counts):
    show = progress.steps("pictures", len(paths))
    for start in range(0, len(paths), TOGETHER):
        read = []
        for path in paths[start : start + TOGETHER]:
            read.append((path, *_read(path, whole, strict)))
            show(start + len(read))
        faces = np.concatenate([faces for _, faces, *_ in read])
        told = iter(tell(faces) if len(faces) else ())
        for path, _, squares, reason in read:
            counts["pictures"] += 1
            counts["faces"] += len(squares)
            counts["none"] += bool(reason)
            if reason:
                yield path, *[""] * (4 + len(classes)), reason
            for number, square in enumerate(squares, 1):
                yield _row(path, number, square, next(told), classes)


def _read(path, whole, strict):
    """The faces of a picture, their squares, and why there is none or ""."""
    try:
        return *pictures.faces(path, whole), ""
    except BadInput as why:
        if strict:
            raise
        return np.empty((0, SIDE, SIDE), np.uint8), np.empty((0, 4), int), str(why)


def _row(path, number, square, told, classes):
    likeliest = told.argmax()
    box = " ".join(map(str, square))
    shares = [f"{share:.6f}" for share in told]
    return path, number, box, classes[likeliest], shares[likeliest], *shares, ""


def labels(
    told: Probabilities,
    classes: Sequence[str],
    names: bool = False,
    probabilities: bool = False,
) -> tuple[Any, dict[str, Floats]]:
    """The labels of faces, as numbers or `names`, and further columns: {class: (N,)}.

    told: probabilities (N, C), which become the further columns if asked for.
    """
    found = told.argmax(axis=1)
    shares = zip(classes, told.round(6).T, strict=True) if probabilities else ()
    return [classes[label] for label in found] if names else found, dict(shares)


def write_submission(
    path: Path | str,
    ids: Iterable[Any] | None,
    labels: Sequence[Any] | Array,
    columns: Sequence[str] | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    """Write a Kaggle submission: a line for each id, in order.

    ids: (N,) of whole numbers or text; None: 0, 1, ... labels: (N,) of numbers or
    names. columns: what the two are called, if not COLUMNS. more: {name: (N,)}, further
    columns. Raises BadInput where an id stands for two faces.
    """
    ids = range(len(labels)) if ids is None else ids
    repeated = [each for each, times in Counter(ids).items() if times > 1]
    if repeated:
        raise BadInput(
            f"{path} is not written: the id {repeated[0]} is that of more than one face"
        )
    columns, more = columns or COLUMNS, more or {}
    rows = zip(ids, labels, *more.values(), strict=True)
    files.write_csv(path, (*columns, *more), rows)


def of_one(
    path: Path,
    tell: Callable[[Images], Probabilities],
    models: Sequence[Model],
    whole: bool = False,
    draw: bool = False,
) -> tuple[str, Figure | None]:
    """A picture's faces as text, and a figure of them if `draw`, else None."""
    faces, squares = pictures.faces(path, whole)
    told, classes = tell(faces), models[0].classes
    if not draw:
        return text(squares, told, classes), None
    asked = faces, told.argmax(axis=1)
    networks = [it.network for it in models]
    each = [explain.heat_of(explain.best(it), it, *asked) for it in networks]
    heats = np.mean(each, axis=0)
    shown = pictures.read(path), squares, faces, heats, told, classes
    return text(squares, told, classes), figures.faces(*shown)


def text(squares: Ints, told: Probabilities, classes: Sequence[str]) -> str:
    """The classes of each face, the likeliest first, with their probabilities."""
    lines = []
    for number, (square, shares) in enumerate(zip(squares, told, strict=True), 1):
        left, top, width, height = square
        lines += [f"face {number}: {width} x {height} pixels at {left}, {top}"]
        order = shares.argsort()[::-1]
        lines += [f"{shares[label]:.3f} {classes[label]}" for label in order]
    return "\n".join(lines)
