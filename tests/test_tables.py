"""Every dialect of a CSV is read as the same faces; what is no data is told."""

import numpy as np
import pytest
from csv_dialects import DIALECTS, NAMES, PLAIN, ROWS, column, same, text
from csv_files import IMAGES, PIXELS

from fer import BadInput, data
from fer.data import unpack, writing


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_read_as_the_same_faces_and_said(lay, dialect):
    content = DIALECTS[dialect]
    content = content if isinstance(content, bytes) else content.encode()
    faces = data.load(lay(content), data.USAGES)
    assert same(faces) and faces.form
    assert faces.classes == data.CLASSES


def test_ignored_columns_are_named(lay):
    faces = data.load(lay(DIALECTS["more columns"].encode()), data.USAGES)
    assert "ignored columns: source, age" in faces.form


def test_faces_of_other_sizes_are_resized_and_said(lay):
    large = np.kron(IMAGES, np.ones((2, 2), np.uint8))
    rows = [[" ".join(map(str, face.ravel()))] for face in large]
    faces = data.load(lay(text(rows, ["pixels"]).encode()))
    assert "96 x 96 resized" in faces.form
    assert abs(faces.images.astype(int) - IMAGES).mean() < 12


STRANGERS = {
    "web page": (b"\n<!DOCTYPE html>\n<html>", "is a web page"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "votes": (b"Usage,Image name,neutral,happiness,contempt,NF\n", "votes of FER"),
    "workbook": (b"\xd0\xcf\x11\xe0" + bytes(99), "save it as CSV"),
    "picture": (writing.png(IMAGES[0]), "is a picture"),
}


@pytest.mark.parametrize("what", STRANGERS)
def test_what_is_no_data_is_said_to_be_what_it_is(lay, what):
    content, complaint = STRANGERS[what]
    with pytest.raises(BadInput, match=complaint):
        data.load(lay(content))


def test_a_label_past_neutral_names_the_flag_that_leaves_it_out(lay):
    path = lay(text([*ROWS, ["7", *ROWS[0][1:]]]).encode())
    with pytest.raises(BadInput, match=r"line 14: the label is '7'.* --drop contempt"):
        data.load(path)
    source = data.Source((path,), drop=("contempt",))
    assert same(data.load(source, data.USAGES))


def test_classes_are_joined_and_named_as_asked(lay):
    path = lay(PLAIN.encode())
    merged = data.Source((path,), drop=("fear",), merge=(("disgust", "anger"),))
    faces = data.load(merged, data.USAGES)
    assert faces.classes == ("angry", "happy", "sad", "surprise", "neutral")
    wanted = [{"disgust": "angry"}.get(name, name) for name in NAMES if name != "fear"]
    assert [faces.classes[label] for label in faces.labels] == wanted
    with pytest.raises(BadInput, match="has no class boredom for --drop"):
        data.load(data.Source((path,), drop=("boredom",)))


def test_a_class_that_no_face_has_is_no_hindrance(lay):
    rows = [f"{label},{face}" for label, face in zip((3, 4), PIXELS[:2], strict=True)]
    faces = data.load(lay("\n".join(["emotion,pixels", *rows]).encode()))
    assert faces.classes == data.CLASSES
    asked = data.in_classes(faces, ("sad", "happy"), "faces.csv")
    assert asked.labels.tolist() == [1, 0] and asked.classes == ("sad", "happy")
    told = "has happy, sad, none of the model's .*--drop happy sad, or join"
    with pytest.raises(BadInput, match=told):
        data.in_classes(faces, ("angry", "fear"), "faces.csv")


def test_private_test_rows_alone_name_the_flag_that_takes_them(lay):
    path = lay(text(column(2, lambda cell: "PrivateTest")).encode())
    with pytest.raises(BadInput, match=r"score them with .*--usage PrivateTest"):
        data.load(path)


def test_text_ids_are_kept_as_they_stand(lay):
    rows = [[f"img_{n:04}.jpg", face] for n, face in enumerate(PIXELS)]
    faces = data.load(lay(text(rows, ["id", "pixels"]).encode()))
    assert faces.ids.tolist() == [row[0] for row in rows]


def test_a_file_that_grows_while_it_is_read_is_said_to(lay, monkeypatch):
    path, packing_of = lay(PLAIN.encode()), unpack.packing_of

    def slow(stream):
        with open(path, "a") as file:
            file.write(PLAIN)
        return packing_of(stream)

    monkeypatch.setattr(unpack, "packing_of", slow)
    with pytest.raises(BadInput, match="changed while it was read"):
        data.load(path)
