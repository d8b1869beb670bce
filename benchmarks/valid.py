"""Small valid files of each kind that strangers send, to be broken."""

import contextlib
import functools
import gzip
import io
import json
import re
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from fer import data
from fer.data import cleaning

HISTORY = b"epoch,loss,accuracy,val_loss,val_accuracy\n1,1.5,0.25,1.25,0.5\n2,1,0,1,1\n"


def seeds():
    """Small valid CSVs of every layout."""
    rng = np.random.default_rng(0)
    faces = [" ".join(map(str, face)) for face in rng.integers(0, 256, (4, 16))]
    fer2013 = "emotion,pixels,Usage\n" + "".join(
        f"{label},{face},{usage}\n"
        for label, face, usage in zip(
            range(3, 7), faces, (*data.USAGES, "Training"), strict=True
        )
    )
    unlabelled = "id,feature\n" + "".join(
        f"{i},{face}\n" for i, face in enumerate(faces)
    )
    quoted = re.sub("[^,\n]+", r'"\g<0>"', fer2013)
    spaced = "emotion, Usage, pixels\r\n" + f"0, PublicTest, {faces[0]}\r\n" * 2
    texts = fer2013, unlabelled, quoted, spaced, f"\ufefffeature,label\n{faces[1]},6"
    texts += ("\n".join(["pixels", *faces]),)
    return [text.encode() for text in texts]


def small_card():
    """A card like the shipped ones, of an empty model file."""
    from fer import networks

    return {
        "network": "cnn",
        "parameters": 1,
        "classes": list(networks.CLASSES),
        "recipe": {"seed": 0, "epochs": 1},
        "data": {"digest": "0", "file": "faces.csv"},
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }


@functools.cache
def small_model():
    """The parts of a model file with a few small layers: a dict of bytes."""
    import h5py

    policy = {"module": "keras", "class_name": "DTypePolicy"}
    policy |= {"config": {"name": "mixed_float16"}, "registered_name": None}
    options = {"units": 2, "name": "dense", "dtype": policy, "activation": "relu"}
    dense = {"module": "keras.layers", "class_name": "Dense", "config": options}
    dense |= {"build_config": {"input_shape": [None, 2]}, "inbound_nodes": []}
    inner = {"module": "keras", "class_name": "Sequential"}
    inner |= {"config": {"name": "inner", "layers": [dense]}}
    divided = {"module": "keras.src.ops.numpy", "class_name": "TrueDivide"}
    divided |= {"config": {"name": "by"}, "registered_name": "TrueDivide"}
    functional = {"module": "keras.src.models.functional", "class_name": "Functional"}
    functional |= {"config": {"layers": [dense, inner, divided]}}
    functional |= {"compile_config": {"loss": {"class_name": "function"}}}
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 2), np.float32)
        file["layers/dense/vars/1"] = np.ones(2, np.float32)
    return {
        "config.json": json.dumps(functional).encode(),
        "metadata.json": b"{}",
        "model.weights.h5": memory.getvalue(),
    }


def zipped(parts):
    """A zip of those parts: bytes."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return memory.getvalue()


def small_forms():
    """Small files of other forms than CSV: a list of bytes."""
    from fer.data import writing

    faces = data.Faces(np.zeros((2, 48, 48), np.uint8), np.array([3, 4], np.int8))
    picture, made = writing.png(faces.images[0]), []
    members = {"happy/a.png": picture, "sad/b.png": picture}
    shard = {"a.png": picture, "a.cls": b"happy", "b.png": picture, "b.cls": b"sad"}
    for each in (members, shard):
        memory = io.BytesIO()
        with tarfile.open(fileobj=memory, mode="w") as archive:
            for name, content in each.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        made += [memory.getvalue(), gzip.compress(memory.getvalue())]
    with tempfile.TemporaryDirectory() as folder:
        writing.parquet(Path(folder, "a.parquet"), faces)
        np.save(Path(folder, "a.npy"), faces.images[:, :9, :9])
        made += [path.read_bytes() for path in sorted(Path(folder).glob("a.*"))]
    table = "path;label\na.png;happy\n"
    return [*made, zipped(members), table.encode("utf-16"), b"1;2\n"]


@functools.cache
def small_faces():
    """Four faces, of which two are copies."""
    images = np.zeros((4, 48, 48), np.uint8)
    images[2:] += np.arange(48, dtype=np.uint8)
    return data.Faces(images, np.arange(4, dtype=np.int8))


def small_list():
    """A list of what is wrong with small_faces: bytes."""
    rows = [",".join(cleaning.HEADER), f",digest,,{data.digest(small_faces())}"]
    rows += ["0,copy,1,1", "1,copy,1,0", "2,blank,,", "3,leak,2,1 2", "test 7,tiny,,"]
    return "\n".join(rows).encode()


def small_pictures():
    """A few pixels in every format that Pillow writes here: a list of bytes."""
    from PIL import Image

    made, exif = [], Image.Exif()
    exif[0x0112] = 6  # turned
    grey = Image.fromarray(np.arange(81, dtype=np.uint8).reshape(9, 9))
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        for mode in ("L", "RGBA", "P", "CMYK"):
            memory = io.BytesIO()
            with contextlib.suppress(OSError, ValueError):  # It has no such pixels.
                grey.convert("RGB").convert(mode).save(memory, form, exif=exif)
                made.append(memory.getvalue())
    return made


def saved(**arrays):
    """What np.savez makes of the arrays: bytes."""
    memory = io.BytesIO()
    np.savez(memory, **arrays)
    return memory.getvalue()


def small_checkpoint():
    """A checkpoint of one epoch: bytes."""
    about = {"run": {"epochs": 2}, "history": [{"epoch": 1, "loss": 1.5}], "seconds": 1}
    return saved(about=np.array(json.dumps(about)), state0=np.ones(3, np.float32))


def small_answers():
    """A teacher's answers about two faces: bytes."""
    faces, answers = np.arange(2, dtype=np.uint64), np.full((1, 2, 2), 0.5, np.float16)
    return saved(owner=np.array("a mirror"), faces=faces, answers=answers)
