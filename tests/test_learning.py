"""Whether networks learn: held to a plain loop, faces by heart, and sabotage."""

import keras
import numpy as np
import pytest
from fitting import fit
from model_files import tiny

from fer import augment, data, networks, scores
from fer.data import sample
from fer.training import fit as training

RATE, DECAY = training.OPTIMIZERS["adamw"]
EPOCHS, BATCH = 3, 32


def schedule(step, steps):
    """The learning rate of a step: a straight rise, then half a cosine to 0."""
    rise = int(training.WARM_UP * steps)
    if step < rise:
        return RATE * BATCH / 128 * step / rise
    return (
        RATE * BATCH / 128 * 0.5 * (1 + np.cos(np.pi * (step - rise) / (steps - rise)))
    )


def plainly_learned(faces, weights):
    """What `fit` makes of the network `tiny`, in NumPy, with gradients in closed form.

    Returns each epoch's mean loss, and the weights at its end.
    """
    fitted, _ = data.parts(faces)
    pooled = fitted.images.reshape(-1, 16, 3, 16, 3).max(axis=(2, 4))
    inputs = pooled.reshape(len(fitted), -1) / 127.5 - 1
    smoothed = 0.9 * np.eye(7)[fitted.labels] + 0.1 / 7
    moments = [[np.zeros_like(w), np.zeros_like(w)] for w in weights]
    steps, curve, states, step = len(fitted) // BATCH, [], [], 0
    for epoch in range(EPOCHS):
        order = np.random.default_rng([0, epoch]).permutation(len(fitted))
        losses = []
        for rows in order[: steps * BATCH].reshape(steps, BATCH):
            logits = inputs[rows] @ weights[0] + weights[1]
            told = np.exp(logits - logits.max(1, keepdims=True))
            told /= told.sum(1, keepdims=True)
            losses.append(-(smoothed[rows] * np.log(told)).sum(1).mean())
            wrong = (told - smoothed[rows]) / BATCH
            gradients = inputs[rows].T @ wrong, wrong.sum(0)
            rate, step = schedule(step, EPOCHS * steps), step + 1
            for weight, gradient, (mean, square) in zip(
                weights, gradients, moments, strict=True
            ):
                mean += 0.1 * (gradient - mean)
                square += 0.001 * (gradient**2 - square)
                moved = mean / (1 - 0.9**step)
                scale = np.sqrt(square / (1 - 0.999**step)) + 1e-7
                weight -= rate * (DECAY * weight + moved / scale)
        curve.append(np.mean(losses))
        states.append([weight.copy() for weight in weights])
    return curve, states


def test_the_losses_and_weights_are_those_of_a_plain_loop(drawn, tmp_path):
    keras.utils.set_random_seed(0)
    start = [weight.astype(float) for weight in tiny().get_weights()]
    network, history, _ = fit(
        drawn, tmp_path / "run.npz", build=tiny, epochs=EPOCHS, batch_size=BATCH
    )
    curve, states = plainly_learned(drawn, start)
    assert [row["loss"] for row in history] == pytest.approx(curve, rel=1e-5)
    expected = states[scores.best_epoch(history)["epoch"] - 1]
    for found, weight in zip(network.get_weights(), expected, strict=True):
        assert np.allclose(found, weight, atol=1e-5)


def share_learned(build, path, **changes):
    """Which share of 64 drawn faces a network tells after it was fitted on them."""
    labels, images = sample.faces(64)
    twice = np.repeat([0, 1], 64).astype(np.int8)  # they validate, too
    labels = np.tile(labels.astype(np.int8), 2)
    faces = data.Faces(np.tile(images, (2, 1, 1)), labels, twice)
    _, history, _ = fit(faces, path, build=build, **changes)
    return max(row["val_accuracy"] for row in history)


def test_64_drawn_faces_are_learned_to_the_last_one(tmp_path):
    assert share_learned(networks.dnn, tmp_path / "run.npz", epochs=15) == 1


def backwards(monkeypatch):
    """The loss is the higher, the better the network."""
    loss = keras.losses.CategoricalCrossentropy
    call = loss.call
    monkeypatch.setattr(loss, "call", lambda self, *asked: -call(self, *asked))


def motionless(monkeypatch):
    """No update moves the weights."""
    still = lambda *asked, **more: None  # noqa: E731
    monkeypatch.setattr(keras.optimizers.AdamW, "update_step", still)


def mispaired(monkeypatch):
    """Each face of a batch goes with the label of another one."""
    monkeypatch.setattr(augment, "augment", lambda images, *how: np.roll(images, 1, 0))


@pytest.mark.parametrize("broken", [backwards, motionless, mispaired])
def test_a_broken_part_of_the_training_is_noticed_by_what_is_learned(
    broken, monkeypatch, tmp_path
):
    broken(monkeypatch)
    assert share_learned(networks.dnn, tmp_path / "run.npz", epochs=15) < 0.5
