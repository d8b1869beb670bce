"""Whatever is wrong with a flag ends in status 2 and one line on stderr."""

import os
import re
from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from by_command import FORMATS, ROOT, SCRIPTS, forked, parsed, python, refusal

from fer import BadInput, arguments, cli, data, machine
from fer.training import recipe

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
        arguments.whole_number(1, 10**9)(text)
    assert len(str(it.value)) < 100
    assert [arguments.whole_number(0, 9)(text) for text in ("0", "09")] == [0, 9]


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
        arguments.number(0, 1)(text)
    assert len(str(it.value)) < 100
    assert (arguments.number(0, 1)("0"), arguments.number(0, 1)("1.0")) == (0, 1)


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
    # Once for each script in a process of its own.
    assert "--bogus" in refusal(script, "--bogus", folder=tmp_path, play=forked)
    assert "stray word" in refusal(script, "stray\nword", folder=tmp_path)
    # No flag may be cut short: a flag that is added later could change its meaning.
    assert "--deb" in refusal(script, "--deb", folder=tmp_path)
    assert "--csv: expected at" in refusal(script, "--csv", folder=tmp_path)
    assert "--out: expected one" in refusal(script, "--out", folder=tmp_path)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("--batch_size", "did you mean --batch-size?"),
        ("--batchsize=64", "did you mean --batch-size?"),
        ("--Epoch", "did you mean --epochs?"),
        ("--output", "did you mean --out?"),
        ("--validation_split", "Usage PublicTest validate"),
        ("--zzz", "--help lists all flags"),
    ],
)
def test_a_flag_of_other_habits_is_told_ours(word, hint):
    parser = recipe.parser("", "m.keras")
    with pytest.raises(BadInput, match=re.escape(f"unrecognized {word}")) as it:
        parser.parse_args([word, "0.1"])
    assert hint in str(it.value)


def test_the_paths_of_the_faces_need_no_flag():
    parser = cli.parser("", "data", "seed")
    for words in ("a b --seed 3", "--seed 3 a b", "a --seed 3 b", "--csv a b --seed 3"):
        args = parser.parse_args(words.split())
        assert (args.data, args.seed) == ([Path("a"), Path("b")], 3)
    with pytest.raises(BadInput, match=r"unrecognized 'b'"):
        parser.parse_args(["--data", "a", "--seed", "3", "b"])
    with pytest.raises(BadInput, match="names no file"):
        parser.parse_args([""])
    with pytest.raises(BadInput, match=r"unrecognized 'a.csv'"):
        cli.parser("").parse_args(["a.csv"])


def test_an_output_ends_like_its_format(tmp_path):
    for script, ending in FORMATS.items():
        for name in ("", ".", "/", "m.exe", "m", "m.keras.h5"):
            assert repr(ending) in refusal(script, "--out", name, folder=tmp_path)


@pytest.mark.parametrize("name", ["a.png", "a.pdf", "a.svg"])
def test_a_picture_is_written_in_the_format_that_its_name_ends_in(name, monkeypatch):
    assert parsed(f"confusion.py --out {name}", monkeypatch).out == Path(name)


@pytest.mark.parametrize(
    ("script", "flag"),
    [
        *((script, "--csv") for script in SCRIPTS),
        *((script, "--model") for script in ("confusion.py", "predict.py")),
        *((script, "--teachers") for script in SCRIPTS[:2]),
        ("train_cnn.py", "--start"),
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
        *(("predict.py", flag) for flag in ("--model", "--photo")),
        ("train_dnn.py", "--teachers"),
        ("report.py", "--test"),
    ],
)
def test_a_folder_without_a_name_is_no_file(tmp_path, script, flag):
    for folder in (".", "/"):
        said = refusal(script, flag, folder, folder=tmp_path)
        assert flag in said and f"'{folder}' is a folder: name a file" in said


def test_epochs_of_a_report_that_trains_nothing_are_told(tmp_path, drawn_csv):
    words = ("--csv", drawn_csv, "--epochs", "3")
    said = refusal("report.py", *words, folder=tmp_path)
    assert "none is asked for: add --train" in said


@pytest.mark.parametrize("flag", ["--share", "--temperature", "--views"])
def test_what_is_about_teachers_is_refused_without_any(tmp_path, flag, drawn_csv):
    said = refusal("train_dnn.py", flag, "1", "--csv", drawn_csv, folder=tmp_path)
    assert f"{flag} is about teachers: name some with --teachers" in said


