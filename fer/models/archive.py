"""What a model file may hold, looked at before Keras reads it.

A `.keras` file is a zip of two JSON texts and an HDF5 file of weights. Each can carry
code to run, a path that climbs out, or a few bytes that unpack to gigabytes; a file
that holds anything but Keras's own layers and their plain numbers is refused.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from pathlib import Path

import numpy as np

from fer import BadInput, refusals
from fer.models.allowed import INPUTS, KNOWN, MODELS, POLICIES

# Weights are packed as they are; what is deflated may unpack to a thousand times more.
MOST_BYTES, MOST_DEFLATED = 512 << 20, 64 << 20
PARTS = {
    "config.json": 4 << 20,
    "metadata.json": 1 << 20,
    "model.weights.h5": MOST_BYTES,
}
MOST_OPTION = 1 << 20  # of units, strides, pixels to pad, ...
LARGEST_WEIGHT = 1e18  # of two such numbers float32 still holds the product
# What else is found under the name of a model, by its first bytes, and its mend.
SAVE = "keras.models.load_model({0!r}).save({1!r}) saves it anew"
HDF5 = f"an HDF5 file, Keras's old format: {SAVE}"
OLD = (".h5", ".hdf5")  # by which Keras knows it
OTHERS = {
    b"\x89HDF\r\n\x1a\n": HDF5,
    b"version https://git-lfs": "a Git LFS pointer to a model: `git lfs pull` gets it",
    b"<": "a web page: download the model itself, signed in where that is asked for",
}


def inspect(path: Path | str) -> None:
    """Raise BadInput, saying why, unless `path` is a model of plain Keras layers."""
    path = Path(path)
    if (path / "saved_model.pb").exists():
        raise BadInput(
            f"{path} is a SavedModel, which holds no layers: in the program that made "
            f"it, save the model by model.save('{path.name}.keras')"
        )
    if path.is_dir() and path.suffix != ".keras":
        raise BadInput(f"{path} is a folder, no model: its name must end in .keras")
    with refusals.reading(path), open(path, "rb") as stream:
        first = stream.read(32)
    for start, kind in OTHERS.items():
        if first.startswith(start):
            old = path if path.suffix in OLD else path.with_suffix(OLD[0])
            named = kind.format(old.name, path.with_suffix(".keras").name)
            renamed = "" if old == path else f", once it is called {old.name}"
            raise BadInput(f"{path} is {named}{renamed if kind is HDF5 else ''}")
    if path.suffix != ".keras":
        # Keras tells formats by their suffix: under another one it reads other bytes.
        raise BadInput(f"{path} is no Keras model: its name must end in .keras")
    with refusals.understood(
        path, "Keras model", "save it by model.save('NAME.keras')"
    ):
        _inspect(path)


def _inspect(path):
    parts = _unpack(path)
    config = json.loads(parts["config.json"])
    if (str(config["module"]), config["class_name"]) not in MODELS:
        _refuse_code(path, f"{config['module']}.{config['class_name']}")
    # Neither optimizer nor loss is built.
    config.pop("compile_config", None)
    size = 0
    for it in _objects(config):
        kind = str(it.get("module")), str(it["class_name"])
        if kind not in KNOWN or it.get("registered_name") not in (None, kind[1]):
            _refuse_code(path, ".".join(kind))
        _must_be_plain(path, it)
        size += _size(it)
        _must_be_small(path, size)
    _inspect_weights(path, parts["model.weights.h5"])


def _refuse_code(path, name):
    raise BadInput(
        f"{path} holds a {name[:60]!r}, which this suite does not load: it takes "
        "Keras's own layers that carry no code"
    )


def _must_be_small(path, size, most=MOST_BYTES):
    if size > most:
        raise BadInput(f"{path} unpacks to over {most >> 20} MB: too large a model")


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
            if entry.compress_type == zipfile.ZIP_DEFLATED:
                most = min(most, MOST_DEFLATED)
            with archive.open(entry) as stream:
                parts[entry.filename] = stream.read(most + 1)
            _must_be_small(path, len(parts[entry.filename]), most)
    return parts


def _objects(config):
    """Yield each part of a Keras configuration that would build an object."""
    children = []
    if isinstance(config, dict):
        # What a network was compiled with is of its training.
        children = (each for key, each in config.items() if key != "compile_config")
        if "class_name" in config:
            yield config
    elif isinstance(config, list):
        children = config
    for child in children:
        yield from _objects(child)


def _must_be_plain(path, it):
    """Refuse options that no layer has that a person made."""
    config = it["config"] or {}
    dtype = config.get("name" if it["class_name"] == "DTypePolicy" else "dtype")
    computes = INPUTS if it["class_name"].startswith(("InputLayer", "__")) else POLICIES
    if not (
        re.fullmatch(r"[\w .:()-]{1,64}", config.get("name", "none"))
        # What is no text is a policy, and another object.
        and (isinstance(dtype, dict) or dtype in (None, *computes))
        and not config.get("lora_rank")
        and not config.get("quantization_config")
    ):
        raise BadInput(
            f"{path} has a layer {it['class_name'][:60]!r} that this suite does not "
            "load: layers have plain names of 64 letters at most, compute with floats, "
            "and have no LoRA"
        )
    largest = max(_numbers(config), default=0)
    if largest > MOST_OPTION:
        raise BadInput(
            f"{path} has a layer {it['class_name']!r} with an option of {largest:.4g}: "
            f"{MOST_OPTION:,} is the most"
        )


def _numbers(options):
    """Sizes of the whole numbers among options, but for seeds and other objects'."""
    if isinstance(options, dict):
        values = [
            value
            for key, value in options.items()
            if key not in ("seed", "shared_object_id")
        ]
        options = [] if "class_name" in options else values
    if isinstance(options, list):
        for option in options:
            yield from _numbers(option)
    elif isinstance(options, int):
        yield abs(options)


