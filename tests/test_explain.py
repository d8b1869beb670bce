"""Saliency, masks and ascent against closed forms."""

import keras
import numpy as np
import pytest

from fer import BadInput, explain, gradients, networks


@pytest.fixture
def face(rng):
    return rng.integers(0, 256, (48, 48), dtype=np.uint8)


def linear(weights):
    """A network whose logits are linear in the pixels, by (48 * 48, 7) weights."""
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    flat = keras.layers.Flatten()(keras.layers.Rescaling(0.5, offset=3)(inputs))
    dense = keras.layers.Dense(7, activation="softmax")
    network = keras.Model(inputs, dense(flat))
    dense.set_weights([weights, np.zeros(7)])
    return network


def one_convolution(kernel, bias):
    """A network that begins with one convolution of the given weights."""
    inputs = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    layer = keras.layers.Conv2D(
        len(bias), kernel.shape[0], padding="same", activation="relu"
    )
    network = keras.Model(inputs, layer(scaled))
    layer.set_weights([kernel, bias])
    return network, layer


def test_the_gradient_of_a_sum_of_squares_is_twice_its_input(rng):
    x = rng.normal(size=(3, 5)).astype(np.float32)
    values, slopes = gradients.gradient(
        lambda x: keras.ops.sum(keras.ops.square(x), axis=1), x
    )
    assert np.allclose(values, (x**2).sum(1), atol=1e-5)
    assert np.allclose(slopes, 2 * x)


def test_saliency_of_a_linear_model_is_its_weights(face, rng):
    weights = rng.normal(size=(48 * 48, 7)).astype(np.float32)
    heat = explain.saliency(linear(weights), face[None], [2])[0]
    expected = np.abs(weights[:, 2]).reshape(48, 48)
    assert np.allclose(heat, expected / expected.max(), atol=1e-6)


def test_saliency_of_many_faces_is_that_of_each(rng):
    network = networks.cnn()
    faces = rng.integers(0, 256, (3, 48, 48), dtype=np.uint8)
    together = explain.saliency(network, faces, [0, 1, 2])
    for number in range(3):
        alone = explain.saliency(network, faces[number][None], [number])[0]
        assert np.allclose(together[number], alone, atol=1e-4)


def test_a_constant_gradient_of_zero_gives_a_map_of_zeros(face):
    heat = explain.saliency(linear(np.zeros((48 * 48, 7))), face[None], [0])
    assert (heat == 0).all()


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
    images, responses, dead = explain.ascend(network, layer, steps=90)
    assert np.allclose(images[0], 255, atol=0.1)
    assert np.allclose(images[1], 0, atol=0.1)
    assert np.allclose(responses, [3, 3, 0], atol=1e-4)
    assert dead.tolist() == [False, False, True]


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_filters_own_response_is_that_of_the_whole_layer(number):
    network = networks.cnn()
    layer = explain.convolutions(network)[number]
    images, responses, _ = explain.ascend(network, layer, steps=2)
    model = keras.Model(explain._rescaling(network).output, layer.output)
    whole = model.predict_on_batch((images[..., None] / 127.5 - 1).astype(np.float32))
    own = np.diagonal(whole.mean(axis=(1, 2)))
    assert np.allclose(responses, own, atol=1e-5)


def test_ascent_is_the_same_for_the_same_seed():
    network = networks.cnn()
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


def test_the_first_right_face_of_the_wanted_class_is_picked():
    labels = np.array([0, 2, 2, 2])
    assert explain.first_right(labels, np.array([0, 1, 2, 2]), wanted=2) == 2
    assert explain.first_right(labels, np.array([0, 1, 1, 1]), wanted=2) == 0
    assert explain.first_right(labels, np.array([1, 1, 1, 1]), wanted=2) == 0


def test_layers_are_picked_by_number_or_name():
    network = networks.cnn()
    picked = explain.pick_layers(network, ["1", "conv4"])
    assert [layer.name for layer in picked] == ["conv1", "conv4"]
    with pytest.raises(BadInput, match=r"--layers dense is no convolution.*conv1"):
        explain.pick_layers(network, ["dense"])
    with pytest.raises(BadInput, match="has no convolutions"):
        explain.pick_layers(networks.dnn(), ["1"])
