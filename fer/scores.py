"""Accuracy, intervals, tables, and the sentences computed from them."""

import numpy as np

# Of a normal distribution, 95% lies within so many deviations of the mean.
DEVIATIONS = 1.959964


def accuracy(labels, predicted):
    """Share of right rows, with its 95% interval and the number of rows."""
    right, rows = int((labels == predicted).sum()), len(labels)
    return {
        "accuracy": right / max(rows, 1),
        "interval": wilson(right, rows),
        "rows": rows,
    }


def wilson(right, rows):
    """95% score interval of a proportion: [low, high] (Wilson, 1927, JASA 22)."""
    if not rows:
        return [0.0, 1.0]
    z = DEVIATIONS
    centre = (right + z * z / 2) / (rows + z * z)
    half = z * np.sqrt(right * (rows - right) / rows + z * z / 4) / (rows + z * z)
    return [float(centre - half), float(centre + half)]


def difference(labels, predicted, other):
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


def matrix(labels, predicted, classes):
    """Counts of each true class (row) predicted as each class (column): (C, C) int."""
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, predicted, labels=range(len(classes)))


def per_class(labels, predicted, classes):
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


def calibration(labels, probabilities, bins=15):
    """How often a face is named right, by how sure the network is of the name.

    labels: (N,) int. probabilities: (N, C), whose largest is the confidence; bins of it
    are equally wide. Returns {"ece": the expected calibration error in 0..1, "bins":
    [{"confidence": mean, "accuracy", "rows"}, ...], the empty ones left out} (Guo,
    2017, arXiv:1706.04599).
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


def table(labels, predicted, classes):
    """Accuracy with its interval, and a line a class, as text."""
    lines = [f"accuracy {shown(accuracy(labels, predicted))}", ""]
    lines += [f"{'class':10}{'precision':>10}{'recall':>8}{'F1':>8}{'rows':>7}"]
    for name, row in per_class(labels, predicted, classes).items():
        lines += [
            f"{name:10}{row['precision']:10.3f}{row['recall']:8.3f}{row['f1']:8.3f}"
            f"{row['rows']:7}"
        ]
    return "\n".join(lines)


def shown(score):
    """An accuracy as text, with its interval and rows."""
    low, high = score["interval"]
    between = f"95% interval {low:.4f} to {high:.4f}"
    return f"{score['accuracy']:.4f} ({between}, {score['rows']:,} rows)"


def points(change):
    """A difference as text, in percentage points with its interval."""
    low, high = (100 * end for end in change["interval"])
    between = f"95% interval {low:+.1f} to {high:+.1f}"
    return f"{100 * change['difference']:+.1f} points ({between})"


def best_epoch(history):
    """The row of the kept epoch: best validation accuracy, then lowest loss."""
    return max(history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))