def _size(it):
    """At most how many bytes of weights Keras would make for a layer, by its shape."""
    config = it["config"] or {}
    names = ("units", "filters", "depth_multiplier")
    named = [config[name] for name in names if name in config]
    if not named and it["class_name"] != "BatchNormalization":
        return 0
    shape = [size for size in it["build_config"]["input_shape"] if size is not None]
    kernel = config.get("kernel_size", [])
    kernel = kernel if isinstance(kernel, list) else [kernel]
    # A norm has four numbers a channel.
    numbers = [*kernel, *named[:1], *shape]
    if not all(type(number) is int and number > 0 for number in numbers):
        raise ValueError("a layer's size is no whole number")
    return 4 * math.prod(kernel) * (named or [4])[0] * max(shape)


def _inspect_weights(path, content):
    """Refuse all but plain numbers that lie in this very file, as many as it holds."""
    import h5py

    sizes = []

    def fault(name, link):
        if not isinstance(link, h5py.HardLink):
            return "links its weights to another place"
        if isinstance(file[name], h5py.Group):
            return None
        sizes.append(file[name].nbytes)
        return _fault(file[name])

    with h5py.File(io.BytesIO(content), "r") as file:
        # Each link once, however often the groups above it are linked; ends at a fault.
        found = file.visititems_links(fault)
        if not found and sum(sizes) > len(content):
            found = "has weights that unpack to more than the file holds"
        found = found or file.visititems(_fault_of_values)
    if found:
        raise BadInput(f"{path} {found}")


def _fault(dataset):
    """What is wrong with how a dataset is stored, or None."""
    from h5py import h5d

    made = dataset.id.get_create_plist()
    if dataset.is_virtual or dataset.external:
        return "keeps its weights in another file"
    if made.get_layout() not in (h5d.CONTIGUOUS, h5d.COMPACT) or made.get_nfilters():
        return "packs its weights, which Keras does not"
    if dataset.dtype.kind not in "fiu":
        return "has weights of another kind than float16, 32 or 64: save it in float32"
    if len(dataset.attrs):
        return "has notes on its weights that Keras does not write"
    return None


def _fault_of_values(_, found):
    if hasattr(found, "dtype") and found.size:
        values = np.asarray(found).astype(np.float32, copy=False)
        if not np.abs(values).max() < LARGEST_WEIGHT:
            return "has weights that are no numbers, or too large: train it anew"
    return None
