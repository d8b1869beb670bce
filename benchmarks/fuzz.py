"""Feed broken files to all that reads strangers' files; does one ever slip through?

python -m benchmarks.fuzz --runs 1000000
python -m benchmarks.fuzz --runs 20000 --target form
python -m benchmarks.fuzz --runs 20000 --target card
python -m benchmarks.fuzz --runs 20000 --target model

Atheris mutates small valid files, led by the lines that they reach. Every one must end
in a value or in BadInput; a CSV that a plain parser of FER2013's own dialect can read
must be loaded, and hold what that finds in it, row for row.
"""

import atexit
import collections
import functools
import gzip
import inspect
import io
import json
import os
import random
import re
import resource
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
import zlib
from pathlib import Path

import numpy as np

from benchmarks import harness
from fer import BadInput, data, threads
from fer.data import csv_reader, squares

# Faces of 4 x 4 in blocks of 64 bytes: a short file has many rows and many blocks.
SMALL = {"SIDE": 4, "PIXELS": 16, "BLOCK": 64}
SMALLEST = 4


class Refused(Exception):
    """The plain parser's complaint; its argument is the line number."""


def plain_parse(content):
    """The rows of a CSV, each a dict, read line by line with no NumPy."""
    header, *lines = content.split(b"\n")
    names = header.decode("utf-8-sig", "replace").strip().split(",")
    columns = [csv_reader.COLUMNS.get(name.strip(' "')) for name in names]
    repeated = len(set(columns)) < len(columns)
    if None in columns or repeated or "images" not in columns:
        raise Refused(1)
    if lines and not lines[-1]:
        lines.pop()
    rows = [_plain_row(columns, line, i) for i, line in enumerate(lines, start=2)]
    to_be_labelled = "ids" in columns and "labels" not in columns
    ids = [row["ids"] for row in rows] if to_be_labelled else []
    for place, number in enumerate(ids):
        if number in ids[:place]:
            raise Refused(place + 2)
    return rows


def _plain_row(columns, line, number):
    cells = [_unquoted(cell) for cell in line.removesuffix(b"\r").split(b",")]
    if len(cells) != len(columns):
        raise Refused(number)
    row = {}
    for name, cell in zip(columns, cells, strict=True):
        cell = cell.removeprefix(b" ").removesuffix(b" ")
        if name == "images":
            row[name] = [_plain_number(pixel, 3, number) for pixel in cell.split(b" ")]
            if len(row[name]) != csv_reader.PIXELS or max(row[name]) > 255:
                raise Refused(number)
        elif name == "ids":
            row[name] = _plain_number(cell.strip(b" "), 18, number)
            if str(row[name]).encode() != cell.strip(b" "):
                raise Refused(number)
        else:
            known = data.USAGES if name == "usage" else tuple("0123456")
            cell = cell.strip(b" ").decode("latin-1")
            if cell not in known:
                raise Refused(number)
            row[name] = known.index(cell)
    return row


def _unquoted(cell):
    quoted = len(cell) > 1 and cell.startswith(b'"') and cell.endswith(b'"')
    return cell[1:-1] if quoted else cell


def _plain_number(text, digits, number):
    if not re.fullmatch(rb"[0-9]{1,%d}" % digits, text):
        raise Refused(number)
    return int(text)


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


def check_load(path, content):
    """Whether `content` loads; AssertionError unless all is as it must be."""
    path.write_bytes(content)
    try:
        faces = data.load(path, data.USAGES)
    except BadInput as error:
        faces, complaint = None, str(error)
    try:
        packed = content[:2] == b"\x1f\x8b"
        rows = plain_parse(gzip.decompress(content) if packed else content)
    except (OSError, EOFError, zlib.error):
        assert faces is None, "a damaged gzip file was loaded"
        return False
    except Refused as refused:
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
    assert about["sha256"] == small_card()["sha256"]
    return True


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


def check_model(path, content):
    """Whether a model is let in; the first byte says which part of it the rest is."""
    from fer.models import archive

    part = ("all", "config.json", "model.weights.h5")[(content[:1] or b"\0")[0] % 3]
    content = content[1:]
    if part != "all":
        content = zipped({**small_model(), part: content})
    path.write_bytes(content)
    try:
        archive.inspect(path)
    except BadInput:
        return False
    return True


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


