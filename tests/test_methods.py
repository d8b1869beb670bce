"""Each method of explanation against its closed form."""

import numpy as np
import pytest
from small_networks import OFFSET, SCALE, features_and_weights, linear, tiny

from fer import BadInput, explain, flags, networks, precision
from fer.explain import layers, occlusion, target


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (3, 48, 48), dtype=np.uint8)


@pytest.fixture
def weights(rng):
    return rng.normal(size=(48, 48, 7)).astype(np.float32)


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    monkeypatch.setattr(precision, "fastest", lambda network: "float32")


def test_the_command_line_names_the_methods_that_there_are():
    assert tuple(explain.METHODS) == flags.METHODS


def test_the_best_method_is_one_that_the_network_has():
    assert explain.best(networks.compact_60k()) == "hirescam"
    assert explain.best(networks.dnn()) == "integrated"
    assert not {"hirescam", "integrated"} & {*flags.WEAK}


def test_help_warns_of_the_weak_methods():
    assert flags.WARNING in flags.FLAGS["method"]["help"]
    assert set(flags.WEAK) < set(flags.METHODS)


@pytest.mark.parametrize("method", ["gradient", "smoothgrad"])
def test_the_gradient_of_a_linear_model_is_its_weights(method, images, weights):
    network = linear(weights.reshape(-1, 7))
    maps = explain.METHODS[method](network, images, [2, 0, 2])
    expected = SCALE * weights[..., [2, 0, 2]].transpose(2, 0, 1)
    assert np.allclose(maps, expected, atol=1e-6)


def test_integrated_gradients_of_a_linear_model_are_weights_times_pixels_off_grey(
    images, weights
):
    network = linear(weights.reshape(-1, 7))
    maps = explain.METHODS["integrated"](network, images, [2, 2, 2])
    off_grey = images - images.mean(axis=(1, 2), keepdims=True)
    assert np.allclose(maps, SCALE * weights[..., 2] * off_grey, atol=1e-3)
    total, due = explain.completeness(maps, network, images, [2, 2, 2])
    assert np.allclose(total, due, rtol=1e-3, atol=0.1)


def test_integrated_gradients_add_up_to_the_change_of_the_score(images):
    network = tiny()
    asked = network, images, [0, 1, 2]
    maps = explain.METHODS["integrated"](*asked, against=[3, 3, 3])
    total, due = explain.completeness(maps, *asked, against=[3, 3, 3])
    assert np.abs(due).min() > 0.01
    assert np.allclose(total, due, atol=0.02)


def test_occlusion_of_a_linear_model_is_what_its_patches_weigh(images, weights):
    network = linear(weights.reshape(-1, 7))
    [heat] = explain.METHODS["occlusion"](network, images[:1], [4])
    pixels = SCALE * weights[..., 4] * (images[0] - images[0].mean())
    size, stride = occlusion.PATCH, occlusion.STRIDE
    for y, x in ((0, 0), (20, 31), (47, 24)):
        falls = [
            pixels[top : top + size, left : left + size].sum()
            for top in range(0, 48 - size + 1, stride)
            for left in range(0, 48 - size + 1, stride)
            if top <= y < top + size and left <= x < left + size
        ]
        assert np.isclose(heat[y, x], np.mean(falls), rtol=1e-3, atol=0.05)


@pytest.mark.parametrize("method", ["gradcam", "hirescam"])
def test_class_activation_weighs_features_by_their_gradients(method, images, rng):
    kernel = rng.normal(size=3).astype(np.float32)
    weights = rng.normal(size=(48, 48, 3, 7)).astype(np.float32)
    network = features_and_weights(kernel, weights)
    [heat] = explain.METHODS[method](network, images[:1], [5], layer="features")
    features = (SCALE * images[0][..., None] + OFFSET) * kernel
    slopes = weights[..., 5]
    if method == "gradcam":
        slopes = slopes.mean(axis=(0, 1))
    assert np.allclose(heat, (features * slopes).sum(-1), rtol=1e-3, atol=0.01)


def test_class_activation_takes_the_last_layer_with_places():
    for build, places in ((networks.cnn, 12), (networks.compact_60k, 6)):
        front, _ = layers.cut(build())
        assert front.output_shape[1:3] == (places, places)


@pytest.mark.parametrize("method", ["gradcam", "hirescam"])
def test_class_activation_without_a_convolution_is_refused(method, images):
    with pytest.raises(BadInput, match="no convolution"):
        explain.METHODS[method](networks.dnn(), images, [0, 0, 0])


def test_class_activation_of_a_layer_that_is_not_there_is_refused(images):
    asked = networks.compact_60k(), images[:1], [0]
    with pytest.raises(BadInput, match=r"layer conv9 has no map.*: choose of conv1, "):
        explain.gradcam.maps(*asked, layer="conv9")
    with pytest.raises(BadInput, match=r"layer conv2a has no map.*: choose of conv1, "):
        explain.gradcam.maps(*asked, layer="conv2a")


@pytest.mark.parametrize("method", explain.METHODS)
def test_why_one_class_and_not_another_is_the_difference_of_their_maps(method, images):
    network, explained = tiny(), explain.METHODS[method]
    one, other = (explained(network, images, [label] * 3) for label in (2, 5))
    both = explained(network, images, [2] * 3, against=[5] * 3)
    assert both.dtype == np.float32 and both.shape == images.shape
    assert np.abs(both).max() > 0
    assert np.allclose(both, one - other, atol=1e-3 * np.abs(both).max())


@pytest.mark.parametrize("method", explain.METHODS)
def test_maps_of_many_faces_are_those_of_each(method, images, monkeypatch):
    monkeypatch.setattr(target, "BLOCK", 2)
    network, explained = tiny(), explain.METHODS[method]
    together = explained(network, images, [0, 1, 2])
    for number in range(3):
        [alone] = explained(network, images[[number]], [number])
        assert np.allclose(together[number], alone, atol=1e-3 * np.abs(alone).max())


def test_blocks_are_no_larger_than_asked():
    sizes = []

    def work(one, two):
        sizes.append(len(one))
        return one + two

    done = target.in_blocks(work, np.arange(10), np.arange(10), size=4)
    assert done.tolist() == list(range(0, 20, 2))
    assert sizes == [4, 4, 2]
