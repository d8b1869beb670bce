"""The flags that scripts share, and how errors leave."""

import argparse
import importlib.util
import logging
import os
import re
import shlex
import signal
import sys
from pathlib import Path

from fer import BadInput, backend, machine, progress

# Drawn faces are learnt in fewer passes than real ones.
EPOCHS, SAMPLE_EPOCHS = 60, 14
SHARE = 0.5
PICTURES = (".png", ".pdf", ".svg")
# The report's: a face, convolutions, steps of ascent, a class and a saliency.
IMAGE, LAYERS, STEPS, SHOWN, THRESHOLD = 9, ("1", "2"), 90, "fear", 0.6
METHODS = ("gradient", "smoothgrad", "integrated", "gradcam", "hirescam", "occlusion")


def path(text):
    """An argparse type: a path."""
    if not text:
        raise argparse.ArgumentTypeError("'' names no file: is a variable unset?")
    return Path(text)


def file(text):
    """An argparse type: the path of a file."""
    if text and not Path(text).name:
        raise argparse.ArgumentTypeError(f"{text!r} is a folder: name a file")
    return path(text)


def path_ending(suffix):
    """An argparse type: a path that ends like the default, which tells the format.

    A picture may be of any of the formats in PICTURES.
    """
    allowed = PICTURES if suffix in PICTURES else (suffix,)

    def parse(text):
        if Path(text).suffix not in allowed:
            named = " or ".join(map(repr, allowed))
            raise argparse.ArgumentTypeError(f"{text!r} does not end in {named}")
        return Path(text)

    return parse if suffix else path


