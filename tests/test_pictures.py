"""saliency.py and filters.py by their command lines, on drawn faces."""

import numpy as np
import pytest
from by_command import is_drawn, run
from model_files import copied
from PIL import Image

import filters
import saliency
from fer import BadInput, explain, flags, models, networks
from fer.report import figures, wording


def test_saliency_draws_the_asked_face(trained, drawn_csv, tmp_path):
    words = ("--csv", drawn_csv, "--model", trained / "cnn.keras", "--image", 3)
    out = run("saliency.py", *words, "--out", "s.png", folder=tmp_path)
    assert "image 3: " in out
    assert "Without the tenth of the face" in out
    assert is_drawn(tmp_path / "s.png")


@pytest.fixture
def shown(monkeypatch):
    """What figures.saliency is given, call by call."""
    calls, figure = [], figures.saliency
    monkeypatch.setattr(
        figures, "saliency", lambda *what: calls.append(what) or figure(*what)
    )
    return calls


def test_saliency_draws_what_its_flags_say(
    call, trained, drawn, drawn_csv, tmp_path, shown, capsys
):
    path = trained / "cnn.keras"
    words = ("--csv", drawn_csv, "--model", path, "--out", tmp_path / "s.png")
    call(saliency, *words, "--image", 3)
    added = ("--method", "smoothgrad", "hirescam", "--samples", 2, "--seed", 1)
    added += ("--class", "true", "--against", "happy", "--layer", "conv3")
    call(saliency, *words, "--image", 3, *added, "--threshold", 0.4)
    model = models.load(path)
    held = model.validation(drawn)
    image, label = held.images[3:4], held.labels[3:4]
    [told] = model.predict(image)
    asked, options = (model.network, image), {"against": [3]}
    first = {"hirescam": explain.heat_of("hirescam", *asked, [told.argmax()])}
    smooth, cam = {"samples": 2, "seed": 1}, {"layer": "conv3"}
    second = {
        name: explain.heat_of(name, *asked, label, **options, **more)
        for name, more in (("smoothgrad", smooth), ("hirescam", cam))
    }
    for what, heats, threshold in zip(shown, (first, second), (0.6, 0.4), strict=True):
        face, drawn_heats, title, passed = what
        assert np.array_equal(face, image[0])
        assert drawn_heats.keys() == heats.keys()
        for name, [heat] in heats.items():
            assert np.allclose(drawn_heats[name], heat, atol=1e-4)
        assert title.startswith(f"image 3: true {model.classes[label[0]]}, predicted ")
        assert passed == threshold
    assert shown[1][2].endswith(", not happy")
    heat, wanted = first["hirescam"], [told.argmax()]
    chance = explain.against_chance(*asked, heat, wanted, 0)
    said = capsys.readouterr().out
    assert wording.faithfulness(*chance) in said
    assert said.count(f"Such maps {flags.WARNING}") == 1  # of smoothgrad alone


def test_saliency_explains_a_photo_and_a_face_without_a_label(
    call, trained, drawn, tmp_path, shown, capsys
):
    Image.fromarray(drawn.images[0]).save(tmp_path / "me.png")
    pixels = " ".join(map(str, drawn.images[1].ravel()))
    (tmp_path / "test.csv").write_text(f"id,feature\n7,{pixels}\n")
    words = ("--model", trained / "cnn.keras", "--out", tmp_path / "s.png")
    call(saliency, *words, "--photo", tmp_path / "me.png", "--method", "integrated")
    call(saliency, *words, "--data", tmp_path / "test.csv")
    for what, image, name in zip(
        shown, drawn.images, ("me.png", "image 0"), strict=False
    ):
        assert np.array_equal(what[0], image)
        assert what[2].startswith(f"{name}: true class unknown, predicted ")
    assert "Completeness: the map adds up to" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (("--class", "glad"), "--class glad is not known of this face: choose of"),
        (("--class", "fear", "--against", "fear"), "are the same class"),
        (("--layer", "conv1"), "--layer is of --method gradcam or hirescam"),
        (("--method", "gradcam", "--samples", "3"), "--samples is of --method smooth"),
        (("--photo", "me.png"), "--photo is the face: leave --data and --image out"),
    ],
)
def test_flags_of_saliency_that_contradict_are_refused(
    call, trained, drawn_csv, tmp_path, added, said
):
    added = ("--method", "gradient", *added)
    words = ("--data", drawn_csv, "--model", trained / "cnn.keras")
    with pytest.raises(BadInput, match=said):
        call(saliency, *words, "--out", tmp_path / "s.png", *added)


