"""Every form that faces come in is read as the same arrays, or refused in one line."""

import bz2
import gzip
import io
import json
import lzma
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
from csv_dialects import (
    ALPHABET,
    CODES,
    DIALECTS,
    NAMES,
    PLAIN,
    same,
    text,
)
from csv_files import IMAGES, LABELS, PIXELS, USAGES
from PIL import Image

from fer import BadInput, data
from fer.data import unpack, writing


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


@pytest.mark.parametrize("text", [b"label", b"Training"])
def test_parquet_whose_text_is_no_utf_8_is_refused(tmp_path, text):
    path = tmp_path / "faces.parquet"
    cells = [writing.png(face) for face in IMAGES]
    write_parquet(path, {"image": cells, "label": LABELS, "usage": USAGES})
    content = path.read_bytes()
    assert text in content
    path.write_bytes(content.replace(text, b"\xff" * len(text)))
    with pytest.raises(BadInput, match=r"faces\.parquet is a damaged Parquet file"):
        data.load(path, data.USAGES)


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
