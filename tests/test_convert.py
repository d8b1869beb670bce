"""convert.py and its writers: each form becomes each other without loss."""

import os

import numpy as np
import pytest
from csv_dialects import (
    DIALECTS,
    same,
)
from csv_files import PIXELS
from hypothesis import given, settings
from hypothesis import strategies as st

import convert
from fer import BadInput, data
from fer.data import writing


@pytest.mark.parametrize("names", [("faces.csv", "faces.parquet"), ("a", "b.csv")])
def test_each_form_is_turned_into_each_other_without_loss(
    lay, tmp_path, call, names, capsys
):
    source = lay(DIALECTS["names"].encode()).rename(tmp_path / "first.csv")
    for name in names:
        call(convert, "--data", source, "--out", tmp_path / f"new_{name}")
        source = tmp_path / f"new_{name}"
    faces = data.load(source, data.USAGES)
    order = [PIXELS.index(" ".join(map(str, face.ravel()))) for face in faces.images]
    assert sorted(order) == list(range(12)) and same(faces, order)
    with pytest.raises(BadInput, match="is not empty"):
        call(convert, "--data", source, "--out", tmp_path)


FACES = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 256, (5, 48, 48), np.uint8)
)


@settings(max_examples=12, derandomize=True, deadline=None, database=None)
@given(
    images=FACES,
    labels=st.lists(st.integers(0, 6), min_size=5, max_size=5),
    usage=st.none() | st.lists(st.integers(0, 2), min_size=5, max_size=5),
)
def test_random_faces_come_back_from_every_form(
    tmp_path_factory, images, labels, usage
):
    folder = tmp_path_factory.mktemp("forms")
    usage = None if usage is None else np.array(usage, np.int8)
    faces = data.Faces(images, np.array(labels, np.int8), usage)
    for name in ("faces.csv", "faces.parquet"):
        writing.WRITERS[os.path.splitext(name)[1]](folder / name, faces)
        again = data.load(folder / name, data.USAGES)
        assert data.digest(again) == data.digest(faces)
    writing.folder(folder / "faces", faces)
    again = data.load(folder / "faces", data.USAGES)
    order = [int(name.split("/")[-1][:-4]) for name in again.ids]
    assert (again.images == images[order]).all()
    named = [again.classes[label] for label in again.labels]
    assert named == [data.CLASSES[labels[row]] for row in order]
