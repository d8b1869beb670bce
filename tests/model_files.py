"""Small models with cards that fit them, and what models.load says of others."""

import json
import shutil

import pytest

from benchmarks import valid
from fer import BadInput, files, models, networks

CARD = valid.small_card()


def tiny(side=48, classes=7, name="tiny"):
    """A network that a test can afford: one dense layer on a ninth of the pixels."""
    import keras
    from keras import layers

    faces = keras.Input((side, side, 1), dtype="uint8")
    parts = (
        layers.Rescaling(**networks.RESCALING),
        layers.MaxPooling2D(3),
        layers.Flatten(),
    )
    return chain(faces, *parts, layers.Dense(classes, activation="softmax"), name=name)


def rescaling():
    """The layer that every network of the suite begins with."""
    import keras

    return keras.layers.Rescaling(**networks.RESCALING)


def chain(faces, *parts, name="tiny"):
    import keras

    outputs = faces
    for part in parts:
        outputs = part(outputs)
    return keras.Model(faces, outputs, name=name)


def with_card(path, **changes):
    """Lay a card beside the file at `path` that fits it but for `changes`."""
    card = CARD | {"sha256": files.sha256(path)} | changes
    path.with_suffix(".json").write_text(json.dumps(card))
    return path


def copied(path, to):
    """Copy a model, card and digests to the path `to`, which is returned."""
    for suffix in (".keras", ".json"):
        shutil.copy(path.with_suffix(suffix), to.with_suffix(suffix))
    for fitted in path.parent.glob("fitted-*.npy"):
        if fitted.parent != to.parent:
            shutil.copy(fitted, to.parent)
    return to


def refusal(path):
    """What models.load says of the file: one line that names it."""
    with pytest.raises(BadInput) as caught:
        models.load(path)
    said = str(caught.value)
    assert path.stem in said and "\n" not in said and len(said) < 400
    return said


def material_of(source, folder, out):
    """What a report draws on."""
    from fer.report import material

    asked = {"test": None, "out": out, "seed": 0, "most": 24, "command": ""}
    return material.gather(source, folder, **asked)
