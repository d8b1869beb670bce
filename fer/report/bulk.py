"""Labels of more faces than memory holds: block by block to Parquet, here or on Ray.

What a block's labels are depends on the block alone. So the file is the same whoever
made them, and a run that was stopped goes on after the blocks that are there.
"""

import io
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, data, files, models, progress, refusals
from fer.report import predictions

ABOUT, MOST_BYTES = "task.json", 1 << 26
BLOCK = 1 << 14  # faces that are labelled at a time
CPUS = 0.5  # of an actor on Ray: with whole ones, reading starves on two cores
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Task:
    """What to label, and how."""

    source: data.Source
    models: tuple[Path, ...]
    usage: str | None = None
    pixels: str | None = None
    classes: tuple[str, ...] | None = None
    mirror: bool = False
    turn: bool = False
    names: bool = False
    probabilities: bool = False
    columns: tuple[str, str] | None = None
    size: int = BLOCK


class Labeller:
    """The models and the faces of a task, loaded; what Ray's actors hold."""

    def __init__(self, task: Task):
        self.task = task
        self.loaded = models.load_all(task.models, task.pixels, task.classes)
        self.faces = faces_of(task)

    def block(self, start: int) -> bytes:
        """A block's labels as a Parquet file of one row group."""
        import pyarrow
        from pyarrow import parquet

        task = self.task
        block = self.faces.take(slice(start, start + task.size))
        views = task.mirror, task.turn
        told = models.probabilities(self.loaded, block.images, *views)
        asked = self.loaded[0].classes, task.names, task.probabilities
        labels, more = predictions.labels(told, *asked)
        ids = range(start, start + len(block)) if block.ids is None else block.ids
        columns = zip(task.columns or predictions.COLUMNS, (ids, labels), strict=True)
        table = pyarrow.table({name: [*it] for name, it in [*columns, *more.items()]})
        written = io.BytesIO()
        parquet.write_table(table, written)
        return written.getvalue()

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, Any]:
        """As `block`, of Ray's batches: rows of "start" get a "part" each."""
        parts = [self.block(int(start)) for start in batch["start"]]
        return {"start": batch["start"], "part": parts}


def faces_of(task: Task) -> data.Faces:
    """The faces that a task labels."""
    return data.load(task.source, (task.usage,) if task.usage else data.USAGES)


def write(out: Path, task: Task, ray: str | None = None) -> int:
    """Write the labels of a task's faces as Parquet; how many they are.

    ray: the address of a cluster, or "local" for one on this machine.
    """
    count = len(faces_of(task))
    folder = out.absolute().with_name(f".{out.name}.part")
    with files.locked(out.absolute().with_name(f".{out.name}.run.lock")):
        _begin(folder, task, count)
        places = {start: folder / str(start) for start in range(0, count, task.size)}
        missing = [start for start, place in places.items() if not place.exists()]
        show = progress.steps("blocks", len(missing))
        made = _on_ray(task, missing, ray) if ray else _here(task, missing)
        for number, (start, part) in enumerate(made, 1):
            files.write_bytes(places[start], part)
            show(number)
        _join(out, places.values())
        shutil.rmtree(folder)
    return count


def _begin(folder, task, count):
    """A folder of the task's blocks; another task's are deleted."""
    digests = [files.sha256(path) for path in task.models]
    paths = [each for path in task.source.paths for each in _files(path)]
    times = [[str(path), os.stat(path).st_mtime_ns] for path in paths]
    about = json.dumps([repr(task), digests, times, count])
    place = folder / ABOUT
    files.begin_folder(folder, ABOUT)
    if place.exists() and refusals.content(place, MOST_BYTES) == about.encode():
        return
    for block in folder.iterdir():
        if block.name.isdecimal():
            block.unlink()
    files.write_text(place, about)


def _files(path):
    return sorted(path.iterdir()) if path.is_dir() else [path]


def _here(task, starts):
    """Yield each block's start and its labels, by this process."""
    labeller = Labeller(task) if starts else None
    for start in starts:
        yield start, labeller.block(start)


def _on_ray(task, starts, address):
    """As _here, by actors of a Ray cluster, in whatever order they are done."""
    try:
        import ray
    except ImportError as error:
        raise BadInput(
            "--ray needs Ray: pip install -r requirements-scale.txt"
        ) from error
    names = ("KERAS_BACKEND", "KERAS_HOME", "XDG_CACHE_HOME")
    variables = {name: os.environ[name] for name in names if name in os.environ}
    runtime = {"py_modules": [str(ROOT)], "env_vars": variables}
    where = {} if address == "local" else {"address": address}
    ray.init(**where, runtime_env=runtime, log_to_driver=False, include_dashboard=False)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items([{"start": start} for start in starts])
        most = max(1, int(ray.cluster_resources()["CPU"]))
        done = rows.map_batches(
            Labeller,
            fn_constructor_args=[task],
            batch_size=1,
            num_cpus=CPUS,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
        )
        for row in done.iter_rows():
            yield row["start"], row["part"]
    finally:
        ray.shutdown()


def _join(out, parts):
    """Write one file of all parts, a row group each."""
    from pyarrow import parquet

    writer = None
    with files.whole(out) as temporary:
        for part in parts:
            table = parquet.read_table(part)
            writer = writer or parquet.ParquetWriter(temporary, table.schema)
            writer.write_table(table)
        writer.close()
