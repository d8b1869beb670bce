"""Filters and classes by gradient ascent, against closed forms."""

import keras
import numpy as np
import pytest
from model_files import rescaling
from small_networks import linear, one_convolution, slim

from fer import backend, explain, networks
from fer.explain import ascent, fast


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
