"""A saved model: its network and card, written, and loaded without running its code."""

from __future__ import annotations

import gc
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from fer import BadInput, files, networks
from fer.data import classes as class_names
from fer.models import adapt, archive, card, seen, trial
from fer.models.predict import predict
from fer.types import Images, Ints, Network, Probabilities

if TYPE_CHECKING:
    from fer import data

OWN = Path("models/cnn.keras")
SHIPPED = Path("models/fer2013/cnn.keras")
BEST = Path("models/fer2013/compact.keras")  # the most accurate of those shipped
# What Keras looks for on import, for wrappers and galleries that this suite never uses.
UNUSED = ("matplotlib", "matplotlib.pyplot", "pandas", "sklearn")


@dataclass(frozen=True)
class Model:
    """A network, its card, its classes, and digests of the faces it was fitted on.

    card: None for a model of other programs. network: None where its file is missing.
    """

    network: Any
    card: dict[str, Any] | Any
    classes: tuple[str, ...]  # in the order of the network's outputs
    fitted: Ints | None = None  # (N,) uint64, or None where nothing tells
    path: Path | None = None

    def predict(
        self, images: Images, mirror: bool = False, turn: bool = False
    ) -> Probabilities:
        """Probabilities of faces (N, 48, 48) uint8: see models.predict.predict."""
        return predict(self.network, images, mirror, turn)

    def to_judge(
        self,
        faces: data.Faces,
        usage: str | None = None,
        unseen: bool = False,
        drop_seen: bool = False,
    ) -> tuple[data.Faces, int]:
        """As seen.to_judge: faces it was not fitted on, and the number of copies."""
        asked = faces, self.fitted, usage, unseen, drop_seen
        return seen.to_judge(*asked, str(self.path or "the model"))

    def validation(self, faces: data.Faces) -> data.Faces:
        """The faces to judge the model on, which it was not fitted on."""
        return self.to_judge(faces)[0]


def files_of(path: Path | str) -> list[Path]:
    """The files that a training leaves, of which the model is `path`."""
    suffixes = (".keras", ".json", ".csv", ".txt", ".png")
    return [Path(path).with_suffix(suffix) for suffix in suffixes]


def load(path: Path | str) -> Model:
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


def load_any(
    path: Path | str, pixels: str | None = None, classes: Sequence[str] | None = None
) -> Model:
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
    named = map(class_names.canonical, classes or networks.CLASSES)
    names = _names(path, loaded, tuple(named))
    if sorted(names) == sorted(networks.CLASSES):
        # Labels are numbers in FER2013's order.
        order = [names.index(name) for name in networks.CLASSES]
        loaded, names = adapt.in_order(loaded, order), networks.CLASSES
    return Model(loaded, None, names, path=path)


def load_all(
    paths: Sequence[Path],
    pixels: str | None = None,
    classes: Sequence[str] | None = None,
) -> list[Model]:
    """The models of several files, as load_any; raises BadInput if classes differ."""
    loaded = [load_any(path, pixels, classes) for path in paths]
    for path, model in zip(paths, loaded, strict=True):
        if model.classes != loaded[0].classes:
            raise BadInput(
                f"{path} has other classes than {paths[0]}: their mean means nothing"
            )
    return loaded


def to_judge(
    loaded: Sequence[Model],
    faces: data.Faces,
    usage: str | None = None,
    unseen: bool = False,
    drop_seen: bool = False,
) -> tuple[data.Faces, int]:
    """seen.to_judge for several models: faces that none of them was fitted on."""
    fitted: list[Any] = [model.fitted for model in loaded]
    known: Any = None if any(it is None for it in fitted) else np.concatenate(fitted)
    name = ", ".join(str(model.path or "the model") for model in loaded)
    return seen.to_judge(faces, known, usage, unseen, drop_seen, name)


def network(path: Path) -> Network:
    """Load the network of a file that archive.inspect has passed.

    Raises BadInput where Keras cannot load it.
    """
    keras = quickly_imported_keras()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras has no one class of error for a file that it cannot make sense of.
        why = " ".join(str(error).split())[:160]
        raise BadInput(f"{path} is no model that Keras can load: {why}") from error


def must_load(network: Network) -> None:
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
            "--outputs, in their order"
        )
    return tuple(classes)


def without_network(path: Path | str) -> Model:
    """The Model of a file that is missing, from its card alone: network is None.

    Raises BadInput where the card is missing or malformed.
    """
    about = card.read(Path(path))
    return Model(None, about, tuple(about["classes"]), seen.read(Path(path), about))


def quickly_imported_keras() -> ModuleType:
    """Import Keras in half the time, by hiding optional packages that it looks for.

    Keras handles their ImportError; they can be imported afterwards.
    """
    hidden: dict[str, Any] = dict.fromkeys(
        name for name in UNUSED if name not in sys.modules
    )
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


def is_trained_so(path: Path | str, digest: str, recipe: dict[str, Any]) -> bool:
    """Whether `path` is a whole model, trained by that recipe on that data.

    digest: of the data, as data.digest. recipe: as Recipe.as_dict.
    """
    try:
        about = card.read_own(Path(path))
    except BadInput:
        return False
    return (about["data"]["digest"], about["recipe"]) == (digest, recipe)


def save(network: Network, about: dict[str, Any], path: Path) -> None:
    """Write the uncompiled network to `path`, and its card `about` beside it.

    Raises BadInput where they cannot be written.
    """
    with files.whole(path) as temporary:
        network.save(temporary)
    digest = files.sha256(path)
    files.write_json(Path(path).with_suffix(".json"), about | {"sha256": digest})
    trial.keep(digest)
