"""The flags that scripts share, and how errors leave."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer import BadInput, backend, process, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Drawn faces are learnt in fewer passes than real ones.
EPOCHS, SAMPLE_EPOCHS = 60, 80
PICTURES = (".png", ".pdf", ".svg")
# The coursework's: a face, convolutions, steps of ascent, a class and a saliency.
IMAGE, LAYERS, STEPS, SHOWN, THRESHOLD = 9, ("1", "2"), 90, "fear", 0.6
MOVING = 500  # faces that show which filters are dead
# The first two tell no more of a face than the mean map of other faces does.
WEAK = ("gradient", "smoothgrad")
WARNING = "tell no more of a face than other faces' mean map (docs/explain.md)"
METHODS = ("gradient", "smoothgrad", "integrated", "gradcam", "hirescam", "occlusion")


def path(text: str) -> Path:
    """An argparse type: a path.

    Like all types here, it raises argparse.ArgumentTypeError for other text.
    """
    if not text:
        raise argparse.ArgumentTypeError("'' names no file: is a variable unset?")
    return Path(text)


def file(text: str) -> Path:
    """An argparse type: the path of a file."""
    if text and not Path(text).name:
        raise argparse.ArgumentTypeError(f"{text!r} is a folder: name a file")
    return path(text)


def path_ending(suffix: str, *others: str) -> Callable[[str], Path]:
    """An argparse type: a path that ends like the default, which tells the format.

    A picture may be of any of the formats in PICTURES. others: endings allowed, too.
    """
    allowed = (*(PICTURES if suffix in PICTURES else (suffix,)), *others)

    def parse(text):
        if Path(text).suffix not in allowed:
            named = " or ".join(map(repr, allowed))
            raise argparse.ArgumentTypeError(f"{text!r} does not end in {named}")
        return Path(text)

    return parse if suffix else path


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argparse type: an integer of least..most."""

    def parse(text):
        if not (re.fullmatch("[0-9]{1,10}", text) and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(
                f"{text[:20]!r} is not a whole number of {least} to {most}"
            )
        return int(text)

    return parse


def number(least: float, most: float) -> Callable[[str], float]:
    """An argparse type: a number of least..most."""

    def parse(text):
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"{text[:20]!r} is not a number of {least:g} to {most:g}"
            )
        return value

    return parse


def pair(text: str) -> tuple[str, str]:
    """An argparse type: two names with = between."""
    one, _, other = text.partition("=")
    if not (one and other) or "=" in other:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not like disgust=angry")
    return one, other


def two_names(text: str) -> tuple[str, ...]:
    """An argparse type: two names, with a comma or a space between."""
    names = tuple(name for name in re.split(r"[,\s]+", text) if name)
    if len(names) != 2 or names[0] == names[1]:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not like id,label")
    return names


def faces(text: str) -> int:
    """An argparse type: how many faces of a cell are shown; all of them, or none."""
    named = {"all": sys.maxsize, "none": 0}
    return named[text] if text in named else whole_number(1, 10**9)(text)


def flag(help: str, **options: Any) -> dict[str, Any]:
    """Arguments for argparse's add_argument; the help tells the default."""
    default = options.get("default")
    shown = " ".join(default) if isinstance(default, tuple) else default
    told = "" if default is None else f" (default: {shown})"
    return {"help": help + told} | options


