"""One training run: from a CSV to the files that it leaves beside the model."""

import contextlib
import io
import shlex
from pathlib import Path

import numpy as np

from fer import BadInput, backend, data, files, machine, models, networks, scores
from fer.models.card import describe
from fer.training import curves, distillation, fit

# Of a history: bytes, 100 an epoch; and its numbers, which are losses at most.
MOST_HISTORY, LARGEST = 16 << 20, 1e9


def train(build, source, options, out, command, resume=False):
    """Train the network that `build()` makes on the CSV `source`; write five files.

    `out` is the model; beside it, by suffix: .json its card, .csv its history (a row an
    epoch), .txt its structure, .png its learning curves. options: as fit.fit takes
    them, where the precision may be "auto", and maybe teachers: the paths of trained
    models, and start: that of one to train further; resume: as it takes that.
    """
    out, source = Path(out), data.Source.of(source)
    start, taught_by = options.get("start"), options.get("teachers", ())
    must_be_free(out, *source.paths, *taught_by, *([start] if start else []))
    faces = data.load(source)
    data.must_be_labelled(faces, source)
    faces = data.in_classes(faces, networks.CLASSES, source, "the network's")
    options, taught_by, start = _resolved(options)
    teach = _teaching(taught_by, faces, options) if taught_by else None
    weights = _weights(start, build, faces, source, options) if start else None
    # Held for the whole run: two that share a checkpoint would undo each other's work.
    with files.locked(out.with_name(f".{out.stem}.run.lock")):
        print(f"{source}: {faces.form}{': ' * bool(faces.form)}{data.counts(faces)}")
        print(f"training {build.__name__} in {options['precision']}", flush=True)
        checkpoint = checkpoint_of(out)
        network, history, seconds = fit.fit(
            build, faces, options, checkpoint, resume, teach, weights
        )
        best = scores.best_epoch(history)["epoch"]
        command = backend.chosen_backend() + command
        about = describe(network, faces, source, options, best, seconds, command)
        # The largest first: on a full disk all else stays as it was.
        models.save(network, about, out)
        _write_beside(out, network, history)
        checkpoint.unlink()
    print(f"epoch {best}: validation {scores.shown(about['scores']['validation'])}")
    print(f"wrote {out} and its .json, .csv, .txt and .png")


def checkpoint_of(out):
    """The file that holds the unfinished run of the model `out`."""
    return Path(out).with_suffix(".checkpoint.npz")


def must_be_free(out, *read):
    """Raise BadInput now where a training cannot leave its files, or would harm others.

    Those are what it reads, and what goes by a name that nobody typed, one beside the
    model `out`, though no training left a checkpoint, a card or a history there.
    """
    named, *beside = models.files_of(out)
    for path in (checkpoint_of(out), named, *beside):
        files.free_to_write(path, *read)
    there = [path for path in beside if path.exists()]
    if there and not (checkpoint_of(out).exists() or _was_trained(out)):
        raise BadInput(
            f"{there[0]} is of no training here: move it, or train to another place"
        )


def _was_trained(out):
    with contextlib.suppress(BadInput):
        models.without_network(out)
        return True
    with contextlib.suppress(OSError, ValueError):
        header = Path(out).with_suffix(".csv").read_text().partition("\n")[0]
        return "learning_rate" in header.split(",")  # as in no other tool's history
    return False


def _resolved(options):
    """Options that say what they stand for, on whichever machine, and their models.

    The precision is named, and each model goes with its file's digest. The models are
    the list of teachers, and what to train further, if anything.
    """
    loaded = {path: distillation.load(path) for path in options.get("teachers", ())}
    digests = {path: each.model.card["sha256"] for path, each in loaded.items()}
    precision = options["precision"]
    if precision == "auto":
        precision = machine.precision()
    named = {"precision": precision, "teachers": digests}
    start = options.get("start") and models.load(options["start"])
    if start:
        named["start"] = {options["start"]: start.card["sha256"]}
    return options | named, list(loaded.values()), start


def _teaching(taught_by, faces, options):
    """A function: what the teachers make of faces, on average; (N, classes).

    If options are consistent, it takes batches as they are augmented. Raises BadInput
    for a teacher that may know the faces that validate.
    """
    fitted, held = data.parts(faces, options["seed"])
    for teacher in taught_by:
        teacher.must_suit(fitted, held)
    if options.get("consistent"):
        return distillation.watching(taught_by, options["precision"])

    def teach(images):
        each = [teacher.answers(images, options["precision"]) for teacher in taught_by]
        return np.mean(each, axis=0)

    return teach


def _weights(start, build, faces, source, options):
    """The weights of the model `start`, to train further.

    Raises BadInput where its layers are others, or where it may know the faces that
    validate: rows called PublicTest, which is believed, or else the tenth that
    validated it.
    """
    if networks.structure(start.network) != networks.structure(build()):
        raise BadInput(
            f"--start names a {start.card['network']}, whose layers are not those of "
            f"{build.__name__}: name its --network (train_dnn.py trains a dnn), or "
            "another model"
        )
    _, held = data.parts(faces, options["seed"])
    by_usage = data.has_public_test(faces)
    if start.by_usage and not by_usage:
        raise BadInput(
            f"{source} has no PublicTest rows, which the model of --start was "
            "validated by: call rows that are new to it so, in a column Usage"
        )
    if not start.by_usage and (by_usage or not start.was_validated_by(held)):
        raise BadInput(
            f"{source} validates by rows that the model of --start may know: give the "
            f"file that it was trained on, {start.card['data']['file']}, and --seed "
            f"{start.card['options']['seed']}"
        )
    return start.network.get_weights()


def _write_beside(out, network, history):
    """Write what goes with the model `out`: its history, structure and curves."""
    rows = [row.values() for row in history]
    files.write_csv(out.with_suffix(".csv"), history[0], rows)
    files.write_text(out.with_suffix(".txt"), networks.structure_text(network))
    files.write_figure(out.with_suffix(".png"), curves.curves({out.stem: history}))


def train_unless_done(build, source, options, out, script):
    """Train as `train` does, without teacher or start, and resuming what was stopped.

    What is trained so already stays as it is.
    """
    resolved, *_ = _resolved(options)
    digest = data.digest(data.load(source))
    unfinished = checkpoint_of(out).exists()
    whole = not unfinished and all(path.exists() for path in models.files_of(out))
    if whole and models.is_trained_so(out, build.__name__, digest, resolved):
        print(f"{out} is already trained so")
        return
    words = ["python", script, *data.Source.of(source).words(), "--out", out]
    for name, value in resolved.items():
        if name != "teachers":
            words += [f"--{name.replace('_', '-')}", value]
    command = shlex.join(map(str, words))
    train(build, source, options, out, command, resume=None)


def read_history(model_path):
    """The history beside a model, a dict an epoch; raises BadInput without one."""
    import pandas

    path = Path(model_path).with_suffix(".csv")
    wanted = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    content = files.content(path, MOST_HISTORY, f"; it is the history of {model_path}")
    try:
        history = pandas.read_csv(io.BytesIO(content), usecols=wanted, dtype=float)
    except ValueError as error:
        raise BadInput(
            f"{path}, the history of {model_path}, cannot be read: {error}"
        ) from error
    if history.empty or not (history.abs() < LARGEST).all(axis=None):
        raise BadInput(f"{path}, the history of {model_path}, has no rows of numbers")
    history["epoch"] = history["epoch"].astype(int)
    return history.to_dict("records")
