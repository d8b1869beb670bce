"""What each backend has its own way to: gradients by the input, compiled functions."""

BACKENDS = ("tensorflow", "jax")


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