# What says which model is used, and what it expects if it has no card.
MODEL = ("model", "pixels", "outputs")
# A flag has one name, one type and one help text, here; of --out a script says the
# default, whose ending its type then asks for.
FLAGS = {
    "data": flag(
        "faces to read: CSV, folder or archive of pictures, Parquet (docs/data.md); "
        "the word --data may be left out (default: data/fer2013.csv or .csv.gz, else "
        "the drawn sample; predict.py: the test.csv beside it)",
        nargs="+",
        type=path,
        metavar="PATH",
    ),
    "classes": flag(
        "class names, in the order of the label numbers; they also name the outputs of "
        "a model without a card, if --outputs does not",
        nargs="+",
        metavar="C",
    ),
    "drop": flag("classes whose faces to leave out", nargs="+", metavar="C"),
    "merge": flag(
        "classes to join to others: disgust=angry", nargs="+", type=pair, metavar="A=B"
    ),
    "photo": flag("a picture, instead of --data", type=file, metavar="F"),
    "whole": flag(
        "take the middle square of each picture as the face, without looking for one; "
        "pictures of 48 x 48 pixels are taken so anyway",
        action="store_true",
    ),
    "strict": flag(
        "treat as errors: in audit.py test faces that copy training faces (status 1); "
        "in predict.py the first picture without a face",
        action="store_true",
    ),
    "picture": flag(
        "draw the photo with its faces, their names, probabilities and saliency here",
        type=path_ending(PICTURES[0]),
        metavar="P",
    ),
    "columns": flag(
        "what a submission calls its two columns (default: id,label)",
        type=two_names,
        metavar="A,B",
    ),
    "to": flag(
        "for which runtime", choices=("onnx", "litert", "openvino", "saved_model")
    ),
    "ray": flag(
        "label on a Ray cluster, at this address or local (requirements-scale.txt)",
        metavar="ADDRESS",
    ),
    "names": flag("labels as words, not as numbers", action="store_true"),
    "probabilities": flag(
        "write the probability of each class beside the label", action="store_true"
    ),
    "model": flag(
        "a trained model (default: models/cnn.keras, else the shipped one)",
        type=file,
        metavar="M",
    ),
    "pixels": flag(
        "range of pixels that a model without a card expects, if its first layers do "
        "not tell",
        choices=("0..255", "0..1", "-1..1"),
    ),
    "outputs": flag(
        "names of the outputs of a model without a card, in their order (default: "
        "--classes, else FER2013's seven)",
        nargs="+",
        metavar="C",
    ),
    "models": flag(
        "folder of cnn.keras, cnn_plain.keras and dnn.keras", type=path, metavar="DIR"
    ),
    "epochs": flag(
        f"passes over the training rows (default: {EPOCHS}, or {SAMPLE_EPOCHS} for "
        "the drawn sample)",
        type=whole_number(1, 100_000),
    ),
    "seed": flag(
        "seed of every random draw", type=whole_number(0, 2**32 - 1), default=0
    ),
    "resume": flag("go on with the run that was stopped", action="store_true"),
    "fresh": flag("give up an unfinished run and start over", action="store_true"),
    "processes": flag(
        "processes that train together, on JAX; without --coordinator all are started "
        "on this machine",
        type=whole_number(1, 100_000),
        metavar="N",
    ),
    "coordinator": flag(
        "where process 0 of several hosts is; auto: as Slurm, Kubernetes or MPI says",
        metavar="HOST:PORT",
    ),
    "process": flag(
        "which of --processes this one is, from 0",
        type=whole_number(0, 100_000),
        metavar="I",
    ),
    "usage": flag(
        "use these rows only (default: the model's validation rows; predict.py: all)",
        choices=("PublicTest", "PrivateTest"),
    ),
    "unseen": flag(
        "you vouch that the model was trained on none of these faces",
        action="store_true",
    ),
    "drop-seen": flag(
        "leave out faces that the model was fitted on, and exact copies of them",
        action="store_true",
    ),
    "mirror": flag("predict the mirrored face, too, and average", action="store_true"),
    "turn": flag(
        "predict the face turned by 8 degrees each way, too, and average; helps models "
        "that were trained on turned faces",
        action="store_true",
    ),
    "image": flag(
        "which validation row, from 0", type=whole_number(0, 10**9), metavar="N"
    ),
    "threshold": flag(
        "saliency above which a pixel is kept; 0.6 keeps a tenth of them",
        type=number(0, 1),
        default=THRESHOLD,
    ),
    "method": flag(
        f"one or several of {', '.join(METHODS)} (default: hirescam, or integrated for "
        "a model without convolutions); gradient is the coursework's; maps of "
        f"{' and '.join(WEAK)} {WARNING}",
        nargs="+",
        choices=METHODS,
        metavar="NAME",
    ),
    "class": flag(
        "the class to explain: predicted, true or its name",
        default="predicted",
        metavar="NAME",
    ),
    "against": flag(
        "explain why the class and not this one: predicted, true or its name",
        metavar="NAME",
    ),
    "layer": flag(
        "for gradcam and hirescam: the layer whose features are weighed (default: the "
        "last one with height and width)",
        metavar="L",
    ),
    "samples": flag(
        "for smoothgrad: noisy copies of the face to average (default: 32)",
        type=whole_number(1, 100_000),
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
    "natural": flag(
        "more natural images: optimise low frequencies first, and jitter the image",
        action="store_true",
    ),
    "class-images": flag(
        "also draw the image that each class responds to most, in classes.png",
        action="store_true",
    ),
    "train": flag("train new models first", action="store_true"),
    "test": flag(
        "test faces: report.py labels them for Kaggle (default: test.csv beside the "
        "data), audit.py compares them with the others",
        type=file,
        metavar="F",
    ),
    "predictions": flag(
        "a CSV with a row a face and a column a class, by models that were not fitted "
        "on the face; an empty cell: not known",
        type=file,
        metavar="F",
    ),
    "faces": flag(
        "faces shown for each cell of the confusion matrix, worst first: a number, "
        "all, or none, for a page to share",
        type=faces,
        default=24,
        metavar="N",
    ),
    "out": flag("where to write", type=path, metavar="P"),
    "debug": flag("show the traceback of an error", action="store_true"),
}
# All that says which faces are read; and the name that some flags had before.
DATA = ("data", "classes", "drop", "merge")
# Who trains together.
TOGETHER = ("processes", "coordinator", "process")
# Which of them a model is judged on.
JUDGED = ("usage", "unseen", "drop-seen")
OTHER_NAMES = {"data": ["--csv"]}


# What other tools call our flags, and what is done here without one.
HABITS = {"lr": "learning-rate", "bs": "batch-size", "input": "data", "output": "out"}
INSTEAD = {"validation-split": "rows of Usage PublicTest validate, else a tenth"}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(" ".join(message.split()))

    def parse_args(self, args=None, namespace=None):
        """As argparse's; --data's paths may stand alone, and near flags are named."""
        found, rest = self.parse_known_args(args, namespace)
        unknown = next((word for word in rest if word.startswith("-")), None)
        if unknown:
            self.error(f"unrecognized {unknown}: {self._near(unknown)}")
        if rest and getattr(found, "data", rest):
            self.error(f"unrecognized {rest[0]!r}: --help lists what is expected")
        if rest:
            found.data = self.parse_known_args(["--data", *rest])[0].data
        return found

    def _near(self, word):
        import difflib

        name = word.partition("=")[0].strip("-").replace("_", "-").lower()
        if name in INSTEAD:
            return INSTEAD[name]
        known = [option for option in self._option_string_actions if "--" in option]
        wanted = f"--{HABITS.get(name, name)}"
        near = difflib.get_close_matches(wanted, known, 1)
        return f"did you mean {near[0]}?" if near else "--help lists all flags"


def parser(
    doc: str,
    *flags: str,
    out: Path | None = None,
    endings: Sequence[str] = (),
    several: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """A parser with the named flags of FLAGS, --out (default: `out`) and --debug.

    endings: how --out may end, besides as its default. several: flags that take more
    than one value. The parser raises BadInput for wrong arguments.
    """
    result = _Parser(
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # So that `--pixels -1..1` names a range, and not an option.
    result._negative_number_matcher = re.compile(r"-\d")
    where = FLAGS["out"]
    if out:
        where = where | flag(
            where["help"], default=out, type=path_ending(out.suffix, *endings)
        )
    known = FLAGS | {"out": where}
    for name in several:
        known[name] = known[name] | flag(
            f"{known[name]['help']}; of several, the mean", nargs="+"
        )
    for name in (*flags, "out", "debug"):
        names = [f"--{name}", *OTHER_NAMES.get(name, ())]
        result.add_argument(*names, **known[name])
    return result


def run(main: Callable[[], None]) -> None:
    """Call main; an error ends in one line and status 2, Ctrl-C in status 130.

    In a notebook the line is all: nothing is raised, and the kernel is as before.
    """
    chosen = os.environ.get("KERAS_BACKEND")
    # Not the user's keras.json: its formats are not those of the models here.
    wanted = {"KERAS_BACKEND": chosen or backend.BACKENDS[0], "KERAS_HOME": os.devnull}
    if not process.in_notebook():  # which may draw pictures of its own afterwards
        wanted["MPLBACKEND"] = "Agg"
    script, debug = Path(sys.argv[0]).name, "--debug" in sys.argv
    try:
        with process.surroundings(script, wanted, debug):
            if not {"-h", "--help"} & {*sys.argv}:
                backend.must_be_installed(chosen)
            main()
    except (BadInput, OSError, MemoryError) as error:
        if debug:
            raise
        _end(script, str(error) or "out of memory", 2)
    except KeyboardInterrupt as stop:
        _end(script, str(stop) or "stopped", 130)


def _end(script, message, status):
    stderr = progress.real(sys.stderr)
    # On a terminal, how far the work was may still stand there.
    erase = progress.ERASE if stderr and stderr.isatty() else ""
    line = progress.printable(" ".join(message.split()))
    progress.warn(f"{erase}{script}: {line}")
    if not process.in_notebook():
        sys.exit(status)
