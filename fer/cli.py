"""The flags that scripts share, and how errors leave."""

import argparse
import os
import sys
from pathlib import Path

from fer import BadInput


def whole_number(least, most):
    """An argparse type: an integer of least..most."""

    def parse(text):
        if not (text.isascii() and text.lstrip("-").isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} to {most}")
        return int(text)

    return parse


def fraction(text):
    """An argparse type: a number of 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 to 1")
    return value


FLAGS = {
    "csv": {"metavar": "F", "help": "faces to read (default: data/fer2013.csv, else the sample)"},
    "epochs": {
        "type": whole_number(1, 100_000),
        "default": 60,
        "help": "passes over the training rows (default: %(default)s)",
    },
    "batch-size": {
        "type": whole_number(1, 65_536),
        "default": 128,
        "help": "faces a step (default: %(default)s)",
    },
    "seed": {
        "type": whole_number(0, 2**32 - 1),
        "default": 0,
        "help": "of every random draw (default: %(default)s)",
    },
    "augment": {
        "choices": ("generator", "none"),
        "default": "generator",
        "help": "Keras's ImageDataGenerator, or no augmentation (default: %(default)s)",
    },
    "precision": {
        "choices": ("auto", "mixed_bfloat16", "float32"),
        "default": "auto",
        "help": "of the training; auto takes bfloat16 where the hardware has it",
    },
    "resume": {"action": "store_true", "help": "go on with the run that was stopped"},
    "out": {"metavar": "P", "type": Path, "help": "file to write (default: %(default)s)"},
}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def parser(doc, *flags, **defaults):
    """A parser with the named flags of FLAGS, those in `defaults` with a default of their own."""
    result = _Parser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    for flag in (*flags, "debug"):
        default = {"default": defaults[flag]} if flag in defaults else {}
        result.add_argument(f"--{flag}", **FLAGS[flag] | default)
    return result


FLAGS["debug"] = {"action": "store_true", "help": "show the traceback of an error"}


def command():
    """The command line as it would be typed, paths shortened to their names."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    return " ".join(["python", *words])


def run(main):
    """Call main; an error ends in one line on stderr and status 2, a signal in status 130."""
    # TensorFlow's own lines would bury the one that matters.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        main()
    except BadInput as error:
        if "--debug" in sys.argv:
            raise
        sys.exit(_last_line(error, 2))
    except KeyboardInterrupt as stop:
        sys.exit(_last_line(stop if str(stop) else "stopped", 130))


def _last_line(message, status):
    line = " ".join(str(message).split())
    print(f"{Path(sys.argv[0]).name}: {line}", file=sys.stderr)
    return status
