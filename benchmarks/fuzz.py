"""Feed broken files to all that reads strangers' files; does one ever slip through?

python -m benchmarks.fuzz --runs 1000000
python -m benchmarks.fuzz --seconds 300 --target model

Atheris mutates small valid files, led by the lines that they reach. Every one must end
in a value or in BadInput; a CSV that a plain parser of FER2013's own dialect can read
must be loaded, and hold what that finds in it, row for row.
"""

import atexit
import collections
import inspect
import json
import math
import os
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks import harness, readers
from fer import threads
from fer.data import csv_reader, squares

# A folder in memory, if there is one: on a disk, opening a file takes most of the time.
MEMORY = Path("/dev/shm")


def mutator(valid):
    """A function for Atheris that mutates a part of a file, so that the rest is good.

    Half of the time it starts from a valid file: left to itself Atheris keeps mutating
    the broken ones, which hardly ever load.
    """
    import atheris

    def mutated(content, most, seed):
        rng = random.Random(seed)
        content = rng.choice(valid) if rng.random() < 0.5 else content
        if rng.random() < 0.3:
            return bytes(atheris.Mutate(content, most))
        pieces = re.split(rb"([,\n :\"])", content)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(pieces))
            pieces[at] = bytes(atheris.Mutate(pieces[at], len(pieces[at]) + 3))
        return b"".join(pieces)[:most]

    return mutated


class Watch:
    """Runs a check on each input, and keeps count of what happens."""

    def __init__(self, target, check, path):
        self.target, self.check, self.path = target, check, path
        self.tried, self.accepted = 0, 0
        self.slowest, self.size_of_slowest = 0.0, 0
        self.crashes = collections.Counter()
        self.start, self.most_seconds = time.perf_counter(), math.inf

    def __call__(self, content):
        start = time.process_time()  # not what it waits for where others are busy
        try:
            self.accepted += self.check(self.path, content)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            crash = f"{type(error).__name__} in {where.name}, line {where.lineno}"
            if crash not in self.crashes:
                print(f"CRASH: {error!r} for {content!r}", flush=True)
            self.crashes[crash] += 1
        seconds = time.process_time() - start
        self.tried += 1
        if time.perf_counter() - self.start > self.most_seconds:
            # Atheris would take an end of the usual kind for a crash.
            self.report()
            shutil.rmtree(self.path.parent)
            os._exit(0)
        if seconds > self.slowest:
            self.slowest, self.size_of_slowest = seconds, len(content)

    def report(self):
        """Print what happened, as sentences and as JSON."""
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = {
            "target": self.target,
            "inputs": self.tried,
            "accepted": self.accepted,
            "seconds": round(time.perf_counter() - self.start, 1),
            "slowest input, seconds": round(self.slowest, 3),
            "slowest input, bytes": self.size_of_slowest,
            "peak memory, MB": round(kilobytes / 1e3),
            "crashes": sum(self.crashes.values()),
            "kinds of crash": dict(self.crashes),
        }
        print(*(f"{name}: {value}" for name, value in result.items()), sep="\n")
        print(json.dumps(result), flush=True)
        if self.crashes:
            os._exit(1)  # Atheris would end as if all were well.


def follow(module):
    """Let Atheris see which lines of the module's functions an input reaches."""
    import atheris

    for function in filter(inspect.isfunction, vars(module).copy().values()):
        if function.__module__ == module.__name__:
            # Not instrument_func: it follows comparisons too, and Atheris 3.0.0 keeps
            # the arrays that they make for ever.
            function.__code__ = atheris.patch_code(
                function.__code__, trace_dataflow=False, nested=True
            )


def make_small():
    """Let short files have many rows and blocks, read the same way each time."""
    vars(csv_reader).update(readers.SMALL)
    squares.LEAST_SIDE = readers.SMALLEST
    # It asks the system for memory, for which a small file need not wait.
    csv_reader._keep_freed_memory = lambda: None
    threads.in_order = map


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="at most; 0: no bound")
    parser.add_argument("--target", choices=readers.TARGETS, default="load")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    import atheris

    check, valid, module = readers.targets()[args.target]
    follow(module)
    make_small()
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, content in enumerate(valid):
            (corpus / str(number)).write_bytes(content)
        watch = Watch(args.target, check, Path(folder, "input.keras"))
        atexit.register(watch.report)
        watch.most_seconds = args.seconds or math.inf
        # Minutes, by the clock on the wall: what is endless, and not what had to wait.
        limits = [f"-atheris_runs={args.runs}", f"-seed={args.seed}", "-timeout=600"]
        quiet = ["-verbosity=0", "-max_len=8192", f"-artifact_prefix={folder}/"]
        atheris.Setup(
            [sys.argv[0], *limits, *quiet, str(corpus)],
            watch,
            custom_mutator=mutator(valid),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