def targets():
    """For each target: its check, valid files to start from, the module to watch."""
    from fer import models
    from fer.data import forms
    from fer.models import archive

    parts = small_model()
    model_seeds = [b"\0" + zipped(parts)]
    model_seeds += [b"\1" + parts["config.json"], b"\2" + parts["model.weights.h5"]]
    csvs = seeds()
    return {
        "load": (check_some_packed, [*csvs, *map(gzip.compress, csvs)], csv_reader),
        "form": (check_form, small_forms(), forms),
        "card": (check_card, [json.dumps(small_card()).encode()], models),
        "model": (check_model, model_seeds, archive),
    }


def mutator(valid):
    """A function for Atheris that mutates a part of a file, so that the rest is good.

    Half of the time it starts from a valid file: left to itself Atheris keeps mutating
    the broken ones, which hardly ever load.
    """
    import atheris

    def mutated(content, most, seed):
        rng = random.Random(seed)
        content = rng.choice(valid) if rng.random() < 0.5 else content
        if rng.random() < 0.3:
            return bytes(atheris.Mutate(content, most))
        pieces = re.split(rb"([,\n :\"])", content)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(pieces))
            pieces[at] = bytes(atheris.Mutate(pieces[at], len(pieces[at]) + 3))
        return b"".join(pieces)[:most]

    return mutated


class Watch:
    """Runs a check on each input, and keeps count of what happens."""

    def __init__(self, check, path):
        self.check, self.path = check, path
        self.tried, self.accepted = 0, 0
        self.slowest, self.size_of_slowest = 0.0, 0
        self.crashes = collections.Counter()
        self.start = time.perf_counter()

    def __call__(self, content):
        start = time.perf_counter()
        try:
            self.accepted += self.check(self.path, content)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            crash = f"{type(error).__name__} in {where.name}, line {where.lineno}"
            if crash not in self.crashes:
                print(f"CRASH: {error!r} for {content!r}", flush=True)
            self.crashes[crash] += 1
        seconds = time.perf_counter() - start
        self.tried += 1
        if seconds > self.slowest:
            self.slowest, self.size_of_slowest = seconds, len(content)

    def report(self, target):
        """Print what happened, as sentences and as JSON."""
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = {
            "target": target,
            "inputs": self.tried,
            "accepted": self.accepted,
            "seconds": round(time.perf_counter() - self.start, 1),
            "slowest input, seconds": round(self.slowest, 3),
            "slowest input, bytes": self.size_of_slowest,
            "peak memory, MB": round(kilobytes / 1e3),
            "crashes": sum(self.crashes.values()),
            "kinds of crash": dict(self.crashes),
        }
        print(*(f"{name}: {value}" for name, value in result.items()), sep="\n")
        print(json.dumps(result), flush=True)
        if self.crashes:
            os._exit(1)  # Atheris would end as if all were well.


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument(
        "--target", choices=("load", "form", "card", "model"), default="load"
    )
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    import atheris

    check, valid, module = targets()[args.target]
    for function in filter(inspect.isfunction, vars(module).copy().values()):
        if function.__module__ == module.__name__:
            # Not instrument_func: it follows comparisons too, and Atheris 3.0.0 keeps
            # the arrays that they make for ever.
            function.__code__ = atheris.patch_code(
                function.__code__, trace_dataflow=False, nested=True
            )
    vars(csv_reader).update(SMALL)
    squares.LEAST_SIDE = SMALLEST
    # One thread, so that an input's path is the same each time.
    threads.in_order = map
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, content in enumerate(valid):
            (corpus / str(number)).write_bytes(content)
        watch = Watch(check, Path(folder, "input.keras"))
        atexit.register(watch.report, args.target)
        limits = [f"-atheris_runs={args.runs}", f"-seed={args.seed}", "-timeout=60"]
        quiet = ["-verbosity=0", "-max_len=8192", f"-artifact_prefix={folder}/"]
        atheris.Setup(
            [sys.argv[0], *limits, *quiet, str(corpus)],
            watch,
            custom_mutator=mutator(valid),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
