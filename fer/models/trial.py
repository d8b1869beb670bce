"""A child process first tries a model file that this computer did not write.

It loads the file and asks it about one face and its gradient, under limits of memory
and time: if a hostile network crashes Keras or TensorFlow, only the child dies. What
passed is remembered by the file's SHA-256 in the cache folder.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, files, machine, networks, refusals
from fer.data import cache

ROOT = Path(__file__).parents[2]
SECONDS = 30  # of each processor, once Keras is imported
PATIENCE = 600  # seconds on the clock, in which a busy machine imports Keras, too
# Bytes, beyond what the imports take: as much again for each copy of the weights.
MEMORY, COPIES = 2 << 30, 4
REFUSED = 3  # the child's status where it says why


def tried(path: Path, meanwhile: Callable[[], Any] = lambda: None) -> None:
    """Raise BadInput, saying why, unless the child process can use the model `path`.

    Files that the suite ships, that this computer wrote, or that were tried before are
    not tried. meanwhile: what to do while the child works.
    """
    with refusals.reading(path):
        digest = files.sha256(path)
    place = _place(digest)
    if (place and place.exists()) or digest in _shipped():
        return
    why = _why_not(path, meanwhile)
    if why:
        raise BadInput(why)
    keep(digest)


def keep(digest: str) -> None:
    """Note, if possible, that the file with that SHA-256 needs no trial."""
    place = _place(digest)
    if place:
        with contextlib.suppress(OSError):
            place.touch()


def _place(digest):
    """Where it is noted, a file a backend; None where others could note it, too."""
    folder = machine.cache_folder() / "tried"
    with contextlib.suppress(OSError, RuntimeError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if cache.is_private(folder):
            return folder / f"{digest}.{os.environ.get('KERAS_BACKEND', '')}"
    return None


@functools.cache
def _shipped():
    """The digests of the models that come with the suite, as their cards tell them."""
    cards = (ROOT / "models" / "fer2013").glob("*.json")
    return {json.loads(card.read_bytes()).get("sha256") for card in cards}


def _why_not(path, meanwhile):
    """What a child process says of the file, or dies of; None where all is well."""
    child = _started(path)
    try:
        meanwhile()
        said, _ = child.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return _died(path, f"took over {PATIENCE} s")
    finally:
        child.kill()
        child.wait()
    if child.returncode == REFUSED:
        return said.decode(errors="replace").strip()
    if child.returncode == -getattr(signal, "SIGXCPU", 0):
        return _died(path, f"took over {SECONDS} s")
    if child.returncode < 0:
        return _died(path, f"died of {signal.Signals(-child.returncode).name}")
    return _died(path, "ended early") if child.returncode else None


def _started(path):
    """The child process: main(path) in a Python of its own."""
    code = "import sys; from fer.models import trial; trial.main(sys.argv[1])"
    quiet = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    found = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        env=os.environ | quiet | {"PYTHONPATH": found.rstrip(os.pathsep)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _died(path, how):
    return (
        f"{path} is no model to load: the process that asked it about one face {how}; "
        f"it may take {MEMORY >> 30} GB and {SECONDS} s"
    )


def main(path: str) -> None:
    """What the child process does; it ends with status 0, or REFUSED and the reason."""
    from fer.models import saved

    saved.quickly_imported_keras()
    _limit(MEMORY + COPIES * Path(path).stat().st_size)
    try:
        try_out(Path(path))
    except BadInput as refusal:
        print(refusal)
        os._exit(_flushed(REFUSED))
    except Exception as error:
        print(
            f"{path} answers nothing about a face: {' '.join(str(error).split())[:160]}"
        )
        os._exit(_flushed(REFUSED))
    # Without an end of its own, in which a library may hang.
    os._exit(_flushed(0))


def _flushed(status):
    sys.stdout.flush()
    return status


def _limit(memory):
    """Bound what this process may take from now on, where the system can do so."""
    try:
        import resource
    except ImportError:  # Windows: only the time is bounded, by the parent
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = int(time.process_time()) + SECONDS * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    about = Path("/proc/self/status")
    if about.exists():
        [taken] = [line for line in about.read_text().split("\n") if "VmData" in line]
        most = int(taken.split()[1]) * 1024 + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def try_out(path: Path) -> None:
    """Raise BadInput unless predictions and gradients of one face are finite."""
    import keras

    from fer import backend
    from fer.models import adapt, saved

    network = saved.network(path)
    if not adapt.is_adapted(network):
        network = adapt.adapted(network, path, "0..255")
    face = np.random.default_rng(0).integers(0, 256, (1, *networks.FACE_SHAPE))
    told = network.predict_on_batch(face.astype(np.uint8))
    rescaling = networks.rescaling(network)
    body = keras.Model(rescaling.output, network.output)
    slopes = backend.gradient(
        lambda x: body(x, training=False)[:, 0], rescaling(face.astype(np.float32))
    )
    if slopes is None or not np.isfinite(slopes).all() or not np.isfinite(told).all():
        raise BadInput(f"{path} makes no numbers of a face: its weights are off")
