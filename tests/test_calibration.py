"""Temperatures by which probabilities become honest; the class never changes."""

import numpy as np
import pytest

from fer import scores


@pytest.mark.parametrize("temperature", [0.3, 1, 2.5])
def test_a_temperature_is_the_logits_divisor(temperature, rng):
    logits = rng.normal(0, 8, (50, 7))
    told = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    found = scores.calibrated(told.astype(np.float32), [np.log(temperature)])
    expected = np.exp(logits / temperature)
    expected /= expected.sum(1, keepdims=True)
    assert np.allclose(found, expected, atol=1e-5)
    assert (found.argmax(1) == told.astype(np.float32).argmax(1)).all()


def test_no_temperature_leaves_probabilities_as_they_are(rng):
    told = rng.dirichlet(np.ones(7), 50)
    assert np.allclose(scores.calibrated(told, []), told)


def test_a_temperature_may_follow_the_confidence():
    told = np.array([[0.5, 0.3, 0.2], [0.9, 0.06, 0.04]])
    found = scores.calibrated(told, [0.1, -0.2, 0.3])
    for row, sure, expected in zip(found, (0.5, 0.9), told, strict=True):
        powers = expected ** np.exp(-(0.1 - 0.2 * sure + 0.3 * sure**2))
        assert np.allclose(row, powers / powers.sum())


def test_fitted_temperatures_mend_a_wrong_confidence(rng):
    honest = rng.dirichlet(np.full(7, 0.4), 4000)
    labels = (honest.cumsum(1) < rng.random((4000, 1))).sum(1)
    # Too sure where it is unsure, and too little where it is sure.
    told = scores.calibrated(honest, [-1, 2])
    mended = scores.calibrated(told, scores.temperature(labels, told))
    before, after = (scores.calibration(labels, it)["ece"] for it in (told, mended))
    assert before > 0.06 and after < 0.025
    assert (mended.argmax(1) == told.argmax(1)).all()


def test_few_faces_leave_the_temperature_near_one(rng):
    told = rng.dirichlet(np.ones(7), 3)
    assert np.abs(scores.temperature(told.argmax(1), told)).max() < 4


def test_a_temperature_leaves_the_class_where_probabilities_nearly_tie():
    close = np.array([[0.2, np.nextafter(np.float32(0.2), np.float32(1)), 0]] * 2)
    for temperature in (0.1, 10):
        told = scores.calibrated(close.astype(np.float32), [np.log(temperature)])
        assert (told.argmax(1) == 1).all() and np.allclose(told.sum(1), 1)
