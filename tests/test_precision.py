"""Precision is chosen by a measurement, which is kept."""

import pytest

from fer import machine, networks, precision


@pytest.fixture
def able(monkeypatch, tmp_path):
    """A processor that says that it multiplies bfloat16."""
    monkeypatch.setattr(machine, "bfloat16", lambda: ["avx512_bf16"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def timed(monkeypatch, float32, bfloat16):
    """Let a trial take so many seconds; the list of layers that were tried."""
    tried = []

    def trial(layer):
        tried.append(layer.name)
        return {"float32": float32, "bfloat16": bfloat16}

    monkeypatch.setattr(precision, "_timed", trial)
    return tried


def test_without_the_instructions_nothing_is_tried(monkeypatch):
    monkeypatch.setattr(machine, "bfloat16", list)
    monkeypatch.delattr(precision, "_timed")
    assert precision.choose(networks.dnn())[0] == "float32"


@pytest.mark.parametrize(
    ("float32", "bfloat16", "policy", "why"),
    [
        (3.0, 2.0, "mixed_bfloat16", "1.5 times as fast here as float32"),
        (2.0, 3.0, "float32", "1.5 times as fast here as bfloat16"),
        (1.05, 1.0, "float32", "1.0 times as fast here as bfloat16"),
    ],
)
def test_the_faster_one_is_chosen_and_float32_where_they_are_alike(
    float32, bfloat16, policy, why, able, monkeypatch
):
    timed(monkeypatch, float32, bfloat16)
    assert precision.choose(networks.dnn()) == (policy, why)


def test_the_layer_that_multiplies_most_is_tried_and_once(able, monkeypatch):
    tried = timed(monkeypatch, 2.0, 1.0)
    network = networks.cnn()
    assert precision.fastest(network) == precision.fastest(network)
    assert tried == ["conv2"]


def test_what_is_kept_is_of_this_machine_and_its_switches(able, monkeypatch):
    tried = timed(monkeypatch, 2.0, 1.0)
    network = networks.dnn()
    precision.fastest(network)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    precision.fastest(network)
    assert len(tried) == 2


def test_damage_of_what_is_kept_costs_a_trial(able, monkeypatch, tmp_path):
    tried = timed(monkeypatch, 2.0, 1.0)
    precision.fastest(networks.dnn())
    [kept] = tmp_path.glob("**/precision-*.json")
    kept.write_text("[]")
    assert precision.fastest(networks.dnn()) == "mixed_bfloat16"
    assert len(tried) == 2


@pytest.mark.parametrize("name", ["dnn", "compact_60k"])
def test_a_trial_times_both(name, monkeypatch):
    monkeypatch.setattr(precision, "SECONDS", 0.01)
    network = networks.build(name)
    layer = max(precision._multiplying(network), key=precision._work)
    assert all(seconds > 0 for seconds in precision._timed(layer).values())
