"""Which faces a model gets wrong, and which of its errors may be the label's."""

import numpy as np


def most_confident(labels, probabilities):
    """Rows that are named wrong, the surest first: (n,) int."""
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")]


def most_uncertain(probabilities):
    """All rows, those with the most even probabilities first, by entropy: (N,) int."""
    logs = np.log(np.clip(probabilities, 1e-12, 1))
    entropy = -(probabilities * logs).sum(1)
    return np.argsort(-entropy, kind="stable")


def label_candidates(labels, probabilities):
    """Rows whose label may be wrong, the likeliest first: (n,) int.

    A class is believed of a face where its probability is at least what faces of that
    label get of it on average. Candidates are faces of which another class than the
    label is believed, and more than all others (confident learning: Northcutt, 2021,
    arXiv:1911.00068).
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


def confused_pairs(counts):
    """Pairs (true class, predicted class) by how many faces they mix up, most first.

    counts: (C, C) int. Pairs without a face are left out.
    """
    away = counts - np.diag(np.diag(counts))
    order = np.argsort(-away, axis=None, kind="stable")
    pairs = (np.unravel_index(each, away.shape) for each in order)
    return [(int(true), int(named)) for true, named in pairs if away[true, named]]


def agreement(labels, one, other):
    """How many faces both models name right, the one alone, the other alone, neither.

    And of how many of these last they name the same wrong class.
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
