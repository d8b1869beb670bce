"""What the benchmarks share, and what they would otherwise break unseen."""

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import recipes
from benchmarks import ablation, faithfulness, harness, throughput
from fer import networks
from fer.explain import randomised
from fer.training.recipe import Recipe


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


def test_a_worker_may_print_while_it_works(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("go\ngo\n"))
    harness.serve(lambda: lambda: print("step 1 of 10"))
    told, said = capsys.readouterr()
    assert all(0 <= float(seconds) < 1 for seconds in told.split())
    assert len(told.split()) == 2 and said == "step 1 of 10\n" * 2


def test_a_model_is_trained_anew_when_its_teachers_were(tmp_path):
    card, teacher = tmp_path / "m.json", tmp_path / "teacher.json"
    recipe = Recipe(teachers=(str(tmp_path / "teacher.keras"),))
    assert not recipes.is_done(card, recipe)
    teacher.write_text(json.dumps({"sha256": "first"}))
    card.write_text(json.dumps({"learned from": {"teachers": ["first"]}}))
    assert recipes.is_done(card, recipe)
    teacher.write_text(json.dumps({"sha256": "second"}))
    assert not recipes.is_done(card, recipe)


def test_each_lever_of_the_ablation_changes_the_recipe():
    recipes_ = [
        dataclasses.replace(ablation.BASE, **changes).resolved()
        for changes in ablation.LEVERS.values()
    ]
    assert len({*recipes_}) == len(ablation.LEVERS)


def test_a_training_of_the_ablation_gives_an_accuracy(drawn):
    quick = dataclasses.replace(ablation.BASE, network="dnn", epochs=1)
    assert 0 <= ablation.train(quick, drawn) <= 1


def test_a_difference_over_seeds_has_welchs_interval():
    assert ablation.difference([0.5], [0.4]) == ""
    told = ablation.difference([0.51, 0.52, 0.53], [0.41, 0.42, 0.43])
    assert told == "+10.0 (+7.7 to +12.3)"


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


def test_the_interval_of_a_difference_is_that_of_paired_means():
    told = faithfulness.difference(np.array([1.0, 3.0]))
    assert told == "+2.000 (+0.040 to +3.960)"


def test_the_untrained_network_is_the_same_each_time_and_not_the_trained_one():
    network = networks.dnn()
    network.layers[-1].set_weights([np.ones((512, 7)), np.zeros(7)])
    first, again = (randomised.untrained(network).get_weights() for _ in range(2))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert (first[-2] != 1).all()
