"""What a model file may hold, looked at before Keras reads it.

A `.keras` file is a zip of two JSON texts and an HDF5 file of weights. Each can carry
code to run, a path that climbs out, or a few bytes that unpack to gigabytes; a file
that holds anything but the layers of this suite, of a modest size, is refused.
"""

import io
import json
import math
import re
import zipfile
from pathlib import Path

from fer import BadInput, files

LAYERS = (
    *("InputLayer", "Rescaling", "Conv2D", "MaxPooling2D", "AveragePooling2D"),
    *("Flatten", "Dense", "Dropout", "ReLU", "Add", "Multiply"),
    *("GlobalAveragePooling2D", "DepthwiseConv2D", "BatchNormalization"),
)
WEIGHTED = ("Conv2D", "DepthwiseConv2D", "Dense", "BatchNormalization")
KNOWN = {("keras.layers", layer) for layer in LAYERS} | {
    ("keras.src.models.functional", "Functional"),
    ("keras.initializers", "GlorotUniform"),
    ("keras.initializers", "HeNormal"),
    ("keras.initializers", "Zeros"),
    ("keras.initializers", "Ones"),
    ("keras.initializers", "Constant"),
    ("keras", "DTypePolicy"),
    ("None", "__keras_tensor__"),
}
DTYPES = ("float32", "uint8")
# A shipped model takes 6 MB at most, of which its configuration 54 kB.
MOST_BYTES = 64 << 20
PARTS = {
    "config.json": 1 << 20,
    "metadata.json": 1 << 20,
    "model.weights.h5": MOST_BYTES,
}


def inspect(path):
    """Raise BadInput, saying why, unless `path` is a plain model of known layers."""
    if Path(path).suffix != ".keras":
        # Keras tells formats by their suffix: under another one it reads other bytes.
        raise BadInput(f"{path} is no Keras model: its name must end in .keras")
    with files.understood(path, "Keras model", "train one with train_cnn.py"):
        _inspect(path)


def _inspect(path):
    parts = _unpack(path)
    config = json.loads(parts["config.json"])
    objects = list(_objects(config))
    kinds = {(str(it.get("module")), str(it["class_name"])) for it in objects}
    if kinds - KNOWN:
        name = ".".join(min(kinds - KNOWN))[:60]
        raise BadInput(f"{path} holds a {name!r}, which this suite does not load")
    _must_be_plain(path, objects)
    _must_be_one_way(path, config["config"]["layers"], objects)
    _must_be_small(path, sum(map(_size, objects)))
    _inspect_weights(path, parts["model.weights.h5"])


def _must_be_small(path, size, most=MOST_BYTES):
    if size > most:
        raise BadInput(f"{path} unpacks to over {most >> 20} MB: no model of ours")


def _unpack(path):
    """The archive's parts, by name, as bytes; no size that it claims is trusted."""
    parts = {}
    with zipfile.ZipFile(path) as archive:
        if sorted(archive.namelist()) != sorted(PARTS):
            raise BadInput(f"{path} is no Keras model: its parts are others")
        for entry in archive.infolist():
            # The other methods unpack without a bound.
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BadInput(f"{path} is no Keras model: it is packed in another way")
            most = PARTS[entry.filename]
            with archive.open(entry) as stream:
                parts[entry.filename] = stream.read(most + 1)
            _must_be_small(path, len(parts[entry.filename]), most)
    return parts


def _objects(config):
    """Yield each part of a Keras configuration that would build an object."""
    children = []
    if isinstance(config, dict):
        children = config.values()
        if "class_name" in config:
            yield config
    elif isinstance(config, list):
        children = config
    for child in children:
        yield from _objects(child)


def _must_be_plain(path, objects):
    """Refuse a network within the network, and options that no layer of ours has."""
    if sum(it["class_name"] == "Functional" for it in objects) > 1:
        raise BadInput(f"{path} is no network of this suite: it has another in it")
    if not all(map(_is_plain, objects)):
        raise BadInput(
            f"{path} is no network of this suite: those compute in float32, have plain "
            "names and no LoRA"
        )


def _is_plain(it):
    config = it["config"] or {}
    dtype = config.get("name" if it["class_name"] == "DTypePolicy" else "dtype")
    return (
        re.fullmatch(r"\w{1,64}", config.get("name", "none"), re.ASCII)
        # What is no text is a policy, and another object.
        and (isinstance(dtype, dict) or dtype in (None, *DTYPES))
        and not config.get("lora_rank")
    )


def _must_be_one_way(path, layers, objects):
    """Refuse a layer that is used twice, and a second one that reads the pixels.

    Gradients follow the one way from the rescaled pixels to the logits.
    """
    inputs = {it["config"]["name"] for it in layers if it["class_name"] == "InputLayer"}
    tensors = (it for it in objects if it["class_name"] == "__keras_tensor__")
    read = [tensor["config"]["keras_history"][0] in inputs for tensor in tensors]
    if sum(read) > 1 or any(len(layer["inbound_nodes"]) > 1 for layer in layers):
        raise BadInput(
            f"{path} is no network of this suite: those use each layer once, and read "
            "the pixels once"
        )


def _size(layer):
    """At most how many bytes of weights Keras would make for a layer."""
    if layer["class_name"] not in WEIGHTED:
        return 0
    config, shape = layer["config"], layer["build_config"]["input_shape"]
    names = ("units", "filters", "depth_multiplier")
    # A norm has four numbers a channel, whatever its configuration says.
    outputs = next((config[name] for name in names if name in config), 4)
    numbers = [*config.get("kernel_size", ()), outputs, *filter(None, shape)]
    if not all(type(number) is int and number > 0 for number in numbers):
        raise ValueError("a layer's size is no whole number")
    kernel = math.prod(config.get("kernel_size", ()))
    return 4 * kernel * outputs * max(filter(None, shape))


def _inspect_weights(path, content):
    """Refuse links out of the file, and datasets that unpack to too much."""
    import h5py

    sizes = []

    def fault(name, link):
        if not isinstance(link, h5py.HardLink):
            return "links its weights to another place"
        if isinstance(file[name], h5py.Group):
            return None
        if file[name].is_virtual or file[name].external:
            return "keeps its weights in another file"
        return sizes.append(file[name].nbytes)

    with h5py.File(io.BytesIO(content), "r") as file:
        # Each link once, however often the groups above it are linked; ends at a fault.
        found = file.visititems_links(fault)
    if found:
        raise BadInput(f"{path} {found}")
    _must_be_small(path, sum(sizes))
