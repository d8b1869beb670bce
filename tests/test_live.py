"""The model inside the page says what Keras says."""

import json
import types

import numpy as np
import pytest
from by_command import ROOT
from in_browser import until

from fer import models
from fer.data import sample
from fer.report import live, material, page

SHIPPED = ROOT / "models" / "fer2013"
# The functions of live.js on a face, as the page calls them.
ASKED = """face => {
  const model = readModel(JSON.parse(document.getElementById("model").textContent));
  const values = run(model, face);
  const told = probabilities(values);
  return [told, hirescam(model, values, told.indexOf(Math.max(...told)))];
}"""


@pytest.fixture(scope="module")
def model():
    return models.load(SHIPPED / live.NAME)


@pytest.fixture
def opened(visit, tmp_path):
    report = types.SimpleNamespace(paths={material.CNN: SHIPPED / "cnn.keras"})
    parts = {"Live": list(live.section(report))}
    (tmp_path / "page.html").write_text(page.page("Title", parts))
    return visit(tmp_path / "page.html")


def test_probabilities_and_maps_are_those_of_keras(model, opened):
    from fer import explain

    _, faces = sample.faces(20, seed=5)
    told = model.predict(faces)
    maps = explain.METHODS["hirescam"](model.network, faces, told.argmax(axis=1))
    for face, wanted, large in zip(faces, told, maps, strict=True):
        found, small = opened.evaluate(ASKED, face.ravel().tolist())
        assert np.allclose(found, wanted, atol=1e-4)
        # Eight pixels lie on a place's side; those at its middle have nearly its value.
        middles = large.reshape(6, 8, 6, 8)[:, 3:5, :, 3:5].mean(axis=(1, 3))
        near = np.corrcoef(np.maximum(middles, 0).ravel(), small)[0, 1]
        assert near > 0.98


def test_a_picture_that_is_chosen_or_drawn_is_named(model, opened, tmp_path):
    from PIL import Image

    _, [face] = sample.faces(1, seed=5)
    Image.fromarray(face).save(tmp_path / "face.png")
    lines = opened.locator("#live li")
    before = lines.all_text_contents()
    assert len(before) == len(model.classes)
    opened.locator("#live input").set_input_files(tmp_path / "face.png")
    text = json.dumps("\n".join(before))
    until(opened, f"document.querySelector('#live ol').innerText !== {text}")
    told = model.predict(face[None])[0]
    wanted = [
        f"{model.classes[it]} {told[it]:.2f}" for it in np.argsort(-told, kind="stable")
    ]
    assert lines.all_text_contents()[:3] == wanted[:3]
    opened.get_by_role("button", name="Clear").click()
    assert lines.all_text_contents() == before
    box = opened.locator("#live canvas").first.bounding_box()
    opened.mouse.move(box["x"] + 40, box["y"] + 40)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 150, box["y"] + 60, steps=12)
    opened.mouse.up()
    assert lines.all_text_contents() != before


def test_a_file_that_is_no_picture_is_told(opened, tmp_path):
    (tmp_path / "face.png").write_text("no picture")
    opened.locator("#live input").set_input_files(tmp_path / "face.png")
    until(opened, "document.querySelector('#live ol').innerText.includes('no picture')")


def test_a_folder_without_the_small_model_says_so(tmp_path):
    report = types.SimpleNamespace(paths={material.CNN: tmp_path / "cnn.keras"})
    assert "holds no compact_60k.keras" in "".join(live.section(report))


def test_the_model_fits_into_a_narrow_window(opened):
    opened.set_viewport_size({"width": 360, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360
