"""predict.py by its command line: pictures, folders, submissions."""

import csv
import os

import numpy as np
import pytest
from by_command import ROOT, is_drawn, write_unlabelled
from model_files import copied
from PIL import Image

import confusion
import predict
from fer import BadInput, data, models, scores
from fer.data import detect
from fer.report import figures, predictions


@pytest.fixture
def folder(drawn, tmp_path, monkeypatch):
    """A folder of pictures that are faces, one of one grey and one that is broken."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos/more").mkdir(parents=True)
    for number in range(3):
        Image.fromarray(drawn.images[number]).save(f"photos/{number}.png")
    Image.new("L", (48, 48)).save("photos/black.png")
    (tmp_path / "photos/broken.jpg").write_text("no picture")
    Image.fromarray(drawn.images[3]).save("photos/more/3.png")
    return tmp_path / "photos"


def rows_of(path):
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_photo_is_printed_about_and_no_file_is_written(
    call, trained, folder, drawn, capsys
):
    model = models.load(trained / "cnn.keras")
    words = ("--photo", "photos/0.png", "--model", trained / "cnn.keras")
    call(predict, *words, "--mirror", "--turn")
    where, *lines = capsys.readouterr().out.splitlines()
    assert where == "face 1: 48 x 48 pixels at 0, 0"
    [told] = models.probabilities([model], drawn.images[:1], mirror=True, turn=True)
    rows = [line.split() for line in lines]
    order = told.argsort()[::-1]
    assert [name for _, name in rows] == [model.classes[label] for label in order]
    assert [float(said) for said, _ in rows] == pytest.approx(told[order], abs=1e-3)
    assert [path.name for path in folder.parent.iterdir()] == ["photos"]


def test_a_folder_of_pictures_becomes_a_table(
    call, trained, folder, drawn, capsys, monkeypatch
):
    monkeypatch.setattr(predictions, "TOGETHER", 2)
    call(predict, "--data", "photos", "--model", trained / "cnn.keras")
    said = capsys.readouterr().out
    assert "wrote faces.csv: 4 faces in 6 pictures; 2 pictures without" in said
    rows = rows_of("faces.csv")
    names = ("0.png", "1.png", "2.png", "black.png", "broken.jpg", "more/3.png")
    assert [row["file"] for row in rows] == [f"photos/{name}" for name in names]
    model = models.load(trained / "cnn.keras")
    told = iter(models.probabilities([model], drawn.images[:4]))
    for row in rows:
        if row["reason"]:
            assert not row["label"] and not row["face"] and not row["happy"]
            continue
        shares = next(told)
        assert (row["face"], row["box"]) == ("1", "0 0 48 48")
        assert row["label"] == model.classes[shares.argmax()]
        assert float(row["confidence"]) == pytest.approx(shares.max(), abs=1e-5)
        found = [float(row[name]) for name in model.classes]
        assert found == pytest.approx(shares, abs=1e-5)
    assert "no face in it" in rows[3]["reason"]
    assert "is no picture" in rows[4]["reason"]


def test_a_folder_of_one_picture_becomes_a_table_too(call, trained, folder):
    call(predict, "--data", "photos/more", "--model", trained / "cnn.keras")
    assert [row["file"] for row in rows_of("faces.csv")] == ["photos/more/3.png"]


def test_strict_ends_at_the_first_picture_without_a_face(call, trained, folder):
    words = ("--data", "photos", "--model", trained / "cnn.keras", "--strict")
    with pytest.raises(BadInput, match=r"black.png: no face in it"):
        call(predict, *words)
    assert not os.path.exists("faces.csv")


def test_each_face_of_a_photo_has_a_row(call, trained, folder, monkeypatch):
    photo = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    Image.fromarray(photo).save("photo.png")
    squares = np.array([[10, 20, 100, 100], [150, 30, 30, 30]])
    monkeypatch.setattr(detect, "squares", lambda picture: squares)
    words = ("--data", "photo.png", "--model", trained / "cnn.keras")
    call(predict, *words, "--out", "one.csv")
    found = [(row["face"], row["box"]) for row in rows_of("one.csv")]
    assert found == [("1", "10 20 100 100"), ("2", "150 30 30 30")]
    call(predict, *words, "--whole", "--out", "whole.csv")
    assert [row["box"] for row in rows_of("whole.csv")] == ["0 0 200 200"]


@pytest.mark.parametrize("flag", ["--out", "--picture"])
def test_a_photo_is_drawn_with_its_faces(flag, call, trained, folder, monkeypatch):
    shown, figure = [], figures.faces
    monkeypatch.setattr(
        figures, "faces", lambda *what: shown.append(what) or figure(*what)
    )
    words = ("--data", "photos/1.png", "--model", trained / "cnn.keras")
    call(predict, *words, flag, "me.png")
    assert is_drawn(folder.parent / "me.png")
    [(photo, squares, faces, heats, told, _)] = shown
    assert (photo[..., 0] == faces[0]).all() and squares.tolist() == [[0, 0, 48, 48]]
    assert heats.shape == (1, 48, 48) and told.shape == (1, 7)
    with pytest.raises(BadInput, match=r"me.png shows one photo"):
        call(predict, "--data", "photos", flag, "me.png")


def test_no_picture_is_overwritten(call, trained, folder):
    before = (folder / "0.png").read_bytes()
    words = ("--data", "photos/0.png", "--model", trained / "cnn.keras")
    with pytest.raises(BadInput, match="would be overwritten"):
        call(predict, *words, "--out", "photos/0.png")
    assert (folder / "0.png").read_bytes() == before


def test_a_submission_has_the_columns_and_words_that_are_asked_for(
    call, trained, drawn, drawn_csv, tmp_path
):
    words = ("--data", drawn_csv, "--model", trained / "dnn.keras", "--names")
    words += ("--columns", "ImageId, Emotion")
    out = tmp_path / "s.csv"
    call(predict, *words, "--usage", "PublicTest", "--probabilities", "--out", out)
    model, held = models.load(trained / "dnn.keras"), drawn.images[105:]
    told = models.probabilities([model], held)
    rows = rows_of(out)
    assert list(rows[0]) == ["ImageId", "Emotion", *model.classes]
    assert [row["Emotion"] for row in rows] == [
        model.classes[label] for label in told.argmax(1)
    ]
    assert [row["ImageId"] for row in rows] == list(map(str, range(35)))
    found = [[float(row[name]) for name in model.classes] for row in rows]
    assert np.allclose(found, told, atol=1e-5)


def test_rows_of_a_usage_need_that_column(call, trained, drawn, tmp_path):
    write_unlabelled(tmp_path / "test.csv", range(5), drawn.images[:5])
    words = ("--data", tmp_path / "test.csv", "--model", trained / "dnn.keras")
    with pytest.raises(BadInput, match="no column Usage"):
        call(predict, *words, "--usage", "PrivateTest", "--out", tmp_path / "s.csv")


def test_several_models_label_by_their_mean(call, trained, drawn, tmp_path):
    write_unlabelled(tmp_path / "test.csv", range(140), drawn.images)
    paths = [trained / "cnn.keras", trained / "dnn.keras"]
    words = ("--data", tmp_path / "test.csv", "--out", tmp_path / "s.csv")
    call(predict, *words, "--model", *paths)
    loaded = [models.load(path) for path in paths]
    mean = models.probabilities(loaded, drawn.images)
    found = [int(row["label"]) for row in rows_of(tmp_path / "s.csv")]
    assert found == mean.argmax(1).tolist()


def test_models_of_other_classes_have_no_mean(trained, tmp_path, monkeypatch):
    path = copied(trained / "dnn.keras", tmp_path / "dnn.keras")
    loaded = {trained / "dnn.keras": ("sad", "happy"), path: ("happy", "sad")}
    monkeypatch.setattr(
        "fer.models.saved.load", lambda it: models.Model(None, {}, loaded[it])
    )
    with pytest.raises(BadInput, match="has other classes than"):
        models.load_all(list(loaded))


def test_confusion_scores_the_mean_of_several_models(
    call, trained, drawn, drawn_csv, tmp_path, capsys
):
    paths = [trained / "cnn.keras", trained / "dnn.keras"]
    words = ("--data", drawn_csv, "--out", tmp_path / "c.png", "--model", *paths)
    call(confusion, *words, "--mirror")
    loaded, held = [models.load(path) for path in paths], drawn.take(slice(105, None))
    told = models.probabilities(loaded, held.images, mirror=True)
    score = scores.accuracy(held.labels, told.argmax(1))
    assert scores.shown(score) in capsys.readouterr().out


def test_several_models_are_judged_on_faces_that_are_new_to_all(drawn):
    digests = data.short_digests(drawn.images)
    fitted = (digests[:50], digests[30:90])
    loaded = [models.Model(None, {}, (), each) for each in fitted]
    unsplit = data.Faces(drawn.images, drawn.labels)
    faces, _ = models.to_judge(loaded, unsplit)
    assert np.array_equal(faces.images, drawn.images[90:])
    loaded.append(models.Model(None, {}, ()))
    with pytest.raises(BadInput, match="--unseen"):
        models.to_judge(loaded, unsplit)


def test_the_best_shipped_model_is_the_default(call, folder, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(models, "OWN", ROOT / "none.keras")
    call(predict, "--data", folder / "0.png")
    assert f"using {models.BEST}" in capsys.readouterr().out
