"""Saliency, masks and ascent against closed forms."""

import gc
import types

import keras
import numpy as np
import pytest
from model_files import rescaling
from scipy.stats import spearmanr
from small_networks import linear, slim

from fer import (
    BadInput,
    backend,
    explain,
    flags,
    networks,
    precision,
)
from fer.explain import ascent, faithfulness, fast, smoothgrad


@pytest.fixture
def face(rng):
    return rng.integers(0, 256, (48, 48), dtype=np.uint8)


def one_convolution(kernel, bias):
    """A network that begins with one convolution of the given weights."""
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = rescaling()(inputs)
    layer = keras.layers.Conv2D(
        len(bias), kernel.shape[0], padding="same", activation="relu"
    )
    network = keras.Model(inputs, layer(scaled))
    layer.set_weights([kernel, bias])
    return network, layer


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


def test_ascent_climbs_to_the_image_that_a_filter_answers_most():
    # A filter that sees one pixel: the brightest image answers most, the darkest least.
    kernel = np.zeros((3, 3, 1, 3), np.float32)
    kernel[1, 1, 0] = [1, -1, 0]
    network, layer = one_convolution(kernel, np.array([2, 2, -1], np.float32))
    images, before, responses = explain.ascend(network, layer, steps=90)
    assert np.allclose(images[0], 255, atol=0.1)
    assert np.allclose(images[1], 0, atol=0.1)
    assert np.allclose(responses, [3, 3, 0], atol=1e-4)
    assert (before[:2] < responses[:2]).all() and before[2] == 0