def test_the_flags_fill_the_recipe(monkeypatch):
    command = "train_cnn.py --csv f.csv --start a.keras --teachers b.keras c.keras"
    args = parsed(f"{command} --learning-rate 0.5 --augment mirror", monkeypatch)
    found = recipe.from_flags(args)
    assert found == recipe.Recipe(
        augment="mirror",
        learning_rate=0.5,
        start="a.keras",
        teachers=("b.keras", "c.keras"),
    )


@pytest.mark.parametrize("network", recipe.BEST)
def test_the_best_recipe_is_that_of_the_network_and_flags_override_it(
    network, monkeypatch
):
    script, more = "train_cnn.py", f"--network {network}"
    if network == "dnn":
        script, more = "train_dnn.py", ""
    args = parsed(f"{script} --recipe best {more} --seed 3", monkeypatch)
    found = recipe.from_flags(args, network=network)
    assert found == recipe.Recipe(network=network, seed=3, **recipe.BEST[network])
    args = parsed(f"{script} --recipe best {more} --epochs 7", monkeypatch)
    assert recipe.from_flags(args, network=network).epochs == 7


def test_the_command_of_a_recipe_gives_that_recipe(monkeypatch):
    made = recipe.Recipe(
        network="compact", epochs=3, teachers=("a.keras", "b.keras"), share=0.5
    )
    source = data.Source.of("my faces.csv")
    words = recipe.command(made, source, "m.keras").removeprefix("python ")
    assert recipe.from_flags(parsed(words, monkeypatch)) == made


def test_the_names_of_networks_are_those_of_the_registry():
    from fer import networks

    assert {*recipe.CONVOLUTIONAL, "dnn"} == {*networks.NETWORKS} == {*recipe.BEST}


def test_two_inputs_for_predict_are_one_too_many(tmp_path, drawn_csv):
    words = ("--csv", drawn_csv, "--photo", "me.png")
    assert "leave one of them out" in refusal("predict.py", *words, folder=tmp_path)


@pytest.mark.parametrize("text", ["id,label", " id, label", "id label", "Id,Emotion"])
def test_a_submission_has_two_columns(text, monkeypatch):
    found = parsed(f"predict.py --columns '{text}'", monkeypatch).columns
    assert found == tuple(text.replace(",", " ").split())


@pytest.mark.parametrize("text", ["id", "a,b,c", "id,id", ""])
def test_columns_that_are_not_two_are_refused(text, tmp_path):
    said = refusal("predict.py", "--columns", text, folder=tmp_path)
    assert "--columns" in said and "is not like id,label" in said


def test_several_models_may_be_named(monkeypatch):
    args = parsed("predict.py --model a.keras b.keras", monkeypatch)
    assert args.model == [Path("a.keras"), Path("b.keras")]


DOCUMENTS = [ROOT / name for name in ("README.md", *SCRIPTS)]
DOCUMENTS += [path for room in ("data", "docs") for path in (ROOT / room).glob("*.md")]
COMMANDS = {
    command
    for path in DOCUMENTS
    for command in re.findall(r"python (\w+\.py [^`\n]+)", path.read_text())
    if "..." not in command and command.partition(" ")[0] in SCRIPTS
}
assert len(COMMANDS) > 25


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_commands_in_the_documents_are_ones_that_scripts_take(command, monkeypatch):
    assert parsed(command, monkeypatch)


def test_a_python_without_tensorflow_is_told_of_the_one_with_it():
    code = (
        "import importlib.util\n"
        "from fer import cli\n"
        "importlib.util.find_spec = lambda name: None\n"
        "cli.run(print)"
    )
    done = python("-c", code)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "has no tensorflow: `make .venv/suite` installs it" in done.stderr


def test_scripts_choose_what_keras_and_tensorflow_compute_by():
    names = ("KERAS_BACKEND", "KERAS_HOME", "TF_ENABLE_ONEDNN_OPTS")
    code = (
        "import os\n"
        "from fer import cli\n"
        f"cli.run(lambda: print([os.environ.get(name) for name in {names}]))"
    )
    onednn = "1" if "avx2" in machine._cpu().split() else None
    for chosen, shown in ({}, onednn), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0"):
        done = python("-c", code, **chosen)
        assert done.stdout == f"{['tensorflow', os.devnull, shown]}\n", done.stderr


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
    done = python("-c", code)
    assert f"python {script} --data" in done.stdout
    assert done.stdout.endswith("status 0 heavy []\n")
    assert done.stderr == ""
