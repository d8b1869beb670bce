"""Does training keep up when its faces lie on the disk? From memory, and from columns.

python convert.py data/fer2013.csv --out all.faces
python -m benchmarks.input --data all.faces --network dnn --augment mirror

An epoch of all rows, in turn: of faces in memory; of columns that are mapped, whose
pages the system has let go just before; and of those in Grain's order, as of more than
a million faces. The last two are to take at most 1.05 times as long as the first.
"""

import contextlib
import dataclasses
import os
import sys
import time

import numpy as np

from benchmarks import harness
from fer import arguments, data, machine, networks

MEMORY, COLUMNS, ORDERED = "from memory", "from columns", "from columns, Grain's order"


def prepare(args):
    """{name: function that trains an epoch and returns its seconds}."""
    machine.use_onednn()
    import keras

    from fer.training import epochs, fit
    from fer.training.recipe import Recipe

    keras.utils.set_random_seed(0)
    recipe = Recipe(epochs=1, augment=args.augment, precision="float32").resolved()
    network = networks.build(args.network)
    mapped = data.load([args.data])
    count = len(mapped)
    held = dataclasses.replace(mapped, images=np.array(mapped.images))
    del mapped  # The system lets go of no page that is mapped.
    fit.compile_network(network, recipe, count)

    def seconds(faces, most_held):
        epochs.MOST_HELD = most_held
        lesson = fit.lesson_of(faces, recipe)
        start = time.perf_counter()
        with contextlib.redirect_stdout(sys.stderr):
            epochs.step_by_step(network, recipe, lesson)(0)
        return time.perf_counter() - start

    def from_columns(most_held):
        let_go(args.data)
        return seconds(data.load([args.data]), most_held)

    return {
        MEMORY: lambda: seconds(held, count),
        COLUMNS: lambda: from_columns(count),
        ORDERED: lambda: from_columns(0),
    }


def let_go(folder):
    """Ask the system to forget the pages of the folder's files."""
    for path in folder.iterdir():
        opened = os.open(path, os.O_RDONLY)
        os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(opened)


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--data", required=True, type=arguments.path)
    parser.add_argument("--network", default="dnn", choices=networks.NETWORKS)
    parser.add_argument("--augment", default="mirror")
    parser.add_argument("--rounds", type=int, default=6, help="the first apart")
    args = parser.parse_args()
    harness.show(
        f"an epoch of {args.network}, augmentation {args.augment}",
        harness.race(prepare(args), args.rounds),
        MEMORY,
        ("keras", "tensorflow"),
        first=True,
    )


if __name__ == "__main__":
    main()
