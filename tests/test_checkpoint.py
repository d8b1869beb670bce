"""A run that stops: exact resume, refusals, a loss that is not finite."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from by_command import Forked
from fitting import about, surprised, trained
from small_networks import residual

from benchmarks import resume
from fer import BadInput, data, machine, networks
from fer.training import checkpoint, fit


def interrupted_after(epochs, monkeypatch):
    """Make training stop as if a signal came in the epoch numbered `epochs`."""
    written = checkpoint.Checkpoint.write

    def write(self, network, history, seconds, now):
        written(self, network, history, seconds, True)
        if len(history) == epochs:
            raise fit.Stopped("stopped by the test")

    monkeypatch.setattr(checkpoint.Checkpoint, "write", write)


@pytest.fixture(scope="module")
def begun(drawn, tmp_path_factory):
    """The checkpoint of a run of two epochs that was stopped after the first."""
    path = tmp_path_factory.mktemp("begun") / "run.npz"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(fit.Stopped):
        interrupted_after(1, patch)
        trained(drawn, path)
    return path


@pytest.fixture
def unfinished(begun, tmp_path):
    """That checkpoint in a folder of the test's own."""
    return Path(shutil.copy(begun, tmp_path))


@pytest.fixture
def kept_after_one(tmp_path, monkeypatch):
    """Where a run of two epochs leaves its checkpoint as it was after the first."""
    written = checkpoint.Checkpoint.write

    def write(self, network, history, seconds, now):
        written(self, network, history, seconds, True)
        if len(history) == 1:
            shutil.copy(self.path, tmp_path / "resumed.npz")

    monkeypatch.setattr(checkpoint.Checkpoint, "write", write)
    return tmp_path / "resumed.npz"


@pytest.mark.parametrize(
    ("network", "augment", "more"),
    [
        ("cnn", "generator", {}),
        ("dnn", "none", {}),
        ("dnn", "generator", {"given": {"weights": networks.dnn}}),
        ("dnn", "mirror", {"optimizer": "muon", "precision": "mixed_bfloat16"}),
        (
            "residual",
            "mixup",
            {"optimizer": "muon", "given": {"taught": surprised(2)}},
        ),
    ],
)
def test_a_run_resumed_from_its_checkpoint_ends_in_the_same_bits(
    network, augment, more, drawn, kept_after_one, tmp_path, monkeypatch
):
    monkeypatch.setitem(networks.NETWORKS, "residual", residual)
    changes = {"network": network, "augment": augment, "epochs": 2, **more}
    if "weights" in (given := more.get("given", {})):
        changes["given"] = {"weights": given["weights"]().get_weights()}
    straight, history, _ = trained(drawn, tmp_path / "straight.npz", **changes)
    done = about(kept_after_one)["seconds"]
    resumed, rows, took = trained(drawn, kept_after_one, True, **changes)
    assert rows == history and took > done > 0
    assert resume.same_bits(tmp_path / "straight.npz", kept_after_one)
    for one, other in zip(straight.get_weights(), resumed.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def test_kill_9_in_an_epoch_and_in_a_write_costs_no_bit(tmp_path, rng, monkeypatch):
    (tmp_path / "driver.py").write_text(resume.DRIVER)

    def start(*words):
        driver = tmp_path / "driver.py"
        return Forked(driver, *words[:3], 140, words[3], folder=tmp_path)

    monkeypatch.setattr(resume, "start", start)
    row = resume.prove("dnn", "generator", 2, rng)
    assert row["same bits"]
    assert row["kills"] == 2 and row["epochs"] == 8


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"epochs": 5}, "epochs 2, not 5"),
        ({"batch_size": 16}, "batch_size 32, not 16"),
        ({"seed": 9}, "seed 0, not 9"),
        ({"augment": "generator"}, "augment none, not generator"),
        ({"network": "cnn"}, "network dnn, not cnn"),
        ({"learning_rate": 0.1}, "learning_rate 0.0015, not 0.1"),
        ({"learned_from": {"teachers": ["a"], "start": None}}, "learned from .*, not"),
        ({"start": "b.keras", "learning_rate": 0.0015}, "start None, not b.keras"),
    ],
)
def test_resuming_with_another_recipe_names_the_difference(
    changes, named, drawn, unfinished
):
    before = unfinished.read_bytes()
    with pytest.raises(BadInput, match=named):
        trained(drawn, unfinished, True, **changes)
    assert unfinished.read_bytes() == before


def test_resuming_with_other_data_is_refused(drawn, unfinished):
    other = data.Faces(drawn.images[::-1], drawn.labels, drawn.usage)
    with pytest.raises(BadInput, match="made with data"):
        trained(other, unfinished, True)


