"""The only module that knows the backend: gradients of a score by its input."""


def gradient(score, inputs):
    """Values (N,) and gradients (like `inputs`) of `score`, as float32 numpy arrays.

    score: maps a tensor (N, ...) to scores (N,) by Keras operations, row by row.
    inputs: (N, ...) float32. Raises NotImplementedError on a backend other than
    TensorFlow and JAX.
    """
    import keras
    import numpy as np

    backend = keras.backend.backend()
    if backend == "tensorflow":
        values, gradients = _tensorflow(score, inputs)
    elif backend == "jax":
        values, gradients = _jax(score, inputs)
    else:
        raise NotImplementedError(f"no input gradients on the {backend} backend")
    return np.asarray(values), np.asarray(gradients)


def _tensorflow(score, inputs):
    import tensorflow as tf

    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        values = score(inputs)
    return values, tape.gradient(values, inputs)


def _jax(score, inputs):
    import jax

    values, pullback = jax.vjp(score, inputs)
    return values, pullback(jax.numpy.ones_like(values))[0]
