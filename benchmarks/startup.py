"""How soon do the scripts answer --help, and a number that is none?

python -m benchmarks.startup

Against the time of Python alone, and of `import tensorflow`.
"""

import subprocess
import sys

from benchmarks import rounds

SCRIPTS = ("train_cnn", "train_dnn", "confusion", "saliency", "filters", "predict")
SCRIPTS += ("report",)
# A number, where the script takes one.
WRONG = dict.fromkeys(SCRIPTS, ("--epochs", "zero")) | {
    "confusion": ("--usage", "zero"),
    "saliency": ("--threshold", "zero"),
    "filters": ("--steps", "zero"),
    "predict": ("--bogus", "zero"),
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
    for script in SCRIPTS:
        name, wrong = f"{script}.py", WRONG[script]
        contenders[f"{name} --help"] = rounds.command(name, "--help")
        contenders[f"{name} {' '.join(wrong)}"] = refused(name, *wrong)
    seconds = rounds.race(contenders, count)
    slowest = max(
        list(contenders)[2:], key=lambda name: sorted(seconds[name])[count // 2]
    )
    rounds.show("help and usage errors", seconds, slowest, ["tensorflow"])


if __name__ == "__main__":
    main()
