"""A model as one graph for other runtimes: uint8 faces in, probabilities out.

Rescaling, views and temperature are inside, so who runs it needs nothing of this suite.
"""

import importlib.util
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer import BadInput, augment, backend, files, networks, refusals, scores
from fer.models.predict import TURN
from fer.models.saved import Model
from fer.types import Network

SIDE = networks.FACE_SHAPE[0]
# Of each format: how what is written ends, what must be installed, and for which
# backends of Keras it can be made.
FORMATS = {
    "onnx": (".onnx", ("onnx", "tf2onnx"), ("tensorflow",)),
    "litert": (".tflite", (), ("tensorflow",)),
    # Its weights are of 8 bits, and products are of integers: a quarter of the size.
    "litert_int8": (".tflite", (), ("tensorflow",)),
    "openvino": (".xml", ("openvino",), ("tensorflow",)),
    "saved_model": ("", (), ("tensorflow",)),
}


def must_be_possible(to: str, out: Path) -> None:
    """Raise BadInput for a format that cannot be made here, or another ending."""
    suffix, packages, backends = FORMATS[to]
    missing = [name for name in packages if not importlib.util.find_spec(name)]
    if missing:
        raise BadInput(f"--to {to} needs {missing[0]}: pip install {missing[0]}")
    if backend.name() not in backends:
        raise BadInput(f"--to {to} needs KERAS_BACKEND={backends[0]}")
    if out.suffix != suffix:
        ending = f"end in {suffix}" if suffix else "have no ending: it is a folder"
        raise BadInput(f"--out {out} must {ending}, as {to} does")


def graph(model: Model, mirror: bool = False, turn: bool = False) -> Network:
    """A network of faces (N, 48, 48, 1) uint8: what models.probabilities makes of them.

    mirror, turn: the views to average over, as in predict.
    """
    import keras
    from keras import ops

    faces = keras.Input(networks.FACE_SHAPE, dtype="uint8", name="faces")
    views = [faces]
    if turn:
        views += [_turned(faces, degrees) for degrees in (-TURN, TURN)]
    if mirror:
        views += [ops.flip(view, axis=2) for view in views]
    told = [model.network(view, training=False) for view in views]
    mean = ops.sum(ops.stack(told), axis=0) / len(told)
    temperature = (model.card or {}).get("temperature", [])
    result = keras.Model(faces, _calibrated(mean, temperature))
    result(np.zeros((1, *networks.FACE_SHAPE), np.uint8))  # or ONNX is refused
    return result


def _calibrated(told, temperature):
    """As scores.calibrated, by operations of Keras."""
    from keras import ops

    logs = ops.log(ops.maximum(told, float(np.finfo(np.float32).tiny)))
    most = ops.max(told, axis=-1, keepdims=True)
    softness = sum(number * most**power for power, number in enumerate(temperature))
    if temperature:
        logs = logs / ops.exp(ops.clip(softness, *scores.LOG_TEMPERATURES))
    return ops.softmax(logs, axis=-1)


def _turned(faces, degrees):
    """As augment.turned, by gathering pixels, which each runtime can."""
    from keras import ops

    places, weights = _sources(degrees)
    flat = ops.cast(ops.reshape(faces, (-1, SIDE * SIDE)), "float32")
    near = zip(places, weights, strict=True)
    moved = sum(ops.take(flat, place, axis=1) * weight for place, weight in near)
    moved = ops.cast(ops.round(moved), "uint8")
    return ops.reshape(moved, (-1, *networks.FACE_SHAPE))


def _sources(degrees):
    """The four pixels that each pixel of a turned face is of, and their weights.

    Two arrays (4, 48 * 48). Past its edge a face goes on as the edge does.
    """
    a, b, c, d, e, f, *_ = augment.turn(degrees)
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    places, weights = [], []
    across, down = a * column + b * row + c, d * column + e * row + f
    left, top = np.floor(across), np.floor(down)
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        inside = [
            np.clip(it, 0, SIDE - 1).astype(np.int32) for it in (left + x, top + y)
        ]
        places.append(inside[1] * SIDE + inside[0])
        shares = [
            abs(1 - each - (at - np.floor(at))) for each, at in ((x, across), (y, down))
        ]
        weights.append((shares[0] * shares[1]).astype(np.float32))
    return places, weights


def write(network: Network, to: str, out: Path) -> None:
    """Write a network of `graph` in a format of FORMATS, whole or not at all."""

    names = {"saved_model": "tf_saved_model", "litert_int8": "litert"}
    more = {}
    if to == "litert_int8":
        from tensorflow import lite

        more["optimizations"] = [lite.Optimize.DEFAULT]

    def export(path):
        network.export(str(path), format=names.get(to, to), verbose=False, **more)

    if FORMATS[to][0] in (".onnx", ".tflite"):
        with files.whole(out) as temporary:
            export(temporary)
    else:
        _write_several(export, out)


def _write_several(export: Callable, out: Path) -> None:
    """Export a folder, or a file with another beside it, by way of a new folder."""
    with refusals.writing(out):
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".", dir=out.absolute().parent)
    with folder as new:
        made = Path(new) / out.name
        export(made)
        with refusals.writing(out):
            for path in sorted(Path(new).iterdir()):
                os.replace(path, out.with_name(path.name))
