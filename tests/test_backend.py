"""What TensorFlow and JAX each have their own way to."""

import keras
import numpy as np

from fer import backend


def test_the_gradient_is_that_of_the_score_by_its_inputs(rng):
    inputs = rng.normal(size=(3, 4)).astype(np.float32)
    found = backend.gradient(lambda x: keras.ops.sum(x**3, axis=1), inputs)
    np.testing.assert_allclose(np.asarray(found), 3 * inputs**2, rtol=1e-5)


def test_a_compiled_function_is_traced_once_a_shape(rng):
    traced = []

    def double(x):
        traced.append(x.shape)
        return 2 * x

    compiled = backend.compiled(double)
    for rows in (3, 3, 5):
        inputs = rng.normal(size=(rows, 2)).astype(np.float32)
        np.testing.assert_array_equal(np.asarray(compiled(inputs)), 2 * inputs)
    assert len(traced) == 2


def test_a_command_names_the_backend_where_it_is_not_the_default(monkeypatch):
    assert backend.chosen_backend() == ""
    monkeypatch.setattr(backend, "name", lambda: "jax")
    assert backend.chosen_backend() == "KERAS_BACKEND=jax "
