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


def observe_confusions(counts, classes):
    """Sentences on a confusion matrix: best and worst class, likeliest mix-ups."""
    faces = counts.sum(1)
    rates = counts / np.maximum(faces, 1)[:, None]
    right = np.where(faces, np.diag(rates), np.nan)
    best, worst = (pick(right) for pick in (np.nanargmax, np.nanargmin))
    away = rates - np.diag(np.diag(rates))
    pairs = [np.unravel_index(i, away.shape) for i in np.argsort(-away, axis=None)[:2]]
    said = " and ".join(
        f"{classes[true]} for {classes[guess]} ({rates[true, guess]:.0%} of its faces)"
        for true, guess in pairs
        if away[true, guess]
    )
    return (
        f"{classes[best].capitalize()} is recognised best "
        f"({rates[best, best]:.0%} of its faces), {classes[worst]} worst "
        f"({rates[worst, worst]:.0%}). Most often mistaken: {said or 'none'}."
    )


def observe_difference(what, against, change, others=()):
    """A sentence on two accuracies of the same rows, and whether chance explains it.

    others: names of whatever else sets the two apart; a second sentence tells them.
    """
    low, high = change["interval"]
    verdict = (
        "more than chance explains"
        if low > 0
        else "less, beyond chance"
        if high < 0
        else "no more than chance may explain"
    )
    said = f"{what} against {against}: {points(change)} of accuracy, {verdict}."
    return f"{said} They differ in {', '.join(others)}, too." if others else said


def best_epoch(history):
    """The row of the kept epoch: best validation accuracy, then lowest loss."""
    return max(history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))


def observe_history(history):
    """A sentence on a learning curve: its best epoch, and how training ran ahead."""
    best, last = best_epoch(history), history[-1]
    ahead = 100 * (last["accuracy"] - last["val_accuracy"])
    return (
        f"Validation accuracy is best at epoch {best['epoch']} of {last['epoch']}, "
        f"{best['val_accuracy']:.3f}; that of training ends at {last['accuracy']:.3f}, "
        f"{ahead:+.1f} points from the validation's."
    )


def observe_filters(layer, climbed, dead, maps):
    """Sentences on a layer: what its filters climb to, and how many the face moves.

    climbed: (filters,) mean response to each filter's own image. maps: (filters, H, W).
    """
    live = climbed[~dead]
    answers = maps.mean(axis=(1, 2))
    busy = int((answers > 0.1 * max(answers.max(), 1e-9)).sum())
    low, high = (live.min(), live.max()) if len(live) else (0, 0)
    return (
        f"{layer}: {int(dead.sum())} of {len(dead)} filters never answer; the mean "
        f"response of the others climbs to between {low:.2f} and {high:.2f}. The face "
        f"moves {busy} filters to over a tenth of the strongest one's response."
    )


def observe_saliency(heat, threshold):
    """Sentences on a map (48, 48) in 0..1: how much is kept, where its weight lies."""
    thirds = np.array_split(heat, 3)
    shares = [part.sum() / max(heat.sum(), 1e-9) for part in thirds]
    names = ("upper", "middle", "lower")
    parts = ", ".join(
        f"{share:.0%} in the {name}" for name, share in zip(names, shares, strict=True)
    )
    return (
        f"{(heat > threshold).mean():.1%} of the pixels exceed {threshold:g}. "
        f"Of the map's weight, by thirds of the face: {parts}."
    )


def observe_faithfulness(curves, chance):
    """A sentence on explain.faithfulness' curves, and on those of maps at random."""
    _, faces, points = curves.shape
    tenth = (points - 1) // 10
    whole, left = curves[0].mean(axis=0)[[0, tenth]]
    of = f", {faces} faces' mean," if faces > 1 else ""
    return (
        f"Without the tenth of the face that the map ranks highest, the class's "
        f"probability{of} is {left:.2f} instead of {whole:.2f}; without a tenth at "
        f"random, {chance[0, :, tenth].mean():.2f}."
    )
