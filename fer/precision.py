"""Which arithmetic is faster here: float32 or bfloat16, measured and kept.

A processor's flags do not tell: some have bfloat16 instructions and yet multiply
float32 faster. Where there are none, float32 needs no trial.
"""

import contextlib
import hashlib
import json
import math
import time
from statistics import median
from typing import Any

import numpy as np

from fer import BadInput, backend, files, machine

POLICIES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}
BATCH = 128  # faces
SECONDS = 0.15  # that each kind is timed for
LEAST_GAIN = 1.1  # below which float32, the more precise, is chosen


def fastest(network: Any) -> str:
    """The Keras dtype policy in which such a network computes faster here."""
    return choose(network)[0]


def choose(network: Any) -> tuple[str, str]:
    """That policy, and why, in some words.

    Timed is the layer that multiplies most, forward and backward, for a moment in each
    precision. What came out is kept in the cache folder, by machine, versions and
    layer.
    """
    if not (machine.bfloat16() or machine.graphics()):
        return "float32", "no bfloat16 instructions here"
    layers = _multiplying(network)
    if not layers:
        return "float32", "no convolution or dense layer to time"
    times = _kept(max(layers, key=_work))
    ratio = times["float32"] / times["bfloat16"]
    if ratio > LEAST_GAIN:
        return "mixed_bfloat16", f"{ratio:.1f} times as fast here as float32"
    return "float32", f"{1 / ratio:.1f} times as fast here as bfloat16"


def _multiplying(network):
    kinds = ("Conv2D", "Dense")
    return [layer for layer in network.layers if type(layer).__name__ in kinds]


def _work(layer):
    return math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])


def _kept(layer):
    """Seconds of the layer in each dtype: {"float32", "bfloat16"}."""
    about = [*machine.versions().items(), *machine.arithmetic().items()]
    about += [machine.processor(), layer.input.shape[1:], layer.kernel.shape]
    key = hashlib.sha256(repr(about).encode()).hexdigest()[:16]
    path = machine.cache_folder() / f"precision-{key}.json"
    try:
        found = json.loads(path.read_text())
        return {dtype: float(found[dtype]) for dtype in POLICIES.values()}
    except (OSError, ValueError, KeyError, TypeError):
        found = _timed(layer)
    with contextlib.suppress(BadInput):  # It is measured again the next time.
        files.write_json(path, found)
    return found


def _timed(layer):
    """Median seconds of the layer, forward and backward, in each dtype, in turn."""
    from keras import ops

    rng = np.random.default_rng(0)
    images = rng.normal(size=(BATCH, *layer.input.shape[1:])).astype(np.float32)
    work = {dtype: _forward_and_backward(layer, dtype) for dtype in POLICIES.values()}
    seconds = {dtype: [] for dtype in work}
    for step in work.values():
        ops.convert_to_numpy(step(images))  # traces it
    until = time.perf_counter() + SECONDS * len(work)
    while time.perf_counter() < until or len(seconds["float32"]) < 3:
        for dtype, step in work.items():
            began = time.perf_counter()
            ops.convert_to_numpy(step(images))
            seconds[dtype].append(time.perf_counter() - began)
    return {dtype: median(taken) for dtype, taken in seconds.items()}


def _forward_and_backward(layer, dtype):
    """A compiled function of float32 inputs: the gradient, in `dtype`, by them."""
    from keras import ops

    kernel = ops.convert_to_numpy(layer.kernel)
    strides = getattr(layer, "strides", None)

    def multiplied(inputs):
        weights = ops.cast(kernel, dtype)
        inputs = ops.cast(inputs, dtype)
        if strides is None:
            return ops.matmul(inputs, weights)
        return ops.conv(inputs, weights, strides, layer.padding)

    def score(inputs):
        return ops.sum(ops.cast(ops.square(multiplied(inputs)), "float32"))

    return backend.compiled(
        lambda inputs: ops.sum(backend.gradient(score, inputs), axis=0)
    )
