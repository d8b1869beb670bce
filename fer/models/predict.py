"""Probabilities of faces: in batches, averaged over views and models, calibrated."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fer import augment, networks, progress, scores
from fer.types import Images, Network, Probabilities

if TYPE_CHECKING:
    from fer.models.saved import Model

BATCH = 512  # faces of which the views are made at a time
TOGETHER = 128  # views that the network sees at a time
TURN = 8  # degrees, well within what training turns faces by


def predict(
    network: Network, images: Images, mirror: bool = False, turn: bool = False
) -> Probabilities:
    """Probabilities (N, classes) float32 of faces (N, 48, 48) uint8.

    turn: averaged over the face and the face turned TURN degrees either way; mirror:
    averaged over what is looked at and its mirror images.
    """

    def views(faces, _):
        seen = [faces]
        if turn:
            seen += [augment.turned(faces, degrees) for degrees in (-TURN, TURN)]
        if mirror:
            seen += [view[:, :, ::-1] for view in seen]
        return seen

    return mean_over_views(network, images, views)


def mean_over_views(
    network: Network, images: Images, views: Callable[[Images, int], list[Images]]
) -> Probabilities:
    """Predictions averaged over the views of each face: (N, classes) float32.

    images: (N, 48, 48) uint8. views: a function of faces (n, 48, 48, 1) uint8 and the
    row of the first; it returns arrays like those faces, one a view.
    """
    means = []
    show = progress.steps(network.name, math.ceil(len(images) / BATCH))
    for start in range(0, len(images), BATCH):
        seen = views(images[start : start + BATCH, ..., None], start)
        told = _told(network, np.concatenate(seen))
        means.append(told.reshape(len(seen), -1, told.shape[-1]).mean(axis=0))
        show(len(means))
    return np.concatenate(means)


def _told(network, faces):
    """The network's outputs on faces (n, 48, 48, 1) uint8: (n, classes) float32."""
    # Not network.predict: its input pipeline sleeps up to as long again before it
    # returns.
    size = networks.together(network, TOGETHER)
    return np.concatenate(
        [
            network.predict_on_batch(faces[start : start + size])
            for start in range(0, len(faces), size)
        ]
    )


def probabilities(
    loaded: Sequence[Model], images: Images, mirror: bool = False, turn: bool = False
) -> Probabilities:
    """Calibrated probabilities (N, classes) float64, averaged over the models.

    loaded: Models of the same classes; of each the card's temperature is taken, if it
    has one. mirror, turn: as in `predict`.
    """
    return np.mean(
        [
            scores.calibrated(
                model.predict(images, mirror, turn),
                (model.card or {}).get("temperature", []),
            )
            for model in loaded
        ],
        axis=0,
    )
