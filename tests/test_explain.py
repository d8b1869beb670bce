"""Saliency, masks and ascent against closed forms."""

import gc
import types

import keras
import numpy as np
import pytest
from model_files import rescaling
from scipy.stats import spearmanr
from small_networks import linear, one_convolution, slim

from fer import BadInput, backend, explain, flags, networks, precision
from fer.explain import faithfulness, smoothgrad


@pytest.fixture
def face(rng):
    return rng.integers(0, 256, (48, 48), dtype=np.uint8)


def test_the_gradient_of_a_sum_of_squares_is_twice_its_input(rng):
    x = rng.normal(size=(3, 5)).astype(np.float32)
    slopes = backend.gradient(lambda x: keras.ops.sum(keras.ops.square(x), axis=1), x)
    assert np.allclose(slopes, 2 * x)


@pytest.fixture
def in_float32(monkeypatch):
    monkeypatch.setattr(precision, "fastest", lambda network: "float32")


def test_smoothgrad_in_bfloat16_ranks_the_pixels_as_in_float32(face, monkeypatch):
    maps = []
    for policy in ("float32", "mixed_bfloat16"):
        monkeypatch.setattr(precision, "fastest", lambda network, policy=policy: policy)
        keras.utils.set_random_seed(0)
        asked = slim(), face[None], [5]
        maps.append(smoothgrad.maps(*asked, samples=4).ravel())
    assert 0.95 < spearmanr(*maps).statistic < 1


def test_smoothgrad_is_the_mean_gradient_of_noisy_copies(rng, in_float32):
    network = slim()
    faces = rng.integers(0, 256, (2, 48, 48), dtype=np.uint8)
    samples = smoothgrad.TOGETHER + 2
    maps = smoothgrad.maps(network, faces, [4, 1], None, samples, noise=0.1, seed=3)
    noise = np.random.default_rng(3).standard_normal((samples, 48, 48, 1), np.float32)
    score = explain.logits(network)
    for heat, face, target in zip(maps, faces, [4, 1], strict=True):
        copies = face[..., None] + 25.5 * noise
        slopes = backend.gradient(lambda x, t=target: score(x)[:, t], copies)
        mean = np.mean(slopes, axis=0)[..., 0]
        assert np.allclose(heat, mean, atol=1e-4 * np.abs(mean).max())


def test_smoothgrad_without_noise_is_the_plain_gradient(face, in_float32):
    asked = slim(), face[None], [5]
    plain = explain.gradient.maps(*asked)
    quiet = smoothgrad.maps(*asked, samples=3, noise=0)
    assert np.allclose(quiet, plain, atol=1e-4 * np.abs(plain).max())


def test_smoothgrad_is_the_same_for_the_same_seed(face):
    asked = slim(), face[None], [5]
    first, second, other = (
        smoothgrad.maps(*asked, samples=3, seed=n) for n in (1, 1, 2)
    )
    assert (first == second).all()
    assert (first != other).any()


def test_a_gradient_of_zeros_gives_a_map_of_zeros(face):
    network = linear(np.zeros((48 * 48, 7)))
    heat = explain.heat_of("gradient", network, face[None], [0])
    assert (heat == 0).all()


@pytest.mark.parametrize("method", explain.METHODS)
def test_a_tenth_of_the_pixels_pass_the_threshold(method, rng):
    heat = explain.heat(method, rng.normal(size=(3, 48, 48)).astype(np.float32))
    assert heat.dtype == np.float32 and heat.min() >= 0 and heat.max() <= 1
    assert np.allclose((heat > flags.THRESHOLD).mean(axis=(1, 2)), 0.1, atol=0.001)


def test_what_speaks_against_a_class_is_cold_where_the_sign_tells_so():
    maps = np.zeros((1, 48, 48), np.float32)
    maps[0, 10, 10], maps[0, 30, 30] = -2, 1
    signed, signless = (explain.heat(it, maps)[0] for it in ("hirescam", "gradient"))
    assert signed[10, 10] == 0 < signed[30, 30]
    assert signless[10, 10] > 0


def test_the_mask_keeps_the_pixels_above_the_threshold(face):
    heat = np.full((48, 48), 0.6)
    heat[3, 4] = 0.61
    masked = explain.mask(face, heat, 0.6)
    assert masked.dtype == np.uint8
    assert masked[3, 4] == face[3, 4]
    masked[3, 4] = int(face.mean())
    assert (masked == int(face.mean())).all()


