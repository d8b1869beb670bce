"""What TensorFlow does, JAX does, too."""

import json

import numpy as np
from by_command import ROOT, python

from fer import explain, machine, models

# Compiled so, a network takes half the time until its first step.
QUICKLY = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}


def on_jax(*words, folder):
    """Run `python words...` in `folder` as if TensorFlow were not installed."""
    (folder / "tensorflow.py").write_text("raise ImportError")
    variables = {"KERAS_BACKEND": "jax", "PYTHONPATH": f"{folder}:{ROOT}", **QUICKLY}
    done = python(*map(str, words), folder=folder, **variables)
    assert done.returncode == 0, done.stderr


def test_a_network_learns_on_jax_from_a_teacher_that_tensorflow_made(
    teacher, drawn, drawn_csv, tmp_path
):
    words = ("--csv", drawn_csv, "--network", "compact_60k", "--epochs", 1)
    words += ("--optimizer", "muon", "--augment", "strong", "--precision", "float32")
    words += ("--teachers", teacher, "--out", "m.keras")
    on_jax(ROOT / "train_cnn.py", *words, folder=tmp_path)
    card = json.loads((tmp_path / "m.json").read_text())
    assert set(card["versions"]) == {"python", "keras", "jax", "numpy"}
    assert card["options"]["share"] == 0.5
    assert card["command"].startswith("KERAS_BACKEND=jax python train_cnn.py --csv")
    assert teacher.with_suffix(".answers.npz").exists()
    model = models.load(tmp_path / "m.keras")
    held = model.validation(drawn)
    right = (model.predict(held.images).argmax(1) == held.labels).mean()
    assert abs(right - card["scores"]["validation"]["accuracy"]) < 1.5 / len(held)


WATCH = """
import sys, numpy
from fer import threads
from fer.training import distillation
teach = distillation.watching([distillation.load(sys.argv[1])], "float32")
images = numpy.load("faces.npy")[..., None]
rows = [row for row in range(len(images)) for _ in range(20)]
told = list(threads.in_order(lambda row: teach(images[row : row + 1]), rows, 4))
numpy.save("told.npy", numpy.concatenate(told)[::20])
"""


def test_a_teacher_watches_from_several_threads(teacher, drawn, tmp_path):
    np.save(tmp_path / "faces.npy", drawn.images[:20])
    (tmp_path / "watch.py").write_text(WATCH)
    on_jax("watch.py", teacher, folder=tmp_path)
    seen = models.load(teacher).predict(drawn.images[:20])
    assert np.allclose(np.load(tmp_path / "told.npy"), seen, atol=1e-4)


MAPS = """
import sys, numpy
from fer import explain, machine, models
machine.precision = lambda: "float32"
network, images = models.load(sys.argv[1]).network, numpy.load("faces.npy")
few = {"smoothgrad": {"samples": 4}, "integrated": {"steps": 4}}
maps = {
    name: work(network, images, range(3), **few.get(name, {}))
    for name, work in explain.METHODS.items()
}
[layer, *_] = explain.pick_layers(network, ["2"])
climbed, *_ = explain.ascend(network, layer, steps=3)
numpy.savez("maps.npz", climbed=climbed, **maps)
"""


def test_explanations_are_the_same_on_both(trained, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "precision", lambda: "float32")
    np.save(tmp_path / "faces.npy", drawn.images[:3])
    (tmp_path / "maps.py").write_text(MAPS)
    on_jax("maps.py", trained / "cnn.keras", folder=tmp_path)
    network, images = models.load(trained / "cnn.keras").network, drawn.images[:3]
    [layer, *_] = explain.pick_layers(network, ["2"])
    few = {"smoothgrad": {"samples": 4}, "integrated": {"steps": 4}}
    here = {
        name: work(network, images, range(3), **few.get(name, {}))
        for name, work in explain.METHODS.items()
    }
    here["climbed"] = explain.ascend(network, layer, steps=3)[0]
    with np.load(tmp_path / "maps.npz") as there:
        for name, maps in here.items():
            assert np.allclose(there[name], maps, atol=1e-3 * np.abs(maps).max()), name
