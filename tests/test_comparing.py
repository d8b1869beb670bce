"""What a report may compare, and what it counts of the faces."""

import re
import shutil
import types

import numpy as np
import pytest
from model_files import copied, material_of

from fer import BadInput, data, models
from fer.report import material, sections
from fer.training.recipe import Recipe


def test_a_difference_is_the_first_ones_gain():
    made = {"a": np.zeros(9, int), "b": np.ones(9, int)}
    about = types.SimpleNamespace(card={"recipe": {}})
    gathered = types.SimpleNamespace(
        labels=made["a"], predicted=made, models=dict.fromkeys(made, about)
    )
    said = sections._compare(gathered, ("A", "B"), "a", "b", set())
    assert said.startswith("The accuracy of A is significantly higher than that of B")
    assert "+100.0 points" in said


def test_a_recipe_tells_what_a_model_learned_from():
    made = Recipe(epochs=3, augment="none").as_dict()
    assert sections._recipe(made) == "epochs 3, augment none, optimizer adamw"
    made |= {"teachers": ["t.keras"], "start": "s.keras"}
    assert sections._recipe(made).endswith("adamw, taught, trained further")


def test_the_courseworks_models_are_compared_and_better_ones_listed(
    trained, drawn_csv, tmp_path
):
    assert material.paths_in(tmp_path)[material.DNN] == tmp_path / "dnn.keras"
    for name in ("cnn", "cnn_plain", "dnn"):
        copied(trained / f"{name}.keras", tmp_path / f"coursework_{name}.keras")
        history = tmp_path / f"coursework_{name}.csv"
        shutil.copy(trained / f"{name}.csv", history)
    copied(trained / "cnn.keras", tmp_path / "better.keras")
    gathered = material_of(drawn_csv, tmp_path, out=tmp_path)
    assert gathered.paths[material.CNN] == tmp_path / "coursework_cnn.keras"
    _, others, _ = sections.networks_compared(gathered)
    assert "better" in others and "coursework" not in others
    shown = (
        f"{gathered.models[material.CNN].card['scores']['one pass']['accuracy']:.4f}"
    )
    assert shown in others


def test_models_of_unlike_splits_are_not_compared(drawn_csv, tmp_path, monkeypatch):
    def load(path):
        rows = slice(100, 120) if path.stem == "dnn" else slice(105, 140)
        return types.SimpleNamespace(
            classes=data.CLASSES,
            to_judge=lambda faces: (faces.take(rows), 0),
            validation=lambda faces: faces.take(rows),
        )

    monkeypatch.setattr(models, "load", load)
    with pytest.raises(BadInput, match=r"dnn\.keras is validated by other rows than"):
        material_of(drawn_csv, tmp_path, out=tmp_path)


def test_validation_rows_that_are_copies_of_fitted_ones_are_counted(
    trained, drawn_csv, tmp_path
):
    lines = drawn_csv.read_text().splitlines(keepends=True)
    lines[-2:] = [line.replace("Training", "PublicTest") for line in lines[1:3]]
    label, pixels, _ = lines[3].split(",")
    face = np.array(pixels.split(), int).reshape(48, 48)
    mirrored = " ".join(map(str, face[:, ::-1].ravel()))
    lines.append(f"{label},{mirrored},PublicTest\n")
    (tmp_path / "copies.csv").write_text("".join(lines))
    gathered = material_of(tmp_path / "copies.csv", trained, out=tmp_path)
    _, said = sections.networks_compared(gathered)
    assert "2 of them are copies" in said
    classes, found, _ = sections.ALL["10. The data"](gathered)
    assert "Training" in classes and "PublicTest" in classes
    rows = re.findall(r'"row">([a-z ]+)</th>.*?>([\d,]+)<', found)
    assert dict(rows) == {"leak": "6", "copy": "4", "near copy": "2"}
