"""A model's card: a JSON file that says how it was made and what it scored."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, data, files, machine, networks, refusals, scores
from fer.models.predict import predict
from fer.types import Probabilities

MOST_BYTES = 1 << 20  # of a card; the shipped ones have 3 kB
NOT_FOR = "to judge what anyone feels, thinks or intends, or to decide about anyone"

# What a card scores: arguments of predict by name.
VIEWS: dict[str, dict[str, bool]] = {
    "one pass": {},
    "mirrored": {"mirror": True},
    "six views": {"mirror": True, "turn": True},
}


def describe(
    network: Any, fitted: data.Faces, held: data.Faces, about: dict[str, Any]
) -> dict[str, Any]:
    """All that is known of a training, ready for JSON; `about`: what its run knows."""
    copies = data.copies(held, fitted)
    told = {name: predict(network, held.images, **how) for name, how in VIEWS.items()}
    return {
        "network": network.name,
        "parameters": network.count_params(),
        "flops": networks.flops(network),
        "classes": list(held.classes),
        **about,
        "scores": score(told, held, copies),
        "temperature": scores.temperature(held.labels, told["one pass"]),
        "must not be used": NOT_FOR,
        "machine": ", ".join([machine.processor(), *machine.graphics()]),
        "versions": {"python": platform.python_version()} | machine.versions(),
    }


def score(
    told: dict[str, Probabilities], held: data.Faces, copies: np.ndarray
) -> dict[str, Any]:
    """What a card tells of the faces that validate.

    told: {name of VIEWS: probabilities (N, C)}. copies: (N,) bool, of fitted ones.
    Calibration is of one pass: as it is, and with a temperature that is fitted on the
    other half of the rows; the card's own is fitted on all of them.
    """
    labels, classes = held.labels, held.classes
    one, predicted = told["one pass"], told["one pass"].argmax(1)
    apart: dict[str, Any] = {}
    for name, probabilities in told.items():
        apart[name] = scores.accuracy(labels, probabilities.argmax(1))
        right = labels[~copies], probabilities[~copies].argmax(1)
        apart[f"{name}, without copies"] = (
            scores.accuracy(*right) if len(right[0]) else None
        )
    return apart | {
        "copies": int(copies.sum()),
        "classes": scores.per_class(labels, predicted, classes),
        "macro": scores.macro(labels, predicted, classes),
        "probabilities": scores.probabilistic(labels, one),
        "calibrated": scores.probabilistic(
            labels, scores.cross_calibrated(labels, one)
        ),
    }


def read_own(path: Path) -> dict[str, Any]:
    """The card of the model `path`; raises BadInput if it is another file's card."""
    about = read(path)
    with refusals.reading(path):
        same = about["sha256"] == files.sha256(path)
    if not same:
        raise BadInput(
            f"{path.with_suffix('.json')} is not the card of {path}: copy both together"
        )
    return about


def is_beside(path: Path | str) -> bool:
    """Whether a card lies beside the model `path`, valid or not."""
    return os.path.lexists(Path(path).with_suffix(".json"))


def _are_numbers(value):
    return isinstance(value, list) and all(
        isinstance(number, float) and abs(number) < 100 for number in value
    )


def _are_names(classes):
    """Whether they are names of classes: two to twenty texts."""
    texts = isinstance(classes, list) and all(isinstance(it, str) for it in classes)
    return texts and 2 <= len(set(classes)) == len(classes) <= 20


def _is_whole(about):
    """Whether a card tells all that is asked of it, in the right types."""
    made, faces = about["recipe"], about["data"]
    numbers = about["parameters"], made["epochs"], made["seed"]
    texts = about["network"], about["sha256"], faces["digest"], faces["file"]
    return (
        _are_names(about["classes"])
        and all(isinstance(number, int) for number in numbers)
        and all(isinstance(text, str) for text in texts)
        and isinstance(faces.get("fitted digests", ""), str)
        and _are_numbers(about.get("temperature", []))
    )


def read(path: Path) -> dict[str, Any]:
    """The card beside the model `path`; raises BadInput if it is missing or invalid."""
    beside = path.with_suffix(".json")
    mend = "; a model needs its card, the .json file, beside it"
    content = refusals.content(beside, MOST_BYTES, mend)
    try:
        about = json.loads(content)
        if not _is_whole(about):
            raise ValueError("what it says of classes, recipe or data is off")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{beside} is no card of this suite, or an old one: {error!r:.160}; train "
            "the model anew, or move it away if it is of another program"
        ) from error
    return about
