"""Sentences computed from numbers."""

import numpy as np

from fer.scores import best_epoch, points


def confusions(counts, classes):
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


def difference(what, against, change, others=()):
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


def history(history):
    """A sentence on a learning curve: its best epoch, and how training ran ahead."""
    best, last = best_epoch(history), history[-1]
    ahead = 100 * (last["accuracy"] - last["val_accuracy"])
    return (
        f"Validation accuracy is best at epoch {best['epoch']} of {last['epoch']}, "
        f"{best['val_accuracy']:.3f}; that of training ends at {last['accuracy']:.3f}, "
        f"{ahead:+.1f} points from the validation's."
    )


def filters(layer, climbed, dead, maps):
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


def saliency(heat, threshold):
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


def faithfulness(curves, chance):
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
