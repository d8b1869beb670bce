"""Statistics of predictions: accuracy with intervals, calibration, tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer.types import Ints, Labels, Probabilities

# Of a normal distribution, 95% lies within so many deviations of the mean.
DEVIATIONS = 1.959964
LOG_TEMPERATURES = (-2.5, 2.5)  # the least and the most
LIKELY = 3.0  # the deviation of a coefficient of them, before any face is seen


def accuracy(labels: Labels, predicted: Labels) -> dict[str, Any]:
    """The share of right rows: {"accuracy", "interval": [low, high] of 95%, "rows"}.

    labels, predicted: (N,) int.
    """
    right, rows = int((labels == predicted).sum()), len(labels)
    return {
        "accuracy": right / max(rows, 1),
        "interval": wilson(right, rows),
        "rows": rows,
    }


def wilson(right: int, rows: int) -> list[float]:
    """Wilson's 95% interval of a proportion: [low, high] in 0..1 (1927, JASA 22)."""
    from scipy.stats import binomtest

    if not rows:
        return [0.0, 1.0]
    found = binomtest(right, rows).proportion_ci(method="wilson")
    return [float(found.low), float(found.high)]


def difference(labels: Labels, predicted: Labels, other: Labels) -> dict[str, Any]:
    """How much more of the same rows `predicted` gets right than `other`.

    The 95% interval is Wald's of paired proportions, with half a row added to each of
    the four cells, so that few rows prove little (Agresti and Min, 2005, Statistics in
    Medicine 24). Returns {"difference", "interval"} as shares.
    """
    gain = (predicted == labels).astype(int) - (other == labels)
    gained, lost = (gain > 0).sum() + 0.5, (gain < 0).sum() + 0.5
    rows = len(gain) + 2
    centre = (gained - lost) / rows
    half = DEVIATIONS * np.sqrt(((gained + lost) / rows - centre**2) / rows)
    return {
        "difference": float(gain.mean()),
        "interval": [float(max(centre - half, -1)), float(min(centre + half, 1))],
    }


def matrix(labels: Labels, predicted: Labels, classes: Sequence[str]) -> Ints:
    """Counts of each true class (row) predicted as each class (column): (C, C) int."""
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predicted, labels=range(len(classes)))


def per_class(
    labels: Labels, predicted: Labels, classes: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Precision, recall, F1 and rows of each class: {class: {...}}."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        labels, predicted, labels=range(len(classes)), zero_division=0
    )
    names = ("precision", "recall", "f1", "rows")
    return {
        name: dict(zip(names, (*map(float, row[:3]), int(row[3])), strict=True))
        for name, row in zip(classes, zip(*columns, strict=True), strict=True)
    }


