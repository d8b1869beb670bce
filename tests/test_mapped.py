"""Columns on disk are the faces that they were made of, mapped."""

import json
import os
import sys
import threading

import numpy as np
import pytest
from by_command import write_unlabelled

import convert
from fer import BadInput, data, machine
from fer.data import mapped, writing


@pytest.fixture
def halves(drawn, tmp_path):
    """The drawn faces in two CSVs, each with both usages."""
    paths = tmp_path / "1.csv", tmp_path / "2.csv"
    for half, path in enumerate(paths):
        writing.table(path, drawn.take(np.arange(half, len(drawn), 2)))
    return paths


@pytest.fixture
def columns(drawn, tmp_path):
    """A folder of columns of the drawn faces."""
    writing.table(tmp_path / "d.csv", drawn)
    source = data.Source.of(tmp_path / "d.csv")
    mapped.write(tmp_path / "d.faces", source, lambda it: data.load(it, data.USAGES))
    return tmp_path / "d.faces"


def loaded(source):
    """All of the faces of the source, usage by usage."""
    faces = data.load(source, data.USAGES)
    return faces.take(np.argsort(faces.usage, kind="stable"))


def same(one, other):
    names = ("images", "labels", "usage")
    equal = (np.array_equal(getattr(one, n), getattr(other, n)) for n in names)
    return all(equal) and one.classes == other.classes


def test_columns_are_the_faces_of_all_files_and_are_not_read(call, halves, tmp_path):
    out = tmp_path / "all.faces"
    call(convert, "--data", *halves, "--out", out)
    faces = data.load(out, data.USAGES)
    assert same(faces, loaded(halves))
    fitted, held = data.parts(data.load(out))
    assert (len(fitted), len(held)) == (105, 35)
    assert all(isinstance(it.images.base, np.memmap) for it in (fitted, held))
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_conversion_that_was_stopped_goes_on_after_the_last_whole_file(
    halves, tmp_path
):
    read, out, source = [], tmp_path / "all.faces", data.Source.of(halves)

    def stopping(one):
        read.append(one.name)
        if len(read) == 2:
            raise KeyboardInterrupt
        return data.load(one, data.USAGES)

    with pytest.raises(KeyboardInterrupt):
        mapped.write(out, source, stopping)
    assert not out.exists()
    # As where a row of the next file was written, and then the power went.
    with open(tmp_path / ".all.faces.part/images.0", "ab") as file:
        file.write(b"half a face")
    assert mapped.write(out, source, stopping) == 140
    assert read == ["1.csv", "2.csv", "2.csv"]
    assert same(data.load(out, data.USAGES), loaded(halves))


def test_files_are_read_at_once_and_appended_in_their_order(
    drawn, tmp_path, monkeypatch
):
    paths = [tmp_path / f"{number}.csv" for number in range(4)]
    for number, path in enumerate(paths):
        writing.table(path, drawn.take(slice(number, None, 4)))
    monkeypatch.setattr(machine, "processors", lambda: 4)
    two = threading.Barrier(2)

    def load(one):
        two.wait(60)
        return data.load(one, data.USAGES)

    assert mapped.write(tmp_path / "all.faces", data.Source.of(paths), load) == 140
    assert same(data.load(tmp_path / "all.faces", data.USAGES), loaded(paths))


def test_faces_without_a_split_get_one_with_copies_on_one_side(drawn, tmp_path):
    twice = data.Faces(np.repeat(drawn.images, 2, 0), np.repeat(drawn.labels, 2))
    writing.table(tmp_path / "f.csv", twice)
    source = data.Source.of(tmp_path / "f.csv")
    mapped.write(tmp_path / "f.faces", source, lambda it: data.load(it, data.USAGES))
    fitted, held = data.parts(data.load(tmp_path / "f.faces"))
    assert 0 < len(held) < len(fitted)
    assert len(fitted) % 2 == len(held) % 2 == 0
    assert not data.copies(held, fitted).any()


