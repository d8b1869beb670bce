"""How long does a CSV of FER2013's size take to load, and how much memory?

python -m benchmarks.load --csv data/fer2013.csv
python -m benchmarks.load --rounds 3

Every load has a process of its own, which tells the seconds of the load alone, without
Python's start and imports, and the most memory that the process held. The file is in
the page cache. Against it stands what most FER repositories do: pandas.read_csv, then
np.fromstring(row, sep=" ") for each row, which makes floats; the same with
dtype=np.uint8; and polars, which splits and casts on all cores. Without --csv, noise
with the spread of FER2013's pixels is written to a temporary folder.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import harness
from fer import data
from fer.data import csv_reader

ROWS = 32_298
COLD, KEEPING, WARM = "ours, cold", "ours, cold, and kept", "ours, warm"
PANDAS, PANDAS_UINT8 = "pandas and fromstring", "pandas and fromstring to uint8"
POLARS = "polars, split and cast"


def ours(path):
    """Faces.images of all rows."""
    return data.load(path, data.USAGES).images


def pandas_idiom(path, dtype=float):
    """The same as an array of `dtype`, as most FER repositories read it."""
    import pandas as pd

    pixels = pd.read_csv(path)["pixels"]
    rows = [np.fromstring(row, dtype=dtype, sep=" ") for row in pixels]
    return np.array(rows).reshape(-1, csv_reader.SIDE, csv_reader.SIDE)


def polars_idiom(path):
    """The same as uint8, as polars splits, explodes and casts."""
    import polars as pl

    pixels = pl.read_csv(path)["pixels"].str.split(" ").explode().cast(pl.UInt8)
    return pixels.to_numpy().reshape(-1, csv_reader.SIDE, csv_reader.SIDE)


LOADERS = dict.fromkeys((COLD, KEEPING, WARM), ours)
LOADERS |= {
    PANDAS: pandas_idiom,
    PANDAS_UINT8: lambda path: pandas_idiom(path, np.uint8),
    POLARS: polars_idiom,
}


def measure(name, path):
    """Load once, and print seconds, megabytes and the sum of the pixels."""
    if name in (PANDAS, PANDAS_UINT8):
        import pandas  # noqa: F401, before the clock runs
    if name == POLARS:
        import polars  # noqa: F401
    start = time.perf_counter()
    images = LOADERS[name](path)
    seconds = time.perf_counter() - start
    # Linux tells kilobytes, macOS bytes.
    unit = 1e6 if sys.platform == "darwin" else 1e3
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps([seconds, megabytes, int(images.sum())]))


def contender(name, path, cache, peaks, sums):
    """Loads in a process of its own, and returns its seconds.

    cache: a function that returns the folder to keep caches in.
    """

    def load():
        words = ["-m", "benchmarks.load", "--csv", path, "--measure", name]
        environment = os.environ | {"XDG_CACHE_HOME": str(cache())}
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        seconds, megabytes, total = json.loads(done.stdout)
        peaks[name] = max(megabytes, peaks.get(name, 0))
        sums.add(total)
        return seconds

    return load


def write_noise(path):
    """Write a CSV as long as FER2013, with noise of its mean and deviation."""
    rng = np.random.default_rng(0)
    with open(path, "w") as file:
        file.write("emotion,pixels,Usage\n")
        for row in range(ROWS):
            face = rng.normal(129, 65, csv_reader.PIXELS).clip(0, 255).astype(int)
            file.write(f"{row % 7},{' '.join(map(str, face.tolist()))},Training\n")


def compare(path, folder, count):
    """Let all load the CSV, `count` times each, and print who took how long."""
    peaks, sums = {}, set()
    caches = {
        # No folder can be made below a file.
        COLD: lambda: path,
        KEEPING: lambda: tempfile.mkdtemp(dir=folder),
        WARM: lambda: folder,
    }
    contenders = {
        name: contender(name, path, caches.get(name, lambda: path), peaks, sums)
        for name in LOADERS
    }
    # Once for the page cache and the warm loads' cache, uncounted.
    contenders[WARM]()
    peaks.clear()
    seconds = harness.race(contenders, count)
    assert len(sums) == 1, "they read different pixels"
    claim = f"loading {path.name}, {path.stat().st_size / 1e6:.0f} MB"
    megabytes = {name: round(peak) for name, peak in peaks.items()}
    packages = ("numpy", "pandas", "polars")
    harness.show(claim, seconds, COLD, packages, megabytes=megabytes)
    print()
    for name, peak in megabytes.items():
        print(f"{name:44}{peak:10} MB at most")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--csv", type=Path, help="a plain CSV in FER2013's layout")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", choices=LOADERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure, args.csv)
        return
    with tempfile.TemporaryDirectory() as folder:
        # A cache's folder counts only where it is absolute.
        path = (args.csv or Path(folder, "noise.csv")).absolute()
        if not args.csv:
            write_noise(path)
            # What has just been written is not kept.
            time.sleep(3)
        compare(path, folder, args.rounds)


if __name__ == "__main__":
    main()
