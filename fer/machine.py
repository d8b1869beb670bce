"""This computer: processor, graphics cards, versions, and its arithmetic."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

# What decides how libraries multiply.
INSTRUCTIONS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")


def processor() -> str:
    """The number of logical processors and their name, such as "2 x AMD EPYC"."""
    names = [
        line.split(":", 1)[1].strip()
        for line in _cpu().splitlines()
        if line.startswith("model name")
    ]
    if names:
        return f"{len(names)} x {names[0]}"
    return f"{os.cpu_count()} x {platform.processor() or platform.machine()}"


def graphics() -> list[str]:
    """The graphics cards that Keras computes on, by name."""
    import keras

    # Asked for its GPUs, JAX raises where it has none.
    everything = keras.distribution.list_devices()
    devices = [name for name in everything if name.startswith("gpu")]
    about = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    lines = [line for file in about for line in file.read_text().splitlines()]
    names = [line.split(":", 1)[1].strip() for line in lines if "Model:" in line]
    return names[: len(devices)] or devices


def device() -> str:
    """What Keras computes on: its graphics cards, else the processor."""
    cards = graphics()
    return ", ".join(cards) if cards else processor()


def cache_folder() -> Path:
    """The user's folder for what may be deleted at any time; it need not be there.

    Raises RuntimeError where there is no home folder.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "fer"


def bfloat16() -> list[str]:
    """Which instructions the processor has for bfloat16: a list, the fastest first."""
    return [flag for flag in ("amx_bf16", "avx512_bf16") if flag in _cpu().split()]


def versions() -> dict[str, str]:
    """{package: version} of what the bits of a training depend on."""
    from importlib import metadata  # slow to import, and no flag needs it

    import keras

    packages = ("keras", keras.backend.backend(), "numpy")
    return {name: metadata.version(name) for name in packages}


def use_onednn() -> None:
    """Have TensorFlow, which must not be imported yet, compute by oneDNN.

    Of itself it does so only where the processor has AVX512-VNNI, although AVX2 is
    enough for it to be faster. A choice that the user has made stays.
    """
    if "avx2" in _cpu().split():
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def avoid_triton() -> None:
    """Have XLA, which must not be imported yet, multiply on a GPU by cuBLAS alone.

    Its own Triton kernels ended trainings of compact_5m on an H100 with
    CUDA_ERROR_ILLEGAL_INSTRUCTION (jaxlib 0.11.2). A choice that the user has made
    stays.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_gpu_enable_triton_gemm" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_enable_triton_gemm=false".strip()


def arithmetic() -> dict[str, Any]:
    """The rest that decides the bits of a training: threads, instructions, switches."""
    switches = [
        *("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA", "TF_XLA_FLAGS"),
        *("XLA_FLAGS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"),
    ]
    kinds = [kind for kind in INSTRUCTIONS if kind in _cpu().split()]
    return {
        "processors": processors(),
        "instructions": " ".join(kinds),
        "devices": graphics(),
    } | {name: os.environ.get(name, "") for name in switches}


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu():
    about = Path("/proc/cpuinfo")
    return about.read_text() if about.exists() else ""
