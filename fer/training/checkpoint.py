"""The file of an unfinished run: all that it needs to go on, and what it must share."""

import json
from pathlib import Path

import numpy as np

from fer import BadInput, data, files, machine

# To be raised by whatever change lets a training end in other bits.
VERSION = 1
ANEW = "delete it and start again"


def described(network, build, faces, options):
    """What a run must share with the one that it goes on with, or end in other bits."""
    shapes = f"{len(network.weights)} arrays of {network.count_params()} numbers"
    run = {"network": build.__name__, "data": data.digest(faces), **options}
    return run | {"weights": shapes, "versions": machine.versions(), "code": VERSION}


def write(path, run, history, seconds, best, variables, targets):
    """Write all of it after an epoch, in the place of what the one before left.

    run: as `described`; history: a dict an epoch; best: the weights of the best one;
    variables: the network's and the optimizer's; targets: what is learned of the faces.
    """
    arrays = {"targets": targets}
    arrays |= {f"best{i}": value for i, value in enumerate(best)}
    arrays |= {
        f"state{i}": np.asarray(variable) for i, variable in enumerate(variables)
    }
    about = json.dumps({"run": run, "history": history, "seconds": seconds})
    with files.whole(path) as temporary:
        np.savez(temporary, about=np.array(about), **arrays)


def read(path, run, resume):
    """The saved state of `run`, or None where a new run may start.

    resume: whether there must be one; None if either will do. Raises BadInput where
    that is not so, and for the file of another run.
    """
    if not Path(path).exists():
        if resume:
            raise BadInput(
                f"{path} does not exist: there is no run to resume, leave --resume out"
            )
        return None
    with (
        files.understood(path, "checkpoint", ANEW),
        np.load(path, allow_pickle=False) as archive,
    ):
        saved = json.loads(str(archive["about"]))
        saved["targets"] = archive["targets"]
        for kind in ("best", "state"):
            names = [name for name in archive.files if name.startswith(kind)]
            saved[kind] = [archive[f"{kind}{i}"] for i in range(len(names))]
        done = f"{len(saved['history'])} of {saved['run']['epochs']} epochs"
    if resume is False:
        raise BadInput(
            f"{path} holds an unfinished run ({done}): add --resume, or delete it"
        )
    before = saved["run"]
    for name in run | before:
        if before.get(name) != run.get(name):
            raise BadInput(
                f"{path} was made with {name} {before.get(name)}, not {run.get(name)}: "
                "resume with the same, or delete it"
            )
    return saved


def restore(network, variables, saved, path):
    """Give network and optimizer what was saved; raises BadInput if it does not fit."""
    try:
        # That they fit is asked now, not when they are needed, at the end.
        network.set_weights(saved["best"])
        for variable, value in zip(variables, saved["state"], strict=True):
            variable.assign(value)
    except ValueError as error:
        raise BadInput(
            f"{path} is no checkpoint of this network ({error!r:.120}): {ANEW}"
        ) from error
