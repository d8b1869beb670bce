"""Whatever network can be trained can be loaded, scored, explained and resumed."""

import dataclasses

import numpy as np
import pytest
from conftest import RECIPE

from fer import BadInput, data, explain, models, networks
from fer.training import checkpoint, fit, run


def with_other_layers(classes, dropout):
    """A small network with layers that no shipped network has."""
    import keras
    from keras import layers

    faces = keras.Input(networks.FACE_SHAPE, dtype="uint8")
    parts = (
        layers.Rescaling(**networks.RESCALING),
        layers.AveragePooling2D(6),
        layers.Conv2D(4, 3, name="conv1"),
        layers.LayerNormalization(),
        layers.Activation("gelu"),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(classes, activation="softmax"),
    )
    outputs = faces
    for part in parts:
        outputs = part(outputs)
    return keras.Model(faces, outputs, name="others")


@pytest.fixture(scope="module")
def few_csv(drawn_csv, tmp_path_factory):
    """16 drawn faces; the last 8 validate."""
    lines = drawn_csv.read_text().splitlines(keepends=True)
    path = tmp_path_factory.mktemp("few") / "faces.csv"
    path.write_text("".join([lines[0], *lines[1:9], *lines[-8:]]))
    return path


@pytest.mark.parametrize("name", [*networks.NETWORKS, "others"])
def test_each_network_trains_resumes_loads_scores_and_is_explained(
    name, few_csv, tmp_path, monkeypatch, eager
):
    monkeypatch.setitem(networks.NETWORKS, "others", with_other_layers)
    recipe = dataclasses.replace(RECIPE, network=name)
    out, write = tmp_path / "m.keras", checkpoint.Checkpoint.write

    def stop(self, network, history, seconds, now):
        write(self, network, history, seconds, True)
        raise fit.Stopped

    with monkeypatch.context() as patch, pytest.raises(fit.Stopped):
        patch.setattr(checkpoint.Checkpoint, "write", stop)
        run.train(recipe, few_csv, out)
    run.train(recipe, few_csv, out, resume=True)
    model = models.load(out)
    held = model.validation(data.load(few_csv))
    right = (model.predict(held.images).argmax(1) == held.labels).mean()
    assert right == model.card["scores"]["one pass"]["accuracy"]
    maps = explain.gradient.maps(model.network, held.images[:2], [0, 4])
    assert maps.shape == (2, 48, 48) and np.isfinite(maps).all() and maps.any()


def test_a_network_that_could_not_be_loaded_is_refused_before_its_first_epoch(
    drawn_csv, tmp_path, monkeypatch
):
    import keras

    def with_code(classes, dropout):
        network = with_other_layers(classes, dropout)
        shown = keras.layers.Lambda(lambda x: x)(network.output)
        return keras.Model(network.input, shown, name="others")

    monkeypatch.setitem(networks.NETWORKS, "others", with_code)
    monkeypatch.delattr(fit, "fit")
    recipe = dataclasses.replace(RECIPE, network="others")
    with pytest.raises(BadInput, match="the network others could not be loaded"):
        run.train(recipe, drawn_csv, tmp_path / "m.keras")


def test_every_method_explains_a_network_with_other_layers(drawn):
    network = with_other_layers(7, 0.3)
    [layer] = explain.pick_layers(network, ["1"])
    images, *_ = explain.ascend(network, layer, steps=2)
    assert images.shape == (4, 48, 48)
    for name, maps in explain.METHODS.items():
        [found] = maps(network, drawn.images[:1], [3])
        assert np.isfinite(found).all() and found.any(), name
