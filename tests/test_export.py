"""What other runtimes make of an exported model is what this suite makes of it."""

import importlib.util
import os
from pathlib import Path

import keras
import numpy as np
import pytest
from by_command import ROOT
from small_networks import tiny

import export
from fer import BadInput, augment, data, models
from fer.models.export import FORMATS, graph, must_be_possible, write
from fer.models.saved import Model

CARD = {"temperature": [0.5, -0.4, 0.2]}


@pytest.fixture(scope="module")
def model():
    return Model(tiny(), CARD, ("a", "b", "c", "d", "e", "f", "g"))


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (5, 12, 12), np.uint8)
    return small.repeat(4, axis=1).repeat(4, axis=2)


def on_onnx(path, faces):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return session.run(None, {session.get_inputs()[0].name: faces})[0]


def on_litert(path, faces):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    [put], [got] = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(put["index"], faces.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(put["index"], faces)
    interpreter.invoke()
    return interpreter.get_tensor(got["index"])


def on_openvino(path, faces):
    import openvino

    return openvino.Core().compile_model(str(path), "CPU")([faces])[0]


def on_saved_model(path, faces):
    return keras.layers.TFSMLayer(path, call_endpoint="serve")(faces)


RUNTIMES = {
    "onnx": (on_onnx, "onnxruntime"),
    "litert": (on_litert, "ai_edge_litert"),
    "litert_int8": (on_litert, "ai_edge_litert"),
    "openvino": (on_openvino, "openvino"),
    "saved_model": (on_saved_model, "tensorflow"),
}


EXACT = [name for name in FORMATS if name != "litert_int8"]


@pytest.mark.parametrize("to", EXACT)
def test_each_runtime_makes_the_same_probabilities(model, faces, tmp_path, to):
    run, package = RUNTIMES[to]
    for name in (package, *FORMATS[to][1]):
        pytest.importorskip(name)
    out = tmp_path / f"m{FORMATS[to][0]}"
    write(graph(model, mirror=True, turn=True), to, out)
    wanted = models.probabilities([model], faces, mirror=True, turn=True)
    for rows in (faces, faces[:2]):
        told = np.asarray(run(out, rows[..., None]))
        assert np.abs(told - wanted[: len(rows)]).max() < 1e-4
    assert {path.stem for path in tmp_path.iterdir()} == {"m"}


@pytest.mark.skipif("FER_DATA" not in os.environ, reason="FER_DATA names no folder")
def test_weights_of_8_bits_cost_little_accuracy(tmp_path):
    pytest.importorskip("ai_edge_litert")
    loaded = models.load(ROOT / "models/fer2013/compact_60k.keras")
    held = loaded.validation(data.load(Path(os.environ["FER_DATA"]) / "fer2013.csv.gz"))
    whole, packed = (tmp_path / name for name in ("whole.tflite", "packed.tflite"))
    write(graph(loaded), "litert", whole)
    write(graph(loaded), "litert_int8", packed)
    assert packed.stat().st_size < 0.6 * whole.stat().st_size
    right = (on_litert(packed, held.images[..., None]).argmax(1) == held.labels).mean()
    assert loaded.card["scores"]["one pass"]["accuracy"] - right < 0.003


def test_the_turned_view_in_a_graph_is_that_of_predictions(faces):
    from fer.models.export import _turned

    inputs = keras.Input((48, 48, 1), dtype="uint8")
    inside = keras.Model(inputs, _turned(inputs, 8)).predict_on_batch(faces[..., None])
    apart = augment.turned(faces[..., None], 8)
    assert np.abs(inside.astype(int) - apart).max() <= 1
    assert (inside != apart).mean() < 0.01


def test_a_model_is_exported_by_its_script(call, good, tmp_path, capsys):
    out = tmp_path / "m"
    call(export, "--model", good, "--to", "saved_model", "--out", out)
    assert "wrote" in capsys.readouterr().out and (out / "saved_model.pb").exists()


@pytest.mark.parametrize(
    ("to", "out", "told"),
    [("litert", "m.onnx", "must end in .tflite"), ("saved_model", "m.x", "no ending")],
)
def test_an_output_of_another_name_is_refused(tmp_path, to, out, told):
    with pytest.raises(BadInput, match=told):
        must_be_possible(to, tmp_path / out)


def test_what_a_format_needs_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="--to openvino needs openvino: pip install"):
        must_be_possible("openvino", tmp_path / "m.xml")
