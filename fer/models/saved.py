"""A saved model: its network and card, written, and loaded without running its code."""

import gc
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from fer import BadInput, data, files, networks
from fer.models import archive, card
from fer.models.predict import BATCH, predict

OWN = Path("models/cnn.keras")
SHIPPED = Path("models/fer2013/cnn.keras")
MOST_NUMBERS = 1 << 28  # that a layer makes at a time: 1 GB
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
    archive.inspect(path)
    about = card.read_own(path)
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
    return Model(None, card.read(Path(path)))


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
        about = card.read_own(Path(path))
    except BadInput:
        return False
    made = about["network"], about["data"]["digest"], about["options"]
    return made == (network, digest, options)


def save(network, about, path):
    """Write the uncompiled network as `path`, and its card beside it."""
    with files.whole(path) as temporary:
        network.save(temporary)
    files.write_json(
        Path(path).with_suffix(".json"), about | {"sha256": files.sha256(path)}
    )
