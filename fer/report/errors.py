"""Which faces a model gets wrong, and which of its errors may be the label's."""

from __future__ import annotations

import numpy as np

from fer.types import Ints, Labels, Probabilities


def most_confident(labels: Labels, probabilities: Probabilities) -> Ints:
    """Rows that are named wrong, the surest first: (n,) int."""
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")]


def most_uncertain(probabilities: Probabilities) -> Ints:
    """All rows, those with the most even probabilities first, by entropy: (N,) int."""
    logs = np.log(np.clip(probabilities, 1e-12, 1))
    entropy = -(probabilities * logs).sum(1)
    return np.argsort(-entropy, kind="stable")


def label_candidates(labels: Labels, probabilities: Probabilities) -> Ints:
    """Rows whose label may be wrong, the likeliest first: (n,) int.

    A class counts for a face if its probability is at least the mean that faces of that
    label get. A face is a candidate if the likeliest class that counts is not its label
    (confident learning: Northcutt, 2021, arXiv:1911.00068). labels: (N,) int.
    probabilities: (N, C).
    """
    classes = probabilities.shape[1]
    typical = np.array(
        [
            probabilities[labels == each, each].mean() if (labels == each).any() else 2
            for each in range(classes)
        ]
    )
    believed = np.where(probabilities >= typical, probabilities, 0)
    named = believed.argmax(1)
    rows = np.flatnonzero((believed.max(1) > 0) & (named != labels))
    margin = believed[rows, named[rows]] - probabilities[rows, labels[rows]]
    return rows[np.argsort(-margin, kind="stable")]


def confused_pairs(counts: Ints) -> list[tuple[int, int]]:
    """Pairs (true class, predicted class) by how many faces they mix up, most first.

    counts: (C, C) int. Pairs without a face are left out.
    """
    away = counts - np.diag(np.diag(counts))
    order = np.argsort(-away, axis=None, kind="stable")
    pairs = (np.unravel_index(each, away.shape) for each in order)
    return [(int(true), int(named)) for true, named in pairs if away[true, named]]


def agreement(labels: Labels, one: Labels, other: Labels) -> dict[str, int]:
    """How many faces both models name right, only one of them, or neither.

    Returns {"both", "one", "other", "neither", "alike"}: "alike" are those of "neither"
    that both give the same wrong class. labels, one, other: (N,) int.
    """
    first, second = one == labels, other == labels
    neither = ~first & ~second
    return {
        "both": int((first & second).sum()),
        "one": int((first & ~second).sum()),
        "other": int((~first & second).sum()),
        "neither": int(neither.sum()),
        "alike": int((neither & (one == other)).sum()),
    }
