"""A saved model and its card: write, load safely, predict.

The card is a JSON file beside the model: what it was trained on and how, its classes,
which rows validate it, and what it scored.
"""

import gc
import json
import math
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer import (
    BadInput,
    augment,
    data,
    files,
    machine,
    networks,
    progress,
    scores,
    strangers,
)

OWN = Path("models/cnn.keras")
SHIPPED = Path("models/fer2013/cnn.keras")
BATCH = 512
MOST_NUMBERS = 1 << 28  # that a layer makes at a time: 1 GB
NOT_FOR = "to judge what anyone feels, thinks or intends, or to decide about anyone"
TURN = 8  # degrees, well within what training turns faces by
# What Keras looks for on import, for wrappers and galleries that this suite never uses.
UNUSED = ("matplotlib", "matplotlib.pyplot", "pandas", "sklearn")


@dataclass(frozen=True)
class Model:
    """A network and its card."""

    network: object
    card: dict

    @property
    def classes(self):
        """Names of the classes, in the order of the network's outputs."""
        return tuple(self.card["classes"])

    @property
    def by_usage(self):
        """Whether PublicTest rows validated it, not a tenth."""
        return self.card["validation"] == "PublicTest"

    def predict(self, images, mirror=False, turn=False):
        """As the function predict."""
        return predict(self.network, images, mirror, turn)

    def validation(self, faces):
        """The faces to judge the model on, which it was not fitted on.

        PublicTest rows where the model was trained on a file that has them, too, and
        the name is believed; else the model's own tenth of its training file. Raises
        BadInput where no row is known to be unseen.
        """
        _, held = data.parts(faces, self.card["options"]["seed"])
        alike = data.has_public_test(faces) and self.by_usage
        if not alike and not self.was_validated_by(held):
            raise BadInput(
                "the CSV is not the file that the model was trained on, and one of the "
                "two has no PublicTest rows, so no row is known to be unseen: train on "
                "this file, or call rows that are unseen PrivateTest in a column Usage "
                "and score them with confusion.py --usage PrivateTest"
            )
        return held

    def was_validated_by(self, faces):
        """Whether these faces and no others validated it: it was fitted on others."""
        return self.card["data"]["validation digest"] == data.unordered_digest(faces)


def files_of(path):
    """The files that a training leaves, of which the model is `path`."""
    suffixes = (".keras", ".json", ".csv", ".txt", ".png")
    return [Path(path).with_suffix(suffix) for suffix in suffixes]


def load(path):
    """Load a `.keras` file and its card, running no code that the file may carry.

    Raises BadInput for whatever is not a model of this suite with its card.
    """
    path = Path(path)
    strangers.inspect(path)
    about = _own_card(path)
    keras = _quickly_imported_keras()
    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras has no one class of error for a file that it cannot make sense of.
        why = " ".join(str(error).split())[:160]
        raise BadInput(f"{path} is no model that Keras can load: {why}") from error
    _must_be_usable(path, network, about)
    return Model(network, about)


def _must_be_usable(path, network, about):
    """Raise BadInput for a network that this suite cannot ask, or explain."""
    takes, gives = network.input_shape, network.output_shape
    wanted = (None, *networks.FACE_SHAPE), (None, len(about["classes"]))
    if (takes, gives) != wanted:
        raise BadInput(
            f"{path} maps {takes} to {gives}, not {wanted[0]} to {wanted[1]}: "
            "train one with train_cnn.py"
        )
    widest = max(math.prod(layer.output.shape[1:]) for layer in network.layers)
    # The ascent takes as many images at a time as a layer has filters.
    together = max(BATCH, *(getattr(it, "filters", 0) for it in network.layers))
    if widest * together > MOST_NUMBERS:
        raise BadInput(f"{path} would need gigabytes for a layer: no model of ours")
    if not networks.can_be_explained(network):
        raise BadInput(
            f"{path} is no network of this suite: those first rescale pixels to -1..1, "
            "end in a dense layer with bias and softmax, have their channels last, "
            "move as far down as aside, and neither group nor dilate"
        )


def without_network(path):
    """A model whose file is not there, as its card alone tells of it."""
    return Model(None, _read_card(Path(path)))


def _quickly_imported_keras():
    """Keras, in half of the time that it takes to import it.

    It takes an ImportError of the unused for an answer; they can be imported later.
    """
    hidden = dict.fromkeys(name for name in UNUSED if name not in sys.modules)
    sys.modules |= hidden
    # Nearly all that an import makes stays, so the collector would walk it in vain.
    gc.disable()
    try:
        import keras
    finally:
        gc.enable()
        for name in hidden:
            del sys.modules[name]
    return keras


