"""A saved model and its card: write, find, load safely, predict.

The card is a JSON file beside the model: what it was trained on and how, its classes, which rows
validate it, and what it scored.
"""

import json
import platform
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer import BadInput, data, files, scores

OWN = Path("models/cnn.keras")
SHIPPED = Path("models/fer2013/cnn.keras")
BATCH = 512

# All that a network of this suite is made of. Nothing else is loaded: an object of
# another kind may run code of its maker's choice.
LAYERS = (
    "InputLayer Rescaling Conv2D MaxPooling2D AveragePooling2D Flatten Dense Dropout"
).split()
KNOWN = {("keras.layers", layer) for layer in LAYERS} | {
    ("keras.src.models.functional", "Functional"),
    ("keras.initializers", "GlorotUniform"),
    ("keras.initializers", "Zeros"),
    ("keras", "DTypePolicy"),
    ("None", "__keras_tensor__"),
}
PARTS = {"metadata.json", "config.json", "model.weights.h5"}
# A shipped model takes 6 MB; what unpacks to more than this is no model of this suite.
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Model:
    """A network and its card."""

    network: object
    card: dict

    @property
    def classes(self):
        """Names of the classes, in the order of the network's outputs."""
        return tuple(self.card["classes"])

    def predict(self, images):
        """Probabilities (N, classes) float32 of faces (N, 48, 48) uint8."""
        return predict(self.network, images)

    def validation(self, faces):
        """The faces that the model may be judged on: never one of the rows it was fitted on.

        PublicTest rows where the file has them; else the model's own tenth of its training file.
        Raises BadInput for another file without PublicTest rows.
        """
        if data.has_public_test(faces):
            return faces.take(data.split(faces)[1])
        if data.digest(faces) != self.card["data"]["digest"]:
            raise BadInput(
                "the CSV has no PublicTest rows and is not the file that the model was trained on, "
                "so none of its rows is known to be unseen: add a Usage column, or train on it"
            )
        return faces.take(data.split(faces, self.card["options"]["seed"])[1])


def find(path=None):
    """The model to use: `path`, else the user's own, else the shipped one."""
    return Path(path) if path else OWN if OWN.exists() else SHIPPED


def load(path):
    """Load a `.keras` file and its card. Raises BadInput for whatever is not a model of this suite.

    The file is inspected before Keras reads it: only layers that run no code of the file's maker,
    nothing that unpacks to more than 64 MB.
    """
    path = Path(path)
    _inspect(path)
    about = _read_card(path)
    import keras

    try:
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise BadInput(
            f"{path} is no model that Keras can load: {_first_line(error)}"
        ) from error
    shape, classes = network.input_shape, len(about["classes"])
    if shape != (None, data.SIDE, data.SIDE, 1) or network.output_shape != (
        None,
        classes,
    ):
        raise BadInput(
            f"{path} maps {shape} to {network.output_shape}, not faces (None, 48, 48, 1) to "
            f"(None, {classes}): train one with train_cnn.py"
        )
    return Model(network, about)


def is_trained_so(path, network, digest, options):
    """Whether `path` is a whole model of that network, data and options."""
    try:
        _inspect(Path(path))
        about = _read_card(Path(path))
    except BadInput:
        return False
    return (about["network"], about["data"]["digest"], about["options"]) == (
        network,
        digest,
        options,
    )


def _inspect(path):
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if {entry.filename for entry in entries} != PARTS or len(entries) != len(
                PARTS
            ):
                raise BadInput(
                    f"{path} is no Keras model: its parts are not those of a .keras file"
                )
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise BadInput(
                    f"{path} unpacks to over {MOST_BYTES >> 20} MB: no model of this suite"
                )
            config = json.loads(archive.read("config.json"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except (
        ValueError,
        RecursionError,
        NotImplementedError,
        EOFError,
        zipfile.BadZipFile,
    ) as error:
        raise BadInput(f"{path} is no Keras model ({_first_line(error)})") from error
    for kind in _classes(config):
        if kind not in KNOWN:
            shown = ".".join(kind)[:60]
            raise BadInput(f"{path} holds a {shown!r}, which this suite does not load")


def _classes(config):
    """Yield (module, name) of everything that a Keras configuration would build."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield str(config.get("module")), str(config["class_name"])
        for value in config.values():
            yield from _classes(value)
    elif isinstance(config, list):
        for value in config:
            yield from _classes(value)


def _read_card(path):
    beside = path.with_suffix(".json")
    try:
        about = json.loads(beside.read_text(encoding="utf-8"))
        digest = about["sha256"]
        seed = about["options"]["seed"]
        fine = all(isinstance(name, str) for name in about["classes"]) and isinstance(
            seed, int
        )
        fine = fine and isinstance(about["data"]["digest"], str)
    except OSError as error:
        raise BadInput(
            f"{beside}, the card of {path}, cannot be read: {error.strerror or error}"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{beside} is no card of this suite ({_first_line(error)})"
        ) from error
    if not fine:
        raise BadInput(
            f"{beside} is no card of this suite: classes, seed or digest are off"
        )
    if digest != files.sha256(path):
        raise BadInput(
            f"{beside} is the card of another file than {path}: copy both together"
        )
    return about


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def predict(network, images):
    """Probabilities (N, classes) float32 of faces (N, 48, 48) uint8."""
    # Not network.predict: its input pipeline sleeps up to as long again before it returns.
    parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    return np.concatenate([network.predict_on_batch(part[..., None]) for part in parts])


def card(network, classes, faces, source, options, best_epoch, seconds, command):
    """All that is known of a training, ready for JSON."""
    import keras
    import tensorflow as tf

    rows, held = data.split(faces, options["seed"])
    unseen = ~data.copies(faces.take(held), faces.take(rows))
    labels = faces.labels[held]
    predicted = predict(network, faces.images[held]).argmax(1)
    return {
        "network": network.name,
        "parameters": network.count_params(),
        "classes": list(classes),
        "command": command,
        "data": {
            "file": Path(source).name,
            "digest": data.digest(faces),
            **data.counts(faces),
            "fitted": len(rows),
            "validated": len(held),
        },
        "validation": "PublicTest"
        if data.has_public_test(faces)
        else f"a tenth, seed {options['seed']}",
        "options": options,
        "best_epoch": best_epoch,
        "scores": {
            "validation": scores.accuracy(labels, predicted),
            "validation without copies of training faces": scores.accuracy(
                labels[unseen], predicted[unseen]
            ),
        },
        "seconds": round(seconds, 1),
        "machine": _processor(),
        "versions": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
        },
    }


def save(network, about, path):
    """Write the network as `path` (.keras, no optimizer) and its card as `path` with .json."""
    with files.whole(path) as temporary:
        network.save(temporary, include_optimizer=False)
    files.write_json(
        Path(path).with_suffix(".json"), about | {"sha256": files.sha256(path)}
    )


def _processor():
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    named = [
        line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
    ]
    return f"{len(named)} x {named[0]}" if named else platform.processor()
