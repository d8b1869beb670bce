"""An order of a face's places that greedy search finds: what a map could reach."""

import numpy as np

from fer.explain import faithfulness

CELL, TOGETHER = 4, 6  # pixels a side; cells that are ranked at a time


def best(network, images, classes, steps):
    """{measure: (N,)}: deletion and insertion of faces, by the better of two orders."""
    deletions, insertions = [], []
    for image, label in zip(images, classes, strict=True):
        heats = [order(network, image, label, inserts) for inserts in (False, True)]
        twice = np.stack([image] * 2), np.stack(heats), [label] * 2
        areas = faithfulness.curves(network, *twice, steps).mean(axis=-1)
        deletions.append(-areas[0].min())
        insertions.append(areas[1].max())
    return {
        "deletion, mean": np.array(deletions),
        "insertion, mean": np.array(insertions),
    }


def order(network, image, label, inserts):
    """A map (48, 48) that is highest where the search began.

    Each round tries every cell that is left, by itself, and takes the few that move the
    probability most: down where cells are taken away, up where they come back.
    """
    side = len(image) // CELL
    cells = np.kron(np.arange(side**2).reshape(side, side), np.ones((CELL, CELL), int))
    [grey] = faithfulness.filled(image[None], "mean")
    gone, heat, rest = (
        np.full(image.shape, False),
        np.zeros(image.shape),
        [*range(side**2)],
    )
    while rest:
        tried = gone | (cells == np.array(rest)[:, None, None])
        faces = np.where(tried != inserts, grey, image)
        told = faithfulness.probabilities(network, faces, np.full(len(faces), label))
        chosen = np.array(rest)[np.argsort(-told if inserts else told)[:TOGETHER]]
        taken = np.isin(cells, chosen)
        heat[taken], gone = len(rest), gone | taken
        rest = [cell for cell in rest if cell not in chosen]
    return heat
