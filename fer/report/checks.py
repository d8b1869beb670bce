"""What a reader should know before trusting the numbers: pass, warn or fail."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np

from fer import BadInput, explain, models, scores
from fer.report import wording
from fer.report.material import CNN, Material, accuracy, recipe

MANY_COPIES = 0.2  # of the validation rows: then a score tells more of memory
GOOD_ECE, BAD_ECE = 0.05, 0.15  # of a probability: how far off one notices at all
GOOD_RECALL, BAD_RECALL = 0.5, 0.25  # half of a class; hardly more than by chance
SEEDS = 3  # trainings that tell a deviation


@dataclass(frozen=True)
class Check:
    """A check's name, what came of it, and the numbers in a sentence."""

    name: str
    result: str  # pass, warn or fail
    said: str


def graded(value: float, good: float, bad: float) -> str:
    """pass up to `good`, fail from `bad` on, else warn; good > bad turns it round."""
    if good > bad:
        value, good, bad = -value, -good, -bad
    return "pass" if value <= good else "fail" if value >= bad else "warn"


def copies(material: Material) -> Check:
    """Validation rows that are pixel by pixel the same as a fitted one."""
    held, alike = len(material.labels), int(material.copies.sum())
    new = ~material.copies
    alone = scores.accuracy(material.labels[new], material.predicted[CNN][new])
    said = f"{alike:,} of {held:,} validation faces are copies of fitted ones"
    if alike:
        said += f"; without them, the {CNN}'s accuracy is {alone['accuracy']:.4f}"
    return Check("Copies", graded(alike / max(held, 1), 0, MANY_COPIES), f"{said}.")


def calibration(material: Material) -> Check:
    """How far confidence is from accuracy."""
    told = scores.calibration(material.labels, material.probabilities[CNN])
    sure = float(material.probabilities[CNN].max(1).mean())
    right = float((material.predicted[CNN] == material.labels).mean())
    side = "over" if sure > right else "under"
    return Check(
        "Calibration",
        graded(told["ece"], GOOD_ECE, BAD_ECE),
        f"The expected calibration error is {told['ece']:.3f}: mean confidence "
        f"{sure:.3f} at an accuracy of {right:.3f}, so it is {side}confident.",
    )


def faithfulness(material: Material) -> Check:
    """Whether the CNN's maps beat maps that know nothing of the face."""
    (_, own), *nulls = material.faithfulness.items()
    method = explain.best(material.models[CNN].network)
    area = _deletion(own)
    beaten, told = [], []
    for name, null in nulls:
        low, high = wording.interval(_deletion(null) - area)
        beaten.append(low > 0)
        told.append(f"{low:+.3f} to {high:+.3f} below that of {name}")
    return Check(
        "Faithfulness",
        "pass" if all(beaten) else "warn" if any(beaten) else "fail",
        f"As the pixels that {method} ranks highest are deleted, the mean "
        f"probability over {len(area)} faces is {' and '.join(told)} (95% CI).",
    )


def _deletion(curves):
    """The mean of each face's deletion curve: (N,)."""
    return curves[0].mean(axis=1)


def worst_class(material: Material) -> Check:
    """The class of which the CNN finds the smallest share."""
    counts = material.counts
    rows = counts.sum(1)
    recall = np.where(rows, np.diag(counts) / np.maximum(rows, 1), np.inf)
    worst = int(recall.argmin())
    low, high = scores.wilson(int(counts[worst, worst]), int(rows[worst]))
    return Check(
        "Worst recall",
        graded(recall[worst], GOOD_RECALL, BAD_RECALL),
        f"Of {rows[worst]} faces of {material.classes[worst]}, the {CNN} names "
        f"{recall[worst]:.0%} so (95% CI {low:.0%} to {high:.0%}).",
    )


def seeds(material: Material) -> Check:
    """How far the accuracy of trainings that differ in their seed alone scatters."""
    found = [accuracy(material.models[CNN]), *_other_seeds(material)]
    if len(found) < 2:
        said = "one training; another seed's accuracy may be a point off."
        return Check("Seeds", "warn", f"Only {said}")
    said = (
        f"{len(found)} trainings that differ in their seed alone: accuracy "
        f"{np.mean(found):.4f} ± {np.std(found, ddof=1):.4f}."
    )
    return Check("Seeds", "pass" if len(found) >= SEEDS else "warn", said)


def _other_seeds(material):
    """Accuracies of the models beside the CNN whose cards differ in the seed alone."""
    first, own = material.paths[CNN], material.models[CNN]
    for path in sorted(first.parent.glob(f"{first.stem}_[0-9]*.json")):
        with contextlib.suppress(BadInput):  # no card of the suite, or an older one
            model = models.without_network(path)
            one, two = recipe(model), recipe(own)
            if one["seed"] != two["seed"] and one | {"seed": two["seed"]} == two:
                yield accuracy(model)


def all_of(material: Material) -> list[Check]:
    """Every check of the report."""
    checks = (copies, calibration, faithfulness, worst_class, seeds)
    return [check(material) for check in checks]
