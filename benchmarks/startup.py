"""How soon do the scripts answer --help, and a number that is none?

python -m benchmarks.startup

Against the time of Python alone, and of `import tensorflow`.
"""

import statistics
import subprocess
import sys

from benchmarks import rounds

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

    return rounds.timed(work)


def main():
    parser = rounds.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    count = parser.parse_args().rounds
    contenders = {
        "python -c pass": rounds.command("-c", "pass"),
        "import tensorflow": rounds.command("-c", "import tensorflow"),
    }
    for name, flag in FLAGS.items():
        contenders[f"{name} --help"] = rounds.command(name, "--help")
        contenders[f"{name} {flag} zero"] = refused(name, flag, "zero")
    seconds = rounds.race(contenders, count)
    ours = list(contenders)[2:]
    slowest = max(ours, key=lambda name: statistics.median(seconds[name]))
    rounds.show("help and usage errors", seconds, slowest, ["tensorflow"])


if __name__ == "__main__":
    main()
