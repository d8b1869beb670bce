"""What a training takes, what it leaves, and what it must not replace."""

import dataclasses
import os
import re
import shutil

import numpy as np
import pytest
from by_command import ROOT
from conftest import RECIPE

from fer import BadInput, data, machine, models
from fer.training import run

SHIPPED = ROOT / "models/fer2013/cnn.keras"


def recipe(**changes):
    return dataclasses.replace(RECIPE, **{"network": "dnn"} | changes)


def test_a_teacher_that_may_know_the_validation_rows_is_refused(
    trained, drawn_csv, tmp_path
):
    other = tmp_path / "other.csv"
    lines = drawn_csv.read_text().splitlines(keepends=True)
    # What was fitted there validates here.
    other.write_text(
        "".join(lines)
        .replace("PublicTest", "PrivateTest")
        .replace("Training", "PublicTest")
        .replace("PrivateTest", "Training")
    )
    asked = recipe(teachers=(str(trained / "dnn.keras"),))
    with pytest.raises(BadInput, match=r"dnn.keras was fitted on 105 of the 105 faces"):
        run.train(asked, other, tmp_path / "new/m.keras")
    assert not (tmp_path / "new").exists()


def test_a_teacher_of_the_same_faces_in_another_order_may_teach(
    teacher, drawn_csv, tmp_path
):
    header, *lines = drawn_csv.read_text().splitlines(keepends=True)
    (tmp_path / "other.csv").write_text("".join([header, *lines[::-1]]))
    out = tmp_path / "m.keras"
    asked = recipe(epochs=1, teachers=(str(teacher),), views=2)
    run.train(asked, tmp_path / "other.csv", out)
    assert models.load(out).card["data"]["digest"] != data.digest(data.load(drawn_csv))


@pytest.mark.parametrize("left_out", [0, 3])
def test_a_model_is_trained_further_on_a_file_with_public_test_rows(
    trained, drawn_csv, tmp_path, left_out
):
    header, *lines = drawn_csv.read_text().splitlines(keepends=True)
    faces = tmp_path / "faces.csv"
    faces.write_text("".join([header, *lines[left_out:]]))
    start = trained / "dnn.keras"
    asked = recipe(epochs=1, seed=1, start=str(start))
    run.train(asked, faces, tmp_path / "m.keras")
    before, after = models.load(start), models.load(tmp_path / "m.keras")
    assert after.card["learned from"]["start"] == before.card["sha256"]
    assert after.card["recipe"]["start"] == str(start)
    first, *_ = before.network.get_weights()
    moved, *_ = after.network.get_weights()
    assert 0 < np.abs(moved - first).mean() < 0.3 * np.abs(first).mean()


@pytest.mark.parametrize(
    ("network", "out", "usage", "said"),
    [
        ("cnn", "m.keras", "PublicTest", "a dnn, whose layers are not those"),
        ("dnn", "dnn.keras", "PublicTest", "would be overwritten"),
        ("dnn", "m.keras", "Training", "dnn.keras was fitted on 1. of the 14 faces"),
    ],
)
def test_what_cannot_be_trained_further_is_refused(
    trained, drawn_csv, tmp_path, network, out, usage, said
):
    for file in [*trained.glob("dnn.*"), *trained.glob("fitted-*")]:
        shutil.copy(file, tmp_path)
    faces = tmp_path / "faces.csv"
    faces.write_text(drawn_csv.read_text().replace("PublicTest", usage))
    asked = recipe(network=network, start=str(tmp_path / "dnn.keras"))
    before = (tmp_path / "dnn.keras").read_bytes()
    with pytest.raises(BadInput, match=said):
        run.train(asked, faces, tmp_path / out)
    assert (tmp_path / "dnn.keras").read_bytes() == before


def test_a_model_is_trained_further_with_the_seed_that_chose_its_rows(
    drawn_csv, tmp_path
):
    faces, first = tmp_path / "faces.csv", tmp_path / "first.keras"
    faces.write_text(drawn_csv.read_text().replace("PublicTest", "Training"))
    run.train(recipe(epochs=1, seed=3), faces, first)
    further = recipe(epochs=1, seed=3, start=str(first))
    run.train(further, faces, tmp_path / "further.keras")
    out = tmp_path / "m.keras"
    for others, seed in (faces, 4), (drawn_csv, 3):
        asked = dataclasses.replace(further, seed=seed)
        with pytest.raises(BadInput, match=r"first.keras was fitted on .* this --seed"):
            run.train(asked, others, out)


@pytest.mark.parametrize("suffix", [".json", ".csv", ".txt", ".png"])
def test_what_goes_beside_a_model_must_be_writable_before_it_is_trained(
    drawn_csv, tmp_path, suffix, monkeypatch
):
    (tmp_path / f"m{suffix}").mkdir()
    monkeypatch.delattr(run.fit, "trained")
    with pytest.raises(BadInput, match=f"m{suffix} is a folder"):
        run.train(recipe(), drawn_csv, tmp_path / "m.keras")


@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_what_goes_beside_a_model_does_not_overwrite_the_faces(
    drawn_csv, tmp_path, suffix
):
    faces = tmp_path / f"m{suffix}"
    faces.write_bytes(drawn_csv.read_bytes())
    with pytest.raises(BadInput, match="would be overwritten"):
        run.train(recipe(), faces, tmp_path / "m.keras")
    assert faces.read_bytes() == drawn_csv.read_bytes()


