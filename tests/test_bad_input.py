"""Whatever is wrong with a command ends in status 2 and one line on stderr."""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from fer import BadInput, cli, runs

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "models/fer2013/cnn.keras"
SCRIPTS = (
    *("train_cnn.py", "train_dnn.py", "confusion.py", "saliency.py", "filters.py"),
    *("predict.py", "report.py"),
)
FORMATS = dict.fromkeys(SCRIPTS[:2], ".keras") | {"predict.py": ".csv"}
FORMATS |= dict.fromkeys(SCRIPTS[2:4], ".png")


def run(script, *words, folder):
    """The script run in `folder`, ended."""
    return subprocess.run(
        [sys.executable, ROOT / script, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
    )


def refusal(script, *words, folder):
    """The one line of a script that refuses its words and leaves nothing behind."""
    done = run(script, *words, folder=folder)
    assert done.returncode == 2, (words, done.stderr)
    assert done.stderr.startswith(f"{script}: "), (words, done.stderr)
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
    assert not list(folder.iterdir()), words
    return done.stderr


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


# Flags.

NO_NUMBER = ("", "text", "1.5", "nan", "inf", "-1", "0", "1000000000000", "٣")


@pytest.mark.parametrize(
    ("script", "flag", "wrong"),
    [
        *((script, "--epochs", "0") for script in SCRIPTS[:2]),
        *((script, "--batch-size", "0") for script in SCRIPTS[:2]),
        ("train_cnn.py", "--batch-size", "1000000000"),
        ("train_dnn.py", "--seed", "4294967296"),
        ("saliency.py", "--image", "-3"),
        ("saliency.py", "--samples", "100001"),
        ("filters.py", "--image", "1000000001"),
        ("filters.py", "--steps", "0"),
        ("filters.py", "--seed", "0x1"),
        ("report.py", "--epochs", "0"),
        ("report.py", "--seed", "1_000"),
    ],
)
def test_a_number_out_of_range_is_named(tmp_path, script, flag, wrong):
    said = refusal(script, flag, wrong, folder=tmp_path)
    assert flag in said and "is not a whole number of" in said


@pytest.mark.parametrize("text", [*NO_NUMBER, "9" * 5000])
def test_a_whole_number_is_digits_and_no_other_text(text):
    with pytest.raises(ArgumentTypeError, match="is not a whole number of 1 to") as it:
        cli.whole_number(1, 10**9)(text)
    assert len(str(it.value)) < 100
    assert cli.whole_number(0, 9)("0") == 0 and cli.whole_number(0, 9)("09") == 9


NO_FRACTION = ("", "text", "nan", "-nan", "inf", "2", "1.0001", "-0.1", "1,5")


@pytest.mark.parametrize(
    ("script", "flag"), [("saliency.py", "--threshold"), ("train_cnn.py", "--share")]
)
def test_a_fraction_out_of_range_is_named(tmp_path, script, flag):
    said = refusal(script, flag, "1.5", folder=tmp_path)
    assert flag in said and "is not a number of 0 to 1" in said


@pytest.mark.parametrize("text", [*NO_FRACTION, "9" * 5000])
def test_a_fraction_is_a_number_of_0_to_1(text):
    with pytest.raises(ArgumentTypeError, match="is not a number of 0 to 1") as it:
        cli.fraction(text)
    assert len(str(it.value)) < 100
    assert (cli.fraction("0"), cli.fraction("1.0")) == (0, 1)


@pytest.mark.parametrize(
    ("script", "flag", "right"),
    [
        ("train_cnn.py", "--augment", ("generator", "graph", "strong", "mirror")),
        ("train_cnn.py", "--network", ("cnn", "compact", "compact_60k")),
        ("train_dnn.py", "--optimizer", ("adamw", "muon")),
        ("train_dnn.py", "--precision", ("auto", "mixed_bfloat16", "float32")),
        ("confusion.py", "--usage", ("PublicTest", "PrivateTest")),
    ],
)
def test_a_wrong_choice_is_told_the_right_ones(tmp_path, script, flag, right):
    said = refusal(script, flag, "Wrong", folder=tmp_path)
    assert all(choice in said for choice in (flag, "Wrong", *right))


@pytest.mark.parametrize("script", SCRIPTS)
def test_unknown_flags_and_stray_or_missing_words_are_told(tmp_path, script):
    assert "--bogus" in refusal(script, "--bogus", folder=tmp_path)
    assert "stray word" in refusal(script, "stray\nword", folder=tmp_path)
    # No flag may be cut short: a flag that is added later could change its meaning.
    assert "--deb" in refusal(script, "--deb", folder=tmp_path)
    assert "--csv: expected one" in refusal(script, "--csv", folder=tmp_path)
    assert "--out: expected one" in refusal(script, "--out", folder=tmp_path)


def test_an_output_ends_like_its_format(tmp_path):
    for script, ending in FORMATS.items():
        for name in ("", ".", "/", "m.exe", "m", "m.keras.h5"):
            assert repr(ending) in refusal(script, "--out", name, folder=tmp_path)


# Files.


@pytest.mark.parametrize(
    ("script", "flag"),
    [
        *((script, "--csv") for script in SCRIPTS),
        *((script, "--model") for script in ("confusion.py", "predict.py")),
        *((script, "--teachers") for script in SCRIPTS[:2]),
        *(("report.py", flag) for flag in ("--models", "--test", "--out")),
        ("filters.py", "--out"),
        ("predict.py", "--photo"),
    ],
)
def test_a_path_that_is_empty_is_not_the_default(tmp_path, script, flag):
    said = refusal(script, flag, "", folder=tmp_path)
    assert flag in said and "names no file" in said


@pytest.mark.parametrize(
    ("script", "flag"),
    [
        *((script, "--csv") for script in SCRIPTS),
        *(("predict.py", flag) for flag in ("--model", "--photo")),
        ("train_dnn.py", "--teachers"),
        ("report.py", "--test"),
    ],
)
def test_a_folder_without_a_name_is_no_file(tmp_path, script, flag):
    for folder in (".", "/"):
        said = refusal(script, flag, folder, folder=tmp_path)
        assert flag in said and f"'{folder}' is a folder: name a file" in said


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_csv_that_cannot_be_read_is_named(tmp_path, given, script):
    for name in ("missing.csv", "folder", "below"):
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
        if script == "predict.py":
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
        "uncarded.keras": "needs its card",
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
    done = run("report.py", "--models", "mine", folder=tmp_path)
    assert done.returncode == 2
    assert "mine/cnn.keras cannot be read" in done.stderr
    assert not (tmp_path / "mine").exists()


def test_epochs_of_a_report_that_trains_nothing_are_told(tmp_path, given):
    words = ("--csv", given["csv"], "--epochs", "3")
    said = refusal("report.py", *words, folder=tmp_path)
    assert "none is asked for: add --train" in said


def test_a_share_without_teachers_is_told(tmp_path, given):
    words = ("--csv", given["csv"], "--share", "1", "--out", "m.keras")
    assert "name some with --teachers" in refusal(
        "train_dnn.py", *words, folder=tmp_path
    )


def test_two_inputs_for_predict_are_one_too_many(tmp_path, given):
    words = ("--csv", given["csv"], "--photo", "me.png")
    assert "leave one of them out" in refusal("predict.py", *words, folder=tmp_path)


def test_a_photo_is_printed_about_and_not_written(tmp_path):
    words = ("--photo", "me.png", "--out", "me.csv")
    assert "leave --out out" in refusal("predict.py", *words, folder=tmp_path)


def test_predict_without_a_test_file_is_told_how_to_name_one(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/fer2013.csv").touch()
    done = run("predict.py", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "predict.py: there is no test.csv beside the CSV: name one with --csv"
    ]


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


@pytest.mark.parametrize("ending", ["csv", "txt", "png", "json"])
def test_a_training_replaces_nothing_that_no_training_left(tmp_path, ending):
    mine = tmp_path / f"mine.{ending}"
    mine.write_text("epoch,accuracy,loss,val_accuracy,val_loss\n0,1,1,1,1\n")
    with pytest.raises(BadInput, match=f"mine.{ending} is of no training here"):
        runs.must_be_free(tmp_path / "mine.keras")


@pytest.mark.parametrize("ending", [".json", ".csv"])
def test_a_training_goes_on_from_a_card_or_a_history_alone(tmp_path, ending):
    shutil.copy(SHIPPED.with_suffix(ending), tmp_path / f"m{ending}")
    (tmp_path / "m.txt").touch()
    runs.must_be_free(tmp_path / "m.keras")
    (tmp_path / f"m{ending}").unlink()
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(BadInput, match=r"m.csv is no plain file"):
        runs.must_be_free(tmp_path / "m.keras")


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


# These load TensorFlow, so each is asked of one script.


@pytest.mark.parametrize(
    ("script", "words", "why"),
    [
        ("saliency.py", ("--image", "35"), "past the last validation row, 34"),
        ("filters.py", ("--layers", "1", "dense"), "layer dense is no convolution"),
    ],
)
def test_what_only_the_model_can_tell_is_told_as_shortly(
    tmp_path, given, script, words, why
):
    words = [word.format_map(given) for word in words]
    shared = ("--csv", given["csv"], "--model", str(SHIPPED))
    assert why in refusal(script, *shared, *words, folder=tmp_path)


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


# Help and debugging.


def test_debug_shows_the_traceback(tmp_path, given):
    words = ("--csv", given["missing.csv"], "--debug")
    done = run("confusion.py", *words, folder=tmp_path)
    assert done.returncode != 0
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1].startswith("fer.BadInput: ")


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_comes_at_once(script):
    code = (
        "import runpy, sys\n"
        "sys.argv[1:] = ['--help']\n"
        f"sys.argv[0] = script = {script!r}\n"
        "try: runpy.run_path(script, run_name='__main__')\n"
        "except SystemExit as end: status = end.code\n"
        "heavy = {'numpy', 'pandas', 'matplotlib', 'keras', 'tensorflow', 'h5py'}\n"
        "print('status', status, 'heavy', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert f"python {script} --csv" in done.stdout
    assert done.stdout.endswith("status 0 heavy []\n")
    assert done.stderr == ""
