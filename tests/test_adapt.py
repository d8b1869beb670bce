"""A Keras model of any program predicts, explains and draws as one of the suite."""

import keras
import numpy as np
import pytest
from keras import layers
from model_files import chain

import confusion
from fer import BadInput, explain, models, networks
from fer.models import adapt, archive

FACES = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
HEAD = 7


def ending(*before, activation="softmax"):
    """Layers from features to the classes."""
    return [*before, layers.Flatten(), layers.Dense(HEAD, activation=activation)]


def sequential():
    body = ending(layers.Conv2D(2, 5, strides=4, activation="relu"))
    return keras.Sequential([keras.Input((48, 48, 1)), *body])


def rescaled():
    body = ending(layers.Conv2D(2, 5, strides=4, activation="relu"))
    return keras.Sequential(
        [keras.Input((48, 48, 1)), layers.Rescaling(1 / 255), *body]
    )


def nested_with_logits():
    """Networks in networks, of layers with the same names, of integer pixels."""
    inner = keras.Input((24, 24, 2))
    twice = layers.Conv2D(2, 3, padding="same", name="conv")
    block = keras.Model(inner, layers.Add()([twice(twice(inner)), inner]), name="block")
    first = keras.Sequential(
        [
            keras.Input((48, 48, 1), dtype="uint8"),
            layers.RandomFlip("horizontal"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(2, 3, (2, 2), "same", name="conv"),
        ],
        name="first-layers",
    )
    faces = keras.Input((48, 48, 1), dtype="uint8")
    outer = keras.Sequential(ending(layers.MaxPooling2D(3), activation=None))
    return keras.Model(faces, outer(block(first(faces))))


def coloured():
    faces = keras.Input((24, 24, 3))
    scaled = faces / 127.5 - 1.0
    grouped = layers.Conv2D(3, 3, groups=3, dilation_rate=2)(scaled)
    normed = layers.LayerNormalization()(layers.MaxPooling2D(8)(grouped))
    told = layers.Dense(HEAD)(layers.GlobalAveragePooling2D()(normed))
    return keras.Model(faces, layers.Activation("softmax")(told))


def normalised():
    norm = layers.Normalization(axis=None)
    norm.adapt(FACES / 255.0)
    return keras.Sequential(
        [keras.Input((48, 48)), norm, *ending(layers.Reshape((2304,)))]
    )


def flat():
    return keras.Sequential(
        [keras.Input((2304,)), layers.Dense(HEAD, activation="softmax")]
    )


def grey(faces):
    return faces[..., None]


def in_colour(faces):
    larger = keras.ops.image.resize(faces[..., None].astype("float32"), (24, 24))
    return np.repeat(larger, 3, axis=-1)


EXPECTED = {
    sequential: ("-1..1", lambda faces: faces[..., None] / 127.5 - 1),
    rescaled: (None, grey),
    nested_with_logits: (None, grey),
    coloured: ("0..255", in_colour),
    normalised: (None, lambda faces: faces / 255),
    flat: ("0..1", lambda faces: faces.reshape(-1, 2304) / 255),
}


def plainly(build):
    """The network, and what it makes of the faces when asked as its maker would."""
    network = build()
    told = network.predict_on_batch(EXPECTED[build][1](FACES))
    if build is nested_with_logits:
        told = np.exp(told) / np.exp(told).sum(1, keepdims=True)
    return network, told


@pytest.mark.parametrize("build", EXPECTED)
def test_a_model_of_any_program_predicts_and_is_explained(build, tmp_path):
    network, told = plainly(build)
    network.save(tmp_path / "m.keras")
    model = models.load_any(tmp_path / "m.keras", EXPECTED[build][0])
    assert model.card is None and model.classes == networks.CLASSES
    assert np.allclose(model.predict(FACES), told, atol=1e-5)
    score = explain.logits(model.network)
    logits = np.asarray(score(grey(FACES).astype(np.float32)))
    assert np.allclose(
        np.exp(logits) / np.exp(logits).sum(1, keepdims=True), told, atol=1e-5
    )
    maps = explain.gradient.maps(model.network, FACES, [0, 1, 2])
    assert np.isfinite(maps).all() and maps.any(axis=(1, 2)).all()
    smooth = explain.METHODS["smoothgrad"](model.network, FACES, [0, 1, 2], samples=2)
    assert np.isfinite(smooth).all() and smooth.any(axis=(1, 2)).all()
    for layer in explain.convolutions(model.network):
        images, _, reached = explain.ascend(model.network, layer, steps=2)
        assert images.shape == (layer.filters, 48, 48)
        assert 0 <= images.min() < images.max() <= 255
        answers = explain.responses(model.network, layer, FACES[0])
        assert len(answers) == len(reached) == layer.filters


@pytest.mark.parametrize("method", ["integrated", "gradcam", "hirescam", "occlusion"])
def test_every_method_explains_a_model_of_any_program(method):
    network = adapt.adapted(coloured(), "m.keras", "0..255")
    [found] = explain.METHODS[method](network, FACES[:1], [3])
    assert np.isfinite(found).all() and found.any()


def saved(network, path):
    network.save(path)
    return path


def refusal(path, *asked):
    with pytest.raises(BadInput) as caught:
        models.load_any(path, *asked)
    said = str(caught.value)
    assert str(path) in said and "\n" not in said and len(said) < 400
    return said


def test_a_model_that_does_not_tell_its_pixels_asks_for_them(tmp_path):
    path = saved(sequential(), tmp_path / "m.keras")
    assert "name them by --pixels, as 0..255, 0..1, -1..1" in refusal(path)


@pytest.mark.parametrize(
    ("first", "pixels"),
    [
        (lambda: layers.Rescaling(1 / 127.5, -1), "0..255"),
        (lambda: layers.Rescaling(2, -1), "0..1"),
        (lambda: layers.Rescaling(1), None),
        (lambda: layers.Normalization(mean=129.0, variance=65.0**2), "0..255"),
        (lambda: layers.Normalization(mean=0.5, variance=0.06), "0..1"),
        (lambda: layers.Normalization(mean=0.02, variance=0.25), "-1..1"),
        (lambda: layers.Normalization(mean=-7.0, variance=9.0), None),
        (lambda: layers.Flatten(), None),
    ],
)
def test_the_pixels_that_a_model_expects_are_read_from_its_first_layers(first, pixels):
    faces = keras.Input((48, 48, 1))
    augmented = layers.RandomFlip("horizontal")(layers.Resizing(24, 24)(faces))
    assert adapt.expects(keras.Model(faces, first()(augmented))) == pixels


def test_outputs_in_another_order_come_in_that_of_fer2013(tmp_path):
    order = sorted(networks.CLASSES)
    for build, asked in ((sequential, "-1..1"), (nested_with_logits, "0..255")):
        network, told = plainly(build)
        path = saved(network, tmp_path / "m.keras")
        model = models.load_any(path, asked, order)
        assert model.classes == networks.CLASSES
        found = model.predict(FACES)
        for column, name in enumerate(networks.CLASSES):
            assert np.allclose(found[:, column], told[:, order.index(name)], atol=1e-5)
        maps = explain.gradient.maps(
            model.network, FACES[:1], [networks.CLASSES.index("sad")]
        )
        as_it_was = explain.gradient.maps(
            models.load_any(path, asked).network, FACES[:1], [order.index("sad")]
        )
        assert np.allclose(maps, as_it_was, atol=1e-4 * np.abs(maps).max())


def test_other_classes_are_named_or_asked_for(tmp_path):
    network = chain(keras.Input((48, 48, 1)), layers.Flatten(), layers.Dense(3))
    path = saved(network, tmp_path / "m.keras")
    assert "tells 3 classes apart, not 7: name them by --outputs" in refusal(
        path, "0..1"
    )
    model = models.load_any(path, "0..1", ("Shy", "sad", "Happiness"))
    assert model.classes == ("Shy", "sad", "happy") and model.predict(FACES).shape == (
        3,
        3,
    )
    assert explain.gradient.maps(model.network, FACES, [0, 1, 2]).any()


@pytest.mark.parametrize(
    ("shape", "outputs"),
    [((48, 40, 1), 7), ((48, 48, 2), 7), ((99,), 7), ((48, 48), 1)],
)
def test_what_maps_no_face_to_classes_is_refused(shape, outputs, tmp_path):
    network = chain(keras.Input(shape), layers.Flatten(), layers.Dense(outputs))
    path = saved(network, tmp_path / "m.keras")
    assert "this suite takes networks that map one square face" in refusal(path, "0..1")


def test_a_network_of_several_inputs_or_outputs_is_refused(tmp_path):
    faces = keras.Input((48, 48, 1))
    flat = layers.Flatten()(faces)
    told = [layers.Dense(7)(flat), layers.Dense(7)(flat)]
    path = saved(keras.Model(faces, told), tmp_path / "m.keras")
    assert "map one square face" in refusal(path, "0..1")
    both = layers.Add()([told[0], other := keras.Input((7,))])
    path = saved(keras.Model([faces, other], both), tmp_path / "m.keras")
    assert "map one square face" in refusal(path, "0..1")


def test_a_network_that_fills_the_memory_with_one_face_is_refused(tmp_path):
    many = layers.Conv2D(60_000, 1, kernel_initializer="zeros", use_bias=False)
    parts = many, layers.GlobalAveragePooling2D(), layers.Dense(7)
    path = saved(chain(keras.Input((48, 48, 1)), *parts), tmp_path / "m.keras")
    assert "would need gigabytes" in refusal(path, "0..1")


def test_wide_networks_look_at_fewer_faces_at_a_time():
    faces = keras.Input((48, 48, 1))
    wide = [layers.Conv2D(220, 1)(faces) for _ in range(7)]
    network = keras.Model(faces, layers.GlobalMaxPooling2D()(layers.Add()(wide)))
    assert networks.numbers(network) > 8 * 220 * 48 * 48
    assert networks.together(network, 512) * networks.numbers(network) <= 1 << 28
    assert networks.together(networks.cnn(), 512) == 512
    again = layers.Conv2D(1, 1)
    twice = keras.Model(faces, again(again(faces)))
    assert networks.numbers(twice) == 3 * 48 * 48


def test_outputs_and_numbers_of_the_data_may_go_by_different_orders(
    call, tmp_path, monkeypatch, capsys
):
    dark = layers.Dense(3, kernel_initializer="zeros")
    network = chain(keras.Input((48, 48, 1)), layers.AveragePooling2D(48), dark)
    network = chain(network.input, lambda _: layers.Flatten()(network.output))
    dark.set_weights([np.array([[0, 1, -1]]), np.array([0.6, 0, 0.9])])
    saved(network, tmp_path / "m.keras")
    # The model's outputs are for middling faces, for light ones and for dark ones.
    np.save(tmp_path / "x.npy", np.full((3, 48, 48), [[[128]], [[255]], [[0]]], "u1"))
    np.save(tmp_path / "y.npy", [2, 0, 1])
    monkeypatch.chdir(tmp_path)
    words = ["--data", "x.npy", "y.npy", "--classes", "happy", "sad", "calm"]
    words += ["--model", "m.keras", "--outputs", "calm", "happy", "sadness"]
    call(confusion, *words, "--pixels", "0..1", "--unseen")
    assert "accuracy 1.0000" in capsys.readouterr().out


@pytest.mark.parametrize(
    "layer",
    [
        *(layers.AugMix, layers.RandAugment, layers.RandomElasticTransform),
        layers.ContrastLimitedAdaptiveHistogramEqualization,
    ],
)
def test_layers_that_augment_carry_no_code(layer, tmp_path):
    network = chain(keras.Input((48, 48, 1)), layer(), *ending())
    archive.inspect(saved(network, tmp_path / "m.keras"))
