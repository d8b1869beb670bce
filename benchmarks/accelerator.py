"""Seconds an epoch on an accelerator, each network by its best recipe, on JAX.

KERAS_BACKEND=jax python -m benchmarks.accelerator --csv data/fer2013.csv
KERAS_BACKEND=jax python -m benchmarks.accelerator --rows 640 --networks dnn --epochs 2

Without --csv, on so many rows of noise, as a trial on a processor. Prints, for each
network, the seconds until its first epoch has ended (it compiles), the median of the
later ones with validation, and the arithmetic of that as a share of --peak.
"""

import json
import statistics
import time

import numpy as np

from benchmarks import harness
from fer import data, machine, networks
from fer.training import epochs, fit, run
from fer.training.recipe import BEST, Recipe

NETWORKS = ("cnn", "compact", "compact_5m")


def faces(args):
    """The faces to fit on and to validate on: of the CSV, or noise."""
    if args.csv:
        return data.parts(data.load(args.csv))
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (args.rows, 48, 48), dtype=np.uint8)
    usage = (np.arange(args.rows) % 9 == 0).astype(np.int8)
    labels = rng.integers(0, 7, args.rows, dtype=np.int8)
    return data.parts(data.Faces(images, labels, usage))


def timed(name, fitted, held, args):
    """Seconds of each epoch of the network, validation included."""
    chosen = Recipe(network=name, **BEST[name] | {"precision": args.precision})
    recipe = run.resolved(chosen)
    with fit.policy(recipe.precision):
        network = networks.build(name)
        fit.compile_network(network, recipe, len(fitted))
        lesson = fit.lesson_of(fitted, recipe)
        network.test_on_batch(lesson.images[:1], lesson.labels[:1])
        train, seconds = epochs.in_one_call(network, recipe, lesson), []
        for epoch in range(args.epochs):
            began = time.perf_counter()
            train(epoch)
            fit.evaluate(network, held)
            seconds.append(time.perf_counter() - began)
    return seconds, networks.flops(network)


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv")
    parser.add_argument("--rows", type=int, default=32_298)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--peak", type=float, default=989, help="TFLOP/s of the card")
    args = parser.parse_args()
    machine.avoid_triton()
    fitted, held = faces(args)
    print(f"{machine.graphics() or harness.where()}, {len(fitted):,} faces an epoch\n")
    print(f"{'network':14}{'first':>9}{'an epoch':>10}{'of the peak':>13}")
    rows = {}
    for name in args.networks:
        (first, *later), flops = timed(name, fitted, held, args)
        epoch = statistics.median(later)
        # Backward is twice the work of forward.
        share = (3 * len(fitted) + len(held)) * flops / epoch / (args.peak * 1e12)
        print(f"{name:14}{first:7.1f} s{epoch:8.2f} s{share:12.1%}", flush=True)
        rows[name] = {"first": first, "later": later, "share": share}
    print("\n" + json.dumps(rows))


if __name__ == "__main__":
    main()
