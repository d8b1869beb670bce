"""Do time and memory go with the rows? Each step of the way, 1 to 100 x FER2013.

python -m benchmarks.scale --times 0.03 1 10
python -m benchmarks.scale --times 0.03 1 10 100 --steps train score predict

Draws rows from a seed as CSVs of FER2013's form, converts them to columns (convert.py),
and does each of STEPS with those in a process of its own. Prints its seconds, its peak
of memory without the pages of files that the system may take back, and by which power
of the rows processor seconds grow to the last of --times from the one before it, both
less those of the fewest rows: the programs' start.
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
STEPS = ("split", "train", "score", "predict", "audit")
MODEL = "models/fer2013/dnn.keras"  # the way of the data is measured, not a network
SPLIT = """
import sys
from fer import data
fitted, held = data.parts(data.load(sys.argv[1]))
print(len(fitted), len(held), data.copies(held, fitted).sum(), data.digest(held)[:8])
"""


def draw(folder, rows, seed=0):
    """CSVs of `rows` faces of noise, whose blocks of 4 x 4 have one grey."""
    rng, paths = np.random.default_rng(seed), []
    four = [" ".join([str(grey)] * 4) for grey in range(256)]
    for start in range(0, rows, FILE):
        path = folder / f"{start:09}.csv"
        drawn = rng.integers(0, 256, (min(FILE, rows - start), 12, 12)).tolist()
        with open(path, "w") as file:
            file.write("emotion,pixels,Usage\n")
            for row, face in enumerate(drawn, start):
                usage = "PublicTest" if row % VALIDATION == 0 else "Training"
                lines = [" ".join(map(four.__getitem__, greys)) for greys in face]
                pixels = " ".join(line for line in lines for _ in range(4))
                file.write(f"{row % 7},{pixels},{usage}\n")
        paths.append(path)
    return paths


def measured(*words):
    """Seconds, peak memory in MB and processor seconds of `python words...`."""
    began, most = time.perf_counter(), 0
    process = subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdout=subprocess.DEVNULL,
        env=os.environ | harness.COLD,
    )
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        most = max(most, own_memory(process.pid))
        time.sleep(0.02)
    _, status, used = ended
    if status:
        sys.exit(f"{words[0]} failed")
    return time.perf_counter() - began, most, used.ru_utime + used.ru_stime


def own_memory(number):
    """MB of a process that are of no file, as Linux tells; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(it.split()[1]) for it in lines if it.startswith("RssAnon")) / 1024


def words(step, columns, folder):
    """The command line of one of STEPS."""
    model = ("--model", MODEL)
    short = ("--epochs", 1, "--augment", "none", "--precision", "float32")
    of = {
        "train": ("train_dnn.py", columns, *short, "--out", folder / "m.keras"),
        "score": ("confusion.py", columns, *model, "--out", folder / "c.png"),
        "predict": ("predict.py", columns, *model, "--out", folder / "l.parquet"),
        "audit": ("audit.py", columns, "--out", folder / "a.csv"),
    }
    return of.get(step, ("-c", SPLIT, columns))


def run(times, folder, steps):
    """{step: (seconds, MB, processor seconds)} of so many times FER2013's rows."""
    csvs, columns = draw(folder, int(times * ROWS)), folder / "all.faces"
    result = {"convert": measured("convert.py", "--data", *csvs, "--out", columns)}
    for path in csvs:
        path.unlink()
    for step in steps:
        result[step] = measured(*words(step, columns, folder))
    return result


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--times", type=float, nargs="+", default=[0.03, 1, 10])
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=STEPS)
    args = parser.parse_args()
    if len(args.times) < 3:
        parser.error("--times needs three: the start, and two to compare")
    found = {}
    for times in args.times:
        with tempfile.TemporaryDirectory() as folder:
            found[times] = run(times, Path(folder), args.steps)
        for step, (seconds, megabytes, used) in found[times].items():
            told = f"{seconds:8.1f} s {used:8.1f} s of processor {megabytes:8.0f} MB"
            print(f"{times:4g} x FER2013  {step:8}{told}", flush=True)
    for step in found[args.times[0]]:
        start, *_, one, other = (found[times][step][2] for times in args.times)
        rows = args.times[-1] / args.times[-2]
        power = np.log((other - start) / (one - start)) / np.log(rows)
        print(f"{step}: processor seconds go with rows to the power {power:.2f}")
    print(json.dumps({"machine": harness.where(), "found": found}))


if __name__ == "__main__":
    main()
