"""Whatever network can be trained can be loaded, scored, explained and resumed."""

import dataclasses

import numpy as np
import pytest
from conftest import RECIPE

from fer import BadInput, explain, models, networks
from fer.models import archive
from fer.training import checkpoint, fit, run


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_each_network_saves_loads_predicts_and_is_explained(name, drawn, tmp_path):
    network = networks.build(name, 5, 0.1)
    network.save(tmp_path / "m.keras")
    archive.inspect(tmp_path / "m.keras")
    loaded = models.load_any(tmp_path / "m.keras", classes=tuple("abcde"))
    told = loaded.predict(drawn.images[:3])
    assert np.allclose(told, models.predict(network, drawn.images[:3]), atol=1e-6)
    maps = explain.gradient.maps(loaded.network, drawn.images[:2], [0, 4])
    assert maps.shape == (2, 48, 48) and np.isfinite(maps).all() and maps.any()


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


def test_a_network_with_other_layers_trains_resumes_loads_and_is_explained(
    drawn, drawn_csv, tmp_path, monkeypatch
):
    monkeypatch.setitem(networks.NETWORKS, "others", with_other_layers)
    recipe = dataclasses.replace(RECIPE, network="others")
    out, write = tmp_path / "m.keras", checkpoint.Checkpoint.write

    def stop(self, network, history, seconds, now):
        write(self, network, history, seconds, True)
        raise fit.Stopped

    with monkeypatch.context() as patch, pytest.raises(fit.Stopped):
        patch.setattr(checkpoint.Checkpoint, "write", stop)
        run.train(recipe, drawn_csv, out)
    run.train(recipe, drawn_csv, out, resume=True)
    model = models.load(out)
    held = model.validation(drawn)
    right = (model.predict(held.images).argmax(1) == held.labels).mean()
    assert right == model.card["scores"]["one pass"]["accuracy"]
    [layer] = explain.pick_layers(model.network, ["1"])
    images, *_ = explain.ascend(model.network, layer, steps=2)
    assert images.shape == (4, 48, 48)
    assert explain.gradient.maps(model.network, held.images[:1], [0]).any()


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
    for name, maps in explain.METHODS.items():
        [found] = maps(network, drawn.images[:1], [3])
        assert np.isfinite(found).all() and found.any(), name
