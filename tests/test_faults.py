"""A full disk, a folder in the way, kill -9, two runs at once: no file is harmed."""

import random
import signal
import time

import pytest
from by_command import Forked, contents, refused, start

from fer import BadInput, files, models


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


# A folder in the way.


def test_a_folder_in_the_way_is_told_before_the_training(tmp_path, drawn_csv):
    (tmp_path / "m.keras").mkdir()
    words = ("--csv", drawn_csv, "--out", "m.keras")
    said = refused(Forked("train_cnn.py", *words, folder=tmp_path))
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
    words = ("train_dnn.py", *words, "--augment", "none", "--out", "m.keras")
    first = Forked(*words, folder=tmp_path)
    assert wait_until((tmp_path / ".m.run.lock").exists, first)
    second = Forked(*words, folder=tmp_path)
    assert "m.run.lock is held by another run" in refused(second)

    unfinished = tmp_path / "m.checkpoint.npz"
    caught = wait_until(
        lambda: unfinished.exists() and [*tmp_path.glob(".m.checkpoint.*.tmp.npz")],
        first,
    )
    kill(first)
    assert caught
    assert (tmp_path / "m.keras").read_text() == "old model"

    resumed = Forked(*words, "--resume", folder=tmp_path)
    out, said = resumed.communicate(timeout=120)
    assert (resumed.returncode, said) == (0, "")
    assert "epoch 1 of 12" not in out and "epoch 12 of 12" in out
    left = {path.name for path in tmp_path.iterdir() if path.suffix != ".npy"}
    assert left == {f"m.{ending}" for ending in ("keras", "json", "csv", "txt", "png")}
    models.load(tmp_path / "m.keras")
