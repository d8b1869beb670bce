"""What a model file may hold, looked at before Keras reads it.

A `.keras` file is a zip of two JSON texts and an HDF5 file of weights. Each can carry
code to run, a path that climbs out, or a few bytes that unpack to gigabytes; a file
that holds anything but the layers of this suite, of a modest size, is refused.
"""

import io
import json
import zipfile

from fer import BadInput

LAYERS = (
    *("InputLayer", "Rescaling", "Conv2D", "MaxPooling2D", "AveragePooling2D"),
    *("Flatten", "Dense", "Dropout"),
)
KNOWN = {("keras.layers", layer) for layer in LAYERS} | {
    ("keras.src.models.functional", "Functional"),
    ("keras.initializers", "GlorotUniform"),
    ("keras.initializers", "Zeros"),
    ("keras", "DTypePolicy"),
    ("None", "__keras_tensor__"),
}
PARTS = ["config.json", "metadata.json", "model.weights.h5"]
# A shipped model takes 6 MB.
MOST_BYTES = 64 << 20


def inspect(path):
    """Raise BadInput, saying why, unless `path` is a plain model of known layers."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if sorted(entry.filename for entry in entries) != PARTS:
                raise BadInput(f"{path} is no Keras model: its parts are others")
            _must_be_small(path, sum(entry.file_size for entry in entries))
            config = json.loads(archive.read("config.json"))
            weights = archive.read("model.weights.h5")
        unknown = set(_kinds(config)) - KNOWN
        if unknown:
            name = ".".join(min(unknown))[:60]
            raise BadInput(f"{path} holds a {name!r}, which this suite does not load")
        _inspect_weights(path, weights)
    except BadInput:
        raise
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # Whatever zipfile, zlib, json and h5py raise for bytes that are not theirs.
        raise BadInput(f"{path} is no Keras model: {_first_line(error)}") from error


def _must_be_small(path, size):
    if size > MOST_BYTES:
        raise BadInput(
            f"{path} unpacks to over {MOST_BYTES >> 20} MB: no model of ours"
        )


def _kinds(config):
    """Yield (module, class) of everything that a Keras configuration would build."""
    children = []
    if isinstance(config, dict):
        children = config.values()
        if "class_name" in config:
            yield str(config.get("module")), str(config["class_name"])
    elif isinstance(config, list):
        children = config
    for child in children:
        yield from _kinds(child)


def _inspect_weights(path, content):
    """Refuse links out of the file, and datasets that unpack to too much."""
    import h5py

    def sizes(group):
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise BadInput(f"{path} links its weights to another place")
            if isinstance(group[name], h5py.Group):
                yield from sizes(group[name])
            elif group[name].is_virtual or group[name].external:
                raise BadInput(f"{path} keeps its weights in another file")
            else:
                yield group[name].nbytes

    with h5py.File(io.BytesIO(content), "r") as file:
        _must_be_small(path, sum(sizes(file)))


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
