"""How many faces a second: Keras, ONNX Runtime, LiteRT and OpenVINO.

python -m benchmarks.inference --model models/fer2013/cnn.keras

The model is exported (export.py) and each runtime, in a process of its own on one core
and on two, labels batches of 1 and of 256 drawn faces: the median of ten batches after
two. What is not installed is left out, and said.
"""

import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import harness

BATCHES, ROUNDS = (1, 256), 10


def keras_runtime(folder, model):
    from fer import models

    return models.load_any(model).network.predict_on_batch


def onnx_runtime(folder, model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(folder / "onnx.onnx", options)
    name = session.get_inputs()[0].name
    return lambda faces: session.run(None, {name: faces})


def litert_runtime(folder, model, to="litert"):
    from ai_edge_litert.interpreter import Interpreter

    threads = len(os.sched_getaffinity(0))
    interpreter = Interpreter(str(folder / f"{to}.tflite"), num_threads=threads)
    [put], [got] = interpreter.get_input_details(), interpreter.get_output_details()
    shapes = [None]

    def run(faces):
        if shapes != [faces.shape]:
            shapes[:] = [faces.shape]
            interpreter.resize_tensor_input(put["index"], faces.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(put["index"], faces)
        interpreter.invoke()
        return interpreter.get_tensor(got["index"])

    return run


def openvino_runtime(folder, model):
    import openvino

    core = openvino.Core()
    threads = {"INFERENCE_NUM_THREADS": len(os.sched_getaffinity(0))}
    compiled = core.compile_model(str(folder / "openvino.xml"), "CPU", threads)
    return lambda faces: compiled([faces])[0]


RUNTIMES = {
    "Keras": (keras_runtime, None),
    "ONNX Runtime": (onnx_runtime, "onnx"),
    "LiteRT": (litert_runtime, "litert"),
    "LiteRT, int8": (
        functools.partial(litert_runtime, to="litert_int8"),
        "litert_int8",
    ),
    "OpenVINO": (openvino_runtime, "openvino"),
}


def work(name, folder, model):
    """Print faces a second of one runtime, a number a batch size."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run, rng = RUNTIMES[name][0](Path(folder), model), np.random.default_rng(0)
    rates = []
    for batch in BATCHES:
        faces = rng.integers(0, 256, (batch, 48, 48, 1), np.uint8)
        contender = harness.timed(lambda faces=faces: run(faces))
        seconds = [contender() for _ in range(harness.WARM_UP + ROUNDS)]
        rates.append(batch / statistics.median(seconds[harness.WARM_UP :]))
    print(json.dumps(rates))


def measured(name, folder, model, cores):
    """Faces a second of a runtime on so many cores; None where it is missing."""
    words = ["--worker", name, "--folder", folder, "--model", model]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.inference", *map(str, words)],
        preexec_fn=lambda: os.sched_setaffinity(0, range(cores)),
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--model", type=Path, default="models/fer2013/cnn.keras")
    parser.add_argument("--worker")
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    if args.worker:
        return work(args.worker, args.folder, args.model)
    from fer import models
    from fer.models import export

    with tempfile.TemporaryDirectory() as folder:
        network = export.graph(models.load_any(args.model))
        for _, to in RUNTIMES.values():
            if to:
                out = Path(folder) / f"{to}{export.FORMATS[to][0]}"
                export.write(network, to, out)
        print(f"{harness.where()}, {args.model}: faces a second\n")
        print("| runtime | cores | batch 1 | batch 256 |\n| --- | --- | --- | --- |")
        for cores in (1, 2):
            for name in RUNTIMES:
                rates = measured(name, folder, args.model, cores)
                told = [f"{rate:,.0f}" for rate in rates] if rates else ["-"] * 2
                print(f"| {name} | {cores} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main()
