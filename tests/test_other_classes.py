"""Five classes instead of FER2013's seven, through every script."""

import csv
import json

import pytest
from conftest import once
from small_networks import slim

import audit
import confusion
import convert
import filters
import predict
import report
import saliency
import train_cnn
import train_dnn
from fer import data, flags, networks

# Without disgust, and surprise as fear: five of the seven.
CHOSEN = ("--drop", "disgust", "--merge", "surprise=fear")
FIVE = ("angry", "fear", "happy", "sad", "neutral")
SHORT = ("--epochs", 1, "--batch-size", 32, "--precision", "float32", "--augment")


@pytest.fixture(scope="module")
def five(drawn_csv, tmp_path_factory):
    """A folder with the report's three models of five classes."""

    def train(folder):
        for script, name, how in (
            (train_cnn, "cnn", "mirror"),
            (train_cnn, "cnn_plain", "none"),
            (train_dnn, "dnn", "none"),
        ):
            words = ("--data", drawn_csv, *CHOSEN, *SHORT, how)
            words = (*words, "--out", folder / f"{name}.keras")
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(networks.NETWORKS, "cnn", slim)
                patch.setattr("sys.argv", ["", *map(str, words)])
                script.main()

    return once(tmp_path_factory, "five_classes", train)


def test_the_card_and_the_scores_are_of_five_classes(
    call, five, drawn, drawn_csv, tmp_path, capsys
):
    card = json.loads((five / "cnn.json").read_text())
    assert tuple(card["classes"]) == FIVE
    kept = drawn.labels[105:] != data.CLASSES.index("disgust")
    assert card["data"]["PublicTest"] == kept.sum()
    words = ("--data", drawn_csv, *CHOSEN, "--model", five / "cnn.keras")
    call(confusion, *words, "--out", tmp_path / "c.png")
    out = capsys.readouterr().out
    assert all(name in out for name in FIVE) and "surprise" not in out


def test_faces_are_explained_and_labelled_by_five_classes(
    call, five, drawn_csv, tmp_path, capsys
):
    words = ("--data", drawn_csv, *CHOSEN, "--model", five / "cnn.keras")
    call(saliency, *words, "--class", "sad", "--out", tmp_path / "s.png")
    images = ("--steps", 1, "--layers", 1, "--class-images")
    call(filters, *words, *images, "--out", tmp_path)
    assert "sad" in capsys.readouterr().out
    assert (tmp_path / "classes.png").exists()
    asked = ("--names", "--probabilities", "--out", tmp_path / "labels.csv")
    call(predict, "--data", drawn_csv, "--model", five / "cnn.keras", *asked)
    rows = list(csv.DictReader((tmp_path / "labels.csv").open()))
    assert len(rows) == 140
    assert {name for row in rows for name in row} >= set(FIVE)
    assert {row["label"] for row in rows} <= set(FIVE)


def test_the_report_is_of_five_classes(
    call, five, drawn_csv, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(flags, "STEPS", 1)
    words = ("--data", drawn_csv, *CHOSEN, "--models", five, "--faces", "none")
    call(report, *words, "--out", tmp_path)
    text = (tmp_path / "report.html").read_text()
    assert "surprise" not in text.replace(" ".join(map(str, CHOSEN)), "")


def test_five_classes_are_converted_and_read_back(call, drawn_csv, tmp_path):
    out = tmp_path / "five.csv"
    call(convert, "--data", drawn_csv, *CHOSEN, "--out", out)
    asked = data.Source((drawn_csv,), drop=("disgust",), merge=(("surprise", "fear"),))
    one, other = data.load(asked, data.USAGES), data.load(out, data.USAGES)
    assert other.classes == one.classes == FIVE
    assert (other.images == one.images).all() and (other.labels == one.labels).all()
    call(audit, "--data", out, "--out", tmp_path / "audit.csv")
