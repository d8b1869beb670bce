"""Gradients of a score by its input, which each backend has its own way to."""

import functools

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


@functools.cache
def convolution_of_one_channel():
    """A convolution with padding `same` and stride 1 whose gradient is quick.

    The backends work out the gradient by the input as a convolution to one channel,
    which fills one of the processor's 16 lanes. A product of matrices gives what each
    weight passes back, and shifting and adding those is the rest: a sixth of the time.
    Returns a function of tensors (N, H, W, 1) and (height, width, 1, filters), both
    float32, to (N, H, W, filters); it has no gradient by the second.
    """
    from keras import ops

    def convolve(images, kernel):
        def back(slopes):
            return _passed_back(slopes, kernel), ops.zeros_like(kernel)

        return ops.conv(images, kernel, padding="same"), back

    # Compiled by itself, and once: TensorFlow keeps for ever the graph in which such a
    # gradient is made.
    return compiled(ops.custom_gradient(convolve))


def _passed_back(slopes, kernel):
    """The gradient (N, H, W, 1) by the images, of that by a convolution's outcome."""
    from keras import ops

    height, width, _, filters = kernel.shape
    rows, columns = slopes.shape[1:3]
    flat = ops.reshape(slopes, (-1, rows * columns, filters))
    weights = ops.reshape(kernel, (height * width, filters))
    passed = ops.matmul(weights, ops.transpose(flat, (0, 2, 1)))
    passed = ops.reshape(passed, (-1, height * width, rows, columns))
    shifts = [(down, right) for down in range(height) for right in range(width)]
    total = sum(
        ops.pad(
            passed[:, number],
            ((0, 0), (down, height - 1 - down), (right, width - 1 - right)),
        )
        for number, (down, right) in enumerate(shifts)
    )
    top, left = (height - 1) // 2, (width - 1) // 2
    return total[:, top : top + rows, left : left + columns, None]


def chosen_backend():
    """What chooses the backend in a command line: nothing, for the default one."""
    return "" if _backend() == BACKENDS[0] else f"KERAS_BACKEND={_backend()} "


def _backend():
    import keras

    return keras.backend.backend()
