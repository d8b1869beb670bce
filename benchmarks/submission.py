"""From the command to the submission: predict.py, against the habitual way.

python -m benchmarks.submission
python -m benchmarks.submission --csv data/test.csv --rounds 5

Ours reads the CSV as if for the first time. Habit: pandas.read_csv, np.fromstring a
row, load_model, model.predict on 32 faces at a time in a loop, to_csv; and the same
with one call of model.predict.
"""

import csv
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import harness
from fer import models
from fer.data import sample

FACES = 3589  # as many as FER2013's PrivateTest
HABIT = """
import sys
import numpy as np, pandas as pd, keras
source, model, out, size = *sys.argv[1:4], int(sys.argv[4])
table = pd.read_csv(source)
faces = [np.fromstring(row, dtype=np.float32, sep=" ") for row in table.iloc[:, -1]]
faces = np.array(faces).reshape(-1, 48, 48, 1)
network = keras.models.load_model(model)
size = size or len(faces)
parts = [faces[start : start + size] for start in range(0, len(faces), size)]
found = np.concatenate([network.predict(part, verbose=0) for part in parts])
ids = table["id"] if "id" in table else range(len(faces))
pd.DataFrame({"id": ids, "label": found.argmax(1)}).to_csv(out, index=False)
"""


def draw(path):
    """Write `FACES` drawn faces to be labelled as the CSV `path`."""
    _, images = sample.faces(FACES)
    rows = enumerate(" ".join(map(str, face.ravel())) for face in images)
    with open(path, "w", newline="") as stream:
        csv.writer(stream).writerows([("id", "feature"), *rows])
    return path


def disagreement(path, other):
    """How many rows of two submissions differ."""
    one, two = (np.loadtxt(it, int, delimiter=",", skiprows=1) for it in (path, other))
    return int((one != two).any(axis=1).sum())


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", help="faces to label (default: drawn ones)")
    parser.add_argument("--model", default=models.SHIPPED)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = args.csv or draw(Path(folder) / "test.csv")
        ours, loop, call = (Path(folder) / f"{name}.csv" for name in "abc")
        words = ("--csv", source, "--model", args.model, "--out", ours)
        habit = ("-c", HABIT, source, args.model)
        quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        contenders = {
            "predict.py": harness.command("predict.py", *words, **harness.COLD),
            "habit, 32 faces a call": harness.command(*habit, loop, 32, **quiet),
            "habit, one call": harness.command(*habit, call, 0, **quiet),
            "import tensorflow": harness.command("-c", "import tensorflow", **quiet),
        }
        seconds = harness.race(contenders, args.rounds)
        different = disagreement(ours, loop)
    print(f"{different} labels differ from the habit's")
    packages = ("keras", "tensorflow", "numpy", "pandas")
    harness.show("submission", seconds, "predict.py", packages, different=different)


if __name__ == "__main__":
    main()
