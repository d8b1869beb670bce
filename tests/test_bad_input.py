"""Whatever is wrong with a file ends in status 2 and one line on stderr."""

import os
import shutil
from pathlib import Path

import pytest
from by_command import FORMATS, ROOT, SCRIPTS, ended, here, refusal

import predict
from fer import BadInput

SHIPPED = ROOT / "models/fer2013/cnn.keras"


@pytest.fixture(scope="module")
def given(drawn_csv, tmp_path_factory):
    """Paths by name of what a user may give, most of it wrong."""
    folder = tmp_path_factory.mktemp("given")
    lines = drawn_csv.read_text().splitlines()
    texts = {
        "strange.csv": "name,age\nAda,36\n",
        "empty.csv": "",
        "header.csv": lines[0] + "\n",
        "short.csv": f"{lines[0]}\n3,1 2 3,Training\n",
        "label.csv": f"{lines[0]}\n9{lines[1][1:]}\n",
        "gzip.csv": "",
        "no_usage.csv": "label,feature\n0," + " ".join(["7"] * 2304) + "\n",
        "unlabelled.csv": "id,feature\n0," + " ".join(["7"] * 2304) + "\n",
        "text.keras": "no model",
        "text.json": "{}",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "gzip.csv").write_bytes(b"\x1f\x8bdamaged")
    shutil.copy(SHIPPED, folder / "uncarded.keras")
    shutil.copy(SHIPPED, folder / "carded.keras")
    shutil.copy(SHIPPED.with_name("dnn.json"), folder / "carded.json")
    names = [*texts, "uncarded.keras", "carded.keras", "missing.csv", "missing.keras"]
    return {name: str(folder / name) for name in names} | {
        "csv": str(drawn_csv),
        "folder": str(folder),
        "below": str(folder / "empty.csv" / "below"),
    }


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_csv_that_cannot_be_read_is_named(tmp_path, given, script):
    for name in ("missing.csv", "below"):
        said = refusal(script, "--csv", given[name], *OUT[script], folder=tmp_path)
        assert f"{given[name]} cannot be read" in said


@pytest.mark.parametrize("script", ["confusion.py", "predict.py", "train_dnn.py"])
def test_a_csv_of_something_else_is_named(tmp_path, given, script):
    wrong = ("strange.csv", "empty.csv", "header.csv", "short.csv", "label.csv")
    for name in (*wrong, "gzip.csv", "text.keras"):
        said = refusal(script, "--csv", given[name], *OUT[script], folder=tmp_path)
        assert given[name] in said


# A training makes the folder of its output, which here stands already.
OUT = {script: () for script in SCRIPTS}
OUT |= dict.fromkeys(SCRIPTS[:2], ("--out", "m.keras"))


def test_a_csv_without_labels_is_for_labelling_alone(tmp_path, given):
    for script in SCRIPTS:
        if script in ("predict.py", "saliency.py"):  # which label and explain any face
            continue
        words = ("--csv", given["unlabelled.csv"], *OUT[script])
        assert "has no labels" in refusal(script, *words, folder=tmp_path)


def test_rows_that_the_csv_lacks_are_named(tmp_path, given):
    words = ("--csv", given["csv"], "--usage", "PrivateTest")
    said = refusal("confusion.py", *words, folder=tmp_path)
    assert "has no rows of PrivateTest" in said


def test_rows_of_a_csv_without_usage_are_none_of_privatetest(tmp_path, given):
    words = ("--csv", given["no_usage.csv"], "--usage", "PrivateTest")
    said = refusal("confusion.py", *words, folder=tmp_path)
    assert "no column Usage" in said


def test_a_model_that_cannot_be_loaded_is_named(tmp_path, given):
    wrong = {
        "missing.keras": "cannot be read",
        "folder": "must end in .keras",
        "csv": "must end in .keras",
        "text.keras": "is no Keras model",
        "uncarded.keras": "nothing tells which faces",
        "carded.keras": "is not the card of",
    }
    scripts = ("confusion.py", "saliency.py", "filters.py", "predict.py")
    for number, (name, why) in enumerate(wrong.items()):
        words = ("--csv", given["csv"], "--model", given[name])
        script = scripts[number % len(scripts)]
        said = refusal(script, *words, folder=tmp_path)
        assert why in said and Path(given[name]).stem in said


def test_a_report_without_its_models_is_told(tmp_path, given):
    for models in ("folder", "csv", "below"):
        words = ("--csv", given["csv"], "--models", given[models])
        assert "cannot be read" in refusal("report.py", *words, folder=tmp_path)