def test_faces_to_label_keep_their_ids_and_order(drawn, tmp_path):
    write_unlabelled(tmp_path / "t.csv", range(5, 25), drawn.images[:20])
    source = data.Source.of(tmp_path / "t.csv")
    mapped.write(tmp_path / "t.faces", source, data.load)
    faces = data.load(tmp_path / "t.faces")
    assert faces.ids.tolist() == [*range(5, 25)] and faces.labels is None
    assert np.array_equal(faces.images, drawn.images[:20])


def test_files_of_other_columns_are_refused(halves, drawn, tmp_path):
    write_unlabelled(tmp_path / "t.csv", range(5), drawn.images[:5])
    source = data.Source.of((halves[0], tmp_path / "t.csv"))
    with pytest.raises(BadInput, match=r"t\.csv has the columns images, ids, and"):
        mapped.write(
            tmp_path / "x.faces", source, lambda it: data.load(it, data.USAGES)
        )


@pytest.mark.parametrize(
    "about",
    [
        "{",
        "7",
        {"rows": 3},
        {"classes": 7},
        {"classes": list(range(7))},
        {"classes": [f"class {number}" for number in range(40)]},
    ],
)
def test_what_is_said_of_columns_is_checked(columns, about):
    path = columns / "about.json"
    if isinstance(about, dict):
        about = json.dumps(json.loads(path.read_text()) | about)
    path.write_text(about)
    with pytest.raises(BadInput, match=r"d\.faces"):
        data.load(columns)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("labels", lambda it: it * 0 + 9),
        ("labels", lambda it: it.astype(np.int64)),
        ("labels", lambda it: it[:, None]),
        ("images", lambda it: it[:, :40]),
        ("images", lambda it: it.reshape(len(it), -1)),
        ("usage", lambda it: it * 0 + 3),
        ("usage", lambda it: it * 0 - 1),
        ("ids", lambda it: np.zeros((len(it), 2), np.int64)),
        ("votes", lambda it: np.full((len(it), 3), 1.0, np.float32)),
        ("votes", lambda it: np.full((len(it), 7), np.nan, np.float32)),
        ("votes", lambda it: np.full((len(it), 7), -1.0, np.float32)),
    ],
)
def test_damaged_columns_are_refused_in_one_line(columns, name, harm):
    path = columns / f"{name}.npy"
    np.save(path, harm(np.load(path if path.exists() else columns / "labels.npy")))
    with pytest.raises(BadInput, match=r"d\.faces is no folder of columns"):
        data.load(columns)


@pytest.mark.parametrize("name", ["about.json", "images.npy", "labels.npy"])
def test_a_pipe_among_columns_is_refused(columns, name):
    (columns / name).unlink()
    os.mkfifo(columns / name)
    with pytest.raises(BadInput, match=r"d\.faces"):
        data.load(columns)


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_stands_where_columns_are_made_is_left(halves, tmp_path, kind):
    part, theirs = tmp_path / ".d.faces.part", tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "notes.txt").write_text("mine")
    if kind == "link":
        part.symlink_to(theirs)
    elif kind == "folder":
        theirs = theirs.rename(part)
    else:
        part.mkdir()
        os.mkfifo(part / "done.json")
    with pytest.raises(BadInput, match=r"\.d\.faces\.part"):
        mapped.write(tmp_path / "d.faces", data.Source.of(halves), data.load)
    assert (theirs / "notes.txt").read_text() == "mine"
    assert [it.name for it in theirs.iterdir()] == ["notes.txt"]


def test_copies_among_more_faces_than_are_compared_are_the_exact_ones(
    drawn, monkeypatch
):
    images = np.concatenate([drawn.images, drawn.images[:9]])
    exact = data.exact_groups(images)[1]
    # By its name, fer.data.split is the function.
    monkeypatch.setattr(sys.modules["fer.data.split"], "MOST_COMPARED", 10)
    first, group = data.groups(images)
    assert len(first) == 140 and (group[:9] == group[140:]).all()
    assert len({*zip(exact.tolist(), group.tolist(), strict=True)}) == len(first)
