"""A full disk, whatever is written to it: what was there stays."""

import contextlib
import resource
import shutil
import subprocess

import numpy as np
import pytest
from by_command import ROOT, Forked, contents, refused

import audit
import confusion
import convert
import filters
import predict
import saliency
from fer import BadInput, data, defaults, models, networks
from fer.data import mapped
from fer.report import predictions
from fer.training import checkpoint


@contextlib.contextmanager
def full_disk(most_bytes):
    """Let no file of this process grow past so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def network():
    return networks.dnn()


def write_submission(path, network):
    predictions.write_submission(path, None, np.zeros(100_000, int))


def write_checkpoint(path, network):
    network.compile("sgd")
    checkpoint.Checkpoint(path, {}).write(network, [], 0.0, now=True)


def write_model(path, network):
    models.save(network, {}, path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("submission.csv", write_submission),
        ("m.checkpoint.npz", write_checkpoint),
        ("m.keras", write_model),
    ],
)
@pytest.mark.parametrize("most_bytes", [1, 5_000, 200_000])
def test_a_full_disk_leaves_what_was_there(
    tmp_path, capfd, network, name, write, most_bytes
):
    (tmp_path / name).write_text("old")
    with full_disk(most_bytes), pytest.raises(BadInput, match=f"{name} cannot be"):
        write(tmp_path / name, network)
    assert contents(tmp_path) == {name: b"old"}
    # No half-closed archive complains when it is collected.
    assert capfd.readouterr().err == ""


def test_predict_on_a_full_disk_keeps_the_earlier_submission(tmp_path, drawn_csv):
    (tmp_path / "submission.csv").write_text("id,label\n0,3\n")
    words = ("--csv", drawn_csv, "--model", ROOT / "models/fer2013/dnn.keras")
    process = Forked("predict.py", *words, folder=tmp_path, most_bytes=100)
    assert refused(process) == (
        "predict.py: submission.csv cannot be written: File too large\n"
    )
    assert contents(tmp_path) == {"submission.csv": b"id,label\n0,3\n"}


def test_the_sample_on_a_full_disk_is_not_left_half_drawn(alone):
    with full_disk(100_000), pytest.raises(BadInput, match=r"sample_test.csv cannot"):
        defaults.default_csv()
    assert not list((alone / "data").iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, capture_output=True).returncode
    ):
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_training_on_a_full_disk_keeps_the_earlier_model(small_disk, drawn_csv):
    old = {"m.keras": b"the earlier model " * 9_000}
    for suffix in (".json", ".csv"):
        old[f"m{suffix}"] = (ROOT / f"models/fer2013/dnn{suffix}").read_bytes()
    for name, content in old.items():
        (small_disk / name).write_bytes(content)
    words = ("--csv", drawn_csv, "--epochs", 1, "--precision", "float32")
    process = Forked("train_dnn.py", *words, "--out", "m.keras", folder=small_disk)
    said = refused(process)
    assert "m.checkpoint.npz cannot be written: No space left on device" in said
    assert contents(small_disk) == old


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (audit, ["--out", "a.csv"]),
        (convert, ["--out", "a.csv"]),
        (convert, ["--out", "a.parquet"]),
        (convert, ["--out", "folder"]),
        (confusion, ["--model", "m.keras", "--out", "a.png"]),
        (saliency, ["--model", "m.keras", "--out", "a.pdf"]),
        (
            filters,
            ["--model", "m.keras", "--layers", "1", "--steps", "1", "--out", "."],
        ),
        (predict, ["--model", "m.keras", "--out", "a.csv"]),
    ],
)
def test_no_script_on_a_full_disk_harms_what_was_there(
    script, words, call, trained, drawn_csv, small_disk, monkeypatch
):
    for name in ("a.csv", "a.parquet", "a.png", "a.pdf", "conv1_filters.png"):
        (small_disk / name).write_text("old")
    with contextlib.suppress(OSError), open(small_disk / "filler", "wb", 0) as filler:
        while True:
            filler.write(bytes(1000))
    before = contents(small_disk)
    words = [trained / "cnn.keras" if word == "m.keras" else word for word in words]
    with monkeypatch.context() as there:
        there.chdir(small_disk)
        with pytest.raises(BadInput, match=r"cannot be written: .*No space left"):
            call(script, "--data", drawn_csv, *words)
    assert contents(small_disk) == before


def test_a_conversion_goes_on_where_there_is_room_again(tmp_path, drawn_csv):
    asked = tmp_path / "x.faces", data.Source.of(drawn_csv), data.load
    with full_disk(100_000), pytest.raises(BadInput, match=r"x\.faces cannot be writ"):
        mapped.write(*asked)
    assert not (tmp_path / "x.faces").exists()
    assert mapped.write(*asked) == len(data.load(tmp_path / "x.faces"))


def test_a_full_folder_for_temporary_files_is_named(lay):
    path = lay(b"emotion;pixels\n" + b"0;" + b" ".join([b"7"] * 2304))
    with full_disk(100), pytest.raises(BadInput, match="written: File too large: make"):
        data.load(path)
