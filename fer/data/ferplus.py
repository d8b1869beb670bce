"""FER+: ten annotators' votes on the faces of a FER2013 file (arXiv:1608.01041)."""

from __future__ import annotations

from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput
from fer.data import classes, dialect
from fer.data.gather import split_code
from fer.types import Array, Bools, Floats, Ints

VOTED = (
    *("neutral", "happiness", "surprise", "sadness"),
    *("anger", "disgust", "fear", "contempt"),
)


def read(path: Path | str, stream: BufferedReader) -> tuple[Floats, Bools, Ints]:
    """The votes (N, 8) float32, which rows name a picture (N,) bool, usage (N,) int8.

    The columns of the votes are classes.in_order of VOTED; usage is an index into
    USAGES, or -1. Raises BadInput for a row that does not hold votes.
    """
    rows = dialect.rows(stream, path)
    next(rows)  # the separator
    _, header = next(rows)
    names = [dialect.plain_name(field) for field in header]
    order = classes.in_order(map(classes.canonical, VOTED))
    voted = sorted(VOTED, key=lambda name: order.index(classes.canonical(name)))
    votes, present, splits = [], [], []
    for line, fields in rows:
        cells = dict(zip(names, fields, strict=False))
        try:
            numbers = [float(cells[name]) for name in voted]
            if len(fields) != len(header) or not all(0 <= n <= 1e3 for n in numbers):
                raise ValueError
        except (ValueError, KeyError):
            raise BadInput(f"{path}, line {line} does not hold votes") from None
        votes.append(numbers)
        present.append(bool(cells.get("imagename", "not asked").strip()))
        code = split_code(cells.get("usage", ""))
        splits.append(-1 if code is None else code)
    counted = np.array(votes, np.float32).reshape(-1, len(order))
    return counted, np.array(present, bool), np.array(splits, np.int8)


def joined(
    columns: dict[str, Any],
    about: dict[str, Any],
    source: Path | str,
    path: Path | str,
    stream: BufferedReader,
) -> dict[str, Array | None]:
    """The columns of FER2013's rows, labelled by the votes on them.

    Rows that FER+ does not name, and those without a vote for a class, are left out and
    counted in about["form"]. Raises BadInput where the votes are on other rows.
    """
    votes, present, splits = read(path, stream)
    _must_be_of(columns, splits, source, path)
    keep = present & (votes.sum(1) > 0)
    about |= {
        "keys": classes.in_order(map(classes.canonical, VOTED)),
        "where": [str(path)] * len(VOTED),
        "form": f"FER2013 with the votes of FER+, {int((~present).sum()):,} unnamed "
        f"rows and {int((present & ~keep).sum()):,} without a class left out",
    }
    about.pop("fer2013", None)
    taken = {name: None if it is None else it[keep] for name, it in columns.items()}
    shares = votes[keep] / votes[keep].sum(1, keepdims=True)
    return taken | {"votes": shares, "labels": shares.argmax(1).astype(np.int16)}


def _must_be_of(columns, splits, source, path):
    """Raise BadInput unless the votes are on these rows, as far as numbers tell."""
    rows, usage = len(columns["images"]), columns.get("usage")
    if len(splits) != rows:
        raise BadInput(
            f"{path} votes on {len(splits):,} rows and {source} has {rows:,}: give the "
            "FER2013 file that it was made for, in its own order"
        )
    if usage is not None and (splits >= 0).all() and (splits != usage).any():
        row = int(np.flatnonzero(splits != usage)[0])
        raise BadInput(
            f"{path} votes on rows in another order than {source}'s: Usage differs at "
            f"row {row}"
        )
