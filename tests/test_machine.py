"""What the scripts find out about the computer."""

import os
import re

import keras
import pytest

from fer import machine

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


@pytest.mark.parametrize(
    ("cpu", "told"),
    [("model name\t: A 1\nflags : x\n" * 2, "2 x A 1"), ("Features : y", r"\d+ x \w+")],
)
def test_the_processor_is_told_with_its_number_and_name(monkeypatch, cpu, told):
    monkeypatch.setattr(machine, "_cpu", lambda: cpu)
    assert re.fullmatch(told, machine.processor())


@pytest.mark.parametrize(
    "flags, chosen, used",
    [
        ("sse4_2 avx2", None, "1"),
        ("sse4_2", None, None),
        ("sse4_2 avx2", "0", "0"),
    ],
)
def test_tensorflow_computes_by_onednn_where_avx2_is(monkeypatch, flags, chosen, used):
    monkeypatch.setattr(machine, "_cpu", lambda: f"flags : {flags}")
    monkeypatch.delenv(ONEDNN, raising=False)
    if chosen:
        monkeypatch.setenv(ONEDNN, chosen)
    machine.use_onednn()
    assert os.environ.get(ONEDNN) == used


@pytest.mark.parametrize("devices, cards", [(["cpu:0"], 0), (["cpu:0", "gpu:0"], 1)])
def test_graphics_cards_are_named(monkeypatch, devices, cards):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: devices)
    assert len(machine.graphics()) == cards


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ("", "--xla_gpu_enable_triton_gemm=false"),
        ("--xla_a=1", "--xla_a=1 --xla_gpu_enable_triton_gemm=false"),
        ("--xla_gpu_enable_triton_gemm=true", "--xla_gpu_enable_triton_gemm=true"),
    ],
)
def test_xla_multiplies_without_triton_unless_the_user_chose_it(
    chosen, left, monkeypatch
):
    monkeypatch.setenv("XLA_FLAGS", chosen)
    machine.avoid_triton()
    assert os.environ["XLA_FLAGS"] == left
