"""The faces in each cell of the confusion matrix, with maps and masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fer import explain, flags, models, networks, precision
from fer.report import errors, figures, page
from fer.report.material import CNN, DNN, Material
from fer.types import Images, Ints

# A pixel is kept where its saliency exceeds one of these.
THRESHOLDS = np.arange(2, 9) / 10
WITH_MAPS = 24  # the worst faces of a cell
TOP = 3  # probabilities that are told of a face
QUALITY = 70  # of the faces' compression; maps lose nothing
SHADE = 255 // len(THRESHOLDS)  # from one level of a map to the next
NETWORKS = (CNN, DNN)
# The maps to choose from: a network, and a method of explain.METHODS.
MAPS = ((CNN, "hirescam"), (DNN, "integrated"), (CNN, "gradient"))


def cells(material: Material) -> dict[tuple[int, int], Ints]:
    """The faces of each cell, worst first: {(true, predicted): (n,) rows}.

    A face is worse the less probable its label is.
    """
    found: dict[tuple[int, int], Ints] = {}
    predicted = material.predicted[CNN]
    of_label = material.probabilities[CNN][np.arange(len(predicted)), material.labels]
    for true, named in np.argwhere(material.counts):
        rows = np.flatnonzero((material.labels == true) & (predicted == named))
        order = np.argsort(of_label[rows], kind="stable")
        found[int(true), int(named)] = rows[order][: material.most]
    return found


def blocks(material: Material) -> Iterator[page.Html]:
    """Data for the page's script: an element about all cells, then one a cell."""
    of_cells = cells(material)
    explained = np.concatenate([rows[:WITH_MAPS] for rows in of_cells.values()])
    maps = [explain_faces(material, *each, explained) for each in MAPS]
    yield page.script_data("about", _about(material))
    start = 0
    for (true, named), rows in of_cells.items():
        end = start + len(rows[:WITH_MAPS])
        yield page.script_data(
            f"cell-{true}-{named}",
            {
                "rows": rows.tolist(),
                "faces": faces_sheet(material.faces.images[rows]),
                "top": {
                    name: _top(material.probabilities[name][rows]) for name in NETWORKS
                },
                "maps": [_part(each, slice(start, end)) for each in maps],
            },
        )
        start = end


def _about(material):
    return {
        "classes": list(material.classes),
        "networks": list(NETWORKS),
        "maps": [f"{method} of the {name}" for name, method in MAPS],
        "weak": [method in flags.WEAK for _, method in MAPS],
        "warning": f"Such maps {flags.WARNING}.",
        "thresholds": THRESHOLDS.tolist(),
        "threshold": flags.THRESHOLD,
        "shade": SHADE,
        "colors": figures.colors(len(THRESHOLDS) + 1),
        "masked": figures.MASKED,
        "counts": material.counts.tolist(),
        "start": (errors.confused_pairs(material.counts) or [(0, 0)])[0],
        "labels": {
            "true": "Label",
            "predicted": f"{CNN}'s prediction",
            "map": "Map",
            "beside": "Beside it",
        },
    }


def faces_sheet(images: Images) -> str:
    """Faces (N, 48, 48) uint8 in one picture, as a data URI."""
    return page.webp(page.sheet(images), quality=QUALITY)


def explain_faces(
    material: Material, name: str, method: str, rows: Ints
) -> dict[str, Any]:
    """The maps of `rows` for the predicted class, and its probability under masks.

    name: of the network. method: of explain.METHODS. Returns {"network", "classes" (n,)
    int, "whole" (n,): the probability of the class, "left" (n, thresholds): the same
    for the masked face, "levels" (n, 48, 48) uint8: how many THRESHOLDS a pixel
    exceeds}.
    """
    network = material.models[name].network
    images = material.faces.images[rows]
    classes = material.predicted[name][rows]
    signed = explain.METHODS[method](network, images, classes)
    heat = explain.heat(method, signed)
    return {
        "network": name,
        "classes": classes,
        "whole": material.probabilities[name][rows, classes],
        "left": _left(network, images, heat, classes),
        "levels": (heat[..., None] > THRESHOLDS).sum(-1, dtype=np.uint8),
    }


def _left(network, images, heat, classes):
    """The probability of each face's class under each mask: (n, thresholds) float32."""
    # Thousands of masked faces, of whose probabilities two digits are told.
    fast = networks.computing_in(precision.fastest(network), network)
    left = np.empty((len(images), len(THRESHOLDS)), np.float32)
    for column, threshold in enumerate(THRESHOLDS):
        pairs = zip(images, heat, strict=True)
        masked = np.array([explain.mask(*pair, threshold) for pair in pairs])
        told = models.predict(fast, masked)
        left[:, column] = told[np.arange(len(images)), classes]
    return left


def _part(maps, rows):
    """Some rows of what explain_faces gives, for JSON."""
    return {
        "network": maps["network"],
        "classes": maps["classes"][rows].tolist(),
        "whole": _rounded(maps["whole"][rows]),
        "left": _rounded(maps["left"][rows]),
        "levels": page.webp(
            page.sheet(maps["levels"][rows] * SHADE), lossless=True, quality=75
        ),
    }


def _top(probabilities):
    """The likeliest classes of each face with their probabilities: [[[c, p], ...]]."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    likeliest = _rounded(np.take_along_axis(probabilities, order, 1))
    return [
        list(map(list, zip(*pair, strict=True)))
        for pair in zip(order.tolist(), likeliest, strict=True)
    ]


def _rounded(values):
    return np.round(values.astype(float), 2).tolist()
