"""Whether networks learn: held to a plain loop, faces by heart, and sabotage."""

import dataclasses
import functools

import keras
import numpy as np
import pytest
from conftest import RECIPE
from fitting import trained
from model_files import tiny

from fer import data
from fer.data import sample
from fer.training import checkpoint, epochs, fit, optimizers

CHOSEN = dataclasses.replace(RECIPE, epochs=3).resolved()


def rate(step, steps):
    """The learning rate of a step: a straight rise, then half a cosine to 0."""
    peak, rise = CHOSEN.learning_rate * CHOSEN.batch_size / 128, int(0.15 * steps)
    if step < rise:
        return peak * step / rise
    return peak / 2 * (1 + np.cos(np.pi * (step - rise) / (steps - rise)))


def plainly_learned(fitted, weights):
    """What `fit` makes of the network `tiny`, in NumPy, with gradients in closed form.

    Returns each epoch's mean loss, and the weights at the end.
    """
    pooled = fitted.images.reshape(-1, 16, 3, 16, 3).max(axis=(2, 4))
    inputs = pooled.reshape(len(fitted), -1) / 127.5 - 1
    smoothed = 0.9 * np.eye(7)[fitted.labels] + 0.1 / 7
    moments = [[np.zeros_like(w), np.zeros_like(w)] for w in weights]
    batch, curve, step = CHOSEN.batch_size, [], 0
    steps = len(fitted) // batch
    for epoch in range(CHOSEN.epochs):
        order = np.random.default_rng([CHOSEN.seed, epoch]).permutation(len(fitted))
        losses = []
        for rows in order[: steps * batch].reshape(steps, batch):
            logits = inputs[rows] @ weights[0] + weights[1]
            told = np.exp(logits - logits.max(1, keepdims=True))
            told /= told.sum(1, keepdims=True)
            losses.append(-(smoothed[rows] * np.log(told)).sum(1).mean())
            wrong = (told - smoothed[rows]) / batch
            gradients = inputs[rows].T @ wrong, wrong.sum(0)
            now, step = rate(step, CHOSEN.epochs * steps), step + 1
            weights[0] -= now * CHOSEN.weight_decay * weights[0]  # and no bias decays
            for weight, gradient, (mean, square) in zip(
                weights, gradients, moments, strict=True
            ):
                mean += 0.1 * (gradient - mean)
                square += 0.001 * (gradient**2 - square)
                scale = np.sqrt(square / (1 - 0.999**step)) + 1e-7
                weight -= now * mean / (1 - 0.9**step) / scale
        curve.append(np.mean(losses))
    return curve, weights


def test_the_losses_and_weights_are_those_of_a_plain_loop(drawn, tmp_path):
    network = tiny()
    start = [weight.astype(float) for weight in network.get_weights()]
    fitted, held = data.parts(drawn, CHOSEN.seed)
    fit.compile_network(network, CHOSEN, len(fitted))
    saved = checkpoint.opened(tmp_path / "run.npz", {}, resume=None)
    lesson = fit.lesson_of(fitted, CHOSEN)
    history, _ = fit.fit(network, lesson, held, CHOSEN, saved)
    curve, weights = plainly_learned(fitted, start)
    assert [row["loss"] for row in history] == pytest.approx(curve, rel=1e-5)
    for found, expected in zip(network.get_weights(), weights, strict=True):
        assert np.allclose(found, expected, atol=1e-5)


def share_learned(path, epoch_of=None):
    """Which share of 64 drawn faces the DNN tells after it was fitted on them."""
    labels, images = sample.faces(64)
    twice = np.repeat([0, 1], 64).astype(np.int8)  # they validate, too
    labels = np.tile(labels.astype(np.int8), 2)
    faces = data.Faces(np.tile(images, (2, 1, 1)), labels, twice)
    given = {"epoch_of": epoch_of} if epoch_of else {}
    _, history, _ = trained(faces, path, given=given, epochs=15)
    return history[-1]["val_accuracy"]


def test_64_drawn_faces_are_learned_to_the_last_one(tmp_path):
    assert share_learned(tmp_path / "run.npz") == 1


def test_a_broken_loss_is_noticed_by_what_is_learned(tmp_path, monkeypatch):
    right = optimizers.loss(CHOSEN)
    monkeypatch.setattr(
        optimizers, "loss", lambda recipe: lambda *asked: -right(*asked)
    )
    assert share_learned(tmp_path / "run.npz") < 0.5


def test_a_broken_update_is_noticed_by_what_is_learned(tmp_path, monkeypatch):
    def still(*asked, **more):
        pass

    monkeypatch.setattr(keras.optimizers.AdamW, "update_step", still)
    assert share_learned(tmp_path / "run.npz") < 0.5


def test_a_broken_pairing_is_noticed_by_what_is_learned(tmp_path):
    def mispaired(*asked):
        for images, targets in epochs.batches(*asked):
            yield np.roll(images, 1, axis=0), targets

    broken = functools.partial(epochs.step_by_step, given=mispaired)
    assert share_learned(tmp_path / "run.npz", broken) < 0.5