def calibration(
    labels: Labels, probabilities: Probabilities, bins: int = 15
) -> dict[str, Any]:
    """Accuracy by confidence, in bins of equal width, and how far the two differ.

    labels: (N,) int. probabilities: (N, C), whose largest is the confidence. Returns
    {"ece": the expected calibration error in 0..1, "bins": [{"confidence": mean,
    "accuracy", "rows"}, ...] without the empty ones} (Guo, 2017, arXiv:1706.04599).
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    # A confidence on an edge belongs to the bin below it, as in the paper.
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    curve = [
        {
            "confidence": float(confidence[place == number].mean()),
            "accuracy": float(right[place == number].mean()),
            "rows": int((place == number).sum()),
        }
        for number in np.unique(place)
    ]
    gaps = [each["rows"] * abs(each["confidence"] - each["accuracy"]) for each in curve]
    return {"ece": sum(gaps) / max(len(labels), 1), "bins": curve}


def macro(
    labels: Labels, predicted: Labels, classes: Sequence[str]
) -> dict[str, float]:
    """Recall and F1, each the mean over classes that have rows: {"recall", "f1"}."""
    rows = [
        row for row in per_class(labels, predicted, classes).values() if row["rows"]
    ]
    return {
        name: sum(row[name] for row in rows) / max(len(rows), 1)
        for name in ("recall", "f1")
    }


def probabilistic(labels: Labels, probabilities: Probabilities) -> dict[str, Any]:
    """Measures of probabilities (N, C): confidence, log loss, Brier score, calibration.

    {"confidence", "nll": mean negative log-likelihood, "brier": mean squared distance
    from the label's one-hot row, 0..2 (Brier, 1950), "ece" and "bins": as of
    `calibration`}.
    """
    told = probabilities[np.arange(len(labels)), labels]
    squares = (probabilities**2).sum(1) - 2 * told + 1
    return {
        "confidence": float(probabilities.max(1).mean()),
        "nll": float(-np.log(np.clip(told, 1e-7, 1)).mean()),
        "brier": float(squares.mean()),
    } | calibration(labels, probabilities)


def calibrated(told: Probabilities, temperature: Sequence[float]) -> Probabilities:
    """Probabilities at temperature T: softmax(log p / T) (Guo, 2017, arXiv:1706.04599).

    told: (N, classes) in 0..1, of which the likeliest class stays so. temperature:
    coefficients, the constant first, of the polynomial in a row's confidence that is ln
    T, so that each row has its own (after Tomani, 2022, arXiv:2102.12182); none leave
    the probabilities as they are. Returns float64.
    """
    logs = np.log(np.maximum(told, np.finfo(np.float32).tiny), dtype=np.float64)
    most = logs.max(axis=1, keepdims=True)
    softness = np.polyval([0, *temperature[::-1]], np.exp(most))
    powers = np.exp((logs - most) / np.exp(np.clip(softness, *LOG_TEMPERATURES)))
    return powers / powers.sum(axis=1, keepdims=True)


def temperature(labels: Labels, probabilities: Probabilities) -> list[float]:
    """The coefficients for `calibrated` of least log loss of class and of confidence.

    The second is of whether the likeliest class is right: without it, the confidence is
    less honest (docs/lab_notebook.md).
    """
    from scipy.optimize import minimize

    rows, right = np.arange(len(labels)), probabilities.argmax(1) == labels

    def loss(coefficients):
        told = calibrated(probabilities, coefficients).clip(1e-7, 1 - 1e-7)
        sure = np.where(right, told.max(1), 1 - told.max(1))
        # Few rows tell little: they move the coefficients little.
        unlikely = np.square(coefficients / LIKELY).sum() / 2 / max(len(labels), 1)
        return -np.log(told[rows, labels]).mean() - np.log(sure).mean() + unlikely

    return minimize(loss, np.zeros(3), method="Nelder-Mead").x.tolist()


def cross_calibrated(labels: Labels, probabilities: Probabilities) -> Probabilities:
    """Probabilities (N, C) calibrated by halves, each with the other's temperature."""
    halves = np.arange(len(labels)) % 2
    result = probabilities.copy()
    for half in (0, 1):
        mine, other = halves == half, halves != half
        if mine.any() and other.any():
            fitted = temperature(labels[other], probabilities[other])
            result[mine] = calibrated(probabilities[mine], fitted)
    return result


def table(labels: Labels, predicted: Labels, classes: Sequence[str]) -> str:
    """Accuracy with its interval, then precision, recall and F1 by class, as text."""
    lines = [f"accuracy {shown(accuracy(labels, predicted))}", ""]
    lines += [f"{'class':10}{'precision':>10}{'recall':>8}{'F1':>8}{'rows':>7}"]
    for name, row in per_class(labels, predicted, classes).items():
        lines += [
            f"{name:10}{row['precision']:10.3f}{row['recall']:8.3f}{row['f1']:8.3f}"
            f"{row['rows']:7}"
        ]
    return "\n".join(lines)


def shown(score: dict[str, Any]) -> str:
    """An accuracy as text, with its interval and rows."""
    low, high = score["interval"]
    between = f"95% interval {low:.4f} to {high:.4f}"
    return f"{score['accuracy']:.4f} ({between}, {score['rows']:,} rows)"


def points(change: dict[str, Any]) -> str:
    """A difference as text, in percentage points with its interval."""
    low, high = (100 * end for end in change["interval"])
    between = f"95% interval {low:+.1f} to {high:+.1f}"
    return f"{100 * change['difference']:+.1f} points ({between})"


def best_epoch(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The row of the kept epoch: best validation accuracy, then lowest loss."""
    return max(history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))


def first_right(labels: Labels, predicted: Labels, wanted: int) -> int:
    """First row of class `wanted` that is right; else the first right row; else 0."""
    right = labels == predicted
    return int(np.argmax(2 * right + (right & (labels == wanted))))
