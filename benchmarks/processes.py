"""What does a step cost over processes, and where does the network limit it?

python -m benchmarks.processes --processes 1 2 4 --batches 128 512
python -m benchmarks.processes --predict

The first measures, on this machine: the median time of a step of the network and of
the sum of its gradients alone, and fits a model to them. The second carries a model to
GPUs: a step is its fixed part, its faces at a rate, and a ring's all-reduce, which is
2 (n - 1) / n of the bytes at the network's rate and 2 (n - 1) times its latency.
"""

import json
import os
import socket
import statistics
import subprocess
import sys

import numpy as np

from benchmarks import harness

STEPS, WARM_UP = 6, 2
BYTES = 4 * 1_396_871  # the coursework's CNN, in float32
# An epoch of it, 224 batches of 128, took 0.3 s on an H100 (docs/performance.md);
# of that, what a step takes however few faces it has is taken to be 0.3 ms.
FIXED, RATE = 0.3e-3, 128 / (0.3 / 224 - 0.3e-3)  # seconds; faces a second of a GPU
# Bytes and seconds: rate and latency between two GPUs, as their makers state them.
NETWORKS = {
    "10 Gb/s Ethernet": (1.25e9, 50e-6),
    "100 Gb/s Ethernet": (12.5e9, 20e-6),
    "400 Gb/s InfiniBand": (50e9, 5e-6),
}


def step(count, batch, rate, latency):
    """Modelled seconds of a step of `batch` faces over `count` GPUs: all, network's."""
    ring = 2 * (count - 1) / count * BYTES / rate + 2 * (count - 1) * latency
    return FIXED + batch / count / RATE + ring, ring


def predict():
    """Print the model's steps, and how much faster than one GPU they are."""
    print("| network | batch | 8 GPUs | 64 GPUs | 512 GPUs |\n" + "| --- " * 5 + "|")
    for name, (rate, latency) in NETWORKS.items():
        for batch in (128, 4_096, 65_536):
            alone, _ = step(1, batch, rate, latency)
            cells = []
            for count in (8, 64, 512):
                whole, ring = step(count, batch, rate, latency)
                share = f"network {ring / whole:.0%}"
                cells.append(f"{1e3 * whole:.2f} ms, {alone / whole:.1f} x, {share}")
            print(f"| {name} | {batch:,} | {' | '.join(cells)} |")


def work(args):
    """One of the processes: prints, if it is the first, its medians as JSON."""
    from fer.training import joining

    [args.processes] = args.processes
    [args.batches] = args.batches
    with joining.joined(args):
        print(json.dumps([*map(statistics.median, timed(args))]), flush=True)


def timed(args):
    """Seconds of each step, and of each sum over processes of as many bytes."""
    import keras

    from fer import data
    from fer.data import sample
    from fer.training import epochs, fit, processes
    from fer.training.recipe import Recipe

    labels, images = sample.faces(2 * args.batches)
    chosen = Recipe(args.network, 1, args.batches, augment="none")
    recipe = chosen.resolved(precision="float32")
    keras.utils.set_random_seed(0)  # each process starts from the same weights
    with processes.distributed():
        from fer import networks

        network = networks.build(args.network)
        fit.compile_network(network, recipe, len(images))
        faces = data.Faces(images, labels.astype(np.int8))
        [[faces, targets], *_] = epochs.batches(recipe, fit.lesson_of(faces, recipe), 0)
        network.train_on_batch(faces[:1], targets[:1])
        steps = repeated(lambda: network.train_on_batch(faces, targets))
        parameters = network.count_params()
    keras.utils.clear_session()
    return steps, repeated(summed(parameters))


def summed(parameters):
    """A function that sums so many numbers over all processes."""
    import jax
    from jax.sharding import NamedSharding, PartitionSpec

    mesh = jax.make_mesh((jax.device_count(),), ("all",))
    apart = NamedSharding(mesh, PartitionSpec("all"))
    mine = np.ones((jax.local_device_count(), parameters), np.float32)
    numbers = jax.make_array_from_process_local_data(apart, mine)
    total = jax.jit(
        lambda it: it.sum(0), out_shardings=NamedSharding(mesh, PartitionSpec())
    )
    return lambda: total(numbers).block_until_ready()


def repeated(work):
    """Seconds of each of STEPS calls."""
    contender = harness.timed(work)
    return [contender() for _ in range(WARM_UP + STEPS)][WARM_UP:]


def measured(network, count, batch):
    """Median seconds of a step, and of the sum, of `count` processes here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    cores = max(1, (os.cpu_count() or 1) // count)
    variables = {"KERAS_BACKEND": "jax", "NPROC": str(cores)}
    words = [sys.executable, "-m", "benchmarks.processes", "--worker"]
    words += ["--network", network, "--batches", str(batch), "--processes", str(count)]
    joined = (["--coordinator", where, "--process", str(n)] for n in range(count))
    running = [
        subprocess.Popen(
            words + (more if count > 1 else []),
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for more in joined
    ]
    said = [each.communicate()[0] for each in running]
    return json.loads(said[0].strip().splitlines()[-1])


def fit(batch, whole, ring):
    """Print the model that fits the measured seconds best, and how far off it is.

    Processes of one machine share its cores, so a batch costs the same in sum.
    """
    terms = np.stack([np.ones_like(batch), batch], axis=1)
    found = np.linalg.lstsq(terms / whole[:, None], (whole - ring) / whole, rcond=None)
    fixed, face = found[0]
    off = np.abs((terms @ found[0] + ring) / whole - 1).max()
    told = f"{1e3 * fixed:.1f} ms + {1e3 * face:.3f} ms a face of the batch + the sum"
    print(f"\nA step is {told}: off by {off:.0%} at most.")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--batches", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--network", default="cnn")
    parser.add_argument("--predict", action="store_true")
    parser.add_argument("--worker", action="store_true")
    parser.add_argument("--coordinator")
    parser.add_argument("--process", type=int)
    args = parser.parse_args()
    if args.worker:
        return work(args)
    if args.predict:
        return predict()
    print(f"{harness.where()}\n\n| processes | batch | step | sum of gradients |")
    print("| --- " * 4 + "|")
    rows = []
    for count in args.processes:
        for batch in args.batches:
            whole, ring = measured(args.network, count, batch)
            told = f"{1e3 * whole:.0f} ms | {1e3 * ring:.1f} ms"
            print(f"| {count} | {batch} | {told} |", flush=True)
            rows.append((batch, whole, ring))
    if len(args.batches) > 1:
        fit(*np.array(rows).T)


if __name__ == "__main__":
    main()
