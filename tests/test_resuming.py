"""A run that stops: exact resume, refusals, signals, non-finite loss."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from by_command import ROOT, environment
from fitting import fit, surprised

from benchmarks import resume
from fer import BadInput, data, machine, networks
from fer.training import checkpoint
from fer.training import fit as training

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def interrupted_after(epochs, monkeypatch):
    """Make training stop as if a signal came in the epoch numbered `epochs`."""
    written = checkpoint.write
    count = []

    def write(*args):
        written(*args)
        count.append(1)
        if len(count) == epochs:
            raise training.Stopped("stopped by the test")

    monkeypatch.setattr(checkpoint, "write", write)


@pytest.fixture(scope="module")
def begun(drawn, tmp_path_factory):
    """The checkpoint of a run of two epochs that was stopped after the first."""
    path = tmp_path_factory.mktemp("begun") / "run.npz"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(training.Stopped):
        interrupted_after(1, patch)
        fit(drawn, path)
    return path


@pytest.fixture
def unfinished(begun, tmp_path):
    """That checkpoint in a folder of the test's own."""
    return Path(shutil.copy(begun, tmp_path))


def about(path):
    """What the checkpoint says of its run, beside the weights."""
    with np.load(path) as saved:
        return json.loads(str(saved["about"]))


def watching(images):
    """A teacher of batches, who goes by their pixels."""
    told = 1 + images.reshape(len(images), -1)[:, 1000:1007].astype(np.float32)
    return told / told.sum(axis=1, keepdims=True)


def asked_again(images):
    raise AssertionError("what the teacher said is in the checkpoint")


@pytest.mark.parametrize(
    ("build", "augment", "more"),
    [
        (networks.cnn, "generator", {}),
        (networks.cnn, "none", {}),
        (networks.dnn, "none", {}),
        (networks.dnn, "generator", {"weights": networks.dnn}),
        (networks.dnn, "mirror", {"optimizer": "muon", "precision": "mixed_bfloat16"}),
        (networks.compact_60k, "strong", {"optimizer": "muon", "teach": surprised}),
        (networks.dnn, "generator", {"teach": watching, "consistent": True}),
    ],
)
def test_a_stopped_and_resumed_run_ends_in_the_same_bits(
    build, augment, more, drawn, tmp_path, monkeypatch
):
    changes = {"build": build, "augment": augment, "epochs": 3, **more}
    if "weights" in more:
        changes["weights"] = more["weights"]().get_weights()
    straight, history, _ = fit(drawn, tmp_path / "straight.npz", **changes)
    with monkeypatch.context() as patch, pytest.raises(training.Stopped):
        interrupted_after(2, patch)
        fit(drawn, tmp_path / "parts.npz", **changes)
    if more.get("teach") is surprised:
        changes["teach"] = asked_again
    done = about(tmp_path / "parts.npz")["seconds"]
    resumed, rows, took = fit(drawn, tmp_path / "parts.npz", again=True, **changes)
    assert rows == history and took > done > 0
    assert resume.same_bits(tmp_path / "straight.npz", tmp_path / "parts.npz")
    for one, other in zip(straight.get_weights(), resumed.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def test_kill_9_in_an_epoch_and_in_a_write_costs_no_bit(tmp_path, rng, monkeypatch):
    monkeypatch.setattr(resume, "FACES", 140)
    row = resume.prove("dnn", "generator", 2, rng)
    assert row["same bits"]
    assert row["kills"] == 2 and row["epochs"] == 8


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"consistent": True}, "consistent None, not True"),
        ({"epochs": 5}, "epochs 2, not 5"),
        ({"batch_size": 16}, "batch_size 32, not 16"),
        ({"seed": 9}, "seed 0, not 9"),
        ({"augment": "generator"}, "augment none, not generator"),
        ({"build": networks.cnn}, "network dnn, not cnn"),
    ],
)
def test_resuming_with_other_options_names_the_difference(
    changes, named, drawn, unfinished
):
    before = unfinished.read_bytes()
    with pytest.raises(BadInput, match=named):
        fit(drawn, unfinished, again=True, **changes)
    assert unfinished.read_bytes() == before


def test_resuming_with_other_data_is_refused(drawn, unfinished):
    other = data.Faces(drawn.images[::-1], drawn.labels, drawn.usage)
    with pytest.raises(BadInput, match="made with data"):
        fit(other, unfinished, again=True)


def test_resuming_by_another_keras_or_network_is_refused(
    drawn, unfinished, monkeypatch
):
    with monkeypatch.context() as patch, pytest.raises(BadInput, match="with versions"):
        patch.setattr(machine, "versions", lambda: {"keras": "2.0"})
        fit(drawn, unfinished, again=True)
    with monkeypatch.context() as patch, pytest.raises(BadInput, match="tensorflow"):
        patch.setattr(keras.backend, "backend", lambda: "jax")
        fit(drawn, unfinished, again=True)
    with monkeypatch.context() as patch, pytest.raises(BadInput, match="with code"):
        patch.setattr(checkpoint, "VERSION", 0)
        fit(drawn, unfinished, again=True)
    monkeypatch.setattr(networks, "_probabilities", lambda: keras.layers.Dense(3))
    with pytest.raises(BadInput, match="made with weights 6 arrays"):
        fit(drawn, unfinished, again=True)


