"""Which networks are no models of the suite, and which files are no cards."""

import json

import pytest
from model_files import CARD, chain, copied, refusal, rescaling, tiny, with_card

from fer import models


def test_a_model_of_other_faces_or_classes_is_refused(tmp_path):
    for side, classes in ((32, 7), (48, 5)):
        path = tmp_path / f"m{side}.keras"
        models.save(tiny(side, classes), CARD, path)
        assert f"(None, {side}, {side}, 1) to (None, {classes})" in refusal(path)


@pytest.mark.parametrize(
    "kinds",
    [
        "Flatten Dense",
        "Otherwise Flatten Dense",
        "MaxPooling2D Rescaling Flatten Dense",
        "Rescaling Conv2D GlobalAveragePooling2D",
        "Rescaling Flatten Unbiased",
        "Rescaling Flatten Linear",
        "Rescaling Dilated Flatten Dense",
        "Rescaling Conv2D Grouped Flatten Dense",
        "Rescaling Aslant Flatten Dense",
        "Rescaling Askew Flatten Dense",
        "Rescaling Aside Flatten Dense",
    ],
)
def test_a_network_that_could_not_be_explained_is_refused(kinds, tmp_path):
    from keras import Input, layers

    known = {
        "Rescaling": rescaling,
        "Otherwise": lambda: layers.Rescaling(1 / 255),
        "MaxPooling2D": layers.MaxPooling2D,
        "Flatten": layers.Flatten,
        "GlobalAveragePooling2D": layers.GlobalAveragePooling2D,
        "Conv2D": lambda: layers.Conv2D(7, 1),
        "Dilated": lambda: layers.Conv2D(1, 3, dilation_rate=2),
        "Aslant": lambda: layers.Conv2D(1, 3, strides=(1, 2)),
        "Askew": lambda: layers.DepthwiseConv2D(3, strides=(1, 2)),
        "Aside": lambda: layers.Conv2D(8, 1, data_format="channels_first"),
        "Grouped": lambda: layers.Conv2D(7, 1, groups=7),
        "Dense": lambda: layers.Dense(7, activation="softmax"),
        "Unbiased": lambda: layers.Dense(7, activation="softmax", use_bias=False),
        "Linear": lambda: layers.Dense(7),
    }
    network = chain(Input((48, 48, 1)), *(known[kind]() for kind in kinds.split()))
    models.save(network, CARD, tmp_path / "m.keras")
    assert "no network of this suite" in refusal(tmp_path / "m.keras")


@pytest.mark.parametrize("before", [[], ["Conv2D", "MaxPooling2D"]])
def test_a_layer_that_fills_the_memory_is_refused(before, tmp_path):
    from keras import Input, layers

    known = {
        "Conv2D": lambda: layers.Conv2D(200, 1),
        "MaxPooling2D": lambda: layers.MaxPooling2D(48),
    }
    many = layers.Conv2D(20_000, 1, kernel_initializer="zeros")
    ending = layers.GlobalAveragePooling2D(), layers.Dense(7, activation="softmax")
    parts = (
        rescaling(),
        *(known[kind]() for kind in before),
        many,
        *ending,
    )
    models.save(chain(Input((48, 48, 1)), *parts), CARD, tmp_path / "m.keras")
    assert "would need gigabytes" in refusal(tmp_path / "m.keras")


def test_a_layer_used_twice_is_refused(tmp_path):
    from keras import Input, layers

    twice = layers.Conv2D(1, 3, padding="same")
    rest = layers.Flatten(), layers.Dense(7, activation="softmax")
    network = chain(Input((48, 48, 1)), rescaling(), twice, twice, *rest)
    models.save(network, CARD, tmp_path / "m.keras")
    assert "use each layer once" in refusal(tmp_path / "m.keras")


def test_a_way_round_the_rescaling_is_refused(tmp_path):
    import keras
    from keras import layers

    faces = keras.Input((48, 48, 1))
    both = layers.Add()([rescaling()(faces), layers.ReLU()(faces)])
    told = layers.Dense(7, activation="softmax")(layers.Flatten()(both))
    network = keras.Model(faces, told)
    models.save(network, CARD, tmp_path / "m.keras")
    assert "read the pixels once" in refusal(tmp_path / "m.keras")


def test_a_network_within_a_network_is_refused(tmp_path):
    from keras import Input, layers

    inner = chain(Input((48, 48, 1)), layers.Conv2D(1, 3, dilation_rate=2))
    rest = layers.Flatten(), layers.Dense(7, activation="softmax")
    network = chain(Input((48, 48, 1)), rescaling(), inner, *rest)
    models.save(network, CARD, tmp_path / "m.keras")
    assert "has another in it" in refusal(tmp_path / "m.keras")


@pytest.fixture
def copy(good, tmp_path):
    """A copy of the good model, with its card."""
    return copied(good, tmp_path / good.name)


def test_a_model_needs_its_own_card(copy):
    card = copy.with_suffix(".json")
    with_card(copy, sha256="0" * 64)
    assert "is not the card of" in refusal(copy)
    card.unlink()
    assert "needs its card" in refusal(copy)
    card.mkdir()
    assert "needs its card" in refusal(copy)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "[" * 10**5, "\0", "{}"])
def test_a_card_of_something_else_is_refused(copy, text):
    copy.with_suffix(".json").write_text(text)
    assert "is no card of this suite" in refusal(copy)


@pytest.mark.parametrize("lost", CARD)
def test_a_card_that_lacks_a_field_is_refused(copy, lost):
    card = json.loads(copy.with_suffix(".json").read_text())
    del card[lost]
    copy.with_suffix(".json").write_text(json.dumps(card))
    assert lost in refusal(copy)


@pytest.mark.parametrize(
    "change",
    [
        *({"classes": None}, {"classes": [1, 2]}, {"classes": ["a"]}, {"network": 1}),
        *({"options": []}, {"options": {}}, {"data": {"digest": "0"}}),
        *({"parameters": "1"}, {"validation": 1}, {"sha256": 1}),
        *({"options": CARD["options"] | {"epochs": value}} for value in ("1", 1.5)),
        *({"options": CARD["options"] | {"seed": value}} for value in ("0", -1)),
        {"data": CARD["data"] | {"digest": 0}},
        {"data": CARD["data"] | {"validation digest": 0}},
        {"data": CARD["data"] | {"file": 0}},
    ],
)
def test_a_card_whose_field_is_off_is_refused(copy, change):
    assert "is no card of this suite" in refusal(with_card(copy, **change))
