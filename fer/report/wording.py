"""Sentences computed from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer.scores import DEVIATIONS, best_epoch
from fer.types import Bools, Floats, Ints, Probabilities

CLAIMED = ("eyes", "mouth", "cheeks")  # what the coursework says that the CNN sees


def interval(values: Floats) -> tuple[float, float]:
    """The 95% interval of the mean of `values` (N,): (low, high)."""
    half = DEVIATIONS * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def accuracy(what: str, score: dict[str, Any]) -> str:
    """A sentence on an accuracy, as scores.accuracy gives it."""
    low, high = score["interval"]
    return (
        f"{what} names {score['accuracy']:.1%} of {score['rows']:,} validation faces "
        f"as they are labelled (95% CI {low:.1%} to {high:.1%})."
    )


def confusions(counts: Ints, classes: Sequence[str]) -> str:
    """Sentences on a confusion matrix: best and worst class, likeliest mix-ups."""
    faces = counts.sum(1)
    rates = counts / np.maximum(faces, 1)[:, None]
    right = np.where(faces, np.diag(rates), np.nan)
    best, worst = (int(pick(right)) for pick in (np.nanargmax, np.nanargmin))
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
        f"({rates[worst, worst]:.0%}); most often mistaken: {said or 'none'}."
    )


def difference(
    what: str, against: str, change: dict[str, Any], others: Sequence[str] = ()
) -> str:
    """Sentences on two accuracies of the same rows, and whether chance explains it.

    others: names of whatever else sets the two apart.
    """
    low, high = (100 * end for end in change["interval"])
    verdict = (
        "significantly higher than"
        if low > 0
        else "significantly lower than"
        if high < 0
        else "not significantly different from"
    )
    said = (
        f"The accuracy of {what} is {verdict} that of {against}: "
        f"{100 * change['difference']:+.1f} points (95% CI {low:+.1f} to {high:+.1f}), "
        "for these two trained models on these rows."
    )
    return f"{said} They also differ in {listed(others)}." if others else said


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: a, b and c."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def history(
    history: list[dict[str, Any]], options: dict[str, Any], exact: float | None = None
) -> str:
    """Sentences on a learning curve, and on what may surprise in it.

    history: a dict an epoch. options: of the training, as Recipe.as_dict. exact: the
    saved model's accuracy in float32.
    """
    best, last = best_epoch(history), history[-1]
    ahead = 100 * (last["accuracy"] - last["val_accuracy"])
    said = [
        f"Validation accuracy is best at epoch {best['epoch']} of {last['epoch']}, "
        f"{best['val_accuracy']:.3f}; training accuracy ends at "
        f"{last['accuracy']:.3f}, {ahead:+.1f} points from validation."
    ]
    if ahead < 0:
        said.append(
            "Validation above training: augmentation and dropout act in training only."
        )
    if options.get("teachers"):
        said.append(
            "Training loss is measured against the teachers' probabilities, too; "
            "validation loss against the labels alone."
        )
    if exact is not None and str(options.get("precision", "")).endswith("bfloat16"):
        said.append(
            f"The history is computed in bfloat16; in float32, the saved model scores "
            f"{exact:.3f}."
        )
    return " ".join(said)


def filters(
    layer: str, before: Floats, after: Floats, dead: Bools, faces: int, maps: Floats
) -> str:
    """Sentences on a layer: dead filters, gains of the ascent, responses to a face.

    before, after: (filters,) mean response to each filter's own image. dead: (filters,)
    bool: constant over all `faces` faces. maps: (filters, H, W), responses to one face.
    """
    answers = maps.mean(axis=(1, 2))
    busy = int((answers > 0.1 * max(answers.max(), 1e-9)).sum())
    live = ~dead
    low, high = (after[live].min(), after[live].max()) if live.any() else (0, 0)
    higher = int((after > before)[live].sum())
    return (
        f"{layer}: {int(dead.sum())} of {len(dead)} filters are dead: none of {faces} "
        f"faces moves them. Of the others, {higher} of {int(live.sum())} answer more "
        f"after the ascent than before, between {low:.2f} and {high:.2f}. The face "
        f"moves {busy} filters to over a tenth of the strongest one's response."
    )


def saliency(heat: Floats, threshold: float) -> str:
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


def evidence(weighed: dict[str, Floats], null: dict[str, float]) -> str:
    """Sentences on the coursework's claim that the CNN looks at CLAIMED.

    weighed: {part: (N,) share of each map by the part's area}. null: {part: that of a
    blob in the middle}.
    """
    found = {name: interval(weighed[name]) for name in CLAIMED}
    above = [name for name, (low, _) in found.items() if low > 1]
    told = [f"{name} {weighed[name].mean():.2f}" for name in CLAIMED]
    verdict = (
        "this holds for these maps"
        if len(above) == len(CLAIMED)
        else f"this holds for the {listed(above)} alone"
        if above
        else "these maps refute it"
    )
    more = [name for name, (low, _) in found.items() if low > null[name]]
    most = max(weighed, key=lambda name: weighed[name].mean())
    return (
        f"The coursework of 2017 wrote that the CNN looks at {listed(CLAIMED)}: "
        f"{verdict} (share of the map by share of the face, where 1 is chance: "
        f"{listed(told)}). A blob in the middle, which knows no face, has less than "
        f"they in {listed(more) if more else 'none of these'}. The densest part is the "
        f"{most}, {weighed[most].mean():.2f}."
    )


def explained(
    name: str,
    classes: Sequence[str],
    label: int | None,
    probabilities: Probabilities,
    asked: int,
    against: int | None = None,
) -> str:
    """The title of an explanation: true class if known, prediction, class explained.

    probabilities: (C,). label, asked, against: int or None.
    """
    first = int(np.argmax(probabilities))
    true = "true class unknown" if label is None else f"true {classes[label]}"
    said = f"{name}: {true}, predicted {classes[first]} ({probabilities[first]:.2f})"
    if (asked, against) == (first, None):
        return said
    why = f"why {classes[asked]} ({probabilities[asked]:.2f})"
    return f"{said}; {why}" + ("" if against is None else f", not {classes[against]}")


def completeness(total: Floats, due: Floats) -> str:
    """A sentence on explain.completeness: how far the maps' sums are off; (N,) both."""
    return (
        f"Completeness: the map adds up to {total[0]:.3f}; the score's change from a "
        f"grey face is {due[0]:.3f}."
    )


def faithfulness(curves: Floats, chance: Floats) -> str:
    """A sentence on explain.against_chance's curves, and on those of maps at random."""
    _, faces, points = curves.shape
    tenth = (points - 1) // 10
    whole, left = curves[0].mean(axis=0)[[0, tenth]]
    of = f", {faces} faces' mean," if faces > 1 else ""
    return (
        f"Without the tenth of the face that the map ranks highest, the class's "
        f"probability{of} is {left:.2f} instead of {whole:.2f}; without a tenth at "
        f"random, {chance[0, :, tenth].mean():.2f}."
    )
