"""Labels of many faces: the same bytes block by block, resumed, and on Ray."""

import contextlib
import dataclasses
import functools
import os
import signal
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

import predict
from fer import BadInput, data, files
from fer.report import bulk


@pytest.fixture
def task(trained, drawn_csv):
    asked = data.Source.of(drawn_csv), (trained / "dnn.keras",)
    return bulk.Task(*asked, probabilities=True, size=50)


def test_labels_of_blocks_are_those_of_all_faces_at_once(
    call, drawn_csv, trained, tmp_path, monkeypatch
):
    from pyarrow import parquet

    monkeypatch.setattr(bulk, "Task", functools.partial(bulk.Task, size=50))
    words = ("--data", drawn_csv, "--model", trained / "dnn.keras", "--names")
    out = tmp_path / "labels.parquet"
    call(predict, *words, "--out", out)
    call(predict, *words, "--out", tmp_path / "labels.csv")
    table = parquet.read_table(out)
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    lines = [f"{number},{label}" for number, label in rows]
    assert lines == (tmp_path / "labels.csv").read_text().split()[1:]
    assert parquet.read_metadata(out).num_row_groups == 3
    assert not list(tmp_path.glob(".*"))


def test_a_stopped_run_goes_on_after_its_last_whole_block(task, tmp_path, monkeypatch):
    bulk.write(tmp_path / "whole.parquet", task)
    block, starts = bulk.Labeller.block, []

    def stopping(self, start):
        starts.append(start)
        if len(starts) == 2:
            raise KeyboardInterrupt
        return block(self, start)

    monkeypatch.setattr(bulk.Labeller, "block", stopping)
    with pytest.raises(KeyboardInterrupt):
        bulk.write(tmp_path / "again.parquet", task)
    bulk.write(tmp_path / "again.parquet", task)
    assert starts == [0, 50, 50, 100]
    one, other = (tmp_path / f"{name}.parquet" for name in ("whole", "again"))
    assert one.read_bytes() == other.read_bytes()


def test_a_folder_of_somebody_else_is_left(task, tmp_path):
    theirs = tmp_path / ".labels.parquet.part/50"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    with pytest.raises(BadInput, match=r"\.labels\.parquet\.part is of no run"):
        bulk.write(tmp_path / "labels.parquet", task)
    assert theirs.read_text() == "mine"


def test_the_blocks_of_another_task_are_not_taken(task, tmp_path, monkeypatch):
    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(bulk, "_join", Mock(side_effect=KeyboardInterrupt))
        bulk.write(tmp_path / "labels.parquet", task)
    other = dataclasses.replace(task, names=True)
    bulk.write(tmp_path / "labels.parquet", other)
    bulk.write(tmp_path / "alone.parquet", other)
    one, other = (tmp_path / f"{name}.parquet" for name in ("labels", "alone"))
    assert one.read_bytes() == other.read_bytes()


def test_ray_is_asked_for_where_it_is_missing(task, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BadInput, match="--ray needs Ray: pip install"):
        bulk.write(tmp_path / "l.parquet", task, "local")


def test_ray_writes_parquet_alone(call):
    with pytest.raises(BadInput, match="--ray writes Parquet"):
        call(predict, "--data", "faces.csv", "--ray", "local")


def killed_worker():
    """Kill one process that labels on Ray; whether there was one."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if b"Labeller" in status.read_bytes():
                os.kill(int(status.parent.name), signal.SIGKILL)
                return True
    return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc")
def test_a_ray_cluster_makes_the_same_bytes_though_a_worker_is_killed(
    task, tmp_path, monkeypatch
):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    task = dataclasses.replace(task, size=2)
    bulk.write(tmp_path / "here.parquet", task)
    written, write, kills = [], files.write_bytes, []

    def write_and_kill(path, content):
        write(path, content)
        if path.name.isdecimal():
            written.append(path)
            if len(written) == 3:
                kills.append(killed_worker())

    monkeypatch.setattr(files, "write_bytes", write_and_kill)
    assert bulk.write(tmp_path / "ray.parquet", task, "local") == 140
    assert kills == [True] and len(written) == len({*written}) == 70
    one, other = (tmp_path / f"{name}.parquet" for name in ("here", "ray"))
    assert one.read_bytes() == other.read_bytes()
