"""How soon do the scripts answer --help, and a number that is none?

python -m benchmarks.startup

Against the time of Python alone, and of `import tensorflow`.
"""

import statistics
import subprocess
import sys

from benchmarks import harness

# Of each script a flag that takes no "zero", or that there is not.
FLAGS = {
    "train_cnn.py": "--epochs",
    "train_dnn.py": "--epochs",
    "confusion.py": "--usage",
    "saliency.py": "--threshold",
    "filters.py": "--steps",
    "predict.py": "--bogus",
    "report.py": "--epochs",
}


def refused(*words):
    """A contender: runs `python words...`, which must end in status 2."""

    def work():
        done = subprocess.run([sys.executable, *words], stderr=subprocess.DEVNULL)
        if done.returncode != 2:
            raise RuntimeError(f"{words} ended in status {done.returncode}, not 2")

    return harness.timed(work)


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    count = parser.parse_args().rounds
    contenders = {
        "python -c pass": harness.command("-c", "pass"),
        "import tensorflow": harness.command("-c", "import tensorflow"),
    }
    for name, flag in FLAGS.items():
        contenders[f"{name} --help"] = harness.command(name, "--help")
        contenders[f"{name} {flag} zero"] = refused(name, flag, "zero")
    seconds = harness.race(contenders, count)
    ours = list(contenders)[2:]
    slowest = max(ours, key=lambda name: statistics.median(seconds[name]))
    harness.show("help and usage errors", seconds, slowest, ["tensorflow"])


if __name__ == "__main__":
    main()
