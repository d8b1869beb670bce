"""A full disk, a folder in the way, kill -9, two runs at once: no file is harmed."""

import contextlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from by_command import ROOT, environment

from fer import BadInput, defaults, files, models, networks
from fer.report import predictions
from fer.training import checkpoint


def start(*words, folder, most_bytes=None):
    """A started process of Python; no file of its may grow past `most_bytes`."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit if most_bytes else None,
    )


def refusal(process):
    """The one line on stderr of a script that ends with status 2."""
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said.count("\n")) == (2, 1), said
    return said


def wait_until(condition, process, seconds=60):
    """Wait for the condition while the process runs; whether it came true."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.0005)
    return False


HALF_WRITTEN = """
import signal, sys
from fer import cli, files

def main():
    with files.whole("submission.csv") as temporary:
        temporary.write_text("id,label")
        print("half", flush=True)
        signal.pause()

sys.argv[0] = "predict.py"
cli.run(main)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_script_that_is_stopped_says_so_and_leaves_nothing(number, tmp_path):
    process = start("-c", HALF_WRITTEN, folder=tmp_path)
    assert process.stdout.readline() == "half\n"
    process.send_signal(number)
    assert process.communicate(timeout=60) == ("", "predict.py: stopped\n")
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())


IGNORING = """
import signal
from fer import cli

signal.signal(signal.SIGTERM, signal.SIG_IGN)
cli.run(lambda: print(signal.getsignal(signal.SIGTERM) == signal.SIG_IGN))
"""


def test_a_script_that_was_told_to_ignore_sigterm_does(tmp_path):
    process = start("-c", IGNORING, folder=tmp_path)
    assert process.communicate(timeout=60) == ("True\n", "")


def contents(folder):
    """Bytes by name of all files in the folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# A full disk.


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
    process = start(ROOT / "predict.py", *words, folder=tmp_path, most_bytes=100)
    assert refusal(process) == (
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
    subprocess.run(["umount", str(folder)], check=True)


def test_training_on_a_full_disk_keeps_the_earlier_model(small_disk, drawn_csv):
    old = {"m.keras": b"the earlier model " * 9_000}
    for suffix in (".json", ".csv"):
        old[f"m{suffix}"] = (ROOT / f"models/fer2013/dnn{suffix}").read_bytes()
    for name, content in old.items():
        (small_disk / name).write_bytes(content)
    words = ("--csv", drawn_csv, "--epochs", 1, "--precision", "float32")
    process = start(
        *(ROOT / "train_dnn.py", *words, "--out", "m.keras"), folder=small_disk
    )
    said = refusal(process)
    assert "m.checkpoint.npz cannot be written: No space left on device" in said
    assert contents(small_disk) == old


# A folder in the way.


def test_a_folder_in_the_way_is_told_before_the_training(tmp_path, drawn_csv):
    (tmp_path / "m.keras").mkdir()
    words = ("--csv", drawn_csv, "--out", "m.keras")
    said = refusal(start(ROOT / "train_cnn.py", *words, folder=tmp_path))
    assert "m.keras is a folder" in said
    assert [path.name for path in tmp_path.iterdir()] == ["m.keras"]
    assert not list((tmp_path / "m.keras").iterdir())


def test_a_folder_named_as_our_lock_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / ".a.csv.lock").mkdir()
    with pytest.raises(BadInput, match=r"a\.csv.* cannot be written"):
        files.write_text(tmp_path / "a.csv", "new")
    assert (tmp_path / "a.csv").read_text() == "old"


# kill -9.

HALF = """
import sys, time
from fer import files
with files.whole(sys.argv[1]) as temporary, open(temporary, "w") as stream:
    stream.write("half")
    stream.flush()
    time.sleep(60)
"""
FOREVER = """
import itertools, sys
from fer import files
for number in itertools.count():
    files.write_bytes(sys.argv[1], bytes([number % 256]) * 1_000_000)
"""


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_write_that_is_killed_leaves_the_old_file_and_the_next_cleans_up(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("old")
    process = start("-c", HALF, target, folder=tmp_path)

    def half_written():
        return b"half" in contents(tmp_path).values()

    assert wait_until(half_written, process)
    with pytest.raises(BadInput, match="held by another run"):
        files.write_text(target, "meanwhile")
    kill(process)
    assert target.read_text() == "old"
    files.write_text(target, "new")
    assert contents(tmp_path) == {"a.csv": b"new"}


def test_a_file_is_whole_whenever_its_writer_is_killed(tmp_path):
    target, draw = tmp_path / "a.bin", random.Random(0)
    for _ in range(15):
        target.unlink(missing_ok=True)
        process = start("-c", FOREVER, target, folder=tmp_path)
        assert wait_until(target.exists, process)
        time.sleep(draw.uniform(0, 0.03))
        kill(process)
        content = target.read_bytes()
        assert len(content) == 1_000_000 and len(set(content)) == 1
    files.write_text(target, "new")
    assert contents(tmp_path) == {"a.bin": b"new"}


# Two at once.

OFTEN = """
import sys
from fer import BadInput, files
left = 30
while left:
    try:
        files.write_bytes(sys.argv[1], sys.argv[2].encode() * 100_000)
        left -= 1
    except BadInput as error:
        assert "held by another run" in str(error), error
"""


def test_writers_at_once_end_whole_or_are_refused(tmp_path):
    target = tmp_path / "a.bin"
    writers = [start("-c", OFTEN, target, who, folder=tmp_path) for who in "abc"]
    while any(writer.poll() is None for writer in writers):
        if target.exists():
            content = target.read_bytes()
            assert len(content) == 100_000 and len(set(content)) == 1
    for writer in writers:
        assert writer.communicate() == ("", "")
        assert writer.returncode == 0
    assert list(contents(tmp_path)) == ["a.bin"]


def test_a_training_that_is_killed_mid_write_harms_nothing_and_resumes(
    tmp_path, drawn_csv
):
    (tmp_path / "m.keras").write_text("old model")
    words = ("--csv", drawn_csv, "--epochs", 12, "--precision", "float32")
    words = (ROOT / "train_dnn.py", *words, "--augment", "none", "--out", "m.keras")
    first = start(*words, folder=tmp_path)
    assert wait_until((tmp_path / ".m.run.lock").exists, first)
    second = start(*words, folder=tmp_path)
    assert "m.run.lock is held by another run" in refusal(second)

    unfinished = tmp_path / "m.checkpoint.npz"
    caught = wait_until(
        lambda: unfinished.exists() and [*tmp_path.glob(".m.checkpoint.*.tmp.npz")],
        first,
    )
    kill(first)
    assert caught
    assert (tmp_path / "m.keras").read_text() == "old model"

    resumed = start(*words, "--resume", folder=tmp_path)
    out, said = resumed.communicate(timeout=120)
    assert (resumed.returncode, said) == (0, "")
    assert "epoch 1 of 12" not in out and "epoch 12 of 12" in out
    left = {path.name for path in tmp_path.iterdir() if path.suffix != ".npy"}
    assert left == {f"m.{ending}" for ending in ("keras", "json", "csv", "txt", "png")}
    models.load(tmp_path / "m.keras")
