"""What this computer is, and which arithmetic suits it."""

import os
import platform
from importlib import metadata
from pathlib import Path


def processor():
    """The number of logical processors and their name, such as "2 x AMD EPYC"."""
    names = [
        line.split(":", 1)[1].strip()
        for line in _cpu().splitlines()
        if line.startswith("model name")
    ]
    if names:
        return f"{len(names)} x {names[0]}"
    return f"{os.cpu_count()} x {platform.processor() or platform.machine()}"


def graphics():
    """The graphics cards that Keras computes on, by name."""
    import keras

    # Asked for its GPUs, JAX raises where it has none.
    everything = keras.distribution.list_devices()
    devices = [name for name in everything if name.startswith("gpu")]
    about = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    lines = [line for file in about for line in file.read_text().splitlines()]
    names = [line.split(":", 1)[1].strip() for line in lines if "Model:" in line]
    return names[: len(devices)] or devices


def device():
    """What Keras computes on: its graphics cards, else the processor."""
    cards = graphics()
    return ", ".join(cards) if cards else processor()


def cache_folder():
    """The user's folder for what may be deleted at any time; it need not be there.

    Raises RuntimeError where there is no home folder.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "fer"


def bfloat16():
    """Which instructions the processor has for bfloat16: a list, the fastest first."""
    return [flag for flag in ("amx_bf16", "avx512_bf16") if flag in _cpu().split()]


def versions():
    """{package: version} of what the bits of a training depend on."""
    import keras

    packages = ("keras", keras.backend.backend(), "numpy")
    return {name: metadata.version(name) for name in packages}


def use_onednn():
    """Have TensorFlow, which must not be imported yet, compute by oneDNN.

    Of itself it does so only where the processor has AVX512-VNNI, although AVX2 is
    enough for it to be faster. A choice that the user has made stays.
    """
    if "avx2" in _cpu().split():
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def precision():
    """The fastest precision here that does as well: a Keras dtype policy's name.

    bfloat16 where a GPU is seen or the processor multiplies it in hardware, else
    float32.
    """
    return "mixed_bfloat16" if bfloat16() or graphics() else "float32"


def _cpu():
    about = Path("/proc/cpuinfo")
    return about.read_text() if about.exists() else ""
