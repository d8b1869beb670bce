"""What the benchmarks share, and what they would otherwise break unseen."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from fitting import fit, surprised

from benchmarks import ablation, faithfulness, harness, shipped, throughput
from fer import networks
from fer.training import fit as training


@pytest.mark.parametrize("augment", ["none", "graph"])
def test_the_suite_of_the_throughput_benchmark_runs(augment, monkeypatch):
    train_on_batch, steps = keras.Model.train_on_batch, []

    def counted(network, images, *rest, **options):
        steps.append(images.shape)
        return train_on_batch(network, images, *rest, **options)

    monkeypatch.setattr(throughput, "STEPS", 2)
    monkeypatch.setattr(keras.Model, "train_on_batch", counted)
    try:
        throughput.suite(8, augment)()
    finally:
        keras.config.set_dtype_policy("float32")
    assert steps == [(8, 48, 48, 1)] * 2


@pytest.mark.parametrize("use", ["teachers", "start"])
def test_a_model_is_trained_anew_when_its_teacher_or_start_was(tmp_path, use):
    card, teacher = tmp_path / "m.json", tmp_path / "teacher.json"
    assert not shipped.is_done(card)
    teacher.write_text(json.dumps({"sha256": "first"}))
    taught = {use: {str(tmp_path / "teacher.keras"): "first"}}
    card.write_text(json.dumps({"options": taught}))
    assert shipped.is_done(card)
    teacher.write_text(json.dumps({"sha256": "second"}))
    assert not shipped.is_done(card)


def test_what_a_training_needs_and_is_not_there_is_trained_first(tmp_path, monkeypatch):
    trained = []

    def train(words, out, done):
        if not done:
            trained.append(out.stem)
            out.touch()

    monkeypatch.setattr(harness, "train", train)
    args = argparse.Namespace(folder=tmp_path, csv="f.csv")
    for name in ("compact", "cnn", "compact_5m", "compact_1", "compact_5m_1"):
        (tmp_path / f"{name}.json").write_text('{"options": {}}')
    for name in ("compact", "cnn", "teacher"):
        (tmp_path / f"{name}.keras").touch()
    shipped.train("compact_5m", 0, args)
    assert trained == []
    shipped.train("champion", 1, args)
    assert set(trained[:-1]) == {"compact_1", "compact_5m", "compact_5m_1"}
    assert trained[-1] == "champion_1" and len(trained) == 4


@pytest.mark.parametrize("lever", ["with_mixup", "by_class", "calm_at_the_end"])
def test_a_lever_of_batches_takes_what_a_training_gives(
    lever, drawn, tmp_path, monkeypatch
):
    monkeypatch.setattr(training, "_batches", getattr(ablation, lever))
    changes = {"augment": "graph", "teach": surprised}
    _, once, _ = fit(drawn, tmp_path / "a.npz", **changes)
    _, twice, _ = fit(drawn, tmp_path / "b.npz", **changes)
    assert once == twice


def test_a_script_that_fails_ends_the_benchmark_with_its_status():
    harness.run(["-c", ""])
    with pytest.raises(SystemExit, match="3"):
        harness.run(["-c", "raise SystemExit(3)"])


def test_the_spread_of_one_seed_is_its_figure_alone():
    assert harness.spread([0.5], 2) == "0.50"
    assert harness.spread([0.4, 0.6], 2) == "0.50 ± 0.14"


def test_ctrl_c_lets_a_script_end_what_it_does(tmp_path):
    script = f"""
import pathlib, time
folder = pathlib.Path({str(tmp_path)!r})
try:
    (folder / "begun").touch()
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    (folder / "ended").touch()
    raise SystemExit(130)
"""
    benchmark = f"from benchmarks import harness; harness.run(['-c', {script!r}])"
    benchmark = subprocess.Popen(
        [sys.executable, "-c", benchmark],
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    while not (tmp_path / "begun").exists():
        assert benchmark.poll() is None, benchmark.stderr.read()
        time.sleep(0.01)
    os.killpg(benchmark.pid, signal.SIGINT)
    assert benchmark.wait(30) == 130
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize(("lever", "share"), [("no dropout", 0), ("dropout 0.5", 0.5)])
def test_a_lever_of_dropout_reaches_the_network(lever, share):
    with contextlib.ExitStack() as stack:
        for patch in ablation.LEVERS[lever]:
            stack.enter_context(patch)
        network = networks.cnn()
    dropouts = [layer for layer in network.layers if hasattr(layer, "rate")]
    assert [layer.rate for layer in dropouts] == [share] * 2


def test_the_interval_of_a_difference_is_that_of_paired_means():
    told = faithfulness.difference(np.array([1.0, 3.0]))
    assert told == "+2.000 (+0.040 to +3.960)"


def test_the_untrained_network_is_the_same_each_time_and_not_the_trained_one():
    network = networks.dnn()
    network.layers[-1].set_weights([np.ones((512, 7)), np.zeros(7)])
    first, again = (faithfulness.untrained(network).get_weights() for _ in range(2))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert (first[-2] != 1).all()


def test_class_weights_are_weights_of_the_rows():
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (8, 4, 4), dtype=np.uint8)
    targets = np.eye(3, dtype=np.float32)[[0, 0, 0, 0, 0, 1, 1, 2]]
    options = {"seed": 0, "augment": "none"}
    ((images, weighed),) = ablation.by_class(faces, targets, 8, options, 0)
    weights = weighed.sum(axis=1)
    assert sorted(weights) == pytest.approx([8 / 15] * 5 + [8 / 6] * 2 + [8 / 3])

    def after_a_step(loss, *batch):
        keras.utils.set_random_seed(0)
        layers = keras.layers.Flatten(), keras.layers.Dense(3, "softmax")
        network = keras.Sequential([keras.Input((4, 4, 1)), *layers])
        network.compile(keras.optimizers.SGD(1e-5), loss(label_smoothing=0.1))
        network.train_on_batch(images, *batch)
        return network.layers[-1].get_weights()[0]

    usual = keras.losses.CategoricalCrossentropy
    expected = after_a_step(usual, weighed / weights[:, None], weights)
    found = after_a_step(ablation.weighed_entropy, weighed)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert not np.allclose(after_a_step(usual, weighed), expected, rtol=1e-5)
