"""A strange model is tried by a child first: whatever that dies of is one line."""

import subprocess
import sys

import keras
import pytest
from keras import layers
from model_files import chain, tiny

from fer import BadInput, models
from fer.models import trial

IN_A_CHILD = trial._why_not


@pytest.fixture
def strange(tmp_path):
    """A file that no run of the suite wrote."""
    tiny().save(tmp_path / "m.keras")
    return tmp_path / "m.keras"


@pytest.fixture
def in_a_child(monkeypatch):
    monkeypatch.setattr(trial, "_why_not", IN_A_CHILD)


def executable(lines, tmp_path, monkeypatch):
    """Let the child be a script of those lines."""
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{lines}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def test_a_child_comes_through_with_a_good_model_once(strange, in_a_child, monkeypatch):
    assert models.load_any(strange).classes
    monkeypatch.setattr(subprocess, "Popen", None)
    assert models.load_any(strange).classes


def test_a_model_that_was_saved_or_shipped_is_not_tried(good, monkeypatch):
    monkeypatch.setattr(trial, "_why_not", None)
    trial.tried(good)
    trial.tried(trial.ROOT / "models/fer2013/cnn.keras")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("kill -SEGV $$", "died of SIGSEGV"),
        ("kill -XCPU $$", "took over 30 s"),
        ("exit 1", "ended early"),
        ("echo 'it is no network'; exit 3", "it is no network"),
    ],
)
def test_what_the_child_dies_of_is_told(
    lines, why, strange, in_a_child, tmp_path, monkeypatch
):
    executable(lines, tmp_path, monkeypatch)
    for _ in range(2):  # A refusal is not kept: the machine may have been short.
        with pytest.raises(BadInput, match=why):
            trial.tried(strange)


def test_a_child_that_does_not_end_is_ended(strange, in_a_child, tmp_path, monkeypatch):
    executable("exec sleep 60", tmp_path, monkeypatch)
    monkeypatch.setattr(trial, "PATIENCE", 0.2)
    with pytest.raises(BadInput, match="took over 0"):
        trial.tried(strange)


def test_the_childs_memory_is_bounded():
    code = "from fer.models import trial; trial._limit(1 << 26); print(len(b'0' * {}))"
    for size, status in ((1 << 25, 0), (1 << 28, 1)):
        done = subprocess.run(
            [sys.executable, "-c", code.format(size)],
            cwd=trial.ROOT,
            capture_output=True,
        )
        assert done.returncode == status, done.stderr
    assert b"MemoryError" in done.stderr


def test_a_network_that_makes_no_numbers_is_refused(tmp_path):
    wide = layers.Dense(7, kernel_initializer=keras.initializers.Constant(1e17))
    again = layers.Dense(7, kernel_initializer=keras.initializers.Constant(1e17))
    third = layers.Dense(7, kernel_initializer=keras.initializers.Constant(1e17))
    faces = keras.Input((48, 48, 1))
    network = chain(
        faces, layers.Rescaling(1 / 255), layers.Flatten(), wide, again, third
    )
    network.save(tmp_path / "m.keras")
    with pytest.raises(BadInput, match="makes no numbers of a face"):
        models.load_any(tmp_path / "m.keras")


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.MaxPooling2D(2, strides=1 << 30),
        lambda: layers.AveragePooling2D(1 << 40, padding="same"),
        lambda: layers.ZeroPadding2D(1 << 19),
        lambda: layers.UpSampling2D(1 << 18),
        lambda: layers.MaxPooling2D(2, dtype="uint8"),
    ],
)
def test_options_of_no_use_are_refused(layer, tmp_path):
    faces = keras.Input((48, 48, 1), dtype="uint8")
    pooled = layers.GlobalMaxPooling2D()(layer()(faces))
    network = keras.Model(faces, layers.Dense(7)(pooled))
    network.save(tmp_path / "m.keras")
    with pytest.raises(BadInput) as caught:
        models.load_any(tmp_path / "m.keras", "0..255")
    assert "\n" not in str(caught.value)


def test_weights_of_another_network_are_refused_in_one_line(tmp_path):
    import zipfile

    parts = {}
    for name, units in (("one", 8), ("other", 9)):
        network = chain(keras.Input((48, 48, 1)), layers.Flatten(), layers.Dense(units))
        network.save(tmp_path / f"{name}.keras")
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as archive:
            parts[name] = {part: archive.read(part) for part in archive.namelist()}
    mixed = parts["one"] | {"model.weights.h5": parts["other"]["model.weights.h5"]}
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        for part, content in mixed.items():
            archive.writestr(part, content)
    with pytest.raises(BadInput, match="is no model that Keras can load") as caught:
        models.load_any(tmp_path / "m.keras", "0..1", list("abcdefgh"))
    assert "\n" not in str(caught.value)
