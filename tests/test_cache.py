"""What was read of a CSV is kept, and gives the very same faces, or is not used."""

import gzip
import io
import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from csv_files import COLUMNS, LAYOUTS, USAGES, let_time_pass, same, table

from fer import BadInput, data
from fer.data import cache, csv_reader

FER2013 = LAYOUTS["fer2013"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The cache's folder, yet to be made; it takes small CSVs and fresh ones."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "FEWEST_ROWS", 1)
    monkeypatch.setattr(cache, "SETTLED", -(10**9))
    return tmp_path / "cache/fer"


@pytest.fixture
def lay(tmp_path):
    """Write bytes to a file of that name and return its path."""

    def lay(content, name="faces.csv"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return lay


@pytest.fixture
def parses(monkeypatch):
    """The paths that were parsed so far: a list that grows."""
    paths, parsed = [], csv_reader.read

    def counted(stream, size):
        paths.append(Path(getattr(stream, "name", "packed")))
        return parsed(stream, size)

    monkeypatch.setattr(csv_reader, "read", counted)
    return paths


def kept(folder):
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_warm_load_gives_the_same_bits_and_parses_nothing(lay, parses, layout):
    path = lay(LAYOUTS[layout])
    cold = data.load(path, data.USAGES)
    warm = data.load(path, data.USAGES)
    assert len(parses) == 1
    assert same(cold, warm)
    columns = (getattr(warm, name) for name in COLUMNS)
    assert all(column is None or column.flags.aligned for column in columns)


def test_a_gzipped_csv_is_kept_too(lay, parses):
    path = lay(gzip.compress(FER2013), "faces.csv.gz")
    assert same(data.load(path), data.load(path))
    assert len(parses) == 1


@pytest.mark.parametrize(
    "usages",
    [("Training",), ("PrivateTest",), data.FITTING, ("Training", "PrivateTest")],
)
def test_a_warm_load_leaves_out_the_same_rows(lay, usages):
    path = lay(FER2013)
    cold, warm = data.load(path, usages), data.load(path, usages)
    assert same(cold, warm)
    assert len(warm) == sum(usage in usages for usage in USAGES)


def test_a_warm_load_of_no_wanted_rows_is_refused_too(lay):
    path = lay(table("emotion", "pixels", "Usage", rows=3))
    data.load(path)
    with pytest.raises(BadInput, match="no rows of PrivateTest"):
        data.load(path, ("PrivateTest",))


def test_neither_cold_nor_warm_faces_can_be_written_into(lay):
    path = lay(FER2013)
    for faces in (data.load(path), data.load(path)):
        for column in (faces.images, faces.labels, faces.usage):
            with pytest.raises(ValueError, match="read-only"):
                column[0] = 0


def test_a_csv_that_changed_unseen_by_size_and_mtime_is_parsed_anew(lay):
    path = lay(FER2013)
    before = data.load(path)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    let_time_pass(path)
    with open(path, "r+b") as file:
        file.write(FER2013.replace(b"\n" + FER2013.split(b"\n")[1][:1], b"\n6", 1))
    os.utime(path, ns=times)
    assert path.stat().st_mtime_ns == times[1]
    assert path.stat().st_size == len(FER2013)
    after = data.load(path)
    assert after.labels[0] == 6 != before.labels[0]


def test_another_csv_moved_to_the_same_path_is_parsed_anew(lay):
    path, other = lay(FER2013), lay(LAYOUTS["labelled"], "other.csv")
    data.load(path)
    os.replace(other, path)
    assert data.load(path).usage is None


def test_a_new_parser_reads_anew(lay, parses, monkeypatch):
    path = lay(FER2013)
    data.load(path)
    monkeypatch.setattr(csv_reader, "VERSION", csv_reader.VERSION + 1)
    data.load(path)
    assert len(parses) == 2


def test_a_csv_that_is_malformed_is_not_kept(lay, folder):
    with pytest.raises(BadInput):
        data.load(lay(FER2013 + b"7"))
    assert not kept(folder)


DAMAGES = {
    "empty": lambda content: b"",
    "cut in its header": lambda content: content[:50],
    "cut in a face": lambda content: content[: len(content) // 2],
    "cut in its last byte": lambda content: content[:-1],
    "text": lambda content: b"no array " * 99,
    "another key": lambda content: content[:-8] + bytes(8),
    "header of nonsense": lambda content: content[:10] + b"(" * 118 + content[128:],
    "another array": lambda content: packed(np.save),
    "an archive": lambda content: packed(np.savez),
}


def packed(save):
    """The bytes that numpy's function `save` writes of some other array."""
    written = io.BytesIO()
    save(written, np.arange(9))
    return written.getvalue()


@pytest.mark.parametrize("restored", [False, True], ids=["", "with its old times"])
@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_or_foreign_cache_is_not_used(lay, folder, parses, how, restored):
    path = lay(FER2013)
    cold = data.load(path)
    (place,) = folder.iterdir()
    times = place.stat().st_atime_ns, place.stat().st_mtime_ns
    place.write_bytes(DAMAGES[how](place.read_bytes()))
    if restored:
        os.utime(place, ns=times)
    assert same(data.load(path), cold)
    assert len(parses) == 2
    assert same(data.load(path), cold)
    assert len(parses) == 2, "the damaged file was not replaced"


def test_a_cache_that_something_wrote_into_is_not_used(lay, folder):
    path = lay(FER2013)
    cold = data.load(path)
    (place,) = folder.iterdir()
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)
    assert same(data.load(path), cold)


def test_the_cache_of_another_csv_is_not_used(lay, folder):
    path, other = lay(FER2013), lay(LAYOUTS["labelled"], "other.csv")
    data.load(other)
    (foreign,) = folder.iterdir()
    cold = data.load(path)
    (place,) = set(folder.iterdir()) - {foreign}
    shutil.copy(foreign, place)
    os.utime(place, (0, path.stat().st_mtime_ns // 10**9))
    assert same(data.load(path), cold)


def test_where_nothing_can_be_kept_all_is_read(lay, tmp_path, parses, monkeypatch):
    path = lay(FER2013)
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))
    assert same(data.load(path), data.load(path))
    assert len(parses) == 2


def test_a_full_disk_is_no_error_and_leaves_nothing(lay, folder, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    path = lay(FER2013)
    monkeypatch.setattr(os, "fsync", full)
    assert len(data.load(path, data.USAGES)) == 12
    assert not kept(folder)


def test_a_folder_that_others_can_write_to_is_not_used(lay, folder, parses):
    path = lay(FER2013)
    data.load(path)
    folder.chmod(0o777)
    data.load(path)
    assert len(parses) == 2
    data.load(lay(LAYOUTS["labelled"], "other.csv"))
    assert len(kept(folder)) == 1


def test_a_folder_of_somebody_else_is_not_used(lay, parses, monkeypatch):
    path = lay(FER2013)
    data.load(path)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    data.load(path)
    assert len(parses) == 2


def test_the_folder_is_the_users_alone(lay, folder):
    data.load(lay(FER2013))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("given", ["", "relative"])
def test_without_an_absolute_xdg_folder_it_is_in_the_home(
    lay, tmp_path, monkeypatch, given
):
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    data.load(lay(FER2013))
    assert len(kept(tmp_path / "home/.cache/fer")) == 1


def test_a_csv_changed_a_moment_ago_is_not_kept(lay, folder, monkeypatch):
    monkeypatch.setattr(cache, "SETTLED", 2 * 10**9)
    path = lay(FER2013)
    # Its time of change stays a fresh one.
    os.utime(path, (0, 0))
    data.load(path)
    assert not kept(folder)


def test_a_csv_that_changes_while_it_is_read_is_not_taken(lay, folder, monkeypatch):
    path, parsed = lay(FER2013), csv_reader.read

    def slow(stream, size):
        faces = parsed(stream, size)
        path.write_bytes(FER2013 * 2)
        return faces

    monkeypatch.setattr(csv_reader, "read", slow)
    with pytest.raises(BadInput, match="changed while it was read: try again"):
        data.load(path)
    assert not kept(folder)


def test_a_small_csv_is_not_kept(lay, folder, monkeypatch):
    monkeypatch.setattr(cache, "FEWEST_ROWS", 13)
    data.load(lay(FER2013))
    assert not kept(folder)


def test_the_newest_few_stay(lay, folder, parses):
    paths = [lay(FER2013, f"{number}.csv") for number in range(cache.MOST_FILES + 2)]
    for path in paths:
        before = set(kept(folder))
        data.load(path)
        (new,) = set(kept(folder)) - before
        let_time_pass(folder / new)
    assert len(kept(folder)) == cache.MOST_FILES
    parses.clear()
    for path in paths[2:]:
        data.load(path)
    assert not parses
    data.load(paths[1])
    assert parses == [paths[1]]


def test_what_killed_runs_left_is_cleared_away(lay, folder):
    folder.mkdir(parents=True, mode=0o700)
    for number in range(9):
        (folder / f".{number}.tmp.npy").touch()
        (folder / f".{number}.npy.lock").touch()
    data.load(lay(FER2013))
    assert len(kept(folder)) == cache.MOST_FILES