def test_a_report_of_named_models_trains_none(tmp_path):
    done = here("report.py", "--models", "mine", folder=tmp_path)
    assert done.returncode == 2
    assert "mine/cnn.keras cannot be read" in done.stderr
    assert not (tmp_path / "mine").exists()


def test_predict_without_a_test_file_is_told_how_to_name_one(alone, call):
    (alone / "data").mkdir()
    (alone / "data/fer2013.csv").touch()
    with pytest.raises(BadInput, match=r"no test.csv beside data/fer2013.csv: name"):
        call(predict)


def test_an_output_that_is_an_input_is_told_before_it_is_lost(tmp_path, given):
    folder = Path(given["missing.csv"]).parent
    names = {"confusion.py": "m.png", "saliency.py": "m.png", "train_cnn.py": "m.txt"}
    for script, name in names.items():
        shutil.copy(given["csv"], folder / name)
        out = str((folder / name).with_suffix(FORMATS[script]))
        words = ("--csv", str(folder / name), "--out", out)
        assert "would be overwritten" in refusal(script, *words, folder=tmp_path)
    for script in ("predict.py", "confusion.py", "saliency.py"):
        out = str(SHIPPED.with_suffix(FORMATS[script]))
        words = ("--csv", given["csv"], "--model", str(SHIPPED), "--out", out)
        assert "would be overwritten" in refusal(script, *words, folder=tmp_path)
    shutil.copy(given["csv"], folder / "submission.csv")
    words = ("--csv", given["csv"], "--test", str(folder / "submission.csv"))
    said = refusal("report.py", *words, "--out", str(folder), folder=tmp_path)
    assert "submission.csv would be overwritten" in said


def test_a_training_asks_what_it_would_replace(tmp_path, given):
    mine = Path(given["folder"]) / "mine.csv"
    mine.write_text("my own")
    words = ("--csv", given["csv"], "--out", str(mine.with_suffix(".keras")))
    said = refusal("train_dnn.py", *words, folder=tmp_path)
    assert "mine.csv is of no training here" in said
    assert mine.read_text() == "my own"


def test_a_pipe_is_told(tmp_path, given):
    pipe = Path(given["missing.csv"]).with_name("pipe.csv")
    os.mkfifo(pipe)
    assert "is a pipe" in refusal("predict.py", "--csv", str(pipe), folder=tmp_path)


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_output_that_cannot_be_is_told_before_the_faces_are_read(
    tmp_path, given, script
):
    ending = FORMATS.get(script, "")
    for out in (given["below"] + ending, given["below"] + "/a/b" + ending):
        words = ("--csv", given["missing.csv"], "--out", out)
        assert "cannot be written" in refusal(script, *words, folder=tmp_path)


# These load a model, so each is asked of one script.


@pytest.mark.parametrize(
    ("script", "words", "why"),
    [
        ("saliency.py", ("--image", "35"), "last validation row of {csv}, 34"),
        ("filters.py", ("--layers", "1", "dense"), "layer dense is no convolution"),
    ],
)
def test_what_only_the_model_can_tell_is_told_as_shortly(
    tmp_path, given, script, words, why
):
    words = [word.format_map(given) for word in words]
    shared = ("--csv", given["csv"], "--model", str(SHIPPED))
    said = refusal(script, *shared, *words, folder=tmp_path)
    assert why.format_map(given) in said


def test_a_picture_that_cannot_be_is_told_before_the_ascent(tmp_path, given):
    folder = Path(given["folder"]) / "figures"
    (folder / "conv2_responses.png").mkdir(parents=True)
    words = ("--csv", given["csv"], "--model", str(SHIPPED), "--out", str(folder))
    said = refusal("filters.py", *words, "--steps", "100000", folder=tmp_path)
    assert "conv2_responses.png is a folder" in said


@pytest.mark.parametrize("backend", ["torch", "../jax"])
def test_a_backend_that_cannot_be_had_is_named(tmp_path, given, monkeypatch, backend):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    said = refusal("saliency.py", "--csv", given["csv"], folder=tmp_path)
    assert f"KERAS_BACKEND is '{backend}'" in said


def test_a_name_that_is_no_utf_8_is_told(tmp_path):
    said = refusal("confusion.py", "--csv", b"\xff.csv", folder=tmp_path)
    assert "cannot be read" in said


def test_a_training_that_cannot_start_makes_no_folder(tmp_path, given):
    refusal("train_cnn.py", "--csv", given["missing.csv"], folder=tmp_path)


def test_debug_shows_the_traceback(tmp_path, given):
    words = ("--csv", given["missing.csv"], "--debug")
    done = ended("confusion.py", *words, folder=tmp_path)
    assert done.returncode != 0
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1].startswith("fer.BadInput: ")
