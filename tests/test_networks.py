"""The networks are the coursework's, row by row."""

import re

import keras
import numpy as np
import pytest

from fer import networks, structure

# Kind, output shape and parameters, as the coursework lists them.
CNN = [
    ("Conv2D", "(None, 48, 48, 64)", 1664),
    ("MaxPooling2D", "(None, 24, 24, 64)", 0),
    ("Conv2D", "(None, 24, 24, 64)", 36928),
    ("Conv2D", "(None, 24, 24, 64)", 36928),
    ("AveragePooling2D", "(None, 12, 12, 64)", 0),
    ("Conv2D", "(None, 12, 12, 128)", 73856),
    ("AveragePooling2D", "(None, 6, 6, 128)", 0),
    ("Flatten", "(None, 4608)", 0),
    ("Dense", "(None, 256)", 1179904),
    ("Dropout", "(None, 256)", 0),
    ("Dense", "(None, 256)", 65792),
    ("Dropout", "(None, 256)", 0),
    ("Dense", "(None, 7)", 1799),
]
DNN = [
    ("Flatten", "(None, 2304)", 0),
    ("Dense", "(None, 512)", 1180160),
    ("Dropout", "(None, 512)", 0),
    ("Dense", "(None, 512)", 262656),
    ("Dropout", "(None, 512)", 0),
    ("Dense", "(None, 7)", 3591),
]


@pytest.mark.parametrize(
    ("build", "rows", "total"),
    [(networks.cnn, CNN, 1_396_871), (networks.dnn, DNN, 1_446_407)],
)
def test_structure_is_the_reports_behind_a_rescaling(build, rows, total):
    network = build()
    first, *others = structure.rows(network)
    assert first == ("Rescaling", "(None, 48, 48, 1)", 0)
    assert others == rows
    assert network.count_params() == total == sum(row[2] for row in rows)
    text = structure.text(network)
    assert f"Total params: {total:,}" in text
    assert "Non-trainable params: 0" in text


def test_kinds_and_shapes_stand_apart_in_the_structure():
    text = structure.text(networks.compact_60k())
    assert re.search(r"GlobalAveragePooling2D +\(None", text)


def test_a_structure_tells_names_sizes_activations_and_dropout():
    text = structure.text(networks.cnn())
    for told in ("conv1, 5 x 5, relu", "2 x 2", "rate 0.3", "softmax"):
        assert told in text


def test_a_twin_in_bfloat16_keeps_first_and_last_weights_in_float32():
    for build in (networks.cnn, networks.dnn):
        twin = networks.computing_in("mixed_bfloat16", build())
        weighted = [layer for layer in twin.layers if hasattr(layer, "kernel")]
        computed = [layer.compute_dtype for layer in weighted]
        between = ["bfloat16"] * (len(weighted) - 2)
        assert computed == ["float32", *between, "float32"]


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_raw_pixels_in_float32_probabilities_out(policy, rng):
    keras.config.set_dtype_policy(policy)
    try:
        network = networks.dnn()
    finally:
        keras.config.set_dtype_policy("float32")
    faces = rng.integers(0, 256, (3, 48, 48, 1), dtype=np.uint8)
    probabilities = network.predict_on_batch(faces)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (3, 7)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "most"),
    [
        (networks.compact_5m, 5_400_000),
        (networks.compact, 1_400_000),
        (networks.compact_350k, 350_000),
        (networks.compact_60k, 60_000),
    ],
)
def test_a_compact_network_keeps_to_its_budget_and_says_its_size(build, most):
    network = build()
    assert 0.9 * most < network.count_params() <= most
    assert f"{network.count_params():,} parameters" in build.__doc__
    assert network.name == build.__name__


def test_the_compact_network_takes_at_most_three_times_the_cnns_operations():
    assert networks.flops(networks.compact()) < 3 * networks.flops(networks.cnn())


def test_the_operations_of_a_network_are_those_of_its_products():
    inputs = keras.Input((8, 8, 2))
    moved = keras.layers.Conv2D(5, 3, padding="same")(inputs)
    pooled = keras.layers.DepthwiseConv2D(8)(moved)
    network = keras.Model(inputs, keras.layers.Dense(7)(pooled))
    assert networks.flops(network) == 2 * (64 * 9 * 2 * 5 + 64 * 5 + 5 * 7)
