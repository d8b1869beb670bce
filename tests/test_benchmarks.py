"""What the benchmarks share, and what they would otherwise break unseen."""

import json
import os
import signal
import subprocess
import sys
import time

import keras
import pytest

from benchmarks import rounds, shipped, throughput
from fer import files


@pytest.mark.parametrize("augment", ["none", "graph"])
def test_the_suite_of_the_throughput_benchmark_trains(augment, monkeypatch):
    monkeypatch.setattr(throughput, "STEPS", 2)
    try:
        throughput.suite(8, augment)()
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_model_is_trained_anew_when_its_teacher_was(tmp_path):
    card, teacher = tmp_path / "m.json", tmp_path / "teacher.keras"
    assert not shipped.is_done(card)
    teacher.write_bytes(b"first")
    taught = {"teachers": {str(teacher): files.sha256(teacher)}}
    card.write_text(json.dumps({"options": taught}))
    assert shipped.is_done(card)
    teacher.write_bytes(b"second")
    assert not shipped.is_done(card)


def test_a_script_that_fails_ends_the_benchmark_with_its_status():
    rounds.run(["-c", ""])
    with pytest.raises(SystemExit, match="3"):
        rounds.run(["-c", "raise SystemExit(3)"])


def test_the_spread_of_one_seed_is_its_figure_alone():
    assert rounds.spread([0.5], 2) == "0.50"
    assert rounds.spread([0.4, 0.6], 2) == "0.50 ± 0.14"


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
    benchmark = f"from benchmarks import rounds; rounds.run(['-c', {script!r}])"
    benchmark = subprocess.Popen(
        [sys.executable, "-c", benchmark],
        start_new_session=True,
        stderr=subprocess.PIPE,
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    os.killpg(benchmark.pid, signal.SIGINT)
    assert benchmark.wait(30) == 130
    assert (tmp_path / "ended").exists()
