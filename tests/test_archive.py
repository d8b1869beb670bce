"""What strangers' model files may not do: each is refused in one line."""

import io
import json
import struct
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest
from model_files import refusal, with_card

from fer import BadInput, models
from fer.models import archive


@pytest.fixture
def parts(good):
    """The good archive's members by name."""
    with zipfile.ZipFile(good) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def stranger(tmp_path):
    """Writes members as a model with a card that fits it, and returns its path."""

    def write(members, packing=zipfile.ZIP_STORED):
        with zipfile.ZipFile(tmp_path / "m.keras", "w", packing) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return with_card(tmp_path / "m.keras")

    return write


def changed(parts, **options):
    """The archive's members, with those options in each layer of the class Dense."""
    config = json.loads(parts["config.json"])
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Dense":
            layer["config"] |= options
    return parts | {"config.json": json.dumps(config)}


def weights(write):
    """An HDF5 file's bytes, as the function `write` fills it."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        write(file)
    return content.getvalue()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *(("os", "system"), ("builtins", "eval"), ("builtins", "function")),
        *(("keras.layers", "TFSMLayer"), ("keras.layers", "TorchModuleWrapper")),
        *(("keras.utils", "get_file"), ("keras.models", "load_model")),
        *(("my_package", "MyLayer"), (None, "MyLayer"), (None, "Dense")),
        *(("builtins", "__lambda__"), (["keras.layers"], {"Dense": 1})),
    ],
)
@pytest.mark.parametrize("place", ["activation", "kernel_initializer"])
def test_an_unknown_name_is_refused(parts, stranger, module, name, place):
    config = {"identifier": "ls", "value": "ls", "fname": "f", "origin": "file:///"}
    built = {"module": module, "class_name": name, "config": config}
    said = refusal(stranger(changed(parts, **{place: built})))
    assert "which this suite does not load" in said


def test_a_custom_class_is_refused_even_where_it_is_registered(parts, stranger):
    import keras

    @keras.saving.register_keras_serializable("mine")
    class Mine(keras.layers.Layer):
        def __init__(self, **options):
            raise AssertionError("was built")

    built = {"module": None, "class_name": "Mine", "registered_name": "mine>Mine"}
    said = refusal(stranger(changed(parts, activation=built | {"config": {}})))
    assert "Mine" in said


# The archive.


def test_members_that_climb_out_or_come_twice_are_refused(parts, stranger):
    for name in ("../evil.py", "/evil.py", "assets/x", "model.weights.h5/../x"):
        assert "its parts are others" in refusal(stranger(parts | {name: b"x"}))
    path = stranger(parts)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning):
        archive.writestr("config.json", parts["config.json"])
    assert "its parts are others" in refusal(with_card(path))


@pytest.mark.parametrize("lost", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_member_that_lacks_is_told(parts, stranger, lost):
    del parts[lost]
    assert "its parts are others" in refusal(stranger(parts))


def test_a_bomb_that_says_its_size_is_refused(parts, stranger):
    bomb = {"model.weights.h5": bytes(archive.MOST_DEFLATED + 1)}
    said = refusal(stranger(parts | bomb, zipfile.ZIP_DEFLATED))
    assert "unpacks to over 64 MB" in said


def test_a_bomb_that_lies_about_its_size_is_never_unpacked(parts, stranger):
    size = 123_456_789
    path = stranger(parts | {"config.json": bytes(size)}, zipfile.ZIP_DEFLATED)
    lie = path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000))
    path.write_bytes(lie)
    tracemalloc.start()
    with pytest.raises(BadInput, match="Bad CRC-32"):
        archive.inspect(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size / 4


def test_a_method_that_unpacks_without_a_bound_is_refused(parts, stranger):
    for packing in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        assert "packed in another way" in refusal(stranger(parts, packing))


def test_an_archive_that_is_also_an_hdf5_file_is_refused(parts, stranger, tmp_path):
    # Keras goes by the suffix: what was looked at as one would be read as the other.
    both = weights(lambda file: None) + stranger(parts).read_bytes()
    for name in ("m.h5", "m.hdf5", "m.keras"):
        (tmp_path / name).write_bytes(both)
        said = refusal(with_card(tmp_path / name))
        assert "is an HDF5 file, Keras's old format: keras.models.load_model(" in said
        assert ("once it is called m.h5" in said) == (name == "m.keras")
    good = stranger(parts).read_bytes()
    for name in ("m.zip", "m"):
        (tmp_path / name).write_bytes(good)
        said = refusal(with_card(tmp_path / name))
        assert "its name must end in .keras" in said


# The configuration.


@pytest.mark.parametrize(
    "config",
    [
        *(b"", b"[]", b"null", b"{", b"\xff", b'"Dense"', b"[" * 100_000),
        *(b'{"a":' * 10_000, b"1" * 5000, b" " * (1 << 20) + b"[]"),
        b'{"module": "keras.layers", "class_name": "Dense"}',
    ],
)
def test_a_configuration_of_nothing_is_refused(parts, stranger, config):
    refusal(stranger(parts | {"config.json": config}))


@pytest.mark.parametrize("units", [10**9, -7, 7.5, "7", None, True, [7]])
def test_a_layer_of_an_impossible_size_is_never_built(parts, stranger, units):
    said = refusal(stranger(changed(parts, units=units)))
    assert "with an option of 1e+09" in said or "is no Keras model" in said


@pytest.mark.parametrize(
    "options",
    [
        {"lora_rank": 400_000},
        {"dtype": "string"},
        {"dtype": "int8_from_float32"},
        {"name": "\x1b[2J"},
        {"name": ""},
        {"name": "long" * 20},
    ],
)
def test_options_that_no_layer_of_ours_has_are_refused(parts, stranger, options):
    assert "no LoRA" in refusal(stranger(changed(parts, **options)))


def test_a_norm_of_an_impossible_size_is_never_built(parts, stranger):
    config = json.loads(parts["config.json"])
    last = config["config"]["layers"][-1]
    last |= {"class_name": "BatchNormalization", "config": {"name": last["name"]}}
    last["build_config"] = {"input_shape": [None, 10**8]}
    said = refusal(stranger(parts | {"config.json": json.dumps(config)}))
    assert "unpacks to over" in said


def test_a_layer_cannot_hide_its_size_in_how_it_is_built(parts, stranger):
    config = json.loads(parts["config.json"])
    dense = config["config"]["layers"][-1]
    for shape in ([None, 10**9], {"module": "keras.layers"}, None):
        dense["build_config"] = {"input_shape": shape}
        refusal(stranger(parts | {"config.json": json.dumps(config)}))
    del dense["build_config"]
    refusal(stranger(parts | {"config.json": json.dumps(config)}))


# The weights.


def test_weights_in_another_place_are_refused(parts, stranger, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = np.zeros(7)

    def external_link(file):
        file["layers"] = h5py.ExternalLink(str(secret), "/x")

    def soft_link(file):
        file["a/b"] = np.zeros(7)
        file["layers"] = h5py.SoftLink("/a/b")

    def external_dataset(file):
        file.create_dataset("x", (7,), "u1", external=[(str(secret), 0, 7)])

    def virtual_dataset(file):
        layout = h5py.VirtualLayout((7,), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "x", (7,))
        file.create_virtual_dataset("deep/x", layout)

    for write in (external_link, soft_link):
        said = refusal(stranger(parts | {"model.weights.h5": weights(write)}))
        assert "links its weights to another place" in said
    for write in (external_dataset, virtual_dataset):
        said = refusal(stranger(parts | {"model.weights.h5": weights(write)}))
        assert "keeps its weights in another file" in said


def test_weights_that_unpack_to_too_much_are_refused(parts, stranger):
    def packed(file):
        file.create_dataset("x", (10**6, 10**6), "f4", chunks=True, compression="gzip")

    def in_chunks(file):
        file.create_dataset("x", (10**6, 10**6), "f4", chunks=True)

    def never_written(file):
        file.create_dataset("x", (10**9,), "f4")

    def words(file):
        file["x"] = ["word"] * 1000

    def notes(file):
        file["x"] = np.zeros(7)
        file["x"].attrs["dtype"] = ["bfloat16"] * 1000

    for write, why in (
        (packed, "packs its weights"),
        (in_chunks, "packs its weights"),
        (never_written, "unpack to more than the file holds"),
        (words, "has weights of another kind"),
        (notes, "has notes on its weights"),
    ):
        content = weights(write)
        assert len(content) < 100_000
        assert why in refusal(stranger(parts | {"model.weights.h5": content}))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_weights_that_no_training_leaves_are_refused(parts, stranger, value):
    content = weights(
        lambda file: file.create_dataset("x", data=np.float32([0, value]))
    )
    said = refusal(stranger(parts | {"model.weights.h5": content}))
    assert "has weights that are no numbers, or too large" in said


def test_groups_linked_over_and_over_are_looked_at_once(parts, stranger):
    def write(file):
        file["itself"] = file["/"]
        group = file
        for _ in range(40):
            group["one"] = group["other"] = file.create_group(None)
            group = group["one"]

    archive.inspect(stranger(parts | {"model.weights.h5": weights(write)}))


def test_weights_of_another_network_are_refused(parts, stranger):
    content = weights(lambda file: file.create_dataset("x", data=np.zeros(7)))
    with pytest.raises(BadInput, match="is no model that Keras can load"):
        models.load(stranger(parts | {"model.weights.h5": content}))


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n", bytes(3000)])
def test_weights_that_are_no_hdf5_are_refused(parts, stranger, content):
    refusal(stranger(parts | {"model.weights.h5": content}))
