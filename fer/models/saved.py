"""A saved model: its network and card, written, and loaded without running its code."""

import gc
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer import BadInput, files, networks
from fer.models import adapt, archive, card, seen, trial
from fer.models.predict import predict

OWN = Path("models/cnn.keras")
SHIPPED = Path("models/fer2013/cnn.keras")
BEST = Path("models/fer2013/champion.keras")  # the most accurate of those shipped
# What Keras looks for on import, for wrappers and galleries that this suite never uses.
UNUSED = ("matplotlib", "matplotlib.pyplot", "pandas", "sklearn")


@dataclass(frozen=True)
class Model:
    """A network, its card, its classes, and digests of the faces it was fitted on.

    card: None for a model of other programs. network: None where its file is missing.
    """

    network: object
    card: dict | None
    classes: tuple[str, ...]  # in the order of the network's outputs
    fitted: object = None  # (N,) uint64, or None where nothing tells
    path: Path | None = None

    def predict(self, images, mirror=False, turn=False):
        """As the function predict."""
        return predict(self.network, images, mirror, turn)

    def to_judge(self, faces, usage=None, unseen=False, drop_seen=False):
        """As seen.to_judge, of the faces that this model was fitted on."""
        asked = faces, self.fitted, usage, unseen, drop_seen
        return seen.to_judge(*asked, str(self.path or "the model"))

    def validation(self, faces):
        """The faces to judge the model on, which it was not fitted on."""
        return self.to_judge(faces)[0]


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
    trial.tried(path, quickly_imported_keras)
    loaded = _usable(path, network(path), "0..255")
    names = _names(path, loaded, about["classes"])
    return Model(loaded, about, names, seen.read(path, about), path)


def load_any(path, pixels=None, classes=None):
    """As load; a file without a card may be of any program with Keras.

    pixels: which pixels such a network expects, one of adapt.RANGES; read from its
    first layers where it is None. classes: the names of its outputs, in their order;
    FER2013's seven where it is None. Raises BadInput where they do not tell.
    """
    path = Path(path)
    if card.is_beside(path):
        return load(path)
    archive.inspect(path)
    trial.tried(path, quickly_imported_keras)
    loaded = _usable(path, network(path), pixels)
    names = _names(path, loaded, classes or networks.CLASSES)
    if sorted(names) == sorted(networks.CLASSES):
        # Labels are numbers in FER2013's order.
        order = [names.index(name) for name in networks.CLASSES]
        loaded, names = adapt.in_order(loaded, order), networks.CLASSES
    return Model(loaded, None, names, path=path)


def load_all(paths, pixels=None, classes=None):
    """The models of several files, as load_any; raises BadInput if classes differ."""
    loaded = [load_any(path, pixels, classes) for path in paths]
    for path, model in zip(paths, loaded, strict=True):
        if model.classes != loaded[0].classes:
            raise BadInput(
                f"{path} has other classes than {paths[0]}: their mean means nothing"
            )
    return loaded


def to_judge(loaded, faces, usage=None, unseen=False, drop_seen=False):
    """As seen.to_judge, of the faces that any of the models was fitted on."""
    fitted = [model.fitted for model in loaded]
    known = None if any(it is None for it in fitted) else np.concatenate(fitted)
    name = ", ".join(str(model.path or "the model") for model in loaded)
    return seen.to_judge(faces, known, usage, unseen, drop_seen, name)


def network(path):
    """The network of a file that was inspected."""
    keras = quickly_imported_keras()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras has no one class of error for a file that it cannot make sense of.
        why = " ".join(str(error).split())[:160]
        raise BadInput(f"{path} is no model that Keras can load: {why}") from error


def must_load(network):
    """Raise BadInput where the network, once it is saved, could not be loaded."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.keras"
        network.save(path)
        try:
            archive.inspect(path)
        except BadInput as error:
            why = str(error).removeprefix(str(path)).strip()
            raise BadInput(
                f"the network {network.name} could not be loaded once it is trained: "
                f"it {why}"
            ) from error


def _usable(path, network, pixels):
    """The network, adapted where need be."""
    if not adapt.is_adapted(network):
        return adapt.adapted(network, path, pixels)
    adapt.must_fit(network, path)
    return network


def _names(path, network, classes):
    """The classes, as many as the network has outputs; raises BadInput otherwise."""
    outputs = network.output_shape[-1]
    if outputs != len(classes):
        raise BadInput(
            f"{path} tells {outputs} classes apart, not {len(classes)}: name them by "
            "--classes, in the order of its outputs"
        )
    return tuple(classes)


def without_network(path):
    """A model whose file is not there, as its card alone tells of it."""
    about = card.read(Path(path))
    return Model(None, about, tuple(about["classes"]), seen.read(Path(path), about))


def quickly_imported_keras():
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


def is_trained_so(path, digest, recipe):
    """Whether `path` is a whole model of that recipe, a dict, and data."""
    try:
        about = card.read_own(Path(path))
    except BadInput:
        return False
    return (about["data"]["digest"], about["recipe"]) == (digest, recipe)


def save(network, about, path):
    """Write the uncompiled network as `path`, and its card beside it."""
    with files.whole(path) as temporary:
        network.save(temporary)
    digest = files.sha256(path)
    files.write_json(Path(path).with_suffix(".json"), about | {"sha256": digest})
    trial.keep(digest)
