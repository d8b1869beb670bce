"""Files are written whole or not at all."""

import csv
import errno
import fcntl
import hashlib
import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from by_command import only
from hypothesis import given, settings
from hypothesis import strategies as st

from fer import BadInput, files, refusals
from fer.report import predictions


def test_what_the_block_wrote_gets_the_name(target):
    with files.whole(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        # Keras and numpy tell the format by the suffix.
        assert temporary.suffix == ".csv"
    assert target.read_text() == "new"
    assert only(target)


def test_a_file_and_its_name_are_on_the_disk_before_the_block_ends(target, monkeypatch):
    flushed, fsync = [], os.fsync

    def note(descriptor):
        flushed.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    with files.whole(target) as temporary:
        temporary.write_text("new")
    assert flushed == [path.stat().st_ino for path in (target, target.parent)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, BadInput])
def test_the_old_file_stays_when_the_block_fails(target, error):
    with pytest.raises(error), files.whole(target) as temporary:
        temporary.write_text("half")
        raise error("halfway")
    assert target.read_text() == "old"
    assert only(target)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk_is_told_with_the_name(target):
    with (
        pytest.raises(BadInput, match=r"scores.csv cannot be written: No space left"),
        files.whole(target) as temporary,
        open("/dev/full", "w") as full,
    ):
        temporary.write_text("half")
        full.write("x")
        full.flush()
    assert target.read_text() == "old"
    assert only(target)


def test_a_block_that_writes_nothing_is_told(target):
    with pytest.raises(BadInput, match="cannot be written"), files.whole(target):
        pass
    assert target.read_text() == "old"
    assert only(target)


def test_what_a_killed_run_left_is_replaced(target):
    target.with_name(".scores.0123456789abcdef.tmp.csv").write_text("half")
    lock = target.with_name(".scores.csv.lock")
    lock.touch()
    lock.chmod(files.LOCK_MODE)
    files.write_text(target, "new")
    assert target.read_text() == "new"
    assert only(target)


@pytest.mark.parametrize("content", [b"", b"mine"])
def test_the_users_own_file_of_a_locks_name_stays_whatever_is_in_it(target, content):
    own = target.with_name(".scores.csv.lock")
    own.write_bytes(content)
    files.write_text(target, "new")
    assert target.read_text() == "new" and own.read_bytes() == content
    with files.whole(target) as temporary:
        with pytest.raises(BadInput, match="held by another run"):
            files.write_text(target, "second")
        temporary.write_text("first")
    assert own.read_bytes() == content


def test_a_temporary_name_is_like_no_other(target):
    with files.whole(target) as one, files.whole(target.with_name("b.csv")) as other:
        assert one.suffix == other.suffix == ".csv" and one.stem != other.stem
        for path in (one, other):
            path.write_text("new")


def test_a_second_writer_is_refused_and_the_first_ends_well(target):
    with files.whole(target) as temporary:
        with pytest.raises(BadInput, match=r"scores\.csv.* is held by another run"):
            files.write_text(target, "second")
        temporary.write_text("first")
    assert target.read_text() == "first"
    assert only(target)


def test_a_lock_whose_file_was_deleted_meanwhile_is_no_lock(tmp_path, monkeypatch):
    path = tmp_path / "lock"
    flock, late = fcntl.flock, []

    def after_the_first_run_ended(descriptor, operation):
        if not late:
            late.append(True)
            path.unlink()
        flock(descriptor, operation)

    path.touch()
    monkeypatch.setattr(fcntl, "flock", after_the_first_run_ended)
    with pytest.raises(BadInput, match="held by another run"), files.locked(path):
        pass
    with files.locked(path):
        assert path.exists()


def test_a_disk_without_locks_is_named(target, monkeypatch):
    def flock(*asked):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(BadInput, match=r"scores\.csv.* cannot be written: No locks"):
        files.write_text(target, "new")
    assert target.read_text() == "old"


def test_a_lock_goes_with_its_block_even_if_that_fails(tmp_path):
    with pytest.raises(ValueError), files.locked(tmp_path / "lock"):
        raise ValueError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_it_has_no_number_for(target, value):
    with pytest.raises(ValueError):
        files.write_json(target, {"loss": value})
    assert target.read_text() == "old"