def test_resuming_without_what_the_run_began_with_is_refused(drawn, tmp_path):
    path = tmp_path / "run.npz"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(training.Stopped):
        interrupted_after(1, patch)
        fit(drawn, path, start={"m.keras": "its digest"})
    with pytest.raises(BadInput, match=r"with start .*its digest.*, not None"):
        fit(drawn, path, again=True)


def test_an_unfinished_run_is_not_overwritten(drawn, unfinished):
    with pytest.raises(BadInput, match=r"1 of 2 epochs.*add --resume"):
        fit(drawn, unfinished)


def test_there_must_be_something_to_resume(drawn, tmp_path):
    with pytest.raises(BadInput, match="no run to resume"):
        fit(drawn, tmp_path / "run.npz", again=True)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_checkpoint_is_named(content, drawn, tmp_path):
    (tmp_path / "run.npz").write_bytes(content)
    with pytest.raises(BadInput, match=r"run.npz is no checkpoint"):
        fit(drawn, tmp_path / "run.npz", again=True)


@pytest.mark.parametrize("kind", ["state", "best"])
def test_a_checkpoint_that_lacks_weights_is_named(kind, drawn, unfinished):
    with np.load(unfinished) as whole:
        last = [name for name in whole.files if name.startswith(kind)][-1]
        arrays = {name: whole[name] for name in whole.files if name != last}
    np.savez(unfinished, **arrays)
    with pytest.raises(BadInput, match=r"run.npz is no checkpoint"):
        fit(drawn, unfinished, again=True)


@pytest.fixture
def when_sent():
    """A function that sets what a signal does; all is as before after the test."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield signal.signal
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_first_signal_is_noted_and_a_second_acts_at_once(number, when_sent, capsys):
    when_sent(number, signal.default_int_handler)
    with training._signals() as received:
        signal.raise_signal(number)
        assert received == [number]
        assert "finishing this epoch first" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_is_ignored_stays_so(number, when_sent):
    when_sent(number, signal.SIG_IGN)
    with training._signals() as received:
        signal.raise_signal(number)
    assert received == []


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_epoch(
    drawn, unfinished, monkeypatch
):
    before = unfinished.read_bytes()
    real = keras.Model.train_on_batch

    def poisoned(self, *args, **kwargs):
        return real(self, *args, **kwargs) | {"loss": np.nan}

    monkeypatch.setattr(keras.Model, "train_on_batch", poisoned)
    told = r"loss is nan at step 1 .*learning rate \d.*: delete the checkpoint"
    with pytest.raises(BadInput, match=told):
        fit(drawn, unfinished, again=True)
    assert unfinished.read_bytes() == before


def test_weights_that_the_last_update_of_an_epoch_ruined_are_not_kept(
    drawn, tmp_path, monkeypatch
):
    real, done = keras.Model.train_on_batch, []

    def ruined(self, *args, **kwargs):
        logs = real(self, *args, **kwargs)
        done.append(logs)
        if len(done) == 105 // 32:
            self.set_weights([weights * np.nan for weights in self.get_weights()])
        return logs

    monkeypatch.setattr(keras.Model, "train_on_batch", ruined)
    with pytest.raises(BadInput, match="loss is nan of the validation rows"):
        fit(drawn, tmp_path / "run.npz")
    assert not (tmp_path / "run.npz").exists()


def test_a_run_may_go_on_if_there_is_one_to_go_on_with(drawn, unfinished, tmp_path):
    whole, *_ = fit(drawn, tmp_path / "a.npz", again=None)
    resumed, *_ = fit(drawn, unfinished, again=None)
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert np.array_equal(one, other)


@pytest.fixture
def endless_training(drawn_csv, tmp_path):
    """A run of train_dnn.py that has ended its first epoch and has many to go."""
    command = [sys.executable, ROOT / "train_dnn.py", "--csv", drawn_csv]
    options = ["--epochs", "100000", "--out", "dnn.keras", "--batch-size", "8"]
    process = subprocess.Popen(
        command + options,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while "epoch 1 of" not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
        yield process
    finally:
        process.kill()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_finishes_the_checkpoint_and_says_how_to_go_on(
    number, endless_training, tmp_path
):
    endless_training.send_signal(number)
    out, err = endless_training.communicate(timeout=60)
    assert endless_training.returncode == 130
    assert "finishing this epoch first" in err
    assert "goes on" in err and "--resume" in err
    last = len(about(tmp_path / "dnn.checkpoint.npz")["history"])
    assert f"epoch {last} of" in out or last == 1
    assert not (tmp_path / "dnn.keras").exists()