def whole_number(least, most):
    """An argparse type: an integer of least..most."""

    def parse(text):
        if not (re.fullmatch("[0-9]{1,10}", text) and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(
                f"{text[:20]!r} is not a whole number of {least} to {most}"
            )
        return int(text)

    return parse


def fraction(text):
    """An argparse type: a number of 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number of 0 to 1")
    return value


def pair(text):
    """An argparse type: two names with = between."""
    one, _, other = text.partition("=")
    if not (one and other) or "=" in other:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not like disgust=angry")
    return one, other


def flag(help, **options):
    """Arguments for argparse's add_argument; the help tells the default."""
    default = options.get("default")
    shown = " ".join(default) if isinstance(default, tuple) else default
    told = "" if default is None else f" (default: {shown})"
    return {"help": help + told} | options


# What says which model is used, and what it expects if it has no card.
MODEL = ("model", "pixels")
# A flag has one name, one type and one help text, here; of --out a script says the
# default, whose ending its type then asks for.
FLAGS = {
    "data": flag(
        "faces to read: CSV, folder or archive of pictures, Parquet, ... (docs/data.md;"
        " default: data/fer2013.csv or .csv.gz, else the drawn sample; predict.py: the "
        "test.csv beside it)",
        nargs="+",
        type=path,
        metavar="PATH",
    ),
    "classes": flag(
        "names of the data's classes, in the order of their numbers; with a model "
        "without a card, of its outputs, in their order",
        nargs="+",
        metavar="C",
    ),
    "drop": flag("classes whose faces to leave out", nargs="+", metavar="C"),
    "merge": flag(
        "classes to join to others: disgust=angry", nargs="+", type=pair, metavar="A=B"
    ),
    "photo": flag(
        "a picture of one face, cut to it, instead of a CSV", type=file, metavar="F"
    ),
    "model": flag(
        "a trained model (default: models/cnn.keras, else the shipped one)",
        type=file,
        metavar="M",
    ),
    "pixels": flag(
        "which pixels a model of other programs expects, where its first layers do not "
        "tell",
        choices=("0..255", "0..1", "-1..1"),
    ),
    "network": flag(
        "cnn is the coursework's; compact a residual network of 1.36 million "
        "parameters, and the others are as large as their names say",
        choices=("cnn", "compact", "compact_5m", "compact_350k", "compact_60k"),
        default="cnn",
    ),
    "teachers": flag(
        "trained models: what they make of a face is learned, too",
        nargs="+",
        type=file,
        metavar="M",
    ),
    "share": flag(
        "of the teachers in what is learned; the labels have the rest (default: "
        f"{SHARE})",
        type=fraction,
    ),
    "consistent": flag(
        "teachers look at each batch as it is augmented, not once at each face, and "
        "take their time for it",
        action="store_true",
    ),
    "start": flag(
        "a trained model of the same network, whose weights to train further, at half "
        "of the learning rate",
        type=file,
        metavar="M",
    ),
    "models": flag(
        "folder of cnn.keras, cnn_plain.keras and dnn.keras", type=path, metavar="DIR"
    ),
    "epochs": flag(
        f"passes over the training rows (default: {EPOCHS}, or {SAMPLE_EPOCHS} for "
        "the drawn sample)",
        type=whole_number(1, 100_000),
    ),
    "batch-size": flag("faces a step", type=whole_number(1, 65_536), default=128),
    "seed": flag("of every random draw", type=whole_number(0, 2**32 - 1), default=0),
    "augment": flag(
        "generator: Keras's ImageDataGenerator; graph: its transforms as one "
        "operation; strong: graph, contrast, brightness and erasing; mirror: mirroring "
        "alone",
        choices=("generator", "graph", "strong", "mirror", "none"),
        default="generator",
    ),
    "optimizer": flag(
        "what moves the weights; muon makes convolutional networks more accurate in "
        "as many epochs",
        choices=("adamw", "muon"),
        default="adamw",
    ),
    "precision": flag(
        "of the training's arithmetic; auto is bfloat16 on a GPU, and on processors "
        "that multiply it",
        choices=("auto", "mixed_bfloat16", "float32"),
        default="auto",
    ),
    "resume": flag("go on with the run that was stopped", action="store_true"),
    "usage": flag(
        "rows to score instead of the model's own validation rows",
        choices=("PublicTest", "PrivateTest"),
    ),
    "mirror": flag(
        "average in what the model makes of the mirrored face", action="store_true"
    ),
    "turn": flag(
        "average in what the model makes of the face turned some degrees either way, "
        "as suits models that learned from turned faces",
        action="store_true",
    ),
    "image": flag(
        "which validation row, from 0", type=whole_number(0, 10**9), metavar="N"
    ),
    "threshold": flag(
        "saliency above which a pixel is kept", type=fraction, default=THRESHOLD
    ),
    "samples": flag(
        "noisy copies of the face to average, SmoothGrad; 0: the plain gradient",
        type=whole_number(0, 100_000),
        default=0,
    ),
    "layers": flag(
        "convolutions, counted from 1 or by name",
        nargs="+",
        metavar="L",
        default=LAYERS,
    ),
    "steps": flag(
        "steps of gradient ascent", type=whole_number(1, 100_000), default=STEPS
    ),
    "train": flag("train new models first", action="store_true"),
    "test": flag(
        "faces to label for Kaggle (default: test.csv beside the CSV)",
        type=file,
        metavar="F",
    ),
    "out": flag("where to write", type=path, metavar="P"),
    "debug": flag("show the traceback of an error", action="store_true"),
}
# All that says which faces are read; and the name that some flags had before.
DATA = ("data", "classes", "drop", "merge")
OTHER_NAMES = {"data": ["--csv"]}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {' '.join(message.split())}\n")


def parser(doc, *flags, out=None):
    """A parser with the named flags and --out, by default the path `out`."""
    result = _Parser(
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # So that `--pixels -1..1` names a range, and not an option.
    result._negative_number_matcher = re.compile(r"-\d")
    where = FLAGS["out"]
    if out:
        where = where | flag(where["help"], default=out, type=path_ending(out.suffix))
    known = FLAGS | {"out": where}
    for name in (*flags, "out", "debug"):
        names = [f"--{name}", *OTHER_NAMES.get(name, ())]
        result.add_argument(*names, **known[name])
    return result


def training_parser(doc, out, *flags):
    """The parser of a script that trains a network; `flags` are its own."""
    names = (*DATA, "epochs", "batch-size", "seed", "optimizer", "augment", "precision")
    names += ("teachers", "share", "consistent", "start", "resume")
    return parser(doc, *flags, *names, out=Path(out))


def command():
    """The command line as it would be typed for a run that is never stopped."""
    words = [word for word in sys.argv[1:] if word != "--resume"]
    return shlex.join(["python", Path(sys.argv[0]).name, *words])


def run(main):
    """Call main; an error ends in one line and status 2, Ctrl-C in status 130."""
    # A file's name may be bytes that are no text.
    if sys.stdout:
        sys.stdout.reconfigure(errors="backslashreplace")
    chosen = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = chosen or backend.BACKENDS[0]
    # Neither what a notebook chose for its own pictures, nor the user's keras.json:
    # its formats are not those of the models here.
    os.environ |= {"MPLBACKEND": "Agg", "KERAS_HOME": os.devnull}
    machine.use_onednn()
    debug = "--debug" in sys.argv
    if sys.stderr and not debug:
        _mute_libraries()
    try:
        # Whoever asks to end it has what was begun cleared away, as after Ctrl-C.
        if signal.getsignal(signal.SIGTERM) != signal.SIG_IGN:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        if not {"-h", "--help"} & {*sys.argv}:
            _must_have_backend(chosen)
        try:
            main()
        finally:
            _flush_stdout()
    except (BadInput, OSError, MemoryError) as error:
        if debug:
            raise
        sys.exit(_last_line(str(error) or "out of memory", 2))
    except KeyboardInterrupt as stop:
        sys.exit(_last_line(stop if str(stop) else "stopped", 130))


def _flush_stdout():
    """Print what still waits to be; Python would complain in its own words, at exit."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError as error:
        _to_nowhere(1)
        before = error.__context__
        same = getattr(before, "errno", None) == error.errno
        # Whatever else ends the script is what must be told.
        if before is None or same or isinstance(before, SystemExit):
            raise BadInput(f"stdout cannot be written: {error.strerror}") from error


def _to_nowhere(descriptor):
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _must_have_backend(chosen):
    named = os.environ["KERAS_BACKEND"]
    if named in backend.BACKENDS and importlib.util.find_spec(named):
        return
    if chosen:
        raise BadInput(
            f"KERAS_BACKEND is {chosen!r}: unset it, or install and name one of "
            f"{', '.join(backend.BACKENDS)}"
        )
    raise BadInput(
        f"this Python has no {named}: `make .venv/suite` installs it, and "
        "`. .venv/bin/activate` makes python the one that has it"
    )


def _mute_libraries():
    """Keep stderr for our one line: TensorFlow would bury it in its own."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    quiet = logging.getLogger("tensorflow")
    quiet.addFilter(lambda record: record.levelno >= logging.ERROR)
    sys.stderr = os.fdopen(os.dup(2), "w", 1, errors="backslashreplace")
    _to_nowhere(2)


def _last_line(message, status):
    line = " ".join(str(message).split())
    # On a terminal, how far the work was may still stand there.
    erase = progress.ERASE if sys.stderr and sys.stderr.isatty() else ""
    progress.warn(f"{erase}{Path(sys.argv[0]).name}: {line}")
    return status