def is_trained_so(path, network, digest, options):
    """Whether `path` is a whole model of that network, data and options."""
    try:
        about = _own_card(Path(path))
    except BadInput:
        return False
    made = about["network"], about["data"]["digest"], about["options"]
    return made == (network, digest, options)


def _own_card(path):
    """The card of the very file `path`."""
    about = _read_card(path)
    with files.reading(path):
        same = about["sha256"] == files.sha256(path)
    if not same:
        raise BadInput(
            f"{path.with_suffix('.json')} is not the card of {path}: copy both together"
        )
    return about


def _read_card(path):
    beside = path.with_suffix(".json")
    with files.reading(beside, "; a model needs its card, the .json file, beside it"):
        content = beside.read_bytes()
    try:
        about = json.loads(content)
        fine = (
            about["classes"] == list(networks.CLASSES)
            and isinstance(about["network"], str)
            and isinstance(about["parameters"], int)
            and isinstance(about["validation"], str)
            and isinstance(about["options"]["epochs"], int)
            and isinstance(about["options"]["seed"], int)
            and about["options"]["seed"] >= 0
            and isinstance(about["data"]["digest"], str)
            and isinstance(about["data"]["validation digest"], str)
            and isinstance(about["data"]["file"], str)
            and isinstance(about["sha256"], str)
        )
        if not fine:
            raise ValueError("what it says of classes, options or data is off")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{beside} is no card of this suite, or an old one: {error!r:.160}; train "
            "the model anew"
        ) from error
    return about


def predict(network, images, mirror=False, turn=False):
    """Probabilities (N, classes) float32 of faces (N, 48, 48) uint8.

    turn: averaged over the face and the face turned TURN degrees either way; mirror:
    averaged over what is looked at and its mirror images.
    """

    def views(faces, _):
        seen = [faces]
        if turn:
            seen += [augment.turned(faces, degrees) for degrees in (-TURN, TURN)]
        if mirror:
            seen += [view[:, :, ::-1] for view in seen]
        return seen

    return mean_over_views(network, images, views)


def mean_over_views(network, images, views):
    """What the network makes of each face's views, averaged: (N, classes) float32.

    views: a function of faces (n, 48, 48, 1) uint8 and the row of the first of them.
    """
    means = []
    show = progress.steps(network.name, math.ceil(len(images) / BATCH))
    for start in range(0, len(images), BATCH):
        seen = views(images[start : start + BATCH, ..., None], start)
        # Not network.predict: its input pipeline sleeps up to as long again before it
        # returns.
        means.append(np.mean([network.predict_on_batch(view) for view in seen], axis=0))
        show(len(means))
    return np.concatenate(means)


def card(network, faces, source, options, best_epoch, seconds, command):
    """All that is known of a training, ready for JSON."""
    fitted, held = data.parts(faces, options["seed"])
    return {
        "network": network.name,
        "parameters": network.count_params(),
        "flops": networks.flops(network),
        "classes": list(networks.CLASSES),
        "command": command,
        "data": {
            "file": Path(source).name,
            "digest": data.digest(faces),
            **data.counts(faces),
            "fitted": len(fitted),
            "validated": len(held),
            "validation digest": data.unordered_digest(held),
        },
        "validation": "PublicTest"
        if data.has_public_test(faces)
        else f"a tenth, seed {options['seed']}",
        "options": options,
        "best_epoch": best_epoch,
        "scores": _scores(network, held, ~data.copies(held, fitted)),
        "must not be used": NOT_FOR,
        "seconds": round(seconds, 1),
        "machine": ", ".join([machine.processor(), *machine.graphics()]),
        "versions": {"python": platform.python_version()} | machine.versions(),
    }


def _scores(network, held, unseen):
    """What a card tells of the faces that validate; unseen: which are no copies."""
    labels, images = held.labels, held.images
    predicted = predict(network, images).argmax(1)

    def scored(**views):
        return scores.accuracy(labels, predict(network, images, **views).argmax(1))

    return {
        "validation": scores.accuracy(labels, predicted),
        "with the mirrored face": scored(mirror=True),
        "mirrored and turned": scored(mirror=True, turn=True),
        "without copies of fitted faces": scores.accuracy(
            labels[unseen], predicted[unseen]
        ),
        "classes": scores.per_class(labels, predicted, networks.CLASSES),
    }


def save(network, about, path):
    """Write the uncompiled network as `path`, and its card beside it."""
    with files.whole(path) as temporary:
        network.save(temporary)
    files.write_json(
        Path(path).with_suffix(".json"), about | {"sha256": files.sha256(path)}
    )
