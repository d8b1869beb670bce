"""Do time and memory go with the rows? Conversion, loading, labels: 1 to 100 x FER2013.

python -m benchmarks.scale --times 1 3 10

Draws rows from a seed as CSVs of FER2013's form, converts them to columns (convert.py),
loads and splits those, and labels them (predict.py), each in a process of its own.
Prints its seconds, its peak of memory, and by which power of the rows seconds grow.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import harness

ROWS = 32_298  # of FER2013's CSV without PrivateTest
FILE = 8_000  # rows of one CSV: memory goes with the largest file
VALIDATION = 9  # one row in so many
SPLIT = """
import sys
from fer import data
fitted, held = data.parts(data.load(sys.argv[1]))
print(len(fitted), len(held), data.copies(held, fitted).sum(), data.digest(held)[:8])
"""


def draw(folder, rows, seed=0):
    """CSVs of `rows` faces of noise, whose blocks of 4 x 4 have one grey."""
    rng, paths = np.random.default_rng(seed), []
    for start in range(0, rows, FILE):
        path = folder / f"{start:09}.csv"
        with open(path, "w") as file:
            file.write("emotion,pixels,Usage\n")
            for row in range(start, min(start + FILE, rows)):
                face = rng.integers(0, 256, (12, 12)).repeat(4, 0).repeat(4, 1)
                usage = "PublicTest" if row % VALIDATION == 0 else "Training"
                pixels = " ".join(map(str, face.ravel().tolist()))
                file.write(f"{row % 7},{pixels},{usage}\n")
        paths.append(path)
    return paths


def measured(*words):
    """Seconds and peak memory in MB of `python words...`."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdout=subprocess.DEVNULL,
        env=os.environ | harness.COLD,
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{words[0]} failed")
    return time.perf_counter() - began, used.ru_maxrss / 1024, used.ru_utime


def run(times, folder, model):
    """{step: (seconds, MB, processor seconds)} of so many times FER2013's rows."""
    csvs, columns = draw(folder, int(times * ROWS)), folder / "all.faces"
    result = {"convert": measured("convert.py", "--data", *csvs, "--out", columns)}
    for path in csvs:
        path.unlink()
    result["load and split"] = measured("-c", SPLIT, columns)
    labels = "--data", columns, "--model", model, "--out", folder / "labels.parquet"
    result["predict"] = measured("predict.py", *labels)
    return result


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--times", type=float, nargs="+", default=[1, 3, 10])
    parser.add_argument("--model", default="models/fer2013/compact_60k.keras")
    args = parser.parse_args()
    found = {}
    for times in args.times:
        with tempfile.TemporaryDirectory() as folder:
            found[times] = run(times, Path(folder), args.model)
        for step, (seconds, megabytes, used) in found[times].items():
            told = f"{seconds:8.1f} s {used:8.1f} s of processor {megabytes:8.0f} MB"
            print(f"{times:4g} x FER2013  {step:16}{told}", flush=True)
    for step in found[args.times[0]]:
        used = [found[times][step][2] for times in args.times]
        if len(used) > 1:
            slope = np.polyfit(np.log(args.times), np.log(used), 1)[0]
            print(f"{step}: processor seconds go with rows to the power {slope:.2f}")
    print(json.dumps({"machine": harness.where(), "found": found}))


if __name__ == "__main__":
    main()