def test_a_layer_that_reads_the_pixels_beside_the_first_is_explained(rng):
    layers = keras.layers
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = rescaling()(inputs)
    both = layers.Add()([scaled, layers.Conv2D(1, 3, padding="same")(scaled)])
    flat, last = layers.Flatten()(both), layers.Dense(7, activation="softmax")
    network = keras.Model(inputs, last(flat))
    images = rng.integers(0, 256, (2, 48, 48), dtype=np.uint8)
    body, weights = keras.Model(scaled, flat), keras.ops.transpose(last.kernel)[:2]
    plain = backend.gradient(
        lambda x: keras.ops.sum(body(x) * weights, axis=1),
        images[..., None].astype(np.float32) / 127.5 - 1,
    )
    maps = explain.gradient.maps(network, images, [0, 1])
    assert np.allclose(127.5 * maps, plain[..., 0], atol=1e-4)


def test_explaining_again_and_again_keeps_no_graph(face):
    network = slim()
    asked = network, face[None], [5], None, 2
    layer = explain.convolutions(network)[1]
    smoothgrad.maps(*asked)
    explain.ascend(network, layer, steps=1)
    before = count_graphs()
    for _ in range(3):
        smoothgrad.maps(*asked)
        explain.ascend(network, layer, steps=1)
    assert count_graphs() <= before


def count_graphs():
    """How many graphs of TensorFlow's are held."""
    gc.collect()
    return sum(type(it).__name__ == "FuncGraph" for it in gc.get_objects())


def test_responses_are_the_layers_output(face, rng):
    kernel = rng.normal(size=(1, 1, 1, 2)).astype(np.float32)
    network, layer = one_convolution(kernel, np.zeros(2))
    maps = explain.responses(network, layer, face)
    scaled = face / 127.5 - 1
    expected = np.maximum(kernel[0, 0, 0][:, None, None] * scaled, 0)
    assert np.allclose(maps, expected, atol=1e-5)


def test_layers_are_picked_by_number_or_name():
    network = slim()
    picked = explain.pick_layers(network, ["1", "conv4"])
    assert [layer.name for layer in picked] == ["conv1", "conv4"]
    with pytest.raises(BadInput, match=r"layer dense is no convolution.*conv1"):
        explain.pick_layers(network, ["dense"])
    with pytest.raises(BadInput, match="has no convolutions"):
        explain.pick_layers(networks.dnn(), ["1"])


def sees_the_corner(face):
    """A network that takes its upper left 12 x 12 pixels for surprise, if bright."""
    weights = np.zeros((48, 48, 7), np.float32)
    weights[:12, :12, 5] = 1 / 4000
    network = linear(weights.reshape(-1, 7))
    face[:] = 20
    face[:12, :12] = 250
    return network


def test_a_faithful_map_takes_the_class_away_and_brings_it_back_at_once(face):
    network = sees_the_corner(face)
    heat = np.zeros((2, 48, 48), np.float32)
    heat[0, :12, :12] = 1
    heat[1, 36:, 36:] = 1
    faces = np.stack([face, face])
    deleted, inserted = faithfulness.curves(network, faces, heat, [5, 5], steps=16)
    grey = np.full((1, 48, 48, 1), int(face.mean()), np.uint8)
    whole, nothing = (
        network.predict_on_batch(it)[0, 5] for it in (face[None, ..., None], grey)
    )
    # A sixteenth of the face is what the network sees.
    for curve, first, last in (deleted, whole, nothing), (inserted, nothing, whole):
        assert np.allclose(curve[:, 0], first) and np.allclose(curve[:, -1], last)
        assert abs(curve[0, 1] - last) < 0.1 * abs(whole - nothing)
        assert np.allclose(curve[1, 1], first, atol=1e-3)


def test_places_vanish_and_not_strewn_pixels(face):
    seen = []

    def predict_on_batch(faces):
        seen.append(faces[0, ..., 0])
        return np.full((1, 7), 1 / 7)

    network = types.SimpleNamespace(predict_on_batch=predict_on_batch)
    face[:] = np.where(np.arange(48) < 24, 0, 250)  # of no pixel the mean
    heat = np.zeros((1, 48, 48), np.float32)
    heat[0, 20, 30] = 1
    faithfulness.curves(network, face[None], heat, [0], steps=48)
    first = np.argwhere(seen[2] != face)
    assert len(first) == 48
    assert np.hypot(*(first - [20, 30]).T).max() < 4.5


def test_maps_are_held_against_chance_of_that_seed(face):
    network = sees_the_corner(face)
    heat = np.abs(explain.gradient.maps(network, face[None], [5]))
    curves, chance = explain.against_chance(network, face[None], heat, [5], seed=3)
    blind = explain.at_random(face[None], seed=3)
    assert (chance == faithfulness.curves(network, face[None], blind, [5])).all()
    assert curves[0].mean() < chance[0].mean()
    assert curves[1].mean() > chance[1].mean()
