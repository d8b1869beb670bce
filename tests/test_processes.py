"""Several processes train one network as one does, and end together."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from by_command import ROOT, environment

from fer import BadInput, process
from fer.training import epochs, fit, joining, processes
from fer.training.recipe import Recipe

JAX = {"KERAS_BACKEND": "jax", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
WORDS = ("--epochs", "30", "--batch-size", "32", "--precision", "float32")


def begun(faces, folder, *more):
    """A training of the DNN, on its way in the folder."""
    words = (ROOT / "train_dnn.py", "--data", faces, *WORDS, "--augment", "mirror")
    words += ("--out", folder / "m.keras", *more)
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=environment(**JAX),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def history(folder):
    """Losses and accuracies of each epoch: (epochs, 4)."""
    with open(folder / "m.csv") as file:
        rows = list(csv.DictReader(file))
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return np.array([[float(row[name]) for name in names] for row in rows])


def second_of(first):
    """The id of the process that `first` has started to train with it, or None."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
            words = (status.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if parent == first.pid and b"--process" in words:
            return int(status.parent.name)


def until(there, training):
    """What there() returns, as soon as it is something."""
    while not (found := there()):
        assert training.poll() is None, training.stderr.read()
        time.sleep(0.005)
    return found


def as_hosts(faces, *folders):
    """As many trainings as folders, each given its number, that make up one."""
    with socket.socket() as free:
        free.bind((joining.LOCAL, 0))
        where = f"{joining.LOCAL}:{free.getsockname()[1]}"
    together = "--resume", "--coordinator", where, "--processes", str(len(folders))
    return [
        begun(faces, folder, *together, "--process", str(number))
        for number, folder in enumerate(folders)
    ]


def ended(training, number):
    """What it says, within a minute after the process `number` was killed."""
    os.kill(number, signal.SIGKILL)
    said = training.communicate(timeout=60)[1]
    assert said.count("\n") == 1
    return said


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc")
def test_two_processes_train_as_one_and_a_killed_one_ends_both(drawn_csv, tmp_path):
    alone, together, nothing = (tmp_path / name for name in ("1", "2", "nothing"))
    kept = together / "m.checkpoint.npz"
    one = begun(drawn_csv, alone)
    two = begun(drawn_csv, together, "--processes", "2")
    until(kept.exists, two)
    said = ended(two, second_of(two))
    assert "process 1 of 2 ended: killed by SIGKILL" in said
    assert two.returncode == 2

    before = kept.stat().st_mtime_ns
    first, second = as_hosts(drawn_csv, together, nothing)
    until(lambda: kept.stat().st_mtime_ns > before, first)
    assert "process 0 was lost; --resume goes on" in ended(second, first.pid)
    first.communicate()

    hosts = as_hosts(drawn_csv, together, nothing)
    (out, error), (silence, none) = (each.communicate() for each in hosts)
    assert [each.returncode for each in hosts] == [0, 0], error + none
    assert error == none == silence == ""
    assert out.count("epoch 30 of 30") == out.count("wrote ") == 1
    assert not nothing.exists()

    assert one.wait() == 0
    assert np.allclose(history(alone), history(together), rtol=1e-5)


def flags(processes=None, coordinator=None, process=None):
    return SimpleNamespace(
        processes=processes, coordinator=coordinator, process=process
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (flags(process=1), "--process needs --coordinator"),
        (flags(coordinator="a:1"), "--coordinator needs --processes N and --process"),
        (flags(2, "a:1", 2), "--process 2 is none of 0 to 1"),
        (flags(2), "set KERAS_BACKEND=jax"),
    ],
)
def test_flags_about_processes_must_go_together(asked, told):
    with pytest.raises(BadInput, match=told), joining.joined(asked):
        pass


def test_what_is_of_several_processes_is_of_one_alone():
    rows = np.arange(12).reshape(3, 4)
    with joining.joined(flags(1)):
        assert processes.count() == 1 and processes.is_first()
        assert (processes.share(rows) == rows).all()
        assert processes.part(5) == slice(0, 5)
        assert processes.means([0.3, 0.1], 3) == [0.3, 0.1]
        assert processes.in_turn(lambda: "done") == "done"


def test_the_parts_of_all_processes_are_each_row_once(monkeypatch):
    rows = np.arange(24).reshape(3, 8)
    monkeypatch.setattr(processes, "count", lambda: 4)
    seen, counted = [], []
    for number in range(4):
        monkeypatch.setattr(processes, "number", lambda number=number: number)
        seen.append(processes.share(rows))
        counted += range(10)[processes.part(10)]
    assert (np.concatenate(seen, axis=1) == rows).all()
    assert counted == [*range(10)]


LOST = """E1127 coordination_service.cc:1549] UNAVAILABLE: The following tasks \
are unhealthy (stopped sending heartbeats):
3
The tasks have crashed."""


def test_the_line_of_a_lost_process_names_it():
    assert process._why(LOST) == "process 3 was lost; --resume goes on"
    gone = "F1127 1] UNAVAILABLE: Failed to send RPC to coordination service."
    cut = "F1127 1] Deadline Exceeded\nRPC: /xla.CoordinationService/Heartbeat"
    for text in (gone, cut):
        assert process._why(text) == "process 0 was lost; --resume goes on"
    assert process._why("") == "killed, or out of memory"


def test_past_memory_a_batch_follows_from_seed_epoch_and_number(drawn, monkeypatch):
    pytest.importorskip("grain")
    recipe = Recipe(batch_size=32, augment="mixup").resolved()
    lesson = fit.lesson_of(drawn, recipe)
    monkeypatch.setattr(epochs, "MOST_HELD", 10)
    whole = [*epochs.batches(recipe, lesson, 3)]
    assert len(whole) == 4 == epochs.steps_of(recipe, len(drawn))
    order = [int(epochs._order(recipe, 3, 140)[place]) for place in range(140)]
    assert sorted(order) == [*range(140)] != order
    monkeypatch.setattr(processes, "count", lambda: 2)
    halves = []
    for number in range(2):
        monkeypatch.setattr(processes, "number", lambda number=number: number)
        halves.append([*epochs.batches(recipe, lesson, 3)])
    for batch, *parts in zip(whole, *halves, strict=True):
        joined = map(np.concatenate, zip(*parts, strict=True))
        assert all(map(np.allclose, batch, joined))
    other = next(epochs.batches(recipe, lesson, 4))
    assert not np.array_equal(whole[0][1], other[1])
