"""One epoch: which faces in which order, as augmented, with which targets.

All of it is a function of the recipe's seed and the epoch's number. On JAX with a GPU
an epoch is one call: faces, targets and draws lie on the device, where each step picks
and transforms its own. Elsewhere threads prepare the batches for a call a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer import BadInput, augment, backend, progress, threads
from fer.training import processes
from fer.training.recipe import Recipe
from fer.types import Network

LOADER_THREADS = 2
# Faces, past which neither an epoch's order nor its draws are held in memory.
MOST_HELD = 1_000_000


@dataclass(frozen=True)
class Lesson:
    """What a network learns from, in the order of the rows."""

    images: np.ndarray  # (N, 48, 48, 1) uint8
    labels: np.ndarray  # (N, classes) float32, smoothed
    taught: np.ndarray | None = None  # (views, N, classes) float16
    places: np.ndarray | Any = None  # (N,) int, the row's own draw of each view

    @property
    def own(self) -> np.ndarray:
        """Which columns of the targets are of faces, not of blends: 1 or 0 each."""
        classes = self.labels.shape[1]
        return np.repeat([1, 0], [classes, 0 if self.taught is None else classes])


def rows_of(recipe: Recipe, epoch: int, count: int) -> np.ndarray:
    """The rows of each whole batch of the epoch: (steps, batch) int32."""
    batch = min(recipe.batch_size, count)
    order = np.random.default_rng([recipe.seed, epoch]).permutation(count)
    return order[: count // batch * batch].reshape(-1, batch).astype(np.int32)


def steps_of(recipe: Recipe, count: int) -> int:
    """How many whole batches an epoch has."""
    return count // min(recipe.batch_size, count)


def drawn_in(
    recipe: Recipe, epoch: int, lesson: Lesson
) -> tuple[augment.Draws, np.ndarray]:
    """Draws (N, ...) and targets (N, classes or 2 * classes) of the epoch.

    Teachers were asked about a number of views of each face, whose draws are those of
    the face, whatever its row; epochs take turns with them. Without teachers each epoch
    has draws of its own.
    """
    count = len(lesson.images)
    if lesson.taught is None:
        seed = np.random.SeedSequence([recipe.seed, epoch]).generate_state(1)[0]
        return augment.draw(count, seed, recipe.augment), lesson.labels
    view = epoch % len(lesson.taught)
    drawn = view_of(view, lesson.places, recipe.augment)
    taught = lesson.taught[view].astype(np.float32)
    return drawn, np.concatenate([lesson.labels, taught], axis=1)


def view_of(view: int, places: np.ndarray, how: str) -> augment.Draws:
    """The draws of a view of faces, of which each has its place among all: (N, ...)."""
    drawn = augment.draw(len(places), view, how)
    moved = {name: values[places] for name, values in drawn.items()}
    if "partner" in moved:
        # A partner is a place, too: the row that has it is meant.
        moved["partner"] = np.argsort(places)[moved["partner"]]
    return moved


def batches(recipe: Recipe, lesson: Lesson, epoch: int) -> Iterator:
    """Yield the epoch's batches in order: images (n, 48, 48, 1) uint8 and targets.

    Of several processes, each has its part of each batch.
    """
    if len(lesson.images) > MOST_HELD and lesson.taught is None:
        return _streamed(recipe, lesson, epoch)
    drawn, targets = drawn_in(recipe, epoch, lesson)

    def batch(rows):
        images = augment.apply(*augment.picked(lesson.images, drawn, rows))
        return images, augment.blended(targets, drawn, rows, lesson.own)

    rows = processes.share(rows_of(recipe, epoch, len(lesson.images)))
    return threads.in_order(batch, rows, LOADER_THREADS)


def _streamed(recipe, lesson, epoch):
    """As batches, of which each follows from the seed, the epoch and its own number.

    Faces of a batch are blended with one another.
    """
    count = len(lesson.images)
    size = min(recipe.batch_size, count)
    order = _order(recipe, epoch, count)
    [mine] = processes.share(np.arange(size)[None])

    def batch(step):
        rows = np.array([order[step * size + place] for place in range(size)])
        seeds = np.random.SeedSequence([recipe.seed, epoch, step])
        drawn = augment.draw(size, seeds.generate_state(1)[0], recipe.augment)
        images = augment.apply(*augment.picked(lesson.images[rows], drawn, mine))
        return images, augment.blended(lesson.labels[rows], drawn, mine, lesson.own)

    return threads.in_order(batch, range(steps_of(recipe, count)), LOADER_THREADS)


def _order(recipe, epoch, count):
    """Row numbers in the epoch's order, each worked out when it is asked for."""
    try:
        import grain
    except ImportError as error:
        raise BadInput(
            f"{count:,} faces to fit on need Grain: pip install -r "
            "requirements-scale.txt"
        ) from error
    [seed] = np.random.SeedSequence([recipe.seed, epoch]).generate_state(1)
    return grain.MapDataset.range(count).shuffle(seed=int(seed))


def step_by_step(
    network: Network, recipe: Recipe, lesson: Lesson, given: Callable = batches
) -> Callable[[int], dict]:
    """A function that trains an epoch and returns its mean loss and accuracy.

    given: a function like `batches`, for who wants others.
    """
    show = None

    def train(epoch: int) -> dict:
        # Not network.fit: its input pipeline sleeps before it returns, for up to as
        # long as the epoch took.
        nonlocal show
        if show is None:
            steps = steps_of(recipe, len(lesson.images))
            show = progress.steps("epoch", steps, recipe.epochs - epoch)
        right, total, seen = 0, 0.0, 0
        for step, (images, targets) in enumerate(given(recipe, lesson, epoch), 1):
            logs = network.train_on_batch(images, targets, return_dict=True)
            must_be_finite(logs["loss"], f"at step {step} of this epoch")
            size = len(images) * processes.count()
            seen += size
            total += float(logs["loss"]) * size
            right += round(float(logs["accuracy"]) * size)
            show(step, f", loss {logs['loss']:.3f}")
        return {"loss": total / seen, "accuracy": right / seen}

    return train


def in_one_call(
    network: Network, recipe: Recipe, lesson: Lesson
) -> Callable[[int], dict]:
    """As `step_by_step`, an epoch a call: for JAX, and not for "generator"."""
    images = backend.on_device(lesson.images)

    def step(state, rows, about):
        drawn, targets = about["drawn"], about["targets"]
        faces = augment.transformed(*augment.picked(about["images"], drawn, rows))
        wanted = augment.blended(targets, drawn, rows, lesson.own)
        _, state = network.train_step(state, (faces, wanted))
        return state

    train_on = backend.scanned(network, step)

    def train(epoch: int) -> dict:
        drawn, targets = drawn_in(recipe, epoch, lesson)
        network.reset_metrics()
        about = {"images": images, "drawn": drawn, "targets": targets}
        train_on(rows_of(recipe, epoch, len(images)), about)
        means = {name: float(it) for name, it in network.get_metrics_result().items()}
        must_be_finite(means["loss"], "in this epoch")
        return means

    return train


def must_be_finite(loss: float, where: str) -> None:
    """Raise BadInput unless the loss is a number that can still fall."""
    if not math.isfinite(loss):
        raise BadInput(
            f"the loss is {loss} {where}: to go on would end so again; delete the "
            "checkpoint, if any, and train with another --seed, --learning-rate, "
            "--optimizer or --precision"
        )
