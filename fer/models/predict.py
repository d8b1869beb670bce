"""Probabilities of faces: in batches, and averaged over views of each face."""

import math

import numpy as np

from fer import augment, progress

BATCH = 512
TURN = 8  # degrees, well within what training turns faces by


def predict(network, images, mirror=False, turn=False):
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


def mean_over_views(network, images, views):
    """What the network makes of each face's views, averaged: (N, classes) float32.

    views: a function of faces (n, 48, 48, 1) uint8 and the row of the first of them.
    """
    means = []
    show = progress.steps(network.name, math.ceil(len(images) / BATCH))
    for start in range(0, len(images), BATCH):
        seen = views(images[start : start + BATCH, ..., None], start)
        # Not network.predict: its input pipeline sleeps up to as long again before it
        # returns.
        means.append(np.mean([network.predict_on_batch(view) for view in seen], axis=0))
        show(len(means))
    return np.concatenate(means)
