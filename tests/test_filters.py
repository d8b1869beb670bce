"""filters.py draws what convolutions a model has, or its classes."""

import keras
import pytest
from keras import layers

import filters
from fer import BadInput, explain


def drawn_by_filters(network, call, tmp_path, csv, *words):
    """The names of the pictures that filters.py makes of a network."""
    network.save(tmp_path / "m.keras")
    model = "--model", tmp_path / "m.keras", "--pixels", "0..255", "--unseen"
    call(filters, "--data", csv, *model, "--steps", 1, "--out", tmp_path, *words)
    return {path.name for path in tmp_path.glob("*.png")}


def test_a_model_of_one_convolution_has_its_filters_drawn(call, tmp_path, drawn_csv):
    body = [
        layers.Conv2D(2, 5, strides=4, activation="relu"),
        layers.Flatten(),
        layers.Dense(7, "softmax"),
    ]
    network = keras.Sequential([keras.Input((48, 48, 1)), *body])
    [layer] = explain.convolutions(network)
    names = drawn_by_filters(network, call, tmp_path, drawn_csv)
    assert names == {f"{layer.name}_filters.png", f"{layer.name}_responses.png"}


def test_a_model_without_convolutions_has_its_classes_drawn(call, tmp_path, drawn_csv):
    body = [layers.Reshape((48, 48)), layers.GRU(2), layers.Dense(7, "softmax")]
    asked = (
        keras.Sequential([keras.Input((48, 48, 1)), *body]),
        *(call, tmp_path, drawn_csv),
    )
    with pytest.raises(BadInput, match=r"no convolution.* --class-images draws"):
        drawn_by_filters(*asked)
    assert drawn_by_filters(*asked, "--class-images") == {"classes.png"}


def test_what_weighs_whole_channels_is_no_layer_to_draw():
    faces = keras.Input((48, 48, 1))
    seen = layers.Conv2D(4, 3, name="seen")(faces)
    whole = layers.GlobalAveragePooling2D(keepdims=True)(seen)
    weighed = layers.Multiply()([seen, layers.Conv2D(4, 1, name="weights")(whole)])
    drawn = explain.convolutions(keras.Model(faces, weighed))
    assert [layer.name for layer in drawn] == ["seen"]
