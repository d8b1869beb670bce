"""Where the time of a training step goes: milliseconds of each operation.

python -m benchmarks.profile
python -m benchmarks.profile --network compact --precision float32 --batch-size 512

TensorFlow's profiler over ten steps of a network on random faces. Operations that run
at the same time share the cores, so their milliseconds add up to more than the step's.
"""

import collections
import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import harness
from fer import machine

STEPS = 10


def profiled(work):
    """Milliseconds that `work()` spends in each operation: a Counter by name."""
    import tensorflow as tf
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        work()
        tf.profiler.experimental.stop()
        space = xplane_pb2.XSpace()
        (written,) = Path(folder).rglob("*.xplane.pb")
        space.ParseFromString(written.read_bytes())
    spent = collections.Counter()
    for plane in space.planes:
        for event in (event for line in plane.lines for event in line.events):
            # "gradient_tape/cnn_1/conv2_1/...:Kind"; what has no kind is bookkeeping.
            name, _, kind = plane.event_metadata[event.metadata_id].name.partition(":")
            if kind and "/" in name:
                spent[f"{name.removesuffix('/Relu')}: {kind}"] += (
                    event.duration_ps / 1e9
                )
    return spent


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--network", default="cnn")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--precision", default="mixed_bfloat16")
    parser.add_argument("--most", type=int, default=20)
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    machine.use_onednn()
    import keras

    from fer import networks
    from fer.training import fit
    from fer.training.recipe import Recipe

    keras.config.set_dtype_policy(args.precision)
    network = networks.build(args.network)
    recipe = Recipe(epochs=1, batch_size=args.batch_size).resolved()
    fit.compile_network(network, recipe, STEPS * args.batch_size)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (args.batch_size, 48, 48, 1), dtype=np.uint8)
    labels = networks.one_hot(rng.integers(0, 7, args.batch_size))

    def work():
        for _ in range(STEPS):
            network.train_on_batch(images, labels)

    work()
    step = harness.timed(work)() / STEPS
    spent = profiled(work)
    print(harness.where())
    print(f"{args.network}, {args.precision}, {1e3 * step:.1f} ms a step")
    for name, ms in spent.most_common(args.most):
        print(f"{ms / STEPS:8.2f} ms  {name}")


if __name__ == "__main__":
    main()
