"""Muon: which weights it moves, and how."""

import re

import numpy as np
import pytest
from keras import ops

from fer import networks
from fer.training import optimizers
from fer.training.recipe import Recipe

RATE = 0.01


@pytest.fixture(scope="module")
def moved():
    """How far one step with random gradients moves each weight, by its path."""
    network = networks.build("compact_60k")
    logits = network.layers[-1].name
    recipe = Recipe(optimizer="muon", learning_rate=RATE, weight_decay=0.0)
    optimizer = optimizers.optimizer(recipe, network, 1, 128)
    before = _values(network)
    rng = np.random.default_rng(0)
    gradients = [ops.convert_to_tensor(_any(rng, value)) for value in before]
    optimizer.apply(gradients, network.trainable_variables)
    steps = [new - old for new, old in zip(_values(network), before, strict=True)]
    paths = [variable.path for variable in network.trainable_variables]
    # Keras counts its layers on from whatever was built before.
    names = [re.sub(r"^dense_\d+", "dense", path) for path in paths]
    names[paths.index(f"{logits}/kernel")] = "logits/kernel"
    return dict(zip(names, steps, strict=True))


def _values(network):
    return [ops.convert_to_numpy(v).copy() for v in network.trainable_variables]


def _any(rng, value):
    return rng.normal(size=value.shape).astype(np.float32)


@pytest.mark.parametrize(
    "path", ["conv1/kernel", "conv3b/kernel", "shortcut3/kernel", "dense/kernel"]
)
def test_a_kernel_moves_alike_in_every_direction(path, moved):
    matrix = moved[next(name for name in moved if name.endswith(path))]
    matrix = matrix.reshape(-1, matrix.shape[-1])
    sizes = np.linalg.svd(matrix, compute_uv=False)
    each = RATE * 0.2 * np.sqrt(max(matrix.shape))
    assert 0.6 * each < sizes.min() <= sizes.max() < 1.3 * each


@pytest.mark.parametrize("path", ["logits/kernel", "conv1/bias", "gamma", "depthwise"])
def test_adam_moves_what_is_no_hidden_matrix(path, moved):
    steps = [value for name, value in moved.items() if path in name]
    assert steps
    for step in steps:
        assert np.allclose(np.abs(step), RATE, rtol=1e-2)
