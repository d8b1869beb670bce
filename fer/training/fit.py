"""Fit a network: epoch by epoch, with a checkpoint after each, and exact resume.

An epoch depends on nothing but the state at its start, the seed and its number. So a
run that is killed at any instant and resumed on the same machine ends in the same bits
as one that never stopped.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fer import backend, data, networks, progress
from fer.training import checkpoint, distillation, epochs, optimizers, processes
from fer.training.recipe import Recipe
from fer.types import Network, Probabilities

EVALUATION_BATCH = 512


class Stopped(KeyboardInterrupt):
    """A signal ended the training after an epoch; the message says how to go on."""


def trained(
    recipe: Recipe,
    fitted: data.Faces,
    held: data.Faces,
    saved: checkpoint.Checkpoint,
    taught: np.ndarray | None = None,
    weights: list[np.ndarray] | None = None,
    epoch_of: Callable | None = None,
) -> tuple[Any, list[dict], float]:
    """A network trained by the recipe, in float32; its history; the seconds it took.

    fitted, held: faces to learn from, and to validate on. taught: (views, N, classes)
    float16, what teachers say of the fitted ones, as of distillation.answers. weights:
    to start from; random ones by default. The others, and what is raised: as of `fit`.
    """
    import keras

    keras.utils.set_random_seed(recipe.seed)
    about = recipe.network, len(fitted.classes), recipe.dropout
    processes.must_share_out(min(recipe.batch_size, len(fitted)), len(held))
    with policy(recipe.precision), processes.distributed():
        network = networks.build(*about)
        if weights:
            network.set_weights(weights)
        compile_network(network, recipe, len(fitted))
        lesson = lesson_of(fitted, recipe, taught)
        history, seconds = fit(network, lesson, held, recipe, saved, epoch_of)
    with policy("float32"):
        precise = networks.build(*about)
    precise.set_weights(network.get_weights())
    return precise, history, seconds


def fit(
    network: Network,
    lesson: epochs.Lesson,
    held: data.Faces,
    recipe: Recipe,
    saved: checkpoint.Checkpoint,
    epoch_of: Callable | None = None,
) -> tuple[list[dict], float]:
    """Train the compiled network; the weights are those after the last epoch.

    network: compiled, in the recipe's precision. held: faces to validate on after each
    epoch. saved: where the state goes then, and what to go on with. epoch_of: a
    function like epochs.step_by_step; by default the fastest here.

    Returns the history, a dict an epoch, and the seconds that it took. Raises BadInput
    when the loss is no longer finite; Stopped after a signal.
    """
    began = time.perf_counter()
    # The first call makes the metrics' variables; TensorFlow traces a step that made
    # them twice, which takes seconds.
    network.test_on_batch(lesson.images[:1], lesson.labels[:1])
    history, before = saved.restore(network)
    resumed = len(history)
    train = (epoch_of or _fastest(recipe))(network, recipe, lesson)
    steps = epochs.steps_of(recipe, len(lesson.images))
    peak = optimizers.peak(recipe, min(recipe.batch_size, len(lesson.images)))
    with _signals() as received:
        for epoch in range(resumed, recipe.epochs):
            row = {"epoch": epoch + 1} | train(epoch) | evaluate(network, held)
            # The last update of an epoch comes after its last loss.
            epochs.must_be_finite(row["val_loss"], "of the validation rows")
            last = (epoch + 1) * steps - 1
            row["learning_rate"] = optimizers.rate(last, recipe.epochs * steps, peak)
            history.append(row)
            seconds = before + time.perf_counter() - began
            each = (seconds - before) / (epoch + 1 - resumed)
            left = each * (recipe.epochs - epoch - 1)
            print(_sentence(row, recipe.epochs, seconds, left), flush=True)
            last_one = epoch + 1 == recipe.epochs
            stopping = processes.any_of(bool(received))
            saved.write(network, history, seconds, now=stopping or last_one)
            processes.meet()
            if stopping and not last_one:
                raise Stopped(
                    f"stopped after epoch {epoch + 1}: the same command with --resume "
                    "goes on"
                )
    return history, before + time.perf_counter() - began


def _fastest(recipe):
    one_call = backend.has_one_call_epochs() and recipe.augment != "generator"
    one_call &= processes.count() == 1
    return epochs.in_one_call if one_call else epochs.step_by_step


def compile_network(network: Network, recipe: Recipe, rows: int) -> None:
    """Give the network the recipe's optimizer and loss, for so many rows an epoch."""
    batch_size = min(recipe.batch_size, rows)
    steps = recipe.epochs * epochs.steps_of(recipe, rows)
    network.compile(
        optimizers.optimizer(recipe, network, steps, batch_size),
        optimizers.loss(recipe),
        metrics=[optimizers.accuracy],
    )


def lesson_of(
    fitted: data.Faces, recipe: Recipe, taught: Probabilities | None = None
) -> epochs.Lesson:
    """What is learned of the faces: smoothed labels, and what teachers say, if any.

    taught: (views, N, classes) float16, as of distillation.answers.
    """
    labels = fitted.votes
    if labels is None:
        labels = networks.one_hot(fitted.labels, len(fitted.classes))
    smooth = recipe.label_smoothing
    labels = labels * (1 - smooth) + np.float32(smooth / labels.shape[1])
    places = None if taught is None else distillation.places(fitted.images)
    return epochs.Lesson(fitted.images[..., None], labels, taught, places)


def evaluate(network: Network, faces: data.Faces) -> dict[str, float]:
    """Mean cross-entropy and accuracy of labelled faces, each row counted once."""
    mine = faces.take(np.arange(len(faces))[processes.part(len(faces))])
    starts = range(0, len(mine), EVALUATION_BATCH)
    parts = [mine.images[i : i + EVALUATION_BATCH, ..., None] for i in starts]
    predicted = np.concatenate([*map(processes.predictor(network), parts)])
    told = predicted[np.arange(len(mine)), mine.labels]
    losses, right = -np.log(np.clip(told, 1e-7, 1)), predicted.argmax(1) == mine.labels
    found = processes.means([float(losses.mean()), float(right.mean())], len(mine))
    return dict(zip(("val_loss", "val_accuracy"), found, strict=True))


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """Let Keras compute in that dtype policy, within the block."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _sentence(row, count, seconds, left):
    return (
        f"epoch {row['epoch']} of {count}: loss {row['loss']:.3f}, "
        f"accuracy {row['accuracy']:.3f}, val_loss {row['val_loss']:.3f}, "
        f"val_accuracy {row['val_accuracy']:.3f}; {progress.spoken(seconds)}, "
        f"{progress.spoken(left)} left"
    )


@contextlib.contextmanager
def _signals():
    """Collect the first SIGINT or SIGTERM in a list; a second one acts at once."""
    received = []
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        # What is to be ignored, as a shell says for what runs in the background, is.
        if (handler := signal.getsignal(number)) != signal.SIG_IGN
    }

    def note(number, frame):
        received.append(number)
        restore()
        progress.warn("finishing this epoch first; again to stop at once")

    def restore():
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield received
    finally:
        restore()
