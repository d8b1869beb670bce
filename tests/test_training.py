"""Training: exact resume, refusals, signals, non-finite loss, determinism."""

import dataclasses
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
from conftest import OPTIONS

from benchmarks import resume
from fer import BadInput, checkpoint, data, machine, networks, training

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


def fit(
    drawn, path, again=False, build=networks.dnn, teach=None, weights=None, **changes
):
    options = OPTIONS | {"share": 0.5} | changes
    return training.fit(build, drawn, options, path, again, teach, weights)


def about(path):
    """What the checkpoint says of its run, beside the weights."""
    with np.load(path) as saved:
        return json.loads(str(saved["about"]))


def surprised(images):
    """A teacher that takes every face for surprise."""
    assert images.shape == (105, 48, 48)
    return np.eye(7, dtype=np.float32)[np.full(len(images), 5)]


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
    if "teach" in changes:
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


def test_the_number_of_loader_threads_changes_nothing(drawn, tmp_path, monkeypatch):
    for threads in (1, 5):
        monkeypatch.setattr(training, "LOADER_THREADS", threads)
        fit(drawn, tmp_path / f"{threads}.npz", augment="generator")
    assert resume.same_bits(tmp_path / "1.npz", tmp_path / "5.npz")


def batches(images, targets, size, augment, epoch):
    """The batches of an epoch: images (N, 48, 48) each, and targets."""
    options = {"seed": 0, "augment": augment}
    parts = training._batches(images, targets, size, options, epoch)
    return [(faces[..., 0], told) for faces, told in parts]


def test_each_epoch_pairs_faces_with_targets_in_an_order_of_its_own():
    rows = np.arange(20, dtype=np.uint8)
    images = np.tile(rows[:, None, None], (1, 48, 48))

    def order(epoch):
        parts = batches(images, rows, 5, "none", epoch)
        seen = np.concatenate([faces[:, 0, 0] for faces, _ in parts])
        assert np.array_equal(seen, np.concatenate([told for _, told in parts]))
        assert sorted(seen) == rows.tolist()
        return seen.tolist()

    assert order(0) == order(0) != order(1)
    assert rows.tolist() not in (order(0), order(1))


def test_each_batch_of_each_epoch_is_augmented_in_its_own_way(drawn):
    images = np.repeat(drawn.images[:1], 20, axis=0)
    drawn_so = [
        faces.tobytes()
        for epoch in (0, 1)
        for faces, _ in batches(images, np.zeros(20), 10, "mirror", epoch)
    ]
    assert len({*drawn_so}) == 4


def test_another_seed_gives_other_weights(drawn, tmp_path):
    first, *_ = fit(drawn, tmp_path / "a.npz")
    second, *_ = fit(drawn, tmp_path / "b.npz", seed=1)
    assert (first.get_weights()[0] != second.get_weights()[0]).any()


def test_half_of_what_is_learned_is_what_the_teacher_says(drawn, tmp_path):
    network, *_ = fit(drawn, tmp_path / "run.npz", teach=surprised)
    told = network.predict_on_batch(drawn.images[..., None]).mean(axis=0)
    assert told.argmax() == 5
    assert 0.4 < told[5] < 0.8


def test_at_a_share_of_one_the_labels_of_the_fitted_faces_are_not_learned(
    drawn, tmp_path
):
    fitted, _ = data.split(drawn, OPTIONS["seed"])
    labels = drawn.labels.copy()
    labels[fitted] = 6 - labels[fitted]
    other = dataclasses.replace(drawn, labels=labels)
    one, *_ = fit(drawn, tmp_path / "a.npz", teach=surprised, share=1.0)
    two, *_ = fit(other, tmp_path / "b.npz", teach=surprised, share=1.0)
    for mine, its in zip(one.get_weights(), two.get_weights(), strict=True):
        assert np.array_equal(mine, its)


def test_a_consistent_teacher_is_asked_about_each_batch_as_it_is_augmented(
    drawn, tmp_path
):
    asked = []

    def teach(images):
        asked.append(images)
        return surprised(np.zeros((105, 48, 48)))[: len(images)]

    changes = {"teach": teach, "share": 1.0, "augment": "mirror", "consistent": True}
    network, history, _ = fit(drawn, tmp_path / "run.npz", **changes)
    told = network.predict_on_batch(drawn.images[..., None])
    assert (told.argmax(1) == 5).all()
    steps = 105 // OPTIONS["batch_size"]
    assert len(asked) == len(history) * steps
    assert {images.shape for images in asked} == {(OPTIONS["batch_size"], 48, 48, 1)}
    known = set(data.short_digests(drawn.images))
    seen = set(data.short_digests(np.concatenate(asked)[..., 0]))
    mirrored = set(data.short_digests(np.ascontiguousarray(drawn.images[:, :, ::-1])))
    assert seen - known and seen <= known | mirrored


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
        patch.setattr(checkpoint, "CODE", checkpoint.CODE[1:])
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


