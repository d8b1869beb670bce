"""Kill trainings at random instants, resume them, and compare the bits.

python -m benchmarks.resume
python -m benchmarks.resume --kills 3 --seed 1

CNN and DNN, with the generator and without, are trained on drawn faces, straight, and
again with SIGKILL: at a random instant, in the midst of a checkpoint's write, and so
on. Prints a row each: kills, how many of them left a half written checkpoint behind,
and whether weights, optimizer, random states and history are the same to the last bit.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import harness

FACES = 420
DRIVER = """
import pathlib
import sys
from fer import data, machine
from fer.data import sample
from fer.training import checkpoint as saving, fit
from fer.training.recipe import Recipe
machine.use_onednn()
saving.SHARE_OF_TIME = 1e9  # after each epoch
network, augment, checkpoint, faces, epochs = sys.argv[1:]
labels, images = sample.faces(int(faces))
faces = data.Faces(images, labels.astype("int8"))
recipe = Recipe(
    network, int(epochs), 16, seed=3, augment=augment, precision="float32"
).resolved()
fitted, held = data.parts(faces, 3)
run = saving.must_share(recipe, fitted, held, {})
saved = saving.opened(pathlib.Path(checkpoint), run, None)
fit.trained(recipe, fitted, held, saved)
"""


def start(network, augment, checkpoint, epochs):
    """A process that trains, resuming where `checkpoint` exists."""
    words = (network, augment, checkpoint, FACES, epochs)
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def straight(network, augment, checkpoint, epochs):
    """Train without a stop; returns the seconds an epoch takes."""
    process = start(network, augment, checkpoint, epochs)
    instants = [time.perf_counter() for _ in process.stdout]
    assert process.wait() == 0, "the straight run failed"
    return (instants[-1] - instants[0]) / (epochs - 1)


def broken(network, augment, checkpoint, epochs, kills, epoch_seconds, rng):
    """Train with `kills` times SIGKILL: how many there were, and how many in a write.

    There are fewer where a run has come to its end before it is killed.
    """

    def half_written():
        return {*checkpoint.parent.glob(f".{checkpoint.stem}.*.tmp{checkpoint.suffix}")}

    killed = hit = 0
    for kill in range(kills):
        # What the last kill left behind stays, as it does for a user.
        left = half_written()
        process = start(network, augment, checkpoint, epochs)
        if kill % 2:
            while half_written() <= left and process.poll() is None:
                time.sleep(0.0005)
            time.sleep(rng.uniform(0, 0.02))
        else:
            process.stdout.readline()
            time.sleep(rng.uniform(0, epoch_seconds))
        killed += process.poll() is None
        process.kill()
        process.wait()
        hit += not half_written() <= left
    process = start(network, augment, checkpoint, epochs)
    assert process.wait() == 0, "the last resume failed"
    return killed, hit


def contents(checkpoint):
    """The checkpoint's arrays, and its history apart from them."""
    with np.load(checkpoint, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return {
        "history": json.loads(str(arrays.pop("about")))["history"],
        "arrays": arrays,
    }


def same_bits(first, second):
    """Whether two checkpoints hold the same history and arrays to the last bit."""
    one, other = contents(first), contents(second)
    return (
        one["history"] == other["history"]
        and one["arrays"].keys() == other["arrays"].keys()
        and all(
            array.tobytes() == other["arrays"][name].tobytes()
            for name, array in one["arrays"].items()
        )
    )


def prove(network, augment, kills, rng):
    """One row of the table."""
    # Between two kills end two epochs, or a few more on a noisy machine.
    epochs = 3 * kills + 2
    with tempfile.TemporaryDirectory() as folder:
        whole, parts = Path(folder) / "straight.npz", Path(folder) / "broken.npz"
        seconds = straight(network, augment, whole, epochs)
        killed, hit = broken(network, augment, parts, epochs, kills, seconds, rng)
        return {
            "network": network,
            "augment": augment,
            "kills": killed,
            "in a write": hit,
            "same bits": same_bits(whole, parts),
            "epochs": len(contents(parts)["history"]),
        }


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    rows = []
    for network in ("cnn", "dnn"):
        for augment in ("generator", "none"):
            rows.append(prove(network, augment, args.kills, rng))
            print(json.dumps(rows[-1]), flush=True)
    killed = all(row["kills"] == args.kills for row in rows)
    sys.exit(not (killed and all(row["same bits"] for row in rows)))


if __name__ == "__main__":
    main()
