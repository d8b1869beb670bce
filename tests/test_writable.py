"""What may be written to: told before any work, and nobody's own file is touched."""

import contextlib
import os
import subprocess
import sys
import tempfile

import pytest
from by_command import ROOT, only

from fer import BadInput, files


@pytest.mark.parametrize(
    "name", [".scores.tmp.csv", ".scores.csv.lock", ".scores.0123456789abcde.tmp.csv"]
)
def test_the_users_own_file_of_such_a_name_stays(target, name):
    mine = target.with_name("mine.csv")
    mine.write_text("mine")
    for make in (os.link, os.symlink, lambda _, name: os.mkfifo(name)):
        own = target.with_name(name)
        make(mine, own)
        before = own.lstat()
        with contextlib.suppress(BadInput):
            files.write_text(target, "new")
        after = own.lstat()
        assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
        assert mine.read_text() == "mine"
        own.unlink()


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o444])
def test_an_output_keeps_its_mode(target, mode):
    target.chmod(mode)
    files.write_text(target, "new")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", mode)


def test_a_missing_folder_is_made(tmp_path):
    files.write_text(tmp_path / "some/new/file.txt", "text")
    assert (tmp_path / "some/new/file.txt").read_text() == "text"


@pytest.mark.parametrize("where", [".", "/", "..", "folder"])
def test_a_folder_is_no_target(tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match="is a folder: name a file to write"):
        files.write_text(where, "text")
    assert os.listdir() == ["folder"]


def test_a_pipe_or_device_is_no_target(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadInput, match="pipe is no plain file"):
        files.write_text(pipe, "text")
    assert pipe.is_fifo()


def test_a_link_stays_and_what_it_leads_to_is_replaced(target):
    link = target.with_name("link.csv")
    link.symlink_to(target)
    files.write_text(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_a_loop_of_links_is_told_and_stays(target):
    one, other = target.with_name("one.csv"), target.with_name("other.csv")
    one.symlink_to(other)
    other.symlink_to(one)
    for write in files.writable, lambda path: files.write_text(path, "new"):
        with pytest.raises(BadInput, match=r"is a loop of links"):
            write(one)
        with pytest.raises(BadInput, match=r"is read-only or no folder"):
            write(one / "below.csv")
    assert one.is_symlink() and other.is_symlink()


def test_a_link_to_where_nothing_can_be_is_told_before_any_work(target):
    link = target.with_name("link.csv")
    link.symlink_to(target / "below.csv")
    with pytest.raises(BadInput, match=r"below.csv cannot be written"):
        files.writable(link)


def test_where_capital_letters_do_not_count_names_are_one_file(target):
    for name in ("also.csv", "SCORES.csv"):  # as such a disk would have it
        os.link(target, target.with_name(name))
    files.must_differ(target, target.with_name("also.csv"))
    with pytest.raises(BadInput, match="would be overwritten"):
        files.must_differ(target, target.with_name("SCORES.csv"))


@pytest.mark.parametrize("name", [".new.tmp.csv", ".new.csv.lock"])
def test_what_somebody_linked_to_our_temporary_names_is_not_touched(target, name):
    target.with_name(name).symlink_to(target)
    with contextlib.suppress(BadInput):
        files.write_text(target.with_name("new.csv"), "new")
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    "name", ["scores.csv/below.csv", "n" * 300 + ".csv", "n" * 248 + ".csv"]
)
@pytest.mark.parametrize("write", [files.writable, lambda p: files.write_text(p, "x")])
def test_a_name_that_cannot_be_is_told_before_any_work(target, name, write):
    with pytest.raises(BadInput, match="cannot be written"):
        write(target.parent / name)
    assert target.read_text() == "old"
    assert only(target)


def test_asking_whether_a_file_is_writable_makes_nothing(tmp_path):
    files.writable(tmp_path / "new/file.txt")
    assert not list(tmp_path.iterdir())


def test_a_read_only_folder_is_told_before_any_work():
    # Permissions do not bind root, who becomes nobody; pytest's own folders are closed
    # to nobody.
    code = (
        "import os, sys; from fer import files\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: files.writable(sys.argv[1] + '/scores.csv')\n"
        "except files.BadInput as error: print(error)"
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        done = subprocess.run(
            [sys.executable, "-c", code, folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    assert done.stdout.startswith(f"{folder}/scores.csv cannot be written: {folder} is")


def test_what_is_read_is_not_free_to_write(target, tmp_path):
    files.free_to_write(target)
    files.free_to_write(target, tmp_path / "other")
    with pytest.raises(BadInput, match=r"would be overwritten"):
        files.free_to_write(target, tmp_path / "other", target)
