"""Which faces a model was fitted on, known again by digests that lie beside it.

A file of sorted digests, eight bytes a face, is named after its own content: models of
the same rows share one.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from fer import BadInput, data, files, refusals

MOST_BYTES = 1 << 30


def keep(folder: Path, images: np.ndarray) -> str:
    """Write the digests of fitted faces into the folder; the file's name."""
    digests = np.sort(data.short_digests(images))
    name = f"fitted-{hashlib.sha256(digests.tobytes()).hexdigest()[:16]}.npy"
    if not (folder / name).exists():
        with files.whole(folder / name) as temporary:
            np.save(temporary, digests)
    return name


def read(path: Path, card: dict[str, Any]) -> np.ndarray | None:
    """The digests (N,) uint64 of the faces that the model `path` was fitted on.

    None where its card names no file of them, or that is not there. Raises BadInput for
    a file that is another one.
    """
    name = card["data"].get("fitted digests")
    beside = path.with_name(Path(name or "none").name)
    if name is None or not beside.exists():
        return None
    with refusals.understood(beside, "file of digests", f"copy it anew beside {path}"):
        if beside.stat().st_size > MOST_BYTES:
            raise ValueError("it is too large")
        digests = np.load(beside, allow_pickle=False)
        if digests.dtype != np.uint64 or digests.ndim != 1:
            raise ValueError("these are no digests")
        if hashlib.sha256(digests.tobytes()).hexdigest()[:16] not in name:
            raise ValueError("its content is not what its name says")
    return digests


def to_judge(
    faces: data.Faces,
    fitted: np.ndarray | None,
    usage: str | None = None,
    unseen: bool = False,
    drop_seen: bool = False,
    name: str = "the model",
) -> tuple[data.Faces, int]:
    """The faces to judge a model on, and how many of them are copies of fitted ones.

    faces: all rows of a file. fitted: the digests that `read` finds. usage: the rows to
    judge on; by default PublicTest rows or, in a file without any, those that the model
    was not fitted on. unseen: whether all rows are new to a model without digests, as
    the user says. drop_seen: whether to leave fitted faces out, copies too. name: of
    the model, in messages.

    A face of which the file has another row, not asked about, is a copy; one without is
    the fitted row itself, and is refused. Raises BadInput for it, and where no row is
    known to be new.
    """
    digests = data.short_digests(faces.images)
    known = np.isin(digests, [] if fitted is None else fitted)
    if not (usage or unseen):
        _must_tell(fitted, name)
    asked = _asked(faces, known, usage)
    if drop_seen:
        asked &= ~known
    if not asked.any():
        raise BadInput(
            f"{name} was fitted on all of these faces: score it on faces that are new "
            "to it"
        )
    copies = known & asked
    fitted_rows = copies & ~np.isin(digests, digests[~asked])
    if fitted_rows.any():
        raise BadInput(
            f"{name} was fitted on {fitted_rows.sum():,} of these {asked.sum():,} "
            "faces: add --drop-seen to leave them out"
        )
    return faces.take(np.flatnonzero(asked)), int(copies.sum())


def _must_tell(fitted, name):
    if fitted is None:
        raise BadInput(
            f"nothing tells which faces {name} was fitted on: copy the file "
            "fitted-....npy that lies beside it, too, add --unseen if all rows are new "
            "to it, or name those that are with --usage"
        )


def _asked(faces, known, usage):
    """Which rows to judge on: (N,) bool."""
    if usage and faces.usage is None:
        raise BadInput(
            f"the file has no column Usage, so no rows of {usage}: leave --usage out"
        )
    if usage:
        asked = faces.usage == data.USAGES.index(usage)
        if not asked.any():
            raise BadInput(f"the file has no rows of {usage}: name another --usage")
        return asked
    if data.has_public_test(faces):
        return faces.usage == data.USAGES.index("PublicTest")
    return ~known


def must_be_new(
    fitted: np.ndarray | None, held: data.Faces, mine: data.Faces, path: Path
) -> None:
    """Raise BadInput where the model `path` was fitted on faces that validate here.

    mine: the faces to fit on here, whose copies among those do not count.
    """
    if fitted is None:
        raise BadInput(
            f"{path} does not tell which faces it was fitted on: copy the file "
            "fitted-....npy that lies beside it, too, or train it with this suite"
        )
    digests = data.short_digests(held.images)
    known = np.isin(digests, fitted)
    known &= ~np.isin(digests, data.short_digests(mine.images))
    if known.any():
        raise BadInput(
            f"{path} was fitted on {known.sum():,} of the {len(held):,} faces that "
            "validate here: train it on this file with this --seed"
        )
