"""A check of all that reads strangers' files, by broken ones.

A check is a function of a path to write to and of bytes; it returns whether they were
read, and raises AssertionError or what a reader should not have raised.
"""

import gzip
import json
import zlib

import numpy as np

from benchmarks import plain_csv, valid
from fer import BadInput, data, refusals
from fer.data import cleaning, csv_reader, decoding, pictures, squares

# Faces of 4 x 4 in blocks of 64 bytes: a short file has many rows and many blocks.
SMALL = {"SIDE": 4, "PIXELS": 16, "BLOCK": 64}
SMALLEST = 4
TARGETS = ("load", "form", "picture", "list", "history", "card", "model")
TARGETS += ("checkpoint", "answers")


def check_load(path, content):
    """Whether `content` loads; AssertionError unless all is as it must be."""
    path.write_bytes(content)
    try:
        faces = data.load(path, data.USAGES)
    except BadInput as error:
        faces, complaint = None, str(error)
    try:
        packed = content[:2] == b"\x1f\x8b"
        rows = plain_csv.plain_parse(gzip.decompress(content) if packed else content)
    except (OSError, EOFError, zlib.error):
        assert faces is None, "a damaged gzip file was loaded"
        return False
    except plain_csv.Refused as refused:
        # It may be of another dialect.
        assert refused.args and (faces is not None or path.name in complaint)
        return faces is not None
    if not rows:
        assert faces is None and "no rows" in complaint
        return False
    assert faces is not None, f"a good file was refused: {complaint}"
    read = {name: getattr(faces, name) for name in ("labels", "usage", "ids")}
    read["images"] = faces.images.reshape(len(faces), -1)
    found = {name: None if read[name] is None else read[name].tolist() for name in read}
    wanted = {name: [row[name] for row in rows] for name in rows[0]}
    assert found == dict.fromkeys(found) | wanted, "rows differ from the plain parser's"
    return True


def check_some_packed(path, content):
    """As check_load, with every fourth file packed; which, its content decides."""
    packs = zlib.crc32(content) % 4 == 0
    return check_load(path, gzip.compress(content, 1) if packs else content)


def check_card(path, content):
    """Whether `content` is read as the card of a model."""
    from fer.models import card

    path.with_suffix(".json").write_bytes(content)
    path.with_suffix(".keras").touch()
    try:
        about = card.read_own(path.with_suffix(".keras"))
    except BadInput:
        return False
    assert all(isinstance(name, str) for name in about["classes"])
    assert about["sha256"] == valid.small_card()["sha256"]
    return True


def check_model(path, content):
    """Whether a model is let in; the first byte says which part of it the rest is."""
    from fer.models import archive

    part = ("all", "config.json", "model.weights.h5")[(content[:1] or b"\0")[0] % 3]
    content = content[1:]
    if part != "all":
        content = valid.zipped({**valid.small_model(), part: content})
    path.write_bytes(content)
    try:
        archive.inspect(path)
    except BadInput:
        return False
    return True


def check_form(path, content):
    """Whether `content` is read as faces of whatever form."""
    path.write_bytes(content)
    try:
        faces = data.load(data.Source((path,), classes=data.CLASSES), data.USAGES)
    except BadInput as error:
        assert path.name in str(error), error
        return False
    assert faces.images.dtype == np.uint8 and len(faces)
    return True


def check_history(path, content):
    """Whether `content` is read as a training's history."""
    from fer.training import run

    path.with_suffix(".csv").write_bytes(content)
    try:
        rows = run.read_history(path)
    except BadInput as error:
        assert path.stem in str(error)
        return False
    assert rows and all(np.isfinite(list(row.values())).all() for row in rows)
    return True


def check_list(path, content):
    """Whether `content` is read as a list of audit.py; every other digest is right."""
    path.write_bytes(content)
    faces = valid.small_faces()
    try:
        left, _ = cleaning.cleaned(faces, path)
    except BadInput as error:
        assert path.name in str(error)
        return False
    assert 0 <= len(left) <= len(faces)
    return True


def check_packed(read):
    """A check of what np.savez writes, by the function `read` of its path."""

    def check(path, content):
        path.write_bytes(content)
        try:
            with refusals.understood(path, "file", "delete it"):
                read(path)
        except BadInput as error:
            assert path.name in str(error)
            return False
        return True

    return check


def check_picture(path, content):
    """Whether `content` is read as a picture, and as the same face in both ways."""
    path.write_bytes(content)
    try:
        colours = pictures.read(path)
    except BadInput as error:
        assert path.name in str(error)
        return False
    assert colours.dtype == np.uint8 and colours.ndim == 3
    face, _ = squares.decoded(content, str(path))
    assert face.shape == (csv_reader.SIDE, csv_reader.SIDE)
    return True


def targets():
    """For each target: its check, valid files to start from, the module to watch."""
    from fer.data import forms
    from fer.models import archive, card
    from fer.training import checkpoint, distillation, run

    parts = valid.small_model()
    model_seeds = [b"\0" + valid.zipped(parts)]
    model_seeds += [b"\1" + parts["config.json"], b"\2" + parts["model.weights.h5"]]
    csvs = valid.seeds()
    return {
        "load": (check_some_packed, [*csvs, *map(gzip.compress, csvs)], csv_reader),
        "form": (check_form, valid.small_forms(), forms),
        "card": (check_card, [json.dumps(valid.small_card()).encode()], card),
        "history": (check_history, [valid.HISTORY], run),
        "list": (check_list, [valid.small_list()], cleaning),
        "picture": (check_picture, valid.small_pictures(), decoding),
        "checkpoint": (
            check_packed(checkpoint._read),
            [valid.small_checkpoint()],
            checkpoint,
        ),
        "answers": (
            check_packed(distillation._unpacked),
            [valid.small_answers()],
            distillation,
        ),
        "model": (check_model, model_seeds, archive),
    }
