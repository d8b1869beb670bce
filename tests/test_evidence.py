"""Where maps lie in a face, how much a mask keeps, and which places move a filter."""

import keras
import numpy as np
import pytest
from small_networks import features_and_weights, tiny

from fer import data, explain, models
from fer.data import sample
from fer.explain import patches, regions
from fer.report import figures, wording


@pytest.mark.parametrize("method", explain.METHODS)
def test_the_mask_keeps_5_to_15_percent_of_nearly_every_face(
    method, trained, drawn_csv
):
    model = models.load(trained / "cnn.keras")
    images = model.validation(data.load(drawn_csv)).images[:4]
    classes = model.predict(images).argmax(axis=1)
    heat = explain.heat_of(method, model.network, images, classes)
    kept = (heat > 0.6).mean(axis=(1, 2))
    assert ((kept >= 0.05) & (kept <= 0.15)).mean() >= 0.95


def test_the_regions_of_the_samples_validation_faces_are_known(monkeypatch):
    drawn = sample._faces(sum(sample.ROWS.values()), 0)
    monkeypatch.setattr(sample, "_faces", lambda count, seed: drawn)
    held = drawn[1][256:536]
    known = sample.regions_of(held)
    every = sample.regions(sum(sample.ROWS.values()))
    assert all((known[name] == every[name][256:536]).all() for name in every)
    assert sample.regions_of(held[:9]) is None
    assert sample.regions_of(held[::-1]) is None


def test_a_moved_face_is_off_by_how_far_it_was_moved(rng):
    _, [face] = sample.faces(1, seed=3)
    images = np.repeat(face[None], 40, axis=0)
    images[7] = np.roll(face, (3, -2), (0, 1))
    off = regions.offsets(images)
    assert off[7].tolist() == [3, -2]
    assert (off[8:] == 0).all()


def test_the_courseworks_claim_is_computed():
    even, much = np.array([0.9, 1.0, 1.1]), np.array([1.4, 1.5, 1.6])
    found = {"eyes": much, "mouth": much, "cheeks": much, "nose": even}
    null = dict.fromkeys(found, 1.0) | {"mouth": 2.0}
    assert "this holds for these maps" in wording.evidence(found, null)
    said = wording.evidence(found | {"cheeks": even}, null)
    assert "has less than they in eyes." in said
    assert "this holds for the eyes and mouth alone" in said
    assert "eyes 1.50, mouth 1.50 and cheeks 1.00" in said
    refuted = dict.fromkeys(found, even) | {"nose": much}
    said = wording.evidence(refuted, null)
    assert "these maps refute it" in said and "in none of these" in said
    assert "The densest part is the nose, 1.50." in said


def test_the_strongest_patches_of_one_pixel_filters_are_the_brightest_pixels(rng):
    network = features_and_weights(np.array([1.0, -1.0]), np.zeros((48, 48, 2, 7)))
    images = rng.integers(1, 255, (20, 48, 48), dtype=np.uint8)
    images[4, 5, 6], images[11, 40, 47] = 255, 0
    layer = network.get_layer("features")
    found = explain.strongest(network, layer, images)
    assert found.shape == (2, patches.SHOWN, 1, 1)
    assert found[0, 0] == 255 and found[1, 0] == 0
    assert (np.diff(found[0].ravel().astype(int)) <= 0).all()


def test_a_patch_is_what_one_place_of_the_layer_sees():
    network = tiny()
    [layer] = explain.convolutions(network)
    assert patches.seen(network, layer) == 5
    deeper = keras.layers.Conv2D(2, 3)
    pooled = keras.layers.MaxPooling2D(2)(layer.output)
    network = keras.Model(network.inputs, deeper(pooled))
    assert patches.seen(network, deeper) == 5 + 1 + 2 * 2


def test_a_mosaic_holds_the_patches_in_rows_of_three():
    given = np.arange(9, dtype=np.uint8)[None, :, None, None]
    [mosaic] = figures.mosaics(given)
    assert mosaic.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert figures.mosaics(given[:, :2]).shape == (1, 3, 3)