def test_accuracy_counts_whole_faces_over_all_batches(drawn, rng):
    network = networks.dnn()
    training._compile(network, "adamw", 1, 128)
    many = drawn.take(rng.integers(0, len(drawn), 2 * training.EVALUATION_BATCH + 77))
    found = training.evaluate(network, many)["val_accuracy"]
    told = network.predict_on_batch(many.images[..., None]).argmax(1)
    assert found == (told == many.labels).sum() / len(many)


def test_a_run_that_is_refused_leaves_the_precision_as_it_was(drawn, tmp_path):
    before = keras.config.dtype_policy().name
    with pytest.raises(BadInput):
        fit(drawn, tmp_path / "none.npz", again=True, precision="mixed_bfloat16")
    assert keras.config.dtype_policy().name == before


def test_a_batch_larger_than_the_data_trains_on_all_of_it(drawn, tmp_path):
    network, [row], _ = fit(drawn, tmp_path / "run.npz", batch_size=10_000, epochs=1)
    peak, _ = training.OPTIMIZERS["adamw"]
    assert row["learning_rate"] == pytest.approx(peak * 105 / 128)
    keras.utils.set_random_seed(OPTIONS["seed"])
    for before, after in zip(
        networks.dnn().get_weights(), network.get_weights(), strict=True
    ):
        assert (before != after).any()


def test_the_learning_rate_grows_with_the_batch_up_to_twice_the_usual_one():
    for batch_size, peak in (128, 1.5e-3), (256, 3e-3), (512, 3e-3):
        network = networks.dnn()
        training._compile(network, "adamw", 100, batch_size)
        for step, rate in (0, 0), (15, peak), (100, 0):
            network.optimizer.iterations.assign(step)
            found = training._learning_rate(network)
            assert found == pytest.approx(rate, abs=1e-9)


def test_a_tenth_of_what_is_learned_is_of_all_classes_alike(drawn):
    network = networks.dnn()
    training._compile(network, "adamw", 1, 128)
    told = network.predict_on_batch(drawn.images[..., None])
    asked = 0.9 * networks.one_hot(drawn.labels) + 0.1 / 7
    loss = -(asked * np.log(told)).sum(1).mean()
    assert training.evaluate(network, drawn)["val_loss"] == pytest.approx(loss, 1e-4)


@pytest.mark.parametrize("name", training.OPTIMIZERS)
def test_weights_that_nothing_moves_decay(name):
    network = networks.dnn()
    optimizer = training._optimizer(name, 0.1, 0.5, network.layers[-1].name)
    variables = network.trainable_variables
    optimizer.build(variables)
    before = network.get_weights()
    optimizer.apply([keras.ops.zeros_like(it) for it in variables], variables)
    for old, new in list(zip(before, network.get_weights(), strict=True))[::2]:
        assert np.allclose(new, 0.95 * old, atol=1e-7)


def test_the_weights_of_the_best_epoch_are_kept(drawn, tmp_path, monkeypatch):
    trained, weights = training._epoch, []

    def epoch(network, number, *rest):
        row = trained(network, number, *rest)
        weights.append(network.get_weights())
        return row | {"val_accuracy": (0.1, 0.9, 0.5)[number - 1]}

    monkeypatch.setattr(training, "_epoch", epoch)
    network, *_ = fit(drawn, tmp_path / "run.npz", epochs=3)
    for best, found in zip(weights[1], network.get_weights(), strict=True):
        assert np.array_equal(best, found)


def test_a_network_is_trained_in_the_precision_that_is_asked_for(drawn, tmp_path):
    policies = []

    def dnn():
        policies.append(keras.config.dtype_policy().name)
        return networks.dnn()

    precision = {"precision": "mixed_bfloat16"}
    fit(drawn, tmp_path / "run.npz", build=dnn, epochs=1, **precision)
    assert policies == ["mixed_bfloat16", "float32"]


def test_what_is_trained_further_starts_from_its_weights(drawn, tmp_path, monkeypatch):
    weights = networks.dnn().get_weights()
    monkeypatch.setitem(training.OPTIMIZERS, "adamw", (0.0, 0.0))
    network, *_ = fit(drawn, tmp_path / "run.npz", epochs=1, seed=1, weights=weights)
    for before, after in zip(weights, network.get_weights(), strict=True):
        assert np.array_equal(before, after)


def test_what_is_trained_further_learns_at_half_of_the_rate(drawn, tmp_path):
    weights = networks.dnn().get_weights()
    _, anew, _ = fit(drawn, tmp_path / "anew.npz")
    _, further, _ = fit(drawn, tmp_path / "further.npz", weights=weights)
    for one, other in zip(anew, further, strict=True):
        assert other["learning_rate"] == pytest.approx(one["learning_rate"] / 2)


def test_an_epochs_learning_rate_is_that_of_its_last_step(drawn, tmp_path):
    _, history, _ = fit(drawn, tmp_path / "run.npz", epochs=5)
    first, *_, last = (row["learning_rate"] for row in history)
    assert 0 < last < first < training.OPTIMIZERS["adamw"][0]


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
