"""Every form that faces come in is read as the same arrays, or refused in one line."""

import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
from csv_files import IMAGES, LABELS, PIXELS, USAGES
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import convert
from fer import BadInput, data
from fer.data import unpack, writing

NAMES = [data.CLASSES[label] for label in LABELS]
CODES = np.array([data.USAGES.index(usage) for usage in USAGES])
HEADER = ["emotion", "pixels", "Usage"]
ROWS = [
    [str(n), face, use] for n, face, use in zip(LABELS, PIXELS, USAGES, strict=True)
]
ALPHABET = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def text(rows=ROWS, header=HEADER, separator=","):
    return "\n".join(map(separator.join, [header, *rows] if header else rows)) + "\n"


PLAIN = text()


def column(place, change):
    """ROWS with a column changed."""
    return [[change(c) if i == place else c for i, c in enumerate(row)] for row in ROWS]


def pixels(change):
    return text(column(1, change))


WIDE = [[row[0], *row[1].split(), row[2]] for row in ROWS]
DIALECTS = {
    "index column": text([[str(n), *r] for n, r in enumerate(ROWS)], ["", *HEADER]),
    "other case": PLAIN.replace("emotion,pixels,Usage", "Emotion,PIXELS,usage"),
    "names": text(column(0, lambda cell: NAMES[[r[0] for r in ROWS].index(cell)])),
    "other names": text(
        column(
            0,
            lambda cell: [
                "Anger",
                "Disgusted",
                "Fearful",
                "Happiness",
                "Sadness",
                "Surprised",
                "NEUTRAL",
            ][int(cell)],
        )
    ),
    "3.0": text(column(0, lambda cell: cell + ".0")),
    "semicolons": text(separator=";"),
    "tabs": text(separator="\t"),
    "lists": pixels(lambda cell: f'"[{cell.replace(" ", ", ")}]"'),
    "lists without quotes": pixels(lambda cell: f"[{cell.replace(' ', ', ')}]"),
    "printed arrays": pixels(lambda cell: f'"[{cell.replace(" ", chr(10), 9)}]"'),
    "two spaces": pixels(lambda cell: cell.replace(" ", "  ")),
    "a column a pixel": text(
        WIDE, ["emotion", *(f"pixel{n}" for n in range(2304)), "Usage"]
    ),
    "a column a pixel, no header": text(WIDE, None),
    "no header": text(header=None),
    "byte order mark": "\ufeff" + text(separator=";"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-be"),
    "Windows lines": text(separator=";").replace("\n", "\r\n"),
    "old Mac lines": PLAIN.replace("\n", "\r"),
    "blank lines at the end": PLAIN + "\n \n\n",
    "more columns": text([[*r, "x", "7"] for r in ROWS], [*HEADER, "source", "age"]),
    "usage in words": PLAIN.replace("PublicTest", "Public Test"),
    "splits": text(
        column(2, dict(zip(data.USAGES, ("train", "val", "test"), strict=True)).get)
    ),
}


def same(faces, order=slice(None), usage=True):
    """Whether these are the drawn faces, in that order."""
    named = [faces.classes[label] for label in faces.labels]
    assert (faces.images == IMAGES[order]).all()
    assert named == np.array(NAMES)[order].tolist()
    assert not usage or (faces.usage == CODES[order]).all()
    return True


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


@pytest.mark.parametrize("opener", [gzip.open, bz2.open, lzma.open])
def test_packed_files_are_told_by_content(tmp_path, opener):
    path = tmp_path / "faces.csv"
    for content in (PLAIN, DIALECTS["semicolons"]):
        with opener(path, "wt") as file:
            file.write(content)
        assert same(data.load(path, data.USAGES))


def tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def test_the_one_table_of_an_archive_is_read(tmp_path):
    members = {"fer/fer2013.csv": PLAIN.encode(), "fer/README": b"a,b\n"}
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        tar(tmp_path / "fer.data", members, mode)
        assert same(data.load(tmp_path / "fer.data", data.USAGES))
    with zipfile.ZipFile(tmp_path / "fer.csv", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", PLAIN)
        archive.writestr("__MACOSX/._train.csv", "junk")
    assert same(data.load(tmp_path / "fer.csv", data.USAGES))


def test_several_tables_of_an_archive_are_named(tmp_path):
    tar(tmp_path / "two.tar.gz", {"a.csv": PLAIN.encode(), "b.csv": PLAIN.encode()})
    with pytest.raises(BadInput, match=r"holds 2 tables \(a\.csv, b\.csv\)"):
        data.load(tmp_path / "two.tar.gz")


@pytest.mark.parametrize("kind", ["gz", "tar.gz", "zip"])
def test_a_bomb_is_one_line(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(unpack, "MOST_UNPACKED", 1 << 20)
    path, content = tmp_path / f"bomb.{kind}", (PLAIN + PLAIN[21:] * 30).encode()
    if kind == "gz":
        path.write_bytes(gzip.compress(content, 1))
    elif kind == "tar.gz":
        tar(path, {"a.csv": content})
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", content)
    monkeypatch.setattr(unpack, "MOST_TIMES", 1)
    with pytest.raises(BadInput, match="unpacks to"):
        data.load(path)


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


@pytest.fixture
def pictures(tmp_path):
    """A folder of the faces by split and class, and their order there."""
    names = []
    for row, (name, code) in enumerate(zip(NAMES, CODES, strict=True)):
        path = tmp_path / "faces" / writing.SPLITS[code] / name / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(writing.png(IMAGES[row]))
        names.append(path.relative_to(tmp_path / "faces").as_posix())
    return tmp_path / "faces", sorted(range(12), key=names.__getitem__)


def test_a_folder_of_pictures_is_read_by_the_names_of_its_folders(pictures):
    folder, order = pictures
    (folder / "readme.txt").write_text("about")
    faces = data.load(folder, data.USAGES)
    assert same(faces, order) and "ignored: 1 files .txt" in faces.form
    assert faces.ids[0].endswith(f"/{order[0]}.png")
    assert set(data.counts(data.load(folder))) == {"Training", "PublicTest"}


@pytest.mark.parametrize("kind", ["zip", "gztar", "xztar"])
def test_a_folder_in_an_archive_is_read_as_the_folder(pictures, tmp_path, kind):
    path = shutil.make_archive(str(tmp_path / "a"), kind, pictures[0])
    faces = data.load(path, data.USAGES)
    order = [int(name.split("/")[-1][:-4]) for name in faces.ids]
    assert sorted(order) == list(range(12)) and same(faces, order)


def test_pictures_are_made_grey_and_resized_and_that_is_counted(tmp_path):
    for name, mode, size in (("happy", "RGB", 48), ("sad", "L", 100)):
        (tmp_path / name).mkdir()
        Image.new(mode, (size, size)).save(tmp_path / name / "a.jpg")
    faces = data.load(tmp_path)
    assert "1 colour made grey" in faces.form and "1 resized" in faces.form
    assert faces.classes == ("happy", "sad")


def test_a_damaged_picture_is_named(pictures):
    folder, _ = pictures
    (folder / "train/angry/bad.png").write_bytes(b"\x89PNG\r\n\x1a\nbad")
    with pytest.raises(BadInput, match=r"train/angry/bad\.png is no picture"):
        data.load(folder)


def test_folders_that_are_numbers_need_names(tmp_path):
    for number in "12":
        (tmp_path / number).mkdir()
        (tmp_path / number / "a.png").write_bytes(writing.png(IMAGES[0]))
    with pytest.raises(BadInput, match="numbers without names: give --classes"):
        data.load(tmp_path)
    faces = data.load(data.Source((tmp_path,), classes=("surprise", "fear")))
    assert faces.labels.tolist() == [0, 1]


def test_a_table_of_paths_is_read_in_its_own_order(tmp_path):
    (tmp_path / "images").mkdir()
    lines = ["filename,expression,split"]
    for row, (name, code) in enumerate(zip(NAMES, CODES, strict=True)):
        (tmp_path / f"images/{row}.png").write_bytes(writing.png(IMAGES[row]))
        lines.append(f"images/{row}.png,{name},{writing.SPLITS[code]}")
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(lines))
    for source in (path, tmp_path):
        assert same(data.load(source, data.USAGES))
    path.write_text("\n".join([*lines, "images/none.png,happy,train"]))
    with pytest.raises(BadInput, match=r"line 14: there is no 'images/none\.png'"):
        data.load(path)


def write_parquet(path, columns, names=None):
    import pyarrow
    from pyarrow import parquet

    features = {"info": {"features": {"label": {"names": names}}}}
    about = {"huggingface": json.dumps(features)} if names else None
    made = pyarrow.table(columns).replace_schema_metadata(about)
    parquet.write_table(made, path)


def test_parquet_is_read_by_the_names_in_its_metadata(tmp_path):
    image = [{"bytes": writing.png(face), "path": None} for face in IMAGES]
    label = [ALPHABET.index(name) for name in NAMES]
    path = tmp_path / "faces.parquet"
    write_parquet(path, {"image": image, "label": label}, ALPHABET)
    assert same(data.load(path), usage=False)
    write_parquet(path, {"image": image, "label": label})
    with pytest.raises(BadInput, match=r"numbers without names.*FER2013: angry"):
        data.load(path)
    assert same(data.load(data.Source((path,), classes=ALPHABET)), usage=False)


@pytest.mark.parametrize(
    "cells",
    [PIXELS, [face.tobytes() for face in IMAGES], IMAGES.reshape(12, -1).tolist()],
    ids=["text", "bytes", "lists"],
)
def test_parquet_may_hold_pixels(tmp_path, cells):
    path = tmp_path / "faces.parquet"
    write_parquet(path, {"pixels": cells, "emotion": NAMES, "Usage": USAGES})
    assert same(data.load(path, data.USAGES))


def test_a_shard_of_webdataset_is_read(tmp_path):
    members = {}
    for row, name in enumerate(NAMES):
        members[f"{row:03}.png"] = writing.png(IMAGES[row])
        members[f"{row:03}.cls"] = name.encode()
    tar(tmp_path / "train-0.tar", members, "w")
    assert same(data.load(tmp_path / "train-0.tar"), usage=False)
    del members["003.cls"]
    tar(tmp_path / "train-0.tar", members, "w")
    with pytest.raises(BadInput, match="the sample 003 has no class"):
        data.load(tmp_path / "train-0.tar")


def test_folders_in_a_shard_name_its_splits(tmp_path):
    path, members = tmp_path / "shard.tar", {}
    for row, split in enumerate(("train", "train", "validation", "test")):
        members[f"faces/{split}/{row:03}.png"] = writing.png(IMAGES[row])
        members[f"faces/{split}/{row:03}.cls"] = NAMES[row].encode()
    tar(path, members, "w")
    read = data.load(path, data.USAGES)
    assert read.usage.tolist() == [0, 0, 1, 2]
    assert np.array_equal(read.images, IMAGES[:4])
    tar(path, members | {"faces/004.png": b"", "faces/004.cls": b""}, "w")
    with pytest.raises(BadInput, match=r"faces/004\.png lies in no split"):
        data.load(path, data.USAGES)


def test_archives_of_parts_of_a_folder_follow_one_another(pictures, tmp_path):
    folder, _ = pictures
    for split in writing.SPLITS:
        where = str(tmp_path / split), "tar", folder, split
        shutil.make_archive(*where)
    parts = [tmp_path / f"{split}.tar" for split in ("train", "validation", "test")]
    faces = data.load(parts, data.USAGES)
    order = [int(name.split("/")[-1][:-4]) for name in faces.ids]
    assert sorted(order) == list(range(12)) and same(faces, order)


def test_npy_files_are_mapped(tmp_path):
    paths = [tmp_path / "x.npy", tmp_path / "y.npy"]
    np.save(paths[0], IMAGES), np.save(paths[1], LABELS)
    faces = data.load(paths)
    assert same(faces, usage=False)
    assert isinstance(faces.images, np.memmap)
    np.save(paths[1], LABELS[1:])
    with pytest.raises(BadInput, match="must be as many"):
        data.load(paths)


def test_votes_of_ferplus_are_soft_labels_of_the_rows_they_vote_on(lay, tmp_path):
    lines = [
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,"
        "contempt,unknown,NF"
    ]
    for row, usage in enumerate(USAGES):
        name = "" if row == 3 else f"fer{row:07}.png"
        lines.append(f"{usage},{name},4,0,0,1,3,2,0,0,0,0")
    votes, faces = tmp_path / "ferplus.csv", lay(PLAIN.encode())
    votes.write_text("\n".join(lines))
    read = data.load([faces, votes], data.USAGES)
    assert len(read) == 11 and "1 unnamed" in read.form
    assert np.allclose(read.votes[0], [0.3, 0.2, 0, 0, 0.1, 0, 0.4, 0])
    assert {read.classes[label] for label in read.labels} == {"neutral"}
    votes.write_text("\n".join(lines[:-1]))
    with pytest.raises(BadInput, match="votes on 11 rows"):
        data.load([faces, votes])


def test_files_of_one_kind_follow_one_another(lay, tmp_path):
    one, two = lay(PLAIN.encode()), tmp_path / "two.csv"
    two.write_text(DIALECTS["semicolons"])
    faces = data.load([one, two], data.USAGES)
    assert same(faces.take(slice(12))) and same(faces.take(slice(12, None)))
    two.write_text(text([[face] for face in PIXELS], ["pixels"]))
    with pytest.raises(BadInput, match="has no labels, which the other files have"):
        data.load([one, two])


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
