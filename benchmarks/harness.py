"""What every benchmark shares: contenders take turns, then a table and a JSON line."""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from fer import machine

ROOT = Path(__file__).parent.parent
# Turns that do not count: compilers compile, caches fill.
WARM_UP = 2
# Lets a script read a CSV anew: no folder for what is kept can be made below that.
COLD = {"XDG_CACHE_HOME": os.devnull}


def parser(doc):
    """A parser whose help shows the module's text as it stands there."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def timed(work):
    """A contender: calls `work()` and returns the seconds that it took."""

    def contender():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return contender


def command(*words, **environment):
    """A contender: runs `python words...` to its end in a process of its own.

    environment: variables that it is given beside this process's.
    """

    def work():
        subprocess.run(
            [sys.executable, *map(str, words)],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    return timed(work)


def worker(module, name, *words, warm_up=WARM_UP):
    """A contender: `python -m module --worker name words...`, idle between its turns.

    That process calls `serve`.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--worker", name, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def contender():
        process.stdin.write("go\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    for _ in range(warm_up):
        contender()
    return contender


def serve(prepare):
    """Call what `prepare()` returns for each line on stdin, and print the seconds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # A training prints its progress.
        work = prepare()
        for _ in sys.stdin:
            print(timed(work)(), file=answers, flush=True)


def train(words, out, done):
    """Run the training `words`, from its checkpoint if any, unless it is done."""
    if done:
        print(f"{out} is trained already", file=sys.stderr, flush=True)
        return
    from fer.training import run

    resume = ["--resume"] if run.checkpoint_of(out).exists() else []
    run([*words, "--out", out, *resume])


def run(words):
    """Run `python words...`; where it fails, exit as it did: it has said why."""
    process = subprocess.Popen([sys.executable, *map(str, words)], stdout=sys.stderr)
    try:
        status = process.wait()
    except KeyboardInterrupt:
        status = process.wait()  # A training ends its epoch first.
    if status:
        sys.exit(status)


def spread(values, digits):
    """Mean and deviation as text."""
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ± {statistics.stdev(values):.{digits}f}"


def one_thread():
    """Hold TensorFlow, which must not be imported yet, to one thread, with oneDNN."""
    machine.use_onednn()
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    os.environ.update(dict.fromkeys(names, "1"), TF_CPP_MIN_LOG_LEVEL="3")


def race(contenders, rounds):
    """{name: [seconds of each round]}.

    Everybody runs once a round, in turn, so that a noisy moment falls on all alike.
    contenders: {name: function that returns its seconds}.
    """
    seconds = {name: [] for name in contenders}
    for number in range(1, rounds + 1):
        for name, contender in contenders.items():
            print(f"  round {number} of {rounds}: {name}", file=sys.stderr, flush=True)
            seconds[name].append(contender())
    return seconds


def show(claim, seconds, ours, packages=(), first=False, **more):
    """Print medians, each also as a multiple of `ours`; then all of it as JSON.

    packages: names whose versions the result depends on. first: whether the first round
    stands in a column of its own, out of the median. more: goes into the JSON.
    """
    counted = {name: taken[first:] for name, taken in seconds.items()}
    medians = {name: statistics.median(taken) for name, taken in counted.items()}
    rounds = f"medians of {len(counted[ours])} rounds, taken in turn"
    print(f"{claim}\n{where()}; {rounds}{', after the first' * first}\n")
    extra = f"{'first call':>14}" if first else ""
    print(f"{'':44}{'median':>12}{'times ours':>12}{'spread':>22}{extra}")
    for name, median in medians.items():
        spread = f"{min(counted[name]):.4g} to {max(counted[name]):.4g}"
        ratio = median / medians[ours]
        extra = f"{seconds[name][0]:12.4g} s" if first else ""
        print(f"{name:44}{median:10.4g} s{ratio:12.4g}{spread:>22}{extra}")
    record = {"claim": claim, "machine": where(), "versions": versions(packages)}
    record |= {"ours": ours, "median": medians, "seconds": seconds, **more}
    print("\n" + json.dumps(record))


def where():
    """The processor, its cores, its bfloat16 arithmetic, and the commit."""
    bfloat16 = ", ".join(machine.bfloat16()) or "no"
    return f"{machine.processor()}, bfloat16: {bfloat16}; commit {commit()}"


def commit():
    """The commit that is measured, and whether files differ from it."""
    words = ("git", "describe", "--always", "--dirty")
    asked = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


def versions(packages):
    """{"python": ..., package: ...}"""
    found = {name: metadata.version(name) for name in packages}
    return {"python": platform.python_version()} | found
