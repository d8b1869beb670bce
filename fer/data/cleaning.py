"""Lists of findings, written and read again; faces without what was found."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np

from fer import BadInput, files, refusals
from fer.data.audit import FINDINGS, TEST, TRAINING, Finding
from fer.data.faces import Faces, of_usages, with_rows
from fer.data.split import digest
from fer.types import Ints, Probabilities

HEADER = ("row", "finding", "group", "with")
# Kinds of which the first face of each group is not at fault.
REPEATED = ("copy", "near copy")


def save(path: Path, faces: Faces, found: list[Finding], names: list[str]) -> None:
    """Write findings of the faces, and maybe of others that they were joined with.

    Its first row holds the digest of the faces, as a training loads them.
    """
    rows: list[tuple] = [("", "digest", "", digest(of_usages(faces)))]
    for row, finding, group, about in found:
        rows.append((names[row], finding, "" if group is None else group, about))
    files.write_csv(path, HEADER, rows)


def cleaned(faces: Faces, path: Path) -> tuple[Faces, dict[str, int]]:
    """The faces without those that a list of findings says training is to do without.

    path: a CSV of `save`, of which lines may have been deleted. Faces of PublicTest and
    PrivateTest stay; of copies the first one to fit on stays, unless its labels
    contradict or one of them is judged by. Returns Faces, and how many were left out
    for which finding. Raises BadInput where the list is another file's or malformed.
    """
    listed = _read(path, digest(faces))
    rows = with_rows(faces).rows
    fits = np.full(len(faces), True) if faces.usage is None else faces.usage == TRAINING
    place = dict(zip(rows[fits].tolist(), np.flatnonzero(fits).tolist(), strict=True))
    left, kept = {}, set()
    for finding in FINDINGS:
        for row, group in listed[finding]:
            if row not in place or place[row] in left:
                continue
            if finding in REPEATED and (finding, group) not in kept:
                kept.add((finding, group))
                continue
            left[place[row]] = finding
    stay = np.setdiff1d(np.arange(len(faces)), list(left))
    return faces.take(stay), dict(Counter(left.values()))


def leaks(faces: Faces, path: Path) -> Ints:
    """The numbers of rows (N,) int that a list of `save` calls leaks.

    faces: those of the data that it lists, at least all rows of Training and
    PublicTest. Raises BadInput where the list is another file's or malformed.
    """
    listed = _read(path, digest(of_usages(faces)))
    return np.array([row for row, _ in listed["leak"]], int)


def _read(path, expected):
    """{finding: [(row, group)]} of the file's own rows, without those of --test."""
    listed = {finding: [] for finding in FINDINGS}
    mend = "make it anew with audit.py"
    with (
        refusals.understood(path, "list of findings", mend),
        open(path, newline="", encoding="utf-8") as file,
    ):
        lines = list(csv.reader(file, strict=True))
    if len(lines) < 2 or tuple(lines[0]) != HEADER or lines[1][1:2] != ["digest"]:
        raise BadInput(f"{path} is no list of audit.py: make one with --out {path}")
    if lines[1][3:] != [expected]:
        raise BadInput(f"{path} lists other faces than these: run audit.py on them")
    for number, line in enumerate(lines[2:], 3):
        row, finding, group, _ = line if len(line) == len(HEADER) else ("",) * 4
        if finding not in FINDINGS or not row.removeprefix(TEST).isdecimal():
            raise BadInput(
                f"{path}, line {number}: {','.join(line)[:60]!r} is no finding"
            )
        if row.isdecimal():
            listed[finding].append((int(row), group))
    return listed


def probabilities(path: Path, faces: Faces) -> Probabilities:
    """Each class's probability of each face, of a CSV: (N, C) float, NaN if empty.

    Its columns with the names of the classes count, its rows are in the faces' order.
    Raises BadInput for another number of rows, or what is no probability.
    """
    import pandas

    with refusals.understood(path, "CSV of probabilities", "name a column a class"):
        table = pandas.read_csv(path)
    missing = [name for name in faces.classes if name not in table.columns]
    if missing:
        raise BadInput(f"{path} has no column {missing[0]}: name a column a class")
    if len(table) != len(faces):
        raise BadInput(
            f"{path} has {len(table):,} rows, not one for each of {len(faces):,} faces"
        )
    values = table[list(faces.classes)].apply(pandas.to_numeric, errors="coerce")
    bad = (values.isna() & table[values.columns].notna()) | (values < 0) | (values > 1)
    if bad.any(axis=None):
        row, column = np.argwhere(bad.to_numpy())[0]
        raise BadInput(
            f"{path}, line {row + 2}: {faces.classes[column]} is no number of 0 to 1"
        )
    return values.to_numpy(float)
