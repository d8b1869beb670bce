"""A short training, for tests."""

import numpy as np
from conftest import OPTIONS

from fer import networks
from fer.training import fit as training


def fit(
    drawn, path, again=False, build=networks.dnn, teach=None, weights=None, **changes
):
    options = OPTIONS | {"share": 0.5} | changes
    return training.fit(build, drawn, options, path, again, teach, weights)


def surprised(images):
    """A teacher that takes every face for surprise."""
    assert images.shape == (105, 48, 48)
    return np.eye(7, dtype=np.float32)[np.full(len(images), 5)]