def test_a_filter_that_noise_does_not_move_climbs_and_a_dead_one_is_told(rng):
    # Filters that see one pixel: the first answers bright ones alone, which the noise
    # of the start has not; the second a few of the noise; the third none at all.
    kernel = np.zeros((3, 3, 1, 3), np.float32)
    kernel[1, 1, 0] = 1
    network, layer = one_convolution(kernel, np.array([-0.5, -0.29, -2], np.float32))
    images, before, after = explain.ascend(network, layer, steps=90)
    assert before[[0, 2]].tolist() == [0, 0] and 0 < before[1] < 0.01
    start, *_ = explain.ascend(network, layer, steps=0)
    assert (images[:2] > start[:2] + 10).all()  # no place stays noise
    assert (after[:2] > before[:2] + 0.02).all() and after[2] == 0
    faces = rng.integers(0, 256, (70, 48, 48), dtype=np.uint8)
    assert explain.moved(network, layer, faces).tolist() == [True, True, False]
    assert not explain.moved(network, layer, faces // 2).any()


def roughness(images):
    """How much neighbouring pixels differ, by how much all do."""
    steps = np.diff(images, axis=1).std() + np.diff(images, axis=2).std()
    return steps / images.std()


def test_natural_ascent_climbs_to_smoother_images():
    network = slim()
    layer = explain.convolutions(network)[0]
    plain, *_ = explain.ascend(network, layer, steps=8)
    images, before, after = explain.ascend(network, layer, steps=8, natural=True)
    assert (after > before).mean() > 0.8
    assert images.min() >= 0 and images.max() <= 255
    assert roughness(images) < 0.7 * roughness(plain)


def test_each_class_climbs_to_an_image_of_its_own(rng):
    weights = rng.normal(size=(48 * 48, 7)).astype(np.float32)
    images, before, after = explain.ascend_classes(linear(weights), steps=90)
    assert images.shape == (7, 48, 48) and (after > before).all()
    # A linear score is highest where each pixel is as bright as its weight is high.
    signs = np.sign(weights.T.reshape(7, 48, 48))
    assert np.corrcoef(signs.ravel(), images.ravel())[0, 1] > 0.9


def test_the_first_layer_of_a_dense_network_is_seen_as_images(rng):
    network = networks.dnn()
    images = explain.first_weights(network)
    dense = next(layer for layer in network.layers if layer.weights)
    assert images.shape == (512, 48, 48)
    assert np.array_equal(images[3].ravel(), np.asarray(dense.kernel)[:, 3])
    assert explain.first_weights(slim()) is None


def residual():
    """A network with a residual block, strides, a depthwise convolution, no biases."""
    layers = keras.layers
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = rescaling()(inputs)
    first = layers.Conv2D(4, (4, 3), padding="same", use_bias=False)(scaled)
    block = layers.DepthwiseConv2D(3, padding="same", activation="relu")(first)
    block = layers.Conv2D(4, 3, padding="same")(block)
    last = layers.Conv2D(6, 3, strides=2, activation="relu")
    outputs = layers.Dense(7)(layers.Flatten()(last(layers.add([first, block]))))
    return keras.Model(inputs, outputs)


def plainly_ascended(network, layer, steps, seed):
    """The definition: each filter alone, the whole layer worked out, nothing traced."""
    own = layer.get_config() | {"activation": "linear"}
    linear = type(layer).from_config(own)
    sums = linear(layer.input)
    linear.set_weights(layer.get_weights())
    climbed = layer.activation(sums) + ascent.LEAK * sums
    model = keras.Model(networks.rescaling(network).output, climbed)
    noise = np.random.default_rng(seed).uniform(
        -0.3, 0.3, (layer.filters, *networks.FACE_SHAPE)
    )
    found = []
    for number, image in enumerate(noise.astype(np.float32)[:, None]):
        for _ in range(steps):
            slope = backend.gradient(
                lambda x, n=number: keras.ops.mean(model(x)[..., n], axis=(1, 2)), image
            )
            size = np.sqrt(np.mean(np.square(slope)))
            move = np.asarray(slope) / size if size else 0
            image = np.clip(image + ascent.ASCENT_STEP * move, -1, 1)
        found.append(127.5 * (image[0, ..., 0] + 1))
    return np.array(found)


@pytest.mark.parametrize(
    ("build", "number"),
    [(slim, 0), (slim, 1), (residual, 0), (residual, 1), (residual, 2)],
)
def test_ascent_equals_its_plain_definition(build, number):
    network = build()
    layer = explain.convolutions(network)[number]
    images, *_ = explain.ascend(network, layer, steps=2, seed=7)
    plain = plainly_ascended(network, layer, steps=2, seed=7)
    assert np.allclose(images, plain, rtol=0, atol=1e-4)


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


def test_ascent_reaches_what_its_plain_definition_reaches():
    network = residual()
    layer = explain.convolutions(network)[2]
    _, _, reached = explain.ascend(network, layer, steps=30)
    images = plainly_ascended(network, layer, steps=30, seed=0)
    own = fast.own_filter(network, layer, range(layer.filters))(
        images[..., None] / 127.5 - 1
    )
    assert np.allclose(reached, own, rtol=0.01)


@pytest.mark.parametrize("shape", [(5, 5), (4, 3), (1, 2)])
def test_the_quick_gradient_of_a_convolution_is_its_gradient(shape, rng):
    kernel = rng.normal(size=(*shape, 1, 6)).astype(np.float32)
    images = rng.normal(size=(2, 9, 8, 1)).astype(np.float32)
    weights = rng.normal(size=(2, 9, 8, 6)).astype(np.float32)
    plain, quick = (
        backend.gradient(
            lambda x, c=convolve: keras.ops.sum(c(x) * weights, axis=(1, 2, 3)), images
        )
        for convolve in (
            lambda x: keras.ops.conv(x, kernel, padding="same"),
            lambda x: fast.convolution_of_one_channel()(x, kernel),
        )
    )
    assert np.allclose(quick, plain, atol=1e-4)


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


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_filters_own_response_is_that_of_the_whole_layer(number):
    network = slim()
    layer = explain.convolutions(network)[number]
    images, _, responses = explain.ascend(network, layer, steps=2)
    model = keras.Model(networks.rescaling(network).output, layer.output)
    whole = model.predict_on_batch((images[..., None] / 127.5 - 1).astype(np.float32))
    own = np.diagonal(whole.mean(axis=(1, 2)))
    assert np.allclose(responses, own, atol=1e-5)


def test_ascent_is_the_same_for_the_same_seed():
    network = slim()
    layer = explain.convolutions(network)[0]
    first, second = (explain.ascend(network, layer, 3, seed=5)[0] for _ in range(2))
    other = explain.ascend(network, layer, 3, seed=6)[0]
    assert (first == second).all()
    assert (first != other).any()


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