@pytest.mark.parametrize("ending", ["csv", "txt", "png", "json"])
def test_a_training_replaces_nothing_that_no_training_left(tmp_path, ending):
    mine = tmp_path / f"mine.{ending}"
    mine.write_text("epoch,accuracy,loss,val_accuracy,val_loss\n0,1,1,1,1\n")
    with pytest.raises(BadInput, match=f"mine.{ending} is of no training here"):
        run.must_be_free(tmp_path / "mine.keras")


def test_a_training_goes_on_from_a_card_alone(tmp_path):
    shutil.copy(SHIPPED.with_suffix(".json"), tmp_path / "m.json")
    for fitted in SHIPPED.parent.glob("fitted-*"):
        shutil.copy(fitted, tmp_path)
    (tmp_path / "m.txt").touch()
    run.must_be_free(tmp_path / "m.keras")
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(BadInput, match=r"m.csv is no plain file"):
        run.must_be_free(tmp_path / "m.keras")


def test_a_history_that_keras_wrote_is_not_replaced(tmp_path):
    header = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n"
    (tmp_path / "m.csv").write_text(f"{header}0,1,1,1,1,1\n")
    with pytest.raises(BadInput, match=r"m.csv is of no training here"):
        run.must_be_free(tmp_path / "m.keras")


def test_a_run_that_is_given_up_starts_anew(drawn_csv, tmp_path):
    left = run.checkpoint_of(tmp_path / "m.keras")
    left.write_bytes(b"of another run")
    with pytest.raises(BadInput, match="no checkpoint"):
        run.train(recipe(epochs=1), drawn_csv, tmp_path / "m.keras")
    run.train(recipe(epochs=1), drawn_csv, tmp_path / "m.keras", fresh=True)
    assert (tmp_path / "m.keras").exists() and not left.exists()


def test_what_is_trained_so_already_is_not_trained_again(drawn_csv, tmp_path, capsys):
    for _ in range(2):
        run.train_unless_done(recipe(epochs=1), drawn_csv, tmp_path / "m.keras")
    assert capsys.readouterr().out.count("is already trained so") == 1


@pytest.mark.parametrize("value", ["nan", "", "inf", "text"])
def test_a_history_without_numbers_is_named(tmp_path, value):
    row = f"1,0.5,0.5,0.5,{value}"
    (tmp_path / "m.csv").write_text(
        f"epoch,loss,accuracy,val_loss,val_accuracy\n{row}\n"
    )
    with pytest.raises(BadInput, match=r"m.csv, the history of .*m.keras"):
        run.read_history(tmp_path / "m.keras")


def test_a_history_that_no_training_leaves_is_refused(tmp_path):
    path, header = tmp_path / "m.csv", "epoch,loss,accuracy,val_loss,val_accuracy\n"
    for row in ("1e308,1,1,1,1", "1,1e308,1,1,1", "1,nan,1,1,1", "inf,1,1,1,1"):
        path.write_text(f"{header}{row}\n")
        with pytest.raises(BadInput, match="has no rows of numbers"):
            run.read_history(tmp_path / "m.keras")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BadInput, match="is a pipe"):
        run.read_history(tmp_path / "m.keras")


def test_a_training_does_without_what_audit_found_and_past_a_limit(
    drawn, drawn_csv, tmp_path, capsys
):
    from fer.data import cleaning

    faces, listed = data.load(drawn_csv), tmp_path / "audit.csv"
    found = [(3, "blank", None, ""), (4, "blank", None, "")]
    cleaning.save(listed, faces, found, range(len(faces)))
    out = tmp_path / "m.keras"
    run.train(recipe(epochs=1, clean=str(listed), limit=70), drawn_csv, out)
    about = models.load(out).card["data"]
    assert about["left out"] == {"blank": 2} and about["fitted"] <= 70 + 7
    assert "2 blank" in capsys.readouterr().out


def test_a_run_says_where_it_computes_and_which_model_it_replaces(
    trained, drawn_csv, tmp_path, capsys
):
    for file in [*trained.glob("dnn.*"), *trained.glob("fitted-*")]:
        shutil.copy(file, tmp_path)
    run.train(recipe(epochs=1), drawn_csv, tmp_path / "dnn.keras")
    said = capsys.readouterr().out
    assert f"in float32 on {machine.device()}, by tensorflow\n" in said
    assert f"{tmp_path / 'dnn.keras'} will be replaced: a dnn, accuracy 0." in said


def test_a_pipe_is_told_once_how_long_the_whole_training_takes(
    drawn_csv, tmp_path, capsys
):
    run.train(recipe(epochs=2, batch_size=4), drawn_csv, tmp_path / "dnn.keras")
    said = capsys.readouterr().out
    assert (
        len(re.findall(r"after 20 of 26 steps: \d+ s for one epoch, .* for 2", said))
        == 1
    )
    assert re.search(r"epoch 1 of 2: .*; \d+ s, \d+ s left\n", said)


def test_faces_of_one_class_are_no_training(drawn_csv, tmp_path):
    source = data.Source((drawn_csv,), drop=data.CLASSES[1:])
    with pytest.raises(BadInput, match=r"faces.csv has one class, angry"):
        run.train(recipe(), source, tmp_path / "new/m.keras")
    assert not (tmp_path / "new").exists()