@pytest.mark.parametrize(
    ("place", "name", "value", "named"),
    [
        (machine, "versions", lambda: {"keras": "2.0"}, "with versions"),
        (machine, "processors", lambda: 77, "with arithmetic .*, not .*77"),
        (checkpoint, "VERSION", 0, "with code"),
    ],
)
def test_resuming_where_other_bits_would_come_out_is_refused(
    place, name, value, named, drawn, unfinished, monkeypatch
):
    monkeypatch.setattr(place, name, value)
    with pytest.raises(BadInput, match=named):
        trained(drawn, unfinished, True)


@pytest.mark.parametrize("switch", ["TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS"])
def test_resuming_under_another_switch_of_the_libraries_is_refused(
    switch, drawn, unfinished, monkeypatch
):
    monkeypatch.setenv(switch, "0")
    with pytest.raises(BadInput, match=f"with arithmetic .*{switch}"):
        trained(drawn, unfinished, True)


def test_where_epochs_are_short_not_each_is_written(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SHARE_OF_TIME", 1e-9)
    written = []
    write = np.savez
    monkeypatch.setattr(
        np, "savez", lambda *a, **k: written.append(1) or write(*a, **k)
    )
    trained(drawn, tmp_path / "run.npz", epochs=4)
    assert len(written) == 2  # the first and the last
    assert len(about(tmp_path / "run.npz")["history"]) == 4


def test_an_unfinished_run_is_not_overwritten(drawn, unfinished):
    with pytest.raises(BadInput, match=r"1 of 2 epochs.*add --resume"):
        trained(drawn, unfinished)


def test_there_must_be_something_to_resume(drawn, tmp_path):
    with pytest.raises(BadInput, match=r"no unfinished run to resume.*--start"):
        trained(drawn, tmp_path / "run.npz", True)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_checkpoint_is_named(content, drawn, tmp_path):
    (tmp_path / "run.npz").write_bytes(content)
    with pytest.raises(BadInput, match=r"run.npz is no checkpoint"):
        trained(drawn, tmp_path / "run.npz", True)


def spoilt(path, state=None, **changes):
    """Write the checkpoint anew, with another first array or other words."""
    with np.load(path) as whole:
        arrays = dict(whole)
    said = json.loads(str(arrays.pop("about"))) | changes
    if state is not None:
        arrays["state0"] = state
    np.savez(path, about=np.array(json.dumps(said)), **arrays)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": np.zeros(3, np.float32)},
        {"state": np.full((2304, 512), np.nan, np.float32)},
        {"state": np.array(["text"])},
        {"history": "text"},
        {"history": [{"epoch": 1, "loss": None}]},
        {"history": [{"epoch": 1, "loss": float("nan")}]},
        {"seconds": "long"},
        {"run": []},
    ],
)
def test_a_checkpoint_of_wrong_types_shapes_or_numbers_is_named(
    changes, drawn, unfinished
):
    spoilt(unfinished, **changes)
    with pytest.raises(BadInput, match=r"run.npz is no checkpoint"):
        trained(drawn, unfinished, True)


def test_a_checkpoint_whose_weights_are_packed_is_never_unpacked(drawn, unfinished):
    with np.load(unfinished) as kept:
        np.savez_compressed(unfinished, **kept)
    with pytest.raises(BadInput, match="unpacks to more than it holds"):
        trained(drawn, unfinished, True)


def test_a_checkpoint_that_lacks_weights_is_named(drawn, unfinished):
    with np.load(unfinished) as whole:
        *kept, _ = whole.files
        arrays = {name: whole[name] for name in kept}
    np.savez(unfinished, **arrays)
    with pytest.raises(BadInput, match=r"run.npz is no checkpoint"):
        trained(drawn, unfinished, True)


def test_a_run_may_go_on_if_there_is_one_to_go_on_with(drawn, unfinished, tmp_path):
    whole, *_ = trained(drawn, tmp_path / "a.npz", None)
    resumed, *_ = trained(drawn, unfinished, None)
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_epoch(
    drawn, unfinished, monkeypatch
):
    before = unfinished.read_bytes()
    real = keras.Model.train_on_batch

    def poisoned(self, *args, **kwargs):
        return real(self, *args, **kwargs) | {"loss": np.nan}

    monkeypatch.setattr(keras.Model, "train_on_batch", poisoned)
    told = "loss is nan at step 1 .*delete the checkpoint.*--learning-rate"
    with pytest.raises(BadInput, match=told):
        trained(drawn, unfinished, True)
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
        trained(drawn, tmp_path / "run.npz")
    assert not (tmp_path / "run.npz").exists()
