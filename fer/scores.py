"""Accuracy, intervals, the table a class, confusions, and the sentences computed from them."""

import numpy as np


def accuracy(labels, predicted):
    """Share of rows that are right, with its 95% interval: {"accuracy", "interval", "rows"}."""
    right, rows = int((labels == predicted).sum()), len(labels)
    return {"accuracy": right / rows, "interval": wilson(right, rows), "rows": rows}


def wilson(right, rows):
    """95% score interval of a proportion: [low, high] (Wilson, 1927, JASA 22)."""
    z = 1.959964
    centre = (right + z * z / 2) / (rows + z * z)
    half = z * np.sqrt(right * (rows - right) / rows + z * z / 4) / (rows + z * z)
    return [float(centre - half), float(centre + half)]
