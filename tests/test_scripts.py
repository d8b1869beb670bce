"""Each script by its command line, on drawn faces; those of pictures apart."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from by_command import is_drawn, python, run, write_unlabelled
from conftest import RECIPE
from model_files import copied

import confusion
import predict
import train_cnn
from fer import BadInput, augment, data, files, models, networks, scores
from fer.models.card import describe
from fer.report import figures
from fer.training.run import train


def test_training_leaves_model_card_history_structure_and_curves(drawn_csv, tmp_path):
    out = run(
        *("train_dnn.py", "--csv", drawn_csv, "--epochs", 2, "--batch-size", 32),
        *("--seed", 4, "--out", "some/dnn.keras"),
        folder=tmp_path,
    )
    assert "wrote some/dnn.keras" in out
    left = {path.name for path in (tmp_path / "some").iterdir()}
    card = json.loads((tmp_path / "some/dnn.json").read_text())
    digests = card["data"]["fitted digests"]
    assert left == {"dnn.keras", "dnn.json", "dnn.csv", "dnn.txt", "dnn.png", digests}
    assert card["data"]["digest"] == data.digest(data.load(drawn_csv))
    assert (card["data"]["Training"], card["data"]["PublicTest"]) == (105, 35)
    assert card["data"]["validation"] == "PublicTest rows"
    assert card["recipe"]["seed"] == 4
    assert card["command"].startswith("python train_dnn.py --data")
    rows = list(csv.DictReader((tmp_path / "some/dnn.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    shown = card["scores"]["one pass"]["accuracy"]
    assert float(rows[-1]["val_accuracy"]) == pytest.approx(shown, abs=0.06)
    assert "Total params: 1,446,407" in (tmp_path / "some/dnn.txt").read_text()
    assert is_drawn(tmp_path / "some/dnn.png")


def test_a_compact_network_learns_from_a_teacher(
    call, teacher, drawn_csv, tmp_path, capsys, eager
):
    words = ("--network", "compact_60k", "--augment", "strong", "--teachers", teacher)
    words += ("--share", 0.75, "--views", 2, "--epochs", 1)
    call(train_cnn, "--csv", drawn_csv, *words, "--out", tmp_path / "c.keras")
    out = capsys.readouterr().out
    assert "training compact_60k" in out and f"asking {teacher} about 2 views" in out
    card = models.load(tmp_path / "c.keras").card
    assert card["network"] == "compact_60k"
    assert card["recipe"]["teachers"] == [str(teacher)]
    assert card["learned from"]["teachers"] == [files.sha256(teacher)]
    assert card["recipe"]["share"] == 0.75
    assert card["parameters"] < 60_000
    assert card["flops"] == networks.flops(networks.build("compact_60k"))


def test_a_card_scores_the_face_with_its_mirror_image_and_turned(trained, drawn):
    model = models.load(trained / "cnn.keras")
    held = model.validation(drawn)
    for name, turn in ("mirrored", False), ("six views", True):
        predicted = model.predict(held.images, mirror=True, turn=turn).argmax(1)
        score = scores.accuracy(held.labels, predicted)
        assert score == model.card["scores"][name]


def test_a_saved_model_predicts_what_its_card_scores(trained, drawn):
    model = models.load(trained / "cnn.keras")
    held = model.validation(drawn)
    predicted = model.predict(held.images).argmax(1)
    score = scores.accuracy(held.labels, predicted)
    assert score == model.card["scores"]["one pass"]
    assert model.classes == networks.CLASSES


def test_a_model_is_judged_on_its_own_tenth(drawn, drawn_csv, tmp_path):
    faces = tmp_path / "faces.csv"
    faces.write_text(drawn_csv.read_text().replace("PublicTest", "Training"))
    recipe = dataclasses.replace(RECIPE, network="dnn", epochs=1, seed=7)
    train(recipe, faces, tmp_path / "m.keras")
    model = models.load(tmp_path / "m.keras")
    unsplit = data.Faces(drawn.images, drawn.labels)
    expected = unsplit.take(data.split(unsplit, seed=7)[1])
    assert (model.validation(unsplit).images == expected.images).all()
    turned = unsplit.take(slice(None, None, -1))
    assert (model.validation(turned).images == expected.images[::-1]).all()
    with pytest.raises(BadInput, match=r"was fitted on \d+ of these 35 faces"):
        model.validation(drawn)


def test_a_card_scores_the_rows_that_are_no_copies_of_fitted_ones(drawn):
    images = drawn.images.copy()
    images[-5:] = images[:5]
    network = networks.dnn()
    fitted, held = data.parts(dataclasses.replace(drawn, images=images))
    card = describe(network, fitted, held, {})
    told = models.predict(network, images[105:135]).argmax(1)
    score = scores.accuracy(drawn.labels[105:135], told)
    assert card["scores"]["one pass, without copies"] == score
    assert card["scores"]["copies"] == 5


def test_a_card_without_new_faces_says_nothing_of_them(drawn):
    fitted, _ = data.parts(drawn)
    card = describe(networks.dnn(), fitted, fitted.take(slice(0, 28)), {})
    assert card["scores"]["copies"] == 28
    assert card["scores"]["one pass, without copies"] is None


def test_confusion_prints_the_scores_of_the_validation_rows(
    call, trained, drawn, drawn_csv, tmp_path, monkeypatch, capsys
):
    counted, figure = [], figures.confusion
    monkeypatch.setattr(
        figures, "confusion", lambda *what: counted.append(what) or figure(*what)
    )
    path, out = trained / "cnn.keras", tmp_path / "c.png"
    call(confusion, "--csv", drawn_csv, "--model", path, "--out", out)
    model = models.load(path)
    held = model.validation(drawn)
    asked = held.labels, model.predict(held.images).argmax(1), model.classes
    score = model.card["scores"]["one pass"]
    table = scores.table(*asked)
    assert f"accuracy {scores.shown(score)}" in table
    assert capsys.readouterr().out == f"{table}\nwrote {out}\n"
    [(counts, *_)] = counted
    assert (counts == scores.matrix(*asked)).all() and (counts != counts.T).any()
    assert is_drawn(out)


def test_mirror_averages_the_face_and_its_mirror_image(trained, drawn):
    model = models.load(trained / "cnn.keras")
    one, other = (model.predict(it) for it in (drawn.images, drawn.images[:, :, ::-1]))
    both = model.predict(drawn.images, mirror=True)
    assert np.allclose(both, (one + other) / 2, atol=1e-6)


def test_turn_averages_the_face_turned_either_way(trained, drawn):
    model, images = models.load(trained / "cnn.keras"), drawn.images
    views = [
        images,
        *(augment.turned(images[..., None], by)[..., 0] for by in (-8, 8)),
    ]
    each = [model.predict(view) for view in views]
    assert np.allclose(model.predict(images, turn=True), np.mean(each, 0), atol=1e-6)
    mirrored = [model.predict(view[:, :, ::-1]) for view in views]
    all_six = model.predict(images, mirror=True, turn=True)
    assert np.allclose(all_six, np.mean(each + mirrored, 0), atol=1e-6)


def test_the_views_of_a_few_faces_are_one_call(trained, drawn, monkeypatch):
    network, seen = models.load(trained / "dnn.keras").network, []
    ask = network.predict_on_batch
    monkeypatch.setattr(
        network, "predict_on_batch", lambda views: seen.append(len(views)) or ask(views)
    )
    models.predict(network, drawn.images[:5], mirror=True, turn=True)
    assert seen == [6 * 5]


def test_of_several_models_the_mean_of_what_they_make_is_taken(trained, drawn):
    one, other = (models.load(trained / f"{name}.keras") for name in ("cnn", "dnn"))
    other.card["temperature"] = [0.7, -1.0, 0.5]
    faces = drawn.images[:9]
    told = [
        scores.calibrated(model.predict(faces, turn=True), model.card["temperature"])
        for model in (one, other)
    ]
    expected = (told[0] + told[1]) / 2
    found = models.probabilities([one, other], faces, turn=True)
    assert np.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("views", [("mirror",), ("turn",), ("mirror", "turn")])
def test_scripts_average_the_views_that_flags_ask_for(
    views, call, trained, drawn, drawn_csv, tmp_path, rng, capsys
):
    def call_so(script, *words):
        asked = (f"--{view}" for view in views)
        call(script, "--model", trained / "dnn.keras", *asked, *words)

    asked = dict.fromkeys(views, True)
    model = models.load(trained / "dnn.keras")
    held = model.validation(drawn)
    right = model.predict(held.images, **asked).argmax(1)
    call_so(confusion, "--csv", drawn_csv, "--out", tmp_path / "c.png")
    said = scores.shown(scores.accuracy(held.labels, right))
    assert said in capsys.readouterr().out

    images = rng.integers(0, 256, (200, 48, 48), dtype=np.uint8)
    told = model.predict(images, **asked).argmax(1)
    assert (told != model.predict(images).argmax(1)).any()
    write_unlabelled(tmp_path / "test.csv", range(200), images)
    call_so(predict, "--csv", tmp_path / "test.csv", "--out", tmp_path / "s.csv")
    labelled = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert [int(row["label"]) for row in labelled] == told.tolist()


def test_confusion_averages_views_whatever_else_is_set_for_keras_and_matplotlib(
    trained, drawn, drawn_csv, tmp_path
):
    formats = {"image_data_format": "channels_first", "floatx": "float16"}
    (tmp_path / "keras.json").write_text(json.dumps(formats))
    strange = {"KERAS_HOME": str(tmp_path), "MPLBACKEND": "module://of.a.notebook"}
    path = trained / "cnn.keras"
    model = models.load(path)
    held = model.validation(drawn)
    predicted = model.predict(held.images, mirror=True, turn=True).argmax(1)
    words = ("--csv", drawn_csv, "--model", path, "--mirror", "--turn")
    out = run("confusion.py", *words, "--out", "c.png", folder=tmp_path, **strange)
    assert scores.shown(scores.accuracy(held.labels, predicted)) in out


def test_predict_keeps_the_ids_and_their_order(call, trained, drawn, tmp_path):
    ids = np.arange(20)[::-1] * 3
    write_unlabelled(tmp_path / "test.csv", ids, drawn.images[:20])
    words = ("--csv", tmp_path / "test.csv", "--model", trained / "dnn.keras")
    call(predict, *words, "--out", tmp_path / "s.csv")
    rows = list(csv.reader((tmp_path / "s.csv").open()))
    assert rows[0] == ["id", "label"]
    assert [int(row[0]) for row in rows[1:]] == ids.tolist()
    labels = models.load(trained / "dnn.keras").predict(drawn.images[:20]).argmax(1)
    assert [int(row[1]) for row in rows[1:]] == labels.tolist()


def test_predict_labels_the_rows_of_every_usage(call, trained, drawn_csv, tmp_path):
    faces = tmp_path / "all.csv"
    faces.write_text(drawn_csv.read_text().replace("PublicTest", "PrivateTest"))
    words = ("--csv", faces, "--model", trained / "dnn.keras")
    call(predict, *words, "--out", tmp_path / "s.csv")
    assert len(list(csv.DictReader((tmp_path / "s.csv").open()))) == 140


def test_predict_takes_the_users_own_model_and_faces_where_none_are_named(
    trained, drawn, tmp_path
):
    for name in ("data", "models"):
        (tmp_path / name).mkdir()
    write_unlabelled(tmp_path / "data/test.csv", range(5, 25), drawn.images[:20])
    copied(trained / "dnn.keras", tmp_path / "models/cnn.keras")
    out = run("predict.py", folder=tmp_path)
    assert "reading data/test.csv" in out and "using models/cnn.keras" in out
    rows = list(csv.DictReader((tmp_path / "submission.csv").open()))
    labels = models.load(trained / "dnn.keras").predict(drawn.images[:20]).argmax(1)
    assert [int(row["label"]) for row in rows] == labels.tolist()
    assert [int(row["id"]) for row in rows] == list(range(5, 25))
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["test.csv"]


def test_confusion_scores_the_rows_of_the_usage_that_is_asked_for(
    call, trained, drawn, drawn_csv, tmp_path, capsys
):
    lines = drawn_csv.read_text().splitlines(keepends=True)
    lines[-20:] = [line.replace("PublicTest", "PrivateTest") for line in lines[-20:]]
    (tmp_path / "f.csv").write_text("".join(lines))
    words = ("--csv", tmp_path / "f.csv", "--model", trained / "dnn.keras")
    call(confusion, *words, "--usage", "PrivateTest", "--out", tmp_path / "c.png")
    told = models.load(trained / "dnn.keras").predict(drawn.images[-20:]).argmax(1)
    said = scores.shown(scores.accuracy(drawn.labels[-20:], told))
    assert "20 rows" in said and said in capsys.readouterr().out


def test_a_model_loads_without_what_only_keras_would_use():
    code = (
        "import sys\n"
        "from fer import models\n"
        "models.load('models/fer2013/cnn.keras')\n"
        "loaded = {'sklearn', 'pandas', 'matplotlib'} & set(sys.modules)\n"
        "import gc, matplotlib.pyplot, pandas, sklearn\n"
        "print('loaded', sorted(loaded), 'collecting', gc.isenabled())"
    )
    done = python("-c", code)
    assert done.stdout == "loaded [] collecting True\n", done.stderr
