"""A short training, for tests."""

import dataclasses
import json

import numpy as np
from conftest import RECIPE

from fer import data
from fer.training import checkpoint, fit

NOBODY = {"teachers": [], "start": None}


def trained(drawn, path, again=False, learned_from=NOBODY, given=None, **changes):
    """The network, history and seconds of the DNN trained on the drawn faces.

    path: of its checkpoint. given: further arguments of fit.trained.
    """
    recipe = dataclasses.replace(RECIPE, **{"network": "dnn"} | changes).resolved()
    fitted, held = data.parts(drawn, recipe.seed)
    shared = checkpoint.must_share(recipe, fitted, held, learned_from)
    saved = checkpoint.opened(path, shared, again)
    return fit.trained(recipe, fitted, held, saved, **given or {})


def surprised(views=1):
    """What a teacher says who takes each of 105 faces for surprise."""
    return np.tile(np.eye(7, dtype=np.float16)[5], (views, 105, 1))


def about(path):
    """What the checkpoint says of its run, beside the weights."""
    with np.load(path) as saved:
        return json.loads(str(saved["about"]))
