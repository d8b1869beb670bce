"""The file of an unfinished run: all that it needs to go on, and what it must share."""

from __future__ import annotations

import json
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, data, files, machine, refusals
from fer.training import processes
from fer.training.recipe import Recipe
from fer.types import Network

# To be raised by whatever change lets a training end in other bits.
VERSION = 2
ANEW = "delete it and start again"
SHARE_OF_TIME = 0.05  # that writing may take


def must_share(
    recipe: Recipe, fitted: data.Faces, held: data.Faces, learned_from: list[str]
) -> dict[str, Any]:
    """What a run must share with the one that it goes on with, or end in other bits."""
    return recipe.as_dict() | {
        "learned from": learned_from,
        "data": [data.digest(faces) for faces in (fitted, held)],
        "versions": machine.versions(),
        "arithmetic": machine.arithmetic(),
        "code": VERSION,
    }


@dataclass
class Checkpoint:
    """The file of a run, and what `read` found in it."""

    path: Path
    run: dict[str, Any]
    found: dict[str, Any] | None = None
    took: float = 0.0  # seconds, to write it
    written: float = 0.0  # when, on the clock of time.perf_counter

    def restore(self, network: Network) -> tuple[list[dict], float]:
        """Give the network and its optimizer what was saved; history and seconds.

        Only process 0 reads the file. Raises BadInput for a state of another network.
        """
        found = self.found and [self.found["history"], self.found["seconds"]]
        found = processes.told(lambda: found)
        if found is None:
            return [], 0.0
        variables = network.variables + network.optimizer.variables
        state = self.found["state"] if self.found else variables
        try:
            state = processes.broadcast(state)
            for variable, value in zip(variables, state, strict=True):
                variable.assign(value)
        except ValueError as error:
            raise BadInput(
                f"{self.path} is no checkpoint of this network ({error!r:.120}): {ANEW}"
            ) from error
        return found[0], found[1]

    def write(
        self, network: Network, history: list[dict], seconds: float, now: bool
    ) -> None:
        """Write the state in the place of the one before.

        Where epochs are short, not after each: writing takes a small share of the time,
        but for `now`.
        """
        began = time.perf_counter()
        if not processes.is_first():
            return
        if not now and began < self.written + self.took / SHARE_OF_TIME:
            return
        variables = network.variables + network.optimizer.variables
        about = {"run": self.run, "history": history, "seconds": seconds}
        arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
        arrays |= {f"state{i}": np.asarray(it) for i, it in enumerate(variables)}
        with files.whole(self.path) as temporary:
            np.savez(temporary, **arrays)
        self.written = time.perf_counter()
        self.took = self.written - began


def opened(path: Path, run: dict[str, Any], resume: bool | None) -> Checkpoint:
    """The checkpoint of `run` at `path`, with the saved state if there is one.

    resume: whether there must be one; None if either will do. Raises BadInput where
    that is not so, and for the file of another run.
    """
    run = json.loads(json.dumps(run))
    if not processes.is_first():
        return Checkpoint(path, run)
    if not path.exists():
        if resume:
            raise BadInput(
                f"{path} does not exist: there is no unfinished run to resume; leave "
                "--resume out, or train a finished model further with --start"
            )
        return Checkpoint(path, run)
    with refusals.understood(path, "checkpoint", ANEW):
        found = _read(path)
    done = f"{len(found['history'])} of {found['run']['epochs']} epochs"
    if resume is False:
        raise BadInput(
            f"{path} holds an unfinished run ({done}): add --resume, or --fresh to "
            "start again"
        )
    before = found["run"]
    for name in run | before:
        if before.get(name) != run.get(name):
            raise BadInput(
                f"{path} was made with {name} {before.get(name)}, not {run.get(name)}: "
                "resume with the same, or add --fresh to start again"
            )
    return Checkpoint(path, run, found)


def _read(path):
    """What a checkpoint holds; raises ValueError and others for what is none."""
    with zipfile.ZipFile(path) as parts:
        # np.savez packs nothing; a few packed bytes may be gigabytes of zeros.
        if sum(part.file_size for part in parts.infolist()) > path.stat().st_size:
            raise ValueError("it unpacks to more than it holds")
    with np.load(path, allow_pickle=False) as archive:
        found = json.loads(str(archive["about"]))
        names = [name for name in archive.files if name.startswith("state")]
        found["state"] = [archive[f"state{i}"] for i in range(len(names))]
    numbers = [found["seconds"], *(v for row in found["history"] for v in row.values())]
    if not np.isfinite(np.array(numbers, float)).all():
        raise ValueError("its history is not of numbers")
    if not all(np.isfinite(value).all() for value in found["state"]):
        raise ValueError("its weights are not finite numbers")
    if not (isinstance(found["run"], dict) and found["run"]["epochs"] > 0):
        raise ValueError("it names no epochs")
    return found
