"""Teachers: trained models whose predictions a network learns (distillation).

A teacher is asked about a number of augmented views of each fitted face, once; the
network sees the same views (consistent teaching: Beyer, 2022, arXiv:2106.05237). What
it predicts is kept beside it, as NAME.answers.npz, so that it can teach many networks,
also where its weights are not.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer import (
    BadInput,
    augment,
    backend,
    data,
    files,
    models,
    networks,
    progress,
    refusals,
    threads,
)
from fer.training import epochs, processes
from fer.training.recipe import Recipe

MOST_BYTES = 1 << 30  # of kept answers, unpacked
BATCH = 512


@dataclass(frozen=True)
class Teacher:
    """A trained model, or the card and the kept answers of one that is not here."""

    path: Path
    model: models.Model

    def answers(self, images: np.ndarray, recipe: Recipe) -> np.ndarray:
        """What it predicts of the views of faces (N, 48, 48) uint8.

        Returns (views, N, classes) float16. Raises BadInput where it is not here and
        did not keep them.
        """
        faces, answers = self._kept(recipe)
        known = {face: number for number, face in enumerate(faces)}
        digests = data.short_digests(images)
        if len(answers) >= recipe.views and known.keys() >= {*digests}:
            rows = np.array([known[face] for face in digests])
            return answers[: recipe.views, rows]
        if self.model.network is None:
            raise BadInput(
                f"{self.path} is not here, and {_beside(self.path)} does not tell what "
                f"that model makes of {recipe.views} views of each of these faces: "
                "train it by the command in its card, or leave it out of --teachers"
            )
        answers = self._asked(images, recipe)
        if processes.is_first():
            _keep(_beside(self.path), self._of(recipe), digests, answers)
        return answers

    def _of(self, recipe):
        """Whose answers they are, about which views."""
        return f"{self.model.card['sha256']} {recipe.augment}"

    def _kept(self, recipe):
        """Kept answers: short digests (N,) and (views, N, classes); maybe empty."""
        path = _beside(self.path)
        nothing = np.empty(0, np.uint64), np.empty((0, 0, 0), np.float16)
        if not path.exists():
            return nothing
        with refusals.understood(path, "file of a teacher's answers", "delete it"):
            owner, faces, answers = _unpacked(path)
        return (faces, answers) if owner == self._of(recipe) else nothing

    def _asked(self, images, recipe):
        print(f"asking {self.path} about {recipe.views} views of each face", flush=True)
        judge = networks.computing_in(recipe.precision, self.model.network)
        one_call = backend.has_one_call_epochs() and recipe.augment != "generator"
        predict = (_in_one_call if one_call else _by_batches)(judge, images[..., None])
        order, told = places(images), []
        show = progress.steps(self.path.name, recipe.views)
        for view in range(recipe.views):
            told.append(predict(epochs.view_of(view, order, recipe.augment)))
            show(view + 1)
        return np.array(told, np.float16)


def answers(teachers: list[Teacher], images: np.ndarray, recipe: Recipe) -> np.ndarray:
    """The teachers' mean prediction of the views: (views, N, classes) float16."""
    total: Any = 0
    for each in teachers:
        total = total + each.answers(images, recipe).astype(np.float32)
    return (total / len(teachers)).astype(np.float16)


def places(images: np.ndarray) -> np.ndarray:
    """The place of each face in an order of their own, not the rows': (N,) int."""
    order = np.argsort(data.short_digests(images), kind="stable")
    return np.argsort(order, kind="stable")


def _by_batches(judge, images):
    """A function of draws: predictions (N, classes) of the faces so transformed."""

    def predict(drawn):
        def batch(start):
            rows = np.arange(start, min(start + BATCH, len(images)))
            return augment.apply(*augment.picked(images, drawn, rows))

        seen = threads.in_order(batch, range(0, len(images), BATCH))
        return np.concatenate([judge.predict_on_batch(faces) for faces in seen])

    return predict


def _in_one_call(judge, images):
    """As _by_batches, on JAX."""
    count = len(images)
    rows = np.arange(-(-count // BATCH) * BATCH, dtype=np.int32) % count
    on_device = backend.on_device(images)

    def seen(rows, about):
        picked = augment.picked(about["images"], about["drawn"], rows)
        return augment.transformed(*picked)

    ask = backend.mapped(judge, seen)

    def predict(drawn):
        told = ask(rows.reshape(-1, BATCH), {"images": on_device, "drawn": drawn})
        return np.concatenate(np.asarray(told))[:count]

    return predict


def load(path: str | Path) -> Teacher:
    """The teacher at `path`; raises BadInput for what is none."""
    path = Path(path)
    ours = path.suffix == ".keras" and not path.exists()
    if ours and _beside(path).exists():
        return Teacher(path, models.without_network(path))
    return Teacher(path, models.load(path))


def _beside(path):
    return path.with_suffix(".answers.npz")


def _unpacked(path):
    """Whose answers a file holds, digests (N,) uint64, (views, N, classes) float16."""
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise ValueError("it unpacks to too much")
    with np.load(path, allow_pickle=False) as kept:
        owner, faces, answers = str(kept["owner"]), kept["faces"], kept["answers"]
    shaped = answers.ndim == 3 and answers.shape[1] == len(faces)
    sums = answers.sum(axis=-1, dtype=np.float32)
    if not (shaped and faces.dtype == np.uint64 and answers.dtype == np.float16):
        raise ValueError("these are no answers about faces")
    if not (answers.min() >= 0 and np.abs(sums - 1).max() < 0.01):
        raise ValueError("these are no probabilities")
    return owner, faces, answers


def _keep(path, owner, faces, answers):
    """Write the answers; where that cannot be, say so and go on."""
    try:
        with files.whole(path) as temporary:
            np.savez_compressed(
                temporary, owner=np.array(owner), faces=faces, answers=answers
            )
    except BadInput as error:
        print(f"its answers are not kept: {error}", flush=True)
    else:
        print(f"its answers are kept in {path}", flush=True)
