"""What is wrong with faces: copies, contradicting labels, pictures that show little."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import NamedTuple

import numpy as np

from fer.data import near
from fer.data.faces import USAGES, Faces, with_rows
from fer.data.split import exact_groups, groups
from fer.types import Floats, Images, Ints, Labels, Probabilities

# A face that was enlarged from 16 x 16 has as little of its energy beyond that.
TINY, DETAIL = 16, 0.01
TRAINING = USAGES.index("Training")
UNLABELLED = -1
TEST = "test "  # before the number of a row of the file of --test

# Kinds of findings, and what each means. A face that training is to do without is
# counted under the first one.
FINDINGS = {
    "leak": "faces whose copies, exact or near, are both fitted on and judged by",
    "contradicting label": "exact copies with different labels",
    "contradicting near copy": "near copies with different labels",
    "blank": "faces of one grey",
    "flat": f"faces whose pixels deviate by less than {near.FLAT} grey levels",
    "tiny": f"faces with no more detail than {TINY} x {TINY} pixels have",
    "suspected label": "labels that out-of-sample probabilities speak against",
    "copy": "faces that are the same pixel by pixel",
    "near copy": "faces mirrored, relit, recompressed, shifted or cropped",
}


class Finding(NamedTuple):
    """One face that one thing is wrong with."""

    row: int  # of the faces
    finding: str  # a key of FINDINGS
    group: int | None  # the same number for faces that are copies of one another
    about: str  # the other faces, labels or numbers that it is about


def joined(faces: Faces, test: Faces | None = None) -> tuple[Faces, list[str]]:
    """The faces, then those of --test, and the name of each row in a list of findings.

    Test faces get the Usage PrivateTest. Unknown labels are UNLABELLED.
    """
    numbers = with_rows(faces).rows
    names = list(map(str, numbers))
    usage = np.zeros(len(faces), np.int8) if faces.usage is None else faces.usage
    columns: tuple = (faces.images, _labels(faces), usage)
    if test is not None:
        names += [f"{TEST}{row}" for row in range(len(test))]
        unseen = np.full(len(test), USAGES.index("PrivateTest"), np.int8)
        unlabelled = np.full(len(test), UNLABELLED, np.int8)
        both = zip(columns, (test.images, unlabelled, unseen), strict=True)
        columns = tuple(map(np.concatenate, both))
    images, labels, usage = columns
    return Faces(images, labels, usage, classes=faces.classes), names


def _labels(faces):
    unknown = np.full(len(faces), UNLABELLED, np.int8)
    return unknown if faces.labels is None else faces.labels


def findings(
    faces: Faces,
    probabilities: Probabilities | None = None,
    names: list[str] | None = None,
) -> list[Finding]:
    """All that is wrong with the faces: a list of Finding, in the order of FINDINGS.

    probabilities: (N, C) of each class, by a model that was not fitted on the face; NaN
    where there are none. names: what each row is called, by default its number.
    """
    names = names or list(map(str, range(len(faces))))
    _, exact = exact_groups(faces.images)
    _, alike = groups(faces.images)
    copies = _members(exact)
    wide = [rows for rows in _members(alike) if len(set(exact[rows])) > 1]
    numbered = itertools.count(1)
    kinds = (("copy", "contradicting label"), ("near copy", "contradicting near copy"))
    found = []
    for members, (kind, contradicting) in zip((copies, wide), kinds, strict=True):
        for rows in members:
            found += _group(faces, rows, next(numbered), kind, contradicting, names)
    found += _leaks(faces, _members(alike), numbered, names)
    found += [*_pictures(faces.images), *_suspected(faces, probabilities)]
    order = list(FINDINGS)
    return sorted(found, key=lambda each: order.index(each.finding))


def _members(group):
    """The rows of each group of two or more, in order of their first rows."""
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    return sorted((m for m in np.split(order, cuts) if len(m) > 1), key=lambda m: m[0])


def _group(faces, rows, number, kind, contradicting, names):
    """Findings of the rows of one group of copies."""
    for row in rows:
        others = " ".join(names[other] for other in rows if other != row)
        yield Finding(int(row), kind, number, others)
    labels = Counter(_labels(faces)[rows].tolist())
    del labels[UNLABELLED]
    if len(labels) > 1:
        tally = (f"{faces.classes[label]} {n}" for label, n in labels.most_common())
        told = ", ".join(tally)
        yield from (Finding(int(row), contradicting, number, told) for row in rows)


def _leaks(faces, members, numbered, names):
    """Findings of groups with faces to fit on and faces to judge by."""
    if faces.usage is None:
        return
    for rows in members:
        fits = faces.usage[rows] == TRAINING
        if fits.any() and not fits.all():
            number = next(numbered)
            for side in (fits, ~fits):
                others = " ".join(names[row] for row in rows[~side])
                for row in rows[side]:
                    yield Finding(int(row), "leak", number, others)


def _pictures(images):
    """Findings of faces that show little."""
    deviation = near.deviation(images)
    for row in np.flatnonzero(deviation < near.FLAT):
        kind = "flat" if images[row].min() < images[row].max() else "blank"
        yield Finding(int(row), kind, None, f"deviation {deviation[row]:.1f}")
    for row in np.flatnonzero((detail(images) < DETAIL) & (deviation >= near.FLAT)):
        yield Finding(int(row), "tiny", None, f"{TINY} x {TINY}")


def detail(images: Images) -> Floats:
    """Share of a face's energy beyond a resolution of 16 x 16: (N,) float32 in 0..1.

    images: (N, 48, 48) uint8.
    """
    from scipy.fft import dctn

    shares = np.empty(len(images), np.float32)
    for start in range(0, len(images), near.BLOCK):
        here = slice(start, start + near.BLOCK)
        block = images[here].astype(np.float32)
        energy = dctn(block, axes=(1, 2), norm="ortho") ** 2
        energy[:, 0, 0] = 0
        coarse = energy[:, :TINY, :TINY].sum((1, 2))
        total = np.maximum(energy.sum((1, 2)), 1)
        shares[here] = 1 - coarse / total
    return shares


def _suspected(faces, probabilities):
    """Findings of labels that the probabilities speak against, the worst first."""
    if probabilities is None:
        return
    labels = _labels(faces)
    rows = np.flatnonzero((labels >= 0) & ~np.isnan(probabilities).any(1))
    chosen, likely = suspected(labels[rows], probabilities[rows])
    for place in chosen:
        given, other, row = labels[rows[place]], likely[place], rows[place]
        share = probabilities[row, other]
        about = f"{faces.classes[given]}, likely {faces.classes[other]} ({share:.2f})"
        yield Finding(int(row), "suspected label", None, about)


def suspected(labels: Labels, probabilities: Probabilities) -> tuple[Ints, Labels]:
    """Rows whose label is likely wrong, the least likely label first; a class for each.

    Confident learning (Northcutt, Jiang and Chuang, 2021, JAIR 70), pruned by class and
    by noise rate: a class is likely for a face when its probability reaches the mean
    that faces with that label have. How often the likeliest such class is another tells
    how many faces of each label are of each other class. So many are suspected: those
    with the least probability of their label, and the most of the other class. labels:
    (N,) int; probabilities: (N, C). Returns row numbers, and of all rows the class that
    is likely beside the label (N,).
    """
    classes = range(probabilities.shape[1])
    own = [probabilities[labels == each, each] for each in classes]
    threshold = np.array([mean.mean() if len(mean) else np.inf for mean in own])
    confident = np.where(probabilities >= threshold, probabilities, -1)
    sure = confident.max(1) >= 0
    likely, wrong = confident.argmax(1), np.zeros(len(labels), bool)
    for label in classes:
        mine = np.flatnonzero(labels == label)
        counts = np.bincount(likely[mine[sure[mine]]], minlength=len(classes))
        counts = np.rint(counts * len(mine) / max(counts.sum(), 1)).astype(int)
        counts[label] = 0
        told = probabilities[mine]
        over = told - told[:, [label]]
        for other in np.flatnonzero(counts):
            wrong[mine[over[:, other].argsort()[-counts[other] :]]] = True
        wrong[mine[told[:, label].argsort()[counts.sum() :]]] = False
    others = np.where(np.eye(len(classes), dtype=bool)[labels], -1, probabilities)
    wrong &= probabilities.argmax(1) != labels
    rows = np.flatnonzero(wrong)
    return rows[np.argsort(probabilities[rows, labels[rows]])], others.argmax(1)


Rows = list[tuple[str, ...]]  # of a table, its header first


def balance(faces: Faces) -> Rows:
    """How many faces of each class each Usage has, and what share of it they are."""
    usages = np.bincount(faces.usage, minlength=len(USAGES))
    shown = [code for code, rows in enumerate(usages) if rows]
    table: Rows = [("class", *(USAGES[code] for code in shown))]
    for label, name in [*enumerate(faces.classes), (UNLABELLED, "unlabelled")]:
        rows = np.bincount(faces.usage[faces.labels == label], minlength=len(USAGES))
        if rows.any():
            cells = (f"{rows[c]:,} {rows[c] / usages[c]:6.1%}" for c in shown)
            table.append((name, *cells))
    return table


def table(found: list[Finding]) -> Rows:
    """How many faces and groups each kind of finding has, and what it means."""
    rows: Rows = [("finding", "faces", "groups", "")]
    for kind, meaning in FINDINGS.items():
        groups = [each.group for each in found if each.finding == kind]
        many = f"{len(set(groups) - {None}):,}" if any(groups) else ""
        rows.append((kind, f"{len(groups):,}", many, meaning))
    return rows


def text(rows: Rows) -> str:
    """A table in text: columns with a name, but for the first, end at the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [bool(place and name) for place, name in enumerate(rows[0])]
    lines = []
    for row in rows:
        columns = zip(row, widths, right, strict=True)
        cells = (it.rjust(n) if end else it.ljust(n) for it, n, end in columns)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def largest(found: list[Finding], count: int = 3) -> dict[str, list[int]]:
    """The rows of the largest groups of each kind of finding: {title: [rows]}."""
    groups: dict[str, dict[int, list[int]]] = {}
    for row, finding, group, _ in found:
        if group is not None:
            groups.setdefault(finding, {}).setdefault(group, []).append(row)
    return {
        f"{finding}, group {group}": rows
        for finding, each in groups.items()
        for group, rows in sorted(each.items(), key=lambda item: -len(item[1]))[:count]
    }
