"""A model that runs inside the page: its steps and weights, for live.js."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np

from fer import models
from fer.report import figures, page
from fer.report.material import CNN, Material
from fer.types import Floats

NAME = "compact_60k.keras"  # of the models, the one that is small enough to send
COLORS, PLACES = 64, 6  # of its map: shades, and places a side


def section(report: Material) -> Iterator[page.Html]:
    """A picture dropped on the page, or drawn in it, named by a small model."""
    path = report.paths[CNN].parent / NAME
    if not path.exists():
        yield page.paragraph(f"{path.parent.name} holds no {NAME} to run in the page.")
        return
    model = models.load(path)
    parameters = f"{model.card['parameters']:,}"
    yield page.paragraph(
        f"{path.stem}, {parameters} weights, runs in this page: drop a picture on the "
        "square, choose one, or draw a face with the mouse. The middle of a picture is "
        "taken as the face, and nothing leaves this computer."
    )
    note = "The model is run by the page's script."
    yield page.tag("noscript", page.paragraph(note))
    yield page.tag("div", id="live")
    told = described(model) | {"colors": figures.colors(COLORS), "places": PLACES}
    yield page.script_data("model", told)


def described(model: models.Model) -> dict[str, Any]:
    """The model for live.js: its classes, its steps in order, and all weights in one.

    Weights are float32, little-endian, in base64; a step has the numbers of the steps
    that it reads, and of each of its weights the shape. Raises KeyError for a layer
    that live.js does not know.
    """
    steps: list[dict[str, Any]] = []
    weights: list[Floats] = []
    places: dict[Any, int] = {}
    for layer in model.network.layers:
        read = [places[it._keras_history.operation] for it in _inputs(layer)]
        if type(layer).__name__ in PASSED:
            places[layer] = read[0]
            continue
        step, own = STEPS[type(layer).__name__](layer)
        places[layer] = len(steps)
        shapes = [list(it.shape) for it in own]
        steps.append({"op": type(layer).__name__, "reads": read, **step, "w": shapes})
        weights += own
    flat = np.concatenate([it.ravel() for it in weights]).astype("<f4")
    told = base64.b64encode(flat.tobytes()).decode()
    return {"classes": list(model.classes), "steps": steps, "weights": told}


def _inputs(layer):
    """The tensors that a layer reads, in order."""
    read = layer.input if type(layer).__name__ != "InputLayer" else []
    return read if isinstance(read, list) else [read]


def _norm(layer):
    """A norm's running statistics as a factor and a summand."""
    factor = layer.gamma / (layer.moving_variance + layer.epsilon) ** 0.5
    return {}, [np.asarray(factor), np.asarray(layer.beta - layer.moving_mean * factor)]


def _weighing(layer):
    """A layer with a kernel, its step and its activation."""
    step = {"stride": getattr(layer, "strides", (1,))[0]}
    name = layer.activation.__name__
    step["activation"] = "linear" if name == "softmax" else name  # live.js ends by it
    step["same"] = getattr(layer, "padding", "") == "same"
    return step, [np.asarray(it) for it in layer.get_weights()]


PASSED = ("Dropout", "Flatten")  # what changes no number
STEPS = {
    **dict.fromkeys(("Conv2D", "DepthwiseConv2D", "Dense"), _weighing),
    **dict.fromkeys(
        ("MaxPooling2D", "AveragePooling2D"),
        lambda layer: ({"stride": layer.pool_size[0]}, []),
    ),
    **dict.fromkeys(
        ("InputLayer", "ReLU", "Add", "Multiply", "GlobalAveragePooling2D"),
        lambda layer: ({}, []),
    ),
    "BatchNormalization": _norm,
    "Rescaling": lambda layer: ({"scale": layer.scale, "offset": layer.offset}, []),
}