def test_saliency_draws_the_first_face_of_fear_that_is_right(
    call, trained, drawn, drawn_csv, tmp_path, monkeypatch, capsys
):
    path = trained / "cnn.keras"
    held = models.load(path).validation(drawn)
    told = np.full(len(held), 3)
    row = np.flatnonzero(held.labels == 2)[1]
    told[row] = 2
    predicted = networks.one_hot(told)
    monkeypatch.setattr(
        models.Model, "predict", lambda model, images: predicted[: len(images)]
    )
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


def test_filters_draws_naturally_and_for_classes_and_the_responses_to_a_photo(
    call, trained, drawn, drawn_csv, tmp_path, capsys
):
    Image.fromarray(drawn.images[0]).save(tmp_path / "me.png")
    words = ("--data", drawn_csv, "--model", trained / "cnn.keras", "--steps", 2)
    words += ("--layers", 1, "--photo", tmp_path / "me.png", "--natural")
    call(filters, *words, "--class-images", "--out", tmp_path / "f")
    assert is_drawn(tmp_path / "f" / "classes.png")
    assert "none of 35 faces moves them" in capsys.readouterr().out


def test_filters_of_a_network_without_convolutions_are_its_first_weights(
    call, trained, drawn_csv, tmp_path
):
    words = ("--data", drawn_csv, "--model", trained / "dnn.keras")
    call(filters, *words, "--out", tmp_path / "f")
    [path] = (tmp_path / "f").iterdir()
    assert path.name == "weights.png" and is_drawn(path)


@pytest.mark.parametrize(
    ("added", "validated", "row", "asked"),
    [
        ((), 35, 9, (90, 0)),
        ((), 5, 4, (90, 0)),
        (("--image", 2, "--steps", 1, "--seed", 5), 5, 2, (1, 5)),
    ],
)
def test_filters_shows_the_asked_face_or_the_tenth_or_the_last_of_a_few(
    added, validated, row, asked, call, trained, drawn, drawn_csv, tmp_path, monkeypatch
):
    few = drawn_csv.read_text().splitlines(keepends=True)[: 1 + 105 + validated]
    (tmp_path / "few.csv").write_text("".join(few))
    climbed, shown = [], []

    def ascend(network, layer, steps, seed, show, natural):
        climbed.append((steps, seed))
        count = layer.filters
        return np.zeros((count, 3, 3)), np.zeros(count), np.ones(count)

    def pictures(*what):
        shown.append(what)
        return []

    monkeypatch.setattr(explain, "ascend", ascend)
    monkeypatch.setattr(figures, "filter_pictures", pictures)
    words = ("--csv", tmp_path / "few.csv", "--model", trained / "cnn.keras")
    call(filters, *words, "--layers", 1, "--out", tmp_path, *added)
    [(*_, maps, told)] = shown
    assert (climbed, told) == ([asked], f"validation row {row}")
    network = models.load(trained / "cnn.keras").network
    [layer] = explain.pick_layers(network, ["1"])
    face = drawn.images[105 + row]
    assert np.allclose(maps, explain.responses(network, layer, face), atol=1e-5)


def test_filters_replaces_no_file_of_its_model(call, trained, drawn_csv, tmp_path):
    model = copied(trained / "cnn.keras", tmp_path / "conv1_filters.keras")
    words = ("--csv", drawn_csv, "--model", model)
    with pytest.raises(BadInput, match=r"conv1_filters.png would be overwritten"):
        call(filters, *words, "--layers", 1, "--out", tmp_path)
