"""What each backend has its own way to: gradients by the input, compiled functions."""

import importlib.util

from fer import BadInput

BACKENDS = ("tensorflow", "jax")


def must_be_installed(chosen):
    """Raise BadInput where KERAS_BACKEND, by the user `chosen` if at all, cannot do."""
    named = chosen or BACKENDS[0]
    if named in BACKENDS and importlib.util.find_spec(named):
        return
    if chosen:
        raise BadInput(
            f"KERAS_BACKEND is {chosen!r}: unset it, or install and name one of "
            f"{', '.join(BACKENDS)}"
        )
    raise BadInput(
        f"this Python has no {named}: `make .venv/suite` installs it, and "
        "`. .venv/bin/activate` makes python the one that has it; or `pip install -r "
        "requirements.txt`"
    )


def gradient(score, inputs):
    """The gradient of the sum of scores, like `inputs`: a tensor of the backend.

    score: maps a tensor like `inputs` to scores (N,) by Keras operations. inputs:
    float32; where its row n is all that score n depends on, the gradient's row n is
    that score's.
    """
    if _backend() == "tensorflow":
        import tensorflow as tf

        inputs = tf.convert_to_tensor(inputs)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            values = score(inputs)
        return tape.gradient(values, inputs)
    import jax

    values, pullback = jax.vjp(score, inputs)
    return pullback(jax.numpy.ones_like(values))[0]


def compiled(function):
    """`function`, of arrays, by Keras operations: traced once a shape, then a graph."""
    if _backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    import jax

    return jax.jit(function)


def chosen_backend():
    """What chooses the backend in a command line: nothing, for the default one."""
    return "" if _backend() == BACKENDS[0] else f"KERAS_BACKEND={_backend()} "


def _backend():
    import keras

    return keras.backend.backend()
