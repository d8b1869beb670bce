"""Seconds from the CSV on disk to a model on disk with PublicTest accuracy of 0.60.

python -m benchmarks.time_to_accuracy --csv data/fer2013.csv
python -m benchmarks.time_to_accuracy --csv data/fer2013.csv --epochs 12 --seeds 3

The coursework's CNN, trained by the suite's own command and by the Keras habit: pandas
and np.fromstring, float32, Adam at 1e-3, ImageDataGenerator feeding `fit`, batches of
128, stopped after the first epoch that reaches the accuracy. The suite cannot stop
early: the whole of its schedule counts. A habit that has taken --patience times the
suite's seconds is stopped there, and its figure is a lower bound. Each run is a process
of its own, its start and imports included, with no cache of the CSV.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import harness, keras_fit

TARGET = 0.60
SUITE, HABIT = "suite", "Keras habit"


def train_by_habit(path, seed, out):
    """Train as most FER repositories do; save the model once it is good enough."""
    import keras
    import numpy as np
    import pandas

    table = pandas.read_csv(path)
    pixels = [np.fromstring(row, np.uint8, sep=" ") for row in table["pixels"]]
    images = np.array(pixels).reshape(-1, 48, 48, 1)
    labels = table["emotion"].to_numpy()
    fitted, held = (table["Usage"] == name for name in ("Training", "PublicTest"))
    keras.utils.set_random_seed(seed)
    network, flow = keras_fit.network_and_flow(images[fitted], labels[fitted], 128)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            print(f"epoch {epoch + 1}: {logs}", file=sys.stderr, flush=True)
            self.model.stop_training = logs["val_accuracy"] >= TARGET

    validation = images[held], keras.utils.to_categorical(labels[held], 7)
    network.fit(
        flow, epochs=1000, validation_data=validation, callbacks=[Stop()], verbose=0
    )
    network.save(out)


def suite(args, seed, folder):
    """Seconds of the suite's own command; exits where it misses the accuracy."""
    out = Path(folder) / "suite.keras"
    words = ["train_cnn.py", "--csv", args.csv, "--epochs", str(args.epochs)]
    words += ["--seed", str(seed), "--augment", "mirror", "--out", str(out)]
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"XDG_CACHE_HOME": folder},
        stdout=sys.stderr,
        check=True,
    )
    seconds = time.perf_counter() - start
    scores = json.loads(out.with_suffix(".json").read_text())["scores"]
    if scores["one pass"]["accuracy"] < TARGET:
        sys.exit(f"the suite reached {scores['validation']['accuracy']:.4f} only")
    return seconds


def habitual(args, seed, folder, patience):
    """Seconds of the habit, at most `patience`, and whether it got there."""
    words = ["-m", __spec__.name, "--csv", args.csv, "--habit", str(seed)]
    start = time.perf_counter()
    try:
        subprocess.run(
            [sys.executable, *words, "--out", f"{folder}/keras_fit.keras"],
            stdout=sys.stderr,
            timeout=patience,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return patience, False
    return time.perf_counter() - start, True


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--patience", type=float, default=3.5)
    parser.add_argument("--habit", type=int)
    parser.add_argument("--out")
    args = parser.parse_args()
    if args.habit is not None:
        return train_by_habit(args.csv, args.habit, args.out)
    seconds, reached = {SUITE: [], HABIT: []}, []
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            seconds[SUITE].append(suite(args, seed, folder))
            patience = args.patience * seconds[SUITE][-1]
            taken, there = habitual(args, seed, folder, patience)
            seconds[HABIT].append(taken)
            reached.append(there)
            print(f"seed {seed}: {seconds}, habit got there: {there}", flush=True)
    harness.show(
        f"PublicTest {TARGET} from CSV to model, {args.seeds} seeds",
        seconds,
        SUITE,
        ("keras", "tensorflow"),
        habit_got_there=reached,
    )


if __name__ == "__main__":
    main()
