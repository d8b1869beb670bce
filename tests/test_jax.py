"""What TensorFlow does, JAX does, too."""

import json

import keras
import numpy as np
import pytest
from by_command import ROOT, python
from conftest import once
from small_networks import slim

from fer import explain, models, precision

# Compiled so, a network takes half the time until its first step.
QUICKLY = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}


def on_jax(*words, folder):
    """Run `python words...` in `folder` as if TensorFlow were not installed."""
    (folder / "tensorflow.py").write_text("raise ImportError")
    variables = QUICKLY | {
        "KERAS_BACKEND": "jax",
        "PYTHONPATH": f"{folder}:{ROOT}:{ROOT}/tests",
    }
    done = python(*map(str, words), folder=folder, **variables)
    assert done.returncode == 0, done.stderr


def test_a_network_learns_on_jax_from_a_teacher_that_tensorflow_made(
    teacher, drawn, drawn_csv, tmp_path
):
    words = ("--csv", drawn_csv, "--network", "compact_60k", "--epochs", 1)
    words += ("--optimizer", "muon", "--augment", "strong", "--precision", "float32")
    words += ("--teachers", teacher, "--views", 2, "--out", "m.keras")
    on_jax(ROOT / "train_cnn.py", *words, folder=tmp_path)
    card = json.loads((tmp_path / "m.json").read_text())
    assert set(card["versions"]) == {"python", "keras", "jax", "numpy"}
    assert card["recipe"]["share"] == 1.0
    assert card["command"].startswith("KERAS_BACKEND=jax python train_cnn.py --data")
    assert teacher.with_suffix(".answers.npz").exists()
    model = models.load(tmp_path / "m.keras")
    held = model.validation(drawn)
    right = (model.predict(held.images).argmax(1) == held.labels).mean()
    assert abs(right - card["scores"]["one pass"]["accuracy"]) < 1.5 / len(held)


ONE_CALL = """
import keras, numpy
from fer import networks
from fer.data import Faces
from fer.training import distillation, epochs, fit
from fer.training.recipe import Recipe
from small_networks import residual
networks.NETWORKS["residual"] = residual
with numpy.load("faces.npz") as file:
    faces = Faces(file["images"], file["labels"])
places = distillation.places(faces.images)
said = {}
for augment in ("mixup", "mirror"):
    recipe = Recipe("residual", 2, 32, augment=augment, optimizer="muon").resolved()
    network = networks.build("residual")
    views = [epochs.view_of(view, places, augment) for view in (0, 1)]
    images = faces.images[..., None]
    asked = [
        [ask(network, images)(view) for view in views]
        for ask in (distillation._by_batches, distillation._in_one_call)
    ]
    assert numpy.allclose(*asked, atol=1e-5)
    lesson = fit.lesson_of(faces, recipe, numpy.float16(asked[0]))
    for how in (epochs.step_by_step, epochs.in_one_call):
        keras.utils.set_random_seed(0)
        network = networks.build("residual")
        fit.compile_network(network, recipe, len(faces))
        network.test_on_batch(lesson.images[:1], lesson.labels[:1])
        train = how(network, recipe, lesson)
        rows = [train(0), train(1), fit.evaluate(network, faces)]
        said[f"{augment} {how.__name__}"] = [list(row.values()) for row in rows]
numpy.savez("said.npz", **said)
"""


MAPS = """
from fer import explain, precision
precision.fastest = lambda network: "float32"
network, images = keras.saving.load_model("slim.keras"), faces.images[:3]
few = {"smoothgrad": {"samples": 4}, "integrated": {"steps": 4}}
maps = {
    name: work(network, images, range(3), **few.get(name, {}))
    for name, work in explain.METHODS.items()
}
[layer, *_] = explain.pick_layers(network, ["2"])
climbed, *_ = explain.ascend(network, layer, steps=3)
numpy.savez("maps.npz", climbed=climbed, **maps)
"""


@pytest.fixture(scope="session")
def of_jax(drawn, tmp_path_factory):
    """A folder of what both save where JAX computes, in one process: it starts slowly.

    slim.keras there is the network that is explained.
    """

    def play(folder):
        np.savez(
            folder / "faces.npz", images=drawn.images[:72], labels=drawn.labels[:72]
        )
        slim().save(folder / "slim.keras")
        (folder / "asked.py").write_text(ONE_CALL + MAPS)
        on_jax("asked.py", folder=folder)

    return once(tmp_path_factory, "of_jax", play)


def test_an_epoch_in_one_call_is_the_epoch_step_by_step(of_jax):
    with np.load(of_jax / "said.npz") as said:
        for augment in ("mixup", "mirror"):
            one, other = (
                said[f"{augment} {how}"] for how in ("step_by_step", "in_one_call")
            )
            assert np.allclose(one, other, rtol=1e-4), augment


def test_explanations_are_the_same_on_both(of_jax, drawn, monkeypatch):
    monkeypatch.setattr(precision, "fastest", lambda network: "float32")
    network, images = keras.saving.load_model(of_jax / "slim.keras"), drawn.images[:3]
    [layer, *_] = explain.pick_layers(network, ["2"])
    few = {"smoothgrad": {"samples": 4}, "integrated": {"steps": 4}}
    here = {
        name: work(network, images, range(3), **few.get(name, {}))
        for name, work in explain.METHODS.items()
    }
    here["climbed"] = explain.ascend(network, layer, steps=3)[0]
    with np.load(of_jax / "maps.npz") as there:
        for name, maps in here.items():
            assert np.allclose(there[name], maps, atol=1e-3 * np.abs(maps).max()), name