def test_json_comes_back(target):
    value = {"name": "Zoë", "loss": 0.1, "rows": [1, None, True]}
    files.write_json(target, value)
    assert json.loads(target.read_text()) == value


# A lone carriage return, which csv leaves unquoted, is refused as read back otherwise.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"))


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(st.lists(st.tuples(TEXT, st.integers())))
def test_every_csv_comes_back(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        files.write_csv(path, ("name", "count"), rows)
        with open(path, newline="", encoding="utf-8") as stream:
            _, *back = csv.reader(stream)
    assert back == [[name, str(count)] for name, count in rows]


def test_a_csv_that_reads_back_differently_never_gets_its_name(target, monkeypatch):
    monkeypatch.setattr(csv, "reader", lambda stream: [["another"]])
    with pytest.raises(BadInput, match="check the disk"):
        files.write_csv(target, ["id"], [[1]])
    assert target.read_text() == "old"
    assert only(target)


@pytest.mark.parametrize("ids", [None, [30, 10, 20]])
def test_a_submission_has_a_line_for_each_face_in_order(tmp_path, ids):
    predictions.write_submission(tmp_path / "s.csv", ids, [4, 0, 6])
    lines = (tmp_path / "s.csv").read_bytes().decode().split("\n")
    numbers = ids or range(3)
    pairs = zip(numbers, (4, 0, 6), strict=True)
    assert lines == ["id,label", *(f"{number},{label}" for number, label in pairs), ""]


def test_a_submission_may_call_its_columns_and_classes_by_names(tmp_path):
    sad = {"sad": [0.25, 0.5]}
    words = (["a b", "c"], ["sad", "happy"], ("image", "emotion"), sad)
    predictions.write_submission(tmp_path / "s.csv", *words)
    text = (tmp_path / "s.csv").read_text()
    assert text == "image,emotion,sad\na b,sad,0.25\nc,happy,0.5\n"


def test_a_submission_with_an_id_of_two_faces_is_not_written(target):
    with pytest.raises(BadInput, match="the id 7 is that of more than one face"):
        predictions.write_submission(target, np.array([7, 8, 7]), [1, 2, 3])
    assert target.read_text() == "old"


def test_a_csv_holds_a_name_that_is_no_utf_8(target):
    files.write_csv(target, ["file"], [[os.fsdecode(b"\xff.png")]])
    assert target.read_bytes() == b"file\n\xff.png\n"


def test_rows_of_a_csv_are_written_as_they_come(target):
    def rows():
        yield [1]
        raise BadInput("the second is off")

    with pytest.raises(BadInput, match="the second"):
        files.write_csv(target, ["id"], rows())
    assert target.read_text() == "old" and only(target)


def test_sha256_is_that_of_the_bytes(target):
    assert files.sha256(target) == hashlib.sha256(b"old").hexdigest()


def test_a_text_may_hold_a_name_that_is_no_utf_8(target):
    files.write_text(target, os.fsdecode(b"\xff.csv"))
    assert target.read_text(encoding="utf-8") == r"\udcff.csv"


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.pdf", b"%PDF"), ("a.svg", b"<?xml")]
)
def test_a_figure_is_of_the_format_that_its_name_ends_in(tmp_path, name, start):
    from matplotlib.figure import Figure

    def write():
        figure = Figure()
        figure.subplots().plot([0, 1], [2, 3], label="text")
        files.write_figure(tmp_path / name, figure)
        return (tmp_path / name).read_bytes()

    once = write()
    assert once.startswith(start) and once == write()


def test_what_a_library_raises_names_the_file_and_how_to_mend_it(target):
    with (
        pytest.raises(BadInput, match=r"is no picture \(KeyError\('x'\)\): save it"),
        refusals.understood(target, "picture", "save it as PNG"),
    ):
        {}["x"]
    for told in (BadInput("as it is"), MemoryError()):
        with (
            pytest.raises(type(told)),
            refusals.understood(target, "picture", "save it"),
        ):
            raise told
