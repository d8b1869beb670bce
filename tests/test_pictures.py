"""saliency.py and filters.py by their command lines, on drawn faces."""

import numpy as np
import pytest
from by_command import is_drawn, run
from model_files import copied

import filters
import saliency
from fer import BadInput, explain, models, networks
from fer.report import figures, wording


def test_saliency_draws_the_asked_face(trained, drawn_csv, tmp_path):
    words = ("--csv", drawn_csv, "--model", trained / "cnn.keras", "--image", 3)
    out = run("saliency.py", *words, "--out", "s.png", folder=tmp_path)
    assert "image 3: " in out
    assert "Without the tenth of the face" in out
    assert is_drawn(tmp_path / "s.png")


def test_saliency_draws_what_its_flags_say(
    call, trained, drawn, drawn_csv, tmp_path, monkeypatch, capsys
):
    shown, figure = [], figures.saliency
    monkeypatch.setattr(
        figures, "saliency", lambda *what: shown.append(what) or figure(*what)
    )
    path = trained / "cnn.keras"
    words = ("--csv", drawn_csv, "--model", path, "--out", tmp_path / "s.png")
    call(saliency, *words, "--image", 3)
    flags = ("--samples", 2, "--seed", 1, "--threshold", 0.4)
    call(saliency, *words, "--image", 3, *flags)
    model = models.load(path)
    held = model.validation(drawn)
    asked = model.network, held.images[3:4], held.labels[3:4]
    smooth = explain.smoothgrad.maps(*asked, samples=2, seed=1)
    heats = explain.saliency(*asked), explain.unit(np.abs(smooth))
    for what, [heat], threshold in zip(shown, heats, (0.6, 0.4), strict=True):
        image, drawn_heat, masked, name, told = what
        assert np.array_equal(image, held.images[3])
        assert np.allclose(drawn_heat, heat, atol=1e-6)
        assert np.array_equal(masked, explain.mask(image, drawn_heat, threshold))
        assert (name, told) == (model.classes[held.labels[3]], threshold)
    image, label = held.images[3:4], held.labels[3:4]
    chance = explain.against_chance(model.network, image, heats[1], label, 1)
    assert wording.faithfulness(*chance) in capsys.readouterr().out


def test_saliency_draws_the_first_face_of_fear_that_is_right(
    call, trained, drawn, drawn_csv, tmp_path, monkeypatch, capsys
):
    path = trained / "cnn.keras"
    held = models.load(path).validation(drawn)
    told = np.full(len(held), 3)
    row = np.flatnonzero(held.labels == 2)[1]
    told[row] = 2
    predicted = networks.one_hot(told)
    monkeypatch.setattr(models.Model, "predict", lambda model, images: predicted)
    words = ("--csv", drawn_csv, "--model", path, "--out", tmp_path / "s.png")
    call(saliency, *words)
    assert f"image {row}: " in capsys.readouterr().out


def test_filters_draws_ascents_and_responses_of_each_layer(
    trained, drawn_csv, tmp_path
):
    words = ("--csv", drawn_csv, "--model", trained / "cnn.keras", "--steps", 2)
    run("filters.py", *words, "--layers", "1", "conv4", "--out", "f", folder=tmp_path)
    drawn = sorted(path.name for path in (tmp_path / "f").iterdir())
    assert drawn == [
        "conv1_filters.png",
        "conv1_responses.png",
        "conv4_filters.png",
        "conv4_responses.png",
    ]
    assert all(is_drawn(tmp_path / "f" / name) for name in drawn)


@pytest.mark.parametrize(
    ("flags", "validated", "row", "asked"),
    [
        ((), 35, 9, (90, 0)),
        ((), 5, 4, (90, 0)),
        (("--image", 2, "--steps", 1, "--seed", 5), 5, 2, (1, 5)),
    ],
)
def test_filters_shows_the_asked_face_or_the_tenth_or_the_last_of_a_few(
    flags, validated, row, asked, call, trained, drawn, drawn_csv, tmp_path, monkeypatch
):
    few = drawn_csv.read_text().splitlines(keepends=True)[: 1 + 105 + validated]
    (tmp_path / "few.csv").write_text("".join(few))
    climbed, shown = [], []

    def ascend(network, layer, steps, seed, show):
        climbed.append((steps, seed))
        return np.zeros((1, 3, 3)), np.ones(1), np.array([False])

    def pictures(*what):
        shown.append(what)
        return []

    monkeypatch.setattr(explain, "ascend", ascend)
    monkeypatch.setattr(figures, "filter_pictures", pictures)
    words = ("--csv", tmp_path / "few.csv", "--model", trained / "cnn.keras")
    call(filters, *words, "--layers", 1, "--out", tmp_path, *flags)
    [(*_, maps, told)] = shown
    assert (climbed, told) == ([asked], row)
    network = models.load(trained / "cnn.keras").network
    [layer] = explain.pick_layers(network, ["1"])
    face = drawn.images[105 + row]
    assert np.allclose(maps, explain.responses(network, layer, face), atol=1e-5)


def test_filters_replaces_no_file_of_its_model(call, trained, drawn_csv, tmp_path):
    model = copied(trained / "cnn.keras", tmp_path / "conv1_filters.keras")
    words = ("--csv", drawn_csv, "--model", model)
    with pytest.raises(BadInput, match=r"conv1_filters.png would be overwritten"):
        call(filters, *words, "--layers", 1, "--out", tmp_path)
