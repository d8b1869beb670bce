"""Kill trainings at random instants, resume them, and compare the bits.

python -m benchmarks.resume
python -m benchmarks.resume --kills 3 --seed 1

For CNN and DNN, with the generator and without, six epochs on drawn faces are trained
straight, and again with SIGKILL at random instants, every other one while a checkpoint
is written. Prints a row each: kills, how many of them in a write, and whether weights,
optimizer, random states and history are the same to the last bit.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import rounds

EPOCHS = 6
FACES = 420
DRIVER = """
import pathlib
import sys
from fer import data, machine, networks, sample, training
machine.use_onednn()
network, augment, checkpoint, faces, epochs, threads = sys.argv[1:]
labels, images = sample.faces(int(faces))
faces = data.Faces(images, labels.astype("int8"))
options = {"epochs": int(epochs), "batch_size": 16, "seed": 3, "augment": augment}
training.LOADER_THREADS = int(threads)
options |= {"precision": "float32", "optimizer": "adamw"}
resume = pathlib.Path(checkpoint).exists()
training.fit(getattr(networks, network), faces, options, checkpoint, resume)
"""


def start(network, augment, checkpoint, threads=2):
    """A process that trains, resuming where `checkpoint` exists."""
    words = (network, augment, checkpoint, FACES, EPOCHS, threads)
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def straight(network, augment, checkpoint, threads=2):
    """Train without a stop; returns the seconds an epoch takes."""
    process = start(network, augment, checkpoint, threads)
    instants = [time.perf_counter() for _ in process.stdout]
    assert process.wait() == 0, "the straight run failed"
    return (instants[-1] - instants[0]) / (EPOCHS - 1)


def broken(network, augment, checkpoint, kills, epoch_seconds, rng):
    """Train with `kills` times SIGKILL; returns how many of them hit a write."""
    temporary = checkpoint.with_name(f".{checkpoint.stem}.tmp{checkpoint.suffix}")
    hit = 0
    for kill in range(kills):
        process = start(network, augment, checkpoint)
        # By now the run should have come this far, so that the kills are spread.
        wanted = EPOCHS * kill // kills
        while epochs_done(checkpoint) < wanted:
            time.sleep(0.005)
        if kill % 2:
            while not temporary.exists() and process.poll() is None:
                time.sleep(0.0005)
            time.sleep(rng.uniform(0, 0.02))
        else:
            time.sleep(rng.uniform(0, epoch_seconds))
        hit += temporary.exists()
        process.kill()
        process.wait()
    assert start(network, augment, checkpoint).wait() == 0, "the last resume failed"
    return hit


def epochs_done(checkpoint):
    """How many epochs the checkpoint holds."""
    return len(contents(checkpoint)["history"]) if checkpoint.exists() else 0


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
    with tempfile.TemporaryDirectory() as folder:
        whole, parts = Path(folder) / "straight.npz", Path(folder) / "broken.npz"
        seconds = straight(network, augment, whole)
        hit = broken(network, augment, parts, kills, seconds, rng)
        return {
            "network": network,
            "augment": augment,
            "kills": kills,
            "in a write": hit,
            "same bits": same_bits(whole, parts),
            "epochs": len(contents(parts)["history"]),
        }


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    rows = []
    for network in ("cnn", "dnn"):
        for augment in ("generator", "none"):
            rows.append(prove(network, augment, args.kills, rng))
            print(json.dumps(rows[-1]), flush=True)
    sys.exit(not all(row["same bits"] for row in rows))


if __name__ == "__main__":
    main()
