"""The flags that scripts share: each has one name, one type and one help text, here."""

from __future__ import annotations

from typing import Any

from fer.arguments import (
    PICTURES,
    faces,
    file,
    number,
    pair,
    path,
    path_ending,
    two_names,
    whole_number,
)

# So few drawn faces are fitted that augmentation needs more passes to help.
EPOCHS, SAMPLE_EPOCHS = 60, 80
# The coursework's: a face, convolutions, steps of ascent, a class and a saliency.
IMAGE, LAYERS, STEPS, SHOWN, THRESHOLD = 9, ("1", "2"), 90, "fear", 0.6
MOVING = 500  # faces that show which filters are dead
# The first two tell hardly more of a face than the mean map of other faces does.
WEAK = ("gradient", "smoothgrad")
WARNING = "tell hardly more of a face than other faces' mean map (docs/explain.md)"
METHODS = ("gradient", "smoothgrad", "integrated", "gradcam", "hirescam", "occlusion")


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
        "for which runtime",
        choices=("onnx", "litert", "litert_int8", "openvino", "saved_model"),
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
    "drop-leaks": flag(
        "CSV written by audit.py; leave out faces of which a training row is a copy, "
        "exact or near",
        type=file,
        metavar="F",
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
        "convolutions, counted from 1 or by name (default: the first two)",
        nargs="+",
        metavar="L",
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
JUDGED = ("usage", "unseen", "drop-seen", "drop-leaks")
OTHER_NAMES = {"data": ["--csv"]}
